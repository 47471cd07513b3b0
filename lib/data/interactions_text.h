/* SPDX-License-Identifier: MIT */
/* interactions_text.h: interactions from delimited text, whole or in pieces, one after another.
 *
 * row_reader.h tells what a text looks like, row_batch.h how many lines are read at once. */
#ifndef RRI_DATA_INTERACTIONS_TEXT_H
#define RRI_DATA_INTERACTIONS_TEXT_H

#include "data/row_batch.h"

typedef struct rri_interactions_reader {
    rri_row_reader reader;
    rri_row_batch batch;
} rri_interactions_reader;

/* As rri_row_reader_init. */
void rri_interactions_reader_init(rri_interactions_reader *reader, rri_interactions *rows,
                                  const char *name, size_t total_bytes,
                                  const rri_allocator *allocator);

/* A piece [bytes] of whole lines, which does not end in an empty one unless it is the last; it may
 * be changed, and RRI_ROW_BATCH_SLACK bytes behind it must be readable. After a failure only
 * release. */
rr_status rri_interactions_reader_add(rri_interactions_reader *reader, char *text, size_t bytes,
                                      rr_error *err);

/* After the last piece: refuses a text without rows. Then release keeps them. */
rr_status rri_interactions_reader_finish(rri_interactions_reader *reader, rr_error *err);

/* What the reader owns; the rows as well where they were not finished. */
void rri_interactions_reader_release(rri_interactions_reader *reader);

#endif
