/* SPDX-License-Identifier: MIT */
/* short_rows.h: rows of short numbers, as nearly all are, many in one go.
 *
 * A row of at most 47 bytes is looked at whole: the bits of its separators (row_walk.h) are the
 * lengths of its fields, and no field waits for the one before it. Whatever else a row may be, the
 * walk and the long way of each value make it, and of these rows they make the same. */
#ifndef RRI_DATA_SHORT_ROWS_H
#define RRI_DATA_SHORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/table_form.h"

#define RRI_SHORT_ROWS_MOST_COLUMNS ((size_t)16)

/* Of columns, from 0; -1: there is no such column. */
typedef struct rri_short_columns {
    int32_t user, item, rating, time;
    size_t n; /* of all, these and others */
} rri_short_columns;

/* Where the rows are written to, one after another. */
typedef struct rri_short_rows {
    uint64_t (*ids)[2]; /* keys of user and item, which are their own numbers */
    float *ratings;     /* 1 without a column */
    int64_t *times;     /* 0 without a column */
    uint32_t *begins;   /* of the rows, in bytes from `text` on */
    const char *text;
} rri_short_rows;

/* Whether this machine and this form have a way for them. */
bool rri_short_rows_fit(const rri_table_form *form, const rri_short_columns *columns);

/* The rows from *at on, before `end`, which is behind a line end, until one is not short; *at ←
 * that one, or end. Returns how many. RRI_ROW_WALK_SLACK bytes are readable behind end. */
size_t rri_short_rows_read(const rri_short_rows *rows, const char **at, const char *end,
                           const rri_table_form *form, const rri_short_columns *columns);

#endif
