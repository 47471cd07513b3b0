/* SPDX-License-Identifier: MIT */
/* descent.c: plain loops that the compiler turns into vectors of the level's width; every operation
 * is rounded by itself. Compiled once per level. */
#include "math/descent.h"

#include <math.h>

#include "math/level.h"

static void adam(float *restrict values, float *restrict m, float *restrict v,
                 const float *restrict gradients, const rri_adam_step *step, size_t n)
{
    const rri_adam_step s = *step;
    for (size_t i = 0; i < n; i++) {
        const float g = s.clip_scale * gradients[i];
        m[i] += s.one_minus_beta1 * (g - m[i]);
        v[i] = s.beta2 * v[i] + s.one_minus_beta2 * g * g;
        const float denominator = sqrtf(v[i]) * s.inverse_root_correction + s.eps;
        values[i] -= s.step_size * (m[i] / denominator);
    }
}

static void rmsprop(float *restrict values, float *restrict v, const float *restrict gradients,
                    const rri_rmsprop_step *step, size_t n)
{
    const rri_rmsprop_step s = *step;
    for (size_t i = 0; i < n; i++) {
        const float g = s.clip_scale * gradients[i];
        v[i] = s.alpha * v[i] + s.one_minus_alpha * g * g;
        values[i] -= s.lr * (g / (sqrtf(v[i]) + s.eps));
    }
}

const rri_descent RRI_AT_LEVEL(rri_descent) = {.adam = adam, .rmsprop = rmsprop};
