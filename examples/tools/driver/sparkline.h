/* SPDX-License-Identifier: MIT */
/* sparkline.h: a curve in one line of text, ▁▂▃▄▅▆▇█, of a series that grows: when it is full,
 * neighbours are averaged and every point stands for twice as many values. */
#ifndef EXAMPLES_DRIVER_SPARKLINE_H
#define EXAMPLES_DRIVER_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPARKLINE_POINTS = 64, SPARKLINE_BYTES = 3 * SPARKLINE_POINTS + 1 };

typedef struct sparkline {
    int n;             /* whole points */
    int64_t per_point; /* values that make one; 0 before the first */
    int64_t n_open;    /* values in the point under way */
    double open;       /* their sum */
    double points[SPARKLINE_POINTS];
    double last;    /* value added last */
    bool has_moved; /* some value was not 0 */
} sparkline;

/* What is not finite is left out. */
void sparkline_add(sparkline *s, double value);
/* From the lowest to the highest of the points, in at most `columns` characters; returns how many
 * were written. */
int sparkline_draw(char out[SPARKLINE_BYTES], const sparkline *s, int columns);

#endif
