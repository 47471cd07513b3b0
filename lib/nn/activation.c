/* SPDX-License-Identifier: MIT */
#include "nn/activation.h"

#include "recrl/recrl.h"

/* Spelt so that a NaN, which is not below 0, passes. */
static void relu_forward(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
    }
}

static void relu_backward(float *dx, const float *dy, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    }
}

void rri_activation_forward(const rri_kernels *kernels, int32_t activation, float *y,
                            const float *x, size_t n)
{
    if (activation == RR_ACTIVATION_RELU) {
        relu_forward(y, x, n);
    } else {
        rri_vec_tanh(kernels, y, x, n);
    }
}

void rri_activation_forward_biased(const rri_kernels *kernels, int32_t activation, float *y,
                                   const float *b, size_t n, size_t width)
{
    if (activation == RR_ACTIVATION_TANH) {
        kernels->elementwise->tanh_biased(y, b, n, width);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        rri_vec_add(kernels, y + i * width, b, width);
    }
    rri_activation_forward(kernels, activation, y, y, n * width);
}

void rri_activation_forward_summed(const rri_kernels *kernels, int32_t activation, float *y,
                                   const float *const *a, const float *const *b, size_t n,
                                   size_t width)
{
    if (activation == RR_ACTIVATION_TANH) {
        kernels->elementwise->tanh_summed(y, a, b, n, width);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        rri_vec_add(kernels, y + i * width, a[i], width);
        rri_vec_add(kernels, y + i * width, b[i], width);
    }
    rri_activation_forward(kernels, activation, y, y, n * width);
}

void rri_activation_backward(const rri_kernels *kernels, int32_t activation, float *dx,
                             const float *dy, const float *y, size_t n)
{
    if (activation == RR_ACTIVATION_RELU) {
        relu_backward(dx, dy, y, n);
    } else {
        rri_vec_tanh_backward(kernels, dx, dy, y, n);
    }
}

void rri_activation_backward_scaled(const rri_kernels *kernels, int32_t activation, float *dx,
                                    const float *c, const float *const *rows, const float *y,
                                    size_t n, size_t width)
{
    if (activation == RR_ACTIVATION_TANH) {
        kernels->elementwise->tanh_backward_scaled(dx, c, rows, y, n, width);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            dx[i * width + j] = c[i] * rows[i][j];
        }
    }
    rri_activation_backward(kernels, activation, dx, dx, y, n * width);
}
