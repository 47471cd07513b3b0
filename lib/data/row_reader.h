/* SPDX-License-Identifier: MIT */
/* row_reader.h: the header of a text of interactions, and its rows one by one, the long way.
 *
 * table_text.h tells how lines are cut into fields, table_header.h which column means what, and
 * field_value.h what may stand in it. Without a column of ratings every rating is 1; without times
 * each is 0. Positions and propensities are read where both are there. */
#ifndef RRI_DATA_ROW_READER_H
#define RRI_DATA_ROW_READER_H

#include "data/interactions.h"
#include "data/table_header.h"
#include "data/table_text.h"

typedef struct rri_row_reader {
    rri_interactions *rows; /* borrowed; created by begin */
    rri_table_text table;
    rri_table_header header;
    size_t total_bytes;
    bool has_logs; /* positions and propensities */
    bool is_plain; /* rows may be plain (plain_row.h) */
    bool is_begun;
    rri_allocator allocator;
} rri_row_reader;

/* name: of the file, for sentences ("NAME:LINE:COLUMN: …"), borrowed. total_bytes: of all pieces
 * together; what is allocated is proportional to them. */
void rri_row_reader_init(rri_row_reader *reader, rri_interactions *rows, const char *name,
                         size_t total_bytes, const rri_allocator *allocator);

/* Reads the header of the first piece [bytes] of whole lines. table.next is the first row. *n_rows:
 * the rows that the whole text is thought to have. */
rr_status rri_row_reader_head(rri_row_reader *reader, size_t *n_rows, char *text, size_t bytes,
                              rr_error *err);
/* The same, and makes room for these rows. After a failure only release. */
rr_status rri_row_reader_begin(rri_row_reader *reader, char *text, size_t bytes, rr_error *err);

/* The row at table.next becomes rows->n, for which there is room; *is_there false: nothing but
 * empty lines is left. */
rr_status rri_row_reader_next(bool *is_there, rri_row_reader *reader, rr_error *err);

/* After the last row: refuses a text without any. */
rr_status rri_row_reader_finish(rri_row_reader *reader, rr_error *err);

/* Releases the rows as they are, if there are any. For after a failure. */
void rri_row_reader_release(rri_row_reader *reader);

/* Lines of a text, of which the last may not be ended. */
size_t rri_row_reader_count_lines(const char *text, size_t bytes);

#endif
