/* SPDX-License-Identifier: MIT */
/* table_text.h: a text of lines and fields, separated by tabs, commas or "::", walked field by
 * field.
 *
 * The first line decides: with a tab in it, tabs separate; else, with "::" and no comma, "::" does;
 * and quotes mean nothing. Else commas separate, and a field that begins with a quote ends with
 * one, doubled quotes inside standing for one. Lines end in LF or CRLF; a byte order mark before
 * the first is skipped. A text may come in pieces of whole lines. */
#ifndef RRI_DATA_TABLE_TEXT_H
#define RRI_DATA_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct rri_table_field {
    const char *text; /* [length], a view, not terminated */
    size_t length;
    size_t column; /* of its first byte in the line, from 1 */
} rri_table_field;

typedef struct rri_table_text {
    const char *name;            /* of the file, for sentences; borrowed */
    char separator;              /* of "::" the colon */
    size_t width;                /* of the separator: 1, of "::" 2 */
    size_t line;                 /* the current one, from 1; 0 before the first */
    char *line_begin, *line_end; /* of the current line, its end without LF or CRLF */
    char *at;                    /* next field */
    bool has_field;              /* one more field in this line */
    char *next, *end;            /* next line, end of the text */
} rri_table_text;

/* text [bytes] is borrowed, and changed where a quoted field has doubled quotes. */
void rri_table_text_init(rri_table_text *table, char *text, size_t bytes, const char *name);

/* The next piece, once next_line has said false; it begins with a line. */
void rri_table_text_feed(rri_table_text *table, char *text, size_t bytes);

/* Goes to the next line; false after the last. Empty lines at the end of the text are none. */
bool rri_table_text_next_line(rri_table_text *table);

/* The next field while table->has_field. */
rr_status rri_table_text_next_field(rri_table_text *table, rri_table_field *field, rr_error *err);

/* RR_E_FORMAT with "NAME:LINE:COLUMN: …". */
rr_status rri_table_text_fail(const rri_table_text *table, size_t column, rr_error *err,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The field for a sentence: at most 40 bytes, what is not printable ASCII as '?'. */
#define RRI_TABLE_SHOWN ((size_t)48)
const char *rri_table_text_show(char out[RRI_TABLE_SHOWN], const rri_table_field *field);

#endif
