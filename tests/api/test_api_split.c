/* SPDX-License-Identifier: MIT */
/* What is kept out of training, through recrl.h alone. */
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

static const char *const fixture = "tests/data/fixtures/recbole.tsv";

START_TEST(test_dataset_split_is_checked_and_a_function_of_the_key)
{
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    uint8_t is_test[3] = {9, 9, 9};
    ck_assert_int_eq(rr_dataset_load(&dataset, fixture, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_split_users(dataset, 1.5f, 0, is_test, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text,
                     "rr_dataset_split_users: test_fraction is 1.5; it must be in [0, 1]");
    ck_assert_int_eq(rr_dataset_split_users(dataset, NAN, 0, is_test, NULL), RR_E_INVALID);
    ck_assert_int_eq(is_test[0], 9);
    ck_assert_int_eq(rr_dataset_split_users(dataset, 1.0f, 0, is_test, NULL), RR_OK);
    ck_assert_mem_eq(is_test, ((const uint8_t[]){1, 1, 1}), 3);
    ck_assert_int_eq(rr_dataset_split_users(dataset, 0.0f, 0, is_test, NULL), RR_OK);
    ck_assert_mem_eq(is_test, ((const uint8_t[]){0, 0, 0}), 3);
    rr_dataset_destroy(dataset);
}
END_TEST

static rr_dataset *make(void)
{
    /* User 0 at times 1 … 4, user 1 at times 9 … 6. */
    const uint64_t users[8] = {0, 0, 0, 0, 1, 1, 1, 1}, items[8] = {0, 1, 2, 3, 0, 1, 2, 3};
    const float ratings[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const int64_t times[8] = {1, 2, 3, 4, 9, 8, 7, 6};
    rr_dataset *dataset = NULL;
    ck_assert_int_eq(rr_dataset_create(&dataset, users, items, ratings, times, 8, NULL, NULL),
                     RR_OK);
    return dataset;
}

START_TEST(test_split_rows_by_time_per_user_and_by_draw)
{
    rr_dataset *dataset = make();
    uint8_t marks[8];
    ck_assert_int_eq(rr_dataset_split_rows(dataset, RR_SPLIT_BY_TIME, 0.4f, 0, marks, NULL), RR_OK);
    ck_assert_mem_eq(marks, ((const uint8_t[8]){0, 0, 0, 0, 1, 1, 1, 0}), 8);
    ck_assert_int_eq(rr_dataset_split_rows(dataset, RR_SPLIT_PER_USER, 0.25f, 0, marks, NULL),
                     RR_OK);
    ck_assert_mem_eq(marks, ((const uint8_t[8]){0, 0, 0, 1, 1, 0, 0, 0}), 8);
    ck_assert_int_eq(rr_dataset_split_rows(dataset, RR_SPLIT_RANDOM, 1.0f, 3, marks, NULL), RR_OK);
    ck_assert_mem_eq(marks, ((const uint8_t[8]){1, 1, 1, 1, 1, 1, 1, 1}), 8);
    rr_dataset_destroy(dataset);
}
END_TEST

START_TEST(test_split_rows_selects_parts_that_together_are_the_whole)
{
    rr_dataset *dataset = make(), *train = NULL, *held_out = NULL;
    uint8_t marks[8];
    rr_dataset_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(rr_dataset_split_rows(dataset, RR_SPLIT_PER_USER, 0.25f, 0, marks, NULL),
                     RR_OK);
    ck_assert_int_eq(rr_dataset_select(&train, dataset, marks, 0, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_select(&held_out, dataset, marks, 1, NULL, NULL), RR_OK);
    rr_dataset_destroy(dataset);
    ck_assert_int_eq(rr_dataset_count(train), 6);
    ck_assert_int_eq(rr_dataset_describe(held_out, &view, NULL), RR_OK);
    ck_assert(view.n == 2 && view.n_users == 2 && view.n_items == 4);
    ck_assert(view.ratings[0] == 4.0f && view.ratings[1] == 5.0f && view.items[0] == 3);
    rr_dataset_destroy(train);
    rr_dataset_destroy(held_out);
}
END_TEST

START_TEST(test_split_rows_refuses_what_it_cannot_do_and_writes_nothing)
{
    rr_dataset *dataset = make(), *selected = NULL;
    rr_error err = {0};
    uint8_t marks[8] = {7, 7, 7, 7, 7, 7, 7, 7};
    ck_assert_int_eq(rr_dataset_split_rows(dataset, 3, 0.5f, 0, marks, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_split_rows: split is 3; it must be one of RR_SPLIT_*");
    ck_assert_int_eq(rr_dataset_split_rows(dataset, 0, 1.5f, 0, marks, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_split_rows: holdout is 1.5; it must be in [0, 1]");
    ck_assert_int_eq(rr_dataset_split_rows(dataset, 0, 0.5f, 0, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_select(&selected, dataset, NULL, 0, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_select: marks is NULL");
    ck_assert(marks[0] == 7 && selected == NULL);
    rr_dataset_destroy(dataset);
}
END_TEST

CHECK_MAIN("api/api_split", test_dataset_split_is_checked_and_a_function_of_the_key,
           test_split_rows_by_time_per_user_and_by_draw,
           test_split_rows_selects_parts_that_together_are_the_whole,
           test_split_rows_refuses_what_it_cannot_do_and_writes_nothing)
