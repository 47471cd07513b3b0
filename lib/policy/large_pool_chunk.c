/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_chunk.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "policy/softmax.h"

/* Logits of a block above what the rows of its panel ask for. */
static void offer_block(const rri_large_pool_batch *b, const float *Z, size_t p, size_t begin,
                        size_t end)
{
    const size_t first = p * b->panel, n_here = rri_size_smaller(b->panel, b->n_rows - first);
    float bounds[RRI_LARGE_POOL_PANEL];
    for (size_t r = 0; r < b->panel; r++) {
        bounds[r] = r < n_here ? rri_best_bound(b->best, first + r) : INFINITY;
    }
    size_t i = 0;
    for (;;) {
        const unsigned rows = b->loops->find_above(&i, Z, bounds, end - begin);
        if (rows == 0) {
            return;
        }
        for (size_t r = 0; r < n_here; r++) {
            if ((rows >> r & 1u) != 0) {
                rri_best_offer(b->best, first + r, Z[i * b->panel + r], (int32_t)(begin + i));
                bounds[r] = rri_best_bound(b->best, first + r);
            }
        }
        i++;
    }
}

static void add_block(rri_large_pool_state *states, float *Z, const rri_large_pool_batch *b,
                      rri_touches *touches, size_t begin, size_t end)
{
    for (size_t p = 0; p < b->n_panels; p++) {
        rri_large_pool_batch_logits(Z, b, touches, p, begin, end);
        const size_t first = p * b->panel;
        for (size_t r = first; r < rri_size_smaller(first + b->panel, b->n_rows); r++) {
            if (!rri_touches_any(touches, r, end)) {
                continue;
            }
            const float *logit = rri_large_pool_batch_action(Z, b, r, begin, end);
            if (logit != NULL) {
                b->action_logits[r] = *logit;
            }
            rri_touches_advance(touches, r, end);
        }
        if (b->best != NULL) {
            offer_block(b, Z, p, begin, end);
        }
        if (b->chunks != NULL) {
            b->loops->accumulate(&states[p], Z, end - begin);
        }
    }
}

static rri_large_pool_sums close_row(const rri_large_pool_state *state, size_t lane)
{
    float sums[RRI_SOFTMAX_LANES];
    float moments[RRI_SOFTMAX_LANES];
    for (size_t l = 0; l < RRI_SOFTMAX_LANES; l++) {
        sums[l] = state->sums[l][lane];
        moments[l] = state->moments[l][lane];
    }
    return (rri_large_pool_sums){rri_softmax_fold(sums), rri_softmax_fold(moments),
                                 state->maxima[lane]};
}

void rri_large_pool_chunk_run(void *batch, size_t task, size_t worker)
{
    const rri_large_pool_batch *b = batch;
    rri_stack *scratch = &b->stacks[worker];
    const size_t mark = rri_stack_mark(scratch);
    rri_large_pool_state *states = RRI_STACK_TAKE(scratch, rri_large_pool_state, b->n_panels);
    memset(states, 0, b->n_panels * sizeof *states);
    for (size_t p = 0; p < b->n_panels; p++) {
        for (size_t r = 0; r < RRI_LARGE_POOL_PANEL; r++) {
            states[p].maxima[r] = -INFINITY;
        }
    }
    float *Z = RRI_STACK_TAKE(scratch, float, RRI_SOFTMAX_BLOCK * b->panel);
    const size_t first = (b->first_chunk + task) * RRI_SOFTMAX_CHUNK;
    const size_t last = rri_size_smaller(first + RRI_SOFTMAX_CHUNK, b->n_items);
    rri_touches touches;
    rri_touches_begin(&touches, b->tiles, b->actions, b->n_rows, first, scratch);
    for (size_t begin = first; begin < last; begin += RRI_SOFTMAX_BLOCK) {
        add_block(states, Z, b, &touches, begin, rri_size_smaller(begin + RRI_SOFTMAX_BLOCK, last));
    }
    for (size_t r = 0; r < b->n_rows && b->chunks != NULL; r++) {
        b->chunks[task * RRI_LARGE_POOL_BATCH + r] = close_row(&states[r / b->panel], r % b->panel);
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_large_pool_chunk_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, RRI_LARGE_POOL_BATCH);
    const size_t n_panels = rri_large_pool_parts(n, kernels->wide);
    return rri_stack_cost(n_panels, sizeof(rri_large_pool_state)) +
           rri_stack_cost(RRI_SOFTMAX_BLOCK * kernels->wide, sizeof(float)) +
           rri_touches_scratch(n);
}
