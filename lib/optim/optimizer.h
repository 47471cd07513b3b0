/* SPDX-License-Identifier: MIT */
/* optimizer.h: Adam with bias correction [Kingma & Ba 2015] and RMSProp, not centred and without
 * momentum, both in PyTorch's form. maths §7.
 *   g ← clip_scale · g
 *   Adam      m ← m + (1 − β₁)(g − m)          v ← β₂ v + (1 − β₂) g²
 *             θ ← θ − lr / (1 − β₁^t) · m / (√v / √(1 − β₂^t) + ε)
 *   RMSProp   v ← α v + (1 − α) g²             θ ← θ − lr · g / (√v + ε)
 * β₁ = 0.9, β₂ = 0.999. t counts optimiser steps from 1. The sweeps over the arrays are those of
 * math/descent.h. */
#ifndef RRI_OPTIM_OPTIMIZER_H
#define RRI_OPTIM_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

rri_adam_step rri_adam_step_init(float lr, float eps, float clip_scale, int64_t t);
rri_rmsprop_step rri_rmsprop_step_init(float lr, float alpha, float eps, float clip_scale);

/* Elements [begin, end) of the flat arrays: values and moments in-out, gradients read. Any split
 * into ranges gives the same bits. */
static inline void rri_adam_sweep(const rri_kernels *kernels, float *values, float *m, float *v,
                                  const float *gradients, const rri_adam_step *step, size_t begin,
                                  size_t end)
{
    kernels->descent->adam(values + begin, m + begin, v + begin, gradients + begin, step,
                           end - begin);
}
static inline void rri_rmsprop_sweep(const rri_kernels *kernels, float *values, float *v,
                                     const float *gradients, const rri_rmsprop_step *step,
                                     size_t begin, size_t end)
{
    kernels->descent->rmsprop(values + begin, v + begin, gradients + begin, step, end - begin);
}

#endif
