/* SPDX-License-Identifier: MIT */
#include "rl/explained_variance.h"

#include <math.h>

#include "math/scalar.h"

/* Σ (x − y − mean)² of the differences x − y; y NULL: of x alone. */
static double squared_deviation(const float *x, const float *y, size_t n)
{
    double mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += (double)x[i] - (y == NULL ? 0.0 : (double)y[i]);
    }
    mean /= (double)n;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double deviation = (double)x[i] - (y == NULL ? 0.0 : (double)y[i]) - mean;
        sum += deviation * deviation;
    }
    return sum;
}

float rri_explained_variance_compute(const float *values, const float *returns, size_t n)
{
    const double of_returns = squared_deviation(returns, NULL, n);
    const double of_errors = squared_deviation(returns, values, n);
    return of_returns > 0.0 ? rri_float_or_nan(1.0 - of_errors / of_returns) : NAN;
}

float rri_explained_variance_deviation(const float *returns, size_t n)
{
    return n > 0 ? rri_float_or_nan(sqrt(squared_deviation(returns, NULL, n) / (double)n)) : 0.0f;
}
