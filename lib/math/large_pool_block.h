/* SPDX-License-Identifier: MIT */
/* large_pool_block.h: the loops over one block of a large pool's items, compiled once per level
 * with the same bits.
 *
 * Rows of the batch lie side by side in the vector lanes: a panel holds P rows, P the level's
 * columns of a panel (rri_kernels.wide), and a tile of logits is [items, P], which is at once a
 * packed panel for dq = Σ dz v. Items are read as they lie, row-major [N, d]: each number of theirs
 * is broadcast, so that nothing of the catalogue is packed.
 *
 *     panel of q     [d, P]     element (l, r): q of row r, coordinate l
 *     panel of Z     [n, P]     element (i, r): z of the block's item i
 *     panel of dq    [d, P]
 *     columns of q   [ceil(d / P)][rows, P]     τ q again, coordinates in the lanes, for dV
 * n ≤ 256 items of a block · docs/maths.md §3 */
#ifndef RRI_MATH_LARGE_POOL_BLOCK_H
#define RRI_MATH_LARGE_POOL_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "math/softmax_block.h"

/* Rows of the widest panel. */
#define RRI_LARGE_POOL_PANEL ((size_t)32)

/* The running softmax of a panel's rows, as rri_softmax_row of each: lane l of row r at [l][r]. */
typedef struct rri_large_pool_state {
    float maxima[RRI_LARGE_POOL_PANEL]; /* −∞ before the first block */
    float sums[RRI_SOFTMAX_LANES][RRI_LARGE_POOL_PANEL];
    float moments[RRI_SOFTMAX_LANES][RRI_LARGE_POOL_PANEL];
} rri_large_pool_state;

/* What the slopes of a panel's rows are made of; a row that is not there has max = ∞. */
typedef struct rri_large_pool_rows {
    float maxima[RRI_LARGE_POOL_PANEL];      /* m */
    float log_sums[RRI_LARGE_POOL_PANEL];    /* L */
    float entropies[RRI_LARGE_POOL_PANEL];   /* H */
    float d_log_probs[RRI_LARGE_POOL_PANEL]; /* g */
    float d_entropy;                         /* e */
} rri_large_pool_rows;

typedef struct rri_large_pool_block {
    /* Z ← τ V q + bias (NULL: none).   V [n, d] · bias [n] */
    void (*logits)(float *Z, const float *V, const float *q, float scale, const float *bias,
                   size_t n, size_t dim);

    /* A block into the running softmax: the maximum first, then both sums. */
    void (*accumulate)(rri_large_pool_state *state, const float *Z, size_t n);

    /* From item *i on, the first at which the z of some row is above that row's bound: its number
     * into *i, a bit for each such row returned; 0: there is none. Never where z is NaN.
     * bounds [P] */
    unsigned (*find_above)(size_t *i, const float *Z, const float *bounds, size_t n);

    /* Z ← dz = −p (g + e (log p + H)), without the term of the action. */
    void (*slopes)(float *Z, const rri_large_pool_rows *rows, size_t n);

    /* A panel of dq = or += Vᵀ dZ. */
    void (*add_query)(float *dq, const float *V, const float *dZ, size_t n, size_t dim,
                      bool accumulate);

    /* dV [n, d] += dZ q over all n_panels · P rows; panels of dZ lie panel_stride floats apart. */
    void (*add_items)(float *dV, const float *dZ, size_t panel_stride, const float *columns,
                      size_t n, size_t n_panels, size_t dim);

    /* db [n] += Σ_rows dz, row r in lane r mod 16, lanes folded by halves. */
    void (*add_bias)(float *db, const float *dZ, size_t panel_stride, size_t n, size_t n_panels);
} rri_large_pool_block;

extern const rri_large_pool_block rri_large_pool_block_portable, rri_large_pool_block_avx2,
    rri_large_pool_block_avx512;

#endif
