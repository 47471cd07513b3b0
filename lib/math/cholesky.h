/* SPDX-License-Identifier: MIT */
/* cholesky.h: A x = b for small symmetric positive definite A, eight systems at once, in double.
 * Compiled once per level.
 *
 * A [w, w] and b [w] of system s are the upper triangle and column w of G[s] [width, width],
 * row-major, w < width, width a multiple of 4: the matrix that gram.h makes of rows (f, t). With
 * A = Uᵀ U and Uᵀ y = b, U x = y, column w is carried along as one more column of U:
 *
 *     U_kk = √(A_kk − Σ_{l<k} U_lk²),   U_kj = (A_kj − Σ_{l<k} U_lk U_lj) · (1 / U_kk)
 *     x_k = (y_k − Σ_{j>k} U_kj x_j) · (1 / U_kk)
 *
 * sums in rising order of l and falling order of j, each product rounded by itself. Systems lie in
 * the lanes, so a solution does not depend on which others are solved with it. */
#ifndef RRI_MATH_CHOLESKY_H
#define RRI_MATH_CHOLESKY_H

#include <stddef.h>
#include <stdint.h>

#define RRI_CHOLESKY_SYSTEMS ((size_t)8)

/* Doubles of scratch, which is 64-byte aligned. */
static inline size_t rri_cholesky_scratch(size_t width)
{
    return RRI_CHOLESKY_SYSTEMS * (width * (width + 4) / 2 + 3 * width);
}

/* x [8, w], has_failed [8] ← 1 where A is not positive definite or not finite: x is then anything.
 * G [8, width, width] is kept. */
typedef void rri_cholesky(double *x, uint8_t *has_failed, const double *G, double *scratch,
                          size_t w, size_t width);

rri_cholesky rri_cholesky_portable, rri_cholesky_avx2, rri_cholesky_avx512;

#endif
