/* SPDX-License-Identifier: MIT */
#include "rl/running.h"

#include <math.h>

#include "check_run.h"
#include "gradcheck.h"

/* Rows 1 and 3 of 10, 2, 10, 6: mean 4, variance ((2−4)² + (6−4)²)/2 = 4. */
START_TEST(test_running_batch_is_that_of_the_rows_named)
{
    const float x[] = {10, 2, 10, 6};
    const int32_t rows[] = {3, 1};
    double mean, variance;
    rri_running_batch(&mean, &variance, x, rows, 2, 1);
    ck_assert_double_eq(mean, 4.0);
    ck_assert_double_eq(variance, 4.0);
    rri_running_batch(&mean, &variance, x, NULL, 2, 1); /* 10, 2 */
    ck_assert_double_eq(mean, 6.0);
    ck_assert_double_eq(variance, 16.0);
}
END_TEST

START_TEST(test_running_batch_keeps_columns_apart)
{
    const float x[] = {1, 100, 3, 300, 5, 500};
    double means[2], variances[2];
    rri_running_batch(means, variances, x, NULL, 3, 2);
    ck_assert_double_eq(means[0], 3.0);
    ck_assert_double_eq(means[1], 300.0);
    ck_assert_double_eq_tol(variances[0], 8.0 / 3.0, 1e-12);
    ck_assert_double_eq_tol(variances[1], 80000.0 / 3.0, 1e-8);
}
END_TEST

/* While all rows are remembered, batches of any size give what one batch of all would. */
START_TEST(test_running_remembers_all_rows_as_one_batch)
{
    enum { N = 1000 };
    static float x[N];
    gradcheck_draw(x, N, -3.0f, 9.0f, 1);
    double whole_mean, whole_variance, mean = 0.0, variance = 0.0, n_rows = 0.0;
    rri_running_batch(&whole_mean, &whole_variance, x, NULL, N, 1);
    for (size_t first = 0, n = 1; first < N; first += n, n = 3 * n + 1) {
        const size_t rows = N - first < n ? N - first : n;
        double batch_mean, batch_variance;
        rri_running_batch(&batch_mean, &batch_variance, x + first, NULL, rows, 1);
        const double weight = rri_running_count(&n_rows, rows, 1e9);
        rri_running_add(&mean, &variance, batch_mean, batch_variance, weight);
    }
    ck_assert_double_eq(n_rows, (double)N);
    ck_assert_double_eq_tol(mean, whole_mean, 1e-12 * 10.0);
    ck_assert_double_eq_tol(variance, whole_variance, 1e-12 * 10.0);
}
END_TEST

/* most 100: batches of 50 weigh 1, 1/2, 1/3 and from then on 1/3. */
START_TEST(test_running_forgets_beyond_most)
{
    double n_rows = 0.0;
    ck_assert_double_eq(rri_running_count(&n_rows, 50, 100.0), 1.0);
    ck_assert_double_eq(rri_running_count(&n_rows, 50, 100.0), 0.5);
    ck_assert_double_eq(rri_running_count(&n_rows, 50, 100.0), 50.0 / 150.0);
    ck_assert_double_eq(rri_running_count(&n_rows, 50, 100.0), 50.0 / 150.0);
    double mean = 1000.0, variance = 0.0;
    for (int i = 0; i < 200; i++) {
        const double weight = rri_running_count(&n_rows, 50, 100.0);
        rri_running_add(&mean, &variance, i % 2 == 0 ? 1.0 : 3.0, 0.25, weight);
    }
    ck_assert_double_eq_tol(mean, 2.0, 0.3); /* about the last six batches */
    ck_assert_double_eq_tol(variance, 1.25, 0.1);
}
END_TEST

/* A power of two is exact, so statistics of 2^k x are those of x in every bit, 2^k and 4^k larger.
 */
START_TEST(test_running_is_exact_in_powers_of_two)
{
    enum { N = 77 };
    float x[N], large[N];
    gradcheck_draw(x, N, -1.0f, 2.0f, 4);
    for (size_t i = 0; i < N; i++) {
        large[i] = 1024.0f * x[i];
    }
    double mean, variance, large_mean, large_variance;
    rri_running_batch(&mean, &variance, x, NULL, N, 1);
    rri_running_batch(&large_mean, &large_variance, large, NULL, N, 1);
    ck_assert_double_eq(large_mean, 1024.0 * mean);
    ck_assert_double_eq(large_variance, 0x1p20 * variance);
    ck_assert_double_eq(rri_running_scale(large_mean, large_variance),
                        1024.0 * rri_running_scale(mean, variance));
}
END_TEST

START_TEST(test_running_scale_is_the_deviation_or_a_share_of_the_size)
{
    ck_assert_double_eq(rri_running_scale(-7.0, 9.0), 3.0);
    ck_assert_double_eq(rri_running_scale(-8.0, 0.0), 0x1p-9); /* 2⁻¹² · 8 */
    ck_assert_double_eq(rri_running_scale(0.0, 0.0), 0.0);
}
END_TEST

CHECK_MAIN("rl/running", test_running_batch_is_that_of_the_rows_named,
           test_running_batch_keeps_columns_apart, test_running_remembers_all_rows_as_one_batch,
           test_running_forgets_beyond_most, test_running_is_exact_in_powers_of_two,
           test_running_scale_is_the_deviation_or_a_share_of_the_size)
