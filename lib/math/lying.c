/* SPDX-License-Identifier: MIT */
/* lying.c: a square of sixteen by sixteen is turned over, then each of its columns is one step of
 * the chains of sixteen elements of C. Compiled once per level. */
#include "math/lying.h"

#include <stdint.h>

#include "math/lanes.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Floats of a line of the caches. */
enum { LINE = 16 };
/* Rows of C that share a square. */
enum { MOST_TOGETHER = 4 };

/* How many sixteens of rows ahead a prefetch asks for the first cache and for the second: of 64
 * columns 8 and 64 KiB. */
enum { NEAR = 2, FAR = 16 };

/* The address so many floats on, which may lie behind the end of B: a prefetch of nothing fails
 * silently. */
ALWAYS_INLINE const void *onward(const float *x, size_t n)
{
    return (const void *)((uintptr_t)x + n * sizeof *x);
}

/* Brings sixteen lines near, in order of addresses, while the square at `here` is worked on. READ
 * reads one float of each of the `next` rows: some hardware follows reads, and then delivers at
 * memory's full rate; it learns less from prefetches, and nothing from the columns of a square. ASK
 * prefetches, because a read that misses holds up what follows it. */
ALWAYS_INLINE void bring(const float *next, const float *here, size_t k, const rri_ahead ahead)
{
    UNROLL
    for (size_t j = 0; j < 16; j++) {
        if (ahead == RRI_AHEAD_READ) {
            (void)*(const volatile float *)(next + LINE * j);
        } else {
            __builtin_prefetch(onward(here, NEAR * 16 * k + LINE * j));
            __builtin_prefetch(onward(here, FAR * 16 * k + LINE * j), 0, 2);
        }
    }
}

#if RRI_LEVEL == 2

/* square[l] lane j = x[j * stride + l] */
ALWAYS_INLINE void turn_over(rri_lanes square[16], const float *x, size_t stride)
{
    __m512 r[16], s[16];
    UNROLL
    for (size_t j = 0; j < 16; j++) {
        r[j] = _mm512_loadu_ps(x + j * stride);
    }
    UNROLL
    for (size_t j = 0; j < 16; j += 2) {
        s[j] = _mm512_unpacklo_ps(r[j], r[j + 1]);
        s[j + 1] = _mm512_unpackhi_ps(r[j], r[j + 1]);
    }
    UNROLL
    for (size_t j = 0; j < 16; j += 4) {
        const __m512d a = _mm512_castps_pd(s[j]), b = _mm512_castps_pd(s[j + 2]);
        const __m512d c = _mm512_castps_pd(s[j + 1]), d = _mm512_castps_pd(s[j + 3]);
        r[j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
        r[j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        r[j + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
        r[j + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
    }
    /* r[4 b + i] has in its quarter c the column 4 c + i of rows 4 b … 4 b + 3. */
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        const __m512 even_low = _mm512_shuffle_f32x4(r[i], r[4 + i], 0x88);
        const __m512 odd_low = _mm512_shuffle_f32x4(r[i], r[4 + i], 0xdd);
        const __m512 even_high = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0x88);
        const __m512 odd_high = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0xdd);
        square[i] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
        square[8 + i] = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
        square[4 + i] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
        square[12 + i] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
    }
}

#elif RRI_LEVEL == 1

/* y[l] lane j = x[j * stride + l], eight by eight. */
ALWAYS_INLINE void turn_over_eight(__m256 y[8], const float *x, size_t stride)
{
    __m256 r[8], s[8];
    UNROLL
    for (size_t j = 0; j < 8; j++) {
        r[j] = _mm256_loadu_ps(x + j * stride);
    }
    UNROLL
    for (size_t j = 0; j < 8; j += 2) {
        s[j] = _mm256_unpacklo_ps(r[j], r[j + 1]);
        s[j + 1] = _mm256_unpackhi_ps(r[j], r[j + 1]);
    }
    UNROLL
    for (size_t j = 0; j < 8; j += 4) {
        r[j] = _mm256_shuffle_ps(s[j], s[j + 2], 0x44);
        r[j + 1] = _mm256_shuffle_ps(s[j], s[j + 2], 0xee);
        r[j + 2] = _mm256_shuffle_ps(s[j + 1], s[j + 3], 0x44);
        r[j + 3] = _mm256_shuffle_ps(s[j + 1], s[j + 3], 0xee);
    }
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        y[i] = _mm256_permute2f128_ps(r[i], r[4 + i], 0x20);
        y[4 + i] = _mm256_permute2f128_ps(r[i], r[4 + i], 0x31);
    }
}

ALWAYS_INLINE void turn_over(rri_lanes square[16], const float *x, size_t stride)
{
    UNROLL
    for (size_t first = 0; first < 16; first += 8) {
        __m256 low[8], high[8];
        turn_over_eight(low, x + first, stride);
        turn_over_eight(high, x + 8 * stride + first, stride);
        UNROLL
        for (size_t l = 0; l < 8; l++) {
            square[first + l] = (rri_lanes){low[l], high[l]};
        }
    }
}

#else

static void turn_over(rri_lanes square[16], const float *x, size_t stride)
{
    for (size_t l = 0; l < 16; l++) {
        for (size_t j = 0; j < 16; j++) {
            square[l].of[j] = x[j * stride + l];
        }
    }
}

#endif

/* C [R, 16] from sixteen rows of B. `next` are the sixteen rows that follow. */
ALWAYS_INLINE void sixteen(float *C, size_t ldc, const float *A, size_t lda, const float *B,
                           const float *next, size_t k, bool accumulate, const rri_ahead ahead,
                           const size_t R)
{
    rri_lanes part[MOST_TOGETHER];
    UNROLL
    for (size_t i = 0; i < R; i++) {
        part[i] = rri_lanes_all(0.0f);
    }
    for (size_t first = 0; first < k; first += 16) {
        rri_lanes square[16];
        turn_over(square, B + first, k);
        bring(next + 16 * first, B + 16 * first, k, ahead);
        UNROLL
        for (size_t l = 0; l < 16; l++) {
            UNROLL
            for (size_t i = 0; i < R; i++) {
                part[i] = rri_lanes_fma(square[l], rri_lanes_all(A[i * lda + first + l]), part[i]);
            }
        }
    }
    UNROLL
    for (size_t i = 0; i < R; i++) {
        float *c = C + i * ldc;
        rri_lanes_store(c, accumulate ? rri_lanes_add(rri_lanes_load(c), part[i]) : part[i]);
    }
}

/* R rows of C; what is left behind whole sixteens goes one by one. */
ALWAYS_INLINE void few_rows(float *C, size_t ldc, const float *A, size_t lda, const float *B,
                            size_t n, size_t k, bool accumulate, const rri_ahead ahead,
                            const size_t R)
{
    size_t j = 0;
    for (; j + 16 <= n; j += 16) {
        const float *next = B + (j + 32 <= n ? j + 16 : j) * k;
        sixteen(C + j, ldc, A, lda, B + j * k, next, k, accumulate, ahead, R);
    }
    for (; j < n; j++) {
        for (size_t i = 0; i < R; i++) {
            float part = 0.0f;
            for (size_t l = 0; l < k; l++) {
                part = fmaf(A[i * lda + l], B[j * k + l], part);
            }
            C[i * ldc + j] = accumulate ? C[i * ldc + j] + part : part;
        }
    }
}

ALWAYS_INLINE void all_rows(float *C, size_t ldc, const float *A, size_t lda, const float *B,
                            size_t m, size_t n, size_t k, bool accumulate, const rri_ahead ahead)
{
    size_t i = 0;
    for (; i + MOST_TOGETHER <= m; i += MOST_TOGETHER) {
        few_rows(C + i * ldc, ldc, A + i * lda, lda, B, n, k, accumulate, ahead, MOST_TOGETHER);
    }
    for (; i < m; i++) {
        few_rows(C + i * ldc, ldc, A + i * lda, lda, B, n, k, accumulate, ahead, 1);
    }
}

void RRI_AT_LEVEL(rri_lying_rows)(float *C, size_t ldc, const float *A, size_t lda, const float *B,
                                  size_t m, size_t n, size_t k, bool accumulate, rri_ahead ahead)
{
    if (ahead == RRI_AHEAD_READ) {
        all_rows(C, ldc, A, lda, B, m, n, k, accumulate, RRI_AHEAD_READ);
    } else {
        all_rows(C, ldc, A, lda, B, m, n, k, accumulate, RRI_AHEAD_ASK);
    }
}
