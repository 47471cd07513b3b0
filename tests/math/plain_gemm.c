/* SPDX-License-Identifier: MIT */
/* plain_gemm.c: three loops. What gemm.c does beyond them (blocks, panels, lanes, the order in
 * which elements are visited) changes no bit, because an element of C meets nothing but its own
 * row of A and column of B:
 *
 *     part = 0;  part = fmaf(A[i][l], B[l][j], part)   for l rising within a run of 256
 *     C[i][j] = (C[i][j] +) part of the first run, + part of each later run */
#include "plain_gemm.h"

#include <math.h>

static float element(rri_view x, size_t i, size_t j)
{
    return x.data[i * x.row_stride + j * x.col_stride];
}

void plain_gemm(float *C, size_t ldc, rri_view A, rri_view B, size_t m, size_t n, size_t k,
                bool accumulate)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float *c = &C[i * ldc + j];
            for (size_t first = 0; first == 0 || first < k; first += RRI_K_CUT) {
                float part = 0.0f;
                for (size_t l = first; l < k && l < first + RRI_K_CUT; l++) {
                    part = fmaf(element(A, i, l), element(B, l, j), part);
                }
                *c = accumulate || first > 0 ? *c + part : part;
            }
        }
    }
}
