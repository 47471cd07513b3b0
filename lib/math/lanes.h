/* SPDX-License-Identifier: MIT */
/* lanes.h: sixteen floats as one value, in the registers of the level being compiled.
 *
 * Each operation is the same sixteen roundings at every level: one AVX-512 register, two AVX
 * registers, or a plain array. */
#ifndef RRI_MATH_LANES_H
#define RRI_MATH_LANES_H

#include <math.h>
#include <stddef.h>

#include "math/level.h"

#define RRI_LANES ((size_t)16)

#if RRI_LEVEL == 2
#include <immintrin.h>

typedef __m512 rri_lanes;

static inline rri_lanes rri_lanes_all(float x)
{
    return _mm512_set1_ps(x);
}
static inline rri_lanes rri_lanes_load(const float *x)
{
    return _mm512_loadu_ps(x);
}
static inline void rri_lanes_store(float *y, rri_lanes a)
{
    _mm512_storeu_ps(y, a);
}
static inline rri_lanes rri_lanes_add(rri_lanes a, rri_lanes b)
{
    return _mm512_add_ps(a, b);
}
static inline rri_lanes rri_lanes_fma(rri_lanes a, rri_lanes b, rri_lanes c)
{
    return _mm512_fmadd_ps(a, b, c);
}
/* a > b ? a : b, so b where a is NaN */
static inline rri_lanes rri_lanes_max(rri_lanes a, rri_lanes b)
{
    return _mm512_max_ps(a, b);
}

#elif RRI_LEVEL == 1
#include <immintrin.h>

typedef struct rri_lanes {
    __m256 low, high;
} rri_lanes;

static inline rri_lanes rri_lanes_all(float x)
{
    return (rri_lanes){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
static inline rri_lanes rri_lanes_load(const float *x)
{
    return (rri_lanes){_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)};
}
static inline void rri_lanes_store(float *y, rri_lanes a)
{
    _mm256_storeu_ps(y, a.low);
    _mm256_storeu_ps(y + 8, a.high);
}
static inline rri_lanes rri_lanes_add(rri_lanes a, rri_lanes b)
{
    return (rri_lanes){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
static inline rri_lanes rri_lanes_fma(rri_lanes a, rri_lanes b, rri_lanes c)
{
    return (rri_lanes){_mm256_fmadd_ps(a.low, b.low, c.low),
                       _mm256_fmadd_ps(a.high, b.high, c.high)};
}
/* a > b ? a : b, so b where a is NaN */
static inline rri_lanes rri_lanes_max(rri_lanes a, rri_lanes b)
{
    return (rri_lanes){_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}

#else

typedef struct rri_lanes {
    float of[16];
} rri_lanes;

static inline rri_lanes rri_lanes_all(float x)
{
    rri_lanes y;
    for (size_t l = 0; l < RRI_LANES; l++) {
        y.of[l] = x;
    }
    return y;
}
static inline rri_lanes rri_lanes_load(const float *x)
{
    rri_lanes y;
    for (size_t l = 0; l < RRI_LANES; l++) {
        y.of[l] = x[l];
    }
    return y;
}
static inline void rri_lanes_store(float *y, rri_lanes a)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        y[l] = a.of[l];
    }
}
static inline rri_lanes rri_lanes_add(rri_lanes a, rri_lanes b)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        a.of[l] += b.of[l];
    }
    return a;
}
static inline rri_lanes rri_lanes_fma(rri_lanes a, rri_lanes b, rri_lanes c)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        c.of[l] = fmaf(a.of[l], b.of[l], c.of[l]);
    }
    return c;
}
/* a > b ? a : b, so b where a is NaN */
static inline rri_lanes rri_lanes_max(rri_lanes a, rri_lanes b)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        a.of[l] = a.of[l] > b.of[l] ? a.of[l] : b.of[l];
    }
    return a;
}

#endif
#endif
