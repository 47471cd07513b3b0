/* SPDX-License-Identifier: MIT */
#include "data/interactions.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

static const uint64_t users[4] = {5, 9, 5, 1};
static const uint64_t items[4] = {70, 70, 80, 90};
static const float ratings[4] = {1.0f, -2.0f, 0.5f, 3.0f};
static const int64_t times[4] = {4, 3, 2, -1};

static rri_allocator allocator;

START_TEST(test_interactions_index_keys_in_the_order_of_first_appearance)
{
    rri_interactions rows;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&rows, users, items, ratings, times, 4, &allocator, NULL),
        RR_OK);
    ck_assert_uint_eq(rows.n, 4);
    ck_assert_mem_eq(rows.users, ((const int32_t[4]){0, 1, 0, 2}), sizeof(int32_t[4]));
    ck_assert_mem_eq(rows.items, ((const int32_t[4]){0, 0, 1, 2}), sizeof(int32_t[4]));
    ck_assert_mem_eq(rows.user_table.keys, ((const uint64_t[3]){5, 9, 1}), sizeof(uint64_t[3]));
    ck_assert_mem_eq(rows.item_table.keys, ((const uint64_t[3]){70, 80, 90}), sizeof(uint64_t[3]));
    ck_assert_mem_eq(rows.ratings, ratings, sizeof ratings);
    ck_assert_mem_eq(rows.times, times, sizeof times);
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_interactions_without_times_have_time_zero)
{
    rri_interactions rows;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&rows, users, items, ratings, NULL, 4, &allocator, NULL),
        RR_OK);
    ck_assert_mem_eq(rows.times, ((const int64_t[4]){0, 0, 0, 0}), sizeof(int64_t[4]));
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_interactions_name_the_rating_that_is_not_finite)
{
    rri_interactions rows;
    rr_error err = {0};
    const float bad[4] = {1.0f, 2.0f, NAN, INFINITY};
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&rows, users, items, bad, NULL, 4, &allocator, &err),
        RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "ratings[2] is nan; it must be finite"));
}
END_TEST

START_TEST(test_interactions_of_an_absurd_number_are_refused)
{
    rri_interactions rows;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_interactions_create(&rows, SIZE_MAX / 4, false, &allocator, NULL),
                     RR_E_MEMORY);
}
END_TEST

START_TEST(test_interactions_that_are_given_more_room_stay_as_they_are)
{
    rri_interactions rows;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_interactions_create(&rows, 2, true, &allocator, NULL), RR_OK);
    for (size_t i = 0; i < 4; i++) {
        if (rows.n == rows.max_n) {
            ck_assert_int_eq(rri_interactions_reserve(&rows, rows.n + 1, NULL), RR_OK);
        }
        rows.positions[i] = (int32_t)i;
        rows.propensities[i] = 0.25f * (float)(i + 1);
        ck_assert_int_eq(
            rri_interactions_add(&rows, users[i], items[i], ratings[i], times[i], NULL), RR_OK);
    }
    ck_assert_int_eq(rri_interactions_reserve(&rows, SIZE_MAX / 4, NULL), RR_E_MEMORY);
    ck_assert_uint_eq(rows.max_n, 4);
    ck_assert_mem_eq(rows.users, ((const int32_t[4]){0, 1, 0, 2}), sizeof(int32_t[4]));
    ck_assert_mem_eq(rows.items, ((const int32_t[4]){0, 0, 1, 2}), sizeof(int32_t[4]));
    ck_assert_mem_eq(rows.ratings, ratings, sizeof ratings);
    ck_assert_mem_eq(rows.times, times, sizeof times);
    ck_assert_mem_eq(rows.positions, ((const int32_t[4]){0, 1, 2, 3}), sizeof(int32_t[4]));
    ck_assert(rows.propensities[0] == 0.25f && rows.propensities[3] == 1.0f);
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_interactions_that_are_selected_keep_all_users_and_items)
{
    const uint8_t marks[4] = {0, 1, 0, 1};
    rri_interactions rows, some, none;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&rows, users, items, ratings, times, 4, &allocator, NULL),
        RR_OK);
    ck_assert_int_eq(rri_interactions_select(&some, &rows, marks, 1, &allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_interactions_select(&none, &rows, marks, 2, &allocator, NULL), RR_OK);
    rri_interactions_release(&rows);
    ck_assert_uint_eq(some.n, 2);
    ck_assert_mem_eq(some.users, ((const int32_t[2]){1, 2}), sizeof(int32_t[2]));
    ck_assert_mem_eq(some.items, ((const int32_t[2]){0, 2}), sizeof(int32_t[2]));
    ck_assert(some.ratings[1] == 3.0f && some.times[1] == -1);
    ck_assert_uint_eq(some.user_table.n_keys, 3);
    ck_assert_mem_eq(some.item_table.keys, ((const uint64_t[3]){70, 80, 90}), sizeof(uint64_t[3]));
    ck_assert(none.n == 0 && none.item_table.n_keys == 3);
    rri_interactions_release(&some);
    rri_interactions_release(&none);
}
END_TEST

CHECK_MAIN("data/interactions", test_interactions_that_are_selected_keep_all_users_and_items,
           test_interactions_that_are_given_more_room_stay_as_they_are,
           test_interactions_index_keys_in_the_order_of_first_appearance,
           test_interactions_without_times_have_time_zero,
           test_interactions_name_the_rating_that_is_not_finite,
           test_interactions_of_an_absurd_number_are_refused)
