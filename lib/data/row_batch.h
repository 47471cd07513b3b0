/* SPDX-License-Identifier: MIT */
/* row_batch.h: many lines at once, of which each is a row of the columns.
 *
 *     cut     where the chunks begin, and how many lines each has      any thread
 *     place   room in the columns for that many rows                   the reader's thread
 *     parse   a chunk's plain rows: ratings and times into their       any thread, each chunk
 *             places, ids into a list                                  by itself
 *     take    ids become indices in the order of the file; rows that   one thread at a time
 *             are not plain are read
 *
 * Of several batches of one text each is placed behind the one before, and taken after it. */
#ifndef RRI_DATA_ROW_BATCH_H
#define RRI_DATA_ROW_BATCH_H

#include "data/row_reader.h"

/* A chunk has about so many bytes, a batch at most so many chunks. */
#define RRI_ROW_BATCH_CHUNK       ((size_t)64 << 10)
#define RRI_ROW_BATCH_MOST_CHUNKS ((size_t)64)
/* Bytes that must be readable behind the text. */
#define RRI_ROW_BATCH_SLACK ((size_t)24)

typedef struct rri_row_chunk {
    const char *text;      /* whole lines, up to the next chunk */
    size_t first, n_lines; /* lines of the batch */
} rri_row_chunk;

typedef struct rri_row_batch {
    char *text, *end; /* borrowed: its first line, the end of its piece */
    size_t n_chunks, n_lines;
    rri_row_chunk chunks[RRI_ROW_BATCH_MOST_CHUNKS];
    size_t first_row;   /* where its rows are placed */
    size_t n_taken;     /* lines */
    uint64_t (*ids)[2]; /* [n_lines] user and item; owned: room for max_lines */
    size_t max_lines;
    rri_allocator allocator;
} rri_row_batch;

void rri_row_batch_init(rri_row_batch *batch, const rri_allocator *allocator);
void rri_row_batch_release(rri_row_batch *batch);

/* Room for the ids of n_lines, which place makes as well. What it held is lost. */
rr_status rri_row_batch_reserve(rri_row_batch *batch, size_t n_lines, rr_error *err);

/* Bytes of a batch's ids, at most, whatever it held before. */
size_t rri_row_batch_memory(size_t n_lines);
/* Bytes of columns and tables together, at most, while a text of n_lines is taken for which begin
 * made room for n_expected rows: as if every id were new. SIZE_MAX where they do not fit. */
size_t rri_row_batch_most(size_t n_lines, size_t n_expected, bool has_logs);

/* text [bytes] of whole lines, the first of a piece that ends at `end`, with a line that is not
 * empty unless the text is over there. It may be changed by take, and is to stay until then. */
void rri_row_batch_cut(rri_row_batch *batch, char *text, size_t bytes, char *end);

/* first_row: rows before this batch, taken or not. After a failure only release. */
rr_status rri_row_batch_place(rri_row_batch *batch, rri_row_reader *reader, size_t first_row,
                              rr_error *err);

/* Chunk c in [0, n_chunks). Changes nothing but this chunk's places. */
void rri_row_batch_parse(rri_row_batch *batch, size_t c, const rri_row_reader *reader);

/* What is not taken yet. may_grow false: allocates nothing, and stops where a table of keys would
 * grow. It is done when n_taken is n_lines. */
rr_status rri_row_batch_take(rri_row_batch *batch, rri_row_reader *reader, bool may_grow,
                             rr_error *err);

#endif
