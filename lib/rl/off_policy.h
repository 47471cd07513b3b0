/* SPDX-License-Identifier: MIT */
/* off_policy.h: how much rows count that another policy drew. maths §5.
 *   ω = min(exp(log π_prox(a) − log μ(a)), w_max)     χ = min(1, ω)
 * π_prox is the policy at the start of the update, μ the one that drew the row. [Hilton, Cobbe,
 * Schulman 2021; Espeholt et al. 2018] */
#ifndef RRI_RL_OFF_POLICY_H
#define RRI_RL_OFF_POLICY_H

#include <stddef.h>
#include <stdint.h>

typedef struct rri_off_policy_sums {
    size_t n, n_capped;
    double w, w_squared; /* Σ ω, Σ ω² of the weights used */
    size_t n_other;      /* rows that another version drew; of them, before capping: */
    double raw, raw_squared, raw_max;
} rri_off_policy_sums;

/* weights [n] written; is_own [n]: 1 where the present version drew the row, whose ratio is 1. */
rri_off_policy_sums rri_off_policy_weigh(float *weights, const float *log_prox, const float *log_mu,
                                         const uint8_t *is_own, float max_weight, size_t n);

/* (Σω)² / (n Σω²), in (0, 1]; 1 without rows. */
double rri_off_policy_ess(const rri_off_policy_sums *sums);

/* How many standard errors the mean of the raw weights of other versions' rows lies from 1; 0 where
 * fewer than 32 rows say nothing. It should be small: E_μ[π_prox / μ] = 1. What log-probs in float
 * leave open (1e-5) is a part of the standard error, so that weights which are all 1 but for
 * rounding are none of its business. */
double rri_off_policy_deviation(const rri_off_policy_sums *sums);

#endif
