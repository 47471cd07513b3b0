/* SPDX-License-Identifier: MIT */
/* segment_table.h: the part of the table that tells segments apart: reward a step of new and heavy
 * users, and in the first and the last third of the session. */
#ifndef EXAMPLES_DRIVER_SEGMENT_TABLE_H
#define EXAMPLES_DRIVER_SEGMENT_TABLE_H

#include "table.h"

enum { SEGMENT_TABLE_MOST = SEGMENTS_MOST + 2 };

/* A column of a policy's row. */
typedef struct segment_figure {
    const char *name; /* "new users", "first third" */
    const char *key;  /* in JSON */
    double reward, interval;
} segment_figure;

/* figures [SEGMENT_TABLE_MOST] of one policy; returns their number. */
int segment_table_figures(segment_figure *figures, const segments *of,
                          const rr_metrics_summary *summary, const rr_metrics_summary *parts);

void segment_table_print(FILE *out, const table_rows *t);
void segment_table_explain(FILE *out, const table_rows *t);
/* The member "segments" of one policy's object. */
void segment_table_write_json(json *j, const table_rows *t, int row);

#endif
