/* SPDX-License-Identifier: MIT */
/* softmax_block.h: the loops over one block of logits, compiled once per level with the same bits.
 *
 * A logit of −∞ is a position that may not be chosen: it adds nothing and its slope is 0. */
#ifndef RRI_MATH_SOFTMAX_BLOCK_H
#define RRI_MATH_SOFTMAX_BLOCK_H

#include <stddef.h>

#define RRI_SOFTMAX_BLOCK ((size_t)256) /* positions of a whole block */
#define RRI_SOFTMAX_LANES ((size_t)16)  /* element i belongs to lane i mod 16 */

typedef struct rri_softmax_block {
    /* z = scale · z, then + bias (NULL: nothing); any n */
    void (*affine)(float *z, float scale, const float *bias, size_t n);

    /* One block, n ≤ 256, into running lanes: max is raised to the block's, with sums and moments
     * rescaled; then sums += s and moments += t, the block's lane sums from 0: s of e = exp(z −
     * max), t of e · (z − max). Before the first block: −∞ and zeros. Returns Σ s in double, by
     * halves. What lies ahead (NULL: nothing is known), 4 KiB, is asked for along the way. */
    double (*add)(float *max, float sums[16], float moments[16], const float *z, size_t n,
                  const float *ahead);

    /* The same, and e over z itself. */
    void (*add_keeping)(float *max, float sums[16], float moments[16], float *z, size_t n);

    /* y = factor · e. y may be e; any n. */
    void (*scaled)(float *y, const float *e, float factor, size_t n);

    /* dz = −p (g + e (log p + H)) with log p = (z − m) − L, p = exp(log p). dz may be z; any n. */
    void (*slope)(float *dz, const float *z, float m, float log_sum, float g, float e,
                  float entropy, size_t n);

    /* y = (z − m) − L in double, rounded once, as rri_softmax_log_prob. y may be z; any n. */
    void (*log_prob)(float *y, const float *z, float m, double log_sum, size_t n);
} rri_softmax_block;

extern const rri_softmax_block rri_softmax_block_portable, rri_softmax_block_avx2,
    rri_softmax_block_avx512;

#endif
