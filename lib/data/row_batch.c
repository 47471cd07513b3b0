/* SPDX-License-Identifier: MIT */
/* row_batch.c: every line is one row, so that a row's place is known before it is read. */
#include "data/row_batch.h"

#include <string.h>

#include "core/status.h"
#include "data/plain_row.h"

/* Plain rows that are read, or looked up, together. */
enum { TOGETHER = 64 };

/* Keys whose table lies in the cache that a core has of its own. */
#define NEAR ((size_t)1 << 15)

/* In the place of a user's id, of a line that is not plain: this, and where the line begins in the
 * batch's text. Plain ids are below 10^16. */
#define NOT_PLAIN (UINT64_C(1) << 63)

void rri_row_batch_init(rri_row_batch *batch, const rri_allocator *allocator)
{
    *batch = (rri_row_batch){.allocator = *allocator};
}

void rri_row_batch_release(rri_row_batch *batch)
{
    rri_memory_release(&batch->allocator, batch->ids, batch->max_lines * sizeof batch->ids[0]);
    batch->ids = NULL;
    batch->max_lines = 0;
}

/* The begin of the line behind the one that has this place. */
static const char *find_next_line(const char *at, const char *end)
{
    const char *const line_end = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return line_end == NULL ? end : line_end + 1;
}

/* ── cut and place ───────────────────────────────────────────────────────────────────────────── */

void rri_row_batch_cut(rri_row_batch *batch, char *text, size_t bytes, char *end)
{
    batch->text = text;
    batch->end = end;
    batch->n_chunks = 0;
    batch->n_lines = 0;
    batch->n_taken = 0;
    const size_t least = bytes / RRI_ROW_BATCH_MOST_CHUNKS + 1;
    const size_t step = least > RRI_ROW_BATCH_CHUNK ? least : RRI_ROW_BATCH_CHUNK;
    const char *const last = text + bytes;
    for (const char *begin = text; begin < last;) {
        const size_t left = (size_t)(last - begin);
        const char *const chunk_end = left <= step ? last : find_next_line(begin + step - 1, last);
        rri_row_chunk *const chunk = &batch->chunks[batch->n_chunks++];
        chunk->text = begin;
        chunk->first = batch->n_lines;
        chunk->n_lines = rri_row_reader_count_lines(begin, (size_t)(chunk_end - begin));
        batch->n_lines += chunk->n_lines;
        begin = chunk_end;
    }
}

/* Some more than are asked for, so that the next batch need not ask. */
static size_t lines_with_room(size_t n_lines)
{
    return rri_size_add(n_lines, n_lines / 8);
}

/* Columns that turned out too short, where the next n rows are to fit. */
static size_t grown_rows(size_t n, size_t max_n)
{
    return rri_size_add(n, max_n / 4 + 1024);
}

size_t rri_row_batch_memory(size_t n_lines)
{
    const rri_row_batch *batch = NULL;
    return rri_memory_size(rri_size_multiply(lines_with_room(n_lines), sizeof batch->ids[0]));
}

size_t rri_row_batch_most(size_t n_lines, size_t n_expected, bool has_logs)
{
    size_t columns = rri_interactions_memory(n_expected, has_logs);
    if (n_expected < n_lines) { /* old ones, which were shorter than the text, beside the new */
        columns = rri_size_add(rri_interactions_memory(n_lines, has_logs),
                               rri_interactions_memory(grown_rows(n_lines, n_lines), has_logs));
    }
    const size_t table = rri_key_table_memory(rri_size_add(n_lines, TOGETHER));
    const size_t tables = rri_size_add(rri_size_add(table, table), table / 2 + RRI_ALIGNMENT);
    return rri_size_add(columns, tables);
}

rr_status rri_row_batch_reserve(rri_row_batch *batch, size_t n_lines, rr_error *err)
{
    if (n_lines <= batch->max_lines) {
        return RR_OK;
    }
    void *block = NULL;
    const size_t max_lines = lines_with_room(n_lines);
    rri_row_batch_release(batch);
    RRI_TRY(rri_memory_allocate(&block, &batch->allocator, max_lines * sizeof batch->ids[0],
                                "ids of interactions", err));
    batch->ids = block;
    batch->max_lines = max_lines;
    return RR_OK;
}

rr_status rri_row_batch_place(rri_row_batch *batch, rri_row_reader *reader, size_t first_row,
                              rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    const size_t n = first_row + batch->n_lines;
    batch->first_row = first_row;
    if (n > rows->max_n) {
        RRI_TRY(rri_interactions_reserve(rows, grown_rows(n, rows->max_n), err));
    }
    RRI_TRY(rri_key_table_reserve(&rows->user_table, TOGETHER, err));
    RRI_TRY(rri_key_table_reserve(&rows->item_table, TOGETHER, err));
    return reader->is_plain ? rri_row_batch_reserve(batch, batch->n_lines, err) : RR_OK;
}

/* ── parse ───────────────────────────────────────────────────────────────────────────────────── */

void rri_row_batch_parse(rri_row_batch *batch, size_t c, const rri_row_reader *reader)
{
    if (!reader->is_plain) {
        return;
    }
    rri_plain_row plain[TOGETHER];
    const char *ends[TOGETHER];
    for (size_t i = 0; i < TOGETHER; i++) {
        plain[i] = (rri_plain_row){.rating = 1.0f, .time = 0};
    }
    const rri_row_chunk *const chunk = &batch->chunks[c];
    uint64_t(*const ids)[2] = batch->ids + chunk->first;
    float *const ratings = reader->rows->ratings + batch->first_row + chunk->first;
    int64_t *const times = reader->rows->times + batch->first_row + chunk->first;
    const char *at = chunk->text;
    size_t most = TOGETHER; /* behind a row that was not plain the next may not be either */
    for (size_t line = 0; line < chunk->n_lines;) {
        const size_t left = chunk->n_lines - line;
        const size_t n = rri_plain_rows_read(plain, ends, left < most ? left : most, at, batch->end,
                                             &reader->header, &reader->table);
        for (size_t i = 0; i < n; i++) {
            ids[line + i][0] = plain[i].user;
            ids[line + i][1] = plain[i].item;
            ratings[line + i] = plain[i].rating;
            times[line + i] = plain[i].time;
        }
        if (n == 0) {
            ids[line][0] = NOT_PLAIN | (uint64_t)(at - batch->text);
        }
        at = n == 0 ? find_next_line(at, batch->end) : ends[n - 1];
        line += n == 0 ? 1 : n;
        most = n == 0 ? 1 : TOGETHER;
    }
}

/* ── take ────────────────────────────────────────────────────────────────────────────────────── */

/* The begin of a line; for the rare one that is looked at again. */
static size_t find_line(const rri_row_batch *batch, size_t line)
{
    size_t c = 0;
    while (c + 1 < batch->n_chunks && batch->chunks[c + 1].first <= line) {
        c++;
    }
    const char *at = batch->chunks[c].text;
    for (size_t i = batch->chunks[c].first; i < line; i++) {
        at = find_next_line(at, batch->end);
    }
    return (size_t)(at - batch->text);
}

/* The line at this place of the text, the long way. */
static rr_status take_line(rri_row_batch *batch, rri_row_reader *reader, size_t offset,
                           rr_error *err)
{
    bool is_there = false;
    const size_t bytes = (size_t)(batch->end - batch->text);
    rri_table_text_feed(&reader->table, batch->text + offset, bytes - offset);
    RRI_TRY(rri_row_reader_next(&is_there, reader, err));
    batch->n_taken = is_there ? batch->n_taken + 1 : batch->n_lines;
    return RR_OK;
}

/* Indices of a plain row, which is appended; false where an id has the key of a textual one, whose
 * check is not 0: then the long way has the sentence. */
static rr_status take_plain(bool *is_taken, rri_row_batch *batch, rri_row_reader *reader,
                            rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    const size_t line = batch->n_taken, n = rows->n;
    const uint64_t *const ids = batch->ids[line];
    if (line > 0 && ids[0] == batch->ids[line - 1][0]) { /* files are often sorted by user */
        rows->users[n] = rows->users[n - 1];
    } else {
        RRI_TRY(rri_key_table_add(&rows->user_table, &rows->users[n], ids[0], 0, err));
    }
    RRI_TRY(rri_key_table_add(&rows->item_table, &rows->items[n], ids[1], 0, err));
    *is_taken = (!rows->user_table.has_checks || rows->user_table.checks[rows->users[n]] == 0) &&
                (!rows->item_table.has_checks || rows->item_table.checks[rows->items[n]] == 0);
    if (*is_taken) {
        rows->n = n + 1;
        batch->n_taken = line + 1;
        reader->table.line++;
    }
    return RR_OK;
}

/* Tells the items up to `end` in time, unless so few are known that they are near anyway. */
static void approach_items(const rri_row_batch *batch, const rri_key_table *items, size_t end)
{
    if (items->n_keys < NEAR) {
        return;
    }
    for (size_t line = batch->n_taken; line < end; line++) {
        rri_key_table_expect(items, batch->ids[line][1]);
    }
    for (size_t line = batch->n_taken; line < end; line++) {
        rri_key_table_approach(items, batch->ids[line][1]);
    }
}

/* Lines up to `end`, at most TOGETHER. */
static rr_status take_together(rri_row_batch *batch, rri_row_reader *reader, size_t end,
                               rr_error *err)
{
    approach_items(batch, &reader->rows->item_table, end);
    while (batch->n_taken < end) {
        bool is_taken = false;
        const uint64_t id = batch->ids[batch->n_taken][0];
        if ((id & NOT_PLAIN) != 0) {
            RRI_TRY(take_line(batch, reader, (size_t)(id & ~NOT_PLAIN), err));
            continue;
        }
        RRI_TRY(take_plain(&is_taken, batch, reader, err));
        if (!is_taken) {
            RRI_TRY(take_line(batch, reader, find_line(batch, batch->n_taken), err));
        }
    }
    return RR_OK;
}

/* A batch in which no row may be plain: line by line. */
static rr_status take_lines(rri_row_batch *batch, rri_row_reader *reader, rr_error *err)
{
    bool is_there = true;
    if (batch->n_taken == 0) {
        rri_table_text_feed(&reader->table, batch->text, (size_t)(batch->end - batch->text));
    }
    RRI_TRY(rri_row_reader_next(&is_there, reader, err));
    batch->n_taken = is_there ? batch->n_taken + 1 : batch->n_lines;
    return RR_OK;
}

rr_status rri_row_batch_take(rri_row_batch *batch, rri_row_reader *reader, bool may_grow,
                             rr_error *err)
{
    const rri_interactions *const rows = reader->rows;
    while (batch->n_taken < batch->n_lines) {
        const size_t left = batch->n_lines - batch->n_taken;
        const size_t n = !reader->is_plain ? 1 : left < TOGETHER ? left : TOGETHER;
        if (!may_grow && !(rri_key_table_has_room(&rows->user_table, n) &&
                           rri_key_table_has_room(&rows->item_table, n))) {
            return RR_OK;
        }
        RRI_TRY(reader->is_plain ? take_together(batch, reader, batch->n_taken + n, err)
                                 : take_lines(batch, reader, err));
    }
    return RR_OK;
}
