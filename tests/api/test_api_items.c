/* SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

static const float vectors[4] = {1, 2, 3, 4};
static const uint64_t keys[2] = {500, 100};

START_TEST(test_api_items_round_trip)
{
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_items_count(items), 2);
    ck_assert_int_eq(rr_items_dim(items), 2);
    ck_assert_uint_ne(rr_items_fingerprint(items), 0);
    const uint64_t asked[3] = {100, 101, 500};
    int32_t indices[3] = {9, 9, 9};
    ck_assert_int_eq(rr_items_find(items, asked, 3, indices, NULL), RR_OK);
    ck_assert(indices[0] == 1 && indices[1] == -1 && indices[2] == 0);
    ck_assert_int_eq(rr_items_find(items, NULL, 0, NULL, NULL), RR_OK);
    rr_items_release(items);
}
END_TEST

/* The segments, one behind the other, are the catalogue. */
START_TEST(test_api_items_segments_are_the_catalogue)
{
    rr_items *items = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, NULL, NULL, NULL), RR_OK);
    int32_t next = 0;
    for (int32_t i = 0; i < rr_items_segment_count(items); i++) {
        rr_items_segment segment = {.struct_size = sizeof segment};
        ck_assert_int_eq(rr_items_segment_at(items, i, &segment, NULL), RR_OK);
        ck_assert_int_eq(segment.first, next);
        ck_assert(segment.n >= 1 && segment.dim == 2);
        ck_assert_mem_eq(segment.keys, keys + next, (size_t)segment.n * sizeof *keys);
        ck_assert_mem_eq(segment.vectors, vectors + 2 * next,
                         (size_t)segment.n * 2 * sizeof *vectors);
        next += segment.n;
    }
    ck_assert_int_eq(next, 2);
    rr_items_segment out = {.struct_size = sizeof out, .n = 77};
    const int32_t none[] = {-1, rr_items_segment_count(items), INT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rr_items_segment_at(items, none[i], &out, &err), RR_E_NOT_FOUND);
        ck_assert_int_eq(out.n, 77);
    }
    ck_assert_ptr_nonnull(strstr(err.text, "index is 2147483647; it must be in [0, 1)"));
    ck_assert_int_eq(rr_items_segment_at(NULL, 0, &out, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_segment_at(items, 0, NULL, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_segment_count(NULL), 0);
    rr_items_release(items);
}
END_TEST

START_TEST(test_api_items_keys_of_indices_are_those_that_find_gave)
{
    rr_items *items = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, NULL, NULL, NULL), RR_OK);
    const int32_t indices[3] = {1, -1, 0};
    uint64_t found[3] = {9, 9, 9};
    ck_assert_int_eq(rr_items_keys_of(items, indices, 3, found, NULL), RR_OK);
    ck_assert(found[0] == 100 && found[1] == 0 && found[2] == 500);
    const int32_t bad[] = {2, -2, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 4; i++) {
        const int32_t asked[2] = {0, bad[i]};
        uint64_t kept[2] = {7, 7};
        ck_assert_int_eq(rr_items_keys_of(items, asked, 2, kept, &err), RR_E_INVALID);
        ck_assert(kept[0] == 7 && kept[1] == 7);
        ck_assert_ptr_nonnull(strstr(err.text, "indices[1] is"));
    }
    ck_assert_int_eq(rr_items_keys_of(NULL, indices, 1, found, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_keys_of(items, NULL, 1, found, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_keys_of(items, indices, 1, NULL, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_keys_of(items, indices, -1, found, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_keys_of(items, NULL, 0, NULL, NULL), RR_OK);
    rr_items_release(items);
}
END_TEST

static void *count_taken(void *user, size_t bytes, size_t alignment)
{
    ++*(int *)user;
    return aligned_alloc(alignment < 64 ? 64 : alignment, (bytes + 63) / 64 * 64);
}

static void count_given_back(void *user, void *block, size_t bytes)
{
    (void)bytes;
    --*(int *)user;
    free(block);
}

/* And what is retained is released as often. */
START_TEST(test_api_items_have_features_of_their_own)
{
    rr_items *items = NULL;
    rr_error err = {0};
    rr_items_options options = {.struct_size = sizeof options};
    int n_blocks = 0;
    const rr_host host = {.struct_size = sizeof host,
                          .allocate = count_taken,
                          .release = count_given_back,
                          .user = &n_blocks};
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, &options, &host, &err), RR_OK);
    ck_assert_ptr_eq(rr_items_retain(items), items);
    rr_items_release(items);
    ck_assert_int_eq(n_blocks, 1); /* one reference is left */
    rr_items_release(items);
    ck_assert_int_eq(n_blocks, 0);
    ck_assert_ptr_null(rr_items_retain(NULL));
    options.feature_dim = 1;
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, &options, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_options: feature_dim is 1 and features is NULL; both are "
                               "given or neither");
    options = (rr_items_options){sizeof options, -1, vectors};
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, &options, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_options: feature_dim is -1; it must be in [0, 4096]");
    options.feature_dim = 1;
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, &options, NULL, &err), RR_OK);
    rr_items_segment segment = {.struct_size = sizeof segment};
    ck_assert_int_eq(rr_items_segment_at(items, 0, &segment, &err), RR_OK);
    ck_assert_int_eq(segment.feature_dim, 1);
    ck_assert_mem_eq(segment.features, vectors, 2 * sizeof *vectors);
    rr_items *next = NULL;
    ck_assert_int_eq(
        rr_items_follow(&next, items, NULL, 0, &(uint64_t){99}, vectors, 1, NULL, NULL, &err),
        RR_E_INVALID); /* without its feature */
    ck_assert_int_eq(
        rr_items_follow(&next, items, NULL, 0, &(uint64_t){99}, vectors, 1, &options, NULL, &err),
        RR_OK);
    ck_assert_int_eq(rr_items_segment_at(next, 0, &segment, &err), RR_OK);
    ck_assert(segment.n == 3 && segment.features[2] == vectors[0]);
    rr_items_release(next);
    rr_items_release(items);
    options.struct_size = 5;
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, &options, NULL, &err),
                     RR_E_INVALID);
}
END_TEST

START_TEST(test_api_items_null_arguments_are_refused_with_their_name)
{
    rr_items *items = NULL;
    int32_t index = 0;
    rr_error err = {0};
    ck_assert_int_eq(rr_items_create(NULL, vectors, keys, 2, 2, NULL, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_create: out is NULL");
    ck_assert_int_eq(rr_items_create(&items, NULL, keys, 2, 2, NULL, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_create: vectors is NULL");
    ck_assert_int_eq(rr_items_create_random(NULL, 2, 2, 0, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_items_find(NULL, keys, 1, &index, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_find: items is NULL");
    ck_assert_int_eq(rr_items_create_random(&items, 2, 2, 0, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_items_find(items, NULL, 1, &index, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_items_find(items, keys, 1, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_items_find(items, keys, -1, &index, &err), RR_E_INVALID);
    rr_items_release(items);
    rr_items_release(NULL);
    ck_assert_int_eq(rr_items_count(NULL), 0);
    ck_assert_int_eq(rr_items_dim(NULL), 0);
    ck_assert_uint_eq(rr_items_fingerprint(NULL), 0);
}
END_TEST

START_TEST(test_api_items_bad_host_is_refused)
{
    rr_items *items = NULL;
    const rr_host host = {.struct_size = 5};
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, NULL, &host, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_create_random(&items, 2, 2, 0, &host, NULL), RR_E_INVALID);
    ck_assert_ptr_null(items);
}
END_TEST

START_TEST(test_api_items_random_do_not_depend_on_the_hosts_rounding)
{
    rr_items *plain = NULL;
    rr_items *upward = NULL;
    ck_assert_int_eq(rr_items_create_random(&plain, 100, 8, 3, NULL, NULL), RR_OK);
    fesetround(FE_UPWARD);
    const rr_status status = rr_items_create_random(&upward, 100, 8, 3, NULL, NULL);
    const int mode = fegetround();
    fesetround(FE_TONEAREST);
    ck_assert_int_eq(status, RR_OK);
    ck_assert_int_eq(mode, FE_UPWARD);
    ck_assert_uint_eq(rr_items_fingerprint(plain), rr_items_fingerprint(upward));
    rr_items_release(plain);
    rr_items_release(upward);
}
END_TEST

CHECK_MAIN("api/api_items", test_api_items_round_trip, test_api_items_segments_are_the_catalogue,
           test_api_items_keys_of_indices_are_those_that_find_gave,
           test_api_items_have_features_of_their_own,
           test_api_items_null_arguments_are_refused_with_their_name,
           test_api_items_bad_host_is_refused,
           test_api_items_random_do_not_depend_on_the_hosts_rounding)
