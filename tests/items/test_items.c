/* SPDX-License-Identifier: MIT */
#include "items/items.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check_run.h"
#include "core/philox.h"
#include "crafted_keys.h"

static size_t n_blocks; /* of the counting host, at large now */
static size_t n_asked;

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    n_blocks++;
    n_asked++;
    return aligned_alloc(alignment, bytes);
}

static void count_release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    n_blocks--;
    free(block);
}

static const rri_allocator counting = {count_allocate, count_release, NULL};

static const float vectors[3 * 2] = {1, 2, 3, 4, 5, 6};
static const uint64_t keys[3] = {70, UINT64_MAX, 0};

static rr_items *create(const float *v, const uint64_t *k, int32_t n, int32_t dim)
{
    rr_items *items = NULL;
    ck_assert_int_eq(rri_items_create(&items, v, k, n, dim, &counting, NULL), RR_OK);
    return items;
}

START_TEST(test_items_hold_copies_of_vectors_and_keys)
{
    float own[6];
    memcpy(own, vectors, sizeof own);
    rr_items *items = create(own, keys, 3, 2);
    memset(own, 0, sizeof own);
    ck_assert_uint_eq(rri_items_count(items), 3);
    ck_assert_uint_eq(rri_items_dim(items), 2);
    ck_assert_mem_eq(rri_items_vectors(items), vectors, sizeof vectors);
    ck_assert_mem_eq(rri_items_keys(items), keys, sizeof keys);
    ck_assert_uint_eq((uintptr_t)rri_items_vectors(items) % 64, 0);
    rri_items_release(items);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_items_are_found_by_key)
{
    rr_items *items = create(vectors, keys, 3, 2);
    ck_assert_int_eq(rri_items_find(items, 70), 0);
    ck_assert_int_eq(rri_items_find(items, UINT64_MAX), 1);
    ck_assert_int_eq(rri_items_find(items, 0), 2);
    ck_assert_int_eq(rri_items_find(items, 1), -1);
    rri_items_release(items);
}
END_TEST

START_TEST(test_items_without_keys_are_numbered)
{
    rr_items *items = create(vectors, NULL, 3, 2);
    for (uint64_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rri_items_find(items, i), (int)i);
        ck_assert_uint_eq(rri_items_keys(items)[i], i);
    }
    ck_assert_int_eq(rri_items_find(items, 3), -1);
    ck_assert_int_eq(rri_items_find(items, UINT64_C(1) << 32), -1);
    rri_items_release(items);
}
END_TEST

START_TEST(test_items_many_keys_are_each_found)
{
    enum { N = 20000 };
    float *v = calloc(N, sizeof *v);
    uint64_t *k = malloc(N * sizeof *k);
    for (size_t i = 0; i < N; i++) {
        k[i] = (uint64_t)i << 44; /* equal low bits: a table without mixing would walk it all */
    }
    rr_items *items = create(v, k, N, 1);
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(rri_items_find(items, k[i]), (int)i);
        ck_assert_int_eq(rri_items_find(items, k[i] + 1), -1);
    }
    rri_items_release(items);
    free(v);
    free(k);
}
END_TEST

START_TEST(test_items_fingerprint_sees_keys_vectors_and_shape)
{
    float other[6];
    memcpy(other, vectors, sizeof other);
    other[5] = -6;
    const uint64_t numbers[3] = {0, 1, 2};
    rr_items *all[6] = {
        create(vectors, keys, 3, 2), create(vectors, keys, 2, 3), create(vectors, NULL, 3, 2),
        create(other, keys, 3, 2),   create(vectors, keys, 2, 2), create(vectors, keys, 3, 1),
    };
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(rri_items_fingerprint(all[i]), rri_items_fingerprint(all[j]));
        }
    }
    rr_items *again = create(vectors, keys, 3, 2);
    rr_items *numbered = create(vectors, numbers, 3, 2);
    ck_assert_uint_eq(rri_items_fingerprint(again), rri_items_fingerprint(all[0]));
    ck_assert_uint_eq(rri_items_fingerprint(numbered), rri_items_fingerprint(all[2]));
    rri_items_release(again);
    rri_items_release(numbered);
    for (size_t i = 0; i < 6; i++) {
        rri_items_release(all[i]);
    }
}
END_TEST

static void expect_refusal(const float *v, const uint64_t *k, int32_t n, int32_t dim,
                           rr_status status, const char *sentence)
{
    rr_items *items = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rri_items_create(&items, v, k, n, dim, &counting, &err), status);
    ck_assert_str_eq(err.text, sentence);
    ck_assert_ptr_null(items);
    ck_assert_uint_eq(n_blocks, 0);
}

START_TEST(test_items_refusals_name_the_place_and_leak_nothing)
{
    float bad[6];
    memcpy(bad, vectors, sizeof bad);
    bad[3] = NAN;
    expect_refusal(bad, keys, 3, 2, RR_E_NOT_FINITE,
                   "items: coordinate 1 of vector 1 is nan; it must be finite");
    bad[3] = 4;
    bad[4] = -INFINITY;
    expect_refusal(bad, keys, 3, 2, RR_E_NOT_FINITE,
                   "items: coordinate 0 of vector 2 is -inf; it must be finite");
    const uint64_t twice[3] = {7, 9, 7};
    expect_refusal(vectors, twice, 3, 2, RR_E_INVALID,
                   "items: rows 0 and 2 both have the key 7; keys must differ");
}
END_TEST

START_TEST(test_items_absurd_sizes_are_refused_before_anything_is_allocated)
{
    n_asked = 0;
    expect_refusal(vectors, keys, 0, 2, RR_E_INVALID,
                   "items: n is 0; it must be in [1, 2147483646]");
    expect_refusal(vectors, keys, -5, 2, RR_E_INVALID,
                   "items: n is -5; it must be in [1, 2147483646]");
    expect_refusal(vectors, keys, INT32_MAX, 2, RR_E_INVALID,
                   "items: n is 2147483647; it must be in [1, 2147483646]");
    expect_refusal(vectors, keys, 3, 0, RR_E_INVALID, "items: dim is 0; it must be in [1, 4096]");
    expect_refusal(vectors, keys, 3, 4097, RR_E_INVALID,
                   "items: dim is 4097; it must be in [1, 4096]");
    ck_assert_uint_eq(n_asked, 0);
}
END_TEST

START_TEST(test_items_live_until_the_last_reference)
{
    rr_items *items = create(vectors, keys, 3, 2);
    ck_assert_ptr_eq(rri_items_retain(items), items);
    rri_items_release(items);
    ck_assert_uint_eq(n_blocks, 1);
    ck_assert(rri_items_vectors(items)[5] == 6.0f);
    rri_items_release(items);
    ck_assert_uint_eq(n_blocks, 0);
    rri_items_release(NULL);
    ck_assert_ptr_null(rri_items_retain(NULL));
}
END_TEST

static void *retain_and_release(void *shared)
{
    for (int i = 0; i < 20000; i++) {
        (void)rri_items_retain(shared);
        rri_items_release(shared);
    }
    return NULL;
}

START_TEST(test_items_references_are_counted_from_any_thread)
{
    rr_items *items = create(vectors, keys, 3, 2);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, retain_and_release, items), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_uint_eq(n_blocks, 1);
    rri_items_release(items);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

/* CPU time of making a catalogue with these keys; the least of three. */
static double seconds_of_keys(const uint64_t *of, int32_t n)
{
    double least = 1e9;
    float *zeros = calloc((size_t)n, sizeof *zeros);
    for (int turn = 0; turn < 3; turn++) {
        rr_items *items = NULL;
        const clock_t begin = clock();
        ck_assert_int_eq(rri_items_create(&items, zeros, of, n, 1, &counting, NULL), RR_OK);
        const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        least = seconds < least ? seconds : least;
        ck_assert_int_eq(rri_items_find(items, of[n - 1]), n - 1);
        rri_items_release(items);
    }
    free(zeros);
    return least;
}

/* Keys made against an unsalted hash took hundreds of times as long. */
START_TEST(test_items_are_not_flooded_by_crafted_keys)
{
    enum { MANY = 40000 };
    static uint64_t plain[MANY], crafted[MANY];
    for (uint64_t i = 0; i < MANY; i++) {
        plain[i] = 1 + i;
        crafted[i] = crafted_key(0, i);
    }
    ck_assert_double_lt(seconds_of_keys(crafted, MANY), 0.02 + 20.0 * seconds_of_keys(plain, MANY));
}
END_TEST

START_TEST(test_items_random_are_normal_with_variance_one_over_dim)
{
    enum { N = 5000, D = 16 };
    rr_items *items = NULL;
    ck_assert_int_eq(rri_items_create_random(&items, N, D, 42, &counting, NULL), RR_OK);
    const float *v = rri_items_vectors(items);
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < N * D; i++) {
        mean += v[i] / (double)(N * D);
        square += (double)v[i] * v[i] / (double)(N * D);
    }
    ck_assert(fabs(mean) < 4 * 0.25 / sqrt((double)(N * D)));
    ck_assert(fabs(square * D - 1) < 4 * sqrt(2.0 / (N * D)));
    rri_items_release(items);
}
END_TEST

/* Item i is a function of (seed, i), so a larger catalogue begins with the smaller one. */
START_TEST(test_items_random_depend_on_seed_and_index_alone)
{
    rr_items *small = NULL;
    rr_items *large = NULL;
    rr_items *other = NULL;
    rri_items_create_random(&small, 5, 7, 1, &counting, NULL);
    rri_items_create_random(&large, 50, 7, 1, &counting, NULL);
    rri_items_create_random(&other, 5, 7, 2, &counting, NULL);
    ck_assert_mem_eq(rri_items_vectors(small), rri_items_vectors(large), 5 * 7 * sizeof(float));
    ck_assert_mem_ne(rri_items_vectors(small), rri_items_vectors(other), 5 * 7 * sizeof(float));
    float wanted[7];
    rri_philox_normals(wanted, 7, 1, RRI_STREAM_ITEMS, 3);
    for (size_t c = 0; c < 7; c++) {
        ck_assert(rri_items_vectors(large)[3 * 7 + c] == wanted[c] * (float)(1.0 / sqrt(7.0)));
    }
    rri_items_release(small);
    rri_items_release(large);
    rri_items_release(other);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_items_random_have_the_same_bits_everywhere)
{
    rr_items *items = NULL;
    rri_items_create_random(&items, 1000, 32, 0, &counting, NULL);
    ck_assert_uint_eq(rri_items_fingerprint(items), UINT64_C(0xF4303027197931F6));
    rri_items_release(items);
}
END_TEST

CHECK_MAIN("items/items", test_items_are_not_flooded_by_crafted_keys,
           test_items_hold_copies_of_vectors_and_keys, test_items_are_found_by_key,
           test_items_without_keys_are_numbered, test_items_many_keys_are_each_found,
           test_items_fingerprint_sees_keys_vectors_and_shape,
           test_items_refusals_name_the_place_and_leak_nothing,
           test_items_absurd_sizes_are_refused_before_anything_is_allocated,
           test_items_live_until_the_last_reference,
           test_items_references_are_counted_from_any_thread,
           test_items_random_are_normal_with_variance_one_over_dim,
           test_items_random_depend_on_seed_and_index_alone,
           test_items_random_have_the_same_bits_everywhere)
