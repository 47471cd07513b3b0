/* SPDX-License-Identifier: MIT */
/* plain_row.h: rows of plain numbers, read eight digits at a time.
 *
 * Most files have nothing but short decimal numbers in the columns that count. A row that is so is
 * read here; any other is left for the reader that knows every form and every mistake. Both give
 * the same values. */
#ifndef RRI_DATA_PLAIN_ROW_H
#define RRI_DATA_PLAIN_ROW_H

#include "data/table_header.h"

typedef struct rri_plain_row {
    uint64_t user, item;
    float rating;
    int64_t time;
} rri_plain_row;

/* Bytes that must be readable behind the text's last line. */
#define RRI_PLAIN_ROW_SLACK ((size_t)24)

/* Whether rows below this header may be plain: user, item, rating and time at most, no context. */
bool rri_plain_row_fits(const rri_table_header *header);

/* Reads the line at `line`, whose end lies before text_end. The begin of the next line; NULL when
 * the line is not plain, or not ended: then *row is anything. Ids are at most 16 digits without a
 * leading zero; a rating is one to seven digits, with a point or without; a time at most 16 digits.
 * Roles that are not there keep what *row had. */
const char *rri_plain_row_read(rri_plain_row *row, const char *line, const char *text_end,
                               const rri_table_header *header, const rri_table_text *table);

/* The same for as many rows as follow one another from `text` on, at most `most`, until one is not
 * plain: rows [most] ends [most] ← where each one's line is over. Returns how many. By windows
 * (plain_window.h) where that can be, which pays when most > 1. Roles that are not there keep what
 * `rows` had. */
size_t rri_plain_rows_read(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                           const char *text_end, const rri_table_header *header,
                           const rri_table_text *table);

#endif
