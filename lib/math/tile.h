/* SPDX-License-Identifier: MIT */
/* tile.h: the inner parts of a matrix product on packed panels, compiled once per level.
 *
 * A product is C [m, n] = A [m, k] · B [k, n], C row-major with leading dimension ldc. B comes in
 * panels of `wide` columns, A in panels of `narrow` rows, both with k outermost:
 *     wide_panel [k, wide]      narrow_panel [k, narrow]
 * Each element of C is a chain of fmaf in order of k. */
#ifndef RRI_MATH_TILE_H
#define RRI_MATH_TILE_H

#include <stdbool.h>
#include <stddef.h>

#define RRI_K_CUT ((size_t)256) /* longest chain; longer products add the parts in order */

/* C [m, n] = or += narrow_panelᵀ · wide_panel;  m ≤ narrow, n ≤ wide, 1 ≤ k ≤ RRI_K_CUT. */
typedef void rri_tile(float *C, size_t ldc, const float *narrow_panel, const float *wide_panel,
                      size_t m, size_t n, size_t k, bool accumulate);

/* The same bits for any m, straight from A and B, of which nothing is packed. A: element (i, l) at
 * A[i * row_stride + l * col_stride], where one of the strides is 1. B: element (l, j) at
 * B[l * ldb + j]; rows are read up to a whole number of sixteen columns. n ≤ wide, k ≤ RRI_K_CUT.
 */
typedef void rri_direct(float *C, size_t ldc, const float *A, size_t row_stride, size_t col_stride,
                        const float *B, size_t ldb, size_t m, size_t n, size_t k, bool accumulate);

/* The same bits for few rows, m ≤ RRI_FEW_ROWS, straight from A (element (i, l) at
 * A[i * row_stride + l * col_stride]) over whole panels of B; n columns from the first panel on,
 * any k. One row is bound by reading B; where that comes from decides how early it is asked for. */
#define RRI_FEW_ROWS ((size_t)8)
typedef enum rri_reach { RRI_REACH_NEAR, RRI_REACH_THIRD_CACHE, RRI_REACH_MEMORY } rri_reach;
typedef void rri_rows(float *C, size_t ldc, const float *A, size_t row_stride, size_t col_stride,
                      const float *wide_panels, size_t m, size_t n, size_t k, bool accumulate,
                      rri_reach reach);

/* panel [n_along, width] from x (element (across j, along l) at x[j * across_stride + l *
 * along_stride]); columns j in [n_across, width) are zero. */
typedef void rri_pack(float *panel, size_t width, const float *x, size_t across_stride,
                      size_t along_stride, size_t n_across, size_t n_along);

/* Columns of a panel of B and rows of a panel of A at each level. The level's kernel of BLIS has
 * the same, so that panels fit either. */
enum {
    RRI_WIDE_portable = 16,
    RRI_NARROW_portable = 6,
    RRI_WIDE_avx2 = 16,
    RRI_NARROW_avx2 = 6,
    RRI_WIDE_avx512 = 32,
    RRI_NARROW_avx512 = 12
};

typedef struct rri_tiles {
    rri_tile *tile; /* our own: rri_tile_… */
    rri_direct *direct;
    rri_rows *rows;
    rri_pack *pack;
} rri_tiles;

rri_tile rri_tile_portable, rri_tile_avx2, rri_tile_avx512;
extern const rri_tiles rri_tiles_portable, rri_tiles_avx2, rri_tiles_avx512;

#endif
