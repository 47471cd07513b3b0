/* SPDX-License-Identifier: MIT */
/* plain_window.h: plain rows of a window of text, in which the places of all separators are found
 * first, so that rows do not wait for one another. */
#ifndef RRI_DATA_PLAIN_WINDOW_H
#define RRI_DATA_PLAIN_WINDOW_H

#include "data/plain_row.h"

/* Bytes that are looked at together. */
#define RRI_PLAIN_WINDOW ((size_t)1536)

/* Whether all columns below this header count. */
bool rri_plain_window_fits(const rri_table_header *header);

/* rri_plain_rows_read of text [RRI_PLAIN_WINDOW], below a header that fits. It stops before a row
 * that may not end in the window. */
size_t rri_plain_window_read(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                             const rri_table_header *header, const rri_table_text *table);

#endif
