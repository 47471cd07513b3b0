/* SPDX-License-Identifier: MIT */
/* adam.h: Adam with bias correction [Kingma & Ba 2015], in PyTorch's form. maths §7.
 *   g ← clip_scale · g
 *   m ← m + (1 − β₁)(g − m)          v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − lr / (1 − β₁^t) · m / (√v / √(1 − β₂^t) + ε)
 * β₁ = 0.9, β₂ = 0.999. t counts optimiser steps from 1. Elements do not meet: any split of the
 * flat arrays into ranges gives the same bits. */
#ifndef RRI_OPTIM_ADAM_H
#define RRI_OPTIM_ADAM_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

/* The numbers that are the same for every element of one step. */
typedef struct rri_adam_step {
    float clip_scale;
    float step_size;               /* lr / (1 − β₁^t) */
    float inverse_root_correction; /* 1 / √(1 − β₂^t) */
    float eps;
} rri_adam_step;

rri_adam_step rri_adam_step_init(float lr, float eps, float clip_scale, int64_t t);

/* Elements [begin, end) of the flat arrays: values, first and second moments in-out, gradients
 * read. */
void rri_adam_sweep(const rri_kernels *kernels, float *values, float *m, float *v,
                    const float *gradients, const rri_adam_step *step, size_t begin, size_t end);

#endif
