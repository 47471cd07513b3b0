/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_shard.h"

#include "core/memory.h"

#include <string.h>

/* dz of a block for one panel of rows, in the place of its logits. */
static void compute_slopes(float *Z, const rri_large_pool_batch *b, rri_touches *touches, size_t p,
                           size_t begin, size_t end)
{
    rri_large_pool_batch_logits(Z, b, touches, p, begin, end);
    b->loops->slopes(Z, &b->rows[p], end - begin);
    const size_t first = p * b->panel;
    const size_t h = b->in->menu->h;
    for (size_t r = first; r < rri_size_smaller(first + b->panel, b->n_rows); r++) {
        if (!rri_touches_any(touches, r, end)) {
            continue;
        }
        float *dz = rri_large_pool_batch_action(Z, b, r, begin, end);
        if (dz != NULL) {
            *dz += b->rows[p].d_log_probs[r - first];
        }
        if (b->shown_slopes != NULL) {
            rri_touches_collect(b->shown_slopes + r * h, Z + r - first, b->panel, touches, r, begin,
                                end);
        }
        rri_touches_advance(touches, r, end);
    }
}

/* dV and db of a block of items from dz of all rows. */
static void flow_to_items(const rri_large_pool_batch *b, const float *Z, size_t begin, size_t end)
{
    const size_t n = end - begin, stride = RRI_SOFTMAX_BLOCK * b->panel;
    if (b->dV != NULL) {
        float *dV = b->dV + begin * b->dim;
        if (!b->adds_to_items) {
            memset(dV, 0, n * b->dim * sizeof *dV);
        }
        b->loops->add_items(dV, Z, stride, b->columns, n, b->n_panels, b->dim);
    }
    if (b->db != NULL) {
        if (!b->adds_to_items) {
            memset(b->db + begin, 0, n * sizeof *b->db);
        }
        b->loops->add_bias(b->db + begin, Z, stride, n, b->n_panels);
    }
}

void rri_large_pool_shard_run(void *batch, size_t task, size_t worker)
{
    const rri_large_pool_batch *b = batch;
    const size_t panel_floats = b->panel * b->dim, stride = RRI_SOFTMAX_BLOCK * b->panel;
    rri_stack *scratch = &b->stacks[worker];
    const size_t mark = rri_stack_mark(scratch);
    float *Z = RRI_STACK_TAKE(scratch, float, b->n_panels *stride);
    float *dq = b->shards + task * b->n_panels * panel_floats;
    const size_t first = task * b->shard_blocks * RRI_SOFTMAX_BLOCK;
    const size_t last = rri_size_smaller(first + b->shard_blocks * RRI_SOFTMAX_BLOCK, b->n_items);
    rri_touches touches;
    rri_touches_begin(&touches, b->tiles, b->actions, b->n_rows, first, scratch);
    for (size_t begin = first; begin < last; begin += RRI_SOFTMAX_BLOCK) {
        const size_t end = rri_size_smaller(begin + RRI_SOFTMAX_BLOCK, last);
        const float *V = b->in->catalogue->vectors + begin * b->dim;
        for (size_t p = 0; p < b->n_panels; p++) {
            compute_slopes(Z + p * stride, b, &touches, p, begin, end);
            b->loops->add_query(dq + p * panel_floats, V, Z + p * stride, end - begin, b->dim,
                                begin > first);
        }
        flow_to_items(b, Z, begin, end);
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_large_pool_shard_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, RRI_LARGE_POOL_BATCH);
    const size_t n_panels = rri_large_pool_parts(n, kernels->wide);
    return rri_stack_cost(n_panels * RRI_SOFTMAX_BLOCK * kernels->wide, sizeof(float)) +
           rri_touches_scratch(n);
}
