/* SPDX-License-Identifier: MIT */
/* activation.h: y = tanh x or y = max(x, 0), element by element.
 *
 * Backward needs outputs alone: tanh' = 1 − y²; relu' = 1 where y > 0, else 0 (0 at the kink). */
#ifndef RRI_NN_ACTIVATION_H
#define RRI_NN_ACTIVATION_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

/* activation: RR_ACTIVATION_TANH or RR_ACTIVATION_RELU. y may be x. A NaN stays a NaN. */
void rri_activation_forward(const rri_kernels *kernels, int32_t activation, float *y,
                            const float *x, size_t n);

/* What a layer leaves, in one pass with what it still lacks: y [n, width] ← act(y + b), and
 * act((y + a_i) + b_i) of row i. */
void rri_activation_forward_biased(const rri_kernels *kernels, int32_t activation, float *y,
                                   const float *b, size_t n, size_t width);
void rri_activation_forward_summed(const rri_kernels *kernels, int32_t activation, float *y,
                                   const float *const *a, const float *const *b, size_t n,
                                   size_t width);

/* dx ← dy · y'(x), written; dx may be dy. */
void rri_activation_backward(const rri_kernels *kernels, int32_t activation, float *dx,
                             const float *dy, const float *y, size_t n);

/* The same where row i of dy [n, width] is c[i] · rows[i]. */
void rri_activation_backward_scaled(const rri_kernels *kernels, int32_t activation, float *dx,
                                    const float *c, const float *const *rows, const float *y,
                                    size_t n, size_t width);

#endif
