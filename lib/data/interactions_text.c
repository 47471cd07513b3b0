/* SPDX-License-Identifier: MIT */
/* interactions_text.c: a header, then one interaction a line. */
#include "data/interactions_text.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/status.h"
#include "core/text.h"
#include "data/table_text.h"

enum { USER, ITEM, RATING, TIME, N_ROLES };

static const char *const role_names[N_ROLES] = {"user_id", "item_id", "rating", "timestamp"};
static const char *const movielens_names[N_ROLES] = {"userId", "movieId", "rating", "timestamp"};

#define NO_COLUMN SIZE_MAX

typedef struct header {
    size_t columns[N_ROLES]; /* position of each role's field; NO_COLUMN: not there */
    size_t n_columns;
} header;

static bool is_name(const rri_table_field *field, const char *name)
{
    const char *const colon = field->length == 0 ? NULL : memchr(field->text, ':', field->length);
    const size_t length = colon == NULL ? field->length : (size_t)(colon - field->text);
    return length == strlen(name) && memcmp(field->text, name, length) == 0;
}

static int role_of(const rri_table_field *field)
{
    int role = 0;
    while (role < N_ROLES && !is_name(field, role_names[role]) &&
           !is_name(field, movielens_names[role])) {
        role++;
    }
    return role;
}

static rr_status read_header(header *head, rri_table_text *table, rr_error *err)
{
    *head = (header){.columns = {NO_COLUMN, NO_COLUMN, NO_COLUMN, NO_COLUMN}};
    if (!rri_table_text_next_line(table)) {
        table->line = 1;
        return rri_table_text_fail(
            table, 1, err,
            "the file is empty; its first line must name the columns user_id, "
            "item_id and rating");
    }
    while (table->has_field) {
        rri_table_field field;
        RRI_TRY(rri_table_text_next_field(table, &field, err));
        const int role = role_of(&field);
        if (role < N_ROLES && head->columns[role] != NO_COLUMN) {
            return rri_table_text_fail(table, field.column, err, "column %s is there twice",
                                       role_names[role]);
        }
        if (role < N_ROLES) {
            head->columns[role] = head->n_columns;
        }
        head->n_columns++;
    }
    for (int role = USER; role <= RATING; role++) {
        if (head->columns[role] == NO_COLUMN) {
            return rri_table_text_fail(table, 1, err,
                                       "there is no column %s; the first line must name user_id, "
                                       "item_id and rating, separated by tabs or commas",
                                       role_names[role]);
        }
    }
    return RR_OK;
}

/* The fields of the roles in this line, which must have as many fields as the header. */
static rr_status read_fields(rri_table_field fields[N_ROLES], rri_table_text *table,
                             const header *head, rr_error *err)
{
    size_t n = 0;
    while (table->has_field) {
        rri_table_field field;
        RRI_TRY(rri_table_text_next_field(table, &field, err));
        for (int role = 0; role < N_ROLES; role++) {
            if (head->columns[role] == n) {
                fields[role] = field;
            }
        }
        n++;
    }
    if (n != head->n_columns) {
        return rri_table_text_fail(table, 1, err, "the line has %zu fields; the header has %zu", n,
                                   head->n_columns);
    }
    return RR_OK;
}

/* The index of an id; its own key where it is a number, else a hash guarded by a second one. */
static rr_status read_id(int32_t *index, rri_key_table *keys, const rri_table_field *field,
                         int role, const rri_table_text *table, rr_error *err)
{
    if (field->length == 0) {
        return rri_table_text_fail(table, field->column, err, "%s is empty", role_names[role]);
    }
    uint64_t key = 0, check = 0;
    const bool is_padded = field->length > 1 && field->text[0] == '0';
    if (is_padded || !rri_text_parse_uint64(&key, field->text, field->length)) {
        key = rri_hash_bytes(field->text, field->length, 0);
        check = rri_hash_bytes(field->text, field->length, 1) | 1;
    }
    RRI_TRY(rri_key_table_add(keys, index, key, check, err));
    if (keys->checks[*index] != check) {
        char shown[RRI_TABLE_SHOWN];
        return rri_table_text_fail(
            table, field->column, err,
            "%s '%s' has the key %llu, as another id has; rename one of them", role_names[role],
            rri_table_text_show(shown, field), (unsigned long long)key);
    }
    return RR_OK;
}

/* "4", "3.5", "-0.25": at most seven digits, which a float holds, over a power of ten that one
 * holds too; so the one division rounds correctly. Everything else goes the long way. */
static bool parse_short(float *value, const char *text, size_t length)
{
    static const float powers[8] = {1.0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    const bool is_negative = length > 0 && text[0] == '-';
    size_t n_digits = 0, n_decimals = 0;
    uint32_t digits = 0;
    bool has_point = false;
    for (size_t i = is_negative ? 1 : 0; i < length; i++) {
        if (text[i] == '.' && !has_point && n_digits > 0) {
            has_point = true;
        } else if (text[i] >= '0' && text[i] <= '9' && n_digits < 7) {
            digits = digits * 10 + (uint32_t)(text[i] - '0');
            n_digits++;
            n_decimals += has_point ? 1 : 0;
        } else {
            return false;
        }
    }
    if (n_digits == 0 || (has_point && n_decimals == 0)) {
        return false;
    }
    const float size = (float)digits / powers[n_decimals];
    *value = is_negative ? -size : size;
    return true;
}

static rr_status read_rating(float *rating, const rri_table_field *field,
                             const rri_table_text *table, rr_error *err)
{
    if (parse_short(rating, field->text, field->length) ||
        rri_text_parse_float(rating, field->text, field->length)) {
        return RR_OK;
    }
    char shown[RRI_TABLE_SHOWN];
    return rri_table_text_fail(table, field->column, err,
                               "rating is '%s'; it must be a finite number",
                               rri_table_text_show(shown, field));
}

/* "881250949", or "881250949.0" as a column of floats is written: the decimals are cut off. */
static bool parse_plain_time(int64_t *time, const rri_table_field *field)
{
    const char *const point = field->length == 0 ? NULL : memchr(field->text, '.', field->length);
    const size_t whole = point == NULL ? field->length : (size_t)(point - field->text);
    for (size_t i = whole + 1; i < field->length; i++) {
        if (field->text[i] < '0' || field->text[i] > '9') {
            return false;
        }
    }
    return rri_text_parse_int64(time, field->text, whole);
}

static rr_status read_time(int64_t *time, const rri_table_field *field, const rri_table_text *table,
                           rr_error *err)
{
    if (parse_plain_time(time, field)) {
        return RR_OK;
    }
    double value = 0.0;
    if (rri_text_parse_double(&value, field->text, field->length) && fabs(value) < 0x1p63) {
        *time = (int64_t)value;
        return RR_OK;
    }
    char shown[RRI_TABLE_SHOWN];
    return rri_table_text_fail(table, field->column, err,
                               "timestamp is '%s'; it must be a number of 64 bits",
                               rri_table_text_show(shown, field));
}

static rr_status read_row(rri_interactions *rows, rri_table_text *table, const header *head,
                          rr_error *err)
{
    rri_table_field fields[N_ROLES] = {{.text = ""}};
    const size_t row = rows->n;
    RRI_TRY(read_fields(fields, table, head, err));
    RRI_TRY(read_id(&rows->users[row], &rows->user_table, &fields[USER], USER, table, err));
    RRI_TRY(read_id(&rows->items[row], &rows->item_table, &fields[ITEM], ITEM, table, err));
    RRI_TRY(read_rating(&rows->ratings[row], &fields[RATING], table, err));
    if (head->columns[TIME] != NO_COLUMN) {
        RRI_TRY(read_time(&rows->times[row], &fields[TIME], table, err));
    }
    rows->n = row + 1;
    return RR_OK;
}

static size_t count_line_ends(const char *text, const char *end)
{
    size_t n = 0;
    while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        text++;
        n++;
    }
    return n;
}

rr_status rri_interactions_parse(rri_interactions *rows, char *text, size_t bytes, const char *name,
                                 const rri_allocator *allocator, rr_error *err)
{
    rri_table_text table;
    header head;
    rri_table_text_init(&table, text, bytes, name);
    RRI_TRY(read_header(&head, &table, err));
    /* Every line but the header may be a row, the last one without an end. */
    const size_t max_rows = count_line_ends(table.next, table.end) + 1;
    RRI_TRY(rri_interactions_create(rows, max_rows, allocator, err));
    rr_status status = RR_OK;
    while (status == RR_OK && rri_table_text_next_line(&table)) {
        status = read_row(rows, &table, &head, err);
    }
    if (status == RR_OK && rows->n == 0) {
        table.line++;
        status = rri_table_text_fail(&table, 1, err, "no interaction follows the header");
    }
    if (status != RR_OK) {
        rri_interactions_release(rows);
    }
    return status;
}
