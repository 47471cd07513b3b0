/* SPDX-License-Identifier: MIT */
/* reference.h: how far the policy is from another one that it is to stay near, and the slopes of
 * that, exact over each row's list. maths §13.
 *
 *     k_i = log p_i − log p⁰_i     KL = Σ_i p_i k_i     dz_i = c p_i (k_i − KL)
 *
 * p⁰ is another policy's, or of scores s that the host gives:
 *
 *     p⁰_i = exp(s_i − m⁰ − L⁰)      or, where s is −∞ for one that may be chosen,
 *     p⁰_i = (1 − ε) exp(s_i − m⁰ − L⁰) + ε/K
 *
 * p⁰ is of the same lists: both give the same positions no chance, and there k_i is not read. What
 * the other policy's softmax leaves is kept; its logits are made again where slopes need them. */
#ifndef RRI_POLICY_REFERENCE_H
#define RRI_POLICY_REFERENCE_H

#include "policy/policy.h"

struct rri_reference {
    rri_logits_input in; /* of the other policy: its queries, head and catalogue, the same menu */
    float coef;          /* c, of each row's KL in the loss */
    float *maxima;       /* [n] m⁰ */
    double *log_sums;    /* [n] L⁰ */
    float *entropies;    /* [n] H⁰, which nothing reads */
    float *kl;           /* [n] */
    const float *scores; /* [rows of the menu, width] of the host; NULL: `in` is another policy */
    size_t width;
    float floor;  /* ε */
    double *even; /* [n] ε/K of rows that are mixed, else 0; with scores alone */
};

/* All arrays for the rows of a tile, from what the policy's forward pass left on the tape. Logits
 * that are kept there must be logits still: no block_maxima. */
void rri_reference_forward_tile(const rri_reference *reference, const rri_policy_tape *tape,
                                const rri_logits_tile *tile, rri_stack *scratch);

/* slopes [n_rows, end − begin] ← c p_i (k_i − KL) of a whole tile, from the policy's logits Z of
 * positions [begin, end). 0 where a position may not be chosen. */
void rri_reference_slopes(float *slopes, const rri_policy_tape *tape, const rri_logits_tile *tile,
                          const float *Z, size_t ldz, size_t begin, size_t end, rri_stack *scratch);

/* Bytes of stack that a call of either takes beside what makes logits; and the slopes themselves.
 */
size_t rri_reference_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
