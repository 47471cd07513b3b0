/* SPDX-License-Identifier: MIT */
#include "rl/running.h"

#include <math.h>

static const double LEAST_SHARE = 0x1p-12;

static const float *row_of(const float *x, const int32_t *rows, size_t i, size_t width)
{
    return x + (rows != NULL ? (size_t)rows[i] : i) * width;
}

void rri_running_batch(double *means, double *variances, const float *x, const int32_t *rows,
                       size_t n, size_t width)
{
    for (size_t j = 0; j < width; j++) {
        means[j] = variances[j] = 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        const float *row = row_of(x, rows, i, width);
        for (size_t j = 0; j < width; j++) {
            means[j] += (double)row[j];
        }
    }
    for (size_t j = 0; j < width; j++) {
        means[j] /= (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        const float *row = row_of(x, rows, i, width);
        for (size_t j = 0; j < width; j++) {
            const double deviation = (double)row[j] - means[j];
            variances[j] += deviation * deviation;
        }
    }
    for (size_t j = 0; j < width; j++) {
        variances[j] /= (double)n;
    }
}

double rri_running_count(double *n_rows, size_t n, double most)
{
    const double remembered = *n_rows < most ? *n_rows : most;
    *n_rows = remembered + (double)n;
    return (double)n / *n_rows;
}

void rri_running_add(double *mean, double *variance, double batch_mean, double batch_variance,
                     double weight)
{
    const double away = batch_mean - *mean;
    *variance = (1.0 - weight) * (*variance + weight * away * away) + weight * batch_variance;
    *mean += weight * away;
}

double rri_running_scale(double mean, double variance)
{
    const double deviation = sqrt(variance);
    const double least = LEAST_SHARE * sqrt(mean * mean + variance);
    return deviation > least ? deviation : least;
}
