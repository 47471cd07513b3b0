/* SPDX-License-Identifier: MIT */
/* surrogate.h: PPO's clipped policy loss [Schulman et al. 2017]. maths §5.
 *   ρ = exp(log π(a) − log π_old(a))        loss = −mean min(ρ Â, clip(ρ, 1 − ε, 1 + ε) Â)
 * Where the cap binds, the slope is 0. */
#ifndef RRI_RL_SURROGATE_H
#define RRI_RL_SURROGATE_H

#include <stddef.h>

/* Sums over the rows of a tile; divided by the rows of the minibatch they are its means. Tiles are
 * added in order. */
typedef struct rri_surrogate_sums {
    double loss;      /* Σ −min(…) */
    double approx_kl; /* Σ (ρ − 1) − log ρ */
    double n_clipped; /* rows with |ρ − 1| > ε */
} rri_surrogate_sums;

/* d_log_prob [n] ← ∂loss/∂log π(a), already divided by n_total, the rows of the whole minibatch, of
 * which these n are a tile. */
rri_surrogate_sums rri_surrogate_compute(float *d_log_prob, const float *log_prob,
                                         const float *old_log_prob, const float *advantages,
                                         float clip_eps, size_t n, size_t n_total);

/* total += tile. */
void rri_surrogate_add(rri_surrogate_sums *total, rri_surrogate_sums tile);

#endif
