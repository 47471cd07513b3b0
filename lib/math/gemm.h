/* SPDX-License-Identifier: MIT */
/* gemm.h: C [m, n] = A [m, k] · B [k, n] on packed panels, in an order of additions that is fixed.
 *
 * C is row-major with leading dimension ldc ≥ n; A and B are views, so a transpose is a view with
 * its strides exchanged. k is cut into runs of RRI_K_CUT = 256; within a run an element is a chain
 *     part = fmaf(A[i][l], B[l][j], part), l rising, from 0,
 * and C[i][j] is the first part (added to C[i][j] when accumulating) plus each later part in order.
 * This holds at every level and for every shape; who shares a product out over threads shares out
 * rows or columns of C. */
#ifndef RRI_MATH_GEMM_H
#define RRI_MATH_GEMM_H

#include "core/memory.h"
#include "math/kernels.h"

/* Element (i, j) at data[i * row_stride + j * col_stride]; borrowed. */
typedef struct rri_view {
    const float *data;
    size_t row_stride, col_stride;
} rri_view;

/* A row-major matrix as it is, and seen as its transpose. */
static inline rri_view rri_view_rows(const float *data, size_t ld)
{
    return (rri_view){data, ld, 1};
}
static inline rri_view rri_view_transposed(const float *data, size_t ld)
{
    return (rri_view){data, 1, ld};
}

/* B [k, n] packed: [panel][k][wide], the last panel padded with zeros, and one row behind the end
 * that kernels read ahead into. Floats; the block must be 64-byte aligned. */
size_t rri_panels_count(const rri_kernels *kernels, size_t n, size_t k);
void rri_panels_pack(const rri_kernels *kernels, float *panels, rri_view B, size_t k, size_t n);
/* Panels [first_panel, last_panel) alone of the whole B; the row behind the end with the last. */
void rri_panels_pack_range(const rri_kernels *kernels, float *panels, rri_view B, size_t k,
                           size_t n, size_t first_panel, size_t last_panel);

/* B packed beforehand. Scratch: bytes of stack that one call takes, bounded for any shape. */
size_t rri_gemm_packed_scratch(const rri_kernels *kernels, size_t m, size_t k);
void rri_gemm_packed(const rri_kernels *kernels, float *C, size_t ldc, rri_view A,
                     const float *B_panels, size_t m, size_t n, size_t k, bool accumulate,
                     rri_stack *scratch);

/* One row: y [n] = x [k] · B, k ≥ 1. A caller who walks over a wider B in parts says how many
 * columns it has in all. */
void rri_gemm_row(const rri_kernels *kernels, float *y, const float *x, const float *B_panels,
                  size_t n, size_t k, size_t n_walked);

/* Both packed on the way, in blocks: for a B that is used once. */
size_t rri_gemm_scratch(const rri_kernels *kernels, size_t m, size_t n, size_t k);
void rri_gemm(const rri_kernels *kernels, float *C, size_t ldc, rri_view A, rri_view B, size_t m,
              size_t n, size_t k, bool accumulate, rri_stack *scratch);

#endif
