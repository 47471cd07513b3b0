/* SPDX-License-Identifier: MIT */
/* softmax.h: one row's running m = max z, Σ exp(z − m) and Σ exp(z − m)(z − m), block after block.
 *
 * Positions go in blocks of 256 inside chunks of 16384, counted from the row's start. A chunk
 * carries sixteen lanes of both sums, rescaled when its maximum moves; chunks are merged in order,
 * in double: f = exp(m − m')    Σ ← f Σ    Σ(z − m') ← f (Σ(z − m) + (m − m') Σ) so a row's L and H
 * depend on its logits alone.   docs/maths.md §3 */
#ifndef RRI_POLICY_SOFTMAX_H
#define RRI_POLICY_SOFTMAX_H

#include <stddef.h>

#include "math/kernels.h"

#define RRI_SOFTMAX_CHUNK ((size_t)16384)

typedef struct rri_softmax_row {
    float max; /* of the running chunk; −∞ before the first */
    float sums[16], moments[16];
    size_t n_in_chunk;
    float total_max; /* of the closed chunks */
    double total_sum, total_moment;
} rri_softmax_row;

void rri_softmax_begin(rri_softmax_row *row);

/* The next block: n ≤ 256, less only in the row's last. block_sum (NULL: not wanted) receives the
 * block's own Σ exp(z − row->max), with row->max as it is on return. ahead (NULL: unknown): what
 * is read next, asked for meanwhile. */
void rri_softmax_add(rri_softmax_row *row, const rri_kernels *kernels, const float *z, size_t n,
                     double *block_sum, const float *ahead);

/* Σ over sixteen lanes, in double, folded by halves. */
double rri_softmax_fold(const float lanes[16]);

/* The next chunk of a row whose chunks were run over elsewhere: its maximum and both sums. */
void rri_softmax_merge(rri_softmax_row *row, float max, double sum, double moment);

/* The same, and z ← exp(z − row->max), with row->max as it is on return. */
void rri_softmax_add_keeping(rri_softmax_row *row, const rri_kernels *kernels, float *z, size_t n);

/* m, L = log Σ exp(z − m) and H = L − Σ exp(z − m)(z − m) / Σ exp(z − m). */
void rri_softmax_finish(rri_softmax_row *row, float *max, double *log_sum, float *entropy);

/* log π of a position from its logit, rounded once. */
static inline float rri_softmax_log_prob(float z, float max, double log_sum)
{
    return (float)(((double)z - (double)max) - log_sum);
}

#endif
