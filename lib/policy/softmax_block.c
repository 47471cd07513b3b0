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

/* e and e · x of sixteen logits into the lane sums; x = z − shift, and a logit of −∞ adds 0.
 * Returns e. */
static inline rri_lanes add_lanes(rri_lanes *sums, rri_lanes *moments, rri_lanes z, rri_lanes down)
{
    const rri_lanes below = rri_lanes_add(z, down);
    const rri_lanes e = rri_lanes_exp(below);
    *sums = rri_lanes_add(*sums, e);
    *moments = rri_lanes_fma(e, rri_lanes_below(below), *moments);
    return e;
}

/* Padding up to whole lanes is a position that may not be chosen. */
static void sum(float s[16], float t[16], const float *z, float shift, size_t n)
{
    const rri_lanes down = rri_lanes_all(-shift);
    rri_lanes sums = rri_lanes_all(0.0f);
    rri_lanes moments = rri_lanes_all(0.0f);
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        add_lanes(&sums, &moments, rri_lanes_load(z + i), down);
    }
    if (i < n) {
        float rest[RRI_SOFTMAX_LANES];
        for (size_t l = 0; l < RRI_LANES; l++) {
            rest[l] = i + l < n ? z[i + l] : -INFINITY;
        }
        add_lanes(&sums, &moments, rri_lanes_load(rest), down);
    }
    rri_lanes_store(s, sums);
    rri_lanes_store(t, moments);
}

static void sum_keeping(float s[16], float t[16], float *z, float shift, size_t n)
{
    const rri_lanes down = rri_lanes_all(-shift);
    rri_lanes sums = rri_lanes_all(0.0f);
    rri_lanes moments = rri_lanes_all(0.0f);
    size_t i = 0;
    for (; i + RRI_LANES <= n; i += RRI_LANES) {
        rri_lanes_store(z + i, add_lanes(&sums, &moments, rri_lanes_load(z + i), down));
    }
    if (i < n) {
        float rest[RRI_SOFTMAX_LANES];
        for (size_t l = 0; l < RRI_LANES; l++) {
            rest[l] = i + l < n ? z[i + l] : -INFINITY;
        }
        rri_lanes_store(rest, add_lanes(&sums, &moments, rri_lanes_load(rest), down));
        for (size_t l = 0; i + l < n; l++) {
            z[i + l] = rest[l];
        }
    }
    rri_lanes_store(s, sums);
    rri_lanes_store(t, moments);
}

static void scaled(float *y, const float *e, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = factor * e[i];
    }
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

const rri_softmax_block RRI_AT_LEVEL(rri_softmax_block) = {affine, sum,   sum_keeping,
                                                           scaled, slope, log_prob};
