/* SPDX-License-Identifier: MIT */
/* lanes_exp.h: rri_exp on sixteen lanes, spelt out where the level has instructions for it; the
 * bits of scalar.h.
 *
 * 2^n (1 + r + r² q(r)) with the last product rounded once: AVX-512 scales by a power of two in one
 * instruction, the others in two steps. */
#ifndef RRI_MATH_LANES_EXP_H
#define RRI_MATH_LANES_EXP_H

#include "math/lanes.h"
#include "math/scalar.h"

/* Below this e^x is 0. */
#define RRI_LANES_EXP_LOWEST (-105.0f)

#if RRI_LEVEL > 0

/* (e^r − 1) + 1 of x = n ln 2 + r, and shifted, whose low bits are n. */
static inline rri_lanes rri_lanes_exp_reduced(rri_lanes *shifted, rri_lanes *whole, rri_lanes x)
{
    const rri_lanes magic = rri_lanes_all(0x1.8p23f);
    *shifted = rri_lanes_fma(x, rri_lanes_all(0x1.715476p+0f), magic);
    *whole = rri_lanes_subtract(*shifted, magic);
    rri_lanes r = rri_lanes_fma(*whole, rri_lanes_all(-0x1.62e4p-1f), x);
    r = rri_lanes_fma(*whole, rri_lanes_all(-0x1.7f7d1cp-20f), r);
    rri_lanes q = rri_lanes_all(0x1.6db82p-10f);
    q = rri_lanes_fma(q, r, rri_lanes_all(0x1.123e44p-7f));
    q = rri_lanes_fma(q, r, rri_lanes_all(0x1.55545ap-5f));
    q = rri_lanes_fma(q, r, rri_lanes_all(0x1.55548cp-3f));
    q = rri_lanes_fma(q, r, rri_lanes_all(0x1p-1f));
    const rri_lanes expm1 = rri_lanes_fma(rri_lanes_multiply(r, r), q, r);
    return rri_lanes_add(expm1, rri_lanes_all(1.0f));
}

#endif

/* e^x for RRI_LANES_EXP_LOWEST ≤ x ≤ 90 or NaN, which stays NaN. */
static inline rri_lanes rri_lanes_exp(rri_lanes x)
{
#if RRI_LEVEL == 2
    rri_lanes shifted;
    rri_lanes whole;
    const rri_lanes reduced = rri_lanes_exp_reduced(&shifted, &whole, x);
    return _mm512_scalef_ps(reduced, whole);
#elif RRI_LEVEL == 1
    rri_lanes shifted;
    rri_lanes whole;
    const rri_lanes reduced = rri_lanes_exp_reduced(&shifted, &whole, x);
    const __m256i bias = _mm256_set1_epi32(127);
    __m256i n[2] = {_mm256_castps_si256(shifted.low), _mm256_castps_si256(shifted.high)};
    __m256 steps[2][2];
    for (int i = 0; i < 2; i++) {
        n[i] = _mm256_srai_epi32(_mm256_slli_epi32(n[i], 22), 22); /* the low ten bits, signed */
        const __m256i half = _mm256_srai_epi32(n[i], 1);
        const __m256i rest = _mm256_sub_epi32(n[i], half);
        steps[0][i] = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
        steps[1][i] = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
    }
    const rri_lanes once = rri_lanes_multiply(reduced, (rri_lanes){steps[0][0], steps[0][1]});
    return rri_lanes_multiply(once, (rri_lanes){steps[1][0], steps[1][1]});
#else
    for (size_t l = 0; l < RRI_LANES; l++) {
        x.of[l] = rri_exp(x.of[l]);
    }
    return x;
#endif
}

#endif
