/* SPDX-License-Identifier: MIT */
/* What the program prints. */
#ifndef OB_TABLE_H
#define OB_TABLE_H

#include "trial.h"

typedef struct ob_spread {
    double mean, lowest, highest;
    double half; /* half width of the 95 % interval of the mean, by Student's t; 0 of one value */
} ob_spread;

ob_spread ob_spread_of(const double *values, int32_t n);

/* A row for each policy: click-through rate, share of the best known play, and the difference to
 * "own most viewed", paired by seed. All over seeds; rates are mean click probabilities of what
 * was shown. */
void ob_table_print(const ob_trial *trials, const ob_plan *plan);

/* Rates that the published code's notebooks print for what does not learn, beside ours on the same
 * catalogue. 0, or −1 without memory. */
int ob_published_print(int32_t n_users);

#endif
