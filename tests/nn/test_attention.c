/* SPDX-License-Identifier: MIT */
#include "nn/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { ROWS = 4, T = 9, E = 6, H = 3, W = 5, D = E / H };

static const int32_t LENGTHS[ROWS] = {2, 0, 5, 2}, FIRST_ROWS[ROWS + 1] = {0, 1, 2, 3, 4};

typedef struct scene {
    rri_attention attention;
    rri_histories rows;
    float q[T * E], kv[T * 2 * E], c[H * W], r[T * E];
    double twin_q[T * E], twin_kv[T * 2 * E], twin_c[H * W];
    float y[T * E], p[T * H * 16];
    rri_stack scratch;
    size_t n_queries;
} scene;

static void copy(double *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (double)from[i];
    }
}

static scene *open_scene(bool is_last)
{
    scene *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    memset(s, 0, sizeof *s);
    s->attention = (rri_attention){
        .width = E, .n_heads = H, .window = W, .is_last = is_last, .kernels = rri_kernels_detect()};
    s->rows = (rri_histories){.n = ROWS,
                              .n_rows = ROWS,
                              .n_tokens = T,
                              .lengths = LENGTHS,
                              .first_rows = FIRST_ROWS,
                              .row_lengths = LENGTHS};
    s->scratch.size = rri_attention_scratch(&s->attention);
    s->scratch.base = aligned_alloc(64, s->scratch.size);
    gradcheck_draw(s->q, T * E, -1.0f, 1.0f, 1);
    gradcheck_draw(s->kv, T * 2 * E, -1.0f, 1.0f, 2);
    gradcheck_draw(s->c, H * W, -1.0f, 1.0f, 3);
    gradcheck_cotangent(s->r, T * E, 4);
    copy(s->twin_q, s->q, T * E);
    copy(s->twin_kv, s->kv, T * 2 * E);
    copy(s->twin_c, s->c, H * W);
    s->n_queries = rri_attention_n_queries(&s->attention, &s->rows);
    rri_attention_forward(&s->attention, s->y, s->p, s->q, s->kv, s->c, &s->rows, &s->scratch);
    return s;
}

static void close_scene(scene *s)
{
    ck_assert_uint_eq(s->scratch.used, 0);
    free(s->scratch.base);
    free(s);
}

/* One number of one query: place t of the row whose first token is `first`. */
static double twin_y(const scene *s, size_t query, size_t first, size_t t, size_t j)
{
    const size_t head = j / D;
    double sum = 0.0, y = 0.0;
    for (size_t u = 0; u <= t; u++) {
        const double *token = s->twin_kv + (first + u) * 2 * E;
        double a = s->twin_c[head * W + t - u];
        for (size_t i = head * D; i < (head + 1) * D; i++) {
            a += s->twin_q[query * E + i] * token[i] / sqrt((double)D);
        }
        sum += exp(a);
        y += exp(a) * token[E + j];
    }
    return y / sum;
}

/* Σ r·y, or, with `y`, what y must be, query by query. */
static double walk(const scene *s, double *y)
{
    double loss = 0.0;
    size_t query = 0, first = 0;
    for (size_t row = 0; row < ROWS; row++) {
        const size_t length = (size_t)LENGTHS[row];
        for (size_t t = 0; t < length; t++) {
            if (s->attention.is_last && t + 1 < length) {
                continue;
            }
            for (size_t j = 0; j < E; j++) {
                const double of_y = twin_y(s, query, first, t, j);
                loss += (double)s->r[query * E + j] * of_y;
                if (y != NULL) {
                    y[query * E + j] = of_y;
                }
            }
            query++;
        }
        first += length;
    }
    return loss;
}

static double twin_loss(void *context)
{
    return walk(context, NULL);
}

START_TEST(test_attention_forward_is_the_formula)
{
    for (int is_last = 0; is_last < 2; is_last++) {
        scene *s = open_scene(is_last != 0);
        double expected[T * E];
        walk(s, expected);
        ck_assert_uint_eq(s->n_queries, is_last != 0 ? 3 : T);
        for (size_t i = 0; i < s->n_queries * E; i++) {
            ck_assert_double_eq_tol((double)s->y[i], expected[i], 1e-6);
        }
        close_scene(s);
    }
}
END_TEST

START_TEST(test_attention_gradient_is_that_of_the_twin)
{
    for (int is_last = 0; is_last < 2; is_last++) {
        scene *s = open_scene(is_last != 0);
        float dq[T * E], dkv[T * 2 * E], dc[H * W];
        gradcheck_fill_nan(dq, T * E);
        gradcheck_fill_nan(dkv, T * 2 * E);
        gradcheck_fill_pattern(dc, H * W);
        rri_attention_backward(&s->attention, dq, dkv, dc, s->r, s->p, s->q, s->kv, &s->rows,
                               &s->scratch);
        gradcheck_take_pattern(dc, H * W);
        const gradcheck checks[] = {
            {.name = "q", .x = s->twin_q, .gradient = dq, .n = s->n_queries * E},
            {.name = "kv", .x = s->twin_kv, .gradient = dkv, .n = T * 2 * E},
            {.name = "c", .x = s->twin_c, .gradient = dc, .n = H * W},
        };
        for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
            gradcheck check = checks[i];
            check.loss = twin_loss;
            check.context = s;
            ck_assert_gradient(&check);
        }
        close_scene(s);
    }
}
END_TEST

CHECK_MAIN("nn/attention", test_attention_forward_is_the_formula,
           test_attention_gradient_is_that_of_the_twin)
