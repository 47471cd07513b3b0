/* SPDX-License-Identifier: MIT */
#include "nn/linear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "math/tile.h"

/* A layer with its memory. */
typedef struct bench {
    rri_params params;
    rri_linear layer;
    float *values; /* [params.n_floats] */
    void *block, *stack_block;
    rri_stack scratch; /* exactly what was asked for, with a canary behind it */
} bench;

enum { CANARY_BYTES = 64 };

static void open_bench(bench *b, const rri_kernels *kernels, size_t in, size_t out, bool has_bias,
                       size_t max_rows)
{
    memset(b, 0, sizeof *b);
    ck_assert_int_eq(rri_linear_declare(&b->layer, &b->params, "layer", in, out, has_bias, NULL),
                     RR_OK);
    rri_arena arena = {0};
    rri_linear_layout(&b->layer, &arena, kernels, true);
    b->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    arena = (rri_arena){.base = b->block};
    rri_linear_layout(&b->layer, &arena, kernels, true);

    const size_t bytes = (rri_linear_scratch(&b->layer, max_rows) + 63) / 64 * 64;
    b->stack_block = aligned_alloc(64, bytes + CANARY_BYTES);
    memset((char *)b->stack_block + bytes, 0x5a, CANARY_BYTES);
    b->scratch = (rri_stack){.base = b->stack_block, .size = bytes};

    b->values = calloc(b->params.n_floats, sizeof(float));
    gradcheck_draw(b->values, b->params.n_floats, -1.0f, 1.0f, 1);
    rri_linear_pack(&b->layer, b->values);
}

static void close_bench(bench *b)
{
    const char *canary = (const char *)b->stack_block + b->scratch.size;
    for (size_t i = 0; i < CANARY_BYTES; i++) {
        ck_assert_msg(canary[i] == 0x5a, "more scratch was taken than rri_linear_scratch says");
    }
    ck_assert_uint_eq(b->scratch.used, 0);
    free(b->values);
    free(b->stack_block);
    free(b->block);
}

/* Allocated: the caller frees. */
static float *random_floats(size_t n, uint64_t seed)
{
    float *x = malloc(n * sizeof *x);
    gradcheck_draw(x, n, -1.0f, 1.0f, seed);
    return x;
}

START_TEST(test_linear_forward_and_backward_by_hand)
{
    bench b;
    open_bench(&b, rri_kernels_detect(), 2, 3, true, 1);
    const float W[] = {1, 2, 3, 4, 5, 6}, bias[] = {10, 20, 30};
    memcpy(b.values + b.layer.weight_offset, W, sizeof W);
    memcpy(b.values + b.layer.bias_offset, bias, sizeof bias);
    rri_linear_pack(&b.layer, b.values);

    const float x[] = {1, -1}, dy[] = {1, 0, 2};
    float y[3], dx[2];
    rri_linear_forward(&b.layer, y, x, 1, false, &b.scratch);
    ck_assert_float_eq(y[0], 9.0f);
    ck_assert_float_eq(y[1], 19.0f);
    ck_assert_float_eq(y[2], 29.0f);

    rri_linear_backward_input(&b.layer, dx, dy, 1, &b.scratch);
    ck_assert_float_eq(dx[0], 11.0f);
    ck_assert_float_eq(dx[1], 14.0f);

    float gradients[32] = {0};
    rri_linear_backward_params(&b.layer, gradients, dy, x, 1, 0, 3, &b.scratch);
    const float dW[] = {1, -1, 0, 0, 2, -2};
    ck_assert_mem_eq(gradients + b.layer.bias_offset, dy, sizeof dy);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_float_eq(gradients[b.layer.weight_offset + i], dW[i]);
    }
    close_bench(&b);
}
END_TEST

START_TEST(test_linear_declares_weight_and_bias_by_name)
{
    rri_params params = {0};
    rri_linear layer;
    ck_assert_int_eq(rri_linear_declare(&layer, &params, "critic.0", 5, 3, true, NULL), RR_OK);
    const rri_param *weight = rri_params_find(&params, "critic.0.weight");
    const rri_param *bias = rri_params_find(&params, "critic.0.bias");
    ck_assert_uint_eq(weight->shape[0], 3);
    ck_assert_uint_eq(weight->shape[1], 5);
    ck_assert_uint_eq(weight->offset, layer.weight_offset);
    ck_assert_uint_eq(bias->n_dims, 1);
    ck_assert_uint_eq(bias->offset, layer.bias_offset);

    ck_assert_int_eq(rri_linear_declare(&layer, &params, "skip", 5, 3, false, NULL), RR_OK);
    ck_assert_ptr_null(rri_params_find(&params, "skip.bias"));
    ck_assert_int_eq(rri_linear_declare(&layer, &params, "skip", 5, 3, false, NULL), RR_E_INVALID);

    rr_error err;
    char name[60];
    memset(name, 'n', 59);
    name[59] = '\0';
    ck_assert_int_eq(rri_linear_declare(&layer, &params, name, 5, 3, false, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "longer than 63"));
}
END_TEST

/* y as the header promises it: a chain of fmaf cut at 256, the bias last. */
static float plain_output(const bench *b, const float *x, size_t j)
{
    const rri_linear *l = &b->layer;
    const float *w = b->values + l->weight_offset + j * l->in;
    float sum = 0.0f;
    for (size_t first = 0; first < l->in; first += RRI_K_CUT) {
        const size_t end = l->in - first < RRI_K_CUT ? l->in : first + RRI_K_CUT;
        float part = 0.0f;
        for (size_t i = first; i < end; i++) {
            part = fmaf(x[i], w[i], part);
        }
        sum = first == 0 ? part : sum + part;
    }
    return l->has_bias ? sum + b->values[l->bias_offset + j] : sum;
}

START_TEST(test_linear_row_has_the_same_bits_in_any_company_at_every_level)
{
    static const size_t shapes[][2] = {{64, 64}, {300, 33}, {1, 1}, {5, 130}};
    enum { N_ROWS = 67 };
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) == NULL) {
            printf("nn/linear: level %d is not here\n", level);
            continue;
        }
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            const size_t in = shapes[s][0], out = shapes[s][1];
            bench b;
            open_bench(&b, rri_kernels_at(level), in, out, s % 2 == 0, N_ROWS);
            float *x = random_floats(N_ROWS * in, 2), *y = malloc(N_ROWS * out * sizeof(float));
            gradcheck_fill_nan(y, N_ROWS * out);
            static const size_t n_rows[] = {N_ROWS, 64, 5, 1};
            for (size_t t = 0; t < 4; t++) {
                rri_linear_forward(&b.layer, y, x, n_rows[t], false, &b.scratch);
                for (size_t i = 0; i < n_rows[t] * out; i++) {
                    ck_assert_float_eq(y[i], plain_output(&b, x + i / out * in, i % out));
                }
            }
            free(x);
            free(y);
            close_bench(&b);
        }
    }
}
END_TEST

START_TEST(test_linear_forward_adds_when_told)
{
    enum { N_ROWS = 7, IN = 9, OUT = 5 };
    bench b;
    open_bench(&b, rri_kernels_detect(), IN, OUT, false, N_ROWS);
    float x[N_ROWS * IN], once[N_ROWS * OUT], added[N_ROWS * OUT], base[N_ROWS * OUT];
    gradcheck_draw(x, N_ROWS * IN, -1, 1, 1);
    gradcheck_draw(base, N_ROWS * OUT, -1, 1, 2);
    memcpy(added, base, sizeof base);
    rri_linear_forward(&b.layer, once, x, N_ROWS, false, &b.scratch);
    rri_linear_forward(&b.layer, added, x, N_ROWS, true, &b.scratch);
    for (size_t i = 0; i < N_ROWS * OUT; i++) {
        ck_assert_float_eq(added[i], base[i] + once[i]);
    }
    close_bench(&b);
}
END_TEST

/* Σ r·y in double, of the tensors in one flat array each. */
enum { N_ROWS = 6, IN = 10, OUT = 35 };

typedef struct twin {
    double x[N_ROWS * IN], W[OUT * IN], bias[OUT];
    float r[N_ROWS * OUT];
} twin;

static double loss_of(void *context)
{
    const twin *t = context;
    double loss = 0.0;
    for (size_t i = 0; i < N_ROWS * OUT; i++) {
        double y = t->bias[i % OUT];
        for (size_t l = 0; l < IN; l++) {
            y += t->x[i / OUT * IN + l] * t->W[i % OUT * IN + l];
        }
        loss += (double)t->r[i] * y;
    }
    return loss;
}

static void widen(double *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (double)x[i];
    }
}

START_TEST(test_linear_backward_is_the_gradient)
{
    bench b;
    open_bench(&b, rri_kernels_detect(), IN, OUT, true, N_ROWS);
    const rri_linear *l = &b.layer;
    float x[N_ROWS * IN], dx[N_ROWS * IN];
    twin t;
    gradcheck_draw(x, N_ROWS * IN, -1, 1, 2);
    gradcheck_cotangent(t.r, N_ROWS * OUT, 3);
    widen(t.x, x, N_ROWS * IN);
    widen(t.W, b.values + l->weight_offset, OUT * IN);
    widen(t.bias, b.values + l->bias_offset, OUT);

    float *gradients = malloc(b.params.n_floats * sizeof(float));
    gradcheck_fill_nan(dx, N_ROWS * IN);
    gradcheck_fill_pattern(gradients, b.params.n_floats);
    rri_linear_backward_input(l, dx, t.r, N_ROWS, &b.scratch);
    rri_linear_backward_params(l, gradients, t.r, x, N_ROWS, 0, 17, &b.scratch);
    rri_linear_backward_params(l, gradients, t.r, x, N_ROWS, 17, OUT, &b.scratch);
    gradcheck_take_pattern(gradients, b.params.n_floats);

    const gradcheck checks[] = {
        {.name = "dx", .x = t.x, .gradient = dx, .n = N_ROWS * IN},
        {.name = "dW", .x = t.W, .gradient = gradients + l->weight_offset, .n = OUT * IN},
        {.name = "db", .x = t.bias, .gradient = gradients + l->bias_offset, .n = OUT},
    };
    for (size_t i = 0; i < 3; i++) {
        gradcheck check = checks[i];
        check.loss = loss_of;
        check.context = &t;
        check.tolerance = 1e-6;
        ck_assert_gradient(&check);
    }
    free(gradients);
    close_bench(&b);
}
END_TEST

/* dW and db in bits: parts of 256 rows in order, each added to what was there; any split of
 * outputs. */
START_TEST(test_linear_parameter_gradients_cut_rows_at_256_at_every_level)
{
    enum { MANY = 600, WIDE = 70 };
    float *x = random_floats(MANY * IN, 2), *dy = random_floats(MANY * WIDE, 3);
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) == NULL) {
            continue;
        }
        bench b;
        open_bench(&b, rri_kernels_at(level), IN, WIDE, true, MANY);
        float *gradients = malloc(b.params.n_floats * sizeof(float));
        gradcheck_fill_pattern(gradients, b.params.n_floats);
        static const size_t cuts[] = {64, WIDE, 0, 3, 3, 64}; /* begin, end of tasks out of order */
        for (size_t task = 0; task < 3; task++) {
            rri_linear_backward_params(&b.layer, gradients, dy, x, MANY, cuts[2 * task],
                                       cuts[2 * task + 1], &b.scratch);
        }
        float *plain = malloc(b.params.n_floats * sizeof(float));
        gradcheck_fill_pattern(plain, b.params.n_floats);
        for (size_t first = 0; first < MANY; first += 256) {
            const size_t end = first + 256 < MANY ? first + 256 : MANY;
            for (size_t j = 0; j < WIDE; j++) {
                for (size_t i = 0; i <= IN; i++) { /* i = IN: the bias */
                    float part = 0.0f;
                    for (size_t row = first; row < end; row++) {
                        const float d = dy[row * WIDE + j];
                        part = i < IN ? fmaf(d, x[row * IN + i], part) : part + d;
                    }
                    const size_t at =
                        i < IN ? b.layer.weight_offset + j * IN + i : b.layer.bias_offset + j;
                    plain[at] += part;
                }
            }
        }
        ck_assert_msg(memcmp(gradients, plain, b.params.n_floats * sizeof(float)) == 0,
                      "level %d differs", level);
        free(plain);
        free(gradients);
        close_bench(&b);
    }
    free(x);
    free(dy);
}
END_TEST

START_TEST(test_linear_without_input_gradient_packs_and_writes_nothing_for_it)
{
    rri_params params = {0};
    rri_linear layer;
    ck_assert_int_eq(rri_linear_declare(&layer, &params, "l", IN, OUT, true, NULL), RR_OK);
    rri_arena with = {0}, without = {0};
    rri_linear_layout(&layer, &with, rri_kernels_detect(), true);
    rri_linear copy;
    params = (rri_params){0};
    ck_assert_int_eq(rri_linear_declare(&copy, &params, "l", IN, OUT, true, NULL), RR_OK);
    rri_linear_layout(&copy, &without, rri_kernels_detect(), false);
    ck_assert_uint_lt(without.used, with.used);
    rri_linear_backward_input(&copy, NULL, NULL, 3, NULL);
}
END_TEST

START_TEST(test_linear_init_is_orthogonal_or_zero_with_zero_bias)
{
    bench b;
    open_bench(&b, rri_kernels_detect(), IN, OUT, true, 1);
    void *scratch = malloc(OUT * IN * sizeof(double));
    rri_linear_init(&b.layer, b.values, 2.0f, 5, scratch);
    double squares = 0.0;
    for (size_t i = 0; i < OUT * IN; i++) {
        squares += pow((double)b.values[b.layer.weight_offset + i], 2.0);
    }
    ck_assert_double_eq_tol(squares, 4.0 * IN, 1e-5);
    rri_linear_init(&b.layer, b.values, 0.0f, 5, NULL);
    for (size_t i = 0; i < OUT * IN; i++) {
        ck_assert_float_eq(b.values[b.layer.weight_offset + i], 0.0f);
    }
    for (size_t i = 0; i < OUT; i++) {
        ck_assert_float_eq(b.values[b.layer.bias_offset + i], 0.0f);
    }
    free(scratch);
    close_bench(&b);
}
END_TEST

CHECK_MAIN("nn/linear", test_linear_forward_and_backward_by_hand,
           test_linear_declares_weight_and_bias_by_name,
           test_linear_row_has_the_same_bits_in_any_company_at_every_level,
           test_linear_forward_adds_when_told, test_linear_backward_is_the_gradient,
           test_linear_parameter_gradients_cut_rows_at_256_at_every_level,
           test_linear_without_input_gradient_packs_and_writes_nothing_for_it,
           test_linear_init_is_orthogonal_or_zero_with_zero_bias)
