/* SPDX-License-Identifier: MIT */
/* posterior.c: a row of P is read once for g and once to be lowered. Compiled once per level. */
#include "math/posterior.h"

#include <math.h>

#include "math/lanes.h"

/* Lanes [c, c + 16) of g: Σ_j x_j P[j], as P is its own transpose. */
static inline rri_lanes column_sum(const float *P, const float *x, size_t c, size_t width)
{
    rri_lanes sum = rri_lanes_all(0.0f);
    for (size_t j = 0; j < width; j++) {
        const rri_lanes row = rri_lanes_load(P + j * width + c);
        sum = rri_lanes_add(sum, rri_lanes_multiply(rri_lanes_all(x[j]), row));
    }
    return sum;
}

static inline float dot(const float *a, const float *b, size_t width)
{
    rri_lanes sum = rri_lanes_all(0.0f);
    for (size_t c = 0; c < width; c += RRI_LANES) {
        sum = rri_lanes_add(sum, rri_lanes_multiply(rri_lanes_load(a + c), rri_lanes_load(b + c)));
    }
    return rri_lanes_fold(sum);
}

void RRI_AT_LEVEL(rri_posterior)(float *m, float *P, float *g, const float *x, float r,
                                 float variance, size_t width)
{
    for (size_t c = 0; c < width; c += RRI_LANES) {
        rri_lanes_store(g + c, column_sum(P, x, c, width));
    }
    const float e = dot(x, g, width) + variance;
    const rri_lanes gain = rri_lanes_all((r - dot(x, m, width)) / e);
    const rri_lanes inverse_root = rri_lanes_all(1.0f / sqrtf(e));
    for (size_t c = 0; c < width; c += RRI_LANES) {
        const rri_lanes part = rri_lanes_load(g + c);
        rri_lanes_store(m + c,
                        rri_lanes_add(rri_lanes_load(m + c), rri_lanes_multiply(gain, part)));
        rri_lanes_store(g + c, rri_lanes_multiply(part, inverse_root));
    }
    for (size_t j = 0; j < width; j++) {
        const rri_lanes of_row = rri_lanes_all(g[j]);
        float *row = P + j * width;
        for (size_t c = 0; c < width; c += RRI_LANES) {
            const rri_lanes step = rri_lanes_multiply(of_row, rri_lanes_load(g + c));
            rri_lanes_store(row + c, rri_lanes_subtract(rri_lanes_load(row + c), step));
        }
    }
}
