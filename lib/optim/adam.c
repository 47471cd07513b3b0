/* SPDX-License-Identifier: MIT */
#include "optim/adam.h"

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
        .step_size = (float)((double)lr / correction1),
        .inverse_root_correction = (float)(1.0 / sqrt(correction2)),
        .eps = eps,
    };
}

/* One body, compiled for each level; vectors of any width make the same bits of it, since every
 * operation is rounded by itself. */
__attribute__((always_inline)) static inline void
sweep(float *restrict values, float *restrict m, float *restrict v, const float *restrict gradients,
      const rri_adam_step *step, size_t begin, size_t end)
{
    const rri_adam_step s = *step;
    const float one_minus_beta1 = (float)(1.0 - BETA1);
    const float beta2 = (float)BETA2;
    const float one_minus_beta2 = (float)(1.0 - BETA2);
    for (size_t i = begin; i < end; i++) {
        const float g = s.clip_scale * gradients[i];
        m[i] += one_minus_beta1 * (g - m[i]);
        v[i] = beta2 * v[i] + one_minus_beta2 * g * g;
        const float denominator = sqrtf(v[i]) * s.inverse_root_correction + s.eps;
        values[i] -= s.step_size * (m[i] / denominator);
    }
}

static void sweep_portable(float *values, float *m, float *v, const float *gradients,
                           const rri_adam_step *step, size_t begin, size_t end)
{
    sweep(values, m, v, gradients, step, begin, end);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void sweep_avx2(float *values, float *m, float *v,
                                                       const float *gradients,
                                                       const rri_adam_step *step, size_t begin,
                                                       size_t end)
{
    sweep(values, m, v, gradients, step, begin, end);
}

__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))) static void
sweep_avx512(float *values, float *m, float *v, const float *gradients, const rri_adam_step *step,
             size_t begin, size_t end)
{
    sweep(values, m, v, gradients, step, begin, end);
}
#else
#define sweep_avx2   sweep_portable
#define sweep_avx512 sweep_portable
#endif

void rri_adam_sweep(const rri_kernels *kernels, float *values, float *m, float *v,
                    const float *gradients, const rri_adam_step *step, size_t begin, size_t end)
{
    switch (kernels->level) {
    case RRI_LEVEL_AVX512:
        sweep_avx512(values, m, v, gradients, step, begin, end);
        break;
    case RRI_LEVEL_AVX2:
        sweep_avx2(values, m, v, gradients, step, begin, end);
        break;
    default:
        sweep_portable(values, m, v, gradients, step, begin, end);
        break;
    }
}
