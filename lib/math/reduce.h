/* SPDX-License-Identifier: MIT */
/* reduce.h: sums, dot products and maxima in one fixed order at every width.
 *
 * Element i belongs to virtual lane i mod 16. A lane adds its elements in order of i, starting at
 * 0; then the lanes are folded: l += l + 8, l + 4, l + 2, l + 1. An empty sum is 0, an empty
 * maximum −∞. Products inside a sum are fused (fmaf). A maximum passes over NaN. */
#ifndef RRI_MATH_REDUCE_H
#define RRI_MATH_REDUCE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rri_reduce {
    float (*sum)(const float *x, size_t n);
    float (*sum_squares)(const float *x, size_t n);
    float (*dot)(const float *x, const float *y, size_t n);
    /* y[r] = dot(x, rows[r]) */
    void (*dots)(float *y, const float *x, const float *const *rows, size_t n_rows, size_t n);
    float (*max)(const float *x, size_t n);
    /* The first i in [begin, n) with x[i] > bound, else n. */
    size_t (*find_above)(const float *x, float bound, size_t begin, size_t n);
    bool (*all_finite)(const float *x, size_t n);        /* neither NaN nor infinite */
    double (*sum_f64)(const float *x, size_t n);         /* elements widened, lanes in double */
    double (*sum_squares_f64)(const float *x, size_t n); /* squares are exact in double */
} rri_reduce;

extern const rri_reduce rri_reduce_portable, rri_reduce_avx2, rri_reduce_avx512;

#endif
