/* SPDX-License-Identifier: MIT */
/* large_pool.h: forward and backward of policy.h for rows that choose from the whole of a large
 * pool, shared out over threads by items.
 *
 * Rows go in batches of 256, which read the catalogue twice as it lies: once for m, L and H, once
 * for the slopes, which flow into both products block by block. Memory is that of a batch and of
 * one block a thread, at any number of items.
 *
 *   forward    a task is a chunk of 16384 items; chunks are merged in order. The bits of
 *              rri_policy_forward.
 *   backward   a task is a shard of consecutive blocks, a function of N and d alone; dq is the sum
 *              of the shards' in order. dV has the bits of rri_policy_backward_items.
 *
 * n rows · N items · d width.   docs/maths.md §3 */
#ifndef RRI_POLICY_LARGE_POOL_H
#define RRI_POLICY_LARGE_POOL_H

#include "core/workers.h"
#include "policy/best.h"
#include "policy/policy.h"

/* log_probs [n] of actions [n] (both may be NULL), and the tape's maxima, log_sums and
 * entropies, for all rows of the menu, which has no lists. stacks [workers]: see below. */
void rri_large_pool_forward(float *log_probs, rri_policy_tape *tape, const rri_logits_input *in,
                            const int32_t *actions, rri_workers *workers, rri_stack *stacks);

/* The best of rows [row, row + n_rows), n_rows ≤ RRI_LOGITS_TILE, of an input without lists into
 * best, row by row from 0 on; it is empty before. On the calling thread. maxima, log_sums [n_rows]:
 * m and L with the bits of rri_policy_forward; maxima NULL: not written. */
void rri_large_pool_top(rri_best *best, float *maxima, double *log_sums, const rri_logits_input *in,
                        size_t row, size_t n_rows, rri_stack *scratch);
size_t rri_large_pool_top_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

/* What the slopes of n rows are made of, as in rri_policy_backward_query_tile; borrowed. */
typedef struct rri_large_pool_slopes {
    const int32_t *actions;   /* [n] a */
    const float *d_log_probs; /* [n] g */
    float d_entropy;          /* e */
} rri_large_pool_slopes;

/* Where gradients go; what is NULL is not written. */
typedef struct rri_large_pool_gradients {
    float *dq;             /* [n, d] written */
    rri_policy_sums *sums; /* added */
    float *dV, *db;        /* [N, d] and [N] written, or */
    bool adds_to_items;    /* added */
} rri_large_pool_gradients;

/* From what forward left: rri_policy_backward_query_tile and rri_policy_backward_items in one. dq
 * must not be NULL. */
void rri_large_pool_backward(const rri_large_pool_gradients *gradients, const rri_policy_tape *tape,
                             const rri_logits_input *in, const rri_large_pool_slopes *slopes,
                             rri_workers *workers, rri_stack *stacks);

/* Bytes of every stack, and what the first one needs on top. */
size_t rri_large_pool_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);
size_t rri_large_pool_shared_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
