/* SPDX-License-Identifier: MIT */
/* scalar.h: e^x, ln x, tanh x and erf x of one float, within 2 units in the last place.
 *
 * No libm function but fmaf, which is exact, is called; so every machine, compiler and vector width
 * gives the same bits. No branches: elementwise.c runs loops of these very functions.
 *
 *   e^x    x = n ln 2 + r, |r| ≤ ½ ln 2;  e^x = 2^n (1 + r + r² q(r))
 *   ln x   x = 2^e (1 + f), √½ ≤ 1 + f < √2;  ln x = e ln 2 + f − ½ f² + f³ q(f)
 *   tanh   |x| = ½ n ln 2 + r, −0.09 < r < 0.257;  p = tanh r = r + r³ q(r²);
 *          tanh |x| = a / b,  a = 2^n − 1 + (2^n + 1) p,  b = a + 2 (1 − p); p where n = 0
 *   erf    below |x| = 1: erf x = x + x q(x²); from there: erf |x| = 1 − e^q(|x|)
 *
 * The coefficients of each q are a minimax fit (Remez) to the relative error of the whole. */
#ifndef RRI_MATH_SCALAR_H
#define RRI_MATH_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t rri_scalar_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float rri_scalar_from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x in [low, high]; NaN stays NaN. */
static inline float rri_clamp(float x, float low, float high)
{
    const float raised = x < low ? low : x;
    return raised > high ? high : raised;
}

/* x as a float; NaN where no finite float is near. */
static inline float rri_float_or_nan(double x)
{
    return isfinite((float)x) ? (float)x : NAN;
}

/* 2^n for n in [−126, 127], as the bits of a float. */
static inline float rri_scalar_power_of_two(int32_t n)
{
    return rri_scalar_from_bits((uint32_t)(n + 127) << 23);
}

/* The argument reduction of exp: returns e^r − 1 and writes n. |x| < 2^20; a NaN leaves some n and
 * comes back as NaN. Adding 1.5 · 2^23 rounds to the nearest whole number and
 * leaves it in the low bits. */
static inline float rri_scalar_expm1_reduced(int32_t *n, float x)
{
    const float magic = 0x1.8p23f;
    const float shifted = fmaf(x, 0x1.715476p+0f, magic); /* x / ln 2 */
    const float whole = shifted - magic;
    *n =
        (int32_t)((rri_scalar_bits(shifted) & 0x3ffu) - ((rri_scalar_bits(shifted) & 0x200u) << 1));

    float r = fmaf(whole, -0x1.62e4p-1f, x); /* exact: this part of ln 2 has 15 bits */
    r = fmaf(whole, -0x1.7f7d1cp-20f, r);

    float q = 0x1.6db82p-10f;
    q = fmaf(q, r, 0x1.123e44p-7f);
    q = fmaf(q, r, 0x1.55545ap-5f);
    q = fmaf(q, r, 0x1.55548cp-3f);
    q = fmaf(q, r, 0x1p-1f);
    return fmaf(r * r, q, r);
}

/* e^x: 0 from −104 down, +∞ above 88.72, subnormal results rounded once. */
static inline float rri_exp(float x)
{
    int32_t n; /* [−152, 130] */
    const float expm1 = rri_scalar_expm1_reduced(&n, rri_clamp(x, -105.0f, 90.0f));
    const int32_t half = n >> 1; /* two steps, since 2^n alone may be out of range */
    return (expm1 + 1.0f) * rri_scalar_power_of_two(half) * rri_scalar_power_of_two(n - half);
}

/* tanh x: odd, ±1 from 9.1 on. A piece begins 0.0834 later than n ln 2 / 2 nearest to |x| would
 * have it: where n = 1 begins the result is then above a quarter, which halves its units. The magic
 * number carries the bias of a float's exponent, so that a shift alone makes 2^n, n in [0, 29]. */
static inline float rri_tanh(float x)
{
    const float magic = 0x1.8p23f + 127.0f;
    const float all = rri_scalar_from_bits(rri_scalar_bits(x) & 0x7fffffffu);
    const float size = all > 10.0f ? 10.0f : all;
    const float shifted = fmaf(size - 0.0834f, 0x1.715476p+1f, magic);
    const float whole = shifted - magic;
    float r = fmaf(whole, -0x1.62e4p-2f, size);
    r = fmaf(whole, -0x1.7f7d1cp-21f, r);

    const float r2 = r * r;
    float q = -0x1.a42478p-5f;
    q = fmaf(q, r2, 0x1.10dbc6p-3f);
    q = fmaf(q, r2, -0x1.55550cp-2f);
    const float p = fmaf(r2 * r, q, r);

    const float power = rri_scalar_from_bits(rri_scalar_bits(shifted) << 23);
    const float a = fmaf(power + 1.0f, p, power - 1.0f);
    const float y = a / (a + fmaf(-2.0f, p, 2.0f));
    return rri_scalar_from_bits(rri_scalar_bits(y) | (rri_scalar_bits(x) & 0x80000000u));
}

/* erf x = 2/√π ∫₀ˣ e^(−t²) dt: odd, ±1 from 4 on. */
static inline float rri_erf(float x)
{
    const float size = rri_scalar_from_bits(rri_scalar_bits(x) & 0x7fffffffu);
    const float x2 = size * size;
    float p = 0x1.4aeb22p-14f;
    p = fmaf(p, x2, -0x1.a48856p-11f);
    p = fmaf(p, x2, 0x1.541a4ep-8f);
    p = fmaf(p, x2, -0x1.b7fbcp-6f);
    p = fmaf(p, x2, 0x1.ce2d2p-4f);
    p = fmaf(p, x2, -0x1.81273ep-2f);
    p = fmaf(p, x2, 0x1.06eba8p-3f);
    const float inner = fmaf(size, p, size);

    const float far = rri_clamp(size, 1.0f, 4.0f);
    float q = 0x1.851c4cp-13f;
    q = fmaf(q, far, -0x1.814278p-9f);
    q = fmaf(q, far, 0x1.653cf8p-6f);
    q = fmaf(q, far, -0x1.a607d4p-4f);
    q = fmaf(q, far, -0x1.46c5e6p-1f);
    q = fmaf(q, far, -0x1.208594p+0f);
    q = fmaf(q, far, -0x1.735928p-12f);
    const float outer = 1.0f - rri_exp(q);

    const float y = size < 1.0f ? inner : outer;
    return rri_scalar_from_bits(rri_scalar_bits(y) | (rri_scalar_bits(x) & 0x80000000u));
}

/* ln x: −∞ at ±0, NaN below, +∞ at +∞. */
static inline float rri_log(float x)
{
    const uint32_t is_tiny = x < 0x1p-126f ? 1u : 0u; /* subnormal: raised by 2^23 first */
    const uint32_t bits = rri_scalar_bits(is_tiny != 0u ? x * 0x1p23f : x);
    const uint32_t root_half = 0x3f3504f3u; /* √½: the mantissa is taken from here on */
    const int32_t e = (int32_t)(bits - root_half) >> 23;
    const float f = rri_scalar_from_bits(bits - ((uint32_t)e << 23)) - 1.0f;
    const float exponent = (float)(e - (int32_t)(is_tiny * 23u));

    float q = -0x1.38b25ep-4f;
    q = fmaf(q, f, 0x1.055a6cp-3f);
    q = fmaf(q, f, -0x1.0d856p-3f);
    q = fmaf(q, f, 0x1.22da44p-3f);
    q = fmaf(q, f, -0x1.547246p-3f);
    q = fmaf(q, f, 0x1.99a006p-3f);
    q = fmaf(q, f, -0x1.000226p-2f);
    q = fmaf(q, f, 0x1.555554p-2f);

    const float f2 = f * f;
    float tail = fmaf(f * f2, q, exponent * 0x1.7f7d1cp-20f);
    tail = fmaf(-0.5f, f2, tail);
    const float finite = fmaf(exponent, 0x1.62e4p-1f, f + tail);

    const float not_positive = x == 0.0f ? -INFINITY : NAN;
    const float proper = x > 0.0f ? finite : not_positive;
    return x == INFINITY ? x : proper;
}

#endif
