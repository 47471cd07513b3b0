/* SPDX-License-Identifier: MIT */
#include "math/tile.h"

#include "check_run.h"
#include "levels.h"

enum { MOST_WIDE = 32, MOST_NARROW = 12, MOST_K = 600 };

static _Alignas(64) float wide_panels[5 * MOST_WIDE * MOST_K + MOST_WIDE];
static _Alignas(64) float narrow_panel[MOST_NARROW * MOST_K];

static float chain(const float *a, size_t a_stride, const float *b, size_t b_stride, size_t k)
{
    float part = 0.0f;
    for (size_t l = 0; l < k; l++) {
        part = fmaf(a[l * a_stride], b[l * b_stride], part);
    }
    return part;
}

/* One tile of each size against chains; what lies around it must stay. */
static void try_tile(rri_tile *tile, const rri_kernels *kernels, size_t m, size_t n, size_t k,
                     bool accumulate)
{
    enum { LD = MOST_WIDE + 5 };
    float C[(MOST_NARROW + 1) * LD], before[(MOST_NARROW + 1) * LD];
    levels_fill(before, sizeof before / sizeof *before, 9);
    memcpy(C, before, sizeof C);
    tile(C, LD, narrow_panel, wide_panels, m, n, k, accumulate);
    for (size_t q = 0; q < sizeof C / sizeof *C; q++) {
        const size_t i = q / LD, j = q % LD;
        float expected = before[q];
        if (i < m && j < n) {
            const float part =
                chain(narrow_panel + i, kernels->narrow, wide_panels + j, kernels->wide, k);
            expected = accumulate ? expected + part : part;
        }
        ck_assert_msg(levels_bits(C[q]) == levels_bits(expected),
                      "%s, m %zu n %zu k %zu: C[%zu][%zu] is %a, not %a", kernels->name, m, n, k, i,
                      j, (double)C[q], (double)expected);
    }
}

START_TEST(test_tile_of_every_size_is_a_chain_of_fmaf)
{
    static const size_t depths[] = {1, 2, 3, 4, 5, 8, 31, 255, 256};
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    levels_fill(narrow_panel, sizeof narrow_panel / sizeof *narrow_panel, 1);
    levels_fill(wide_panels, sizeof wide_panels / sizeof *wide_panels, 2);
    for (size_t q = 0; q < n_levels; q++) {
        for (size_t m = 1; m <= levels[q]->narrow; m++) {
            for (size_t n = 1; n <= levels[q]->wide; n += n == 1 ? 1 : 3) {
                for (size_t d = 0; d < sizeof depths / sizeof *depths; d += check_step(3)) {
                    try_tile(levels[q]->tile, levels[q], m, n, depths[d], d & 1);
                    try_tile(levels[q]->tiles->tile, levels[q], m, n, depths[d], !(d & 1));
                }
            }
        }
    }
}
END_TEST

/* A and B where they lie: rows of A side by side along k, then across; rows of B further apart than
 * a panel is wide. What is not part of A or B is NaN. */
static void try_direct(const rri_kernels *kernels, size_t m, size_t n, size_t k, bool is_along,
                       bool accumulate)
{
    enum { MOST_M = 27, LDA = 37, LDB = MOST_WIDE + 3, LDC = MOST_WIDE + 5, DEPTH = 32 };
    static float A[LDA * LDA], B[LDB * DEPTH], C[(MOST_M + 1) * LDC], before[(MOST_M + 1) * LDC];
    for (size_t q = 0; q < sizeof A / sizeof *A; q++) {
        const bool is_in = is_along ? q / LDA < m && q % LDA < k : q / LDA < k && q % LDA < m;
        A[q] = is_in ? (float)(q * 7919 % 2001) / 1000.0f - 1.0f : NAN;
    }
    levels_fill(B, sizeof B / sizeof *B, 7);
    levels_fill(before, sizeof before / sizeof *before, 8);
    memcpy(C, before, sizeof C);
    const size_t row_stride = is_along ? LDA : 1, col_stride = is_along ? 1 : LDA;
    kernels->tiles->direct(C, LDC, A, row_stride, col_stride, B, LDB, m, n, k, accumulate);
    for (size_t q = 0; q < sizeof C / sizeof *C; q++) {
        const size_t i = q / LDC, j = q % LDC;
        float expected = before[q];
        if (i < m && j < n) {
            const float part = chain(A + i * row_stride, col_stride, B + j, LDB, k);
            expected = accumulate ? expected + part : part;
        }
        ck_assert_msg(levels_bits(C[q]) == levels_bits(expected),
                      "%s, m %zu n %zu k %zu: C[%zu][%zu] is %a, not %a", kernels->name, m, n, k, i,
                      j, (double)C[q], (double)expected);
    }
}

START_TEST(test_tile_direct_reads_matrices_where_they_lie_and_gives_the_bits_of_tiles)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels * 4; q++) {
        for (size_t m = 1; m <= 27; m++) {
            for (size_t n = 1; n <= levels[q / 4]->wide; n += 5 * check_step(2)) {
                try_direct(levels[q / 4], m, n, m % 2 ? 1 : 32, q % 2 != 0, q / 2 % 2 != 0);
            }
        }
    }
}
END_TEST

START_TEST(test_tile_rows_give_the_bits_of_tiles)
{
    enum { LD = 5 * MOST_WIDE, K = 523, M = RRI_FEW_ROWS };
    static float A[M * K], C[M * LD], before[M * LD];
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    levels_fill(A, M * K, 3);
    levels_fill(before, M * LD, 4);
    levels_fill(wide_panels, sizeof wide_panels / sizeof *wide_panels, 5);
    for (size_t q = 0; q < n_levels * M * 2; q++) {
        const rri_kernels *kernels = levels[q / (2 * M)];
        const size_t m = q % M + 1, wide = kernels->wide;
        const bool accumulate = q / M % 2 != 0;
        for (size_t n = 1; n <= 5 * wide; n++) {
            memcpy(C, before, sizeof C);
            kernels->tiles->rows(C, LD, A, 1, M, wide_panels, m, n, K, accumulate,
                                 (rri_reach)(n % 3));
            for (size_t p = 0; p < M * LD; p++) {
                const size_t i = p / LD, j = p % LD;
                float expected = before[p];
                for (size_t first = 0; i < m && j < n && first < K; first += RRI_K_CUT) {
                    const size_t depth = K - first < RRI_K_CUT ? K - first : RRI_K_CUT;
                    const float *b = wide_panels + j / wide * wide * K + first * wide + j % wide;
                    const float part = chain(A + i + M * first, M, b, wide, depth);
                    expected = accumulate || first > 0 ? expected + part : part;
                }
                ck_assert_msg(levels_bits(C[p]) == levels_bits(expected),
                              "%s, m %zu n %zu at %zu, %zu", kernels->name, m, n, i, j);
            }
            n += n > 3 ? 6 * check_step(3) : 0;
        }
    }
}
END_TEST

START_TEST(test_tile_packing_transposes_and_pads_with_zeros)
{
    static float x[64 * 64], panel[64 * 64];
    levels_fill(x, 64 * 64, 6);
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    static const size_t strides[][2] = {{1, 40}, {40, 1}, {1, 1}, {2, 45}};
    for (size_t q = 0; q < n_levels * 2 * 4; q++) {
        const rri_kernels *kernels = levels[q / 8];
        const size_t width = q / 4 % 2 ? kernels->wide : kernels->narrow;
        const size_t across = strides[q % 4][0], along = strides[q % 4][1];
        for (size_t n_across = 1; n_across <= width; n_across++) {
            for (size_t n_along = 0; n_along < 40; n_along += 3) {
                memset(panel, 0xff, sizeof panel);
                kernels->tiles->pack(panel, width, x, across, along, n_across, n_along);
                for (size_t p = 0; p < n_along * width; p++) {
                    const size_t l = p / width, j = p % width;
                    const float expected = j < n_across ? x[j * across + l * along] : 0.0f;
                    ck_assert_uint_eq(levels_bits(panel[p]), levels_bits(expected));
                }
                ck_assert_uint_eq(levels_bits(panel[n_along * width]), 0xffffffffu);
            }
        }
    }
}
END_TEST

CHECK_MAIN("math/tile", test_tile_of_every_size_is_a_chain_of_fmaf,
           test_tile_direct_reads_matrices_where_they_lie_and_gives_the_bits_of_tiles,
           test_tile_rows_give_the_bits_of_tiles, test_tile_packing_transposes_and_pads_with_zeros)
