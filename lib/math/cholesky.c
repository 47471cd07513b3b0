/* SPDX-License-Identifier: MIT */
/* cholesky.c: A = Uᵀ U by rows of U, then Uᵀ y = b and U x = y.
 *
 * Row k of U is finished, then taken from all rows below it: the inner loops run along rows, where
 * elements do not meet, so vectors change nothing in the order of additions. */
#include "math/cholesky.h"

#include <math.h>

static bool factor(double *A, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double *row = A + k * n;
        if (!(row[k] > 0.0) || !isfinite(row[k])) {
            return false;
        }
        const double root = sqrt(row[k]);
        row[k] = root;
        for (size_t j = k + 1; j < n; j++) {
            row[j] /= root;
        }
        for (size_t i = k + 1; i < n; i++) {
            const double factor_i = row[i];
            for (size_t j = i; j < n; j++) {
                A[i * n + j] -= factor_i * row[j];
            }
        }
    }
    return true;
}

bool rri_cholesky_solve(double *A, double *b, size_t n)
{
    if (!factor(A, n)) {
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        const double *row = A + k * n;
        b[k] /= row[k];
        for (size_t j = k + 1; j < n; j++) {
            b[j] -= row[j] * b[k];
        }
    }
    for (size_t k = n; k-- > 0;) {
        const double *row = A + k * n;
        double rest = b[k];
        for (size_t j = k + 1; j < n; j++) {
            rest -= row[j] * b[j];
        }
        b[k] = rest / row[k];
    }
    return true;
}
