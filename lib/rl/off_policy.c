/* SPDX-License-Identifier: MIT */
#include "rl/off_policy.h"

#include <math.h>

#include "math/scalar.h"

enum { FEWEST_ROWS = 32 };
/* What is known of a mean ratio: log-probs of a few units are floats, known to some 1e-6. */
static const double ROUNDING = 1e-5;

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
            sums.raw_squared += (double)raw * (double)raw;
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

double rri_off_policy_deviation(const rri_off_policy_sums *sums)
{
    if (sums->n_other < FEWEST_ROWS) {
        return 0.0;
    }
    const double n = (double)sums->n_other;
    const double mean = sums->raw / n;
    const double variance = (sums->raw_squared - n * mean * mean) / (n - 1.0);
    return fabs(mean - 1.0) / sqrt(fmax(variance, 0.0) / n + ROUNDING * ROUNDING);
}
