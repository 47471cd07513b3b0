/* SPDX-License-Identifier: MIT */
#include "rl/advantage.h"

#include <math.h>

static const double STD_FLOOR = 1e-8;

static double mean_of(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i];
    }
    return sum / (double)n;
}

static double std_of(const float *x, double mean, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double deviation = (double)x[i] - mean;
        sum += deviation * deviation;
    }
    return n < 2 ? 0.0 : sqrt(sum / (double)(n - 1));
}

void rri_advantage_normalise(float *normalised, const float *advantages, size_t n)
{
    const double mean = mean_of(advantages, n);
    const double std = std_of(advantages, mean, n);
    for (size_t i = 0; i < n; i++) {
        normalised[i] = (float)(((double)advantages[i] - mean) / (std + STD_FLOOR));
    }
}
