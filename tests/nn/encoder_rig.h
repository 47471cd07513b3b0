/* SPDX-License-Identifier: MIT */
/* encoder_rig.h: an encoder with its memory over a few histories, some of them empty, and its twin:
 * the same formula in double, row by row, whose derivative is what the gradient must be. A test
 * defines RIG_OF as the encoder's name and includes this. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "nn/histories.h"

#define RIG_JOIN_(a, b) a##b
#define RIG_JOIN(a, b)  RIG_JOIN_(a, b)
#define RIG(suffix)     RIG_JOIN(RIG_JOIN(rri_, RIG_OF), suffix)

enum { RIG_ROWS = 9, RIG_D = 5, RIG_WINDOW = 6 };

/* Two rows without a token, one as long as the window. */
static const int32_t RIG_LENGTHS[RIG_ROWS] = {3, 0, 6, 1, 4, 3, 0, 2, 5};

typedef struct rig {
    rri_params params;
    rri_encoder_shape shape;
    struct RIG() net;
    size_t n_tokens;
    float tokens[RIG_ROWS * RIG_WINDOW * RIG_D];
    float r[RIG_ROWS * 16]; /* the cotangent, [n, E] */
    float *values, *gradients;
    double *twin; /* the values again */
    void *block, *stack_block;
    rri_stack scratch;
} rig;

static void rig_lay_out(rig *b, rri_arena *arena)
{
    RIG(_layout)(&b->net, arena, rri_kernels_detect());
    b->values = RRI_TAKE(arena, float, b->params.n_floats);
    b->gradients = RRI_TAKE(arena, float, b->params.n_floats);
    b->twin = RRI_TAKE(arena, double, b->params.n_floats);
}

static void rig_open(rig *b, rri_encoder_shape shape)
{
    memset(b, 0, sizeof *b);
    shape.token_width = RIG_D;
    shape.window = RIG_WINDOW;
    b->shape = shape;
    size_t before;
    ck_assert_int_eq(rri_params_add(&b->params, &before, "before", 20, 0, NULL), RR_OK);
    ck_assert_int_eq(RIG(_declare)(&b->net, &b->params, &shape, NULL), RR_OK);
    rri_arena arena = {0};
    rig_lay_out(b, &arena);
    b->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    arena = (rri_arena){.base = b->block};
    rig_lay_out(b, &arena);
    for (size_t i = 0; i < RIG_ROWS; i++) {
        b->n_tokens += (size_t)RIG_LENGTHS[i];
    }
    const size_t bytes = (RIG(_scratch)(&b->net, RIG_ROWS, RIG_ROWS, b->n_tokens) + 63) / 64 * 64;
    b->stack_block = aligned_alloc(64, bytes + 64);
    b->scratch = (rri_stack){.base = b->stack_block, .size = bytes};
    gradcheck_draw(b->values, b->params.n_floats, -0.6f, 0.6f, 1);
    gradcheck_draw(b->tokens, b->n_tokens * RIG_D, -1.0f, 1.0f, 2);
    gradcheck_cotangent(b->r, RIG_ROWS * shape.width, 3);
    for (size_t i = 0; i < b->params.n_floats; i++) {
        b->twin[i] = (double)b->values[i];
    }
    RIG(_pack)(&b->net, b->values);
}

static void rig_close(rig *b)
{
    ck_assert_uint_eq(b->scratch.used, 0);
    free(b->stack_block);
    free(b->block);
}

/* e [n, E] of rows [first, first + n), and, where de is there, gradients += their slopes. */
static void rig_run(rig *b, float *e, const float *de, size_t first, size_t n)
{
    size_t skipped = 0;
    int32_t first_rows[RIG_ROWS + 1];
    for (size_t i = 0; i <= n; i++) {
        first_rows[i] = (int32_t)i;
    }
    rri_histories in = {.n = n,
                        .n_rows = n,
                        .lengths = RIG_LENGTHS + first,
                        .first_rows = first_rows,
                        .row_lengths = RIG_LENGTHS + first};
    for (size_t i = 0; i < first + n; i++) {
        *(i < first ? &skipped : &in.n_tokens) += (size_t)RIG_LENGTHS[i];
    }
    in.tokens = b->tokens + skipped * RIG_D;
    const size_t mark = rri_stack_mark(&b->scratch);
    struct RIG_JOIN(RIG(), _tape) tape = RIG(_tape_take)(&b->net, &in, &b->scratch);
    gradcheck_fill_nan(e, n * b->shape.width);
    RIG(_forward)(&b->net, e, b->shape.width, &tape, &in, &b->scratch);
    if (de != NULL) {
        RIG(_backward)
        (&b->net, b->gradients + b->net.begin, de, b->shape.width, &tape, &in, &b->scratch);
    }
    rri_stack_rewind(&b->scratch, mark);
}

/* e [E] of one row's tokens [length, D]: the test's. */
static void twin_row(double *e, const rig *b, const float *tokens, size_t length);

/* y [out] ← W x + b, of the twin's parameters. */
static inline void twin_map(double *y, const rig *b, const rri_linear *map, const double *x)
{
    for (size_t o = 0; o < map->out; o++) {
        y[o] = map->has_bias ? b->twin[map->bias_offset + o] : 0.0;
        for (size_t j = 0; j < map->in; j++) {
            y[o] += b->twin[map->weight_offset + o * map->in + j] * x[j];
        }
    }
}

static double twin_loss(void *context)
{
    const rig *b = context;
    const float *tokens = b->tokens;
    double loss = 0.0, e[16];
    for (size_t i = 0; i < RIG_ROWS; i++) {
        twin_row(e, b, tokens, (size_t)RIG_LENGTHS[i]);
        for (size_t j = 0; j < b->shape.width; j++) {
            loss += e[j] * (double)b->r[i * b->shape.width + j];
        }
        tokens += (size_t)RIG_LENGTHS[i] * RIG_D;
    }
    return loss;
}

static void check_forward(rig *b)
{
    float e[RIG_ROWS * 16];
    const float *tokens = b->tokens;
    rig_run(b, e, NULL, 0, RIG_ROWS);
    for (size_t i = 0; i < RIG_ROWS; i++) {
        double expected[16];
        twin_row(expected, b, tokens, (size_t)RIG_LENGTHS[i]);
        for (size_t j = 0; j < b->shape.width; j++) {
            ck_assert_double_eq_tol((double)e[i * b->shape.width + j], expected[j], 2e-6);
        }
        tokens += (size_t)RIG_LENGTHS[i] * RIG_D;
    }
}

/* Each tensor of the encoder by itself, so that none without a gradient hides behind others. */
static void check_gradients(rig *b)
{
    float e[RIG_ROWS * 16];
    gradcheck_fill_pattern(b->gradients, b->params.n_floats);
    rig_run(b, e, b->r, 0, RIG_ROWS);
    gradcheck_take_pattern(b->gradients, b->params.n_floats);
    for (size_t p = 0; p < b->params.n_params; p++) {
        const rri_param *param = &b->params.entries[p];
        if (strcmp(param->name, "before") == 0) {
            continue;
        }
        const gradcheck check = {.name = param->name,
                                 .loss = twin_loss,
                                 .context = b,
                                 .x = b->twin + param->offset,
                                 .gradient = b->gradients + param->offset,
                                 .n = param->size};
        ck_assert_gradient(&check);
    }
}

static void check_rows_alone(rig *b)
{
    float whole[RIG_ROWS * 16], alone[16];
    const size_t E = b->shape.width;
    rig_run(b, whole, NULL, 0, RIG_ROWS);
    for (size_t i = 0; i < RIG_ROWS; i++) {
        rig_run(b, alone, NULL, i, 1);
        ck_assert_mem_eq(whole + i * E, alone, E * sizeof(float));
    }
}

/* The first gradient comes through the start, which must not stop it. */
static void check_start(rig *b)
{
    void *scratch = malloc(RIG(_init_scratch)(&b->net));
    float e[RIG_ROWS * 16];
    RIG(_init)(&b->net, b->values, 3, scratch);
    free(scratch);
    RIG(_pack)(&b->net, b->values);
    rig_run(b, e, NULL, 0, RIG_ROWS);
    for (size_t j = 0; j < b->shape.width; j++) {
        ck_assert(e[b->shape.width + j] == 0.0f); /* row 1 has no token */
    }
    ck_assert(memcmp(e, e + 2 * b->shape.width, b->shape.width * sizeof(float)) != 0);
}
