/* SPDX-License-Identifier: MIT */
/* row_batch.h: many lines at once.
 *
 *     cut     where the chunks begin, at most how many rows each has   any thread
 *     place   room in the columns for that many rows                   the reader's thread
 *     parse   a chunk's rows: numbers into their places, ids into      any thread, each chunk
 *             a list                                                   by itself
 *     take    ids become indices in the order of the file, and rows    one thread at a time
 *             move up to where lines were none
 *
 * Of several batches of one text each is placed behind the one before, and taken after it. */
#ifndef RRI_DATA_ROW_BATCH_H
#define RRI_DATA_ROW_BATCH_H

#include "data/interactions.h"
#include "data/table_header.h"

/* A chunk has about so many bytes, a batch at most so many chunks. */
#define RRI_ROW_BATCH_CHUNK       ((size_t)64 << 10)
#define RRI_ROW_BATCH_MOST_CHUNKS ((size_t)64)

/* Rows that are looked up together. */
#define RRI_ROW_BATCH_TOGETHER ((size_t)64)

/* Columns that turned out too short, where the next n rows are to fit. */
static inline size_t rri_row_batch_grown(size_t n, size_t max_n)
{
    return rri_size_add(n, max_n / 4 + 1024);
}

/* What lines were that became no rows, and what else is to be told. */
typedef struct rri_row_counts {
    size_t n_lines; /* of the whole text */
    size_t n_empty; /* lines of blanks at most */
    size_t n_comments;
    size_t n_headers;    /* the header again */
    size_t n_incomplete; /* rows without a user, an item or a number, where they may be skipped */
    size_t n_merged_users, n_merged_items; /* spellings of one number (id.h) */
} rri_row_counts;

/* A text as it is read. */
typedef struct rri_row_reader {
    rri_interactions *rows; /* borrowed */
    rri_table_form form;
    rri_table_header header;
    rri_row_counts counts;
    bool skips_incomplete;
    bool has_times, has_dates; /* of the rows that were taken: there are some, which are dates */
} rri_row_reader;

typedef struct rri_row_chunk {
    const char *text; /* whole rows, up to the next chunk */
    size_t bytes;
    size_t first;           /* its place in the batch's lists */
    size_t n_lines;         /* of text, which are at least as many as rows */
    size_t n_rows;          /* that were parsed */
    size_t n_dates;         /* of their times */
    bool has_texts;         /* one of its ids is no plain number */
    const char *failed;     /* the row behind them, which is refused; NULL */
    rri_row_counts skipped; /* among its lines */
} rri_row_chunk;

typedef struct rri_row_batch {
    rri_table_piece piece; /* its text, for sentences */
    size_t n_chunks, n_lines;
    rri_row_chunk chunks[RRI_ROW_BATCH_MOST_CHUNKS];
    size_t first_row;            /* where its rows are placed */
    size_t next_chunk, next_row; /* that are not taken: a chunk, and a row of it */
    uint64_t (*ids)[2];          /* [max_lines] keys of user and item */
    uint64_t (*checks)[2];       /* [max_lines] where the chunk has texts */
    uint32_t *begins;            /* [max_lines] of the rows in the piece */
    size_t max_lines;
    void *block; /* owned: the three lists */
    size_t block_bytes;
    rri_allocator allocator;
} rri_row_batch;

void rri_row_batch_init(rri_row_batch *batch, const rri_allocator *allocator);
void rri_row_batch_release(rri_row_batch *batch);

/* Room for n_lines, which place makes as well. What it held is lost. */
rr_status rri_row_batch_reserve(rri_row_batch *batch, size_t n_lines, rr_error *err);

/* Bytes of a batch's lists, at most, whatever it held before. */
size_t rri_row_batch_memory(size_t n_lines);
/* What a text has of ids that are texts, in a column. */
typedef struct rri_row_texts {
    size_t n, n_bytes;
    bool has_respelled, has_text; /* numbers otherwise than usual; what is no number (id.h) */
} rri_row_texts;
/* Bytes of columns, tables and texts together, at most, while a text of n_lines is taken for which
 * room was made for n_expected rows: as if every id were new. SIZE_MAX where they do not fit. */
size_t rri_row_batch_most(size_t n_lines, size_t n_expected, bool has_logs,
                          const rri_row_texts texts[2]);
/* The ids of user and item in chunk c, added to what is there. Needs no lists. */
void rri_row_batch_count_texts(rri_row_texts texts[2], const rri_row_batch *batch, size_t c,
                               const rri_row_reader *reader);

/* The whole rows in text [bytes], whose first line has the number first_line, in chunks of about
 * chunk_bytes. Returns how many bytes they are; what follows begins the next batch. is_last: all is
 * whole, and ends in a line end. */
size_t rri_row_batch_cut(rri_row_batch *batch, const rri_table_form *form, const char *text,
                         size_t bytes, size_t first_line, size_t chunk_bytes, bool is_last);

/* first_row: no fewer than the rows before this batch, taken or not. After a failure only
 * release. */
rr_status rri_row_batch_place(rri_row_batch *batch, rri_row_reader *reader, size_t first_row,
                              rr_error *err);

/* A parsed batch moves to where the rows that were taken end: lines before it were no rows. */
void rri_row_batch_move_up(rri_row_batch *batch, const rri_row_reader *reader);

/* In place of place, for who takes each chunk before the next is parsed: chunk c behind the rows
 * that were taken, with the lists to itself. */
rr_status rri_row_batch_place_alone(rri_row_batch *batch, size_t c, rri_row_reader *reader,
                                    rr_error *err);

/* Chunk c in [0, n_chunks). Changes nothing but this chunk, and its places. */
void rri_row_batch_parse(rri_row_batch *batch, size_t c, const rri_row_reader *reader);

/* The parsed chunks before end_chunk that are not taken yet. may_grow false: allocates nothing, and
 * stops where a table would grow; it is done when next_chunk is end_chunk. */
rr_status rri_row_batch_take(rri_row_batch *batch, rri_row_reader *reader, size_t end_chunk,
                             bool may_grow, rr_error *err);

#endif
