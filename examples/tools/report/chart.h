/* SPDX-License-Identifier: MIT */
/* chart.h: a line chart as inline SVG. Colours are classes of the page's style sheet, so that one
 * picture serves light and dark. */
#ifndef EXAMPLES_REPORT_CHART_H
#define EXAMPLES_REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

enum { CHART_MOST_LINES = 12, CHART_MOST_LEVELS = 8, CHART_MOST_MARKS = 32 };

/* A curve, and optionally the band between its seeds. NaN breaks it. */
typedef struct chart_line {
    const char *name;
    int colour; /* 0 …: one of the page's line colours */
    int n;
    const double *x, *y;      /* [n] x ascending */
    const double *low, *high; /* [n] edges of the band, or NULL */
} chart_line;

/* A horizontal line with a name at its right end: a baseline. */
typedef struct chart_level {
    const char *name;
    double y;
} chart_level;

/* A vertical tick with a sentence: something happened here. */
typedef struct chart_mark {
    double x;
    const char *sentence;
} chart_mark;

typedef struct chart {
    const char *title; /* for those who do not see it */
    const char *x_label, *y_label;
    bool is_square; /* 1 : 1, both axes from 0 to 1 */
    bool is_alone;  /* a file of its own: brings its style sheet */
    bool has_range; /* shade the healthy range */
    double range_low, range_high;
    int n_lines, n_levels, n_marks;
    chart_line lines[CHART_MOST_LINES];
    chart_level levels[CHART_MOST_LEVELS];
    chart_mark marks[CHART_MOST_MARKS];
} chart;

void chart_write(FILE *out, const chart *c);

#endif
