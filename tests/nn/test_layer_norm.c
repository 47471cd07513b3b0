/* SPDX-License-Identifier: MIT */
#include "nn/layer_norm.h"

#include <math.h>
#include <stdlib.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 3, E = 7 };

typedef struct scene {
    rri_params params;
    rri_layer_norm norm;
    float values[32], gradients[32]; /* g and b, at 0 and 16 */
    float x[N * E], y[N * E], x_hat[N * E], inverse[N], r[N * E];
    double twin_values[32], twin_x[N * E];
} scene;

static void open_scene(scene *s)
{
    *s = (scene){0};
    ck_assert_int_eq(rri_layer_norm_declare(&s->norm, &s->params, "norm", E, NULL), RR_OK);
    ck_assert_str_eq(s->params.entries[0].name, "norm.weight");
    ck_assert_str_eq(s->params.entries[1].name, "norm.bias");
    gradcheck_draw(s->values, 32, 0.3f, 1.5f, 1);
    gradcheck_draw(s->x, N * E, -2.0f, 3.0f, 2);
    gradcheck_cotangent(s->r, N * E, 3);
    for (size_t i = 0; i < 32; i++) {
        s->twin_values[i] = (double)s->values[i];
    }
    for (size_t i = 0; i < N * E; i++) {
        s->twin_x[i] = (double)s->x[i];
    }
    rri_layer_norm_pack(&s->norm, s->values, rri_kernels_detect());
    rri_layer_norm_forward(&s->norm, s->y, s->x_hat, s->inverse, s->x, N);
}

static double twin_y(const scene *s, size_t row, size_t j)
{
    const double *x = s->twin_x + row * E;
    double mean = 0.0, variance = 0.0;
    for (size_t i = 0; i < E; i++) {
        mean += x[i] / E;
    }
    for (size_t i = 0; i < E; i++) {
        variance += (x[i] - mean) * (x[i] - mean) / E;
    }
    return s->twin_values[s->norm.gain + j] * (x[j] - mean) / sqrt(variance + 1e-5) +
           s->twin_values[s->norm.bias + j];
}

static double twin_loss(void *context)
{
    const scene *s = context;
    double loss = 0.0;
    for (size_t i = 0; i < N * E; i++) {
        loss += (double)s->r[i] * twin_y(s, i / E, i % E);
    }
    return loss;
}

START_TEST(test_layer_norm_forward_is_the_formula)
{
    scene s;
    open_scene(&s);
    for (size_t i = 0; i < N * E; i++) {
        ck_assert_double_eq_tol((double)s.y[i], twin_y(&s, i / E, i % E), 2e-6);
    }
}
END_TEST

START_TEST(test_layer_norm_gradient_is_that_of_the_twin)
{
    scene s;
    open_scene(&s);
    float dx[N * E];
    gradcheck_fill_nan(dx, N * E);
    gradcheck_fill_pattern(s.gradients, 32);
    rri_layer_norm_backward(&s.norm, dx, s.gradients, 0, s.r, s.x_hat, s.inverse, N);
    gradcheck_take_pattern(s.gradients, 32);
    const gradcheck checks[] = {
        {.name = "x", .x = s.twin_x, .gradient = dx, .n = N * E},
        {.name = "g", .x = s.twin_values, .gradient = s.gradients, .n = E},
        {.name = "b",
         .x = s.twin_values + s.norm.bias,
         .gradient = s.gradients + s.norm.bias,
         .n = E},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        gradcheck check = checks[i];
        check.loss = twin_loss;
        check.context = &s;
        ck_assert_gradient(&check);
    }
}
END_TEST

START_TEST(test_layer_norm_of_equal_numbers_is_the_bias)
{
    scene s;
    open_scene(&s);
    for (size_t i = 0; i < N * E; i++) {
        s.x[i] = 2.5f;
    }
    rri_layer_norm_init(&s.norm, s.values);
    rri_layer_norm_forward(&s.norm, s.y, s.x_hat, s.inverse, s.x, N);
    for (size_t i = 0; i < N * E; i++) {
        ck_assert_float_eq(s.y[i], 0.0f);
    }
}
END_TEST

CHECK_MAIN("nn/layer_norm", test_layer_norm_forward_is_the_formula,
           test_layer_norm_gradient_is_that_of_the_twin,
           test_layer_norm_of_equal_numbers_is_the_bias)
