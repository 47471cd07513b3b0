/* SPDX-License-Identifier: MIT */
/* elementwise.c: exp and tanh on sixteen lanes, and plain loops over the scalar functions, which
 * the compiler turns into vectors of the level's width; an element's operations are the same at
 * each. Compiled once per level. */
#include "math/elementwise.h"

#include "math/lanes.h"
#include "math/scalar.h"

static void vec_exp_shifted(float *y, const float *x, float shift, size_t n)
{
    const rri_lanes down = rri_lanes_all(-shift);
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        rri_lanes_store(y + i, rri_lanes_exp(rri_lanes_add(rri_lanes_load(x + i), down)));
    }
    for (; i < n; i++) {
        y[i] = rri_exp(x[i] - shift);
    }
}

static void vec_exp(float *y, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        rri_lanes_store(y + i, rri_lanes_exp(rri_lanes_load(x + i)));
    }
    for (; i < n; i++) {
        y[i] = rri_exp(x[i]);
    }
}

static void vec_log(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = rri_log(x[i]);
    }
}

static void vec_tanh(float *y, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        rri_lanes_store(y + i, rri_lanes_tanh(rri_lanes_load(x + i)));
    }
    for (; i < n; i++) {
        y[i] = rri_tanh(x[i]);
    }
}

static void vec_tanh_backward(float *dx, const float *dy, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dx[i] = dy[i] * fmaf(-y[i], y[i], 1.0f);
    }
}

static inline float normal_share(float x) /* Φ(x) */
{
    return fmaf(0.5f, rri_erf(x * 0x1.6a09e6p-1f), 0.5f);
}

static void vec_gelu(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] * normal_share(x[i]);
    }
}

static void vec_gelu_backward(float *dx, const float *dy, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float density = 0x1.988454p-2f * rri_exp(-0.5f * x[i] * x[i]); /* φ(x) */
        dx[i] = dy[i] * fmaf(x[i], density, normal_share(x[i]));
    }
}

static void vec_add(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += x[i];
    }
}

static void vec_axpy(float *y, float a, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = fmaf(a, x[i], y[i]);
    }
}

static void vec_scale(float *y, float a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] *= a;
    }
}

const rri_elementwise RRI_AT_LEVEL(rri_elementwise) = {
    vec_exp,  vec_exp_shifted,   vec_log, vec_tanh, vec_tanh_backward,
    vec_gelu, vec_gelu_backward, vec_add, vec_axpy, vec_scale};
