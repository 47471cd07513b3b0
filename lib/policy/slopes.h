/* SPDX-License-Identifier: MIT */
/* slopes.h: dz of a strip of positions, and what flows from it to q, κ and w.
 *
 *     dz_i = g (1[i = a] − p_i) − e p_i (log p_i + H)   + those of a reference (reference.h)
 *     dq = τ Σ_i dz_i v_i    dκ = −Σ dz_i count_i    dw = Σ dz_i f_i    dη = Σ dz_i e_i */
#ifndef RRI_POLICY_SLOPES_H
#define RRI_POLICY_SLOPES_H

#include "policy/policy.h"

/* What the slopes of n rows are made of; borrowed. */
typedef struct rri_slopes {
    const rri_policy_tape *tape;
    const int32_t *actions;   /* [n] a */
    const float *d_log_probs; /* [n] g */
    float d_entropy;          /* e */
} rri_slopes;

/* dZ [n_rows, end − begin] of a whole tile, positions [begin, end): from the tape's logits, or from
 * logits made again. 0 where a position may not be chosen. dZ may be those logits. */
void rri_slopes_compute(float *dZ, size_t ldz, const rri_slopes *slopes,
                        const rri_logits_tile *tile, size_t begin, size_t end, rri_stack *scratch);

/* dq [n_rows, d] ← or += Σ dz_i v_i over the strip, without τ; the strip at 0 writes. */
void rri_slopes_add_vectors(float *dq, const float *dZ, size_t ldz, const rri_logits_tile *tile,
                            size_t begin, size_t end, rri_stack *scratch);

/* dκ, dw and dη of a strip, row after row. */
void rri_slopes_add_sums(rri_policy_sums *sums, const float *dZ, size_t ldz,
                         const rri_logits_tile *tile, size_t begin, size_t end,
                         rri_stack *scratch);

#endif
