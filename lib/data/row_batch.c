/* SPDX-License-Identifier: MIT */
/* row_batch.c: a row's place is known before it is read, since a line is at most one row. */
#include "data/row_batch.h"

#include <string.h>

#include "core/hash.h"
#include "core/status.h"
#include "data/date_time.h"
#include "data/field_value.h"
#include "data/id.h"
#include "data/row_walk.h"
#include "data/short_rows.h"

/* Keys whose table lies in the cache that a core has of its own. */
#define NEAR ((size_t)1 << 15)

void rri_row_batch_init(rri_row_batch *batch, const rri_allocator *allocator)
{
    *batch = (rri_row_batch){.allocator = *allocator};
}

void rri_row_batch_release(rri_row_batch *batch)
{
    if (batch->block != NULL) {
        rri_memory_release(&batch->allocator, batch->block, batch->block_bytes);
    }
    batch->block = NULL;
    batch->max_lines = 0;
}

static void layout(rri_row_batch *batch, rri_arena *arena, size_t max_lines)
{
    batch->ids = (uint64_t(*)[2])RRI_TAKE(arena, uint64_t, 2 * max_lines);
    batch->checks = (uint64_t(*)[2])RRI_TAKE(arena, uint64_t, 2 * max_lines);
    batch->begins = RRI_TAKE(arena, uint32_t, max_lines);
}

/* Some more than are asked for, so that the next batch need not ask. */
static size_t lines_with_room(size_t n_lines)
{
    return rri_size_add(n_lines, n_lines / 8);
}

size_t rri_row_batch_memory(size_t n_lines)
{
    rri_row_batch batch;
    rri_arena arena = {.base = NULL};
    layout(&batch, &arena, lines_with_room(n_lines));
    return arena.has_overflowed ? SIZE_MAX : rri_memory_size(arena.used);
}

rr_status rri_row_batch_reserve(rri_row_batch *batch, size_t n_lines, rr_error *err)
{
    if (n_lines <= batch->max_lines) {
        return RR_OK;
    }
    const size_t max_lines = lines_with_room(n_lines);
    rri_arena arena = {.base = NULL};
    rri_row_batch_release(batch);
    layout(batch, &arena, max_lines);
    void *block = NULL;
    const size_t bytes = arena.used;
    RRI_TRY(
        rri_memory_allocate_unset(&block, &batch->allocator, bytes, "ids of interactions", err));
    arena = (rri_arena){.base = block};
    layout(batch, &arena, max_lines);
    batch->block = block;
    batch->block_bytes = bytes;
    batch->max_lines = max_lines;
    return RR_OK;
}

/* ── cut and place ───────────────────────────────────────────────────────────────────────────── */

/* The chunk ends here. */
static void end_chunk(rri_row_batch *batch, const char *begin, const char *end)
{
    rri_row_chunk *const chunk = &batch->chunks[batch->n_chunks++];
    *chunk =
        (rri_row_chunk){.text = begin, .bytes = (size_t)(end - begin), .first = batch->n_lines};
    chunk->n_lines = rri_table_count_line_ends(begin, chunk->bytes);
    batch->n_lines += chunk->n_lines;
}

/* Without quotes every line end ends a row. */
static const char *cut_lines(rri_row_batch *batch, const char *text, const char *end, size_t step)
{
    const char *last = end;
    while (last > text && last[-1] != '\n') {
        last--;
    }
    for (const char *begin = text; begin < last;) {
        const size_t left = (size_t)(last - begin);
        const char *const line_end =
            left <= step ? last - 1 : memchr(begin + step - 1, '\n', left - step + 1);
        end_chunk(batch, begin, line_end + 1);
        begin = line_end + 1;
    }
    return last;
}

/* With quotes the rows are walked. One that is torn, or not closed in the last piece, ends the
 * piece: to parse it is to refuse it. */
static const char *cut_rows(rri_row_batch *batch, const rri_table_form *form, const char *text,
                            const char *end, size_t step, bool is_last)
{
    const char *last = end;
    while (last > text && last[-1] != '\n') {
        last--;
    }
    rri_row_walk walk;
    const char *begin = text, *stop = NULL;
    rri_row_walk_begin(&walk, form, text, (size_t)(last - text));
    while (walk.at < walk.end) {
        size_t n = 0;
        const int kind = rri_row_walk_next(&walk, NULL, 0, &n, &stop);
        if (kind == RRI_ROW_UNCLOSED && !is_last) {
            break;
        }
        if (kind == RRI_ROW_UNCLOSED || kind == RRI_ROW_TORN) {
            walk.at = walk.end;
            break;
        }
        if ((size_t)(walk.at - begin) >= step) {
            end_chunk(batch, begin, walk.at);
            begin = walk.at;
        }
    }
    if (begin < walk.at) {
        end_chunk(batch, begin, walk.at);
    }
    return walk.at;
}

size_t rri_row_batch_cut(rri_row_batch *batch, const rri_table_form *form, const char *text,
                         size_t bytes, size_t first_line, size_t chunk_bytes, bool is_last)
{
    batch->piece = (rri_table_piece){form, text, first_line};
    batch->n_chunks = 0;
    batch->n_lines = 0;
    batch->next_chunk = 0;
    batch->next_row = 0;
    const size_t least = bytes / RRI_ROW_BATCH_MOST_CHUNKS + 1;
    const size_t step = least > chunk_bytes ? least : chunk_bytes;
    const bool has_quotes = form->has_quotes && bytes > 0 && memchr(text, '"', bytes) != NULL;
    const char *const end = has_quotes ? cut_rows(batch, form, text, text + bytes, step, is_last)
                                       : cut_lines(batch, text, text + bytes, step);
    return (size_t)(end - text);
}

static rr_status place_lines(rri_row_batch *batch, rri_row_reader *reader, size_t first_row,
                             size_t n_lines, rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    const size_t n = first_row + n_lines;
    batch->first_row = first_row;
    if (n > rows->max_n) {
        RRI_TRY(rri_interactions_reserve(rows, rri_row_batch_grown(n, rows->max_n), err));
    }
    RRI_TRY(rri_key_table_reserve(&rows->user_table, RRI_ROW_BATCH_TOGETHER, err));
    RRI_TRY(rri_key_table_reserve(&rows->item_table, RRI_ROW_BATCH_TOGETHER, err));
    return rri_row_batch_reserve(batch, n_lines, err);
}

rr_status rri_row_batch_place(rri_row_batch *batch, rri_row_reader *reader, size_t first_row,
                              rr_error *err)
{
    return place_lines(batch, reader, first_row, batch->n_lines, err);
}

rr_status rri_row_batch_place_alone(rri_row_batch *batch, size_t c, rri_row_reader *reader,
                                    rr_error *err)
{
    batch->chunks[c].first = 0;
    return place_lines(batch, reader, reader->rows->n, batch->chunks[c].n_lines, err);
}

/* Columns of numbers that were parsed: rows `from` … move to `to`. */
static void move_columns(rri_interactions *rows, size_t to, size_t from, size_t n)
{
    if (from != to) {
        memmove(rows->ratings + to, rows->ratings + from, n * sizeof rows->ratings[0]);
        memmove(rows->times + to, rows->times + from, n * sizeof rows->times[0]);
        if (rows->has_logs) {
            memmove(rows->positions + to, rows->positions + from, n * sizeof rows->positions[0]);
            memmove(rows->propensities + to, rows->propensities + from,
                    n * sizeof rows->propensities[0]);
        }
    }
}

void rri_row_batch_move_up(rri_row_batch *batch, const rri_row_reader *reader)
{
    if (batch->n_lines > 0) {
        move_columns(reader->rows, reader->rows->n, batch->first_row, batch->n_lines);
    }
    batch->first_row = reader->rows->n;
}

/* ── parse ───────────────────────────────────────────────────────────────────────────────────── */

/* The columns of numbers, copied: the struct that holds them is written with every row that another
 * thread takes. */
typedef struct row_columns {
    float *ratings;
    int64_t *times;
    int32_t *positions; /* NULL without logs */
    float *propensities;
} row_columns;

/* Where a row of the batch's lists and of the columns is written to. */
typedef struct row_place {
    uint64_t *ids, *checks; /* [2] */
    const row_columns *columns;
    size_t row;      /* of the columns */
    size_t *n_dates; /* counts times that are dates */
} row_place;

/* The context's hash and check: of its fields, each with its length before it. */
static void hash_context(uint64_t *key, uint64_t *check, const rri_table_field *fields,
                         const rri_row_reader *reader)
{
    rri_hash hashes[2];
    rri_hash_init(&hashes[0], 0);
    rri_hash_init(&hashes[1], 1);
    for (size_t c = 0; c < reader->header.n_columns; c++) {
        if (reader->header.is_context[c] == 0) {
            continue;
        }
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        const rri_table_field field = rri_table_field_clean(buffer, &fields[c], &reader->form);
        const uint64_t length = field.length;
        for (size_t h = 0; h < 2; h++) {
            rri_hash_update(&hashes[h], &length, sizeof length);
            rri_hash_update(&hashes[h], field.text, field.length);
        }
    }
    *key = rri_hash_final(&hashes[0]);
    *check = rri_hash_final(&hashes[1]) | 1;
}

static rr_status parse_values(const row_place *place, const rri_table_field *fields,
                              const rri_table_piece *piece, const rri_row_reader *reader,
                              rr_error *err)
{
    const row_columns *const to = place->columns;
    const int32_t *const columns = reader->header.columns;
    if (columns[RRI_ROLE_USER] >= 0) {
        RRI_TRY(rri_field_value_id(&place->ids[0], &place->checks[0],
                                   &fields[columns[RRI_ROLE_USER]], "user_id", piece, err));
    } else {
        hash_context(&place->ids[0], &place->checks[0], fields, reader);
    }
    RRI_TRY(rri_field_value_id(&place->ids[1], &place->checks[1], &fields[columns[RRI_ROLE_ITEM]],
                               "item_id", piece, err));
    if (columns[RRI_ROLE_RATING] >= 0) {
        RRI_TRY(rri_field_value_rating(&to->ratings[place->row], &fields[columns[RRI_ROLE_RATING]],
                                       "rating", piece, err));
    } else {
        to->ratings[place->row] = 1.0f;
    }
    if (columns[RRI_ROLE_TIME] >= 0) {
        RRI_TRY(rri_field_value_time(&to->times[place->row], place->n_dates,
                                     &fields[columns[RRI_ROLE_TIME]], "timestamp", piece, err));
    } else {
        to->times[place->row] = 0;
    }
    if (to->positions != NULL) {
        RRI_TRY(rri_field_value_position(&to->positions[place->row],
                                         &fields[columns[RRI_ROLE_POSITION]], "position", piece,
                                         err));
        RRI_TRY(rri_field_value_propensity(&to->propensities[place->row],
                                           &fields[columns[RRI_ROLE_PROPENSITY]],
                                           "propensity_score", piece, err));
    }
    return RR_OK;
}

/* Whether a field that counts is empty, or says that there is nothing. */
static bool is_incomplete(const rri_table_field *fields, const rri_row_reader *reader)
{
    for (int role = 0; role < RRI_N_ROLES; role++) {
        const int32_t column = reader->header.columns[role];
        if (column < 0) {
            continue;
        }
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        const rri_table_field said = rri_table_field_clean(buffer, &fields[column], &reader->form);
        if (rri_field_value_is_missing(&said)) {
            return true;
        }
    }
    return false;
}

enum { ROW_READ, ROW_SKIPPED, ROW_FAILED };

/* The fields of a row, of which there are n. Which of the counts a skipped one belongs to: counted
 * in *skipped. */
static inline int parse_row(const row_place *place, rri_row_counts *skipped,
                            const rri_table_field *fields, size_t n, const char *begin,
                            const rri_table_piece *piece, const rri_row_reader *reader,
                            rr_error *err)
{
    if (n != reader->header.n_columns) {
        (void)rri_table_fail(piece, begin, err, "the line has %zu fields; the %s has %zu", n,
                             reader->header.has_names ? "header" : "first line",
                             reader->header.n_columns);
        return ROW_FAILED;
    }
    if (reader->skips_incomplete && is_incomplete(fields, reader)) {
        skipped->n_incomplete++;
        return ROW_SKIPPED;
    }
    const bool is_read = parse_values(place, fields, piece, reader, err) == RR_OK;
    if (is_read && place->checks[1] == 0) { /* an item that is a number is no name */
        return ROW_READ;
    }
    bool is_moved = false;
    if (!rri_table_header_is_again(&is_moved, &reader->header, fields, &reader->form)) {
        return is_read ? ROW_READ : ROW_FAILED;
    }
    if (is_moved) {
        (void)rri_table_fail(piece, begin, err, "%s",
                             reader->header.has_names ? "the header comes again, with other columns"
                                                      : "a header comes, with other columns");
        return ROW_FAILED;
    }
    skipped->n_headers++;
    return ROW_SKIPPED;
}

/* The first id of a chunk that is a text: those before it have no checks. */
static void begin_texts(rri_row_batch *batch, rri_row_chunk *chunk)
{
    if (!chunk->has_texts) {
        memset(batch->checks + chunk->first, 0, chunk->n_rows * sizeof batch->checks[0]);
        chunk->has_texts = true;
    }
}

/* A sentence of a row that the walk could not pass. */
static void refuse_quotes(int kind, const char *stop, const rri_table_piece *piece, rr_error *err)
{
    if (kind == RRI_ROW_UNCLOSED) {
        (void)rri_table_fail(piece, stop, err,
                             "a quote is not closed (has_quotes 0, train --quotes no, takes quotes "
                             "as they stand)");
    } else {
        (void)rri_table_fail(piece, stop, err,
                             "a closed quote must be followed by a separator (has_quotes 0, train "
                             "--quotes no, takes quotes as they stand)");
    }
}

/* Where rows of short numbers fit, and none of their columns is another that counts. */
static bool find_short_columns(rri_short_columns *short_columns, const rri_row_reader *reader)
{
    const int32_t *const columns = reader->header.columns;
    *short_columns = (rri_short_columns){columns[RRI_ROLE_USER], columns[RRI_ROLE_ITEM],
                                         columns[RRI_ROLE_RATING], columns[RRI_ROLE_TIME],
                                         reader->header.n_columns};
    return !reader->rows->has_logs && rri_short_rows_fit(&reader->form, short_columns);
}

/* Rows of short numbers, if there are some at walk->at. Returns how many. */
static size_t parse_short_rows(rri_row_batch *batch, rri_row_chunk *chunk, rri_row_walk *walk,
                               const row_columns *columns, const rri_short_columns *usual)
{
    const size_t line = chunk->first + chunk->n_rows, row = batch->first_row + line;
    const rri_short_rows to = {batch->ids + line, columns->ratings + row, columns->times + row,
                               batch->begins + line, batch->piece.text};
    const char *at = walk->at;
    const size_t n = rri_short_rows_read(&to, &at, walk->end, walk->form, usual);
    if (n > 0) {
        chunk->n_rows += n;
        rri_row_walk_begin(walk, walk->form, at, (size_t)(walk->end - at));
    }
    return n;
}

/* Rows of the chunk from walk->at on, until one is refused. err: of that one, nullable. The chunk
 * is written once: its neighbours, on other threads, lie in the same lines of the cache. */
static void parse_rows(rri_row_batch *batch, rri_row_chunk *chunk, rri_row_walk *walk,
                       const rri_row_reader *reader, rr_error *err)
{
    rri_table_field fields[RRI_TABLE_MOST_COLUMNS];
    const size_t n_columns = reader->header.n_columns;
    const char *stop = NULL;
    const rri_interactions *const rows = reader->rows;
    const row_columns columns = {rows->ratings, rows->times, rows->positions, rows->propensities};
    rri_short_columns usual;
    const bool may_be_short = find_short_columns(&usual, reader);
    rri_row_chunk own = *chunk;
    size_t to_walk = 0; /* before short rows are looked for again */
    while (walk->at < walk->end) {
        if (may_be_short && !own.has_texts && to_walk == 0) {
            to_walk = parse_short_rows(batch, &own, walk, &columns, &usual) > 0 ? 1 : 8;
            continue;
        }
        to_walk -= to_walk > 0 ? 1 : 0;
        const size_t line = own.first + own.n_rows, row = batch->first_row + line;
        const char *const begin = walk->at;
        size_t n = 0;
        const int kind = rri_row_walk_next(walk, fields, n_columns, &n, &stop);
        if (kind == RRI_ROW_FIELDS) {
            uint64_t checks[2] = {0, 0};
            size_t n_dates = 0;
            const row_place place = {batch->ids[line], checks, &columns, row, &n_dates};
            const int end =
                parse_row(&place, &own.skipped, fields, n, begin, &batch->piece, reader, err);
            if (end == ROW_READ) {
                if ((checks[0] | checks[1]) != 0) {
                    begin_texts(batch, &own);
                }
                if (own.has_texts) {
                    memcpy(batch->checks[line], checks, sizeof checks);
                }
                batch->begins[line] = (uint32_t)(begin - batch->piece.text);
                own.n_dates += n_dates;
                own.n_rows++;
                continue;
            }
            if (end == ROW_SKIPPED) {
                continue;
            }
        } else if (kind == RRI_ROW_EMPTY || kind == RRI_ROW_COMMENT) {
            own.skipped.n_empty += kind == RRI_ROW_EMPTY ? 1 : 0;
            own.skipped.n_comments += kind == RRI_ROW_COMMENT ? 1 : 0;
            continue;
        } else {
            refuse_quotes(kind, stop, &batch->piece, err);
        }
        own.failed = begin;
        break;
    }
    *chunk = own;
}

void rri_row_batch_parse(rri_row_batch *batch, size_t c, const rri_row_reader *reader)
{
    rri_row_chunk *const chunk = &batch->chunks[c];
    rri_row_walk walk;
    rri_row_walk_begin(&walk, &reader->form, chunk->text, chunk->bytes);
    parse_rows(batch, chunk, &walk, reader, NULL);
}

/* ── take ────────────────────────────────────────────────────────────────────────────────────── */

/* The row that was refused, again, for its sentence. */
static rr_status tell_failure(rri_row_batch *batch, rri_row_chunk *chunk,
                              const rri_row_reader *reader, rr_error *err)
{
    rri_row_walk walk;
    rr_error own = {0};
    rri_row_walk_begin(&walk, &reader->form, chunk->failed,
                       chunk->bytes - (size_t)(chunk->failed - chunk->text));
    parse_rows(batch, chunk, &walk, reader, &own);
    RRI_FAIL(err, RR_E_FORMAT, "%s", own.text);
}

/* What a field of this row says, and where it stands. */
static rri_table_field read_field(char buffer[RRI_TABLE_FIELD_MOST + 1], const char **at,
                                  const rri_row_batch *batch, size_t line, int role,
                                  const rri_row_reader *reader)
{
    rri_table_field fields[RRI_TABLE_MOST_COLUMNS];
    rri_row_walk walk;
    size_t n = 0;
    const char *stop = NULL;
    const rri_row_chunk *const last = &batch->chunks[batch->n_chunks - 1];
    const char *const begin = batch->piece.text + batch->begins[line];
    rri_row_walk_begin(&walk, &reader->form, begin, (size_t)(last->text + last->bytes - begin));
    (void)rri_row_walk_next(&walk, fields, reader->header.n_columns, &n, &stop);
    const rri_table_field *const field = &fields[reader->header.columns[role]];
    *at = field->text;
    return rri_table_field_clean(buffer, field, &reader->form);
}

/* All times of a column are numbers, or all are dates: a date becomes microseconds, a number stays
 * what it is, and between the two no order holds. */
static rr_status check_times(rri_row_batch *batch, const rri_row_chunk *chunk,
                             rri_row_reader *reader, rr_error *err)
{
    const bool has_dates = chunk->n_dates > 0, has_numbers = chunk->n_dates < chunk->n_rows;
    if (reader->header.columns[RRI_ROLE_TIME] < 0 || chunk->n_rows == 0) {
        return RR_OK;
    }
    if (has_dates != has_numbers && (!reader->has_times || reader->has_dates == has_dates)) {
        reader->has_times = true;
        reader->has_dates = has_dates;
        return RR_OK;
    }
    for (size_t i = 0; i < chunk->n_rows; i++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1], shown[RRI_TABLE_SHOWN];
        const char *at = NULL;
        int64_t time = 0;
        const rri_table_field said =
            read_field(buffer, &at, batch, chunk->first + i, RRI_ROLE_TIME, reader);
        const bool is_date = rri_date_time_parse(&time, said.text, said.length);
        if (reader->has_times && reader->has_dates != is_date) {
            return rri_table_fail(
                &batch->piece, at, err,
                "timestamp is '%s', a %s, and the rows before it have %s; a column must have one "
                "of the two (time_column \"\", train --columns time=, reads none)",
                rri_table_show(shown, &said), is_date ? "date" : "number",
                is_date ? "numbers" : "dates");
        }
        reader->has_times = true;
        reader->has_dates = is_date;
    }
    return RR_OK;
}

/* The index of an id that may be a text. */
static rr_status take_id(int32_t *index, rri_key_table *table, rri_id_texts *texts,
                         const rri_row_batch *batch, size_t line, int role,
                         const rri_row_reader *reader, rr_error *err)
{
    const uint64_t key = batch->ids[line][role], check = batch->checks[line][role];
    const size_t n_before = table->n_keys;
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const char *at = batch->piece.text + batch->begins[line];
    const bool is_context = reader->header.columns[role] < 0;
    RRI_TRY(rri_key_table_add(table, index, key, check, err));
    if (table->checks[*index] != check) {
        char shown[RRI_TABLE_SHOWN] = "a context";
        if (!is_context) {
            const rri_table_field said = read_field(buffer, &at, batch, line, role, reader);
            rri_table_show(shown, &said);
        }
        return rri_table_fail(&batch->piece, at, err,
                              "%s '%s' has the key %llu, as another id has; rename one of them",
                              rri_column_name(role), shown, (unsigned long long)key);
    }
    if (check != 0 && !is_context && table->n_keys > n_before) {
        const rri_table_field said = read_field(buffer, &at, batch, line, role, reader);
        rri_id_texts_add(texts, *index, said.text, said.length);
    }
    return RR_OK;
}

/* Rows of numbers in a table where no text has a key yet. */
static rr_status take_plain(rri_row_batch *batch, rri_row_reader *reader, size_t line, size_t end,
                            rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    for (; line < end; line++) {
        const size_t n = rows->n;
        const uint64_t *const ids = batch->ids[line];
        if (batch->next_row > 0 && ids[0] == batch->ids[line - 1][0]) {
            rows->users[n] = rows->users[n - 1]; /* files are often sorted by user */
        } else {
            RRI_TRY(rri_key_table_add(&rows->user_table, &rows->users[n], ids[0], 0, err));
        }
        RRI_TRY(rri_key_table_add(&rows->item_table, &rows->items[n], ids[1], 0, err));
        rows->n = n + 1;
        batch->next_row++;
    }
    return RR_OK;
}

static rr_status take_texts(rri_row_batch *batch, rri_row_reader *reader, size_t line, size_t end,
                            rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    for (; line < end; line++) {
        RRI_TRY(take_id(&rows->users[rows->n], &rows->user_table, &rows->user_texts, batch, line,
                        RRI_ROLE_USER, reader, err));
        RRI_TRY(take_id(&rows->items[rows->n], &rows->item_table, &rows->item_texts, batch, line,
                        RRI_ROLE_ITEM, reader, err));
        rows->n++;
        batch->next_row++;
    }
    return RR_OK;
}

/* Tells the items of these lines in time, unless so few are known that they are near anyway. */
static void approach_items(const rri_row_batch *batch, const rri_key_table *items, size_t begin,
                           size_t end)
{
    if (items->n_keys < NEAR) {
        return;
    }
    for (size_t line = begin; line < end; line++) {
        rri_key_table_expect(items, batch->ids[line][1]);
    }
    for (size_t line = begin; line < end; line++) {
        rri_key_table_approach(items, batch->ids[line][1]);
    }
}

static bool has_room(const rri_interactions *rows, size_t n, bool has_texts)
{
    return rri_key_table_has_room(&rows->user_table, n) &&
           rri_key_table_has_room(&rows->item_table, n) &&
           (!has_texts || (rri_id_texts_has_room(&rows->user_texts, n, n * RRI_TABLE_FIELD_MOST) &&
                           rri_id_texts_has_room(&rows->item_texts, n, n * RRI_TABLE_FIELD_MOST)));
}

static rr_status make_room(rri_interactions *rows, size_t n, bool has_texts, rr_error *err)
{
    RRI_TRY(rri_key_table_reserve(&rows->user_table, n, err));
    RRI_TRY(rri_key_table_reserve(&rows->item_table, n, err));
    if (has_texts) {
        RRI_TRY(rri_id_texts_reserve(&rows->user_texts, n, n * RRI_TABLE_FIELD_MOST, err));
        RRI_TRY(rri_id_texts_reserve(&rows->item_texts, n, n * RRI_TABLE_FIELD_MOST, err));
    }
    return RR_OK;
}

static void add_counts(rri_row_counts *sum, const rri_row_counts *more)
{
    sum->n_empty += more->n_empty;
    sum->n_comments += more->n_comments;
    sum->n_headers += more->n_headers;
    sum->n_incomplete += more->n_incomplete;
}

rr_status rri_row_batch_take(rri_row_batch *batch, rri_row_reader *reader, size_t end_chunk,
                             bool may_grow, rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    while (batch->next_chunk < end_chunk) {
        rri_row_chunk *const chunk = &batch->chunks[batch->next_chunk];
        if (batch->next_row == 0) {
            RRI_TRY(check_times(batch, chunk, reader, err));
            move_columns(rows, rows->n, batch->first_row + chunk->first, chunk->n_rows);
        }
        while (batch->next_row < chunk->n_rows) {
            const size_t left = chunk->n_rows - batch->next_row;
            const size_t n = left < RRI_ROW_BATCH_TOGETHER ? left : RRI_ROW_BATCH_TOGETHER;
            const size_t line = chunk->first + batch->next_row;
            const bool is_plain =
                !chunk->has_texts && !rows->user_table.has_checks && !rows->item_table.has_checks;
            if (!has_room(rows, n, chunk->has_texts)) {
                if (!may_grow) {
                    return RR_OK;
                }
                RRI_TRY(make_room(rows, n, chunk->has_texts, err));
            }
            if (!is_plain && !chunk->has_texts) {
                begin_texts(batch, chunk);
            }
            approach_items(batch, &rows->item_table, line, line + n);
            RRI_TRY(is_plain ? take_plain(batch, reader, line, line + n, err)
                             : take_texts(batch, reader, line, line + n, err));
        }
        if (chunk->failed != NULL) {
            return tell_failure(batch, chunk, reader, err);
        }
        add_counts(&reader->counts, &chunk->skipped);
        batch->next_chunk++;
        batch->next_row = 0;
    }
    return RR_OK;
}
