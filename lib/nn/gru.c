/* SPDX-License-Identifier: MIT */
#include "nn/gru.h"

#include <string.h>

#include "core/status.h"
#include "math/gemm.h"
#include "nn/init.h"

rr_status rri_gru_declare(rri_gru *gru, rri_params *params, const rri_encoder_shape *shape,
                          rr_error *err)
{
    size_t index;
    const size_t E = shape->width;
    *gru = (rri_gru){.begin = params->n_floats, .window = shape->window};
    RRI_TRY(rri_linear_declare(&gru->input, params, "encoder.input", shape->token_width, 3 * E,
                               true, err));
    RRI_TRY(rri_linear_declare(&gru->hidden, params, "encoder.hidden", E, 3 * E, true, err));
    RRI_TRY(rri_params_add(params, &index, "encoder.start", E, 0, err));
    gru->start = params->entries[index].offset;
    return RR_OK;
}

void rri_gru_layout(rri_gru *gru, rri_arena *arena, const rri_kernels *kernels)
{
    rri_linear_layout(&gru->input, arena, kernels, false);
    rri_linear_layout(&gru->hidden, arena, kernels, true);
}

size_t rri_gru_init_scratch(const rri_gru *gru)
{
    return rri_size_larger(rri_init_scratch(gru->input.out, gru->input.in),
                           rri_init_scratch(gru->hidden.out, gru->hidden.in));
}

void rri_gru_init(const rri_gru *gru, float *values, uint64_t seed, void *scratch)
{
    rri_linear_init(&gru->input, values, 1.0f, seed, scratch);
    rri_linear_init(&gru->hidden, values, 1.0f, seed, scratch);
    rri_init_constant(values + gru->start, 0.0f, gru->hidden.in);
}

void rri_gru_pack(rri_gru *gru, const float *values)
{
    rri_linear_pack(&gru->input, values);
    rri_linear_pack(&gru->hidden, values);
    gru->start_values = values + gru->start;
}

size_t rri_gru_scratch(const rri_gru *gru, size_t n, size_t n_rows, size_t n_tokens)
{
    (void)n_rows;
    const size_t E = gru->hidden.in, D = gru->input.in;
    const size_t of_token[] = {D, E, 3 * E, E, 3 * E, 3 * E}; /* the tape, and slopes of gates */
    size_t bytes = rri_size_larger(rri_linear_scratch(&gru->input, n_tokens),
                                   rri_linear_scratch(&gru->hidden, n_tokens));
    for (size_t i = 0; i < sizeof of_token / sizeof of_token[0]; i++) {
        bytes = rri_stack_add(bytes, rri_size_multiply(n_tokens, of_token[i]), sizeof(float));
    }
    bytes = rri_stack_add(bytes, n, sizeof(int32_t)); /* of the tape, and rows that are left */
    bytes = rri_stack_add(bytes, n, sizeof(int32_t));
    bytes = rri_stack_add(bytes, gru->window, sizeof(int32_t));
    bytes = rri_stack_add(bytes, rri_size_multiply(n, 3 * E), sizeof(float)); /* W_h h */
    return rri_stack_add(bytes, rri_size_multiply(n, E), sizeof(float));      /* h, or dh */
}

rri_gru_tape rri_gru_tape_take(const rri_gru *gru, const rri_histories *in, rri_stack *scratch)
{
    const size_t E = gru->hidden.in, T = in->n_tokens;
    return (rri_gru_tape){.order = RRI_STACK_TAKE(scratch, int32_t, in->n),
                          .counts = RRI_STACK_TAKE(scratch, int32_t, gru->window),
                          .tokens = RRI_STACK_TAKE(scratch, float, T * gru->input.in),
                          .before = RRI_STACK_TAKE(scratch, float, T *E),
                          .gates = RRI_STACK_TAKE(scratch, float, T * 3 * E),
                          .candidate = RRI_STACK_TAKE(scratch, float, T *E)};
}

/* order, counts and tokens of a tape. Runs of one length stay in their order. */
static void sort_runs(rri_gru_tape *tape, const rri_gru *gru, const rri_histories *in)
{
    const size_t D = gru->input.in;
    size_t place = 0;
    for (size_t length = gru->window + 1; length-- > 0;) {
        for (size_t i = 0; i < in->n; i++) {
            if ((size_t)in->lengths[i] == length) {
                tape->order[place++] = (int32_t)i;
            }
        }
        if (length > 0) {
            tape->counts[length - 1] = (int32_t)place;
        }
    }
    for (size_t p = 0; p < in->n; p++) {
        size_t first = 0, at = p;
        for (int32_t i = 0; i < tape->order[p]; i++) {
            first += (size_t)in->lengths[i];
        }
        for (size_t t = 0; t < (size_t)in->lengths[tape->order[p]]; t++) {
            memcpy(tape->tokens + at * D, in->tokens + (first + t) * D, D * sizeof(float));
            at += (size_t)tape->counts[t];
        }
    }
}

/* Rows of the run at place p which have seen as many tokens as its state h has: e ← h. *row is the
 * next of them, and moves on. */
static void read_rows(float *e, size_t stride, int32_t *row, const float *h, size_t n_seen,
                      const rri_gru_tape *tape, const rri_histories *in, size_t p, size_t E)
{
    const int32_t end = in->first_rows[tape->order[p] + 1];
    for (; e != NULL && *row < end && (size_t)in->row_lengths[*row] == n_seen; ++*row) {
        memcpy(e + (size_t)*row * stride, h, E * sizeof(float));
    }
}

void rri_gru_forward(const rri_gru *gru, float *e, size_t stride, rri_gru_tape *tape,
                     const rri_histories *in, rri_stack *scratch)
{
    const rri_kernels *kernels = gru->hidden.kernels;
    const size_t mark = rri_stack_mark(scratch), E = gru->hidden.in;
    float *h = RRI_STACK_TAKE(scratch, float, in->n *E);
    float *of_hidden = RRI_STACK_TAKE(scratch, float, in->n * 3 * E);
    int32_t *next = RRI_STACK_TAKE(scratch, int32_t, in->n); /* row of each place to be read */
    sort_runs(tape, gru, in);
    if (in->n_tokens > 0) {
        rri_gemm_packed(kernels, tape->gates, 3 * E, rri_view_rows(tape->tokens, gru->input.in),
                        gru->input.forward_panels, in->n_tokens, 3 * E, gru->input.in, false,
                        scratch); /* the step adds the bias */
    }
    for (size_t p = 0; p < in->n; p++) {
        memcpy(h + p * E, gru->start_values, E * sizeof(float));
        next[p] = in->first_rows[tape->order[p]];
        read_rows(e, stride, &next[p], h + p * E, 0, tape, in, p, E);
    }
    size_t at = 0;
    for (size_t t = 0; at < in->n_tokens; t++) {
        const size_t count = (size_t)tape->counts[t];
        memcpy(tape->before + at * E, h, count * E * sizeof(float));
        rri_gemm_packed(kernels, of_hidden, 3 * E, rri_view_rows(h, E), gru->hidden.forward_panels,
                        count, 3 * E, E, false, scratch);
        kernels->sequence->gru_step(h, tape->gates + at * 3 * E, tape->candidate + at * E,
                                    of_hidden, gru->input.bias, gru->hidden.bias, count, E);
        for (size_t p = 0; p < count; p++) {
            read_rows(e, stride, &next[p], h + p * E, t + 1, tape, in, p, E);
        }
        at += count;
    }
    rri_stack_rewind(scratch, mark);
}

/* dh += de of the rows of the run at place p which have seen so many tokens. *end: behind the last
 * row that is left, and moves back. */
static void add_rows(float *dh, int32_t *end, const float *de, size_t stride, size_t n_seen,
                     const rri_gru *gru, const rri_gru_tape *tape, const rri_histories *in,
                     size_t p)
{
    const int32_t first = in->first_rows[tape->order[p]];
    for (; *end > first && (size_t)in->row_lengths[*end - 1] == n_seen; --*end) {
        rri_vec_add(gru->hidden.kernels, dh, de + (size_t)(*end - 1) * stride, gru->hidden.in);
    }
}

void rri_gru_backward(const rri_gru *gru, float *gradients, const float *de, size_t stride,
                      const rri_gru_tape *tape, const rri_histories *in, rri_stack *scratch)
{
    const rri_kernels *kernels = gru->hidden.kernels;
    const size_t mark = rri_stack_mark(scratch), E = gru->hidden.in, T = in->n_tokens;
    const rri_linear input = rri_linear_moved(&gru->input, gru->begin);
    const rri_linear hidden = rri_linear_moved(&gru->hidden, gru->begin);
    float *dh = RRI_STACK_TAKE(scratch, float, in->n *E);
    float *d_input = RRI_STACK_TAKE(scratch, float, T * 3 * E);
    float *d_hidden = RRI_STACK_TAKE(scratch, float, T * 3 * E);
    int32_t *ends = RRI_STACK_TAKE(scratch, int32_t, in->n); /* of the rows that are left */
    memset(dh, 0, in->n * E * sizeof(float));
    for (size_t p = 0; p < in->n; p++) {
        ends[p] = in->first_rows[tape->order[p] + 1];
    }
    size_t at = T;
    for (size_t t = gru->window; t-- > 0;) {
        const size_t count = (size_t)tape->counts[t];
        if (count == 0) {
            continue;
        }
        at -= count;
        for (size_t p = 0; p < count; p++) {
            add_rows(dh + p * E, &ends[p], de, stride, t + 1, gru, tape, in, p);
        }
        kernels->sequence->gru_step_backward(d_input + at * 3 * E, d_hidden + at * 3 * E, dh,
                                             tape->gates + at * 3 * E, tape->candidate + at * E,
                                             tape->before + at * E, count, E);
        rri_gemm_packed(kernels, dh, E, rri_view_rows(d_hidden + at * 3 * E, 3 * E),
                        gru->hidden.backward_panels, count, E, 3 * E, true, scratch);
    }
    if (T > 0) {
        rri_linear_backward_params(&input, gradients, d_input, tape->tokens, T, 0, 3 * E, scratch);
        rri_linear_backward_params(&hidden, gradients, d_hidden, tape->before, T, 0, 3 * E,
                                   scratch);
    }
    for (size_t p = 0; p < in->n; p++) {
        add_rows(dh + p * E, &ends[p], de, stride, 0, gru, tape, in, p);
        rri_vec_add(kernels, gradients + gru->start - gru->begin, dh + p * E, E);
    }
    rri_stack_rewind(scratch, mark);
}
