/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "math/gemm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check_run.h"
#include "levels.h"
#include "plain_gemm.h"

/* The linker sends every malloc of this program through these (see meson.build). */
static _Atomic size_t n_allocations;
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **block, size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **block, size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    n_allocations++;
    return __real_malloc(bytes);
}
void *__wrap_calloc(size_t n, size_t bytes)
{
    n_allocations++;
    return __real_calloc(n, bytes);
}
void *__wrap_realloc(void *block, size_t bytes)
{
    n_allocations++;
    return __real_realloc(block, bytes);
}
void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    n_allocations++;
    return __real_aligned_alloc(alignment, bytes);
}
int __wrap_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    n_allocations++;
    return __real_posix_memalign(block, alignment, bytes);
}

static void *block_of(size_t bytes)
{
    void *block = NULL;
    ck_assert_int_eq(posix_memalign(&block, 64, bytes == 0 ? 64 : bytes), 0);
    return block;
}

static rri_stack stack_of(size_t bytes)
{
    return (rri_stack){.base = block_of(bytes), .size = bytes, .used = 0};
}

/* One problem: inputs, what C holds before, what it must hold after. */
typedef struct problem {
    size_t m, n, k, ldc;
    bool accumulate;
    float *a, *b, *before, *expected, *C;
    rri_view A, B;
    size_t c_bytes;
} problem;

static problem problem_of(size_t m, size_t n, size_t k, bool is_a_transposed, bool is_b_transposed,
                          bool accumulate)
{
    problem p = {.m = m, .n = n, .k = k, .ldc = n + 3, .accumulate = accumulate};
    p.c_bytes = m * p.ldc * sizeof(float);
    p.a = block_of(m * k * sizeof(float));
    p.b = block_of(n * k * sizeof(float));
    p.before = block_of(p.c_bytes);
    p.expected = block_of(p.c_bytes);
    p.C = block_of(p.c_bytes);
    levels_fill(p.a, m * k, (uint32_t)(m + 7 * n));
    levels_fill(p.b, n * k, (uint32_t)(n + 7 * k));
    levels_fill(p.before, m * p.ldc, (uint32_t)k);
    p.A = is_a_transposed ? rri_view_transposed(p.a, m) : rri_view_rows(p.a, k);
    p.B = is_b_transposed ? rri_view_transposed(p.b, k) : rri_view_rows(p.b, n);
    memcpy(p.expected, p.before, p.c_bytes);
    plain_gemm(p.expected, p.ldc, p.A, p.B, m, n, k, accumulate);
    return p;
}

static void problem_free(problem *p)
{
    free(p->a);
    free(p->b);
    free(p->before);
    free(p->expected);
    free(p->C);
}

static void begin(problem *p)
{
    memcpy(p->C, p->before, p->c_bytes);
}

/* Also what lies between n and ldc must be as it was. */
static void expect_bits(const problem *p, const rri_kernels *kernels, const char *what)
{
    if (memcmp(p->C, p->expected, p->c_bytes) == 0) {
        return;
    }
    for (size_t q = 0; q < p->m * p->ldc; q++) {
        ck_assert_msg(levels_bits(p->C[q]) == levels_bits(p->expected[q]),
                      "%s, %s%s: m %zu n %zu k %zu accumulate %d: C[%zu][%zu] is %a, not %a", what,
                      kernels->name, kernels->is_blis ? " (BLIS)" : "", p->m, p->n, p->k,
                      (int)p->accumulate, q / p->ldc, q % p->ldc, (double)p->C[q],
                      (double)p->expected[q]);
    }
}

static void try_single(problem *p, const rri_kernels *kernels)
{
    float *panels = block_of(rri_panels_count(kernels, p->n, p->k) * sizeof(float));
    rri_panels_pack(kernels, panels, p->B, p->k, p->n);
    rri_stack packed = stack_of(rri_gemm_packed_scratch(kernels, p->m, p->k));
    begin(p);
    rri_gemm_packed(kernels, p->C, p->ldc, p->A, panels, p->m, p->n, p->k, p->accumulate, &packed);
    expect_bits(p, kernels, "packed");
    ck_assert_uint_eq(packed.used, 0);

    const size_t n_panels = (p->n + kernels->wide - 1) / kernels->wide;
    const size_t n_floats = rri_panels_count(kernels, p->n, p->k);
    float *in_parts = block_of(n_floats * sizeof(float));
    for (size_t q = (n_panels + 1) / 2; q-- > 0;) {
        rri_panels_pack_range(kernels, in_parts, p->B, p->k, p->n, 2 * q, 2 * q + 2);
    }
    ck_assert_mem_eq(in_parts, panels, n_floats * sizeof(float));
    free(in_parts);

    rri_stack both = stack_of(rri_gemm_scratch(kernels, p->m, p->n, p->k));
    begin(p);
    rri_gemm(kernels, p->C, p->ldc, p->A, p->B, p->m, p->n, p->k, p->accumulate, &both);
    expect_bits(p, kernels, "unpacked");
    ck_assert_uint_eq(both.used, 0);
    free(packed.base);
    free(both.base);
    free(panels);
}

/* The level with BLIS's tile, and with our own. */
static void try_both_tiles(problem *p, const rri_kernels *kernels)
{
    try_single(p, kernels);
    if (kernels->is_blis) {
        rri_kernels own = *kernels;
        own.tile = own.tiles->tile;
        own.is_blis = false;
        try_single(p, &own);
    }
}

START_TEST(test_gemm_two_by_two_by_hand)
{
    const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
    float C[4] = {0};
    const rri_kernels *kernels = rri_kernels_detect();
    rri_stack scratch = stack_of(rri_gemm_scratch(kernels, 2, 2, 2));
    rri_gemm(kernels, C, 2, rri_view_rows(a, 2), rri_view_rows(b, 2), 2, 2, 2, false, &scratch);
    ck_assert(C[0] == 19 && C[1] == 22 && C[2] == 43 && C[3] == 50);
    rri_gemm(kernels, C, 2, rri_view_transposed(a, 2), rri_view_rows(b, 2), 2, 2, 2, true,
             &scratch);
    ck_assert(C[0] == 19 + 26 && C[1] == 22 + 30 && C[2] == 43 + 38 && C[3] == 50 + 44);
    free(scratch.base);
}
END_TEST

START_TEST(test_gemm_every_level_gives_the_bits_of_a_plain_fmaf_loop)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 12, 31, 64, 255, 256, 257, 1000};
    enum { N = sizeof sizes / sizeof sizes[0] };
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    unsigned variant = 0;
    for (size_t q = 0; q < N * N * N; q++) {
        const size_t m = sizes[q / N / N], n = sizes[q / N % N], k = sizes[q % N];
        if (m * n * k > 300000) {
            continue; /* each edge meets each other one beside something small */
        }
        variant = variant * 5 + 3; /* all eight forms come up in turn */
        problem p = problem_of(m, n, k, variant >> 2 & 1, variant >> 3 & 1, variant >> 4 & 1);
        for (size_t level = 0; level < n_levels; level++) {
            try_both_tiles(&p, levels[level]);
        }
        problem_free(&p);
    }
}
END_TEST

START_TEST(test_gemm_every_level_gives_those_bits_for_large_blocks_too)
{
    /* Blocks of 96 rows, 256 columns, 256 along k: several of each, whole and with one more. */
    static const size_t shapes[][3] = {{193, 257, 256}, {97, 513, 257}, {97, 257, 513}};
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < 3; q++) {
        problem p = problem_of(shapes[q][0], shapes[q][1], shapes[q][2], q == 0, q == 1, q == 2);
        for (size_t level = 0; level < n_levels; level++) {
            try_both_tiles(&p, levels[level]);
        }
        problem_free(&p);
    }
}
END_TEST

START_TEST(test_gemm_all_forms_of_views_and_accumulation_agree)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (int form = 0; form < 8; form++) {
        problem p = problem_of(61, 75, 300, form & 1, form >> 1 & 1, form >> 2 & 1);
        for (size_t level = 0; level < n_levels; level++) {
            try_both_tiles(&p, levels[level]);
        }
        problem_free(&p);
    }
}
END_TEST

START_TEST(test_gemm_without_terms_writes_zeros_or_adds_nothing)
{
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        problem p = problem_of(9, 40, 0, false, false, accumulate);
        try_both_tiles(&p, rri_kernels_detect());
        problem_free(&p);
    }
}
END_TEST

START_TEST(test_gemm_scratch_stays_below_a_mebibyte)
{
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels != NULL) {
            ck_assert_uint_le(rri_gemm_scratch(kernels, 1u << 20, 1u << 20, 1u << 20), 1u << 20);
            ck_assert_uint_le(rri_gemm_packed_scratch(kernels, 1u << 20, 1u << 20), 1u << 20);
        }
    }
}
END_TEST

/* `bytes` that end where a page begins that may not be touched. */
static void *guarded(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t whole = (bytes + page - 1) / page * page;
    char *map =
        mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(map != MAP_FAILED);
    ck_assert_int_eq(mprotect(map + whole, page, PROT_NONE), 0);
    return map + whole - bytes;
}

START_TEST(test_gemm_reads_nothing_behind_its_arrays)
{
    static const size_t shapes[][3] = {
        {12, 32, 8}, {13, 33, 257}, {6, 16, 1}, {3, 70, 5}, {64, 64, 64}};
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels * 5; q++) {
        const rri_kernels *kernels = levels[q / 5];
        const size_t *s = shapes[q % 5], m = s[0], n = s[1], k = s[2];
        float *a = guarded(m * k * sizeof(float)), *b = guarded(n * k * sizeof(float));
        float *C = guarded(m * n * sizeof(float));
        float *panels = guarded(rri_panels_count(kernels, n, k) * sizeof(float));
        rri_stack scratch = {.base = guarded(rri_gemm_scratch(kernels, m, n, k)),
                             .size = rri_gemm_scratch(kernels, m, n, k)};
        levels_fill(a, m * k, 1);
        levels_fill(b, n * k, 2);
        for (int form = 0; form < 4; form++) {
            const rri_view A = form & 1 ? rri_view_transposed(a, m) : rri_view_rows(a, k);
            const rri_view B = form & 2 ? rri_view_transposed(b, k) : rri_view_rows(b, n);
            rri_panels_pack(kernels, panels, B, k, n);
            rri_gemm_packed(kernels, C, n, A, panels, m, n, k, false, &scratch);
            rri_gemm(kernels, C, n, A, B, m, n, k, false, &scratch);
        }
        ck_assert(isfinite(C[m * n - 1]));
    }
}
END_TEST

typedef struct rower {
    problem p;
    float *panels;
    rri_stack scratch;
    const rri_kernels *kernels;
    pthread_barrier_t *start, *end;
} rower;

static void *row_on(void *argument)
{
    rower *r = argument;
    problem *p = &r->p;
    pthread_barrier_wait(r->start);
    for (int repeat = 0; repeat < 25; repeat++) {
        rri_panels_pack(r->kernels, r->panels, p->B, p->k, p->n);
        begin(p);
        rri_gemm_packed(r->kernels, p->C, p->ldc, p->A, r->panels, p->m, p->n, p->k, p->accumulate,
                        &r->scratch);
        rri_gemm(r->kernels, p->C, p->ldc, p->A, p->B, p->m, p->n, p->k, false, &r->scratch);
    }
    pthread_barrier_wait(r->end);
    return NULL;
}

START_TEST(test_gemm_allocates_nothing_under_eight_concurrent_threads)
{
    enum { N = 8 };
    rower rowers[N];
    pthread_t threads[N];
    pthread_barrier_t start, end;
    pthread_barrier_init(&start, NULL, N + 1);
    pthread_barrier_init(&end, NULL, N + 1);
    const rri_kernels *kernels = rri_kernels_detect();
    for (size_t i = 0; i < N; i++) {
        rower *r = &rowers[i];
        r->p = problem_of(64 + i, 100, 64, false, true, false);
        r->panels = block_of(rri_panels_count(kernels, r->p.n, r->p.k) * sizeof(float));
        r->scratch = stack_of(rri_gemm_scratch(kernels, r->p.m, r->p.n, r->p.k));
        r->kernels = kernels;
        r->start = &start;
        r->end = &end;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, row_on, r), 0);
    }
    const size_t before = n_allocations; /* libcheck allocates, too: no assertion in between */
    pthread_barrier_wait(&start);
    pthread_barrier_wait(&end);
    const size_t after = n_allocations;
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_eq(after, before);
    for (size_t i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        expect_bits(&rowers[i].p, kernels, "eight threads");
        problem_free(&rowers[i].p);
        free(rowers[i].panels);
        free(rowers[i].scratch.base);
    }
}
END_TEST

CHECK_MAIN("math/gemm", test_gemm_two_by_two_by_hand,
           test_gemm_every_level_gives_the_bits_of_a_plain_fmaf_loop,
           test_gemm_every_level_gives_those_bits_for_large_blocks_too,
           test_gemm_all_forms_of_views_and_accumulation_agree,
           test_gemm_without_terms_writes_zeros_or_adds_nothing,
           test_gemm_scratch_stays_below_a_mebibyte, test_gemm_reads_nothing_behind_its_arrays,
           test_gemm_allocates_nothing_under_eight_concurrent_threads)
