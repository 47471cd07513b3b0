/* SPDX-License-Identifier: MIT */
/* curves.h: a run's log.csv, read back: one column a name, one row a logged update. */
#ifndef EXAMPLES_REPORT_CURVES_H
#define EXAMPLES_REPORT_CURVES_H

#include <stdbool.h>

enum { CURVES_MOST_COLUMNS = 64 };

typedef struct curves {
    int n_rows, n_columns;
    char names[CURVES_MOST_COLUMNS][48];
    double *values; /* [n_columns, n_rows]; NaN where a cell says so */
} curves;

/* Fails with the file's name where it is not there, or is not a log. */
void curves_read(curves *c, const char *path);
void curves_free(curves *c);
/* [n_rows], or NULL where the log has no such column. */
const double *curves_column(const curves *c, const char *name);

/* out [n_rows]: sum of `weighted` over sum of `weights` in the last `window` rows, which makes a
 * mean over whole sessions of their totals; NaN until a session has ended. weights NULL: a plain
 * mean. */
void curves_smooth(double *out, const double *weighted, const double *weights, int n, int window);

#endif
