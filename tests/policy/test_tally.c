/* SPDX-License-Identifier: MIT */
#include "policy/tally.h"

#include "check_run.h"
#include "policy_twin.h"

START_TEST(test_tally_by_hand)
{
    const int32_t list[] = {-1, 7, 3, 7, -1, 0, 7};
    int32_t items[7], counts[7];
    ck_assert_uint_eq(rri_tally_build(items, counts, list, 7), 3);
    const int32_t expected_items[] = {0, 3, 7}, expected_counts[] = {1, 1, 3};
    ck_assert_mem_eq(items, expected_items, sizeof expected_items);
    ck_assert_mem_eq(counts, expected_counts, sizeof expected_counts);
    ck_assert_uint_eq(rri_tally_find(items, 3, 7), 2);
    ck_assert_uint_eq(rri_tally_find(items, 3, 0), 0);
    ck_assert_uint_eq(rri_tally_find(items, 3, 4), 3);
    ck_assert_uint_eq(rri_tally_find(items, 3, 8), 3);
    ck_assert_uint_eq(rri_tally_find(items, 0, 8), 0);
}
END_TEST

START_TEST(test_tally_of_padding_alone_is_empty)
{
    const int32_t list[] = {-1, -1};
    int32_t items[2];
    ck_assert_uint_eq(rri_tally_build(items, NULL, list, 2), 0);
    ck_assert_uint_eq(rri_tally_build(items, NULL, list, 0), 0);
}
END_TEST

START_TEST(test_tally_counts_every_entry_of_long_lists_once)
{
    enum { MOST = 5000 };
    static int32_t list[MOST], items[MOST], counts[MOST];
    twin t = {.random = 4};
    for (size_t n = 1; n <= MOST; n = n * 3 + 1) {
        for (size_t i = 0; i < n; i++) {
            list[i] = (int32_t)twin_below(&t, n) - 1;
        }
        const size_t n_distinct = rri_tally_build(items, counts, list, n);
        for (size_t i = 0; i < n_distinct; i++) {
            ck_assert(items[i] >= 0 && (i == 0 || items[i - 1] < items[i]));
            int32_t count = 0;
            for (size_t j = 0; j < n; j++) {
                count += list[j] == items[i] ? 1 : 0;
            }
            ck_assert_int_eq(counts[i], count);
        }
        for (size_t j = 0; j < n; j++) {
            ck_assert(list[j] < 0 || rri_tally_find(items, n_distinct, list[j]) < n_distinct);
        }
    }
}
END_TEST

CHECK_MAIN("policy/tally", test_tally_by_hand, test_tally_of_padding_alone_is_empty,
           test_tally_counts_every_entry_of_long_lists_once)
