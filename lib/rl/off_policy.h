/* SPDX-License-Identifier: MIT */
/* off_policy.h: how much rows count that another policy drew. maths §5.
 *   ω = min(exp(log π_prox(a) − log μ(a)), w_max)     χ = min(1, ω)
 * π_prox is the policy at the start of the update, μ the one that drew the row. [Hilton, Cobbe,
 * Schulman 2021; Espeholt et al. 2018] */
#ifndef RRI_RL_OFF_POLICY_H
#define RRI_RL_OFF_POLICY_H

#include <stddef.h>
#include <stdint.h>

/* λ of 1, ½ … 2⁻⁷: from weights that are far too large in a few rows to a little in many. */
#define RRI_OFF_POLICY_BETS ((size_t)8)

typedef struct rri_off_policy_sums {
    size_t n, n_capped;
    double w, w_squared; /* Σ ω, Σ ω² of the weights used */
    size_t n_other;      /* rows that another version drew; of them, before capping: */
    double raw, raw_max;
    double bets[RRI_OFF_POLICY_BETS]; /* Σ log(1 + λ (w − 1)) */
} rri_off_policy_sums;

/* weights [n] written; is_own [n]: 1 where the present version drew the row, whose ratio is 1. */
rri_off_policy_sums rri_off_policy_weigh(float *weights, const float *log_prox, const float *log_mu,
                                         const uint8_t *is_own, float max_weight, size_t n);

/* (Σω)² / (n Σω²), in (0, 1]; 1 without rows. */
double rri_off_policy_ess(const rri_off_policy_sums *sums);

/* Log of the evidence that rows of other versions were not drawn with the log-probs that they
 * carry: log mean_λ Π (1 + λ (w − 1)), of weights before capping.
 *
 * Whatever drew a row, E_μ[π_prox / μ] = Σ π_prox over what μ may play ≤ 1: also of a greedy
 * policy, which never plays most items, and of weights with heavy tails. So each product is a fair
 * bet, or a losing one, and its mean is at most 1; by Markov's inequality evidence above log(1/α)
 * comes in at most a share α of honest updates [Shafer 2021; Waudby-Smith, Ramdas 2024]. A mean
 * that is too small proves nothing: a weight of a million in one row of a million is as honest.
 * What float log-probs leave open (1e-5) is taken off the weights. */
double rri_off_policy_evidence(const rri_off_policy_sums *sums);

#endif
