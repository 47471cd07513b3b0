/* SPDX-License-Identifier: MIT */
/* lying.h: few rows times a matrix that lies by its columns, read once at the rate of memory:
 *
 *     C [m, n] = or += A [m, k] · Bᵀ,   B [n, k] row-major
 *
 * Sixteen rows of B are turned over in registers, sixteen numbers at a time, while what follows is
 * on its way. The bits of gemm.h. Compiled once per level. */
#ifndef RRI_MATH_LYING_H
#define RRI_MATH_LYING_H

#include <stdbool.h>
#include <stddef.h>

/* How what follows is brought near, which changes no bit: by reading it in order of addresses, or
 * by prefetches (machine.h). */
typedef enum rri_ahead { RRI_AHEAD_READ, RRI_AHEAD_ASK } rri_ahead;

/* k a multiple of 16, at most 256; rows of A side by side, lda apart; B's rows k apart. */
typedef void rri_lying_rows(float *C, size_t ldc, const float *A, size_t lda, const float *B,
                            size_t m, size_t n, size_t k, bool accumulate, rri_ahead ahead);

rri_lying_rows rri_lying_rows_portable, rri_lying_rows_avx2, rri_lying_rows_avx512;

#endif
