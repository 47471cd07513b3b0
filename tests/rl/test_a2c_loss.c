/* SPDX-License-Identifier: MIT */
#include "rl/a2c_loss.h"

#include <math.h>

#include "check_run.h"
#include "gradcheck.h"

START_TEST(test_a2c_loss_two_rows_by_hand)
{
    const float log_prob[] = {-1.0f, -2.0f}, advantages[] = {3.0f, -0.5f};
    float slopes[2];
    const double sum = rri_a2c_loss_compute(slopes, log_prob, advantages, 2, 4);
    ck_assert_double_eq(sum, 2.0); /* 3 − 1 */
    ck_assert_float_eq(slopes[0], -0.75f);
    ck_assert_float_eq(slopes[1], 0.125f);
}
END_TEST

enum { N = 17 };

typedef struct batch {
    double log_prob[N];
    float advantages[N];
} batch;

static double loss_of(void *context)
{
    const batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += b->log_prob[i] * (double)b->advantages[i];
    }
    return -sum / N;
}

START_TEST(test_a2c_loss_slope_is_the_gradient)
{
    batch b;
    float log_prob[N], slopes[N];
    gradcheck_cotangent(b.advantages, N, 1);
    gradcheck_draw(log_prob, N, -7.0f, 0.0f, 2);
    for (size_t i = 0; i < N; i++) {
        b.log_prob[i] = (double)log_prob[i];
    }
    gradcheck_fill_nan(slopes, N);
    const double sum = rri_a2c_loss_compute(slopes, log_prob, b.advantages, N, N);
    ck_assert_double_eq_tol(sum / N, loss_of(&b), 1e-12);
    const gradcheck check = {.name = "a2c loss",
                             .loss = loss_of,
                             .context = &b,
                             .x = b.log_prob,
                             .gradient = slopes,
                             .n = N,
                             .tolerance = 1e-7};
    ck_assert_gradient(&check);
}
END_TEST

START_TEST(test_a2c_loss_nan_is_not_hidden)
{
    const float log_prob[] = {-1.0f, NAN}, advantages[] = {NAN, 1.0f};
    float slopes[2];
    ck_assert(isnan(rri_a2c_loss_compute(slopes, log_prob, advantages, 2, 2)));
    ck_assert(isnan(slopes[0]));
}
END_TEST

START_TEST(test_a2c_loss_no_rows_sum_to_zero)
{
    ck_assert_double_eq(rri_a2c_loss_compute(NULL, NULL, NULL, 0, 5), 0.0);
}
END_TEST

CHECK_MAIN("rl/a2c_loss", test_a2c_loss_two_rows_by_hand, test_a2c_loss_slope_is_the_gradient,
           test_a2c_loss_nan_is_not_hidden, test_a2c_loss_no_rows_sum_to_zero)
