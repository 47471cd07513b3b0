/* SPDX-License-Identifier: MIT */
/* figure.h: one number of a table, over one run or several seeds. */
#ifndef EXAMPLES_REPORT_FIGURE_H
#define EXAMPLES_REPORT_FIGURE_H

#include <stdio.h>

/* A mean over what was added; starts as {0}. Half width of its 95 % interval: of one value as it
 * came with it, over sessions; of several, Student's over seeds. */
typedef struct figure {
    int n;
    double sum, squares, half;
} figure;

void figure_add(figure *f, double value, double half);
/* NaN where nothing was added. */
double figure_mean(const figure *f);
double figure_half(const figure *f);
/* <td>mean unit ±half</td>, or a dash. */
void figure_cell(FILE *out, const figure *f, int digits, const char *unit);

#endif
