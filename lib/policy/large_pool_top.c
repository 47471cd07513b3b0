/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_top.h"

#include "policy/large_pool_chunk.h"
#include "policy/softmax.h"

void rri_large_pool_top(rri_best *best, float *maxima, double *log_sums, const rri_logits_input *in,
                        size_t row, size_t n_rows, rri_stack *scratch)
{
    rri_softmax_row rows[RRI_LOGITS_TILE];
    rri_large_pool_batch b;
    rri_large_pool_batch_begin(&b, in, NULL, row, n_rows, scratch);
    b.best = best;
    if (maxima != NULL) {
        b.chunks = RRI_STACK_TAKE(scratch, rri_large_pool_sums, RRI_LARGE_POOL_BATCH);
    }
    for (size_t r = 0; r < n_rows; r++) {
        rri_softmax_begin(&rows[r]);
    }
    const size_t n_chunks = rri_large_pool_parts(b.n_items, RRI_SOFTMAX_CHUNK);
    for (; b.first_chunk < n_chunks; b.first_chunk++) {
        rri_large_pool_chunk_run(&b, 0, 0);
        for (size_t r = 0; r < n_rows && maxima != NULL; r++) {
            rri_softmax_merge(&rows[r], b.chunks[r].max, b.chunks[r].sum, b.chunks[r].moment);
        }
    }
    for (size_t r = 0; r < n_rows && maxima != NULL; r++) {
        float entropy;
        rri_softmax_finish(&rows[r], &maxima[r], &log_sums[r], &entropy);
    }
}

size_t rri_large_pool_top_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    rri_logits_limits tile = *limits;
    tile.n = limits->n < RRI_LOGITS_TILE ? limits->n : RRI_LOGITS_TILE;
    return rri_large_pool_batch_scratch(kernels, &tile) +
           rri_stack_cost(RRI_LARGE_POOL_BATCH, sizeof(rri_large_pool_sums)) +
           rri_large_pool_chunk_scratch(kernels, &tile);
}
