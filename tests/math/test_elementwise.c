/* SPDX-License-Identifier: MIT */
#include "math/elementwise.h"

#include <float.h>
#include <string.h>

#include "check_run.h"
#include "levels.h"
#include "math/scalar.h"

typedef double exact_function(double x);
typedef float scalar_function(float x);
typedef void vector_function(float *y, const float *x, size_t n);

/* |y − exact| in units of the last place of the exact value. */
static double ulps(float y, double exact)
{
    const float rounded = (float)exact;
    if (isnan(rounded) || isinf(rounded) || isnan(y) || isinf(y)) {
        return levels_same(y, rounded) ? 0.0 : INFINITY;
    }
    int exponent;
    frexp(fabs(exact) < (double)FLT_MIN ? (double)FLT_MIN : exact, &exponent);
    return fabs((double)y - exact) / ldexp(1.0, exponent - 24);
}

/* Every 1021st float there is, of both signs, subnormal, infinite and NaN ones among them; in the
 * quick tier every 9189th. */
static void sweep(const char *name, scalar_function *scalar, exact_function *exact,
                  vector_function *const *vectors, const rri_kernels *const *levels,
                  size_t n_levels)
{
    enum { N = 1000 };
    static float x[N], y[N];
    uint64_t bits = 0;
    while (bits < UINT64_C(1) << 32) {
        size_t n = 0;
        for (; n < N && bits < UINT64_C(1) << 32; n++, bits += 1021 * check_step(27)) {
            x[n] = rri_scalar_from_bits((uint32_t)bits);
        }
        for (size_t i = 0; i < n; i++) {
            const double error = ulps(scalar(x[i]), exact((double)x[i]));
            if (!(error <= 2.0)) {
                ck_abort_msg("%s(%a) is %a: off by %g units", name, (double)x[i],
                             (double)scalar(x[i]), error);
            }
        }
        for (size_t q = 0; q < n_levels; q++) {
            vectors[q](y, x, n);
            for (size_t i = 0; i < n; i++) {
                if (!levels_same(y[i], scalar(x[i]))) {
                    ck_abort_msg("%s, %s(%a): vector %a, scalar %a", levels[q]->name, name,
                                 (double)x[i], (double)y[i], (double)scalar(x[i]));
                }
            }
        }
    }
}

START_TEST(test_elementwise_exp_log_tanh_are_within_two_ulp_and_equal_their_scalar_twins)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    vector_function *exps[RRI_N_LEVELS], *logs[RRI_N_LEVELS], *tanhs[RRI_N_LEVELS];
    for (size_t q = 0; q < n_levels; q++) {
        exps[q] = levels[q]->elementwise->exp;
        logs[q] = levels[q]->elementwise->log;
        tanhs[q] = levels[q]->elementwise->tanh;
    }
    sweep("exp", rri_exp, exp, exps, levels, n_levels);
    sweep("log", rri_log, log, logs, levels, n_levels);
    sweep("tanh", rri_tanh, tanh, tanhs, levels, n_levels);
}
END_TEST

/* Neither has a scalar twin of its own, so the levels are compared with each other. */
START_TEST(test_elementwise_gelu_and_its_slope_are_the_formula_at_every_level)
{
    enum { N = 4001 };
    static float x[N], y[N], dx[N], first_y[N], first_dx[N], ones[N];
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t i = 0; i < N; i++) {
        x[i] = ((float)i - 2000.0f) * 0.005f;
        ones[i] = 1.0f;
    }
    for (size_t q = 0; q < n_levels; q++) {
        rri_vec_gelu(levels[q], y, x, N);
        rri_vec_gelu_backward(levels[q], dx, ones, x, N);
        for (size_t i = 0; i < N; i++) {
            const double of = (double)x[i], share = 0.5 * erfc(-of / sqrt(2.0));
            const double density = exp(-0.5 * of * of) / sqrt(2.0 * 3.14159265358979323846);
            ck_assert_double_eq_tol((double)y[i], of * share, 1e-6);
            ck_assert_double_eq_tol((double)dx[i], share + of * density, 1e-6);
        }
        if (q == 0) {
            memcpy(first_y, y, sizeof y);
            memcpy(first_dx, dx, sizeof dx);
        }
        ck_assert_mem_eq(y, first_y, sizeof y);
        ck_assert_mem_eq(dx, first_dx, sizeof dx);
    }
}
END_TEST

START_TEST(test_elementwise_exp_ends_in_zero_and_infinity)
{
    ck_assert_float_eq(rri_exp(-INFINITY), 0.0f);
    ck_assert_float_eq(rri_exp(-104.0f), 0.0f);
    ck_assert_float_eq(rri_exp(-1e30f), 0.0f);
    ck_assert_float_gt(rri_exp(-103.0f), 0.0f);
    ck_assert_float_eq(rri_exp(0.0f), 1.0f);
    ck_assert(isfinite(rri_exp(88.72f)));
    ck_assert_float_eq(rri_exp(88.73f), INFINITY);
    ck_assert_float_eq(rri_exp(INFINITY), INFINITY);
    ck_assert(isnan(rri_exp(NAN)));
}
END_TEST

START_TEST(test_elementwise_log_of_what_is_not_positive)
{
    ck_assert_float_eq(rri_log(0.0f), -INFINITY);
    ck_assert_float_eq(rri_log(-0.0f), -INFINITY);
    ck_assert(isnan(rri_log(-1.0f)));
    ck_assert(isnan(rri_log(-INFINITY)));
    ck_assert(isnan(rri_log(NAN)));
    ck_assert_float_eq(rri_log(INFINITY), INFINITY);
    ck_assert(levels_bits(rri_log(1.0f)) == 0);
    ck_assert_double_le(ulps(rri_log(0x1p-149f), log(0x1p-149)), 2.0);
}
END_TEST

START_TEST(test_elementwise_tanh_saturates_and_is_odd)
{
    ck_assert_float_eq(rri_tanh(INFINITY), 1.0f);
    ck_assert_float_eq(rri_tanh(-INFINITY), -1.0f);
    ck_assert_float_eq(rri_tanh(9.2f), 1.0f);
    ck_assert_float_lt(rri_tanh(8.5f), 1.0f);
    ck_assert(isnan(rri_tanh(NAN)));
    ck_assert(levels_bits(rri_tanh(-0.0f)) == 0x80000000u);
    for (float x = 0x1p-140f; x < 20.0f; x *= 1.37f) {
        ck_assert_float_eq(rri_tanh(-x), -rri_tanh(x));
        ck_assert_float_le(rri_tanh(x), 1.0f);
    }
}
END_TEST

/* Rising over `n` neighbouring floats from `from` on, where formulas meet or the result is cut. */
static void expect_rising(scalar_function *f, float from, size_t n)
{
    float x = from;
    for (size_t i = 0; i < n; i++) {
        const float next = nextafterf(x, INFINITY);
        if (!(f(x) <= f(next) + 2.4e-7f * fabsf(f(next)))) {
            ck_abort_msg("f(%a) is %a, but f(%a) is %a", (double)x, (double)f(x), (double)next,
                         (double)f(next));
        }
        x = next;
    }
}

START_TEST(test_elementwise_pieces_join_without_a_step_back)
{
    expect_rising(rri_tanh, 0.2566f, 10000);
    expect_rising(rri_tanh, 0.6032f, 10000);
    expect_rising(rri_tanh, 9.0f, 200000);
    expect_rising(rri_exp, 88.70f, 5000);
    expect_rising(rri_exp, -104.1f, 200000);
    expect_rising(rri_log, 0.7071f, 10000);
}
END_TEST

START_TEST(test_elementwise_arithmetic_has_the_same_bits_at_every_level)
{
    enum { N = 77 };
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    float x[N], y[N], got[N];
    levels_fill(x, N, 4);
    levels_fill(y, N, 5);
    for (size_t q = 0; q < n_levels; q++) {
        const rri_elementwise *e = levels[q]->elementwise;
        for (int form = 0; form < 5; form++) {
            memcpy(got, y, sizeof got);
            switch (form) {
            case 0:
                e->add(got, x, N);
                break;
            case 1:
                e->axpy(got, 0.3f, x, N);
                break;
            case 2:
                e->scale(got, 0.3f, N);
                break;
            case 3:
                e->tanh_backward(got, got, x, N);
                break;
            default:
                e->exp_shifted(got, got, 0.7f, N);
                break;
            }
            for (size_t i = 0; i < N; i++) {
                const float expected[] = {y[i] + x[i], fmaf(0.3f, x[i], y[i]), y[i] * 0.3f,
                                          y[i] * fmaf(-x[i], x[i], 1.0f), rri_exp(y[i] - 0.7f)};
                ck_assert_msg(levels_same(got[i], expected[form]), "%s, form %d, element %zu",
                              levels[q]->name, form, i);
            }
        }
    }
}
END_TEST

/* What takes rows in one pass, beside the passes that it stands for. */
START_TEST(test_elementwise_rows_in_one_pass_have_the_bits_of_passes_in_turn)
{
    enum { ROWS = 5, MOST = 135 };
    static const size_t widths[] = {7, 16, 64, MOST};
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    static float x[ROWS * MOST], a[ROWS * MOST], b[ROWS * MOST], got[ROWS * MOST];
    const float *a_rows[ROWS], *b_rows[ROWS];
    levels_fill(x, ROWS * MOST, 6);
    levels_fill(a, ROWS * MOST, 7);
    levels_fill(b, ROWS * MOST, 8);
    for (size_t q = 0; q < n_levels * 4; q++) {
        const rri_elementwise *e = levels[q / 4]->elementwise;
        const size_t n = widths[q % 4];
        for (size_t i = 0; i < ROWS; i++) {
            a_rows[i] = a + i * n;
            b_rows[i] = b + (ROWS - 1 - i) * n;
        }
        memcpy(got, x, sizeof got);
        e->tanh_biased(got, b, ROWS, n);
        for (size_t i = 0; i < ROWS * n; i++) {
            ck_assert(levels_same(got[i], rri_tanh(x[i] + b[i % n])));
        }
        memcpy(got, x, sizeof got);
        e->tanh_summed(got, a_rows, b_rows, ROWS, n);
        for (size_t i = 0; i < ROWS * n; i++) {
            ck_assert(levels_same(got[i], rri_tanh((x[i] + a[i]) + b_rows[i / n][i % n])));
        }
        e->tanh_backward_scaled(got, x, b_rows, a, ROWS, n);
        for (size_t i = 0; i < ROWS * n; i++) {
            const float dy = x[i / n] * b_rows[i / n][i % n];
            ck_assert(levels_same(got[i], dy * fmaf(-a[i], a[i], 1.0f)));
        }
        memcpy(got, x, sizeof got);
        e->axpys(got, a, b_rows, ROWS, n);
        for (size_t j = 0; j < n; j++) {
            float y = x[j];
            for (size_t i = 0; i < ROWS; i++) {
                y = fmaf(a[i], b_rows[i][j], y);
            }
            ck_assert(levels_same(got[j], y));
        }
    }
}
END_TEST

CHECK_MAIN("math/elementwise", test_elementwise_rows_in_one_pass_have_the_bits_of_passes_in_turn,
           test_elementwise_exp_log_tanh_are_within_two_ulp_and_equal_their_scalar_twins,
           test_elementwise_gelu_and_its_slope_are_the_formula_at_every_level,
           test_elementwise_exp_ends_in_zero_and_infinity,
           test_elementwise_log_of_what_is_not_positive, test_elementwise_tanh_saturates_and_is_odd,
           test_elementwise_pieces_join_without_a_step_back,
           test_elementwise_arithmetic_has_the_same_bits_at_every_level)
