/* SPDX-License-Identifier: MIT */
/* large_pool_batch.h: the rows that read a large pool together, as the tasks of large_pool.h see
 * them.
 *
 * rows ≤ 256 in panels of P, the level's columns of a panel · N items · d width · h history */
#ifndef RRI_POLICY_LARGE_POOL_BATCH_H
#define RRI_POLICY_LARGE_POOL_BATCH_H

#include "policy/best.h"
#include "policy/large_pool_block.h"
#include "policy/logits.h"
#include "policy/touches.h"

/* Rows that read the catalogue together: one chain of additions of dV. */
#define RRI_LARGE_POOL_BATCH ((size_t)RRI_K_CUT)
#define RRI_LARGE_POOL_TILES (RRI_LARGE_POOL_BATCH / RRI_LOGITS_TILE)

/* One chunk of one row. */
typedef struct rri_large_pool_sums {
    double sum, moment;
    float max;
} rri_large_pool_sums;

/* One batch. Its slices are taken from the first stack, which the caller rewinds. */
typedef struct rri_large_pool_batch {
    const rri_logits_input *in;
    const rri_large_pool_block *loops;
    size_t row, n_rows, panel, n_panels, n_items, dim;
    rri_logits_tile tiles[RRI_LARGE_POOL_TILES];
    const int32_t *actions; /* [rows] or NULL */
    const float *q;         /* [panels][d, P] */
    rri_stack *stacks;      /* [workers] */

    size_t first_chunk;          /* forward: of the present group */
    rri_large_pool_sums *chunks; /* [chunks][256]; NULL: nobody asks */
    float *action_logits;        /* [rows] */
    rri_best *best;              /* [rows] what is best so far; NULL: nobody asks */

    size_t shard_blocks;             /* backward: blocks of a shard */
    const rri_large_pool_rows *rows; /* [panels] */
    const float *columns;            /* [ceil(d / P)][panels · P, P]  τ q */
    float *shards;                   /* [shards][panels][d, P] */
    float *shown_slopes;             /* [rows, h], NULL where nobody asks */
    float *dV, *db;                  /* [N, d] and [N], NULL where nobody asks */
    bool adds_to_items;              /* dV and db are added to, not written */
} rri_large_pool_batch;

/* Parts of `unit` that n has, the last one cut off. */
static inline size_t rri_large_pool_parts(size_t n, size_t unit)
{
    return (n + unit - 1) / unit;
}

/* Rows [row, row + n_rows) of the input, n_rows ≤ 256: what every pass needs. */
void rri_large_pool_batch_begin(rri_large_pool_batch *b, const rri_logits_input *in,
                                const int32_t *actions, size_t row, size_t n_rows,
                                rri_stack *stacks);
size_t rri_large_pool_batch_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

/* Logits of a block of items for panel p of the rows: Z [end − begin, P]. */
void rri_large_pool_batch_logits(float *Z, const rri_large_pool_batch *b,
                                 const rri_touches *touches, size_t p, size_t begin, size_t end);

/* Where row r's action lies in the block Z of its panel; NULL where it is not in the block. */
float *rri_large_pool_batch_action(float *Z, const rri_large_pool_batch *b, size_t r, size_t begin,
                                   size_t end);

#endif
