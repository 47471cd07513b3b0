/* SPDX-License-Identifier: MIT */
#include "core/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "core/status.h"

/* A host that counts, and can refuse or misalign. */
typedef struct ledger {
    size_t n_allocated, n_released, n_bytes_out;
    size_t n_last_alignment;
    bool is_refusing, is_misaligned;
} ledger;

static void *ledger_allocate(void *user, size_t bytes, size_t alignment)
{
    ledger *l = user;
    if (l->is_refusing) {
        return NULL;
    }
    l->n_allocated++;
    l->n_bytes_out += bytes;
    l->n_last_alignment = alignment;
    char *block = aligned_alloc(alignment, bytes + alignment);
    memset(block, 0xAB, bytes);
    return l->is_misaligned ? block + 8 : block;
}

static void ledger_release(void *user, void *block, size_t bytes)
{
    ledger *l = user;
    l->n_released++;
    l->n_bytes_out -= bytes;
    memset(block, 0xCD, bytes); /* a host's allocator may write into what it got back */
    free(l->is_misaligned ? (char *)block - 8 : (char *)block);
}

static rr_host host_of(ledger *l)
{
    const rr_host host = {.struct_size = sizeof host,
                          .allocate = ledger_allocate,
                          .release = ledger_release,
                          .user = l};
    return host;
}

START_TEST(test_memory_without_host_is_zeroed_and_aligned)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    const size_t sizes[] = {0, 1, 63, 64, 65, 10000};
    for (size_t i = 0; i < 6; i++) {
        void *block = NULL;
        ck_assert_int_eq(rri_memory_allocate(&block, &allocator, sizes[i], "x", NULL), RR_OK);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 64, 0);
        for (size_t b = 0; b < sizes[i]; b++) {
            ck_assert_int_eq(((char *)block)[b], 0);
        }
        rri_memory_release(&allocator, block, sizes[i]);
    }
    rri_memory_release(&allocator, NULL, 10);
}
END_TEST

/* A size that asks for large pages, and one that ends within such a page. */
START_TEST(test_memory_of_a_large_block_is_zeroed_and_leaves_errno_alone)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    const size_t sizes[] = {(size_t)4 << 20, ((size_t)5 << 20) + 200, ((size_t)4 << 20) - 64};
    for (size_t i = 0; i < 3; i++) {
        void *block = NULL;
        errno = 12345;
        ck_assert_int_eq(rri_memory_allocate(&block, &allocator, sizes[i], "x", NULL), RR_OK);
        ck_assert_int_eq(errno, 12345);
        ck_assert_uint_eq((uintptr_t)block % (sizes[i] < sizes[0] ? 64 : sizes[0] / 2), 0);
        unsigned any = 0;
        for (size_t b = 0; b < sizes[i]; b++) {
            any |= ((unsigned char *)block)[b];
        }
        ck_assert_uint_eq(any, 0);
        memset(block, 0xAB, sizes[i]);
        rri_memory_release(&allocator, block, sizes[i]);
    }
}
END_TEST

START_TEST(test_memory_comes_from_the_host_and_goes_back_with_its_size)
{
    ledger l = {0};
    const rr_host host = host_of(&l);
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, NULL), RR_OK);
    void *block = NULL;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, 100, "x", NULL), RR_OK);
    ck_assert_uint_eq(l.n_allocated, 1);
    ck_assert_uint_eq(l.n_last_alignment, 64);
    ck_assert_uint_ge(l.n_bytes_out, 100);
    for (size_t b = 0; b < 100; b++) {
        ck_assert_int_eq(((char *)block)[b], 0);
    }
    rri_memory_release(&allocator, block, 100);
    ck_assert_uint_eq(l.n_released, 1);
    ck_assert_uint_eq(l.n_bytes_out, 0);
}
END_TEST

START_TEST(test_memory_refusal_names_what_and_how_much)
{
    ledger l = {.is_refusing = true};
    const rr_host host = host_of(&l);
    rri_allocator allocator;
    rri_allocator_init(&allocator, &host, NULL);
    rr_error err = {0};
    void *block = &l;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, 128, "items", &err), RR_E_MEMORY);
    ck_assert_ptr_null(block);
    ck_assert_str_eq(err.text, "items: 128 bytes could not be allocated");
}
END_TEST

START_TEST(test_memory_misaligned_block_is_given_back_and_refused)
{
    ledger l = {.is_misaligned = true};
    const rr_host host = host_of(&l);
    rri_allocator allocator;
    rri_allocator_init(&allocator, &host, NULL);
    void *block = NULL;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, 128, "items", NULL), RR_E_MEMORY);
    ck_assert_ptr_null(block);
    ck_assert_uint_eq(l.n_released, 1);
}
END_TEST

START_TEST(test_memory_absurd_size_is_refused_without_asking_the_host)
{
    ledger l = {0};
    const rr_host host = host_of(&l);
    rri_allocator allocator;
    rri_allocator_init(&allocator, &host, NULL);
    void *block = NULL;
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 63, (size_t)PTRDIFF_MAX};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rri_memory_allocate(&block, &allocator, sizes[i], "x", NULL), RR_E_MEMORY);
    }
    ck_assert_uint_eq(l.n_allocated, 0);
}
END_TEST

START_TEST(test_memory_host_with_half_an_allocator_is_refused)
{
    ledger l = {0};
    rri_allocator allocator;
    rr_error err = {0};
    rr_host host = host_of(&l);
    host.release = NULL;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "release is NULL"));
    host = host_of(&l);
    host.allocate = NULL;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "allocate is NULL"));
    host = host_of(&l);
    host.reserved = 1;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, &err), RR_E_UNSUPPORTED);
    host = host_of(&l);
    host.struct_size = 3;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, &err), RR_E_INVALID);
}
END_TEST

START_TEST(test_memory_host_without_allocator_means_malloc)
{
    const rr_host host = {.struct_size = sizeof host};
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, NULL), RR_OK);
    void *block = NULL;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, 10, "x", NULL), RR_OK);
    rri_memory_release(&allocator, block, 10);
}
END_TEST

static void layout(rri_arena *arena, char **a, double **b, float **c)
{
    *a = RRI_TAKE(arena, char, 3);
    *b = RRI_TAKE(arena, double, 9);
    *c = RRI_TAKE(arena, float, 0);
}

START_TEST(test_memory_arena_counts_what_it_will_carve)
{
    char *a;
    double *b;
    float *c;
    rri_arena counting = {0};
    layout(&counting, &a, &b, &c);
    ck_assert_ptr_null(a);
    ck_assert_ptr_null(b);
    ck_assert(!counting.has_overflowed);
    rri_allocator allocator;
    rri_allocator_init(&allocator, NULL, NULL);
    void *block = NULL;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, counting.used, "x", NULL), RR_OK);
    rri_arena carving = {.base = block};
    layout(&carving, &a, &b, &c);
    ck_assert_uint_eq(carving.used, counting.used);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq((uintptr_t)a % 64, 0);
    ck_assert_uint_eq((uintptr_t)b % 64, 0);
    ck_assert_ptr_eq(a, block);
    ck_assert((char *)b >= a + 64);
    ck_assert((char *)(b + 9) <= (char *)block + carving.used);
    memset(a, 1, 3);
    memset(b, 1, 72);
    rri_memory_release(&allocator, block, counting.used);
}
END_TEST

START_TEST(test_memory_arena_remembers_a_size_that_does_not_fit)
{
    rri_arena arena = {0};
    (void)rri_arena_take(&arena, SIZE_MAX / 2, 8);
    ck_assert(arena.has_overflowed);
    (void)rri_arena_take(&arena, 1, 1);
    ck_assert(arena.has_overflowed);
    ck_assert_uint_eq(arena.used, SIZE_MAX);
    rri_arena sum = {0};
    (void)rri_arena_take(&sum, SIZE_MAX / 2, 1);
    ck_assert(!sum.has_overflowed);
    (void)rri_arena_take(&sum, SIZE_MAX / 2, 1);
    (void)rri_arena_take(&sum, SIZE_MAX / 2, 1);
    ck_assert(sum.has_overflowed);
}
END_TEST

START_TEST(test_memory_arena_create_gives_what_was_counted_or_nothing)
{
    ledger l = {0};
    rri_allocator allocator;
    const rr_host host = host_of(&l);
    rri_allocator_init(&allocator, &host, NULL);
    char *a;
    double *b;
    float *c;
    rri_arena arena = {0};
    layout(&arena, &a, &b, &c);
    const size_t counted = arena.used;
    ck_assert_int_eq(rri_arena_create(&arena, arena.used, &allocator, "x", NULL), RR_OK);
    ck_assert_uint_eq(arena.used, 0);
    layout(&arena, &a, &b, &c);
    ck_assert_uint_eq(arena.used, counted);
    ck_assert_ptr_eq(a, arena.base);
    ck_assert(b[0] == 0.0 && b[8] == 0.0);
    rri_memory_release(&allocator, arena.base, arena.used);

    rri_arena absurd = {0};
    (void)rri_arena_take(&absurd, SIZE_MAX / 2, 8);
    rr_error err = {0};
    ck_assert_int_eq(rri_arena_create(&absurd, absurd.used, &allocator, "the thing", &err),
                     RR_E_MEMORY);
    ck_assert_ptr_nonnull(strstr(err.text, "the thing: the size does not fit"));
    ck_assert_ptr_null(absurd.base);
    ck_assert(absurd.has_overflowed);
}
END_TEST

START_TEST(test_memory_stack_rewinds_to_its_mark)
{
    rri_allocator allocator;
    rri_allocator_init(&allocator, NULL, NULL);
    const size_t size = rri_stack_cost(5, 4) + rri_stack_cost(9, 8);
    void *block = NULL;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, size, "x", NULL), RR_OK);
    rri_stack stack = {.base = block, .size = size};
    for (int round = 0; round < 3; round++) {
        const size_t mark = rri_stack_mark(&stack);
        float *a = RRI_STACK_TAKE(&stack, float, 5);
        double *b = RRI_STACK_TAKE(&stack, double, 9);
        ck_assert_uint_eq((uintptr_t)a % 64, 0);
        ck_assert_uint_eq((uintptr_t)b % 64, 0);
        memset(a, round, 20);
        memset(b, round, 72);
        ck_assert_uint_eq(stack.used, size);
        rri_stack_rewind(&stack, mark);
        b = RRI_STACK_TAKE(&stack, double, 9); /* over what was poisoned behind a */
        memset(b, round, 72);
        rri_stack_rewind(&stack, mark);
    }
    rri_memory_release(&allocator, block, size);
}
END_TEST

START_TEST(test_memory_sizes_saturate)
{
    ck_assert_uint_eq(rri_size_multiply(3, 7), 21);
    ck_assert_uint_eq(rri_size_multiply(0, SIZE_MAX), 0);
    ck_assert_uint_eq(rri_size_multiply(SIZE_MAX, 0), 0);
    ck_assert_uint_eq(rri_size_multiply(SIZE_MAX, 1), SIZE_MAX);
    ck_assert_uint_eq(rri_size_multiply(SIZE_MAX / 2 + 1, 2), SIZE_MAX);
    ck_assert_uint_eq(rri_size_add(1, 2), 3);
    ck_assert_uint_eq(rri_size_add(SIZE_MAX, 1), SIZE_MAX);
    ck_assert_uint_eq(rri_stack_add(64, 5, 4), 128);
    ck_assert_uint_eq(rri_stack_add(128, SIZE_MAX / 2, 4), SIZE_MAX);
    ck_assert_uint_eq(rri_stack_add(SIZE_MAX, 1, 1), SIZE_MAX);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
#define HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_POISON 1
#endif
#endif

#ifdef HAS_POISON
#include <sanitizer/asan_interface.h>
START_TEST(test_memory_gaps_are_poisoned_until_release)
{
    ledger l = {0};
    rri_allocator allocator;
    const rr_host host = host_of(&l);
    rri_allocator_init(&allocator, &host, NULL);
    void *block = NULL;
    rri_memory_allocate(&block, &allocator, 512, "x", NULL);
    rri_arena arena = {.base = block};
    char *a = RRI_TAKE(&arena, char, 3);
    ck_assert(!__asan_address_is_poisoned(a + 2));
    ck_assert(__asan_address_is_poisoned(a + 3));
    ck_assert(__asan_address_is_poisoned(a + 64));
    char *b = RRI_TAKE(&arena, char, 64);
    ck_assert(!__asan_address_is_poisoned(b + 63));
    ck_assert(__asan_address_is_poisoned(b + 64));
    ck_assert_ptr_null(__asan_region_is_poisoned(b, 64));
    rri_memory_release(&allocator, block, 512);
}
END_TEST
#define ASAN_TESTS , test_memory_gaps_are_poisoned_until_release
#else
#define ASAN_TESTS
#endif

CHECK_MAIN("core/memory", test_memory_without_host_is_zeroed_and_aligned,
           test_memory_of_a_large_block_is_zeroed_and_leaves_errno_alone,
           test_memory_comes_from_the_host_and_goes_back_with_its_size,
           test_memory_refusal_names_what_and_how_much,
           test_memory_misaligned_block_is_given_back_and_refused,
           test_memory_absurd_size_is_refused_without_asking_the_host,
           test_memory_host_with_half_an_allocator_is_refused,
           test_memory_host_without_allocator_means_malloc,
           test_memory_arena_counts_what_it_will_carve,
           test_memory_arena_remembers_a_size_that_does_not_fit,
           test_memory_arena_create_gives_what_was_counted_or_nothing,
           test_memory_stack_rewinds_to_its_mark, test_memory_sizes_saturate ASAN_TESTS)
