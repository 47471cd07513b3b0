/* SPDX-License-Identifier: MIT */
#include "rl/off_policy.h"

#include "core/log.h"
#include "math/scalar.h"

/* What is known of a ratio: log-probs of a few units are floats, known to some 1e-6. */
static const double ROUNDING = 1e-5;
/* Where float ends, so do the weights that evidence reads. */
static const double LARGEST = 1e38;

/* log(1 + λ (w − 1)) of one row, for each λ = 2^−k. */
static void bet(double logs[RRI_OFF_POLICY_BETS], double raw)
{
    const double w = (raw < LARGEST ? raw : LARGEST) / (1.0 + ROUNDING);
    double share = 1.0;
    for (size_t k = 0; k < RRI_OFF_POLICY_BETS; k++, share *= 0.5) {
        const double factor = 1.0 + share * (w - 1.0);
        logs[k] += rri_log_f64(factor > 1e-30 ? factor : 1e-30); /* λ = 1 and w = 0 lose all */
    }
}

rri_off_policy_sums rri_off_policy_weigh(float *weights, const float *log_prox, const float *log_mu,
                                         const uint8_t *is_own, float max_weight, size_t n)
{
    rri_off_policy_sums sums = {.n = n};
    for (size_t i = 0; i < n; i++) {
        const float raw = is_own[i] != 0 ? 1.0f : rri_exp(log_prox[i] - log_mu[i]);
        const float w = raw < max_weight ? raw : max_weight;
        weights[i] = w;
        sums.w += (double)w;
        sums.w_squared += (double)w * (double)w;
        sums.n_capped += raw > max_weight;
        if (is_own[i] == 0) {
            sums.n_other++;
            sums.raw += (double)raw;
            bet(sums.bets, (double)raw);
            sums.raw_max = (double)raw > sums.raw_max ? (double)raw : sums.raw_max;
        }
    }
    return sums;
}

double rri_off_policy_ess(const rri_off_policy_sums *sums)
{
    if (sums->n == 0) {
        return 1.0;
    }
    return sums->w_squared > 0.0 ? sums->w * sums->w / ((double)sums->n * sums->w_squared) : 0.0;
}

double rri_off_policy_evidence(const rri_off_policy_sums *sums)
{
    double largest = sums->bets[0], sum = 0.0;
    for (size_t k = 1; k < RRI_OFF_POLICY_BETS; k++) {
        largest = sums->bets[k] > largest ? sums->bets[k] : largest;
    }
    for (size_t k = 0; k < RRI_OFF_POLICY_BETS; k++) {
        const double below = sums->bets[k] - largest;
        sum += below > -80.0 ? (double)rri_exp((float)below) : 0.0;
    }
    return largest + rri_log_f64(sum / RRI_OFF_POLICY_BETS);
}
