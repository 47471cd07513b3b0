/* SPDX-License-Identifier: MIT */
#include "rl/losses.h"

#include <math.h>
#include <stdbool.h>

#include "math/scalar.h"

/* ── policy gradient ── */

double rri_a2c_loss_compute(float *d_log_prob, const float *log_prob, const float *advantages,
                            size_t n, size_t n_total)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum -= (double)log_prob[i] * (double)advantages[i];
        d_log_prob[i] = -advantages[i] / (float)n_total;
    }
    return sum;
}

/* ── clipped surrogate ── */

/* A ratio counts as e^30 at most. Of a bad action ρ Â has no other bound, and a row that another
 * version drew brings a weight in Â as small as its ρ is large: ρ alone would overflow. */
static const float MOST_LOG_RATIO = 30.0f;

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
        const float ratio = rri_exp(log_ratio > MOST_LOG_RATIO ? MOST_LOG_RATIO : log_ratio);
        float slope;
        sums.loss += (double)surrogate_row(&slope, ratio, advantages[i], clip_eps);
        sums.approx_kl += ((double)ratio - 1.0) - (double)log_ratio;
        sums.n_clipped += fabsf(ratio - 1.0f) > clip_eps ? 1.0 : 0.0;
        d_log_prob[i] = slope / (float)n_total;
    }
    return sums;
}

/* ── REINFORCE ── */

/* K (1 − p)^(K − 1), multiplied out: the same bytes everywhere. */
static float page_factor(float p, float page_size)
{
    float factor = page_size;
    for (float k = 1.0f; k < page_size; k += 1.0f) {
        factor *= 1.0f - p;
    }
    return factor;
}

double rri_reinforce_loss_compute(float *d_log_prob, const float *log_prob,
                                  const float *old_log_prob, const float *advantages,
                                  float page_size, size_t n, size_t n_total)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float p = page_size > 1.0f ? rri_exp(old_log_prob[i]) : 0.0f;
        const float weighted = page_factor(p, page_size) * advantages[i];
        sum -= (double)log_prob[i] * (double)weighted;
        d_log_prob[i] = -weighted / (float)n_total;
    }
    return sum;
}

/* ── the critic ── */

/* ½ (V − R)² and its slope in V. */
static double plain_row(float *d_value, float value, float target)
{
    const float error = value - target;
    *d_value = error;
    return 0.5 * (double)error * (double)error;
}

/* ½ max((V − R)², (clip(V) − R)²) and its slope in V. Inside the band the two are one. */
static double clipped_row(float *d_value, float value, float old_value, float target,
                          float clip_eps)
{
    const double plain = plain_row(d_value, value, target);
    const float moved = value - old_value;
    const bool is_outside = moved < -clip_eps || moved > clip_eps;
    const float held = old_value + rri_clamp(moved, -clip_eps, clip_eps);
    const double held_error = (double)held - (double)target;
    const double capped = 0.5 * held_error * held_error;
    if (is_outside && capped > plain) {
        *d_value = 0.0f;
        return capped;
    }
    return plain;
}

double rri_value_loss_compute(float *d_values, const float *values, const float *old_values,
                              const float *returns, float value_clip_eps, float vf_coef, size_t n,
                              size_t n_total)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        float slope;
        if (value_clip_eps > 0.0f) {
            sum += clipped_row(&slope, values[i], old_values[i], returns[i], value_clip_eps);
        } else {
            sum += plain_row(&slope, values[i], returns[i]);
        }
        d_values[i] = vf_coef * slope / (float)n_total;
    }
    return sum;
}
