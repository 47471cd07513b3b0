/* SPDX-License-Identifier: MIT */
#include "math/posterior.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "levels.h"

enum { MOST = 48, LANES = 16 };

static float m[MOST], P[MOST * MOST], g[MOST], x[MOST];
static float plain_m[MOST], plain_P[MOST * MOST];

/* Lanes of sixteen folded by halves, as reduce.h has it. */
static float plain_dot(const float *a, const float *b, size_t width)
{
    float sum[LANES] = {0};
    for (size_t i = 0; i < width; i++) {
        const float product = a[i] * b[i];
        sum[i % LANES] += product;
    }
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            sum[l] += sum[l + half];
        }
    }
    return sum[0];
}

static void plain_posterior(float r, float variance, size_t width)
{
    float gain[MOST] = {0};
    for (size_t j = 0; j < width; j++) {
        for (size_t i = 0; i < width; i++) {
            const float product = x[j] * plain_P[j * width + i];
            gain[i] += product;
        }
    }
    const float e = plain_dot(x, gain, width) + variance;
    const float step = (r - plain_dot(x, plain_m, width)) / e;
    const float inverse_root = 1.0f / sqrtf(e);
    for (size_t i = 0; i < width; i++) {
        const float product = step * gain[i];
        plain_m[i] += product;
        gain[i] *= inverse_root;
    }
    for (size_t i = 0; i < width * width; i++) {
        const float product = gain[i / width] * gain[i % width];
        plain_P[i] -= product;
    }
}

static void fill(size_t width, uint32_t seed)
{
    levels_fill(x, width, seed);
    levels_fill(m, width, seed + 1);
    memset(P, 0, sizeof P);
    for (size_t i = 0; i < width; i++) {
        P[i * width + i] = 1.0f + 0.01f * (float)(i % 7);
    }
    memcpy(plain_m, m, sizeof m);
    memcpy(plain_P, P, sizeof P);
}

/* Prior N((1, 0), diag(4, 1)), variance 1, x = (1, 2), r = 3: g = (4, 2), e = 9,
 * m = (1, 0) + (4, 2) 2/9, P = diag(4, 1) − g gᵀ/9. */
START_TEST(test_posterior_by_hand)
{
    const rri_kernels *const kernels = rri_kernels_detect();
    memset(m, 0, sizeof m);
    memset(P, 0, sizeof P);
    memset(x, 0, sizeof x);
    m[0] = 1.0f;
    P[0] = 4.0f;
    P[LANES + 1] = 1.0f;
    x[0] = 1.0f;
    x[1] = 2.0f;
    kernels->posterior(m, P, g, x, 3.0f, 1.0f, LANES);
    ck_assert_float_eq_tol(m[0], 1.0f + 8.0f / 9.0f, 1e-6f);
    ck_assert_float_eq_tol(m[1], 4.0f / 9.0f, 1e-6f);
    ck_assert_float_eq_tol(P[0], 4.0f - 16.0f / 9.0f, 1e-6f);
    ck_assert_float_eq_tol(P[1], -8.0f / 9.0f, 1e-6f);
    ck_assert_float_eq_tol(P[LANES], -8.0f / 9.0f, 1e-6f);
    ck_assert_float_eq_tol(P[LANES + 1], 1.0f - 4.0f / 9.0f, 1e-6f);
    ck_assert(m[2] == 0.0f && P[2] == 0.0f);
}
END_TEST

START_TEST(test_posterior_is_the_plain_one_in_bits_at_every_level_and_stays_symmetric)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t width = LANES; width <= MOST; width += LANES) {
        for (size_t q = 0; q < n_levels; q++) {
            fill(width, (uint32_t)width);
            for (uint32_t t = 0; t < 30; t++) {
                levels_fill(x, width, 100 + t);
                const float r = 0.3f * (float)(t % 5) - 0.5f;
                levels[q]->posterior(m, P, g, x, r, 0.04f, width);
                plain_posterior(r, 0.04f, width);
            }
            ck_assert_mem_eq(m, plain_m, width * sizeof m[0]);
            ck_assert_mem_eq(P, plain_P, width * width * sizeof P[0]);
            for (size_t i = 0; i < width * width; i++) {
                ck_assert(P[i] == P[i % width * width + i / width]);
            }
        }
    }
}
END_TEST

CHECK_MAIN("math/posterior", test_posterior_by_hand,
           test_posterior_is_the_plain_one_in_bits_at_every_level_and_stays_symmetric)
