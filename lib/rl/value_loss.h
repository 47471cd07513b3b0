/* SPDX-License-Identifier: MIT */
/* value_loss.h: the critic's loss. maths §5.
 *   loss = ½ mean (V − R)²
 *   clipped: ½ mean max((V − R)², (clip(V, V_old ± ε_v) − R)²); where the clipped one is the larger
 *   and V lies outside the band, the slope is 0. */
#ifndef RRI_RL_VALUE_LOSS_H
#define RRI_RL_VALUE_LOSS_H

#include <stddef.h>

/* Returns Σ ½ (V − R)² over this tile of n rows, without vf_coef.
 * d_values [n] ← vf_coef · ∂loss/∂V, already divided by n_total, the rows of the whole minibatch.
 * value_clip_eps 0: no clipping, and old_values is not read (may be NULL). */
double rri_value_loss_compute(float *d_values, const float *values, const float *old_values,
                              const float *returns, float value_clip_eps, float vf_coef, size_t n,
                              size_t n_total);

#endif
