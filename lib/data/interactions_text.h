/* SPDX-License-Identifier: MIT */
/* interactions_text.h: interactions from delimited text, whole or in pieces.
 *
 * table_text.h tells how lines are cut into fields, table_header.h which column means what, and
 * field_value.h what may stand in it. Without a column of ratings every rating is 1; without times
 * each is 0. Positions and propensities are read where both are there. */
#ifndef RRI_DATA_INTERACTIONS_TEXT_H
#define RRI_DATA_INTERACTIONS_TEXT_H

#include "data/interactions.h"
#include "data/plain_row.h"
#include "data/table_text.h"

typedef struct rri_interactions_reader {
    rri_interactions *rows; /* borrowed; created by the first piece */
    rri_table_text table;
    rri_table_header header;
    size_t total_bytes;
    bool is_plain;  /* rows may be plain */
    bool was_plain; /* the last one was */
    bool is_begun;
    rri_allocator allocator;
} rri_interactions_reader;

/* name: of the file, for sentences ("NAME:LINE:COLUMN: …"), borrowed. total_bytes: of all pieces
 * together; what is allocated is proportional to them. */
void rri_interactions_reader_init(rri_interactions_reader *reader, rri_interactions *rows,
                                  const char *name, size_t total_bytes,
                                  const rri_allocator *allocator);

/* A piece [bytes] of whole lines, which does not end in an empty one unless it is the last; it may
 * be changed, and RRI_PLAIN_ROW_SLACK bytes behind it must be readable. After a failure only
 * release.
 */
rr_status rri_interactions_reader_add(rri_interactions_reader *reader, char *text, size_t bytes,
                                      rr_error *err);

/* After the last piece: refuses a text without rows. */
rr_status rri_interactions_reader_finish(rri_interactions_reader *reader, rr_error *err);

/* Releases the rows as they are, if there are any. For after a failure. */
void rri_interactions_reader_release(rri_interactions_reader *reader);

/* All of it at once: text [bytes + RRI_PLAIN_ROW_SLACK]. On failure nothing is to be released. */
rr_status rri_interactions_parse(rri_interactions *rows, char *text, size_t bytes, const char *name,
                                 const rri_allocator *allocator, rr_error *err);

#endif
