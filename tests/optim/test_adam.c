/* SPDX-License-Identifier: MIT */
#include "optim/adam.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 1003, N_STEPS = 20 };

typedef struct state {
    float values[N], m[N], v[N];
} state;

static void draw_state(state *s)
{
    memset(s, 0, sizeof *s);
    gradcheck_draw(s->values, N, -1.0f, 1.0f, 1);
}

/* Gradients of very different size, so that ε matters for some elements. */
static void draw_gradients(float *gradients, uint64_t t)
{
    gradcheck_draw(gradients, N, -1.0f, 1.0f, 100 + t);
    for (size_t i = 0; i < N; i++) {
        gradients[i] *= i % 3 == 0 ? 1e-5f : 1.0f;
    }
}

/* The first step goes lr · g / (|g| + ε), whatever the size of g. */
START_TEST(test_adam_first_step_has_the_length_of_lr)
{
    float values[] = {1.0f, 1.0f}, m[] = {0, 0}, v[] = {0, 0};
    const float gradients[] = {2.0f, -1e-5f};
    const rri_adam_step step = rri_adam_step_init(0.125f, 1e-5f, 1.0f, 1);
    rri_adam_sweep(rri_kernels_detect(), values, m, v, gradients, &step, 0, 2);
    ck_assert_float_eq_tol(values[0], 0.875f, 2e-6f);
    ck_assert_float_eq_tol(values[1], 1.0625f, 2e-6f); /* |g| = ε: half of it */
    ck_assert_float_eq_tol(m[0], 0.2f, 1e-7f);
    ck_assert_float_eq_tol(v[0], 0.004f, 1e-9f);
}
END_TEST

/* PyTorch's form, spelt in double with powers: θ −= lr/(1 − β₁^t) · m / (√(v/(1 − β₂^t)) + ε). */
START_TEST(test_adam_follows_a_twin_in_double_for_many_steps)
{
    static state s;
    static double values[N], m[N], v[N];
    static float start[N], gradients[N];
    draw_state(&s);
    memcpy(start, s.values, sizeof start);
    for (size_t i = 0; i < N; i++) {
        values[i] = (double)start[i];
    }
    for (int t = 1; t <= N_STEPS; t++) {
        draw_gradients(gradients, (uint64_t)t);
        const rri_adam_step step = rri_adam_step_init(0.01f, 1e-5f, 0.5f, t);
        rri_adam_sweep(rri_kernels_detect(), s.values, s.m, s.v, gradients, &step, 0, N);
        for (size_t i = 0; i < N; i++) {
            const double g = 0.5 * (double)gradients[i];
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            const double m_hat = m[i] / (1.0 - pow(0.9, t)), v_hat = v[i] / (1.0 - pow(0.999, t));
            values[i] -= (double)0.01f * m_hat / (sqrt(v_hat) + (double)1e-5f);
        }
    }
    double difference = 0.0, size = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double change = values[i] - (double)start[i];
        difference += pow((double)s.values[i] - values[i], 2.0);
        size += change * change;
    }
    ck_assert_double_le(sqrt(difference), 3e-6 * sqrt(size));
}
END_TEST

START_TEST(test_adam_any_split_at_every_level_gives_the_same_bits)
{
    static state whole, split;
    static float gradients[N];
    draw_state(&whole);
    for (int t = 1; t <= N_STEPS; t++) {
        draw_gradients(gradients, (uint64_t)t);
        const rri_adam_step step = rri_adam_step_init(0.01f, 1e-5f, 0.7f, t);
        rri_adam_sweep(rri_kernels_at(RRI_LEVEL_PORTABLE), whole.values, whole.m, whole.v,
                       gradients, &step, 0, N);
    }
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels == NULL) {
            printf("optim/adam: level %d is not here\n", level);
            continue;
        }
        draw_state(&split);
        for (int t = 1; t <= N_STEPS; t++) {
            const size_t cut = (size_t)t * 37;
            draw_gradients(gradients, (uint64_t)t);
            const rri_adam_step step = rri_adam_step_init(0.01f, 1e-5f, 0.7f, t);
            rri_adam_sweep(kernels, split.values, split.m, split.v, gradients, &step, cut, N);
            rri_adam_sweep(kernels, split.values, split.m, split.v, gradients, &step, 0, cut);
        }
        ck_assert_msg(memcmp(&whole, &split, sizeof whole) == 0, "level %d differs", level);
    }
}
END_TEST

START_TEST(test_adam_touches_nothing_outside_its_range_and_keeps_gaps_zero)
{
    float values[] = {1, 2, 0, 4}, m[4] = {0}, v[4] = {0};
    const float gradients[] = {1, 1, 0, 1};
    const rri_adam_step step = rri_adam_step_init(0.1f, 1e-5f, 1.0f, 1);
    rri_adam_sweep(rri_kernels_detect(), values, m, v, gradients, &step, 1, 3);
    ck_assert_float_eq(values[0], 1.0f);
    ck_assert_float_eq(values[3], 4.0f);
    ck_assert_float_eq(m[0] + m[3] + v[0] + v[3], 0.0f);
    ck_assert_float_eq(values[2], 0.0f);
    ck_assert_float_lt(values[1], 2.0f);
}
END_TEST

START_TEST(test_adam_corrections_end_at_one)
{
    const rri_adam_step step = rri_adam_step_init(0.25f, 1e-5f, 1.0f, INT64_C(1) << 40);
    ck_assert_float_eq(step.step_size, 0.25f);
    ck_assert_float_eq(step.inverse_root_correction, 1.0f);
}
END_TEST

CHECK_MAIN("optim/adam", test_adam_first_step_has_the_length_of_lr,
           test_adam_follows_a_twin_in_double_for_many_steps,
           test_adam_any_split_at_every_level_gives_the_same_bits,
           test_adam_touches_nothing_outside_its_range_and_keeps_gaps_zero,
           test_adam_corrections_end_at_one)
