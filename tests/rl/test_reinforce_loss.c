/* SPDX-License-Identifier: MIT */
#include "rl/losses.h"

#include <math.h>

#include "check_run.h"
#include "gradcheck.h"

START_TEST(test_reinforce_loss_two_rows_by_hand)
{
    const float log_prob[] = {-1.0f, -2.0f}, advantages[] = {3.0f, -0.5f};
    const float old[] = {logf(0.5f), logf(0.75f)};
    float slopes[2];
    double sum = rri_reinforce_loss_compute(slopes, log_prob, old, advantages, 1.0f, 2, 4);
    ck_assert_double_eq(sum, 2.0); /* 3 − 1 */
    ck_assert_float_eq(slopes[0], -0.75f);
    ck_assert_float_eq(slopes[1], 0.125f);
    /* λ_3 = 3 (1 − ½)² = ¾ and 3 (1 − ¾)² = 3/16 */
    sum = rri_reinforce_loss_compute(slopes, log_prob, old, advantages, 3.0f, 2, 4);
    ck_assert_double_eq_tol(sum, 0.75 * 3.0 - 1.0 * 3.0 / 16.0, 1e-6);
    ck_assert_float_eq_tol(slopes[0], -0.75f * 0.75f, 1e-6f);
    ck_assert_float_eq_tol(slopes[1], 0.125f * 3.0f / 16.0f, 1e-6f);
}
END_TEST

enum { N = 17 };

typedef struct batch {
    double log_prob[N];
    float old_log_prob[N], advantages[N];
    double page_size;
} batch;

static double loss_of(void *context)
{
    const batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double p = exp((double)b->old_log_prob[i]);
        sum += b->page_size * pow(1.0 - p, b->page_size - 1.0) * b->log_prob[i] *
               (double)b->advantages[i];
    }
    return -sum / N;
}

START_TEST(test_reinforce_loss_slope_is_the_gradient)
{
    const float page_sizes[] = {1.0f, 2.0f, 10.0f};
    for (size_t s = 0; s < 3; s++) {
        batch b = {.page_size = (double)page_sizes[s]};
        float log_prob[N], slopes[N];
        gradcheck_cotangent(b.advantages, N, 1);
        gradcheck_draw(log_prob, N, -7.0f, 0.0f, 2);
        gradcheck_draw(b.old_log_prob, N, -7.0f, -0.1f, 3);
        for (size_t i = 0; i < N; i++) {
            b.log_prob[i] = (double)log_prob[i];
        }
        gradcheck_fill_nan(slopes, N);
        const double sum = rri_reinforce_loss_compute(slopes, log_prob, b.old_log_prob,
                                                      b.advantages, page_sizes[s], N, N);
        ck_assert_double_eq_tol(sum / N, loss_of(&b), 1e-5);
        const gradcheck check = {.name = "reinforce loss",
                                 .loss = loss_of,
                                 .context = &b,
                                 .x = b.log_prob,
                                 .gradient = slopes,
                                 .n = N,
                                 .tolerance = 1e-6};
        ck_assert_gradient(&check);
    }
}
END_TEST

START_TEST(test_reinforce_loss_nan_is_not_hidden)
{
    const float log_prob[] = {NAN, -1.0f}, advantages[] = {1.0f, NAN}, old[] = {-1.0f, -1.0f};
    float slopes[2];
    ck_assert(isnan(rri_reinforce_loss_compute(slopes, log_prob, old, advantages, 2.0f, 2, 2)));
    ck_assert(isnan(slopes[1]));
}
END_TEST

CHECK_MAIN("rl/reinforce_loss", test_reinforce_loss_two_rows_by_hand,
           test_reinforce_loss_slope_is_the_gradient, test_reinforce_loss_nan_is_not_hidden)
