/* SPDX-License-Identifier: MIT */
#include "policy/sweep.h"

#include "core/memory.h"

void rri_sweep_init(rri_sweep *sweep, const rri_logits_tile *tile, rri_stack *scratch)
{
    const size_t strip = rri_size_smaller(tile->width, RRI_LOGITS_STRIP);
    *sweep = (rri_sweep){.tile = tile,
                         .Z = RRI_STACK_TAKE(scratch, float, tile->n_rows *strip),
                         .ldz = strip,
                         .is_whole = tile->width <= RRI_LOGITS_STRIP};
}

/* Where the logits from position `begin` on are written. */
static float *strip_of(const rri_sweep *sweep, size_t begin)
{
    return sweep->is_whole ? sweep->Z + begin : sweep->Z;
}

/* Floats that are asked for while one block is added. */
#define ASKED ((size_t)1024)

/* Of a single row that walks over the pool: what is asked for while the strip's blocks are added of
 * the strip that begins at `next`, the beginnings of its first panels or its first vectors. */
static const float *next_items(const rri_logits_tile *tile, size_t at, size_t next)
{
    const rri_catalogue *catalogue = tile->in->catalogue;
    if (tile->n_rows > 1 || tile->in->menu->k > 0 || next + RRI_LOGITS_STRIP > tile->width) {
        return NULL;
    }
    const size_t block = at % RRI_LOGITS_STRIP / RRI_SOFTMAX_BLOCK;
    if (catalogue->panels != NULL) {
        return catalogue->panels + (next + block * tile->in->kernels->wide) * catalogue->dim;
    }
    const size_t first = rri_size_smaller(block * ASKED, RRI_SOFTMAX_BLOCK * catalogue->dim);
    return catalogue->vectors + next * catalogue->dim + first;
}

/* z [end − begin] of one row into its running softmax. */
static void add_row(const rri_sweep *sweep, rri_softmax_row *state, size_t row, float *z,
                    size_t begin, size_t end)
{
    const rri_kernels *kernels = sweep->tile->in->kernels;
    const size_t n_blocks = rri_sweep_blocks(sweep->tile->width);
    for (size_t at = begin; at < end; at += RRI_SOFTMAX_BLOCK) {
        const size_t n = rri_size_smaller(RRI_SOFTMAX_BLOCK, end - at);
        const size_t block = row * n_blocks + at / RRI_SOFTMAX_BLOCK;
        double *sum = sweep->block_sums != NULL ? sweep->block_sums + block : NULL;
        if (sweep->keeps_exp) {
            rri_softmax_add_keeping(state, kernels, z + (at - begin), n);
        } else {
            rri_softmax_add(state, kernels, z + (at - begin), n, sum,
                            next_items(sweep->tile, at, begin + RRI_LOGITS_STRIP));
        }
        if (sweep->block_maxima != NULL) {
            sweep->block_maxima[block] = state->max;
        }
    }
}

/* The logits of actions wait in log_probs until m and L are known. */
static void finish_row(const rri_sweep *sweep, rri_softmax_row *state, size_t row)
{
    rri_softmax_finish(state, &sweep->maxima[row], &sweep->log_sums[row], &sweep->entropies[row]);
    if (sweep->actions != NULL) {
        sweep->log_probs[row] =
            rri_softmax_log_prob(sweep->log_probs[row], sweep->maxima[row], sweep->log_sums[row]);
    }
}

void rri_sweep_run(const rri_sweep *sweep, rri_stack *scratch)
{
    const rri_logits_tile *tile = sweep->tile;
    const rri_logits_input *in = tile->in;
    const size_t mark = rri_stack_mark(scratch);
    rri_softmax_row *states = RRI_STACK_TAKE(scratch, rri_softmax_row, tile->n_rows);
    for (size_t r = 0; r < tile->n_rows; r++) {
        rri_softmax_begin(&states[r]);
    }
    for (size_t begin = 0; begin < tile->width; begin += RRI_LOGITS_STRIP) {
        const size_t end = rri_size_smaller(begin + RRI_LOGITS_STRIP, tile->width);
        float *Z = strip_of(sweep, begin);
        rri_logits_compute(Z, sweep->ldz, tile, 0, tile->n_rows, begin, end, scratch);
        for (size_t r = 0; r < tile->n_rows; r++) {
            float *z = Z + r * sweep->ldz;
            const size_t length =
                rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + r);
            const size_t action = sweep->actions != NULL ? (size_t)sweep->actions[r] : end;
            if (action >= begin && action < end) {
                sweep->log_probs[r] = z[action - begin];
            }
            if (sweep->maxima != NULL) {
                add_row(sweep, &states[r], r, z, begin, rri_size_smaller(end, length));
            }
        }
        if (sweep->visit != NULL) {
            sweep->visit(sweep->context, Z, sweep->ldz, begin, end);
        }
    }
    for (size_t r = 0; sweep->maxima != NULL && r < tile->n_rows; r++) {
        finish_row(sweep, &states[r], r);
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_sweep_width(const rri_logits_limits *limits)
{
    return limits->k > limits->n_items ? limits->k : limits->n_items;
}

size_t rri_sweep_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t strip = rri_size_smaller(rri_sweep_width(limits), RRI_LOGITS_STRIP);
    const size_t of_logits = rri_size_add(rri_logits_prepare_scratch(limits),
                                          rri_logits_compute_scratch(kernels, limits));
    return rri_stack_add(rri_stack_add(of_logits, rows * strip, sizeof(float)), rows,
                         sizeof(rri_softmax_row));
}
