/* SPDX-License-Identifier: MIT */
#include "optim/rmsprop.h"

#include <math.h>

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

/* One body, compiled for each level; vectors of any width make the same bits of it, since every
 * operation is rounded by itself. */
__attribute__((always_inline)) static inline void sweep(float *restrict values, float *restrict v,
                                                        const float *restrict gradients,
                                                        const rri_rmsprop_step *step, size_t begin,
                                                        size_t end)
{
    const rri_rmsprop_step s = *step;
    for (size_t i = begin; i < end; i++) {
        const float g = s.clip_scale * gradients[i];
        v[i] = s.alpha * v[i] + s.one_minus_alpha * g * g;
        values[i] -= s.lr * (g / (sqrtf(v[i]) + s.eps));
    }
}

static void sweep_portable(float *values, float *v, const float *gradients,
                           const rri_rmsprop_step *step, size_t begin, size_t end)
{
    sweep(values, v, gradients, step, begin, end);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void sweep_avx2(float *values, float *v,
                                                       const float *gradients,
                                                       const rri_rmsprop_step *step, size_t begin,
                                                       size_t end)
{
    sweep(values, v, gradients, step, begin, end);
}

__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))) static void
sweep_avx512(float *values, float *v, const float *gradients, const rri_rmsprop_step *step,
             size_t begin, size_t end)
{
    sweep(values, v, gradients, step, begin, end);
}
#else
#define sweep_avx2   sweep_portable
#define sweep_avx512 sweep_portable
#endif

void rri_rmsprop_sweep(const rri_kernels *kernels, float *values, float *v, const float *gradients,
                       const rri_rmsprop_step *step, size_t begin, size_t end)
{
    switch (kernels->level) {
    case RRI_LEVEL_AVX512:
        sweep_avx512(values, v, gradients, step, begin, end);
        break;
    case RRI_LEVEL_AVX2:
        sweep_avx2(values, v, gradients, step, begin, end);
        break;
    default:
        sweep_portable(values, v, gradients, step, begin, end);
        break;
    }
}
