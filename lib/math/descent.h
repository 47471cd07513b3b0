/* SPDX-License-Identifier: MIT */
/* descent.h: one step of an optimiser over flat arrays, compiled once per level with the same bits.
 *
 *   both      g ← clip_scale · g
 *   Adam      m ← m + (1 − β₁)(g − m)    v ← β₂ v + (1 − β₂) g²
 *             θ ← θ − step_size · m / (√v · inverse_root_correction + ε)
 *   RMSProp   v ← α v + (1 − α) g²       θ ← θ − lr · g / (√v + ε)
 *
 * Elements do not meet, so any split of the arrays into ranges gives the same bits.   maths §7 */
#ifndef RRI_MATH_DESCENT_H
#define RRI_MATH_DESCENT_H

#include <stddef.h>

/* The numbers that are the same for every element of one step. */
typedef struct rri_adam_step {
    float clip_scale;
    float one_minus_beta1, beta2, one_minus_beta2;
    float step_size;               /* lr / (1 − β₁^t) */
    float inverse_root_correction; /* 1 / √(1 − β₂^t) */
    float eps;
} rri_adam_step;

typedef struct rri_rmsprop_step {
    float clip_scale;
    float lr;
    float alpha, one_minus_alpha;
    float eps;
} rri_rmsprop_step;

/* n elements: values, first and second moments (or averages) in-out, gradients read. */
typedef struct rri_descent {
    void (*adam)(float *values, float *m, float *v, const float *gradients,
                 const rri_adam_step *step, size_t n);
    void (*rmsprop)(float *values, float *v, const float *gradients, const rri_rmsprop_step *step,
                    size_t n);
} rri_descent;

extern const rri_descent rri_descent_portable, rri_descent_avx2, rri_descent_avx512;

#endif
