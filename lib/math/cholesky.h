/* SPDX-License-Identifier: MIT */
/* cholesky.h: A x = b for a small symmetric positive definite A, in double and a fixed order. */
#ifndef RRI_MATH_CHOLESKY_H
#define RRI_MATH_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

/* A [n, n] row-major, of which the upper triangle is read; overwritten by U with A = Uᵀ U.
 * b [n] is overwritten by x. False when A is not positive definite (or not finite): b is unchanged.
 */
bool rri_cholesky_solve(double *A, double *b, size_t n);

#endif
