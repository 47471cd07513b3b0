/* SPDX-License-Identifier: MIT */
#include "rl/explained_variance.h"

#include <math.h>

#include "check_run.h"

static const float RETURNS[] = {1, 2, 3, 6};

START_TEST(test_explained_variance_perfect_critic_has_one_and_constant_critic_zero)
{
    const float constant[] = {-9, -9, -9, -9};
    ck_assert_float_eq(rri_explained_variance_compute(RETURNS, RETURNS, 4), 1.0f);
    ck_assert_float_eq(rri_explained_variance_compute(constant, RETURNS, 4), 0.0f);
}
END_TEST

/* R − V = 0, 0, 0, 4: Σ deviations² = 12 of 14. */
START_TEST(test_explained_variance_by_hand)
{
    const float values[] = {1, 2, 3, 2};
    ck_assert_float_eq_tol(rri_explained_variance_compute(values, RETURNS, 4), 1.0f / 7.0f, 1e-7f);
}
END_TEST

START_TEST(test_explained_variance_wrong_sign_is_below_zero)
{
    const float values[] = {-1, -2, -3, -6};
    ck_assert_float_eq(rri_explained_variance_compute(values, RETURNS, 4), -3.0f);
}
END_TEST

START_TEST(test_explained_variance_constant_error_costs_nothing)
{
    const float values[] = {101, 102, 103, 106};
    ck_assert_float_eq(rri_explained_variance_compute(values, RETURNS, 4), 1.0f);
}
END_TEST

START_TEST(test_explained_variance_is_nan_when_returns_do_not_vary)
{
    const float returns[] = {0.1f, 0.1f, 0.1f}, values[] = {1, 2, 3};
    ck_assert(isnan(rri_explained_variance_compute(values, returns, 3)));
    ck_assert(isnan(rri_explained_variance_compute(values, returns, 1)));
    ck_assert(isnan(rri_explained_variance_compute(values, returns, 0)));
}
END_TEST

START_TEST(test_explained_variance_deviation_is_that_of_the_returns)
{
    const float returns[] = {1.0f, 3.0f, 5.0f, 7.0f};
    ck_assert_float_eq_tol(rri_explained_variance_deviation(returns, 4), 2.2360680f, 1e-6f);
    ck_assert_float_eq(rri_explained_variance_deviation(returns, 1), 0.0f);
    ck_assert_float_eq(rri_explained_variance_deviation(returns, 0), 0.0f);
}
END_TEST

CHECK_MAIN("rl/explained_variance", test_explained_variance_deviation_is_that_of_the_returns,
           test_explained_variance_perfect_critic_has_one_and_constant_critic_zero,
           test_explained_variance_by_hand, test_explained_variance_wrong_sign_is_below_zero,
           test_explained_variance_constant_error_costs_nothing,
           test_explained_variance_is_nan_when_returns_do_not_vary)
