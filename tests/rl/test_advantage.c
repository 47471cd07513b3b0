/* SPDX-License-Identifier: MIT */
#include "rl/advantage.h"

#include <math.h>

#include "check_run.h"
#include "gradcheck.h"

/* 1, 3, 5, 7: mean 4, Σ deviations² = 20, unbiased std √(20/3) = 2.58198…; biased it would be √5.
 */
START_TEST(test_advantage_divides_by_unbiased_std)
{
    const float advantages[] = {1, 3, 5, 7};
    float x[4];
    rri_advantage_normalise(x, advantages, 4);
    ck_assert_float_eq_tol(x[0], -1.1618950f, 1e-6f);
    ck_assert_float_eq_tol(x[1], -0.3872983f, 1e-6f);
    ck_assert_float_eq_tol(x[2], 0.3872983f, 1e-6f);
    ck_assert_float_eq_tol(x[3], 1.1618950f, 1e-6f);
}
END_TEST

START_TEST(test_advantage_result_has_mean_zero_and_std_one)
{
    enum { N = 1001 };
    static float x[N];
    gradcheck_draw(x, N, 900.0f, 1000.0f, 1);
    rri_advantage_normalise(x, x, N);
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    ck_assert_double_eq_tol(sum / N, 0.0, 1e-6);
    ck_assert_double_eq_tol(squares / (N - 1), 1.0, 1e-6);
}
END_TEST

START_TEST(test_advantage_equal_rows_become_zero)
{
    float x[] = {0.1f, 0.1f, 0.1f, 0.1f, 0.1f};
    rri_advantage_normalise(x, x, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_float_eq(x[i], 0.0f);
    }
}
END_TEST

START_TEST(test_advantage_one_row_becomes_zero)
{
    float x = 3.0f;
    rri_advantage_normalise(&x, &x, 1);
    ck_assert_float_eq(x, 0.0f);
}
END_TEST

START_TEST(test_advantage_nan_is_not_hidden)
{
    float x[] = {1.0f, NAN, 2.0f};
    rri_advantage_normalise(x, x, 3);
    ck_assert(isnan(x[0]) && isnan(x[1]) && isnan(x[2]));
}
END_TEST

CHECK_MAIN("rl/advantage", test_advantage_divides_by_unbiased_std,
           test_advantage_result_has_mean_zero_and_std_one, test_advantage_equal_rows_become_zero,
           test_advantage_one_row_becomes_zero, test_advantage_nan_is_not_hidden)
