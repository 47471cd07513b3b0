/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_batch.h"

#include "core/memory.h"
#include "policy/large_pool_loops.h"

void rri_large_pool_batch_begin(rri_large_pool_batch *b, const rri_logits_input *in,
                                const int32_t *actions, size_t row, size_t n_rows,
                                rri_stack *stacks)
{
    rri_stack *scratch = &stacks[0];
    const size_t panel = in->kernels->wide, dim = in->catalogue->dim;
    *b = (rri_large_pool_batch){.in = in,
                                .loops = rri_large_pool_loops_of(in->kernels),
                                .row = row,
                                .n_rows = n_rows,
                                .panel = panel,
                                .n_items = in->catalogue->n_items,
                                .dim = dim,
                                .actions = actions != NULL ? actions + row : NULL,
                                .stacks = stacks};
    b->n_panels = rri_large_pool_parts(b->n_rows, panel);
    for (size_t r = 0; r < b->n_rows; r += RRI_LOGITS_TILE) {
        rri_logits_prepare(&b->tiles[r / RRI_LOGITS_TILE], in, row + r,
                           rri_size_smaller(RRI_LOGITS_TILE, b->n_rows - r), scratch);
    }
    float *q = RRI_STACK_TAKE(scratch, float, rri_panels_count(in->kernels, b->n_rows, dim));
    rri_panels_pack(in->kernels, q, rri_view_transposed(in->q + row * dim, dim), dim, b->n_rows);
    b->q = q;
}

void rri_large_pool_batch_logits(float *Z, const rri_large_pool_batch *b,
                                 const rri_touches *touches, size_t p, size_t begin, size_t end)
{
    const rri_catalogue *catalogue = b->in->catalogue;
    b->loops->logits(Z, catalogue->vectors + begin * b->dim, b->q + p * b->panel * b->dim,
                     b->in->head->scale, catalogue->bias != NULL ? catalogue->bias + begin : NULL,
                     end - begin, b->dim);
    const size_t first = p * b->panel;
    for (size_t r = first; r < rri_size_smaller(first + b->panel, b->n_rows); r++) {
        if (rri_touches_any(touches, r, end)) {
            rri_touches_apply(Z + r - first, b->panel, touches, r, begin, end);
        }
    }
}

float *rri_large_pool_batch_action(float *Z, const rri_large_pool_batch *b, size_t r, size_t begin,
                                   size_t end)
{
    const size_t action = b->actions != NULL ? (size_t)b->actions[r] : end;
    return action >= begin && action < end ? Z + (action - begin) * b->panel + r % b->panel : NULL;
}

size_t rri_large_pool_batch_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, RRI_LARGE_POOL_BATCH);
    return RRI_LARGE_POOL_TILES * rri_logits_prepare_scratch(limits) +
           rri_stack_cost(rri_panels_count(kernels, n, limits->dim), sizeof(float));
}
