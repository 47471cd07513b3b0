/* SPDX-License-Identifier: MIT */
#include "data/popularity.h"

#include "check_run.h"

static const int32_t users[6] = {0, 0, 1, 2, 2, 2};
static const int32_t items[6] = {0, 1, 1, 1, 3, 3};
static float shares[4];
static uint64_t counts[4];

START_TEST(test_popularity_is_the_share_of_the_interactions)
{
    rri_popularity_compute(shares, counts, 4, users, items, NULL, 6);
    ck_assert_float_eq(shares[0], (float)(1.0 / 6.0));
    ck_assert_float_eq(shares[1], 0.5f);
    ck_assert_float_eq(shares[2], 0.0f);
    ck_assert_float_eq(shares[3], (float)(1.0 / 3.0));
    ck_assert_uint_eq(counts[1], 3);
}
END_TEST

START_TEST(test_popularity_counts_only_the_users_of_the_mask)
{
    const uint8_t mask[3] = {1, 1, 0};
    rri_popularity_compute(shares, counts, 4, users, items, mask, 6);
    ck_assert_float_eq(shares[0], (float)(1.0 / 3.0));
    ck_assert_float_eq(shares[1], (float)(2.0 / 3.0));
    ck_assert_float_eq(shares[3], 0.0f);
}
END_TEST

START_TEST(test_popularity_of_nothing_is_zero)
{
    const uint8_t nobody[3] = {0, 0, 0};
    rri_popularity_compute(shares, counts, 4, users, items, nobody, 6);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_float_eq(shares[i], 0.0f);
    }
}
END_TEST

CHECK_MAIN("data/popularity", test_popularity_is_the_share_of_the_interactions,
           test_popularity_counts_only_the_users_of_the_mask, test_popularity_of_nothing_is_zero)
