/* SPDX-License-Identifier: MIT */
#include "nn/mlp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

/* An MLP with its memory, two tapes and a batch. */
typedef struct bench {
    rri_params params;
    rri_mlp mlp;
    rri_mlp_tape tape, slopes;
    size_t n_rows;
    float *values, *gradients; /* [params.n_floats] */
    float *x, *dx;             /* [n_rows, in] */
    void *block, *stack_block;
    rri_stack scratch;
} bench;

static void lay_out(bench *b, rri_arena *arena, const rri_kernels *kernels)
{
    rri_mlp_layout(&b->mlp, arena, kernels, true);
    rri_mlp_tape_layout(&b->tape, arena, &b->mlp, b->n_rows);
    rri_mlp_tape_layout(&b->slopes, arena, &b->mlp, b->n_rows);
    b->values = RRI_TAKE(arena, float, b->params.n_floats);
    b->gradients = RRI_TAKE(arena, float, b->params.n_floats);
    b->x = RRI_TAKE(arena, float, b->n_rows * b->mlp.shape.in);
    b->dx = RRI_TAKE(arena, float, b->n_rows * b->mlp.shape.in);
}

static void open_bench(bench *b, const rri_kernels *kernels, const rri_mlp_shape *shape,
                       size_t n_rows)
{
    memset(b, 0, sizeof *b);
    b->n_rows = n_rows;
    ck_assert_int_eq(rri_mlp_declare(&b->mlp, &b->params, "net", shape, NULL), RR_OK);
    rri_arena arena = {0};
    lay_out(b, &arena, kernels);
    b->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    arena = (rri_arena){.base = b->block};
    lay_out(b, &arena, kernels);
    const size_t bytes = (rri_mlp_scratch(&b->mlp, n_rows) + 63) / 64 * 64;
    b->stack_block = aligned_alloc(64, bytes + 64);
    b->scratch = (rri_stack){.base = b->stack_block, .size = bytes};

    gradcheck_draw(b->values, b->params.n_floats, -0.5f, 0.5f, 1);
    gradcheck_draw(b->x, n_rows * shape->in, -1.0f, 1.0f, 2);
    rri_mlp_pack(&b->mlp, b->values);
}

static void close_bench(bench *b)
{
    ck_assert_uint_eq(b->scratch.used, 0);
    free(b->stack_block);
    free(b->block);
}

/* A whole pass in tiles of `tile` rows and tasks in falling order; the slopes of y are given in r.
 */
static void run(bench *b, const float *r, size_t tile)
{
    const rri_mlp *mlp = &b->mlp;
    const size_t out = mlp->shape.widths[mlp->shape.n_layers - 1];
    gradcheck_fill_nan(b->dx, b->n_rows * mlp->shape.in);
    gradcheck_fill_pattern(b->gradients, b->params.n_floats);
    memcpy(rri_mlp_last(mlp, &b->slopes), r, b->n_rows * out * sizeof(float));
    for (size_t i = 0; i + 1 < mlp->shape.n_layers; i++) {
        gradcheck_fill_nan(b->slopes.outputs[i], b->n_rows * mlp->shape.widths[i]);
    }
    for (size_t begin = 0; begin < b->n_rows; begin += tile) {
        const size_t end = b->n_rows - begin < tile ? b->n_rows : begin + tile;
        rri_mlp_forward(mlp, &b->tape, b->x, begin, end, &b->scratch);
        rri_mlp_backward_input(mlp, b->dx, &b->slopes, &b->tape, begin, end, &b->scratch);
    }
    for (size_t task = rri_mlp_n_tasks(mlp); task-- > 0;) {
        rri_mlp_backward_params(mlp, b->gradients, &b->slopes, &b->tape, b->x, b->n_rows, task,
                                &b->scratch);
    }
    gradcheck_take_pattern(b->gradients, b->params.n_floats);
}

/* The same network in double: ℓ = Σ r·y. */
typedef struct twin {
    const rri_mlp *mlp;
    size_t n_rows;
    double *values, *x; /* owned */
    const float *r;
    double y[64]; /* the last row's outputs */
} twin;

static double activate(const twin *t, double x)
{
    return t->mlp->shape.activation == RR_ACTIVATION_TANH ? tanh(x) : fmax(x, 0.0);
}

static double loss_of(void *context)
{
    twin *t = context;
    const rri_mlp_shape *shape = &t->mlp->shape;
    const size_t n_out = shape->widths[shape->n_layers - 1];
    double loss = 0.0;
    for (size_t row = 0; row < t->n_rows; row++) {
        double h[256], next[256];
        memcpy(h, t->x + row * shape->in, shape->in * sizeof *h);
        for (size_t i = 0; i < shape->n_layers; i++) {
            const rri_linear *layer = &t->mlp->layers[i];
            const bool is_last = i + 1 == shape->n_layers;
            for (size_t j = 0; j < layer->out; j++) {
                double sum = layer->has_bias ? t->values[layer->bias_offset + j] : 0.0;
                for (size_t l = 0; l < layer->in; l++) {
                    sum += h[l] * t->values[layer->weight_offset + j * layer->in + l];
                }
                next[j] = is_last && !shape->activates_last ? sum : activate(t, sum);
            }
            memcpy(h, next, layer->out * sizeof *h);
        }
        for (size_t j = 0; j < n_out; j++) {
            loss += (double)t->r[row * n_out + j] * h[j];
            t->y[j] = h[j];
        }
    }
    return loss;
}

static void assert_gradient(const rri_mlp_shape *shape)
{
    enum { ROWS = 5 };
    bench b;
    open_bench(&b, rri_kernels_detect(), shape, ROWS);
    const size_t n_out = shape->widths[shape->n_layers - 1];
    float r[ROWS * 64];
    gradcheck_cotangent(r, ROWS * n_out, 3);
    run(&b, r, 2);

    twin t = {.mlp = &b.mlp, .n_rows = ROWS, .r = r};
    t.values = calloc(b.params.n_floats, sizeof(double));
    t.x = calloc(ROWS * shape->in, sizeof(double));
    for (size_t i = 0; i < b.params.n_floats; i++) {
        t.values[i] = (double)b.values[i];
    }
    for (size_t i = 0; i < ROWS * shape->in; i++) {
        t.x[i] = (double)b.x[i];
    }
    loss_of(&t);
    const float *y = rri_mlp_last(&b.mlp, &b.tape) + (ROWS - 1) * n_out;
    for (size_t j = 0; j < n_out; j++) {
        ck_assert_double_eq_tol((double)y[j], t.y[j], 2e-6 * (1.0 + fabs(t.y[j])));
    }

    gradcheck check = {.loss = loss_of, .context = &t, .step = 1e-4, .tolerance = 2e-6};
    check.name = "dx";
    check.x = t.x;
    check.gradient = b.dx;
    check.n = ROWS * shape->in;
    ck_assert_gradient(&check);
    for (size_t i = 0; i < b.params.n_params; i++) {
        const rri_param *param = &b.params.entries[i];
        check.name = param->name;
        check.x = t.values + param->offset;
        check.gradient = b.gradients + param->offset;
        check.n = param->size;
        ck_assert_gradient(&check);
        for (size_t gap = param->offset + param->size; gap % 16 != 0; gap++) {
            ck_assert_float_eq(b.gradients[gap], 0.0f);
        }
    }
    free(t.values);
    free(t.x);
    close_bench(&b);
}

START_TEST(test_mlp_tanh_backward_is_the_gradient)
{
    assert_gradient(&(rri_mlp_shape){6, {9, 70, 3}, 3, RR_ACTIVATION_TANH, false, false});
}
END_TEST

START_TEST(test_mlp_relu_backward_is_the_gradient)
{
    assert_gradient(&(rri_mlp_shape){6, {9, 8, 3}, 3, RR_ACTIVATION_RELU, false, false});
}
END_TEST

START_TEST(test_mlp_activated_last_layer_is_the_gradient)
{
    assert_gradient(&(rri_mlp_shape){6, {9, 5}, 2, RR_ACTIVATION_TANH, true, false});
}
END_TEST

START_TEST(test_mlp_single_and_five_layers_are_the_gradient)
{
    assert_gradient(&(rri_mlp_shape){6, {4}, 1, RR_ACTIVATION_TANH, false, false});
    assert_gradient(&(rri_mlp_shape){3, {4, 5, 4, 3, 2}, 5, RR_ACTIVATION_TANH, true, true});
}
END_TEST

/* 1 → 1 → 1 with weights 2 and 3, biases ½ and −1: y = 3 tanh(2x + ½) − 1 at x = ¼. */
START_TEST(test_mlp_two_units_by_hand)
{
    bench b;
    const rri_mlp_shape shape = {1, {1, 1}, 2, RR_ACTIVATION_TANH, false, false};
    open_bench(&b, rri_kernels_detect(), &shape, 1);
    b.values[b.mlp.layers[0].weight_offset] = 2.0f;
    b.values[b.mlp.layers[0].bias_offset] = 0.5f;
    b.values[b.mlp.layers[1].weight_offset] = 3.0f;
    b.values[b.mlp.layers[1].bias_offset] = -1.0f;
    b.x[0] = 0.25f;
    rri_mlp_pack(&b.mlp, b.values);
    run(&b, (const float[]){1.0f}, 1);
    const double h = tanh(1.0);
    ck_assert_double_eq_tol((double)rri_mlp_last(&b.mlp, &b.tape)[0], 3.0 * h - 1.0, 1e-6);
    ck_assert_double_eq_tol((double)b.dx[0], 6.0 * (1.0 - h * h), 1e-6);
    ck_assert_double_eq_tol((double)b.gradients[b.mlp.layers[0].weight_offset],
                            0.75 * (1.0 - h * h), 1e-6);
    ck_assert_double_eq_tol((double)b.gradients[b.mlp.layers[1].weight_offset], h, 1e-6);
    close_bench(&b);
}
END_TEST

START_TEST(test_mlp_tiles_and_levels_do_not_change_a_bit)
{
    enum { ROWS = 300 };
    const rri_mlp_shape shape = {64, {64, 130, 1}, 3, RR_ACTIVATION_TANH, false, false};
    float r[ROWS];
    gradcheck_cotangent(r, ROWS, 3);
    bench whole;
    open_bench(&whole, rri_kernels_at(RRI_LEVEL_PORTABLE), &shape, ROWS);
    run(&whole, r, ROWS);
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) == NULL) {
            printf("nn/mlp: level %d is not here\n", level);
            continue;
        }
        static const size_t tiles[] = {64, 1, 7};
        for (size_t i = 0; i < 3; i++) {
            bench b;
            open_bench(&b, rri_kernels_at(level), &shape, ROWS);
            run(&b, r, tiles[i]);
            ck_assert_mem_eq(rri_mlp_last(&b.mlp, &b.tape), rri_mlp_last(&whole.mlp, &whole.tape),
                             ROWS * sizeof(float));
            ck_assert_mem_eq(b.dx, whole.dx, ROWS * 64 * sizeof(float));
            ck_assert_mem_eq(b.gradients, whole.gradients, b.params.n_floats * sizeof(float));
            close_bench(&b);
        }
    }
    close_bench(&whole);
}
END_TEST

START_TEST(test_mlp_without_dx_leaves_parameter_gradients_alone)
{
    const rri_mlp_shape shape = {5, {7, 2}, 2, RR_ACTIVATION_TANH, false, false};
    const float r[] = {1.0f, -1.0f};
    bench with, without;
    open_bench(&with, rri_kernels_detect(), &shape, 1);
    open_bench(&without, rri_kernels_detect(), &shape, 1);
    run(&with, r, 1);
    float *dx = without.dx;
    without.dx = NULL;
    memcpy(rri_mlp_last(&without.mlp, &without.slopes), r, sizeof r);
    rri_mlp_forward(&without.mlp, &without.tape, without.x, 0, 1, &without.scratch);
    rri_mlp_backward_input(&without.mlp, NULL, &without.slopes, &without.tape, 0, 1,
                           &without.scratch);
    ck_assert_mem_eq(with.slopes.outputs[0], without.slopes.outputs[0], 7 * sizeof(float));
    without.dx = dx;
    close_bench(&with);
    close_bench(&without);
}
END_TEST

START_TEST(test_mlp_with_no_layers_is_absent)
{
    rri_params params = {0};
    rri_mlp mlp;
    rri_mlp_tape tape;
    rri_arena arena = {0};
    ck_assert_int_eq(rri_mlp_declare(&mlp, &params, "net", &(rri_mlp_shape){0}, NULL), RR_OK);
    rri_mlp_layout(&mlp, &arena, rri_kernels_detect(), true);
    rri_mlp_tape_layout(&tape, &arena, &mlp, 64);
    rri_mlp_pack(&mlp, NULL);
    rri_mlp_init(&mlp, NULL, 1.0f, 0, NULL);
    ck_assert_uint_eq(params.n_params, 0);
    ck_assert_uint_eq(arena.used, 0);
    ck_assert_uint_eq(rri_mlp_n_tasks(&mlp), 0);
    ck_assert_uint_eq(rri_mlp_scratch(&mlp, 64), 0);
    ck_assert_uint_eq(rri_mlp_init_scratch(&mlp), 0);
}
END_TEST

/* Σ W² of an orthogonal matrix is gain² · its shorter side. */
static double sum_squares(const bench *b, size_t layer)
{
    const rri_linear *l = &b->mlp.layers[layer];
    double sum = 0.0;
    for (size_t i = 0; i < l->in * l->out; i++) {
        sum += pow((double)b->values[l->weight_offset + i], 2.0);
    }
    return sum;
}

START_TEST(test_mlp_init_gives_hidden_layers_root_two_and_the_last_its_gain)
{
    const rri_mlp_shape shape = {8, {8, 8, 3}, 3, RR_ACTIVATION_TANH, false, false};
    bench b;
    open_bench(&b, rri_kernels_detect(), &shape, 1);
    void *scratch = malloc(rri_mlp_init_scratch(&b.mlp));
    rri_mlp_init(&b.mlp, b.values, 0.01f, 9, scratch);
    ck_assert_double_eq_tol(sum_squares(&b, 0), 16.0, 1e-5);
    ck_assert_double_eq_tol(sum_squares(&b, 1), 16.0, 1e-5);
    ck_assert_double_eq_tol(sum_squares(&b, 2), 3e-4, 1e-9);
    ck_assert_mem_ne(b.values + b.mlp.layers[0].weight_offset,
                     b.values + b.mlp.layers[1].weight_offset, 64 * sizeof(float));
    ck_assert_float_eq(b.values[b.mlp.layers[1].bias_offset + 7], 0.0f);
    rri_mlp_init(&b.mlp, b.values, 0.0f, 9, scratch);
    ck_assert_double_eq(sum_squares(&b, 2), 0.0);
    free(scratch);
    close_bench(&b);
}
END_TEST

START_TEST(test_mlp_refuses_shapes_it_cannot_be)
{
    rri_params params = {0};
    rri_mlp mlp;
    rr_error err;
    const rri_mlp_shape deep = {4, {1, 1, 1, 1, 1}, 6, RR_ACTIVATION_TANH, false, false};
    ck_assert_int_eq(rri_mlp_declare(&mlp, &params, "net", &deep, &err), RR_E_UNSUPPORTED);
    ck_assert_str_eq(err.text, "net: 6 layers; it must be at most 5");
    const rri_mlp_shape thin = {4, {1, 0}, 2, RR_ACTIVATION_TANH, false, false};
    ck_assert_int_eq(rri_mlp_declare(&mlp, &params, "net", &thin, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "net: layer 1 has width 0; it must be at least 1");
    const rri_mlp_shape blind = {0, {1}, 1, RR_ACTIVATION_TANH, false, false};
    ck_assert_int_eq(rri_mlp_declare(&mlp, &params, "net", &blind, &err), RR_E_INVALID);
    ck_assert_uint_eq(params.n_params, 0);
}
END_TEST

CHECK_MAIN("nn/mlp", test_mlp_two_units_by_hand, test_mlp_tanh_backward_is_the_gradient,
           test_mlp_relu_backward_is_the_gradient, test_mlp_activated_last_layer_is_the_gradient,
           test_mlp_single_and_five_layers_are_the_gradient,
           test_mlp_tiles_and_levels_do_not_change_a_bit,
           test_mlp_without_dx_leaves_parameter_gradients_alone, test_mlp_with_no_layers_is_absent,
           test_mlp_init_gives_hidden_layers_root_two_and_the_last_its_gain,
           test_mlp_refuses_shapes_it_cannot_be)
