/* SPDX-License-Identifier: MIT */
/* explained_variance.h: how much of the returns the critic foresaw. maths §5.
 *   1 − Var(R − V) / Var(R); NaN when Var(R) = 0 */
#ifndef RRI_RL_EXPLAINED_VARIANCE_H
#define RRI_RL_EXPLAINED_VARIANCE_H

#include <stddef.h>

float rri_explained_variance_compute(const float *values, const float *returns, size_t n);
/* √Var(R); 0 for n = 0. */
float rri_explained_variance_deviation(const float *returns, size_t n);

#endif
