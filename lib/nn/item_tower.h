/* SPDX-License-Identifier: MIT */
/* item_tower.h: vectors of items from features of their own. maths §2.
 *
 *     V_i = v_i + c T(g_i)      T an MLP, whose last layer starts small and has no bias: one would
 *                               add the same to the scores of all items
 *     dT(g_i) = c dV_i, then the MLP's own
 *
 * The table of all V_i is made after each step, and from the slopes of all V_i come those of T:
 * both in shards of items, which threads share out. How many there are follows from the number of
 * items alone, and their gradients are added in their order, so bits do not depend on threads. A
 * shard has its own tapes, so nothing is asked of a stack: what it keeps of the MLP's layers is of
 * a block of items, not of all.
 *
 * N items · f features · d width of V. */
#ifndef RRI_NN_ITEM_TOWER_H
#define RRI_NN_ITEM_TOWER_H

#include "nn/mlp.h"

#define RRI_TOWER_SHARDS ((size_t)16)
#define RRI_TOWER_BLOCK  ((size_t)64)  /* items that pass together */
#define RRI_TOWER_LEAST  ((size_t)256) /* a shard's items are a multiple */

/* What one shard works in. */
typedef struct rri_tower_shard {
    rri_mlp_tape tape;   /* [block] rows */
    rri_mlp_tape slopes; /* the same; where it is trained, as all that follows */
    float *features;     /* [block, f] of items with slopes */
    float *gradients;    /* [end − begin] */
    rri_stack stack;
} rri_tower_shard;

/* Starts as {0}, which is: there is none. */
typedef struct rri_item_tower {
    rri_mlp mlp;
    float scale;          /* c */
    bool is_trained;      /* set between declare and layout: slopes will be asked for, by threads */
    size_t begin, end;    /* of its parameters in the flat arrays */
    size_t n_items, span; /* N; items of a shard */
    size_t n_shards;
    rri_tower_shard shards[RRI_TOWER_SHARDS]; /* [n_shards] */
} rri_item_tower;

/* hidden: widths, 0 ends the list; empty: T is linear. */
rr_status rri_item_tower_declare(rri_item_tower *tower, rri_params *params, const int32_t hidden[4],
                                 size_t feature_dim, size_t dim, int32_t activation, float scale,
                                 rr_error *err);
bool rri_item_tower_is_there(const rri_item_tower *tower);
void rri_item_tower_layout(rri_item_tower *tower, rri_arena *arena, const rri_kernels *kernels,
                           size_t n_items);
size_t rri_item_tower_init_scratch(const rri_item_tower *tower);
/* Orthogonal, the last layer with gain 0.01, as vectors that a dense head learns. */
void rri_item_tower_init(const rri_item_tower *tower, float *values, uint64_t seed, void *scratch);
void rri_item_tower_pack(rri_item_tower *tower, const float *values);

/* table [N, d]: rows of a shard ← base + c T(features). base [N, d], features [N, f]. */
void rri_item_tower_forward(float *table, rri_item_tower *tower, const float *base,
                            const float *features, size_t shard);

/* A shard's gradients from d_table [N, d]; items with none pass by. T is made again. */
void rri_item_tower_backward(rri_item_tower *tower, const float *d_table, const float *features,
                             size_t shard);
/* gradients (flat): the tower's part ← the sum of the shards', in order. */
void rri_item_tower_collect(float *gradients, const rri_item_tower *tower);

#endif
