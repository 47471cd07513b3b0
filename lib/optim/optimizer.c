/* SPDX-License-Identifier: MIT */
#include "optim/optimizer.h"

#include <math.h>

static const double BETA1 = 0.9;
static const double BETA2 = 0.999;

/* base^exponent by squaring: libm's pow is not promised to be equal everywhere. */
static double power(double base, int64_t exponent)
{
    double result = 1.0;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 != 0) {
            result *= base;
        }
        base *= base;
    }
    return result;
}

rri_adam_step rri_adam_step_init(float lr, float eps, float clip_scale, int64_t t)
{
    const double correction1 = 1.0 - power(BETA1, t);
    const double correction2 = 1.0 - power(BETA2, t);
    return (rri_adam_step){
        .clip_scale = clip_scale,
        .one_minus_beta1 = (float)(1.0 - BETA1),
        .beta2 = (float)BETA2,
        .one_minus_beta2 = (float)(1.0 - BETA2),
        .step_size = (float)((double)lr / correction1),
        .inverse_root_correction = (float)(1.0 / sqrt(correction2)),
        .eps = eps,
    };
}

rri_rmsprop_step rri_rmsprop_step_init(float lr, float alpha, float eps, float clip_scale)
{
    return (rri_rmsprop_step){
        .clip_scale = clip_scale,
        .lr = lr,
        .alpha = alpha,
        .one_minus_alpha = (float)(1.0 - (double)alpha),
        .eps = eps,
    };
}
