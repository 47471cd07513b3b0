/* SPDX-License-Identifier: MIT */
/* elementwise.c: exp and tanh on sixteen lanes, and plain loops over the scalar functions, which
 * the compiler turns into vectors of the level's width; an element's operations are the same at
 * each. Compiled once per level. */
#include "math/elementwise.h"

#include "math/lanes.h"
#include "math/scalar.h"

#define UNROLL _Pragma("GCC unroll 4")

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

/* A row of a sum and its tanh: tanh(y + b) where a is NULL, else tanh((y + a) + b). */
static inline void tanh_sum(float *y, const float *a, const float *b, size_t n)
{
    size_t j = 0;
    for (; j + RRI_LANES <= n; j += RRI_LANES) {
        rri_lanes x = rri_lanes_load(y + j);
        x = a != NULL ? rri_lanes_add(x, rri_lanes_load(a + j)) : x;
        rri_lanes_store(y + j, rri_lanes_tanh(rri_lanes_add(x, rri_lanes_load(b + j))));
    }
    for (; j < n; j++) {
        y[j] = rri_tanh((a != NULL ? y[j] + a[j] : y[j]) + b[j]);
    }
}

static void tanh_biased(float *y, const float *b, size_t n_rows, size_t n)
{
    for (size_t i = 0; i < n_rows; i++) {
        tanh_sum(y + i * n, NULL, b, n);
    }
}

static void tanh_summed(float *y, const float *const *a, const float *const *b, size_t n_rows,
                        size_t n)
{
    for (size_t i = 0; i < n_rows; i++) {
        tanh_sum(y + i * n, a[i], b[i], n);
    }
}

static void vec_tanh_backward(float *dx, const float *dy, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dx[i] = dy[i] * fmaf(-y[i], y[i], 1.0f);
    }
}

static void tanh_backward_scaled(float *dx, const float *dy, const float *const *rows,
                                 const float *y, size_t n_rows, size_t n)
{
    const rri_lanes one = rri_lanes_all(1.0f), minus = rri_lanes_all(-0.0f);
    for (size_t i = 0; i < n_rows; i++) {
        const rri_lanes slope = rri_lanes_all(dy[i]);
        const float *row = rows[i], *out = y + i * n;
        float *to = dx + i * n;
        size_t j = 0;
        for (; j + RRI_LANES <= n; j += RRI_LANES) {
            const rri_lanes h = rri_lanes_load(out + j);
            const rri_lanes below = rri_lanes_fma(rri_lanes_subtract(minus, h), h, one);
            const rri_lanes above = rri_lanes_multiply(slope, rri_lanes_load(row + j));
            rri_lanes_store(to + j, rri_lanes_multiply(above, below));
        }
        for (; j < n; j++) {
            to[j] = dy[i] * row[j] * fmaf(-out[j], out[j], 1.0f);
        }
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

/* Four lanes of y stay in registers while all rows pass. */
static void axpys(float *y, const float *a, const float *const *rows, size_t n_rows, size_t n)
{
    enum { TOGETHER = 4 };
    size_t j = 0;
    for (; j + TOGETHER * RRI_LANES <= n; j += TOGETHER * RRI_LANES) {
        rri_lanes s[TOGETHER];
        UNROLL
        for (size_t w = 0; w < TOGETHER; w++) {
            s[w] = rri_lanes_load(y + j + w * RRI_LANES);
        }
        for (size_t i = 0; i < n_rows; i++) {
            const rri_lanes all = rri_lanes_all(a[i]);
            UNROLL
            for (size_t w = 0; w < TOGETHER; w++) {
                s[w] = rri_lanes_fma(all, rri_lanes_load(rows[i] + j + w * RRI_LANES), s[w]);
            }
        }
        UNROLL
        for (size_t w = 0; w < TOGETHER; w++) {
            rri_lanes_store(y + j + w * RRI_LANES, s[w]);
        }
    }
    for (size_t i = 0; i < n_rows && j < n; i++) {
        vec_axpy(y + j, a[i], rows[i] + j, n - j);
    }
}

static void vec_scale(float *y, float a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] *= a;
    }
}

const rri_elementwise RRI_AT_LEVEL(rri_elementwise) = {.exp = vec_exp,
                                                       .exp_shifted = vec_exp_shifted,
                                                       .log = vec_log,
                                                       .tanh = vec_tanh,
                                                       .tanh_biased = tanh_biased,
                                                       .tanh_summed = tanh_summed,
                                                       .tanh_backward = vec_tanh_backward,
                                                       .tanh_backward_scaled = tanh_backward_scaled,
                                                       .gelu = vec_gelu,
                                                       .gelu_backward = vec_gelu_backward,
                                                       .add = vec_add,
                                                       .axpy = vec_axpy,
                                                       .axpys = axpys,
                                                       .scale = vec_scale};
