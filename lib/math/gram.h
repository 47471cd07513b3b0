/* SPDX-License-Identifier: MIT */
/* gram.h: G += Fᵀ F, the sum of the outer products of F's rows, in double. Compiled once per level.
 *
 * F [n, width]   G [width, width], width a multiple of RRI_GRAM_BLOCK, both 64-byte aligned.
 *
 * Row-major; blocks of RRI_GRAM_BLOCK square below the diagonal are neither read nor written. Each
 * element is a chain in order of F's rows, from what G held; product and sum are rounded each by
 * itself, so that a CPU without fused operations gives the same bits at its own speed. */
#ifndef RRI_MATH_GRAM_H
#define RRI_MATH_GRAM_H

#include <stddef.h>

#define RRI_GRAM_BLOCK ((size_t)8)

typedef void rri_gram(double *G, const double *F, size_t n, size_t width);

rri_gram rri_gram_portable, rri_gram_avx2, rri_gram_avx512;

#endif
