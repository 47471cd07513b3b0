/* SPDX-License-Identifier: MIT */
/* The checker itself: it passes what is right, and reports each way of being wrong. */
#include "gradcheck.h"

#include <math.h>

#include "check_run.h"

enum { N_ROWS = 4, WIDTH = 3, N = N_ROWS * WIDTH };

/* ℓ(x) = Σ r_i sin(x_i), once in double and once in float. */
typedef struct sines {
    double x[N];
    float x_float[N];
    float r[N];
    float gradient[N];
} sines;

static double loss_double(void *context)
{
    const sines *s = context;
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        loss += (double)s->r[i] * sin(s->x[i]);
    }
    return loss;
}

static double loss_float(void *context)
{
    const sines *s = context;
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        loss += (double)(s->r[i] * sinf(s->x_float[i]));
    }
    return loss;
}

static void set_up(sines *s)
{
    gradcheck_cotangent(s->r, N, 1);
    gradcheck_draw(s->x_float, N, -1.0f, 1.0f, 2);
    for (size_t i = 0; i < N; i++) {
        s->x[i] = (double)s->x_float[i];
        s->gradient[i] = (float)((double)s->r[i] * cos(s->x[i]));
    }
}

static gradcheck_report run_double(sines *s)
{
    return gradcheck_run(&(gradcheck){.name = "sines",
                                      .loss = loss_double,
                                      .context = s,
                                      .x = s->x,
                                      .gradient = s->gradient,
                                      .n = N});
}

static gradcheck_report run_float(sines *s)
{
    return gradcheck_run(&(gradcheck){.name = "sines",
                                      .loss = loss_float,
                                      .context = s,
                                      .x_float = s->x_float,
                                      .gradient = s->gradient,
                                      .n = N});
}

static void assert_both(sines *s, gradcheck_verdict verdict, size_t n_wrong)
{
    const gradcheck_report reports[2] = {run_double(s), run_float(s)};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_msg(reports[i].verdict == verdict, "%zu: %s", i, reports[i].text);
        ck_assert_uint_eq(reports[i].n_wrong, n_wrong);
    }
}

START_TEST(test_gradcheck_right_gradient_passes_and_inputs_are_restored)
{
    sines s;
    set_up(&s);
    const sines before = s;
    assert_both(&s, GRADCHECK_RIGHT, 0);
    ck_assert_mem_eq(&s, &before, sizeof s);
}
END_TEST

START_TEST(test_gradcheck_reports_wrong_sign)
{
    sines s;
    set_up(&s);
    for (size_t i = 0; i < N; i++) {
        s.gradient[i] = -s.gradient[i];
    }
    assert_both(&s, GRADCHECK_WRONG, N);
}
END_TEST

START_TEST(test_gradcheck_reports_one_wrong_sign_and_names_the_element)
{
    sines s;
    set_up(&s);
    s.gradient[5] = -s.gradient[5];
    assert_both(&s, GRADCHECK_WRONG, 1);
    ck_assert_uint_eq(run_double(&s).index, 5);
}
END_TEST

START_TEST(test_gradcheck_reports_factor_two)
{
    sines s;
    set_up(&s);
    for (size_t i = 0; i < N; i++) {
        s.gradient[i] *= 2.0f;
    }
    assert_both(&s, GRADCHECK_WRONG, N);
}
END_TEST

START_TEST(test_gradcheck_reports_factor_off_by_a_thousandth)
{
    sines s;
    set_up(&s);
    for (size_t i = 0; i < N; i++) {
        s.gradient[i] *= 1.001f;
    }
    ck_assert_int_eq(run_double(&s).verdict, GRADCHECK_WRONG);
}
END_TEST

START_TEST(test_gradcheck_reports_missing_row)
{
    sines s;
    set_up(&s);
    for (size_t i = 0; i < WIDTH; i++) {
        s.gradient[2 * WIDTH + i] = 0.0f;
    }
    assert_both(&s, GRADCHECK_WRONG, WIDTH);
}
END_TEST

START_TEST(test_gradcheck_reports_all_zero_gradient)
{
    sines s;
    set_up(&s);
    for (size_t i = 0; i < N; i++) {
        s.gradient[i] = 0.0f;
    }
    assert_both(&s, GRADCHECK_WRONG, N);
}
END_TEST

START_TEST(test_gradcheck_reports_nan_in_gradient)
{
    sines s;
    set_up(&s);
    s.gradient[N - 1] = NAN;
    assert_both(&s, GRADCHECK_WRONG, 1);
}
END_TEST

START_TEST(test_gradcheck_reports_nan_in_loss)
{
    sines s;
    set_up(&s);
    s.r[0] = NAN;
    assert_both(&s, GRADCHECK_WRONG, N);
}
END_TEST

/* A loss that does not depend on x would let a zero gradient pass as right. */
START_TEST(test_gradcheck_reports_loss_without_slope)
{
    sines s;
    set_up(&s);
    for (size_t i = 0; i < N; i++) {
        s.r[i] *= 1e-6f;
        s.gradient[i] = 0.0f;
    }
    assert_both(&s, GRADCHECK_NO_SIGNAL, 0);
}
END_TEST

static double loss_hinge(void *context)
{
    const double x = *(const double *)context;
    return x > 0.0 ? 2.0 * x : 0.0;
}

static gradcheck_verdict hinge_at(double x, float gradient)
{
    const gradcheck check = {
        .name = "hinge", .loss = loss_hinge, .context = &x, .x = &x, .gradient = &gradient, .n = 1};
    return gradcheck_run(&check).verdict;
}

START_TEST(test_gradcheck_tells_kink_from_either_side_of_it)
{
    ck_assert_int_eq(hinge_at(0.0, 1.0f), GRADCHECK_KINK); /* the mean of both slopes is no slope */
    ck_assert_int_eq(hinge_at(0.01, 2.0f), GRADCHECK_RIGHT);
    ck_assert_int_eq(hinge_at(0.01, 0.0f), GRADCHECK_WRONG);
    ck_assert_int_eq(hinge_at(-0.01, 2.0f), GRADCHECK_WRONG);
    ck_assert_int_eq(hinge_at(-0.01, 0.0f), GRADCHECK_NO_SIGNAL);
}
END_TEST

START_TEST(test_gradcheck_cotangent_has_both_signs_and_no_small_element)
{
    float r[256];
    gradcheck_cotangent(r, 256, 3);
    size_t n_negative = 0;
    for (size_t i = 0; i < 256; i++) {
        ck_assert(fabsf(r[i]) >= 0.5f && fabsf(r[i]) <= 1.5f);
        n_negative += r[i] < 0.0f;
    }
    ck_assert(n_negative > 64 && n_negative < 192);
}
END_TEST

START_TEST(test_gradcheck_pattern_comes_off)
{
    float x[16];
    gradcheck_fill_pattern(x, 16);
    x[3] += 2.0f;
    gradcheck_take_pattern(x, 16);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_float_eq(x[i], i == 3 ? 2.0f : 0.0f);
    }
    gradcheck_fill_nan(x, 16);
    ck_assert(isnan(x[15]));
}
END_TEST

CHECK_MAIN("support/gradcheck", test_gradcheck_right_gradient_passes_and_inputs_are_restored,
           test_gradcheck_reports_wrong_sign,
           test_gradcheck_reports_one_wrong_sign_and_names_the_element,
           test_gradcheck_reports_factor_two, test_gradcheck_reports_factor_off_by_a_thousandth,
           test_gradcheck_reports_missing_row, test_gradcheck_reports_all_zero_gradient,
           test_gradcheck_reports_nan_in_gradient, test_gradcheck_reports_nan_in_loss,
           test_gradcheck_reports_loss_without_slope,
           test_gradcheck_tells_kink_from_either_side_of_it,
           test_gradcheck_cotangent_has_both_signs_and_no_small_element,
           test_gradcheck_pattern_comes_off)
