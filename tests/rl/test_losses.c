/* SPDX-License-Identifier: MIT */
#include "rl/losses.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

/* ── policy gradient ── */

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

enum { A2C_ROWS = 17 };

typedef struct a2c_batch {
    double log_prob[A2C_ROWS];
    float advantages[A2C_ROWS];
} a2c_batch;

static double a2c_loss_of(void *context)
{
    const a2c_batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < A2C_ROWS; i++) {
        sum += b->log_prob[i] * (double)b->advantages[i];
    }
    return -sum / A2C_ROWS;
}

START_TEST(test_a2c_loss_slope_is_the_gradient)
{
    a2c_batch b;
    float log_prob[A2C_ROWS], slopes[A2C_ROWS];
    gradcheck_cotangent(b.advantages, A2C_ROWS, 1);
    gradcheck_draw(log_prob, A2C_ROWS, -7.0f, 0.0f, 2);
    for (size_t i = 0; i < A2C_ROWS; i++) {
        b.log_prob[i] = (double)log_prob[i];
    }
    gradcheck_fill_nan(slopes, A2C_ROWS);
    const double sum = rri_a2c_loss_compute(slopes, log_prob, b.advantages, A2C_ROWS, A2C_ROWS);
    ck_assert_double_eq_tol(sum / A2C_ROWS, a2c_loss_of(&b), 1e-12);
    const gradcheck check = {.name = "a2c loss",
                             .loss = a2c_loss_of,
                             .context = &b,
                             .x = b.log_prob,
                             .gradient = slopes,
                             .n = A2C_ROWS,
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

/* ── clipped surrogate ── */

static const float EPS = 0.25f;

static rri_surrogate_sums surrogate_row(float *slope, double ratio, float advantage)
{
    const float log_prob = (float)log(ratio) - 1.0f, old_log_prob = -1.0f;
    return rri_surrogate_compute(slope, &log_prob, &old_log_prob, &advantage, EPS, 1, 1);
}

/* The four corners: the cap binds only where it would be overstepped to the policy's advantage. */
START_TEST(test_surrogate_cap_binds_above_for_good_and_below_for_bad_actions)
{
    float slope;
    ck_assert_float_eq_tol((float)surrogate_row(&slope, 1.5, 2.0f).loss, -2.5f, 1e-6f);
    ck_assert_float_eq(slope, 0.0f);
    ck_assert_float_eq_tol((float)surrogate_row(&slope, 0.5, -2.0f).loss, 1.5f, 1e-6f);
    ck_assert_float_eq(slope, 0.0f);
    ck_assert_float_eq_tol((float)surrogate_row(&slope, 0.5, 2.0f).loss, -1.0f, 1e-6f);
    ck_assert_float_eq_tol(slope, -1.0f, 1e-6f);
    ck_assert_float_eq_tol((float)surrogate_row(&slope, 1.5, -2.0f).loss, 3.0f, 1e-6f);
    ck_assert_float_eq_tol(slope, 3.0f, 1e-6f);
}
END_TEST

START_TEST(test_surrogate_equal_policies_have_plain_policy_gradient)
{
    float slope;
    const rri_surrogate_sums sums = surrogate_row(&slope, 1.0, 2.0f);
    ck_assert_double_eq(sums.loss, -2.0);
    ck_assert_double_eq(sums.approx_kl, 0.0);
    ck_assert_double_eq(sums.n_clipped, 0.0);
    ck_assert_float_eq(slope, -2.0f);
}
END_TEST

START_TEST(test_surrogate_counts_clipped_rows_whatever_their_advantage)
{
    float slope;
    ck_assert_double_eq(surrogate_row(&slope, 1.3, 1.0f).n_clipped, 1.0);
    ck_assert_double_eq(surrogate_row(&slope, 1.3, -1.0f).n_clipped, 1.0);
    ck_assert_double_eq(surrogate_row(&slope, 0.7, 0.0f).n_clipped, 1.0);
    ck_assert_double_eq(surrogate_row(&slope, 1.2, 1.0f).n_clipped, 0.0);
}
END_TEST

START_TEST(test_surrogate_approx_kl_is_ratio_minus_one_minus_log)
{
    float slope;
    ck_assert_double_eq_tol(surrogate_row(&slope, 1.5, 1.0f).approx_kl, 0.5 - log(1.5), 1e-6);
    ck_assert_double_eq_tol(surrogate_row(&slope, 0.5, 1.0f).approx_kl, -0.5 - log(0.5), 1e-6);
}
END_TEST

/* Spelt a second time: the mean of what is lost, with the minimum as the paper has it. */
enum { SURROGATE_ROWS = 64 };

typedef struct surrogate_batch {
    double log_prob[SURROGATE_ROWS];
    float log_prob_float[SURROGATE_ROWS], old[SURROGATE_ROWS], advantages[SURROGATE_ROWS];
} surrogate_batch;

static double surrogate_loss_of(void *context)
{
    const surrogate_batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < SURROGATE_ROWS; i++) {
        const double ratio = exp(b->log_prob[i] - (double)b->old[i]);
        const double low = 1.0 - (double)EPS, high = 1.0 + (double)EPS;
        const double held = fmin(fmax(ratio, low), high);
        sum += fmin(ratio * (double)b->advantages[i], held * (double)b->advantages[i]);
    }
    return -sum / SURROGATE_ROWS;
}

/* Every fourth row 0.01 below or above a kink, the others anywhere. */
static void draw_surrogate_batch(surrogate_batch *b)
{
    gradcheck_draw(b->old, SURROGATE_ROWS, -5.0f, -1.0f, 1);
    gradcheck_cotangent(b->advantages, SURROGATE_ROWS, 2);
    float moved[SURROGATE_ROWS];
    gradcheck_draw(moved, SURROGATE_ROWS, -0.6f, 0.6f, 3);
    const float kinks[2] = {logf(1.0f - EPS), logf(1.0f + EPS)};
    for (size_t i = 0; i < SURROGATE_ROWS; i++) {
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
    surrogate_batch b;
    draw_surrogate_batch(&b);
    float slopes[SURROGATE_ROWS];
    gradcheck_fill_nan(slopes, SURROGATE_ROWS);
    const rri_surrogate_sums sums = rri_surrogate_compute(
        slopes, b.log_prob_float, b.old, b.advantages, EPS, SURROGATE_ROWS, SURROGATE_ROWS);
    ck_assert_double_eq_tol(sums.loss / SURROGATE_ROWS, surrogate_loss_of(&b), 1e-6);
    size_t n_flat = 0;
    for (size_t i = 0; i < SURROGATE_ROWS; i++) {
        n_flat += slopes[i] == 0.0f;
    }
    ck_assert(n_flat >= 8 && n_flat <= SURROGATE_ROWS - 8);
    const gradcheck check = {.name = "surrogate",
                             .loss = surrogate_loss_of,
                             .context = &b,
                             .x = b.log_prob,
                             .gradient = slopes,
                             .n = SURROGATE_ROWS,
                             .step = 5e-4,
                             .tolerance = 1e-7}; /* slopes are divided by n */
    ck_assert_gradient(&check);
}
END_TEST

START_TEST(test_surrogate_tiles_add_up_to_the_whole)
{
    surrogate_batch b;
    draw_surrogate_batch(&b);
    float whole[SURROGATE_ROWS], tiled[SURROGATE_ROWS];
    const rri_surrogate_sums at_once = rri_surrogate_compute(
        whole, b.log_prob_float, b.old, b.advantages, EPS, SURROGATE_ROWS, SURROGATE_ROWS);
    double loss = 0.0, approx_kl = 0.0, n_clipped = 0.0;
    for (size_t first = 0; first < SURROGATE_ROWS; first += 24) {
        const size_t n = SURROGATE_ROWS - first < 24 ? SURROGATE_ROWS - first : 24;
        const rri_surrogate_sums tile =
            rri_surrogate_compute(tiled + first, b.log_prob_float + first, b.old + first,
                                  b.advantages + first, EPS, n, SURROGATE_ROWS);
        loss += tile.loss;
        approx_kl += tile.approx_kl;
        n_clipped += tile.n_clipped;
    }
    ck_assert_mem_eq(whole, tiled, sizeof whole);
    ck_assert_double_eq_tol(loss, at_once.loss, 1e-12);
    ck_assert_double_eq_tol(approx_kl, at_once.approx_kl, 1e-12);
    ck_assert_double_eq(n_clipped, at_once.n_clipped);
}
END_TEST

START_TEST(test_surrogate_nan_reaches_loss_and_slope)
{
    float slope;
    ck_assert(isnan(surrogate_row(&slope, NAN, 1.0f).loss));
    ck_assert(isnan(slope));
    ck_assert(isnan(surrogate_row(&slope, 1.0, NAN).loss));
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

/* ── the critic ── */

/* A row that another version drew: its weight e^−100 is in the advantage, its ratio e^100. */
START_TEST(test_surrogate_huge_ratio_of_a_bad_action_is_finite)
{
    const float log_probs[] = {-1.0f, -1.0f, -1.0f, -1.0f};
    const float old[] = {-101.0f, -31.0f, -30.0f, -5000.0f};
    const float advantages[] = {-1e-30f, -1.0f, -1.0f, -2.0f};
    float slope[4];
    const rri_surrogate_sums sums =
        rri_surrogate_compute(slope, log_probs, old, advantages, 0.2f, 4, 4);
    ck_assert(isfinite(sums.loss) && isfinite(sums.approx_kl));
    const double most = exp(30.0);
    const double expected[] = {1e-30 * most, most, exp(29.0), 2.0 * most};
    double loss = 0.0;
    for (size_t i = 0; i < 4; i++) {
        ck_assert_double_eq_tol((double)slope[i] / (expected[i] / 4.0), 1.0, 1e-5);
        loss += expected[i];
    }
    ck_assert_double_eq_tol(sums.loss / loss, 1.0, 1e-5);
}
END_TEST

START_TEST(test_value_loss_is_half_the_square_and_its_slope_has_the_coefficient)
{
    const float values[] = {3.0f, 1.0f}, returns[] = {1.0f, 2.0f};
    float slopes[2];
    const double sum = rri_value_loss_compute(slopes, values, NULL, returns, 0.0f, 0.5f, 2, 4);
    ck_assert_double_eq(sum, 2.5);        /* ½·4 + ½·1: the coefficient is not in it */
    ck_assert_float_eq(slopes[0], 0.25f); /* 0.5 · 2 / 4 */
    ck_assert_float_eq(slopes[1], -0.125f);
}
END_TEST

static double clipped(float *slope, float value, float old_value, float target)
{
    return rri_value_loss_compute(slope, &value, &old_value, &target, 0.5f, 1.0f, 1, 1);
}

/* V_old = 1, band [½, 1½]. */
START_TEST(test_value_loss_clipped_corners_by_hand)
{
    float slope;
    /* inside the band: as without clipping */
    ck_assert_double_eq(clipped(&slope, 1.25f, 1.0f, 3.0f), 0.5 * 1.75 * 1.75);
    ck_assert_float_eq(slope, -1.75f);
    /* ran past the band towards the target: held at 1½, flat */
    ck_assert_double_eq(clipped(&slope, 2.0f, 1.0f, 3.0f), 0.5 * 1.5 * 1.5);
    ck_assert_float_eq(slope, 0.0f);
    ck_assert_double_eq(clipped(&slope, 0.0f, 1.0f, -3.0f), 0.5 * 3.5 * 3.5);
    ck_assert_float_eq(slope, 0.0f);
    /* ran past the band away from the target: the plain loss is the larger one */
    ck_assert_double_eq(clipped(&slope, 2.0f, 1.0f, -1.0f), 0.5 * 3.0 * 3.0);
    ck_assert_float_eq(slope, 3.0f);
}
END_TEST

/* old + (V − old) need not be V; a row inside the band must keep its slope all the same. */
START_TEST(test_value_loss_inside_the_band_clipping_changes_no_bit)
{
    enum { VALUE_ROWS = 1000 };
    static float values[VALUE_ROWS], old_values[VALUE_ROWS], returns[VALUE_ROWS], with[VALUE_ROWS],
        without[VALUE_ROWS];
    gradcheck_draw(old_values, VALUE_ROWS, -10.0f, 10.0f, 1);
    gradcheck_draw(values, VALUE_ROWS, -0.4f, 0.4f, 2);
    gradcheck_draw(returns, VALUE_ROWS, -10.0f, 10.0f, 3);
    for (size_t i = 0; i < VALUE_ROWS; i++) {
        values[i] += old_values[i];
    }
    const double a = rri_value_loss_compute(with, values, old_values, returns, 0.5f, 1.0f,
                                            VALUE_ROWS, VALUE_ROWS);
    const double b =
        rri_value_loss_compute(without, values, NULL, returns, 0.0f, 1.0f, VALUE_ROWS, VALUE_ROWS);
    ck_assert_mem_eq(with, without, sizeof with);
    ck_assert_double_eq(a, b);
}
END_TEST

enum { VALUE_ROWS = 48 };

typedef struct value_batch {
    double values[VALUE_ROWS];
    float old_values[VALUE_ROWS], returns[VALUE_ROWS];
    double eps; /* 0: not clipped */
} value_batch;

static double value_loss_of(void *context)
{
    const value_batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < VALUE_ROWS; i++) {
        const double old = (double)b->old_values[i], target = (double)b->returns[i];
        const double held = fmin(fmax(b->values[i], old - b->eps), old + b->eps);
        const double plain = pow(b->values[i] - target, 2.0);
        sum += b->eps > 0.0 ? fmax(plain, pow(held - target, 2.0)) : plain;
    }
    return 0.5 * sum / VALUE_ROWS;
}

/* Rows on both sides of both edges of the band, with targets on both sides. */
static void assert_slopes_are_the_gradient(double eps)
{
    static const float moves[] = {-0.9f, -0.51f, -0.49f, 0.1f, 0.49f, 0.51f, 1.1f, -0.2f};
    value_batch b = {.eps = eps};
    float values[VALUE_ROWS], slopes[VALUE_ROWS];
    gradcheck_draw(b.old_values, VALUE_ROWS, -2.0f, 2.0f, 4);
    gradcheck_cotangent(b.returns, VALUE_ROWS, 5);
    for (size_t i = 0; i < VALUE_ROWS; i++) {
        b.returns[i] = b.old_values[i] + 2.0f * b.returns[i];
        values[i] = b.old_values[i] + moves[i % 8];
        b.values[i] = (double)values[i];
    }
    gradcheck_fill_nan(slopes, VALUE_ROWS);
    const double sum = rri_value_loss_compute(slopes, values, b.old_values, b.returns, (float)eps,
                                              1.0f, VALUE_ROWS, VALUE_ROWS);
    ck_assert_double_eq_tol(sum / VALUE_ROWS, value_loss_of(&b), 1e-6);
    const gradcheck check = {.name = "value loss",
                             .loss = value_loss_of,
                             .context = &b,
                             .x = b.values,
                             .gradient = slopes,
                             .n = VALUE_ROWS,
                             .tolerance = 1e-6};
    ck_assert_gradient(&check);
}

START_TEST(test_value_loss_slope_is_the_gradient)
{
    assert_slopes_are_the_gradient(0.0);
}
END_TEST

START_TEST(test_value_loss_clipped_slope_is_the_gradient_on_both_sides_of_the_band)
{
    assert_slopes_are_the_gradient(0.5);
}
END_TEST

START_TEST(test_value_loss_nan_is_not_hidden)
{
    float slope;
    ck_assert(isnan(clipped(&slope, NAN, 1.0f, 0.0f)));
    ck_assert(isnan(slope));
    ck_assert(isnan(clipped(&slope, 1.0f, 1.0f, NAN)));
    ck_assert(isnan(slope));
}
END_TEST

CHECK_MAIN("rl/losses", test_a2c_loss_two_rows_by_hand, test_a2c_loss_slope_is_the_gradient,
           test_a2c_loss_nan_is_not_hidden, test_a2c_loss_no_rows_sum_to_zero,
           test_surrogate_cap_binds_above_for_good_and_below_for_bad_actions,
           test_surrogate_equal_policies_have_plain_policy_gradient,
           test_surrogate_counts_clipped_rows_whatever_their_advantage,
           test_surrogate_approx_kl_is_ratio_minus_one_minus_log,
           test_surrogate_slope_is_the_gradient_on_both_sides_of_the_cap,
           test_surrogate_tiles_add_up_to_the_whole, test_surrogate_nan_reaches_loss_and_slope,
           test_surrogate_huge_ratio_of_a_good_action_is_capped_and_flat,
           test_surrogate_huge_ratio_of_a_bad_action_is_finite,
           test_value_loss_is_half_the_square_and_its_slope_has_the_coefficient,
           test_value_loss_clipped_corners_by_hand,
           test_value_loss_inside_the_band_clipping_changes_no_bit,
           test_value_loss_slope_is_the_gradient,
           test_value_loss_clipped_slope_is_the_gradient_on_both_sides_of_the_band,
           test_value_loss_nan_is_not_hidden)
