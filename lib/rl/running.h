/* SPDX-License-Identifier: MIT */
/* running.h: mean and variance of rows that come in batches, the early ones forgotten slowly.
 * maths §11.
 *   N ← min(N, most) + n      w = n/N
 *   μ ← μ + w (m − μ)         σ² ← (1 − w)(σ² + w (m − μ)²) + w s²
 * m and s² are the batch's own, n below the line. While N ≤ most that is the mean and variance of
 * all rows so far; from then on a row's weight falls by a factor e in about `most` rows. */
#ifndef RRI_RL_RUNNING_H
#define RRI_RL_RUNNING_H

#include <stddef.h>
#include <stdint.h>

/* means, variances [width] ← of the n rows of x [·, width] that `rows` [n] names (NULL: the first
 * n). In double, in order; n ≥ 1. */
void rri_running_batch(double *means, double *variances, const float *x, const int32_t *rows,
                       size_t n, size_t width);

/* N moves on by n rows; returns w. */
double rri_running_count(double *n_rows, size_t n, double most);

/* One mean and variance moves on by a batch's. */
void rri_running_add(double *mean, double *variance, double batch_mean, double batch_variance,
                     double weight);

/* A scale to divide by: σ, but at least 2⁻¹² √(μ² + σ²), under which a deviation is rounding noise
 * of floats that are as large as μ. 0 where all rows were 0. */
double rri_running_scale(double mean, double variance);

#endif
