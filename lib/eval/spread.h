/* SPDX-License-Identifier: MIT */
/* spread.h: a mean over sessions and its 95 % interval. docs/maths.md §8.
 *
 *   half width as in student.h; NaN for n < 2. */
#ifndef RRI_EVAL_SPREAD_H
#define RRI_EVAL_SPREAD_H

#include <stddef.h>
#include <stdint.h>

/* Running mean and sum of squared deviations [Welford 1962]; starts as {0}. */
typedef struct rri_spread {
    size_t n;
    double mean;
    double squares;
} rri_spread;

void rri_spread_add(rri_spread *spread, double value);
/* NaN when nothing was added. */
double rri_spread_mean(const rri_spread *spread);
double rri_spread_interval(const rri_spread *spread);

/* The half width of the interval of Σ totals / Σ lengths over n sessions, by linearisation. */
double rri_spread_ratio_interval(const double *totals, const int32_t *lengths, size_t n);

#endif
