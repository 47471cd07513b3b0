/* SPDX-License-Identifier: MIT */
/* choice.h: choosing from the policy: a draw, or the k most probable positions.
 *
 * A draw puts one 53-bit uniform against the cumulative sums of exp(z − m) in double, first over
 * blocks of 256 positions, then over runs of sixteen in the block that it falls into, then within
 * the run. Where rounding overshoots, it is the last position with p > 0. What may not be chosen is
 * never sampled.   docs/maths.md §3 */
#ifndef RRI_POLICY_CHOICE_H
#define RRI_POLICY_CHOICE_H

#include "policy/logits.h"

/* actions [n] and log_probs [n] for rows [row_begin, row_end); uniforms [n] in [0, 1). The
 * log_probs have the bits that rri_policy_forward gives for these actions. entropies [n] may be
 * NULL. Where logits overflow, log_probs is NaN and the action some position that may be chosen. */
void rri_choice_draw(int32_t *actions, float *log_probs, float *entropies,
                     const rri_logits_input *in, const double *uniforms, size_t row_begin,
                     size_t row_end, rri_stack *scratch);

/* positions [n, k_best] by falling probability, ties to the lower position, and their log_probs
 * [n, k_best] (NULL: not wanted); −1 and −∞ where a row has fewer positions that may be chosen.
 * k_best ≥ 1; with 1 it is the greedy choice. */
void rri_choice_top_k(int32_t *positions, float *log_probs, size_t k_best,
                      const rri_logits_input *in, size_t row_begin, size_t row_end,
                      rri_stack *scratch);

/* Bytes of stack for draw, and for top_k with at most k_best. */
size_t rri_choice_draw_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);
size_t rri_choice_top_k_scratch(const rri_kernels *kernels, const rri_logits_limits *limits,
                                size_t k_best);

#endif
