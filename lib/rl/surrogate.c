/* SPDX-License-Identifier: MIT */
#include "rl/surrogate.h"

#include <math.h>
#include <stdbool.h>

#include "math/scalar.h"

/* One row: −min(ρ Â, clip(ρ) Â) and its slope in log π(a). */
static float surrogate_row(float *d_log_prob, float ratio, float advantage, float clip_eps)
{
    const float plain = ratio * advantage;
    const float capped = rri_clamp(ratio, 1.0f - clip_eps, 1.0f + clip_eps) * advantage;
    const bool is_capped = capped < plain;

    const float d_loss_d_ratio = is_capped ? 0.0f : -advantage;
    const float d_ratio_d_log_prob = ratio;

    *d_log_prob = is_capped ? 0.0f : d_loss_d_ratio * d_ratio_d_log_prob;
    return is_capped ? -capped : -plain;
}

rri_surrogate_sums rri_surrogate_compute(float *d_log_prob, const float *log_prob,
                                         const float *old_log_prob, const float *advantages,
                                         float clip_eps, size_t n, size_t n_total)
{
    rri_surrogate_sums sums = {0};
    for (size_t i = 0; i < n; i++) {
        const float log_ratio = log_prob[i] - old_log_prob[i];
        const float ratio = rri_exp(log_ratio);
        float slope;
        sums.loss += (double)surrogate_row(&slope, ratio, advantages[i], clip_eps);
        sums.approx_kl += ((double)ratio - 1.0) - (double)log_ratio;
        sums.n_clipped += fabsf(ratio - 1.0f) > clip_eps ? 1.0 : 0.0;
        d_log_prob[i] = slope / (float)n_total;
    }
    return sums;
}

void rri_surrogate_add(rri_surrogate_sums *total, rri_surrogate_sums tile)
{
    total->loss += tile.loss;
    total->approx_kl += tile.approx_kl;
    total->n_clipped += tile.n_clipped;
}
