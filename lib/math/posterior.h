/* SPDX-License-Identifier: MIT */
/* posterior.h: what one reward tells of a user's vector. Compiled once per level, the same bits.
 *
 * u ~ N(m, P) before, and r = x·u + noise of variance σ²:
 *
 *     g = P x    e = x·g + σ²    m ← m + g (r − x·m) / e    P ← P − (g/√e)(g/√e)ᵀ
 *
 * P [width, width] row-major and symmetric, which it stays in every bit. Product and sum are
 * rounded each by itself; g sums in rising order of x, sixteen lanes of a row at a time, and x·g
 * and x·m fold their lanes by the tree of reduce.h.   maths §15 */
#ifndef RRI_MATH_POSTERIOR_H
#define RRI_MATH_POSTERIOR_H

#include <stddef.h>

#define RRI_POSTERIOR_LANES ((size_t)16) /* width is a multiple */

/* m, x and g [width] and P, with zeros behind the vector's own width; g is scratch and may be
 * anything. */
typedef void rri_posterior(float *m, float *P, float *g, const float *x, float r, float variance,
                           size_t width);

rri_posterior rri_posterior_portable, rri_posterior_avx2, rri_posterior_avx512;

#endif
