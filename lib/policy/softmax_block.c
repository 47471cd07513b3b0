/* SPDX-License-Identifier: MIT */
/* softmax_block.c: plain loops that the compiler turns into vectors of the level's width, and lane
 * sums on sixteen lanes at every level. Compiled once per level. */
#include "policy/softmax_block.h"

#include <math.h>

#include "math/lanes.h"
#include "math/scalar.h"

static void affine(float *z, float scale, const float *bias, size_t n)
{
    if (bias == NULL) {
        for (size_t i = 0; i < n; i++) {
            z[i] = scale * z[i];
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        z[i] = scale * z[i] + bias[i];
    }
}

/* Padding up to whole lanes is a position that may not be chosen: e = 0 and x = 0. */
static void sum(float s[16], float t[16], const float *z, float shift, size_t n)
{
    float e[RRI_SOFTMAX_BLOCK];
    float x[RRI_SOFTMAX_BLOCK];
    for (size_t i = 0; i < n; i++) {
        const float below = z[i] - shift;
        e[i] = rri_exp(below);
        x[i] = below == -INFINITY ? 0.0f : below;
    }
    const size_t n_whole = (n + RRI_LANES - 1) / RRI_LANES * RRI_LANES;
    for (size_t i = n; i < n_whole; i++) {
        e[i] = 0.0f;
        x[i] = 0.0f;
    }

    rri_lanes sums = rri_lanes_all(0.0f);
    rri_lanes moments = rri_lanes_all(0.0f);
    for (size_t i = 0; i < n_whole; i += RRI_LANES) {
        const rri_lanes part = rri_lanes_load(e + i);
        sums = rri_lanes_add(sums, part);
        moments = rri_lanes_fma(part, rri_lanes_load(x + i), moments);
    }
    rri_lanes_store(s, sums);
    rri_lanes_store(t, moments);
}

static void slope(float *dz, const float *z, float m, float log_sum, float g, float e,
                  float entropy, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float log_p = (z[i] - m) - log_sum;
        const float p = rri_exp(log_p);
        const float finite = log_p == -INFINITY ? 0.0f : log_p;
        dz[i] = -p * fmaf(e, finite + entropy, g);
    }
}

static void log_prob(float *y, const float *z, float m, double log_sum, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (float)(((double)z[i] - (double)m) - log_sum);
    }
}

const rri_softmax_block RRI_AT_LEVEL(rri_softmax_block) = {affine, sum, slope, log_prob};
