/* SPDX-License-Identifier: MIT */
/* layer_norm.h: rows brought to mean 0 and deviation 1 [Ba et al. 2016].
 *   y = g ⊙ x̂ + b,  x̂ = (x − mean x) / √(var x + 1e-5)
 * n rows of width E. */
#ifndef RRI_NN_LAYER_NORM_H
#define RRI_NN_LAYER_NORM_H

#include "nn/linear.h"

typedef struct rri_layer_norm {
    size_t width;
    size_t gain, bias;                      /* g, b [E] in the flat arrays */
    const float *gain_values, *bias_values; /* borrowed from the values that were packed */
    const rri_kernels *kernels;
} rri_layer_norm;

/* Registers "name.weight" and "name.bias", [width] each. */
rr_status rri_layer_norm_declare(rri_layer_norm *norm, rri_params *params, const char *name,
                                 size_t width, rr_error *err);
/* g ← 1, b ← 0. */
void rri_layer_norm_init(const rri_layer_norm *norm, float *values);
void rri_layer_norm_pack(rri_layer_norm *norm, const float *values, const rri_kernels *kernels);

/* y, x_hat [n, E] and inverse [n], which backward needs, of x [n, E]. */
void rri_layer_norm_forward(const rri_layer_norm *norm, float *y, float *x_hat, float *inverse,
                            const float *x, size_t n);

/* dx [n, E] written; dg and db added in an array that begins at `begin` of the flat one. */
void rri_layer_norm_backward(const rri_layer_norm *norm, float *dx, float *gradients, size_t begin,
                             const float *dy, const float *x_hat, const float *inverse, size_t n);

#endif
