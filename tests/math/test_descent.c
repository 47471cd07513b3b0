/* SPDX-License-Identifier: MIT */
#include "math/descent.h"

#include "check_run.h"
#include "levels.h"

enum { N = 1031 };

static float values[N], m[N], v[N], gradients[N];

static void begin(void)
{
    levels_fill(values, N, 1);
    levels_fill(m, N, 2);
    levels_fill(v, N, 3);
    levels_fill(gradients, N, 4);
    for (size_t i = 0; i < N; i++) {
        v[i] = v[i] * v[i] * (i % 97 == 0 ? 0.0f : 1.0f);
        gradients[i] *= i % 89 == 0 ? 0.0f : 1.0f;
    }
}

static const rri_adam_step ADAM = {.clip_scale = 0.75f,
                                   .one_minus_beta1 = 0.1f,
                                   .beta2 = 0.999f,
                                   .one_minus_beta2 = 0.001f,
                                   .step_size = 0.02f,
                                   .inverse_root_correction = 3.5f,
                                   .eps = 1e-5f};
static const rri_rmsprop_step RMSPROP = {
    .clip_scale = 0.75f, .lr = 0.02f, .alpha = 0.99f, .one_minus_alpha = 0.01f, .eps = 1e-5f};

/* The formulas of descent.h in double: what a float step may differ by is a few roundings. */
static void expect_near(float got, double wanted, const char *what, size_t i)
{
    ck_assert_msg(fabs((double)got - wanted) <= 1e-6 * (1.0 + fabs(wanted)), "%s[%zu]: %g, not %g",
                  what, i, (double)got, wanted);
}

START_TEST(test_descent_adam_is_its_formula)
{
    static float before[3][N];
    begin();
    memcpy(before[0], values, sizeof values);
    memcpy(before[1], m, sizeof m);
    memcpy(before[2], v, sizeof v);
    rri_descent_portable.adam(values, m, v, gradients, &ADAM, N);
    for (size_t i = 0; i < N; i++) {
        const double g = 0.75 * (double)gradients[i];
        const double first = 0.9 * (double)before[1][i] + 0.1 * g;
        const double second = 0.999 * (double)before[2][i] + 0.001 * g * g;
        expect_near(m[i], first, "m", i);
        expect_near(v[i], second, "v", i);
        expect_near(values[i],
                    (double)before[0][i] - 0.02 * first / (sqrt(second) * 3.5 + (double)1e-5f),
                    "values", i);
    }
}
END_TEST

START_TEST(test_descent_rmsprop_is_its_formula)
{
    static float before[2][N];
    begin();
    memcpy(before[0], values, sizeof values);
    memcpy(before[1], v, sizeof v);
    rri_descent_portable.rmsprop(values, v, gradients, &RMSPROP, N);
    for (size_t i = 0; i < N; i++) {
        const double g = 0.75 * (double)gradients[i];
        const double second = 0.99 * (double)before[1][i] + 0.01 * g * g;
        expect_near(v[i], second, "v", i);
        expect_near(values[i], (double)before[0][i] - 0.02 * g / (sqrt(second) + (double)1e-5f),
                    "values", i);
    }
}
END_TEST

/* Both steps of a level, over the whole arrays or over ranges that end anywhere. */
static void run(const rri_descent *descent, size_t range)
{
    begin();
    for (size_t at = 0; at < N; at += range) {
        const size_t n = N - at < range ? N - at : range;
        descent->adam(values + at, m + at, v + at, gradients + at, &ADAM, n);
    }
    for (size_t at = 0; at < N; at += range) {
        const size_t n = N - at < range ? N - at : range;
        descent->rmsprop(values + at, v + at, gradients + at, &RMSPROP, n);
    }
}

START_TEST(test_descent_every_level_and_every_range_gives_the_same_bits)
{
    static const size_t ranges[] = {N, 1, 3, 16, 17, 255, 1000};
    static float wanted[3][N];
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    run(&rri_descent_portable, N);
    memcpy(wanted[0], values, sizeof values);
    memcpy(wanted[1], m, sizeof m);
    memcpy(wanted[2], v, sizeof v);
    for (size_t q = 0; q < n_levels * (sizeof ranges / sizeof ranges[0]); q++) {
        run(levels[q % n_levels]->descent, ranges[q / n_levels]);
        ck_assert_mem_eq(values, wanted[0], sizeof values);
        ck_assert_mem_eq(m, wanted[1], sizeof m);
        ck_assert_mem_eq(v, wanted[2], sizeof v);
    }
}
END_TEST

CHECK_MAIN("math/descent", test_descent_adam_is_its_formula, test_descent_rmsprop_is_its_formula,
           test_descent_every_level_and_every_range_gives_the_same_bits)
