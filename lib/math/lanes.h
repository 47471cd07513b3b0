/* SPDX-License-Identifier: MIT */
/* lanes.h: sixteen floats as one value, in the registers of the level being compiled.
 *
 * Each operation is the same sixteen roundings at every level: one AVX-512 register, two AVX
 * registers, or a plain array. rri_lanes_exp, rri_lanes_tanh and rri_lanes_below are spelt for
 * vectors, with the bits of rri_exp and rri_tanh. From −105 down, −∞ with it, e^x is 0: such lanes
 * are left out of the powers of two, since a product that underflows takes a processor a hundred
 * cycles. */
#ifndef RRI_MATH_LANES_H
#define RRI_MATH_LANES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "math/level.h"
#include "math/scalar.h"

#define RRI_LANES ((size_t)16)

/* The tree by which sixteen sums become one, here in double: l += l + 8, l + 4, l + 2, l + 1. The
 * folds of lanes below are this tree in registers. */
static inline double rri_lanes_fold_sums(double s[16])
{
    for (size_t half = RRI_LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            s[l] += s[l + half];
        }
    }
    return s[0];
}

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
static inline rri_lanes rri_lanes_subtract(rri_lanes a, rri_lanes b)
{
    return _mm512_sub_ps(a, b);
}
static inline rri_lanes rri_lanes_multiply(rri_lanes a, rri_lanes b)
{
    return _mm512_mul_ps(a, b);
}
static inline rri_lanes rri_lanes_divide(rri_lanes a, rri_lanes b)
{
    return _mm512_div_ps(a, b);
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
/* The lanes' sum in double by the same tree. */
static inline double rri_lanes_fold_f64(rri_lanes a)
{
    const __m512d eight = _mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(a)),
                                        _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)));
    const __m256d four =
        _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}
/* The lanes' maximum by the same tree, a lane's upper half before its lower. */
static inline float rri_lanes_fold_max(rri_lanes a)
{
    const __m256 low = _mm512_castps512_ps256(a), high = _mm512_extractf32x8_ps(a, 1);
    const __m256 eight = _mm256_max_ps(high, low);
    const __m128 four = _mm_max_ps(_mm256_extractf128_ps(eight, 1), _mm256_castps256_ps128(eight));
    const __m128 two = _mm_max_ps(_mm_movehl_ps(four, four), four);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(two), two));
}
/* The lanes' sum by the tree of reduce.h: l + 8, l + 4, l + 2, l + 1. */
static inline float rri_lanes_fold(rri_lanes a)
{
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
/* y[j] = rri_lanes_fold(s[j]) of eight: each step of the tree adds for all of them at once. */
static inline void rri_lanes_fold_eight(float *y, const rri_lanes s[8])
{
    __m512 four[4], two[2];
    for (int j = 0; j < 4; j++) { /* l + 8, then halves of s[2j] and s[2j + 1] side by side */
        four[j] = _mm512_add_ps(_mm512_shuffle_f32x4(s[2 * j], s[2 * j + 1], 0x44),
                                _mm512_shuffle_f32x4(s[2 * j], s[2 * j + 1], 0xee));
    }
    for (int j = 0; j < 2; j++) { /* l + 4: quarters of s[4j] … s[4j + 3] */
        two[j] = _mm512_add_ps(_mm512_shuffle_f32x4(four[2 * j], four[2 * j + 1], 0x88),
                               _mm512_shuffle_f32x4(four[2 * j], four[2 * j + 1], 0xdd));
    }
    const __m512 pairs = _mm512_add_ps(_mm512_shuffle_ps(two[0], two[1], 0x44),
                                       _mm512_shuffle_ps(two[0], two[1], 0xee)); /* l + 2 */
    const __m512 sums = _mm512_add_ps(pairs, _mm512_movehdup_ps(pairs));         /* l + 1 */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 0, 0, 0, 0, 0, 0, 0, 0);
    _mm256_storeu_ps(y, _mm512_castps512_ps256(_mm512_permutexvar_ps(order, sums)));
}
/* Bit l: is lane l of a above that of b? Never where one is NaN. */
static inline unsigned rri_lanes_above(rri_lanes a, rri_lanes b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
/* a, with 0 where it is −∞ */
static inline rri_lanes rri_lanes_below(rri_lanes a)
{
    const __mmask16 is_some = _mm512_cmp_ps_mask(a, _mm512_set1_ps(-INFINITY), _CMP_NEQ_UQ);
    return _mm512_maskz_mov_ps(is_some, a);
}
/* rri_exp. One scalef rounds as its two products by powers of two do: the first is exact. */
static inline rri_lanes rri_lanes_exp(rri_lanes a)
{
    const __m512 magic = _mm512_set1_ps(0x1.8p23f), lowest = _mm512_set1_ps(-105.0f);
    const __mmask16 is_some = _mm512_cmp_ps_mask(a, lowest, _CMP_NLE_UQ);
    const __m512 raised = _mm512_max_ps(lowest, a); /* NaN passes */
    const __m512 x = _mm512_min_ps(_mm512_set1_ps(90.0f), raised);
    const __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p+0f), magic);
    const __m512 whole = _mm512_sub_ps(shifted, magic);
    __m512 r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-0x1.62e4p-1f), x);
    r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-0x1.7f7d1cp-20f), r);

    __m512 q = _mm512_set1_ps(0x1.6db82p-10f);
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.123e44p-7f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.55545ap-5f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.55548cp-3f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1p-1f));
    const __m512 expm1 = _mm512_fmadd_ps(_mm512_mul_ps(r, r), q, r);
    return _mm512_maskz_scalef_ps(is_some, _mm512_add_ps(expm1, _mm512_set1_ps(1.0f)), whole);
}
/* rri_tanh */
static inline rri_lanes rri_lanes_tanh(rri_lanes x)
{
    const __m512 magic = _mm512_set1_ps(0x1.8p23f + 127.0f), one = _mm512_set1_ps(1.0f);
    const __m512 size = _mm512_min_ps(_mm512_set1_ps(10.0f), _mm512_abs_ps(x)); /* NaN passes */
    const __m512 later = _mm512_sub_ps(size, _mm512_set1_ps(0.0834f));
    const __m512 shifted = _mm512_fmadd_ps(later, _mm512_set1_ps(0x1.715476p+1f), magic);
    const __m512 whole = _mm512_sub_ps(shifted, magic);
    __m512 r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-0x1.62e4p-2f), size);
    r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-0x1.7f7d1cp-21f), r);

    const __m512 r2 = _mm512_mul_ps(r, r);
    __m512 q = _mm512_set1_ps(-0x1.a42478p-5f);
    q = _mm512_fmadd_ps(q, r2, _mm512_set1_ps(0x1.10dbc6p-3f));
    q = _mm512_fmadd_ps(q, r2, _mm512_set1_ps(-0x1.55550cp-2f));
    const __m512 p = _mm512_fmadd_ps(_mm512_mul_ps(r2, r), q, r);

    const __m512 power = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23));
    const __m512 a = _mm512_fmadd_ps(_mm512_add_ps(power, one), p, _mm512_sub_ps(power, one));
    const __m512 rest = _mm512_fmadd_ps(_mm512_set1_ps(-2.0f), p, _mm512_set1_ps(2.0f));
    const __m512 y = _mm512_div_ps(a, _mm512_add_ps(a, rest));
    return _mm512_or_ps(y, _mm512_and_ps(x, _mm512_set1_ps(-0.0f)));
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
static inline rri_lanes rri_lanes_subtract(rri_lanes a, rri_lanes b)
{
    return (rri_lanes){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
static inline rri_lanes rri_lanes_multiply(rri_lanes a, rri_lanes b)
{
    return (rri_lanes){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
static inline rri_lanes rri_lanes_divide(rri_lanes a, rri_lanes b)
{
    return (rri_lanes){_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
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
/* The lanes' sum in double by the same tree. */
static inline double rri_lanes_fold_f64(rri_lanes a)
{
    const __m256d lower = _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(a.low)),
                                        _mm256_cvtps_pd(_mm256_castps256_ps128(a.high)));
    const __m256d upper = _mm256_add_pd(_mm256_cvtps_pd(_mm256_extractf128_ps(a.low, 1)),
                                        _mm256_cvtps_pd(_mm256_extractf128_ps(a.high, 1)));
    const __m256d four = _mm256_add_pd(lower, upper);
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}
/* The lanes' maximum by the same tree, a lane's upper half before its lower. */
static inline float rri_lanes_fold_max(rri_lanes a)
{
    const __m256 eight = _mm256_max_ps(a.high, a.low);
    const __m128 four = _mm_max_ps(_mm256_extractf128_ps(eight, 1), _mm256_castps256_ps128(eight));
    const __m128 two = _mm_max_ps(_mm_movehl_ps(four, four), four);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(two), two));
}
/* The lanes' sum by the tree of reduce.h: l + 8, l + 4, l + 2, l + 1. */
static inline float rri_lanes_fold(rri_lanes a)
{
    const __m256 eight = _mm256_add_ps(a.low, a.high);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
/* Bit l: is lane l of a above that of b? Never where one is NaN. */
static inline unsigned rri_lanes_above(rri_lanes a, rri_lanes b)
{
    const int low = _mm256_movemask_ps(_mm256_cmp_ps(a.low, b.low, _CMP_GT_OQ));
    const int high = _mm256_movemask_ps(_mm256_cmp_ps(a.high, b.high, _CMP_GT_OQ));
    return (unsigned)low | (unsigned)high << 8;
}
static inline __m256 rri_lanes_below_half(__m256 a)
{
    return _mm256_and_ps(a, _mm256_cmp_ps(a, _mm256_set1_ps(-INFINITY), _CMP_NEQ_UQ));
}
/* a, with 0 where it is −∞ */
static inline rri_lanes rri_lanes_below(rri_lanes a)
{
    return (rri_lanes){rri_lanes_below_half(a.low), rri_lanes_below_half(a.high)};
}
static inline __m256 rri_lanes_exp_half(__m256 a)
{
    const __m256 magic = _mm256_set1_ps(0x1.8p23f), lowest = _mm256_set1_ps(-105.0f);
    const __m256 is_some = _mm256_cmp_ps(a, lowest, _CMP_NLE_UQ);
    const __m256 raised = _mm256_max_ps(lowest, a); /* NaN passes */
    const __m256 x = _mm256_min_ps(_mm256_set1_ps(90.0f), raised);
    const __m256 shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(0x1.715476p+0f), magic);
    const __m256 whole = _mm256_sub_ps(shifted, magic);
    __m256 r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-0x1.62e4p-1f), x);
    r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-0x1.7f7d1cp-20f), r);

    __m256 q = _mm256_set1_ps(0x1.6db82p-10f);
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.123e44p-7f));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.55545ap-5f));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.55548cp-3f));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1p-1f));
    const __m256 expm1 = _mm256_fmadd_ps(_mm256_mul_ps(r, r), q, r);

    /* n is in the low ten bits, with its sign; 2^n in two steps */
    const __m256i all = _mm256_srai_epi32(_mm256_slli_epi32(_mm256_castps_si256(shifted), 22), 22);
    const __m256i n = _mm256_and_si256(all, _mm256_castps_si256(is_some));
    const __m256i half = _mm256_srai_epi32(n, 1), bias = _mm256_set1_epi32(127);
    const __m256i first = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i rest = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(n, half), bias), 23);
    const __m256 y = _mm256_and_ps(_mm256_add_ps(expm1, _mm256_set1_ps(1.0f)), is_some);
    return _mm256_mul_ps(_mm256_mul_ps(y, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(rest));
}
/* rri_exp */
static inline rri_lanes rri_lanes_exp(rri_lanes a)
{
    return (rri_lanes){rri_lanes_exp_half(a.low), rri_lanes_exp_half(a.high)};
}
static inline __m256 rri_lanes_tanh_half(__m256 x)
{
    const __m256 magic = _mm256_set1_ps(0x1.8p23f + 127.0f), one = _mm256_set1_ps(1.0f);
    const __m256 sign = _mm256_set1_ps(-0.0f);
    const __m256 size = _mm256_min_ps(_mm256_set1_ps(10.0f), _mm256_andnot_ps(sign, x));
    const __m256 later = _mm256_sub_ps(size, _mm256_set1_ps(0.0834f));
    const __m256 shifted = _mm256_fmadd_ps(later, _mm256_set1_ps(0x1.715476p+1f), magic);
    const __m256 whole = _mm256_sub_ps(shifted, magic);
    __m256 r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-0x1.62e4p-2f), size);
    r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-0x1.7f7d1cp-21f), r);

    const __m256 r2 = _mm256_mul_ps(r, r);
    __m256 q = _mm256_set1_ps(-0x1.a42478p-5f);
    q = _mm256_fmadd_ps(q, r2, _mm256_set1_ps(0x1.10dbc6p-3f));
    q = _mm256_fmadd_ps(q, r2, _mm256_set1_ps(-0x1.55550cp-2f));
    const __m256 p = _mm256_fmadd_ps(_mm256_mul_ps(r2, r), q, r);

    const __m256 power = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23));
    const __m256 a = _mm256_fmadd_ps(_mm256_add_ps(power, one), p, _mm256_sub_ps(power, one));
    const __m256 rest = _mm256_fmadd_ps(_mm256_set1_ps(-2.0f), p, _mm256_set1_ps(2.0f));
    const __m256 y = _mm256_div_ps(a, _mm256_add_ps(a, rest));
    return _mm256_or_ps(y, _mm256_and_ps(x, sign));
}
/* rri_tanh */
static inline rri_lanes rri_lanes_tanh(rri_lanes x)
{
    return (rri_lanes){rri_lanes_tanh_half(x.low), rri_lanes_tanh_half(x.high)};
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
static inline rri_lanes rri_lanes_subtract(rri_lanes a, rri_lanes b)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        a.of[l] -= b.of[l];
    }
    return a;
}
static inline rri_lanes rri_lanes_multiply(rri_lanes a, rri_lanes b)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        a.of[l] *= b.of[l];
    }
    return a;
}
static inline rri_lanes rri_lanes_divide(rri_lanes a, rri_lanes b)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        a.of[l] /= b.of[l];
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
/* The lanes' sum in double by the same tree. */
static inline double rri_lanes_fold_f64(rri_lanes a)
{
    double s[RRI_LANES];
    for (size_t l = 0; l < RRI_LANES; l++) {
        s[l] = (double)a.of[l];
    }
    return rri_lanes_fold_sums(s);
}
/* The lanes' maximum by the same tree, a lane's upper half before its lower. */
static inline float rri_lanes_fold_max(rri_lanes a)
{
    for (size_t half = RRI_LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            a.of[l] = a.of[l + half] > a.of[l] ? a.of[l + half] : a.of[l];
        }
    }
    return a.of[0];
}
/* The lanes' sum by the tree of reduce.h: l + 8, l + 4, l + 2, l + 1. */
static inline float rri_lanes_fold(rri_lanes a)
{
    for (size_t half = RRI_LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            a.of[l] += a.of[l + half];
        }
    }
    return a.of[0];
}
/* Bit l: is lane l of a above that of b? Never where one is NaN. */
static inline unsigned rri_lanes_above(rri_lanes a, rri_lanes b)
{
    unsigned bits = 0;
    for (size_t l = 0; l < RRI_LANES; l++) {
        bits |= (a.of[l] > b.of[l] ? 1u : 0u) << l;
    }
    return bits;
}
/* a, with 0 where it is −∞ */
static inline rri_lanes rri_lanes_below(rri_lanes a)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        a.of[l] = a.of[l] == -INFINITY ? 0.0f : a.of[l];
    }
    return a;
}
/* rri_exp */
static inline rri_lanes rri_lanes_exp(rri_lanes a)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        const bool is_none = a.of[l] <= -105.0f;
        const float e = rri_exp(is_none ? 0.0f : a.of[l]);
        a.of[l] = is_none ? 0.0f : e;
    }
    return a;
}
/* rri_tanh */
static inline rri_lanes rri_lanes_tanh(rri_lanes x)
{
    for (size_t l = 0; l < RRI_LANES; l++) {
        x.of[l] = rri_tanh(x.of[l]);
    }
    return x;
}

#endif

#if RRI_LEVEL < 2
/* y[j] = rri_lanes_fold(s[j]) of eight. */
static inline void rri_lanes_fold_eight(float *y, const rri_lanes s[8])
{
    for (size_t j = 0; j < 8; j++) {
        y[j] = rri_lanes_fold(s[j]);
    }
}
#endif

#endif
