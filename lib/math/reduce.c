/* SPDX-License-Identifier: MIT */
/* reduce.c: sixteen virtual lanes, folded by one tree. Compiled once per level. */
#include "math/reduce.h"

#include <math.h>

#include "math/lanes.h"

#define UNROLL _Pragma("GCC unroll 8")

/* The last n < 16 elements, padded. Padding is neutral: a lane never holds −0. */
static rri_lanes load_rest(const float *x, size_t n, float padding)
{
    float rest[16];
    for (size_t l = 0; l < RRI_LANES; l++) {
        rest[l] = l < n ? x[l] : padding;
    }
    return rri_lanes_load(rest);
}

static float sum(const float *x, size_t n)
{
    rri_lanes s = rri_lanes_all(0.0f);
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        s = rri_lanes_add(s, rri_lanes_load(x + i));
    }
    if (i < n) {
        s = rri_lanes_add(s, load_rest(x + i, n - i, 0.0f));
    }
    return rri_lanes_fold(s);
}

static float dot(const float *x, const float *y, size_t n)
{
    rri_lanes s = rri_lanes_all(0.0f);
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        s = rri_lanes_fma(rri_lanes_load(x + i), rri_lanes_load(y + i), s);
    }
    if (i < n) {
        s = rri_lanes_fma(load_rest(x + i, n - i, 0.0f), load_rest(y + i, n - i, 0.0f), s);
    }
    return rri_lanes_fold(s);
}

/* Eight chains side by side hide the latency of one. */
enum { TOGETHER = 8 };

static void dots(float *y, const float *x, const float *const *rows, size_t n_rows, size_t n)
{
    const size_t n_whole = n / RRI_LANES * RRI_LANES;
    size_t r = 0;
    for (; r + TOGETHER <= n_rows && n_whole == n; r += TOGETHER) {
        rri_lanes s[TOGETHER];
        UNROLL
        for (size_t j = 0; j < TOGETHER; j++) {
            s[j] = rri_lanes_all(0.0f);
        }
        for (size_t i = 0; i < n; i += RRI_LANES) {
            const rri_lanes here = rri_lanes_load(x + i);
            UNROLL
            for (size_t j = 0; j < TOGETHER; j++) {
                s[j] = rri_lanes_fma(here, rri_lanes_load(rows[r + j] + i), s[j]);
            }
        }
        rri_lanes_fold_eight(y + r, s);
    }
    for (; r < n_rows; r++) {
        y[r] = dot(x, rows[r], n);
    }
}

/* x · 0 is 0 or −0 where x is finite, else NaN. */
static bool all_finite(const float *x, size_t n)
{
    const rri_lanes zero = rri_lanes_all(0.0f);
    rri_lanes s[4] = {zero, zero, zero, zero};
    size_t i = 0;
    for (; i + 4 * RRI_LANES <= n; i += 4 * RRI_LANES) {
        UNROLL
        for (size_t j = 0; j < 4; j++) {
            s[j] = rri_lanes_fma(rri_lanes_load(x + i + j * RRI_LANES), zero, s[j]);
        }
    }
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        s[0] = rri_lanes_fma(rri_lanes_load(x + i), zero, s[0]);
    }
    if (i < n) {
        s[0] = rri_lanes_fma(load_rest(x + i, n - i, 0.0f), zero, s[0]);
    }
    const rri_lanes all = rri_lanes_add(rri_lanes_add(s[0], s[1]), rri_lanes_add(s[2], s[3]));
    return rri_lanes_fold(all) == 0.0f;
}

static float sum_squares(const float *x, size_t n)
{
    return dot(x, x, n);
}

static float max(const float *x, size_t n)
{
    rri_lanes s = rri_lanes_all(-INFINITY);
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        s = rri_lanes_max(rri_lanes_load(x + i), s);
    }
    if (i < n) {
        s = rri_lanes_max(load_rest(x + i, n - i, -INFINITY), s);
    }
    return rri_lanes_fold_max(s);
}

/* Four lanes at a time as long as nothing is above, which is the rule. */
static size_t find_above(const float *x, float bound, size_t begin, size_t n)
{
    const rri_lanes b = rri_lanes_all(bound);
    size_t i = begin;
    for (; i + 4 * RRI_LANES <= n; i += 4 * RRI_LANES) {
        unsigned any = 0;
        for (size_t l = 0; l < 4; l++) {
            any |= rri_lanes_above(rri_lanes_load(x + i + l * RRI_LANES), b);
        }
        if (any != 0) {
            break;
        }
    }
    for (; i + RRI_LANES <= n && rri_lanes_above(rri_lanes_load(x + i), b) == 0; i += RRI_LANES) {
    }
    while (i < n && !(x[i] > bound)) {
        i++;
    }
    return i;
}

static double sum_f64(const float *x, size_t n)
{
    double s[16] = {0};
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        for (size_t l = 0; l < RRI_LANES; l++) {
            s[l] += (double)x[i + l];
        }
    }
    for (size_t l = 0; i + l < n; l++) {
        s[l] += (double)x[i + l];
    }
    return rri_lanes_fold_sums(s);
}

static double sum_squares_f64(const float *x, size_t n)
{
    double s[16] = {0};
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        for (size_t l = 0; l < RRI_LANES; l++) {
            s[l] += (double)x[i + l] * (double)x[i + l];
        }
    }
    for (size_t l = 0; i + l < n; l++) {
        s[l] += (double)x[i + l] * (double)x[i + l];
    }
    return rri_lanes_fold_sums(s);
}

const rri_reduce RRI_AT_LEVEL(rri_reduce) = {.sum = sum,
                                             .sum_squares = sum_squares,
                                             .dot = dot,
                                             .dots = dots,
                                             .max = max,
                                             .find_above = find_above,
                                             .all_finite = all_finite,
                                             .sum_f64 = sum_f64,
                                             .sum_squares_f64 = sum_squares_f64};
