/* SPDX-License-Identifier: MIT */
/* rmsprop.h: RMSProp in PyTorch's form, not centred and without momentum. maths §7.
 *   g ← clip_scale · g
 *   v ← α v + (1 − α) g²
 *   θ ← θ − lr · g / (√v + ε)
 * Elements do not meet: any split of the flat arrays into ranges gives the same bits. */
#ifndef RRI_OPTIM_RMSPROP_H
#define RRI_OPTIM_RMSPROP_H

#include <stddef.h>

#include "math/kernels.h"

/* The numbers that are the same for every element of one step. */
typedef struct rri_rmsprop_step {
    float clip_scale;
    float lr;
    float alpha;
    float one_minus_alpha;
    float eps;
} rri_rmsprop_step;

rri_rmsprop_step rri_rmsprop_step_init(float lr, float alpha, float eps, float clip_scale);

/* Elements [begin, end) of the flat arrays: values and averages in-out, gradients read. */
void rri_rmsprop_sweep(const rri_kernels *kernels, float *values, float *v, const float *gradients,
                       const rri_rmsprop_step *step, size_t begin, size_t end);

#endif
