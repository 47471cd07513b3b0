/* SPDX-License-Identifier: MIT */
/* mixture.h: what a server plays: the policy, an even floor under every item, the host's own
 * choice.
 *
 *     π_i = (1 − ε) ((1 − s) p_i + s 1[i = incumbent]) + ε / K
 * p is the softmax policy, or with is_greedy all its mass on the best position (ties to the lower
 * one); K counts the positions that may be chosen, so that π_i ≥ ε / K for each of them. In a row
 * without an incumbent s is 0. Log-probabilities are those of π, whichever part of it a draw came
 * from.
 *
 * A draw takes two uniforms a row: one says which part, the other what it plays. The part that
 * plays the policy plays what rri_choice_draw would with the same uniform.
 *
 * n rows · width: k, or N without lists.   docs/maths.md §3 */
#ifndef RRI_POLICY_MIXTURE_H
#define RRI_POLICY_MIXTURE_H

#include "policy/policy.h"

typedef struct rri_mixture {
    double floor; /* ε in [0, 1] */
    double share; /* s in [0, 1] */
    bool is_greedy;
    const int32_t *incumbents; /* [n] where the menu's rows lie: position, −1: none; NULL: none */
} rri_mixture;

/* Nothing is mixed in: π is p, and the functions below give the bits of policy.h and choice.h. */
bool rri_mixture_is_plain(const rri_mixture *mixture);

/* RR_PART_… that plays in row `row` of the incumbents, by its uniform: draw's own choice. */
int32_t rri_mixture_part(const rri_mixture *mixture, size_t row, double part);

/* actions [n] and log_probs [n] for rows [row_begin, row_end); parts and uniforms [n] in [0, 1).
 * The tape is written as rri_policy_forward does. */
void rri_mixture_draw(int32_t *actions, float *log_probs, rri_policy_tape *tape,
                      const rri_mixture *mixture, const rri_logits_input *in, const double *parts,
                      const double *uniforms, size_t row_begin, size_t row_end, rri_stack *scratch);

/* log_probs [n] of actions [n]: the bits that draw gives for them. The tape, its entropies too, is
 * the policy's own. */
void rri_mixture_forward(float *log_probs, rri_policy_tape *tape, const rri_mixture *mixture,
                         const rri_logits_input *in, const int32_t *actions, size_t row_begin,
                         size_t row_end, rri_stack *scratch);

/* all [n, width]: log π of every position, −∞ where it has no probability; the bits of draw. */
void rri_mixture_log_probs(float *all, const rri_mixture *mixture, const rri_logits_input *in,
                           size_t row_begin, size_t row_end, rri_stack *scratch);

/* entropies [n] of π, nats. */
void rri_mixture_entropies(float *entropies, const rri_mixture *mixture, const rri_logits_input *in,
                           size_t row_begin, size_t row_end, rri_stack *scratch);

/* Ranked positions [n, k_best] and their log p [n, k_best], as rri_choice_top_k gave them:
 * log_probs becomes log π. The order is the policy's. */
void rri_mixture_rank(float *log_probs, const int32_t *positions, size_t k_best,
                      const rri_mixture *mixture, const rri_logits_input *in, size_t row_begin,
                      size_t row_end, rri_stack *scratch);

/* Bytes of stack that suffice for any function of this header. */
size_t rri_mixture_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
