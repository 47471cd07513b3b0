/* SPDX-License-Identifier: MIT */
#include "data/held_out.h"

#include "check_run.h"

START_TEST(test_held_out_groups_items_by_user_and_keeps_what_was_liked)
{
    const uint64_t users[6] = {0, 0, 1, 0, 1, 1}, items[6] = {0, 1, 0, 3, 1, 2};
    const float ratings[6] = {1, -1, 1, 0.5f, 1, 0};
    const uint8_t marks[6] = {0, 0, 0, 1, 1, 1};
    rri_allocator allocator;
    rri_interactions all, train, held_out;
    rri_held_out lists;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&all, users, items, ratings, NULL, 6, &allocator, NULL),
        RR_OK);
    ck_assert_int_eq(rri_interactions_select(&train, &all, marks, 0, &allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_interactions_select(&held_out, &all, marks, 1, &allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_held_out_create(&lists, &train, &held_out, &allocator, NULL), RR_OK);
    /* Items in the order of their first appearance: 0, 1, 3, 2. A training item of a bad rating is
     * a training item; a held-out one of rating 0 was not liked. */
    ck_assert_mem_eq(lists.train.starts, ((const size_t[3]){0, 2, 3}), sizeof(size_t[3]));
    ck_assert_mem_eq(lists.train.others, ((const int32_t[3]){0, 1, 0}), sizeof(int32_t[3]));
    ck_assert_mem_eq(lists.liked.starts, ((const size_t[3]){0, 1, 2}), sizeof(size_t[3]));
    ck_assert_mem_eq(lists.liked.others, ((const int32_t[2]){2, 1}), sizeof(int32_t[2]));
    rri_held_out_release(&lists);
    rri_interactions_release(&all);
    rri_interactions_release(&train);
    rri_interactions_release(&held_out);
}
END_TEST

CHECK_MAIN("data/held_out", test_held_out_groups_items_by_user_and_keeps_what_was_liked)
