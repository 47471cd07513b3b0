/* SPDX-License-Identifier: MIT */
/* interactions_text.c: pieces are taken chunk by chunk, so that a chunk's text and ids stay in the
 * cache from parsing to taking. */
#include "data/interactions_text.h"

#include <string.h>

#include "core/status.h"

void rri_interactions_reader_init(rri_interactions_reader *reader, rri_interactions *rows,
                                  const char *name, size_t total_bytes,
                                  const rri_allocator *allocator)
{
    rri_row_reader_init(&reader->reader, rows, name, total_bytes, allocator);
    rri_row_batch_init(&reader->batch, allocator);
}

static char *find_chunk_end(char *begin, char *end)
{
    char *const from = begin + RRI_ROW_BATCH_CHUNK - 1;
    char *const line_end = (size_t)(end - begin) < RRI_ROW_BATCH_CHUNK
                               ? NULL
                               : memchr(from, '\n', (size_t)(end - from));
    return line_end == NULL ? end : line_end + 1;
}

rr_status rri_interactions_reader_add(rri_interactions_reader *reader, char *text, size_t bytes,
                                      rr_error *err)
{
    rri_row_reader *const rows = &reader->reader;
    rri_row_batch *const batch = &reader->batch;
    char *const end = text + bytes;
    char *begin = text;
    if (!rows->is_begun) {
        RRI_TRY(rri_row_reader_begin(rows, text, bytes, err));
        begin = rows->table.next;
    }
    while (begin < end) {
        char *const chunk_end = find_chunk_end(begin, end);
        rri_row_batch_cut(batch, begin, (size_t)(chunk_end - begin), end);
        RRI_TRY(rri_row_batch_place(batch, rows, rows->rows->n, err));
        for (size_t c = 0; c < batch->n_chunks; c++) {
            rri_row_batch_parse(batch, c, rows);
        }
        RRI_TRY(rri_row_batch_take(batch, rows, true, err));
        begin = chunk_end;
    }
    return RR_OK;
}

rr_status rri_interactions_reader_finish(rri_interactions_reader *reader, rr_error *err)
{
    RRI_TRY(rri_row_reader_finish(&reader->reader, err));
    reader->reader.is_begun = false; /* the rows are the caller's */
    return RR_OK;
}

void rri_interactions_reader_release(rri_interactions_reader *reader)
{
    rri_row_batch_release(&reader->batch);
    rri_row_reader_release(&reader->reader);
}
