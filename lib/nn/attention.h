/* SPDX-License-Identifier: MIT */
/* attention.h: causal attention within each run's tokens [Vaswani et al. 2017], in H heads of width
 * E / H. Of a query at place t of its run, for each place u ≤ t, head by head,
 *
 *     a_u = q_t·k_u / √(E/H) + c_(t − u)        p = softmax(a)        y_t = Σ_u p_u v_u
 *
 * with a learned bias c for each head and distance, so that a token does not depend on how many
 * follow. Queries are those of every token, or of those at which a row ends. Letters as in
 * histories.h. */
#ifndef RRI_NN_ATTENTION_H
#define RRI_NN_ATTENTION_H

#include "core/memory.h"
#include "math/kernels.h"
#include "nn/histories.h"

typedef struct rri_attention {
    size_t width, n_heads, window; /* E, H; most tokens of a row */
    bool is_last;                  /* queries are those of rows' last tokens alone */
    const rri_kernels *kernels;
} rri_attention;

/* Queries of these rows. */
size_t rri_attention_n_queries(const rri_attention *attention, const rri_histories *in);

/* Floats of a row of p: the window in whole sixteens. */
size_t rri_attention_room(const rri_attention *attention);

/* y [Q, E] and p [Q, H, room], which backward needs.
 *   q [Q, E]   kv [T, 2 E] keys, then values   c [H, window] */
void rri_attention_forward(const rri_attention *attention, float *y, float *p, const float *q,
                           const float *kv, const float *c, const rri_histories *in,
                           rri_stack *scratch);

/* dq [Q, E] and dkv [T, 2 E] written, dc [H, window] added, from dy [Q, E]. */
void rri_attention_backward(const rri_attention *attention, float *dq, float *dkv, float *dc,
                            const float *dy, const float *p, const float *q, const float *kv,
                            const rri_histories *in, rri_stack *scratch);

/* Bytes of stack that either takes. */
size_t rri_attention_scratch(const rri_attention *attention);

#endif
