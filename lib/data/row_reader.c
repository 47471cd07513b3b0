/* SPDX-License-Identifier: MIT */
/* row_reader.c: a header, then one interaction a line. */
#include "data/row_reader.h"

#include <string.h>

#include "core/hash.h"
#include "core/status.h"
#include "data/field_value.h"
#include "data/plain_row.h"

void rri_row_reader_init(rri_row_reader *reader, rri_interactions *rows, const char *name,
                         size_t total_bytes, const rri_allocator *allocator)
{
    *reader = (rri_row_reader){
        .rows = rows, .table = {.name = name}, .total_bytes = total_bytes, .allocator = *allocator};
}

void rri_row_reader_release(rri_row_reader *reader)
{
    if (reader->is_begun) {
        rri_interactions_release(reader->rows);
        reader->is_begun = false;
    }
}

/* ── room ────────────────────────────────────────────────────────────────────────────────────── */

/* In runs that a byte can count, which compilers turn into sums of many bytes at once. */
static size_t count_line_ends(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t begin = 0; begin < bytes; begin += 255) {
        const size_t length = bytes - begin < 255 ? bytes - begin : 255;
        uint8_t n_here = 0;
        for (size_t i = 0; i < length; i++) {
            n_here = (uint8_t)(n_here + (text[begin + i] == '\n' ? 1 : 0));
        }
        n += n_here;
    }
    return n;
}

size_t rri_row_reader_count_lines(const char *text, size_t bytes)
{
    return count_line_ends(text, bytes) + (bytes > 0 && text[bytes - 1] != '\n' ? 1 : 0);
}

/* Rows that the whole text is thought to have, if it goes on as this piece: an over-estimate, since
 * growing needs the old columns beside the new ones. */
static size_t estimate_rows(const rri_row_reader *reader, const char *text, size_t bytes)
{
    const size_t n = rri_row_reader_count_lines(text, bytes); /* every line may be a row */
    if (bytes >= reader->total_bytes) {
        return n;
    }
    const double rows_per_byte = (double)n / (double)bytes;
    return (size_t)(1.02 * rows_per_byte * (double)reader->total_bytes) + 1024;
}

/* ── header and rows ─────────────────────────────────────────────────────────────────────────── */

rr_status rri_row_reader_head(rri_row_reader *reader, size_t *n_rows, char *text, size_t bytes,
                              rr_error *err)
{
    rri_table_text *const table = &reader->table;
    *n_rows = estimate_rows(reader, text, bytes);
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
    reader->has_logs = has[RRI_ROLE_POSITION] && has[RRI_ROLE_PROPENSITY];
    reader->is_plain = rri_plain_row_fits(&reader->header);
    return RR_OK;
}

rr_status rri_row_reader_begin(rri_row_reader *reader, char *text, size_t bytes, rr_error *err)
{
    size_t n_rows = 0;
    RRI_TRY(rri_row_reader_head(reader, &n_rows, text, bytes, err));
    RRI_TRY(
        rri_interactions_create(reader->rows, n_rows, reader->has_logs, &reader->allocator, err));
    reader->rows->has_ratings = reader->header.has[RRI_ROLE_RATING];
    reader->is_begun = true;
    return RR_OK;
}

/* The fields of the roles in this line, which must have as many fields as the header; *context ←
 * the hash of those of the context, each with its length before it. */
static rr_status read_fields(rri_table_field fields[RRI_N_ROLES], uint64_t context[2],
                             rri_row_reader *reader, rr_error *err)
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

static rr_status read_user(rri_row_reader *reader, const rri_table_field *field,
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
static rr_status read_row(rri_row_reader *reader, rr_error *err)
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

rr_status rri_row_reader_next(bool *is_there, rri_row_reader *reader, rr_error *err)
{
    *is_there = rri_table_text_next_line(&reader->table);
    return *is_there ? read_row(reader, err) : RR_OK;
}

rr_status rri_row_reader_finish(rri_row_reader *reader, rr_error *err)
{
    if (reader->rows->n == 0) {
        reader->table.line++;
        return rri_table_text_fail(&reader->table, 1, err, "no interaction follows the header");
    }
    return RR_OK;
}
