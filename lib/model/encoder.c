/* SPDX-License-Identifier: MIT */
#include "model/encoder.h"

#include <string.h>

#include "core/status.h"

/* ── the table ── */

typedef void run(const rri_encoder *encoder, float *e, float *gradients, const float *de,
                 const rri_histories *in, rri_stack *scratch);

/* The calls of one encoder's file, on an rri_encoder. */
struct rri_encoder_form {
    rr_status (*declare)(rri_encoder *encoder, rri_params *params, rr_error *err);
    void (*layout)(rri_encoder *encoder, rri_arena *arena, const rri_kernels *kernels);
    size_t (*init_scratch)(const rri_encoder *encoder);
    void (*init)(const rri_encoder *encoder, float *values, uint64_t seed, void *scratch);
    void (*pack)(rri_encoder *encoder, const float *values);
    size_t (*scratch)(const rri_encoder *encoder, size_t n, size_t n_tokens);
    run *run; /* forward to e [n, E]; with de also backward, into gradients */
};

/* The row of the encoder that nn/`name`.h has. */
#define FORM(name)                                                                                 \
    static rr_status name##_declare(rri_encoder *x, rri_params *params, rr_error *err)             \
    {                                                                                              \
        return rri_##name##_declare(&x->of.name, params, &x->shape, err);                          \
    }                                                                                              \
    static void name##_layout(rri_encoder *x, rri_arena *arena, const rri_kernels *kernels)        \
    {                                                                                              \
        rri_##name##_layout(&x->of.name, arena, kernels);                                          \
    }                                                                                              \
    static size_t name##_init_scratch(const rri_encoder *x)                                        \
    {                                                                                              \
        return rri_##name##_init_scratch(&x->of.name);                                             \
    }                                                                                              \
    static void name##_init(const rri_encoder *x, float *values, uint64_t seed, void *scratch)     \
    {                                                                                              \
        rri_##name##_init(&x->of.name, values, seed, scratch);                                     \
    }                                                                                              \
    static void name##_pack(rri_encoder *x, const float *values)                                   \
    {                                                                                              \
        rri_##name##_pack(&x->of.name, values);                                                    \
    }                                                                                              \
    static size_t name##_scratch(const rri_encoder *x, size_t n, size_t n_tokens)                  \
    {                                                                                              \
        return rri_##name##_scratch(&x->of.name, n, n_tokens);                                     \
    }                                                                                              \
    static void name##_run(const rri_encoder *x, float *e, float *gradients, const float *de,      \
                           const rri_histories *in, rri_stack *scratch)                            \
    {                                                                                              \
        rri_##name##_tape tape = rri_##name##_tape_take(&x->of.name, in, scratch);                 \
        rri_##name##_forward(&x->of.name, e, &tape, in, scratch);                                  \
        if (de != NULL) {                                                                          \
            rri_##name##_backward(&x->of.name, gradients, de, &tape, in, scratch);                 \
        }                                                                                          \
    }
FORM(mean)
FORM(gru)
FORM(transformer)
#undef FORM

#define ROW(name)                                                                                  \
    {                                                                                              \
        name##_declare, name##_layout, name##_init_scratch, name##_init, name##_pack,              \
            name##_scratch, name##_run                                                             \
    }
static const rri_encoder_form FORMS[] = {
    [RR_ENCODER_MEAN] = ROW(mean),
    [RR_ENCODER_GRU] = ROW(gru),
    [RR_ENCODER_TRANSFORMER] = ROW(transformer),
};

/* ── the encoder ── */

rr_status rri_encoder_declare(rri_encoder *encoder, rri_params *params,
                              const rr_agent_config *config, size_t item_dim, rr_error *err)
{
    *encoder = (rri_encoder){.begin = params->n_floats, .end = params->n_floats};
    if (config->encoder == RR_ENCODER_NONE) {
        return RR_OK;
    }
    encoder->form = &FORMS[config->encoder];
    encoder->item_dim = item_dim;
    encoder->has_rewards = config->encoder_rewards != 0;
    encoder->reward_unit = 1.0f;
    encoder->shape = (rri_encoder_shape){
        .token_width = item_dim + (encoder->has_rewards ? 1 : 0),
        .width = (size_t)config->encoder_width,
        .window = (size_t)config->encoder_history,
        .n_layers = (size_t)config->encoder_layers,
        .n_heads = (size_t)config->encoder_heads,
    };
    RRI_TRY(encoder->form->declare(encoder, params, err));
    encoder->end = params->n_floats;
    return RR_OK;
}

void rri_encoder_layout(rri_encoder *encoder, rri_arena *arena, const rri_kernels *kernels)
{
    if (encoder->form != NULL) {
        encoder->form->layout(encoder, arena, kernels);
    }
}

size_t rri_encoder_init_scratch(const rri_encoder *encoder)
{
    return encoder->form != NULL ? encoder->form->init_scratch(encoder) : 0;
}

void rri_encoder_init(const rri_encoder *encoder, float *values, uint64_t seed, void *scratch)
{
    if (encoder->form != NULL) {
        encoder->form->init(encoder, values, seed, scratch);
    }
}

void rri_encoder_pack(rri_encoder *encoder, const float *values)
{
    if (encoder->form != NULL) {
        encoder->form->pack(encoder, values);
    }
}

/* ── histories, block by block ── */

/* Rows of a block, whose tokens are at most BLOCK_TOKENS or those of one row: so memory grows with
 * neither the rows of a call nor those of a minibatch. */
enum { BLOCK_ROWS = 32, BLOCK_TOKENS = 2048 };

static size_t block_rows(const rri_encoder *encoder)
{
    const size_t rows = BLOCK_TOKENS / encoder->shape.window;
    return rri_size_larger(1, rri_size_smaller(rows, BLOCK_ROWS));
}

size_t rri_encoder_scratch(const rri_encoder *encoder)
{
    if (encoder->form == NULL) {
        return 0;
    }
    const rri_encoder_shape *shape = &encoder->shape;
    const size_t n = block_rows(encoder), n_tokens = rri_size_multiply(n, shape->window);
    const size_t rows = rri_stack_cost(rri_size_multiply(n, shape->width), sizeof(float));
    size_t bytes = encoder->form->scratch(encoder, n, n_tokens);
    bytes = rri_size_add(bytes, rri_size_add(rows, rows)); /* e and de */
    bytes = rri_stack_add(bytes, n, sizeof(int32_t));
    return rri_stack_add(bytes, rri_size_multiply(n_tokens, shape->token_width), sizeof(float));
}

/* The tokens of one row, behind one another. Returns how many. */
static size_t read_row(float *tokens, const rri_encoder *encoder, const rri_inputs *in, size_t row)
{
    const size_t d = encoder->item_dim, D = encoder->shape.token_width;
    const size_t at = (in->rows != NULL ? (size_t)in->rows[row] : row) * in->h;
    size_t n = 0, first = in->history != NULL ? in->h : 0;
    while (first > 0 && n < encoder->shape.window) {
        const int32_t item = in->history[at + --first];
        n += item >= 0 && (size_t)item < in->n_items ? 1 : 0;
    }
    for (size_t t = first, seen = 0; seen < n; t++) {
        const int32_t item = in->history[at + t];
        if (item < 0 || (size_t)item >= in->n_items) {
            continue;
        }
        float *token = tokens + seen++ * D;
        memcpy(token, in->vectors + (size_t)item * d, d * sizeof(float));
        if (encoder->has_rewards) {
            token[d] = in->history_rewards != NULL
                           ? in->history_rewards[at + t] * encoder->reward_unit
                           : 0.0f;
        }
    }
    return n;
}

/* Each block of rows [begin, end), forward into e, or with de backward into gradients. */
static void run_blocks(const rri_encoder *encoder, float *e, float *gradients, const float *de,
                       size_t stride, const rri_inputs *in, size_t begin, size_t end,
                       rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), most = block_rows(encoder);
    const size_t E = encoder->shape.width, D = encoder->shape.token_width;
    float *encodings = RRI_STACK_TAKE(scratch, float, most *E);
    float *slopes = RRI_STACK_TAKE(scratch, float, most *E);
    int32_t *lengths = RRI_STACK_TAKE(scratch, int32_t, most);
    float *tokens = RRI_STACK_TAKE(scratch, float, most * encoder->shape.window * D);
    for (size_t first = begin; first < end; first += most) {
        rri_histories histories = {
            .n = rri_size_smaller(end - first, most), .tokens = tokens, .lengths = lengths};
        for (size_t i = 0; i < histories.n; i++) {
            const size_t n = read_row(tokens + histories.n_tokens * D, encoder, in, first + i);
            lengths[i] = (int32_t)n;
            histories.n_tokens += n;
        }
        for (size_t i = 0; de != NULL && i < histories.n; i++) {
            memcpy(slopes + i * E, de + (first + i) * stride, E * sizeof(float));
        }
        const size_t inner = rri_stack_mark(scratch);
        encoder->form->run(encoder, encodings, gradients, de != NULL ? slopes : NULL, &histories,
                           scratch);
        rri_stack_rewind(scratch, inner);
        for (size_t i = 0; e != NULL && i < histories.n; i++) {
            memcpy(e + (first + i) * stride, encodings + i * E, E * sizeof(float));
        }
    }
    rri_stack_rewind(scratch, mark);
}

void rri_encoder_forward(const rri_encoder *encoder, float *e, size_t stride, const rri_inputs *in,
                         size_t begin, size_t end, rri_stack *scratch)
{
    run_blocks(encoder, e, NULL, NULL, stride, in, begin, end, scratch);
}

void rri_encoder_backward(const rri_encoder *encoder, float *gradients, const float *de,
                          size_t stride, const rri_inputs *in, size_t begin, size_t end,
                          rri_stack *scratch)
{
    run_blocks(encoder, NULL, gradients, de, stride, in, begin, end, scratch);
}
