/* SPDX-License-Identifier: MIT */
#include "eval/spread.h"

#include <math.h>

#include "check_run.h"
#include "core/philox.h"

START_TEST(test_spread_by_hand)
{
    /* 1, 2, 6: mean 3, variance (4 + 1 + 9)/2 = 7. */
    rri_spread spread = {0};
    rri_spread_add(&spread, 1.0);
    rri_spread_add(&spread, 2.0);
    rri_spread_add(&spread, 6.0);
    ck_assert_double_eq_tol(rri_spread_mean(&spread), 3.0, 1e-15);
    ck_assert_double_eq_tol(rri_spread_interval(&spread), 4.302652730 * sqrt(7.0 / 3.0), 1e-8);
}
END_TEST

START_TEST(test_spread_of_none_and_of_one_is_nan)
{
    rri_spread spread = {0};
    ck_assert(isnan(rri_spread_mean(&spread)));
    ck_assert(isnan(rri_spread_interval(&spread)));
    rri_spread_add(&spread, 4.0);
    ck_assert(rri_spread_mean(&spread) == 4.0);
    ck_assert(isnan(rri_spread_interval(&spread)));
    ck_assert(isnan(rri_spread_ratio_interval(NULL, NULL, 0)));
}
END_TEST

START_TEST(test_spread_far_from_zero_loses_no_digits)
{
    rri_spread spread = {0};
    for (int i = 0; i < 1000; i++) {
        rri_spread_add(&spread, 1e9 + (double)(i % 2));
    }
    ck_assert_double_eq_tol(rri_spread_interval(&spread),
                            1.962341461 * sqrt(250.0 / 999.0 / 1000.0), 1e-9);
}
END_TEST

START_TEST(test_spread_ratio_of_equal_lengths_is_the_mean_s)
{
    const double totals[] = {2.0, 5.0, 8.0, 1.0};
    const int32_t lengths[] = {4, 4, 4, 4};
    rri_spread spread = {0};
    for (int i = 0; i < 4; i++) {
        rri_spread_add(&spread, totals[i] / 4.0);
    }
    ck_assert_double_eq_tol(rri_spread_ratio_interval(totals, lengths, 4),
                            rri_spread_interval(&spread), 1e-14);
}
END_TEST

START_TEST(test_spread_ratio_by_hand)
{
    /* Ratio 12/6 = 2; residuals 1, −2, 1; variance 3; mean length 2. */
    const double totals[] = {3.0, 4.0, 5.0};
    const int32_t lengths[] = {1, 3, 2};
    ck_assert_double_eq_tol(rri_spread_ratio_interval(totals, lengths, 3),
                            4.302652730 * sqrt(3.0 / 3.0) / 2.0, 1e-8);
}
END_TEST

START_TEST(test_spread_ratio_interval_covers_the_truth_95_times_in_100)
{
    /* Sessions of 1 to 10 steps with reward 0.3 a step on average, and an error per session. */
    int n_covered = 0;
    for (uint64_t trial = 0; trial < 2000; trial++) {
        double totals[200];
        int32_t lengths[200];
        double total = 0.0, length = 0.0;
        float noise[200];
        rri_philox_normals(noise, 200, 2, RRI_STREAM_USERS, trial);
        for (uint32_t i = 0; i < 200; i++) {
            lengths[i] = 1 + (int32_t)rri_philox_below(2, RRI_STREAM_ACT, trial, i, 10);
            totals[i] = 0.3 * (double)lengths[i] + (double)noise[i];
            total += totals[i];
            length += (double)lengths[i];
        }
        const double error = fabs(total / length - 0.3);
        n_covered += error <= rri_spread_ratio_interval(totals, lengths, 200) ? 1 : 0;
    }
    ck_assert_int_gt(n_covered, 1860); /* 1900 expected, standard deviation 10 */
    ck_assert_int_lt(n_covered, 1940);
}
END_TEST

CHECK_MAIN("eval/spread", test_spread_by_hand, test_spread_of_none_and_of_one_is_nan,
           test_spread_far_from_zero_loses_no_digits,
           test_spread_ratio_of_equal_lengths_is_the_mean_s, test_spread_ratio_by_hand,
           test_spread_ratio_interval_covers_the_truth_95_times_in_100)
