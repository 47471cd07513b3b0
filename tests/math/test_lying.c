/* SPDX-License-Identifier: MIT */
#include "math/lying.h"

#include <stdlib.h>

#include "check_run.h"
#include "levels.h"

enum { MOST_M = 8, MOST_N = 70, MOST_K = 256 };

static float A[MOST_M * (MOST_K + 3)], C[MOST_M * (MOST_N + 5)];

/* One shape at one level, against chains of fmaf; the columns behind n are left alone. B ends where
 * its block does, so that the sanitizer sees a row that is read ahead and is not there. */
static void check(const rri_kernels *kernels, size_t m, size_t n, size_t k, bool accumulate,
                  rri_ahead ahead)
{
    const size_t lda = k + 3, ldc = n + 5;
    float *B = malloc(n * k * sizeof(float));
    ck_assert_ptr_nonnull(B);
    levels_fill(A, m * lda, 1);
    levels_fill(B, n * k, 2);
    for (size_t i = 0; i < m * ldc; i++) {
        C[i] = 0.25f;
    }
    kernels->lying_rows(C, ldc, A, lda, B, m, n, k, accumulate, ahead);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < ldc; j++) {
            float part = 0.0f;
            for (size_t l = 0; l < k && j < n; l++) {
                part = fmaf(A[i * lda + l], B[j * k + l], part);
            }
            const float whole = accumulate ? 0.25f + part : part;
            ck_assert_msg(levels_same(C[i * ldc + j], j < n ? whole : 0.25f),
                          "%s, %zu x %zu, k = %zu: element %zu, %zu", kernels->name, m, n, k, i, j);
        }
    }
    free(B);
}

START_TEST(test_lying_rows_are_chains_at_every_level_and_shape)
{
    const rri_kernels *kernels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(kernels);
    static const size_t ks[] = {16, 48, 64, 256};
    for (size_t level = 0; level < n_levels; level++) {
        for (size_t m = 1; m <= MOST_M; m++) {
            for (size_t n = 1; n <= MOST_N; n += m == 1 ? 1 : 23) {
                for (size_t i = 0; i < sizeof ks / sizeof ks[0]; i++) {
                    check(kernels[level], m, n, ks[i], (n + i) % 2 == 1, RRI_AHEAD_READ);
                    check(kernels[level], m, n, ks[i], (n + i) % 2 == 1, RRI_AHEAD_ASK);
                }
            }
        }
    }
}
END_TEST

CHECK_MAIN("math/lying", test_lying_rows_are_chains_at_every_level_and_shape)
