/* SPDX-License-Identifier: MIT */
#include "rl/value_loss.h"

#include <math.h>

#include "check_run.h"
#include "gradcheck.h"

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
    enum { N = 1000 };
    static float values[N], old_values[N], returns[N], with[N], without[N];
    gradcheck_draw(old_values, N, -10.0f, 10.0f, 1);
    gradcheck_draw(values, N, -0.4f, 0.4f, 2);
    gradcheck_draw(returns, N, -10.0f, 10.0f, 3);
    for (size_t i = 0; i < N; i++) {
        values[i] += old_values[i];
    }
    const double a = rri_value_loss_compute(with, values, old_values, returns, 0.5f, 1.0f, N, N);
    const double b = rri_value_loss_compute(without, values, NULL, returns, 0.0f, 1.0f, N, N);
    ck_assert_mem_eq(with, without, sizeof with);
    ck_assert_double_eq(a, b);
}
END_TEST

enum { N = 48 };

typedef struct batch {
    double values[N];
    float old_values[N], returns[N];
    double eps; /* 0: not clipped */
} batch;

static double loss_of(void *context)
{
    const batch *b = context;
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double old = (double)b->old_values[i], target = (double)b->returns[i];
        const double held = fmin(fmax(b->values[i], old - b->eps), old + b->eps);
        const double plain = pow(b->values[i] - target, 2.0);
        sum += b->eps > 0.0 ? fmax(plain, pow(held - target, 2.0)) : plain;
    }
    return 0.5 * sum / N;
}

/* Rows on both sides of both edges of the band, with targets on both sides. */
static void assert_slopes_are_the_gradient(double eps)
{
    static const float moves[] = {-0.9f, -0.51f, -0.49f, 0.1f, 0.49f, 0.51f, 1.1f, -0.2f};
    batch b = {.eps = eps};
    float values[N], slopes[N];
    gradcheck_draw(b.old_values, N, -2.0f, 2.0f, 4);
    gradcheck_cotangent(b.returns, N, 5);
    for (size_t i = 0; i < N; i++) {
        b.returns[i] = b.old_values[i] + 2.0f * b.returns[i];
        values[i] = b.old_values[i] + moves[i % 8];
        b.values[i] = (double)values[i];
    }
    gradcheck_fill_nan(slopes, N);
    const double sum =
        rri_value_loss_compute(slopes, values, b.old_values, b.returns, (float)eps, 1.0f, N, N);
    ck_assert_double_eq_tol(sum / N, loss_of(&b), 1e-6);
    const gradcheck check = {.name = "value loss",
                             .loss = loss_of,
                             .context = &b,
                             .x = b.values,
                             .gradient = slopes,
                             .n = N,
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

CHECK_MAIN("rl/value_loss", test_value_loss_is_half_the_square_and_its_slope_has_the_coefficient,
           test_value_loss_clipped_corners_by_hand,
           test_value_loss_inside_the_band_clipping_changes_no_bit,
           test_value_loss_slope_is_the_gradient,
           test_value_loss_clipped_slope_is_the_gradient_on_both_sides_of_the_band,
           test_value_loss_nan_is_not_hidden)
