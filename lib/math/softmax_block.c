/* SPDX-License-Identifier: MIT */
/* softmax_block.c: plain loops that the compiler turns into vectors of the level's width, and lane
 * sums on sixteen lanes at every level. Compiled once per level. */
#include "math/softmax_block.h"

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

/* Sixteen logits, of which n are there; padding is a position that may not be chosen. */
static inline rri_lanes load_some(const float *z, size_t n)
{
    if (n >= RRI_LANES) {
        return rri_lanes_load(z);
    }
    float some[RRI_SOFTMAX_LANES];
    for (size_t l = 0; l < RRI_LANES; l++) {
        some[l] = l < n ? z[l] : -INFINITY;
    }
    return rri_lanes_load(some);
}

/* Two chains, since a maximum takes as long as an addition. */
static float max_of(const float *z, size_t n)
{
    rri_lanes even = rri_lanes_all(-INFINITY);
    rri_lanes odd = even;
    size_t i = 0;
    for (; i + 2 * RRI_LANES <= n; i += 2 * RRI_LANES) {
        even = rri_lanes_max(rri_lanes_load(z + i), even);
        odd = rri_lanes_max(rri_lanes_load(z + i + RRI_LANES), odd);
    }
    for (; i < n; i += RRI_LANES) {
        even = rri_lanes_max(load_some(z + i, n - i), even);
    }
    return rri_lanes_fold_max(rri_lanes_max(odd, even));
}

/* The lanes as sums below a higher maximum. Before the first block they are all 0 and stay so. */
static void raise_max(float *max, float sums[16], float moments[16], float higher)
{
    if (*max > -INFINITY) {
        const rri_lanes fall = rri_lanes_all(*max - higher);
        const rri_lanes factor = rri_lanes_all(rri_exp(*max - higher));
        const rri_lanes before = rri_lanes_load(sums);
        const rri_lanes moved =
            rri_lanes_add(rri_lanes_load(moments), rri_lanes_multiply(fall, before));
        rri_lanes_store(moments, rri_lanes_multiply(factor, moved));
        rri_lanes_store(sums, rri_lanes_multiply(factor, before));
    }
    *max = higher;
}

/* kept [n ≤ 16] ← e */
static inline void store_some(float *kept, rri_lanes e, size_t n)
{
    if (n >= RRI_LANES) {
        rri_lanes_store(kept, e);
        return;
    }
    float some[RRI_SOFTMAX_LANES];
    rri_lanes_store(some, e);
    for (size_t l = 0; l < n; l++) {
        kept[l] = some[l];
    }
}

/* A maximum of −∞ means that nothing could be chosen so far; any shift then gives sums of 0. NaN
 * passes the maximum by and comes back through the sums. kept (NULL: nobody asks) may be z. */
static inline double add_block(float *max, float sums[16], float moments[16], float *kept,
                               const float *z, size_t n, const float *ahead)
{
    const float highest = max_of(z, n);
    if (highest > *max) {
        raise_max(max, sums, moments, highest);
    }
    const rri_lanes down = rri_lanes_all(*max > -INFINITY ? -*max : 0.0f);
    rri_lanes sum = rri_lanes_all(0.0f);
    rri_lanes moment = rri_lanes_all(0.0f);
    for (size_t i = 0; i < n; i += RRI_LANES) {
        const rri_lanes e = add_lanes(&sum, &moment, load_some(z + i, n - i), down);
        if (kept != NULL) {
            store_some(kept + i, e, n - i);
        }
        for (size_t l = 0; ahead != NULL && l < 4; l++) { /* 256 bytes for 16 positions */
            __builtin_prefetch(ahead + (4 * i + l * RRI_LANES));
        }
    }
    rri_lanes_store(sums, rri_lanes_add(rri_lanes_load(sums), sum));
    rri_lanes_store(moments, rri_lanes_add(rri_lanes_load(moments), moment));
    return rri_lanes_fold_f64(sum);
}

static double add(float *max, float sums[16], float moments[16], const float *z, size_t n,
                  const float *ahead)
{
    return ahead != NULL ? add_block(max, sums, moments, NULL, z, n, ahead)
                         : add_block(max, sums, moments, NULL, z, n, NULL);
}

static void add_keeping(float *max, float sums[16], float moments[16], float *z, size_t n)
{
    (void)add_block(max, sums, moments, z, z, n, NULL);
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

const rri_softmax_block RRI_AT_LEVEL(rri_softmax_block) = {.affine = affine,
                                                           .add = add,
                                                           .add_keeping = add_keeping,
                                                           .scaled = scaled,
                                                           .slope = slope,
                                                           .log_prob = log_prob};
