/* SPDX-License-Identifier: MIT */
/* plain_gemm.h: the product of math/gemm.h, written to be read. Its bits are the contract. */
#ifndef TESTS_MATH_PLAIN_GEMM_H
#define TESTS_MATH_PLAIN_GEMM_H

#include "math/gemm.h"

/* C [m, n] = or += A [m, k] · B [k, n] */
void plain_gemm(float *C, size_t ldc, rri_view A, rri_view B, size_t m, size_t n, size_t k,
                bool accumulate);

#endif
