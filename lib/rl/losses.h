/* SPDX-License-Identifier: MIT */
/* losses.h: what the algorithms lower, each with its slope in what the network said. maths §5, §6.
 * A loss is computed over a tile of n rows of a minibatch of n_total: sums are the tile's, slopes
 * are divided by n_total already. Tiles are added in order. */
#ifndef RRI_RL_LOSSES_H
#define RRI_RL_LOSSES_H

#include <stddef.h>

/* The policy gradient's loss [Mnih et al. 2016]: loss = −mean log π(a) Â.
 * Returns Σ −log π(a) Â; d_log_prob [n] ← −Â / n_total. */
double rri_a2c_loss_compute(float *d_log_prob, const float *log_prob, const float *advantages,
                            size_t n, size_t n_total);

/* PPO's clipped policy loss [Schulman et al. 2017].
 *   ρ = exp(log π(a) − log π_old(a))        loss = −mean min(ρ Â, clip(ρ, 1 − ε, 1 + ε) Â)
 * Where the cap binds, the slope is 0. ρ counts as e^30 at most.
 * d_log_prob [n] ← ∂loss/∂log π(a) */
typedef struct rri_surrogate_sums {
    double loss;      /* Σ −min(…) */
    double approx_kl; /* Σ (ρ − 1) − log ρ */
    double n_clipped; /* rows with |ρ − 1| > ε */
} rri_surrogate_sums;

rri_surrogate_sums rri_surrogate_compute(float *d_log_prob, const float *log_prob,
                                         const float *old_log_prob, const float *advantages,
                                         float clip_eps, size_t n, size_t n_total);

/* REINFORCE's loss [Williams 1992], with the factor for a page of K items of which the row's action
 * is one [Chen et al. 2019].
 *   loss = −mean λ_K Â log π(a)        λ_K = K (1 − π_old(a))^(K − 1),  constant
 * λ_1 = 1. An item that a page shows almost surely has little left to gain: λ_K → 0. page_size ≥ 1
 * is K, a whole number. Returns Σ −λ_K Â log π(a); d_log_prob [n] ← −λ_K Â / n_total. */
double rri_reinforce_loss_compute(float *d_log_prob, const float *log_prob,
                                  const float *old_log_prob, const float *advantages,
                                  float page_size, size_t n, size_t n_total);

/* The critic's loss.
 *   loss = ½ mean (V − R)²
 *   clipped: ½ mean max((V − R)², (clip(V, V_old ± ε_v) − R)²); where the clipped one is the larger
 *   and V lies outside the band, the slope is 0.
 * Returns Σ ½ (V − R)², without vf_coef; d_values [n] ← vf_coef · ∂loss/∂V. value_clip_eps 0: no
 * clipping, and old_values is not read (may be NULL). */
double rri_value_loss_compute(float *d_values, const float *values, const float *old_values,
                              const float *returns, float value_clip_eps, float vf_coef, size_t n,
                              size_t n_total);

#endif
