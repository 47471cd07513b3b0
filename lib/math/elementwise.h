/* SPDX-License-Identifier: MIT */
/* elementwise.h: vectors of exp, log, tanh, gelu and of plain arithmetic, compiled once per level.
 *
 * Every element goes through the same operations as its scalar twin in scalar.h, at any width, so
 * the levels agree in every bit. Outputs may be the inputs themselves, but not overlap otherwise.
 */
#ifndef RRI_MATH_ELEMENTWISE_H
#define RRI_MATH_ELEMENTWISE_H

#include <stddef.h>

typedef struct rri_elementwise {
    void (*exp)(float *y, const float *x, size_t n);                      /* y = e^x */
    void (*exp_shifted)(float *y, const float *x, float shift, size_t n); /* y = e^(x − shift) */
    void (*log)(float *y, const float *x, size_t n);                      /* y = ln x */
    void (*tanh)(float *y, const float *x, size_t n);
    /* y [n_rows, n]: tanh(y + b), and tanh((y + a[i]) + b[i]) of row i */
    void (*tanh_biased)(float *y, const float *b, size_t n_rows, size_t n);
    void (*tanh_summed)(float *y, const float *const *a, const float *const *b, size_t n_rows,
                        size_t n);
    void (*tanh_backward)(float *dx, const float *dy, const float *y, size_t n); /* dy (1 − y²) */
    /* dx [n_rows, n] = (dy[i] rows[i]) (1 − y²) of row i */
    void (*tanh_backward_scaled)(float *dx, const float *dy, const float *const *rows,
                                 const float *y, size_t n_rows, size_t n);
    /* y = x Φ(x), Φ the normal distribution's; its slope dy (Φ(x) + x φ(x)) */
    void (*gelu)(float *y, const float *x, size_t n);
    void (*gelu_backward)(float *dx, const float *dy, const float *x, size_t n);
    void (*add)(float *y, const float *x, size_t n);           /* y += x */
    void (*axpy)(float *y, float a, const float *x, size_t n); /* y = fma(a, x, y) */
    /* axpy of each row in turn: y = fma(a[i], rows[i], y) */
    void (*axpys)(float *y, const float *a, const float *const *rows, size_t n_rows, size_t n);
    void (*scale)(float *y, float a, size_t n); /* y *= a */
} rri_elementwise;

extern const rri_elementwise rri_elementwise_portable, rri_elementwise_avx2, rri_elementwise_avx512;

#endif
