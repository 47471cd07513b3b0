/* SPDX-License-Identifier: MIT */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "core/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "core/abi.h"
#include "core/status.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_POISON 1
#endif
#endif

#ifdef HAS_POISON
#include <sanitizer/asan_interface.h>
#define GAP RRI_ALIGNMENT /* behind each slice, so that a write past its end is seen */
static void poison(void *start, size_t bytes)
{
    __asan_poison_memory_region(start, bytes);
}
static void unpoison(void *start, size_t bytes)
{
    __asan_unpoison_memory_region(start, bytes);
}
#else
#define GAP ((size_t)0)
static void poison(void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
}
static void unpoison(void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
}
#endif

/* A page of the large kind, and from how many of them on a block asks for it. */
#define LARGE_PAGE  ((size_t)2 << 20)
#define LARGE_PAGES ((size_t)2)

/* Whole large pages of a block that begins at one: reading a large catalogue is then a third
 * quicker (fewer translations, and what fetches ahead need not stop every 4 KiB). A wish that the
 * kernel may leave open. */
static void wish_for_large_pages(void *block, size_t bytes)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const int before = errno;
    (void)madvise(block, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    errno = before;
#else
    (void)block;
    (void)bytes;
#endif
}

static void *default_allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    if (bytes < LARGE_PAGES * LARGE_PAGE) {
        return aligned_alloc(alignment, bytes);
    }
    if (bytes > SIZE_MAX - LARGE_PAGE) {
        return NULL;
    }
    /* C11 wants a multiple of the alignment. */
    void *block = aligned_alloc(LARGE_PAGE, (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE);
    if (block != NULL) {
        wish_for_large_pages(block, bytes);
    }
    return block;
}

static void default_release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(block);
}

rr_status rri_allocator_init(rri_allocator *allocator, const rr_host *host, rr_error *err)
{
    rr_host full = {0};
    if (host != NULL) {
        RRI_TRY(rri_abi_read(&full, sizeof full, host, "rr_host", err));
    }
    if (full.reserved != 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "host: reserved is %u; it must be 0", full.reserved);
    }
    if ((full.allocate == NULL) != (full.release == NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "host: %s is NULL; allocate and release come both or neither",
                 full.allocate == NULL ? "allocate" : "release");
    }
    const bool is_own = full.allocate != NULL;
    allocator->allocate = is_own ? full.allocate : default_allocate;
    allocator->release = is_own ? full.release : default_release;
    allocator->user = full.user;
    return RR_OK;
}

size_t rri_memory_size(size_t bytes)
{
    const size_t wanted = bytes == 0 ? 1 : bytes;
    return rri_size_add(wanted, RRI_ALIGNMENT - 1) / RRI_ALIGNMENT * RRI_ALIGNMENT;
}

rr_status rri_memory_allocate_unset(void **block, const rri_allocator *allocator, size_t bytes,
                                    const char *what, rr_error *err)
{
    *block = NULL;
    if (bytes > PTRDIFF_MAX - RRI_ALIGNMENT) {
        RRI_FAIL(err, RR_E_MEMORY, "%s: the size does not fit into memory", what);
    }
    const size_t size = rri_memory_size(bytes);
    void *fresh = allocator->allocate(allocator->user, size, RRI_ALIGNMENT);
    if (fresh == NULL) {
        RRI_FAIL(err, RR_E_MEMORY, "%s: %zu bytes could not be allocated", what, size);
    }
    if ((uintptr_t)fresh % RRI_ALIGNMENT != 0) {
        allocator->release(allocator->user, fresh, size);
        RRI_FAIL(err, RR_E_MEMORY,
                 "%s: the host's allocate gave a block that is not aligned to %zu", what,
                 RRI_ALIGNMENT);
    }
    *block = fresh;
    return RR_OK;
}

rr_status rri_memory_allocate(void **block, const rri_allocator *allocator, size_t bytes,
                              const char *what, rr_error *err)
{
    RRI_TRY(rri_memory_allocate_unset(block, allocator, bytes, what, err));
    memset(*block, 0, rri_memory_size(bytes));
    return RR_OK;
}

void rri_memory_release(const rri_allocator *allocator, void *block, size_t bytes)
{
    if (block == NULL) {
        return;
    }
    unpoison(block, rri_memory_size(bytes));
    allocator->release(allocator->user, block, rri_memory_size(bytes));
}

void *rri_arena_take(rri_arena *arena, size_t count, size_t element_bytes)
{
    const size_t bytes = rri_size_multiply(count, element_bytes);
    const size_t padded = rri_size_add(rri_size_add(bytes, RRI_ALIGNMENT - 1), GAP);
    const size_t end = rri_size_add(arena->used, padded / RRI_ALIGNMENT * RRI_ALIGNMENT);
    if (padded == SIZE_MAX || end == SIZE_MAX) {
        arena->has_overflowed = true;
        arena->used = SIZE_MAX;
        return NULL;
    }
    char *slice = arena->base == NULL ? NULL : arena->base + arena->used;
    if (slice != NULL) {
        poison(slice + bytes, end - arena->used - bytes);
    }
    arena->used = end;
    return slice;
}

rr_status rri_arena_create(rri_arena *arena, size_t bytes, const rri_allocator *allocator,
                           const char *what, rr_error *err)
{
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, what, err));
    *arena = (rri_arena){.base = block};
    return RR_OK;
}

void *rri_stack_take(rri_stack *stack, size_t bytes)
{
    const size_t cost = rri_stack_cost(bytes, 1);
    assert(cost >= bytes && cost <= stack->size - stack->used);
    char *slice = stack->base + stack->used;
    unpoison(slice, bytes);
    poison(slice + bytes, cost - bytes);
    stack->used += cost;
    return slice;
}

size_t rri_size_multiply(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

size_t rri_size_add(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}
