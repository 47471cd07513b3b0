/* SPDX-License-Identifier: MIT */
/* bandit.h: learners that look at the next reward alone, to compare with. docs/maths.md §8.
 *
 * A linear model of the reward of showing item i to user u for the (c + 1)-th time in a session:
 *
 *     x = (u ⊗ v_i, c)   A = ridge I + Σ x xᵀ   θ = A⁻¹ Σ r x        n = U d + 1 numbers
 *     ridge      plays the largest θ·x
 *     LinUCB     the largest θ·x + width √(xᵀ A⁻¹ x)                  [Li et al. 2010]
 *     Thompson   the largest θ̃·x, θ̃ drawn from N(θ, width² A⁻¹)       [Agrawal, Goyal 2013]
 *
 * What is drawn or inverted is contracted with the user first: q = uᵀΘ [d] a row, then q·v_i an
 * item. u is the first U coordinates of the state. */
#ifndef RRI_EVAL_BANDIT_H
#define RRI_EVAL_BANDIT_H

#include "core/memory.h"

/* Largest n: A and what is made of it are n² doubles each. */
#define RRI_BANDIT_MOST ((size_t)4096)

rr_status rri_bandit_create(rr_bandit **out, int32_t kind, rr_items *items, size_t user_dim,
                            double ridge, double width, uint64_t seed,
                            const rri_allocator *allocator, rr_error *err);
/* Bytes that create takes. */
rr_status rri_bandit_memory(size_t *bytes, const rr_items *items, size_t user_dim, rr_error *err);
void rri_bandit_destroy(rr_bandit *bandit);

/* actions [obs->n]. explores false: the largest θ·x whatever the kind. Before the first fit an even
 * draw. */
rr_status rri_bandit_act(rr_bandit *bandit, int32_t *actions, const rr_obs *obs, bool explores,
                         rr_error *err);
/* Adds rows [obs->n]; all or none. */
rr_status rri_bandit_record(rr_bandit *bandit, const rr_obs *obs, const int32_t *actions,
                            const float *rewards, rr_error *err);
/* θ of all rows so far. */
rr_status rri_bandit_fit(rr_bandit *bandit, rr_error *err);

#endif
