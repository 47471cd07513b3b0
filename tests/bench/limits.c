/* SPDX-License-Identifier: MIT */
/* limits.c: see limits.h. Every probe is the best of several short runs: a limit is what the
 * machine can do, not what it did while something else ran. */
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "recrl/recrl.h"

enum { N_CHAINS = 12, N_RUNS = 9, MOST_SIZES = 32 };

/* Seconds that `n` rounds of N_CHAINS multiply-adds take, and how many FLOP a round is. */
typedef struct chains {
    double (*seconds)(long n);
    double flop;
} chains;

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static double chains_avx512(long n)
{
    __m512 a[N_CHAINS];
    const __m512 x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(1e-6f);
    for (int j = 0; j < N_CHAINS; j++) {
        a[j] = _mm512_set1_ps((float)j * 1e-9f);
    }
    const double begin = bench_now();
    for (long i = 0; i < n; i++) {
        for (int j = 0; j < N_CHAINS; j++) {
            a[j] = _mm512_fmadd_ps(a[j], x, y);
        }
        __asm__ volatile("" ::"v"(a[0]));
    }
    const double seconds = bench_now() - begin;
    for (int j = 1; j < N_CHAINS; j++) {
        a[0] = _mm512_add_ps(a[0], a[j]);
    }
    volatile float keep = _mm512_cvtss_f32(a[0]);
    (void)keep;
    return seconds;
}

__attribute__((target("avx2,fma"))) static double chains_avx2(long n)
{
    __m256 a[N_CHAINS];
    const __m256 x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(1e-6f);
    for (int j = 0; j < N_CHAINS; j++) {
        a[j] = _mm256_set1_ps((float)j * 1e-9f);
    }
    const double begin = bench_now();
    for (long i = 0; i < n; i++) {
        for (int j = 0; j < N_CHAINS; j++) {
            a[j] = _mm256_fmadd_ps(a[j], x, y);
        }
        __asm__ volatile("" ::"x"(a[0]));
    }
    const double seconds = bench_now() - begin;
    for (int j = 1; j < N_CHAINS; j++) {
        a[0] = _mm256_add_ps(a[0], a[j]);
    }
    volatile float keep = _mm256_cvtss_f32(a[0]);
    (void)keep;
    return seconds;
}

__attribute__((target("avx512f"))) static float sum_avx512(const float *x, size_t n)
{
    __m512 s[8];
    for (int k = 0; k < 8; k++) {
        s[k] = _mm512_setzero_ps();
    }
    for (size_t i = 0; i + 128 <= n; i += 128) {
        for (size_t k = 0; k < 8; k++) {
            s[k] = _mm512_add_ps(s[k], _mm512_load_ps(x + i + 16 * k));
        }
    }
    for (int k = 1; k < 8; k++) {
        s[0] = _mm512_add_ps(s[0], s[k]);
    }
    return _mm512_cvtss_f32(s[0]);
}

__attribute__((target("avx2"))) static float sum_avx2(const float *x, size_t n)
{
    __m256 s[8];
    for (int k = 0; k < 8; k++) {
        s[k] = _mm256_setzero_ps();
    }
    for (size_t i = 0; i + 64 <= n; i += 64) {
        for (size_t k = 0; k < 8; k++) {
            s[k] = _mm256_add_ps(s[k], _mm256_load_ps(x + i + 8 * k));
        }
    }
    for (int k = 1; k < 8; k++) {
        s[0] = _mm256_add_ps(s[0], s[k]);
    }
    return _mm256_cvtss_f32(s[0]);
}
#endif

/* Plain C: sixteen lanes a chain, as wide as the compiler makes them. */
static double chains_portable(long n)
{
    float a[4][16];
    for (int j = 0; j < 4; j++) {
        for (int k = 0; k < 16; k++) {
            a[j][k] = (float)(j + k) * 1e-9f;
        }
    }
    const double begin = bench_now();
    for (long i = 0; i < n; i++) {
        for (int j = 0; j < 4; j++) {
            for (int k = 0; k < 16; k++) {
                a[j][k] = a[j][k] * 0.999f + 1e-6f;
            }
        }
    }
    const double seconds = bench_now() - begin;
    float sum = 0.0f;
    for (int j = 0; j < 4; j++) {
        for (int k = 0; k < 16; k++) {
            sum += a[j][k];
        }
    }
    volatile float keep = sum;
    (void)keep;
    return seconds;
}

static float sum_portable(const float *x, size_t n)
{
    float s[16] = {0};
    for (size_t i = 0; i + 16 <= n; i += 16) {
        for (size_t k = 0; k < 16; k++) {
            s[k] += x[i + k];
        }
    }
    for (int k = 1; k < 16; k++) {
        s[0] += s[k];
    }
    return s[0];
}

#if defined(__x86_64__)
static const char *level_name(void)
{
    rr_runtime_info info = {.struct_size = sizeof info};
    return rr_runtime_describe(&info, NULL) == RR_OK ? info.kernels : "portable";
}
#endif

static chains chains_of_level(void)
{
#if defined(__x86_64__)
    if (strcmp(level_name(), "avx512") == 0) {
        return (chains){chains_avx512, N_CHAINS * 32.0};
    }
    if (strcmp(level_name(), "avx2") == 0) {
        return (chains){chains_avx2, N_CHAINS * 16.0};
    }
#endif
    return (chains){chains_portable, 4.0 * 16.0 * 2.0};
}

double limits_fma(void)
{
    static double best = 0.0;
    if (best > 0.0) {
        return best;
    }
    const chains c = chains_of_level();
    const long n = 2000000;
    c.seconds(n);
    for (int run = 0; run < N_RUNS; run++) {
        const double rate = (double)n * c.flop / c.seconds(n);
        best = rate > best ? rate : best;
    }
    return best;
}

typedef float sum_of(const float *, size_t);

static sum_of *sum_of_level(void)
{
#if defined(__x86_64__)
    if (strcmp(level_name(), "avx512") == 0) {
        return sum_avx512;
    }
    if (strcmp(level_name(), "avx2") == 0) {
        return sum_avx2;
    }
#endif
    return sum_portable;
}

static double measure_read(size_t bytes)
{
    sum_of *const sum = sum_of_level();
    const size_t n = bytes / sizeof(float);
    float *block = bench_block(bytes);
    for (size_t i = 0; i < n; i++) {
        block[i] = (float)(i & 7);
    }
    volatile float keep = sum(block, n);
    const size_t n_passes = (size_t)3e8 / bytes + 1;
    double best = 0.0;
    for (int run = 0; run < N_RUNS; run++) {
        const double begin = bench_now();
        for (size_t i = 0; i < n_passes; i++) {
            keep = sum(block, n);
        }
        const double rate = (double)n_passes * (double)bytes / (bench_now() - begin);
        best = rate > best ? rate : best;
    }
    (void)keep;
    free(block);
    return best;
}

double limits_read(size_t bytes)
{
    static size_t sizes[MOST_SIZES];
    static double rates[MOST_SIZES];
    static size_t n_known = 0;
    bytes = bytes < 1024 ? 1024 : bytes;
    for (size_t i = 0; i < n_known; i++) {
        if (sizes[i] == bytes) {
            return rates[i];
        }
    }
    const double rate = measure_read(bytes);
    if (n_known < MOST_SIZES) {
        sizes[n_known] = bytes;
        rates[n_known++] = rate;
    }
    return rate;
}
