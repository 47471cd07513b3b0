/* SPDX-License-Identifier: MIT */
/* lane_probe.c: compiled once per level, as the files that include lanes.h are. */
#include "lane_probe.h"

#include "math/doubles.h"
#include "math/lanes.h"

static void all(float *y, float x)
{
    rri_lanes_store(y, rri_lanes_all(x));
}
static void add(float *y, const float *a, const float *b)
{
    rri_lanes_store(y, rri_lanes_add(rri_lanes_load(a), rri_lanes_load(b)));
}
static void subtract(float *y, const float *a, const float *b)
{
    rri_lanes_store(y, rri_lanes_subtract(rri_lanes_load(a), rri_lanes_load(b)));
}
static void multiply(float *y, const float *a, const float *b)
{
    rri_lanes_store(y, rri_lanes_multiply(rri_lanes_load(a), rri_lanes_load(b)));
}
static void fused(float *y, const float *a, const float *b, const float *c)
{
    rri_lanes_store(y, rri_lanes_fma(rri_lanes_load(a), rri_lanes_load(b), rri_lanes_load(c)));
}
static void larger(float *y, const float *a, const float *b)
{
    rri_lanes_store(y, rri_lanes_max(rri_lanes_load(a), rri_lanes_load(b)));
}
static void below(float *y, const float *a)
{
    rri_lanes_store(y, rri_lanes_below(rri_lanes_load(a)));
}
static void exponential(float *y, const float *a)
{
    rri_lanes_store(y, rri_lanes_exp(rri_lanes_load(a)));
}

static void hyperbolic(float *y, const float *a)
{
    rri_lanes_store(y, rri_lanes_tanh(rri_lanes_load(a)));
}
static float fold(const float *a)
{
    return rri_lanes_fold(rri_lanes_load(a));
}
static float fold_max(const float *a)
{
    return rri_lanes_fold_max(rri_lanes_load(a));
}
static double fold_f64(const float *a)
{
    return rri_lanes_fold_f64(rri_lanes_load(a));
}
static void fold_eight(float *y, const float *s)
{
    rri_lanes rows[8];
    for (size_t j = 0; j < 8; j++) {
        rows[j] = rri_lanes_load(s + j * RRI_LANES);
    }
    rri_lanes_fold_eight(y, rows);
}
static unsigned above(const float *a, const float *b)
{
    return rri_lanes_above(rri_lanes_load(a), rri_lanes_load(b));
}
static void doubles(double *y, const double *a, double x)
{
    const rri_doubles of = rri_doubles_load(a);
    rri_doubles_store(y, of * rri_doubles_all(x) + of);
}

const lane_probe RRI_AT_LEVEL(lane_probe) = {.all = all,
                                             .add = add,
                                             .subtract = subtract,
                                             .multiply = multiply,
                                             .fma = fused,
                                             .max = larger,
                                             .below = below,
                                             .exp = exponential,
                                             .tanh = hyperbolic,
                                             .fold = fold,
                                             .fold_max = fold_max,
                                             .fold_f64 = fold_f64,
                                             .fold_eight = fold_eight,
                                             .above = above,
                                             .n_doubles = RRI_DOUBLES,
                                             .doubles = doubles};
