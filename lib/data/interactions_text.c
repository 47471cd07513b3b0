/* SPDX-License-Identifier: MIT */
/* interactions_text.c: a header, then one interaction a line. */
#include "data/interactions_text.h"

#include <string.h>

#include "core/hash.h"
#include "core/status.h"
#include "data/field_value.h"

void rri_interactions_reader_init(rri_interactions_reader *reader, rri_interactions *rows,
                                  const char *name, size_t total_bytes,
                                  const rri_allocator *allocator)
{
    *reader = (rri_interactions_reader){
        .rows = rows, .table = {.name = name}, .total_bytes = total_bytes, .allocator = *allocator};
}

void rri_interactions_reader_release(rri_interactions_reader *reader)
{
    if (reader->is_begun) {
        rri_interactions_release(reader->rows);
        reader->is_begun = false;
    }
}

/* ── room ────────────────────────────────────────────────────────────────────────────────────── */

static size_t count_line_ends(const char *text, const char *end)
{
    size_t n = 0;
    while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        text++;
        n++;
    }
    return n;
}

/* Rows that the whole text is thought to have, if it goes on as this piece: an over-estimate, since
 * growing needs the old columns beside the new ones. */
static size_t estimate_rows(const rri_interactions_reader *reader, const char *text, size_t bytes)
{
    /* Every line may be a row, the last one without an end. */
    const size_t n = count_line_ends(text, text + bytes) + 1;
    if (bytes >= reader->total_bytes) {
        return n;
    }
    const double rows_per_byte = (double)n / (double)bytes;
    return (size_t)(1.02 * rows_per_byte * (double)reader->total_bytes) + 1024;
}

static rr_status make_room(rri_interactions *rows, rr_error *err)
{
    return rows->n < rows->max_n
               ? RR_OK
               : rri_interactions_reserve(rows, rows->max_n + rows->max_n / 4 + 1024, err);
}

/* ── header and rows ─────────────────────────────────────────────────────────────────────────── */

static rr_status begin(rri_interactions_reader *reader, char *text, size_t bytes, rr_error *err)
{
    rri_table_text *const table = &reader->table;
    rri_table_text_init(table, text, bytes, table->name);
    const rri_table_text before = *table;
    if (!rri_table_text_next_line(table)) {
        table->line = 1;
        return rri_table_text_fail(
            table, 1, err,
            "the file is empty; its first line must name the columns user_id and item_id");
    }
    bool is_row = false;
    RRI_TRY(rri_table_header_read(&reader->header, &is_row, table, err));
    if (is_row) {
        *table = before;
    }
    const bool *const has = reader->header.has;
    RRI_TRY(rri_interactions_create(reader->rows, estimate_rows(reader, text, bytes),
                                    has[RRI_ROLE_POSITION] && has[RRI_ROLE_PROPENSITY],
                                    &reader->allocator, err));
    reader->rows->has_ratings = has[RRI_ROLE_RATING];
    reader->is_begun = true;
    reader->is_plain = rri_plain_row_fits(&reader->header);
    return RR_OK;
}

/* The fields of the roles in this line, which must have as many fields as the header; *context ←
 * the hash of those of the context, each with its length before it. */
static rr_status read_fields(rri_table_field fields[RRI_N_ROLES], uint64_t context[2],
                             rri_interactions_reader *reader, rr_error *err)
{
    rri_hash hashes[2];
    rri_hash_init(&hashes[0], 0);
    rri_hash_init(&hashes[1], 1);
    size_t n = 0;
    for (; reader->table.has_field; n++) {
        rri_table_field field;
        RRI_TRY(rri_table_text_next_field(&reader->table, &field, err));
        const int role = n < reader->header.n_columns ? reader->header.roles[n] : RRI_ROLE_NONE;
        if (role < RRI_N_ROLES) {
            fields[role] = field;
        } else if (role == RRI_ROLE_CONTEXT) {
            const uint64_t length = field.length;
            for (size_t h = 0; h < 2; h++) {
                rri_hash_update(&hashes[h], &length, sizeof length);
                rri_hash_update(&hashes[h], field.text, field.length);
            }
        }
    }
    if (n != reader->header.n_columns) {
        return rri_table_text_fail(&reader->table, 1, err,
                                   "the line has %zu fields; the header has %zu", n,
                                   reader->header.n_columns);
    }
    context[0] = rri_hash_final(&hashes[0]);
    context[1] = rri_hash_final(&hashes[1]) | 1;
    return RR_OK;
}

static rr_status read_user(rri_interactions_reader *reader, const rri_table_field *field,
                           const uint64_t context[2], rr_error *err)
{
    rri_interactions *const rows = reader->rows;
    int32_t *const user = &rows->users[rows->n];
    if (reader->header.has[RRI_ROLE_USER]) {
        return rri_field_value_id(user, &rows->user_table, field,
                                  rri_table_header_name(RRI_ROLE_USER), &reader->table, err);
    }
    RRI_TRY(rri_key_table_add(&rows->user_table, user, context[0], context[1], err));
    if (rows->user_table.checks[*user] != context[1]) {
        return rri_table_text_fail(&reader->table, 1, err,
                                   "these user features have the key of others");
    }
    return RR_OK;
}

/* A line in the long way. */
static rr_status read_row(rri_interactions_reader *reader, rr_error *err)
{
    rri_table_text *const table = &reader->table;
    rri_interactions *const rows = reader->rows;
    const bool *const has = reader->header.has;
    const size_t row = rows->n;
    rri_table_field fields[RRI_N_ROLES] = {{.text = ""}};
    uint64_t context[2] = {0};
    RRI_TRY(read_fields(fields, context, reader, err));
    RRI_TRY(read_user(reader, &fields[RRI_ROLE_USER], context, err));
    RRI_TRY(rri_field_value_id(&rows->items[row], &rows->item_table, &fields[RRI_ROLE_ITEM],
                               rri_table_header_name(RRI_ROLE_ITEM), table, err));
    rows->ratings[row] = 1.0f;
    rows->times[row] = 0;
    if (has[RRI_ROLE_RATING]) {
        RRI_TRY(rri_field_value_rating(&rows->ratings[row], &fields[RRI_ROLE_RATING], table, err));
    }
    if (has[RRI_ROLE_TIME]) {
        RRI_TRY(rri_field_value_time(&rows->times[row], &fields[RRI_ROLE_TIME], table, err));
    }
    if (rows->has_logs) {
        RRI_TRY(rri_field_value_position(&rows->positions[row], &fields[RRI_ROLE_POSITION], table,
                                         err));
        RRI_TRY(rri_field_value_propensity(&rows->propensities[row], &fields[RRI_ROLE_PROPENSITY],
                                           table, err));
    }
    rows->n = row + 1;
    return RR_OK;
}

/* Plain rows that are read before their ids are looked up. */
enum { MOST_PLAIN = 64 };

typedef struct plain_rows {
    size_t n;
    rri_plain_row rows[MOST_PLAIN];
    const char *ends[MOST_PLAIN]; /* [n] begins of the lines behind them */
} plain_rows;

/* As many as follow one another from table->next on. */
static void read_plain_rows(plain_rows *plain, const rri_interactions_reader *reader)
{
    const rri_table_text *const table = &reader->table;
    for (size_t i = 0; i < MOST_PLAIN; i++) {
        plain->rows[i] = (rri_plain_row){.rating = 1.0f, .time = 0};
    }
    /* Behind a row that was not plain the next may not be either. */
    plain->n = rri_plain_rows_read(plain->rows, plain->ends, reader->was_plain ? MOST_PLAIN : 1,
                                   table->next, table->end, &reader->header, table);
    for (size_t i = 0; i < plain->n; i++) {
        rri_key_table_expect(&reader->rows->item_table, plain->rows[i].item);
    }
}

/* Appends them. Those from *n_added on are left for the long way: their id has the key of a textual
 * one, whose check is not 0. */
static rr_status add_plain_rows(size_t *n_added, const plain_rows *plain, rri_interactions *rows,
                                rr_error *err)
{
    for (size_t i = 0; i < plain->n; i++) {
        rri_key_table_approach(&rows->item_table, plain->rows[i].item);
    }
    for (size_t i = 0; i < plain->n; i++) {
        const rri_plain_row *const row = &plain->rows[i];
        RRI_TRY(make_room(rows, err));
        const size_t n = rows->n;
        if (i > 0 && row->user == row[-1].user) { /* files are often sorted by user */
            rows->users[n] = rows->users[n - 1];
        } else {
            RRI_TRY(rri_key_table_add(&rows->user_table, &rows->users[n], row->user, 0, err));
        }
        RRI_TRY(rri_key_table_add(&rows->item_table, &rows->items[n], row->item, 0, err));
        if ((rows->user_table.checks[rows->users[n]] | rows->item_table.checks[rows->items[n]]) !=
            0) {
            return RR_OK;
        }
        rows->ratings[n] = row->rating;
        rows->times[n] = row->time;
        rows->n = n + 1;
        *n_added = i + 1;
    }
    return RR_OK;
}

/* From table->next on, until a line is not plain. */
static rr_status take_plain_rows(rri_interactions_reader *reader, rr_error *err)
{
    plain_rows plain;
    size_t n_added;
    do {
        n_added = 0;
        read_plain_rows(&plain, reader);
        RRI_TRY(add_plain_rows(&n_added, &plain, reader->rows, err));
        if (n_added > 0) {
            reader->table.line += n_added;
            reader->table.next += plain.ends[n_added - 1] - reader->table.next;
        }
        reader->was_plain = n_added > 0;
    } while (n_added > 0);
    return RR_OK;
}

rr_status rri_interactions_reader_add(rri_interactions_reader *reader, char *text, size_t bytes,
                                      rr_error *err)
{
    if (reader->is_begun) {
        rri_table_text_feed(&reader->table, text, bytes);
    } else {
        RRI_TRY(begin(reader, text, bytes, err));
    }
    for (;;) {
        if (reader->is_plain) {
            RRI_TRY(take_plain_rows(reader, err));
        }
        if (!rri_table_text_next_line(&reader->table)) {
            return RR_OK;
        }
        RRI_TRY(make_room(reader->rows, err));
        RRI_TRY(read_row(reader, err));
    }
}

rr_status rri_interactions_reader_finish(rri_interactions_reader *reader, rr_error *err)
{
    if (reader->rows->n == 0) {
        reader->table.line++;
        return rri_table_text_fail(&reader->table, 1, err, "no interaction follows the header");
    }
    return RR_OK;
}

rr_status rri_interactions_parse(rri_interactions *rows, char *text, size_t bytes, const char *name,
                                 const rri_allocator *allocator, rr_error *err)
{
    rri_interactions_reader reader;
    rri_interactions_reader_init(&reader, rows, name, bytes, allocator);
    rr_status status = rri_interactions_reader_add(&reader, text, bytes, err);
    if (status == RR_OK) {
        status = rri_interactions_reader_finish(&reader, err);
    }
    if (status != RR_OK) {
        rri_interactions_reader_release(&reader);
    }
    return status;
}
