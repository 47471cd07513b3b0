/* SPDX-License-Identifier: MIT */
/* user_model.h: how a user answers an item: what it earns, and how taste moves. docs/maths.md §1.
 *
 *   sim = u · v
 *   r   = sim · decay^c  for sim ≥ 0, sim below 0;  c: earlier showings of the item in this session
 *   u ← u + drift · (v − u (u·v)/(u·u)), rescaled to keep |u|, on the free coordinates */
#ifndef RRI_ENV_USER_MODEL_H
#define RRI_ENV_USER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

/* How often `item` is among shown [n]. */
size_t rri_user_model_count(const int32_t *shown, size_t n, int32_t item);

/* powers [n]: decay^0 … decay^(n−1), each rounded once from double. */
void rri_user_model_powers(float *powers, float decay, size_t n);

/* The reward of a similarity after c earlier showings; decay_power is decay^c. */
static inline float rri_user_model_reward(float similarity, float decay_power)
{
    return similarity < 0.0f ? similarity : similarity * decay_power;
}

/* user [n_free] in place, pulled towards item [n_free]; u·v and u·u run over these coordinates
 * alone. A user of length 0 is left alone. */
void rri_user_model_drift(const rri_kernels *kernels, float *user, const float *item, float drift,
                          size_t n_free);

#endif
