/* SPDX-License-Identifier: MIT */
/* spread.c: in double, one value after the other. */
#include "eval/spread.h"

#include <math.h>

#include "eval/student.h"

void rri_spread_add(rri_spread *spread, double value)
{
    spread->n++;
    const double from_old = value - spread->mean;
    spread->mean += from_old / (double)spread->n;
    spread->squares += from_old * (value - spread->mean);
}

double rri_spread_mean(const rri_spread *spread)
{
    return spread->n > 0 ? spread->mean : NAN;
}

double rri_spread_interval(const rri_spread *spread)
{
    return rri_student_half_width(spread->squares, spread->n);
}

double rri_spread_ratio_interval(const double *totals, const int32_t *lengths, size_t n)
{
    double total = 0.0;
    double length = 0.0;
    for (size_t i = 0; i < n; i++) {
        total += totals[i];
        length += (double)lengths[i];
    }
    const double ratio = total / length;
    rri_spread residuals = {0};
    for (size_t i = 0; i < n; i++) {
        rri_spread_add(&residuals, totals[i] - ratio * (double)lengths[i]);
    }
    const double mean_length = length / (double)n;
    return rri_spread_interval(&residuals) / mean_length;
}
