/* SPDX-License-Identifier: MIT */
/* sweep.h: one pass over the logits of a tile of rows, in the one order that all callers share.
 *
 * Logits are computed strip by strip; each row's blocks of 256 go into its running softmax. The
 * pass leaves m, L and H of each row, and on request the logits of given actions, the sums of the
 * blocks and the logits themselves.   rows ≤ 64 of the tile · width positions */
#ifndef RRI_POLICY_SWEEP_H
#define RRI_POLICY_SWEEP_H

#include "policy/logits.h"
#include "policy/softmax.h"

typedef struct rri_sweep {
    const rri_logits_tile *tile;
    float *Z; /* logits: [rows, width] where is_whole, else a strip [rows, RRI_LOGITS_STRIP] used
                 over and over */
    size_t ldz;
    bool is_whole;

    float *maxima;    /* [rows] m; NULL: logits alone are wanted, and the two below are not read */
    double *log_sums; /* [rows] L */
    float *entropies; /* [rows] H */

    const int32_t *actions; /* [rows] or NULL */
    float *log_probs;       /* [rows] log π of actions */

    double *block_sums;  /* [rows, blocks] or NULL: Σ exp(z − block_maxima) of each block */
    float *block_maxima; /* [rows, blocks] */
    bool keeps_exp; /* Z ← exp(z − block_maxima); only where it is whole and block_sums NULL */

    /* Called with each strip's logits [rows, end − begin] when they are there; NULL: nobody asks.
     */
    void (*visit)(void *context, const float *Z, size_t ldz, size_t begin, size_t end);
    void *context;
} rri_sweep;

/* Sets tile and Z, the latter from scratch: whole where width ≤ RRI_LOGITS_STRIP. The rest is NULL.
 */
void rri_sweep_init(rri_sweep *sweep, const rri_logits_tile *tile, rri_stack *scratch);

void rri_sweep_run(const rri_sweep *sweep, rri_stack *scratch);

/* Blocks of a row. */
static inline size_t rri_sweep_blocks(size_t width)
{
    return (width + RRI_SOFTMAX_BLOCK - 1) / RRI_SOFTMAX_BLOCK;
}

/* Bytes for prepare, init and run together. */
size_t rri_sweep_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

/* The larger of k and N: the widest row. */
size_t rri_sweep_width(const rri_logits_limits *limits);

#endif
