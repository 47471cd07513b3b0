/* SPDX-License-Identifier: MIT */
#include "optim/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 1003, N_STEPS = 20 };

typedef struct state {
    float values[N], m[N], v[N];
} state;

typedef struct twin {
    double values[N], m[N], v[N];
} twin;

/* One optimiser: step t of a learning rate of 0.01 and ε of 1e-5, and its twin in double, spelt in
 * PyTorch's form with powers. */
typedef struct optimizer {
    const char *name;
    void (*step)(const rri_kernels *kernels, float *values, float *m, float *v,
                 const float *gradients, float clip_scale, int64_t t, size_t begin, size_t end);
    void (*step_twin)(twin *s, size_t i, double g, int t);
    float tiny; /* gradients of this size make ε matter */
} optimizer;

static void step_adam(const rri_kernels *kernels, float *values, float *m, float *v,
                      const float *gradients, float clip_scale, int64_t t, size_t begin, size_t end)
{
    const rri_adam_step step = rri_adam_step_init(0.01f, 1e-5f, clip_scale, t);
    rri_adam_sweep(kernels, values, m, v, gradients, &step, begin, end);
}

/* θ −= lr/(1 − β₁^t) · m / (√(v/(1 − β₂^t)) + ε) */
static void step_adam_twin(twin *s, size_t i, double g, int t)
{
    s->m[i] = 0.9 * s->m[i] + 0.1 * g;
    s->v[i] = 0.999 * s->v[i] + 0.001 * g * g;
    const double m_hat = s->m[i] / (1.0 - pow(0.9, t)), v_hat = s->v[i] / (1.0 - pow(0.999, t));
    s->values[i] -= (double)0.01f * m_hat / (sqrt(v_hat) + (double)1e-5f);
}

static void step_rmsprop(const rri_kernels *kernels, float *values, float *m, float *v,
                         const float *gradients, float clip_scale, int64_t t, size_t begin,
                         size_t end)
{
    (void)m;
    (void)t;
    const rri_rmsprop_step step = rri_rmsprop_step_init(0.01f, 0.99f, 1e-5f, clip_scale);
    rri_rmsprop_sweep(kernels, values, v, gradients, &step, begin, end);
}

static void step_rmsprop_twin(twin *s, size_t i, double g, int t)
{
    (void)t;
    s->v[i] += 0.01 * (g * g - s->v[i]);
    s->values[i] -= (double)0.01f * g / (sqrt(s->v[i]) + (double)1e-5f);
}

static const optimizer OPTIMIZERS[] = {
    {"adam", step_adam, step_adam_twin, 1e-5f},
    {"rmsprop", step_rmsprop, step_rmsprop_twin, 1e-4f},
};
enum { N_OPTIMIZERS = sizeof OPTIMIZERS / sizeof OPTIMIZERS[0] };

static void draw_state(state *s)
{
    memset(s, 0, sizeof *s);
    gradcheck_draw(s->values, N, -1.0f, 1.0f, 1);
}

static void draw_gradients(const optimizer *o, float *gradients, int64_t t)
{
    gradcheck_draw(gradients, N, -1.0f, 1.0f, 100 + (uint64_t)t);
    for (size_t i = 0; i < N; i++) {
        gradients[i] *= i % 3 == 0 ? o->tiny : 1.0f;
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

START_TEST(test_adam_corrections_end_at_one)
{
    const rri_adam_step step = rri_adam_step_init(0.25f, 1e-5f, 1.0f, INT64_C(1) << 40);
    ck_assert_float_eq(step.step_size, 0.25f);
    ck_assert_float_eq(step.inverse_root_correction, 1.0f);
}
END_TEST

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

static void check_twin(const optimizer *o)
{
    static state s;
    static twin d;
    static float start[N], gradients[N];
    draw_state(&s);
    memset(&d, 0, sizeof d);
    memcpy(start, s.values, sizeof start);
    for (size_t i = 0; i < N; i++) {
        d.values[i] = (double)start[i];
    }
    for (int t = 1; t <= N_STEPS; t++) {
        draw_gradients(o, gradients, t);
        o->step(rri_kernels_detect(), s.values, s.m, s.v, gradients, 0.5f, t, 0, N);
        for (size_t i = 0; i < N; i++) {
            o->step_twin(&d, i, 0.5 * (double)gradients[i], t);
        }
    }
    double difference = 0.0, size = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double change = d.values[i] - (double)start[i];
        difference += pow((double)s.values[i] - d.values[i], 2.0);
        size += change * change;
    }
    ck_assert_msg(sqrt(difference) <= 3e-6 * sqrt(size), "%s", o->name);
}

START_TEST(test_optimizer_follows_its_twin_in_double_for_many_steps)
{
    for (size_t i = 0; i < N_OPTIMIZERS; i++) {
        check_twin(&OPTIMIZERS[i]);
    }
}
END_TEST

static void check_splits(const optimizer *o)
{
    static state whole, split;
    static float gradients[N];
    draw_state(&whole);
    for (int64_t t = 1; t <= N_STEPS; t++) {
        draw_gradients(o, gradients, t);
        o->step(rri_kernels_at(RRI_LEVEL_PORTABLE), whole.values, whole.m, whole.v, gradients, 0.7f,
                t, 0, N);
    }
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels == NULL) {
            printf("optim/optimizer: level %d is not here\n", level);
            continue;
        }
        draw_state(&split);
        for (int64_t t = 1; t <= N_STEPS; t++) {
            const size_t cut = (size_t)t * 37;
            draw_gradients(o, gradients, t);
            o->step(kernels, split.values, split.m, split.v, gradients, 0.7f, t, cut, N);
            o->step(kernels, split.values, split.m, split.v, gradients, 0.7f, t, 0, cut);
        }
        ck_assert_msg(memcmp(&whole, &split, sizeof whole) == 0, "%s: level %d differs", o->name,
                      level);
    }
}

START_TEST(test_optimizer_any_split_at_every_level_gives_the_same_bits)
{
    for (size_t i = 0; i < N_OPTIMIZERS; i++) {
        check_splits(&OPTIMIZERS[i]);
    }
}
END_TEST

static void check_range(const optimizer *o)
{
    float values[] = {1, 2, 0, 4}, m[4] = {0}, v[4] = {0};
    const float gradients[] = {1, 1, 0, 1};
    o->step(rri_kernels_detect(), values, m, v, gradients, 1.0f, 1, 1, 3);
    ck_assert_float_eq(values[0], 1.0f);
    ck_assert_float_eq(values[3], 4.0f);
    ck_assert_float_eq(m[0] + m[3] + v[0] + v[3], 0.0f);
    ck_assert_float_eq(values[2], 0.0f);
    ck_assert_float_lt(values[1], 2.0f);
}

START_TEST(test_optimizer_touches_nothing_outside_its_range_and_keeps_gaps_zero)
{
    for (size_t i = 0; i < N_OPTIMIZERS; i++) {
        check_range(&OPTIMIZERS[i]);
    }
}
END_TEST

CHECK_MAIN("optim/optimizer", test_adam_first_step_has_the_length_of_lr,
           test_adam_corrections_end_at_one,
           test_rmsprop_one_step_by_hand_with_eps_outside_the_root,
           test_optimizer_follows_its_twin_in_double_for_many_steps,
           test_optimizer_any_split_at_every_level_gives_the_same_bits,
           test_optimizer_touches_nothing_outside_its_range_and_keeps_gaps_zero)
