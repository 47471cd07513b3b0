/* SPDX-License-Identifier: MIT */
/* table.h: policies beside one another, as a table and as JSON. */
#ifndef EXAMPLES_DRIVER_TABLE_H
#define EXAMPLES_DRIVER_TABLE_H

#include "json.h"
#include "play.h"

enum { TABLE_MOST_ROWS = 12 };

typedef struct table_rows {
    const rr_env_config *config;
    const segments *of;
    int n;
    struct {
        const char *name;
        rr_metrics_summary summary;
        rr_metrics_summary parts[SEGMENTS_MOST]; /* of users by segment */
    } at[TABLE_MOST_ROWS];
} table_rows;

/* parts [of->n] */
void table_add(table_rows *t, const char *name, const rr_metrics_summary *summary,
               const rr_metrics_summary *parts);
void table_print(FILE *out, const table_rows *t);
/* Sentences: what the columns are, and what the numbers mean. */
void table_explain(FILE *out, const table_rows *t, float beta);
/* The member "policies". */
void table_write_json(json *j, const table_rows *t);

#endif
