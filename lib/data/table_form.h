/* SPDX-License-Identifier: MIT */
/* table_form.h: how a text is cut into rows and fields.
 *
 *     rows    end in LF or CRLF; lines that are empty or comments are none
 *     fields  one separator between them: a tab, a comma, a semicolon, a bar, "::", or a run of
 *             blanks
 *     quotes  a field that begins with one ends with one, and between them separators and line ends
 *             are text, and a doubled quote stands for one
 *
 * Blanks round a field, and inside its quotes, are no part of it: spaces and tabs, the no-break and
 * other wide ones, and a byte-order mark. */
#ifndef RRI_DATA_TABLE_FORM_H
#define RRI_DATA_TABLE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct rri_table_form {
    const char *name; /* of the file, for sentences; borrowed */
    char separator;   /* of "::" the colon, of blanks the space */
    size_t width;     /* of the separator: 1, of "::" 2 */
    bool is_blanks;   /* a run of spaces and tabs is one separator */
    bool has_quotes;  /* a quote at the begin of a field opens one */
    char comment;     /* lines that begin with it are none; '\0': no line is a comment */
} rri_table_form;

/* A piece of the text that begins with a line, for sentences with the place. */
typedef struct rri_table_piece {
    const rri_table_form *form;
    const char *text;
    size_t first_line; /* of the text, from 1 */
} rri_table_piece;

/* A field as it stands in the text, with blanks and quotes. */
typedef struct rri_table_field {
    const char *text; /* [length], a view, not terminated */
    size_t length;
} rri_table_field;

/* Longest field that is an id or a number. */
#define RRI_TABLE_FIELD_MOST ((size_t)1000)

/* What the field says, without blanks and quotes: a view of the text, or of `buffer` where quotes
 * in it are doubled. What is longer than RRI_TABLE_FIELD_MOST is cut to one byte more. */
rri_table_field rri_table_field_clean(char buffer[RRI_TABLE_FIELD_MOST + 1],
                                      const rri_table_field *field, const rri_table_form *form);

/* RR_E_FORMAT with "NAME:LINE:COLUMN: …" of a place in the piece. */
rr_status rri_table_fail(const rri_table_piece *piece, const char *at, rr_error *err,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The text for a sentence: at most 40 bytes, what is not printable ASCII as '?'. */
#define RRI_TABLE_SHOWN ((size_t)48)
const char *rri_table_show(char out[RRI_TABLE_SHOWN], const rri_table_field *field);

/* Line ends in the text. */
size_t rri_table_count_line_ends(const char *text, size_t bytes);

#endif
