/* SPDX-License-Identifier: MIT */
#include "rl/surrogate.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

static const float EPS = 0.25f;

static rri_surrogate_sums one_row(float *slope, double ratio, float advantage)
{
    const float log_prob = (float)log(ratio) - 1.0f, old_log_prob = -1.0f;
    return rri_surrogate_compute(slope, &log_prob, &old_log_prob, &advantage, EPS, 1, 1);
}

/* The four corners: the cap binds only where it would be overstepped to the policy's advantage. */
START_TEST(test_surrogate_cap_binds_above_for_good_and_below_for_bad_actions)
{
    float slope;
    ck_assert_float_eq_tol((float)one_row(&slope, 1.5, 2.0f).loss, -2.5f, 1e-6f);
    ck_assert_float_eq(slope, 0.0f);
    ck_assert_float_eq_tol((float)one_row(&slope, 0.5, -2.0f).loss, 1.5f, 1e-6f);
    ck_assert_float_eq(slope, 0.0f);
    ck_assert_float_eq_tol((float)one_row(&slope, 0.5, 2.0f).loss, -1.0f, 1e-6f);
    ck_assert_float_eq_tol(slope, -1.0f, 1e-6f);
    ck_assert_float_eq_tol((float)one_row(&slope, 1.5, -2.0f).loss, 3.0f, 1e-6f);
    ck_assert_float_eq_tol(slope, 3.0f, 1e-6f);
}
END_TEST

START_TEST(test_surrogate_equal_policies_have_plain_policy_gradient)
{
    float slope;
    const rri_surrogate_sums sums = one_row(&slope, 1.0, 2.0f);
    ck_assert_double_eq(sums.loss, -2.0);
    ck_assert_double_eq(sums.approx_kl, 0.0);
    ck_assert_double_eq(sums.n_clipped, 0.0);
    ck_assert_float_eq(slope, -2.0f);
}
END_TEST

START_TEST(test_surrogate_counts_clipped_rows_whatever_their_advantage)
{
    float slope;
    ck_assert_double_eq(one_row(&slope, 1.3, 1.0f).n_clipped, 1.0);
    ck_assert_double_eq(one_row(&slope, 1.3, -1.0f).n_clipped, 1.0);
    ck_assert_double_eq(one_row(&slope, 0.7, 0.0f).n_clipped, 1.0);
    ck_assert_double_eq(one_row(&slope, 1.2, 1.0f).n_clipped, 0.0);
}
END_TEST

START_TEST(test_surrogate_approx_kl_is_ratio_minus_one_minus_log)
{
    float slope;
    ck_assert_double_eq_tol(one_row(&slope, 1.5, 1.0f).approx_kl, 0.5 - log(1.5), 1e-6);
    ck_assert_double_eq_tol(one_row(&slope, 0.5, 1.0f).approx_kl, -0.5 - log(0.5), 1e-6);
}
END_TEST

/* Spelt a second time: the mean of what is lost, with the minimum as the paper has it. */
enum { N = 64 };

typedef struct batch {
    double log_prob[N];
    float log_prob_float[N], old[N], advantages[N];
} batch;

static double loss_of(void *context)
{
    const batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double ratio = exp(b->log_prob[i] - (double)b->old[i]);
        const double low = 1.0 - (double)EPS, high = 1.0 + (double)EPS;
        const double held = fmin(fmax(ratio, low), high);
        sum += fmin(ratio * (double)b->advantages[i], held * (double)b->advantages[i]);
    }
    return -sum / N;
}

/* Every fourth row 0.01 below or above a kink, the others anywhere. */
static void draw_batch(batch *b)
{
    gradcheck_draw(b->old, N, -5.0f, -1.0f, 1);
    gradcheck_cotangent(b->advantages, N, 2);
    float moved[N];
    gradcheck_draw(moved, N, -0.6f, 0.6f, 3);
    const float kinks[2] = {logf(1.0f - EPS), logf(1.0f + EPS)};
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < 2; k++) {
            if (i % 4 == 0 && i / 4 % 2 == k) {
                moved[i] = kinks[k] + (i / 8 % 2 == 0 ? 0.01f : -0.01f);
            }
            if (fabsf(moved[i] - kinks[k]) < 0.005f) {
                moved[i] = 0.1f;
            }
        }
        b->log_prob_float[i] = b->old[i] + moved[i];
        b->log_prob[i] = (double)b->log_prob_float[i];
    }
}

START_TEST(test_surrogate_slope_is_the_gradient_on_both_sides_of_the_cap)
{
    batch b;
    draw_batch(&b);
    float slopes[N];
    gradcheck_fill_nan(slopes, N);
    const rri_surrogate_sums sums =
        rri_surrogate_compute(slopes, b.log_prob_float, b.old, b.advantages, EPS, N, N);
    ck_assert_double_eq_tol(sums.loss / N, loss_of(&b), 1e-6);
    size_t n_flat = 0;
    for (size_t i = 0; i < N; i++) {
        n_flat += slopes[i] == 0.0f;
    }
    ck_assert(n_flat >= 8 && n_flat <= N - 8);
    const gradcheck check = {.name = "surrogate",
                             .loss = loss_of,
                             .context = &b,
                             .x = b.log_prob,
                             .gradient = slopes,
                             .n = N,
                             .step = 5e-4,
                             .tolerance = 1e-7}; /* slopes are divided by n */
    ck_assert_gradient(&check);
}
END_TEST

START_TEST(test_surrogate_tiles_add_up_to_the_whole)
{
    batch b;
    draw_batch(&b);
    float whole[N], tiled[N];
    const rri_surrogate_sums at_once =
        rri_surrogate_compute(whole, b.log_prob_float, b.old, b.advantages, EPS, N, N);
    rri_surrogate_sums total = {0};
    for (size_t first = 0; first < N; first += 24) {
        const size_t n = N - first < 24 ? N - first : 24;
        rri_surrogate_add(&total,
                          rri_surrogate_compute(tiled + first, b.log_prob_float + first,
                                                b.old + first, b.advantages + first, EPS, n, N));
    }
    ck_assert_mem_eq(whole, tiled, sizeof whole);
    ck_assert_double_eq_tol(total.loss, at_once.loss, 1e-12);
    ck_assert_double_eq_tol(total.approx_kl, at_once.approx_kl, 1e-12);
    ck_assert_double_eq(total.n_clipped, at_once.n_clipped);
}
END_TEST

START_TEST(test_surrogate_nan_reaches_loss_and_slope)
{
    float slope;
    ck_assert(isnan(one_row(&slope, NAN, 1.0f).loss));
    ck_assert(isnan(slope));
    ck_assert(isnan(one_row(&slope, 1.0, NAN).loss));
    ck_assert(isnan(slope));
}
END_TEST

START_TEST(test_surrogate_huge_ratio_of_a_good_action_is_capped_and_flat)
{
    const float log_prob = -1.0f, old_log_prob = -200.0f, advantage = 1.0f;
    float slope;
    const rri_surrogate_sums sums =
        rri_surrogate_compute(&slope, &log_prob, &old_log_prob, &advantage, EPS, 1, 1);
    ck_assert_double_eq(sums.loss, -1.25);
    ck_assert_float_eq(slope, 0.0f);
}
END_TEST

CHECK_MAIN("rl/surrogate", test_surrogate_cap_binds_above_for_good_and_below_for_bad_actions,
           test_surrogate_equal_policies_have_plain_policy_gradient,
           test_surrogate_counts_clipped_rows_whatever_their_advantage,
           test_surrogate_approx_kl_is_ratio_minus_one_minus_log,
           test_surrogate_slope_is_the_gradient_on_both_sides_of_the_cap,
           test_surrogate_tiles_add_up_to_the_whole, test_surrogate_nan_reaches_loss_and_slope,
           test_surrogate_huge_ratio_of_a_good_action_is_capped_and_flat)
