/* SPDX-License-Identifier: MIT */
#include "optim/rmsprop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 1003, N_STEPS = 20 };

typedef struct state {
    float values[N], v[N];
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
        gradients[i] *= i % 3 == 0 ? 1e-4f : 1.0f;
    }
}

/* α = ¾, v: 0 → ¼·16 = 4, √v = 2, ε = 2 (outside the root): θ = 1 − ½ · 4/4. */
START_TEST(test_rmsprop_one_step_by_hand_with_eps_outside_the_root)
{
    float value = 1.0f, v = 0.0f;
    const float gradient = 8.0f;
    const rri_rmsprop_step step = rri_rmsprop_step_init(0.5f, 0.75f, 2.0f, 0.5f);
    rri_rmsprop_sweep(rri_kernels_detect(), &value, &v, &gradient, &step, 0, 1);
    ck_assert_float_eq(v, 4.0f);
    ck_assert_float_eq(value, 0.5f);
}
END_TEST

START_TEST(test_rmsprop_follows_a_twin_in_double_for_many_steps)
{
    static state s;
    static double values[N], v[N];
    static float start[N], gradients[N];
    draw_state(&s);
    memcpy(start, s.values, sizeof start);
    for (size_t i = 0; i < N; i++) {
        values[i] = (double)start[i];
    }
    const rri_rmsprop_step step = rri_rmsprop_step_init(0.01f, 0.99f, 1e-5f, 0.5f);
    for (uint64_t t = 1; t <= N_STEPS; t++) {
        draw_gradients(gradients, t);
        rri_rmsprop_sweep(rri_kernels_detect(), s.values, s.v, gradients, &step, 0, N);
        for (size_t i = 0; i < N; i++) {
            const double g = 0.5 * (double)gradients[i];
            v[i] += 0.01 * (g * g - v[i]);
            values[i] -= (double)0.01f * g / (sqrt(v[i]) + (double)1e-5f);
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

START_TEST(test_rmsprop_any_split_at_every_level_gives_the_same_bits)
{
    static state whole, split;
    static float gradients[N];
    const rri_rmsprop_step step = rri_rmsprop_step_init(0.01f, 0.99f, 1e-5f, 0.7f);
    draw_state(&whole);
    for (uint64_t t = 1; t <= N_STEPS; t++) {
        draw_gradients(gradients, t);
        rri_rmsprop_sweep(rri_kernels_at(RRI_LEVEL_PORTABLE), whole.values, whole.v, gradients,
                          &step, 0, N);
    }
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels == NULL) {
            printf("optim/rmsprop: level %d is not here\n", level);
            continue;
        }
        draw_state(&split);
        for (uint64_t t = 1; t <= N_STEPS; t++) {
            const size_t cut = (size_t)t * 37;
            draw_gradients(gradients, t);
            rri_rmsprop_sweep(kernels, split.values, split.v, gradients, &step, cut, N);
            rri_rmsprop_sweep(kernels, split.values, split.v, gradients, &step, 0, cut);
        }
        ck_assert_msg(memcmp(&whole, &split, sizeof whole) == 0, "level %d differs", level);
    }
}
END_TEST

START_TEST(test_rmsprop_touches_nothing_outside_its_range_and_keeps_gaps_zero)
{
    float values[] = {1, 2, 0, 4}, v[4] = {0};
    const float gradients[] = {1, 1, 0, 1};
    const rri_rmsprop_step step = rri_rmsprop_step_init(0.1f, 0.99f, 1e-5f, 1.0f);
    rri_rmsprop_sweep(rri_kernels_detect(), values, v, gradients, &step, 1, 3);
    ck_assert_float_eq(values[0], 1.0f);
    ck_assert_float_eq(values[3], 4.0f);
    ck_assert_float_eq(v[0] + v[3], 0.0f);
    ck_assert_float_eq(values[2], 0.0f);
    ck_assert_float_lt(values[1], 2.0f);
}
END_TEST

CHECK_MAIN("optim/rmsprop", test_rmsprop_one_step_by_hand_with_eps_outside_the_root,
           test_rmsprop_follows_a_twin_in_double_for_many_steps,
           test_rmsprop_any_split_at_every_level_gives_the_same_bits,
           test_rmsprop_touches_nothing_outside_its_range_and_keeps_gaps_zero)
