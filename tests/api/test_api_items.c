/* SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

static const float vectors[4] = {1, 2, 3, 4};
static const uint64_t keys[2] = {500, 100};

START_TEST(test_api_items_round_trip)
{
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_items_count(items), 2);
    ck_assert_int_eq(rr_items_dim(items), 2);
    ck_assert_mem_eq(rr_items_vectors(items), vectors, sizeof vectors);
    ck_assert_mem_eq(rr_items_keys(items), keys, sizeof keys);
    ck_assert_uint_ne(rr_items_fingerprint(items), 0);
    const uint64_t asked[3] = {100, 101, 500};
    int32_t indices[3] = {9, 9, 9};
    ck_assert_int_eq(rr_items_find(items, asked, 3, indices, NULL), RR_OK);
    ck_assert(indices[0] == 1 && indices[1] == -1 && indices[2] == 0);
    ck_assert_int_eq(rr_items_find(items, NULL, 0, NULL, NULL), RR_OK);
    rr_items_release(items);
}
END_TEST

START_TEST(test_api_items_null_arguments_are_refused_with_their_name)
{
    rr_items *items = NULL;
    int32_t index = 0;
    rr_error err = {0};
    ck_assert_int_eq(rr_items_create(NULL, vectors, keys, 2, 2, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_create: out is NULL");
    ck_assert_int_eq(rr_items_create(&items, NULL, keys, 2, 2, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_create: vectors is NULL");
    ck_assert_int_eq(rr_items_create_drawn(NULL, 2, 2, 0, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_items_find(NULL, keys, 1, &index, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_items_find: items is NULL");
    ck_assert_int_eq(rr_items_create_drawn(&items, 2, 2, 0, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_items_find(items, NULL, 1, &index, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_items_find(items, keys, 1, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_items_find(items, keys, -1, &index, &err), RR_E_INVALID);
    rr_items_release(items);
    rr_items_release(NULL);
    ck_assert_int_eq(rr_items_count(NULL), 0);
    ck_assert_int_eq(rr_items_dim(NULL), 0);
    ck_assert_uint_eq(rr_items_fingerprint(NULL), 0);
    ck_assert_ptr_null(rr_items_keys(NULL));
    ck_assert_ptr_null(rr_items_vectors(NULL));
}
END_TEST

START_TEST(test_api_items_bad_host_is_refused)
{
    rr_items *items = NULL;
    const rr_host host = {.struct_size = 5};
    ck_assert_int_eq(rr_items_create(&items, vectors, keys, 2, 2, &host, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_items_create_drawn(&items, 2, 2, 0, &host, NULL), RR_E_INVALID);
    ck_assert_ptr_null(items);
}
END_TEST

START_TEST(test_api_items_drawn_do_not_depend_on_the_hosts_rounding)
{
    rr_items *plain = NULL;
    rr_items *upward = NULL;
    ck_assert_int_eq(rr_items_create_drawn(&plain, 100, 8, 3, NULL, NULL), RR_OK);
    fesetround(FE_UPWARD);
    const rr_status status = rr_items_create_drawn(&upward, 100, 8, 3, NULL, NULL);
    const int mode = fegetround();
    fesetround(FE_TONEAREST);
    ck_assert_int_eq(status, RR_OK);
    ck_assert_int_eq(mode, FE_UPWARD);
    ck_assert_uint_eq(rr_items_fingerprint(plain), rr_items_fingerprint(upward));
    rr_items_release(plain);
    rr_items_release(upward);
}
END_TEST

CHECK_MAIN("api/api_items", test_api_items_round_trip,
           test_api_items_null_arguments_are_refused_with_their_name,
           test_api_items_bad_host_is_refused,
           test_api_items_drawn_do_not_depend_on_the_hosts_rounding)
