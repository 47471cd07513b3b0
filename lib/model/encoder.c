/* SPDX-License-Identifier: MIT */
#include "model/encoder.h"

#include <string.h>

#include "core/status.h"

/* ── the table ── */

typedef void run(const rri_encoder *encoder, float *e, float *gradients, const float *de,
                 size_t stride, const rri_histories *in, rri_stack *scratch);

/* The calls of one encoder's file, on an rri_encoder. */
struct rri_encoder_form {
    rr_status (*declare)(rri_encoder *encoder, rri_params *params, rr_error *err);
    void (*layout)(rri_encoder *encoder, rri_arena *arena, const rri_kernels *kernels);
    size_t (*init_scratch)(const rri_encoder *encoder);
    void (*init)(const rri_encoder *encoder, float *values, uint64_t seed, void *scratch);
    void (*pack)(rri_encoder *encoder, const float *values);
    size_t (*scratch)(const rri_encoder *encoder, size_t n, size_t n_rows, size_t n_tokens);
    run *run; /* forward to e; with de, which lies as e does, also backward, into gradients */
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
    static size_t name##_scratch(const rri_encoder *x, size_t n, size_t n_rows, size_t n_tokens)   \
    {                                                                                              \
        return rri_##name##_scratch(&x->of.name, n, n_rows, n_tokens);                             \
    }                                                                                              \
    static void name##_run(const rri_encoder *x, float *e, float *gradients, const float *de,      \
                           size_t stride, const rri_histories *in, rri_stack *scratch)             \
    {                                                                                              \
        rri_##name##_tape tape = rri_##name##_tape_take(&x->of.name, in, scratch);                 \
        rri_##name##_forward(&x->of.name, e, stride, &tape, in, scratch);                          \
        if (de != NULL) {                                                                          \
            rri_##name##_backward(&x->of.name, gradients, de, stride, &tape, in, scratch);         \
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

/* ── histories ── */

/* What is read of one row: its latest n tokens, of which the first is at place `first`. */
typedef struct past {
    const int32_t *items; /* [h] */
    const float *rewards; /* [h]; NULL: none */
    size_t first, h, n;
} past;

static bool is_there(const rri_inputs *in, int32_t item)
{
    return item >= 0 && (size_t)item < in->n_items;
}

static past past_of(const rri_encoder *encoder, const rri_inputs *in, size_t row)
{
    if (in->history == NULL) {
        return (past){0};
    }
    const size_t at = (in->rows != NULL ? (size_t)in->rows[row] : row) * in->h;
    const bool has_rewards = encoder->has_rewards && in->history_rewards != NULL;
    past seen = {.items = in->history + at,
                 .rewards = has_rewards ? in->history_rewards + at : NULL,
                 .first = in->h,
                 .h = in->h};
    while (seen.first > 0 && seen.n < encoder->shape.window) {
        seen.n += is_there(in, seen.items[--seen.first]) ? 1 : 0;
    }
    return seen;
}

/* The place of the first token from `place` on; h: there is none. */
static size_t next_token(const past *seen, const rri_inputs *in, size_t place)
{
    while (place < seen->h && !is_there(in, seen->items[place])) {
        place++;
    }
    return place;
}

/* Whether the longer one begins with all tokens of the other, bit by bit. */
static bool goes_on(const past *shorter, const past *longer, const rri_inputs *in)
{
    if (longer->n <= shorter->n) {
        return false;
    }
    size_t a = shorter->first, b = longer->first;
    for (size_t t = 0; t < shorter->n; t++, a++, b++) {
        a = next_token(shorter, in, a);
        b = next_token(longer, in, b);
        const bool is_same_item = shorter->items[a] == longer->items[b];
        const bool is_same_reward =
            shorter->rewards == NULL ||
            memcmp(shorter->rewards + a, longer->rewards + b, sizeof(float)) == 0;
        if (!is_same_item || !is_same_reward) {
            return false;
        }
    }
    return true;
}

bool rri_encoder_goes_on(const rri_encoder *encoder, const rri_inputs *in, size_t row)
{
    const past before = past_of(encoder, in, row - 1), now = past_of(encoder, in, row);
    return goes_on(&before, &now, in);
}

/* tokens [n − begin, D] ← those of a row from the begin-th on. */
static void read_tokens(float *tokens, const rri_encoder *encoder, const rri_inputs *in,
                        const past *seen, size_t begin)
{
    const size_t d = encoder->item_dim, D = encoder->shape.token_width;
    size_t place = seen->first;
    for (size_t t = 0; t < seen->n; t++, place++) {
        place = next_token(seen, in, place);
        if (t < begin) {
            continue;
        }
        memcpy(tokens, in->vectors + (size_t)seen->items[place] * d, d * sizeof(float));
        if (encoder->has_rewards) {
            tokens[d] = seen->rewards != NULL ? seen->rewards[place] * encoder->reward_unit : 0.0f;
        }
        tokens += D;
    }
}

/* ── shares: rows that a thread takes ── */

/* A share of one run has too little to do at once, and one of all rows leaves other threads idle.
 */
enum { SHARE_RUNS = 12, SHARE_TOKENS = 512 };

size_t rri_encoder_share(const rri_encoder *encoder, const rri_inputs *in, size_t begin, size_t end)
{
    size_t row = begin, n_runs = 0, n_tokens = 0;
    past last = {0};
    for (; row < end; row++) {
        const past seen = past_of(encoder, in, row);
        const bool is_run = row > begin && goes_on(&last, &seen, in);
        const bool is_enough = n_runs >= SHARE_RUNS || n_tokens >= SHARE_TOKENS;
        if (!is_run && is_enough && row - begin >= RRI_ENCODER_SHARE) {
            break;
        }
        n_runs += is_run ? 0 : 1;
        n_tokens += is_run ? seen.n - last.n : seen.n;
        last = seen;
    }
    return row;
}

/* ── blocks of runs ── */

/* A block has at most BLOCK_RUNS runs of at most BLOCK_TOKENS tokens in all, or one run, and at
 * most BLOCK_ROWS rows: so memory grows with neither the rows of a call nor those of a minibatch,
 * and of short runs what is left for backward lies in the second cache. Twelve rows fill a matrix
 * kernel.
 */
enum { BLOCK_RUNS = 12, BLOCK_TOKENS = 2048, BLOCK_ROWS = 512 };

static size_t block_runs(const rri_encoder *encoder)
{
    const size_t runs = BLOCK_TOKENS / encoder->shape.window;
    return rri_size_larger(1, rri_size_smaller(runs, BLOCK_RUNS));
}

/* A run has at most one row more than it has tokens. */
static size_t block_rows(const rri_encoder *encoder)
{
    const size_t rows = rri_size_multiply(block_runs(encoder), encoder->shape.window + 1);
    return rri_size_smaller(rows, BLOCK_ROWS);
}

size_t rri_encoder_scratch(const rri_encoder *encoder)
{
    if (encoder->form == NULL) {
        return 0;
    }
    const rri_encoder_shape *shape = &encoder->shape;
    const size_t n = block_runs(encoder), n_rows = block_rows(encoder);
    const size_t n_tokens = rri_size_multiply(n, shape->window);
    size_t bytes = encoder->form->scratch(encoder, n, n_rows, n_tokens);
    bytes = rri_stack_add(bytes, n, sizeof(int32_t));
    bytes = rri_stack_add(bytes, n + 1, sizeof(int32_t));
    bytes = rri_stack_add(bytes, n_rows, sizeof(int32_t));
    return rri_stack_add(bytes, rri_size_multiply(n_tokens, shape->token_width), sizeof(float));
}

/* What a block is made in; `now` borrows it. */
typedef struct block {
    rri_histories now;
    float *tokens;
    int32_t *lengths, *first_rows, *row_lengths;
} block;

/* The runs of rows from `begin` on, as many as there is room for; returns the row behind them. */
static size_t fill(block *b, const rri_encoder *encoder, const rri_inputs *in, size_t begin,
                   size_t end)
{
    const size_t most_runs = block_runs(encoder), most_rows = block_rows(encoder);
    const size_t D = encoder->shape.token_width;
    rri_histories *now = &b->now;
    past last = {0};
    size_t row = begin;
    *now = (rri_histories){.tokens = b->tokens,
                           .lengths = b->lengths,
                           .first_rows = b->first_rows,
                           .row_lengths = b->row_lengths};
    for (; row < end && now->n_rows < most_rows; row++) {
        const past seen = past_of(encoder, in, row);
        const bool is_run = row > begin && goes_on(&last, &seen, in);
        if (!is_run && now->n == most_runs) {
            break;
        }
        if (!is_run) {
            b->first_rows[now->n++] = (int32_t)now->n_rows;
        }
        const size_t n_known = is_run ? last.n : 0;
        read_tokens(b->tokens + now->n_tokens * D, encoder, in, &seen, n_known);
        now->n_tokens += seen.n - n_known;
        b->lengths[now->n - 1] = b->row_lengths[now->n_rows++] = (int32_t)seen.n;
        last = seen;
    }
    b->first_rows[now->n] = (int32_t)now->n_rows;
    return row;
}

/* Each block of rows [begin, end), forward into e, or with de backward into gradients. */
static void run_blocks(const rri_encoder *encoder, float *e, float *gradients, const float *de,
                       size_t stride, const rri_inputs *in, size_t begin, size_t end,
                       rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), n = block_runs(encoder);
    const size_t n_floats = n * encoder->shape.window * encoder->shape.token_width;
    block b = {.tokens = RRI_STACK_TAKE(scratch, float, n_floats),
               .lengths = RRI_STACK_TAKE(scratch, int32_t, n),
               .first_rows = RRI_STACK_TAKE(scratch, int32_t, n + 1),
               .row_lengths = RRI_STACK_TAKE(scratch, int32_t, block_rows(encoder))};
    while (begin < end) {
        const size_t next = fill(&b, encoder, in, begin, end);
        const size_t inner = rri_stack_mark(scratch), at = begin * stride;
        encoder->form->run(encoder, e != NULL ? e + at : NULL, gradients,
                           de != NULL ? de + at : NULL, stride, &b.now, scratch);
        rri_stack_rewind(scratch, inner);
        begin = next;
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
