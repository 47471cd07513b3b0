/* SPDX-License-Identifier: MIT */
/* bench_gemm.c: GFLOP/s of the products that training consists of, per level and tile, on one
 * thread.
 *
 *   tiles    both sides packed beforehand: the micro-kernel alone
 *   packed   rri_gemm_packed: B packed beforehand, A on the way (weights are packed once a step)
 *   gemm     rri_gemm: both packed on the way */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "math/gemm.h"

typedef struct shape {
    const char *what;
    size_t m, n, k;
    bool is_a_transposed, is_b_transposed;
} shape;

static const shape shapes[] = {
    {"logits of a minibatch", 64, 1000, 64, false, true},
    {"hidden layer", 64, 64, 64, false, true},
    {"dx", 64, 64, 1000, false, false},
    {"dW of the last layer", 1000, 64, 64, true, false},
    {"logits of 256 rows", 256, 1000, 64, false, true},
    {"hidden layer of a rollout", 2048, 64, 64, false, true},
    {"act, 8 rows", 8, 1000, 64, false, true},
    {"act, 1 row", 1, 1000, 64, false, true},
};

static void *block_of(size_t bytes)
{
    void *block = NULL;
    if (posix_memalign(&block, 64, bytes) != 0) {
        exit(1);
    }
    float *x = block;
    for (size_t i = 0; i < bytes / sizeof *x; i++) {
        x[i] = (float)(i * 7919 % 2001) / 1000.0f - 1.0f;
    }
    return block;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct problem {
    const rri_kernels *kernels;
    const shape *s;
    float *a, *b, *C, *narrow_panels, *wide_panels;
    rri_view A, B;
    rri_stack scratch;
} problem;

static void by_tiles(problem *p)
{
    const size_t wide = p->kernels->wide, narrow = p->kernels->narrow, k = p->s->k;
    for (size_t j = 0; j < p->s->n; j += wide) {
        for (size_t i = 0; i < p->s->m; i += narrow) {
            for (size_t l = 0; l < k; l += RRI_K_CUT) {
                p->kernels->tile(
                    p->C + i * p->s->n + j, p->s->n, p->narrow_panels + i * k + l * narrow,
                    p->wide_panels + j * k + l * wide, p->s->m - i < narrow ? p->s->m - i : narrow,
                    p->s->n - j < wide ? p->s->n - j : wide, k - l < RRI_K_CUT ? k - l : RRI_K_CUT,
                    l > 0);
            }
        }
    }
}

static void by_packed(problem *p)
{
    rri_gemm_packed(p->kernels, p->C, p->s->n, p->A, p->wide_panels, p->s->m, p->s->n, p->s->k,
                    false, &p->scratch);
}

static void by_gemm(problem *p)
{
    rri_gemm(p->kernels, p->C, p->s->n, p->A, p->B, p->s->m, p->s->n, p->s->k, false, &p->scratch);
}

static double gflops(problem *p, void (*run)(problem *))
{
    const double flops = 2.0 * (double)p->s->m * (double)p->s->n * (double)p->s->k;
    const bool is_quick = p->kernels->level != RRI_LEVEL_PORTABLE;
    const int n_repeats = (int)((is_quick ? 1e8 : 1e7) / flops) + 1;
    double best = 0.0;
    for (int attempt = 0; attempt < 7; attempt++) {
        const double begin = now();
        for (int i = 0; i < n_repeats; i++) {
            run(p);
        }
        const double rate = 1e-9 * flops * n_repeats / (now() - begin);
        best = rate > best ? rate : best;
    }
    return best;
}

static void bench_shape(const rri_kernels *kernels, const shape *s)
{
    const size_t strips = (s->m + kernels->narrow - 1) / kernels->narrow;
    const size_t panels = rri_panels_count(kernels, s->n, s->k);
    const size_t bytes = rri_gemm_scratch(kernels, s->m, s->n, s->k);
    problem p = {.kernels = kernels,
                 .s = s,
                 .a = block_of(s->m * s->k * sizeof(float)),
                 .b = block_of(s->n * s->k * sizeof(float)),
                 .C = block_of(s->m * s->n * sizeof(float)),
                 .narrow_panels = block_of(strips * kernels->narrow * s->k * sizeof(float)),
                 .wide_panels = block_of(panels * sizeof(float)),
                 .scratch = {.base = block_of(bytes), .size = bytes}};
    p.A = s->is_a_transposed ? rri_view_transposed(p.a, s->m) : rri_view_rows(p.a, s->k);
    p.B = s->is_b_transposed ? rri_view_transposed(p.b, s->k) : rri_view_rows(p.b, s->n);
    rri_panels_pack(kernels, p.wide_panels, p.B, s->k, s->n);
    printf("%-9s%-6s %-26s %4zu x %4zu, k = %4zu: %6.1f tiles %6.1f packed %6.1f gemm\n",
           kernels->name, kernels->is_blis ? "BLIS" : "own", s->what, s->m, s->n, s->k,
           gflops(&p, by_tiles), gflops(&p, by_packed), gflops(&p, by_gemm));
    free(p.a);
    free(p.b);
    free(p.C);
    free(p.narrow_panels);
    free(p.wide_panels);
    free(p.scratch.base);
}

int main(void)
{
    for (int level = RRI_N_LEVELS - 1; level >= 0; level--) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels == NULL) {
            printf("level %d is not on this CPU or not in this build\n", level);
            continue;
        }
        rri_kernels own = *kernels;
        own.tile = own.tiles->tile;
        own.is_blis = false;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            bench_shape(kernels, &shapes[s]);
            if (kernels->is_blis) {
                bench_shape(&own, &shapes[s]);
            }
        }
    }
    return 0;
}
