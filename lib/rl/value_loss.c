/* SPDX-License-Identifier: MIT */
#include "rl/value_loss.h"

#include <stdbool.h>

#include "math/scalar.h"

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
