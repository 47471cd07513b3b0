/* SPDX-License-Identifier: MIT */
#include "nn/standardise.h"

#include <string.h>

#include "check_run.h"

/* (5 − 1)/2 = 2, (−3 − 1)/2 = −2; the second column is 4 from 3 in units of 1/8: 32, held at 10. */
START_TEST(test_standardise_divides_and_holds_at_ten)
{
    const float x[] = {5, 7, -3, -1}, means[] = {1, 3}, inverses[] = {0.5f, 8.0f};
    const float wanted[] = {2, 10, -2, -10};
    float y[4];
    rri_standardise_forward(y, x, means, inverses, 2, 2);
    ck_assert_mem_eq(y, wanted, sizeof y);
}
END_TEST

START_TEST(test_standardise_with_nothing_known_changes_no_bit)
{
    const float x[] = {0.1f, -0.3f, 9.5f}, means[] = {0, 0, 0}, inverses[] = {1, 1, 1};
    float y[3];
    rri_standardise_forward(y, x, means, inverses, 1, 3);
    ck_assert_mem_eq(y, x, sizeof y);
}
END_TEST

START_TEST(test_standardise_in_place)
{
    float x[] = {2, 4};
    const float means[] = {1}, inverses[] = {2};
    rri_standardise_forward(x, x, means, inverses, 2, 1);
    ck_assert_float_eq(x[0], 2.0f);
    ck_assert_float_eq(x[1], 6.0f);
}
END_TEST

CHECK_MAIN("nn/standardise", test_standardise_divides_and_holds_at_ten,
           test_standardise_with_nothing_known_changes_no_bit, test_standardise_in_place)
