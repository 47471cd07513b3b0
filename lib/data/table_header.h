/* SPDX-License-Identifier: MIT */
/* table_header.h: the form of a text of interactions, and which column means what, from its first
 * lines and from what the caller says.
 *
 * Lines that begin with '#' or '%' in front of the first row are comments, and so are all others
 * that begin with the same. The first line that is none names the columns, or is a row where it
 * looks like one:
 *   two to four numbers                            user, item, rating, time
 *   two texts, a number and a time (Amazon 2014)   user, item, rating, time
 *   the same, an ASIN first (Amazon 2018)          item, user, rating, time
 *   a SHA-1, two texts and a number (Last.fm-360K) user, -, item, rating
 *   steam-200k: a number, a text, play or purchase, a number, 0: user, item, -, rating, - */
#ifndef RRI_DATA_TABLE_HEADER_H
#define RRI_DATA_TABLE_HEADER_H

#include <stdint.h>

#include "data/column_names.h"
#include "recrl/recrl.h"

#define RRI_TABLE_MOST_COLUMNS ((size_t)1024)
#define RRI_TABLE_NAME         ((size_t)64)

typedef struct rri_table_header {
    bool has_names; /* a line of the file names the columns */
    size_t n_columns;
    int32_t columns[RRI_N_ROLES]; /* of the role, from 0; −1: there is none */
    size_t n_contexts;            /* columns of context, where no column is the user */
    uint8_t is_context[RRI_TABLE_MOST_COLUMNS]; /* [n_columns] */
    char names[RRI_N_ROLES][RRI_TABLE_NAME];    /* as the file calls them, cut; "" without a name */
    uint64_t name_keys[RRI_N_ROLES];            /* rri_column_key; 0 without */
    uint32_t name_letters;      /* a bit for what each begins with; all: any known */
    char unused[256];           /* names of columns that do not count, cut */
    size_t n_comments, n_empty; /* lines before the first row */
} rri_table_header;

/* text [bytes] of whole lines, from the file's first byte on, RRI_ROW_WALK_SLACK behind it. *form
 * is the one of the whole file; *rows ← its first row. options: a whole struct. */
rr_status rri_table_header_read(rri_table_header *header, rri_table_form *form, const char **rows,
                                const char *text, size_t bytes, const rr_load_options *options,
                                rr_error *err);

/* Whether the user and the item of a row are names of columns, as where files were put one behind
 * the other: the header's, in any case and with any marks, or known ones in a text without a
 * header. *is_moved: other columns are called so here. */
bool rri_table_header_is_again(bool *is_moved, const rri_table_header *header,
                               const rri_table_field *fields, const rri_table_form *form);

/* The separator as a user writes it: "tab", "," … */
const char *rri_table_separator_name(const rri_table_form *form);

#endif
