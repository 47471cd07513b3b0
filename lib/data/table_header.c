/* SPDX-License-Identifier: MIT */
/* table_header.c: a list of names, and the form that has none. */
#include "data/table_header.h"

#include <string.h>

#include "core/text.h"

static const char *const names[RRI_N_ROLES] = {"user_id",   "item_id",  "rating",
                                               "timestamp", "position", "propensity_score"};
static const char *const other_names[RRI_N_ROLES] = {"userId",    "movieId",  "click",
                                                     "timestamp", "position", "propensity_score"};
static const char context_prefix[] = "user_feature_";

const char *rri_table_header_name(int role)
{
    return names[role];
}

static int role_of(const rri_table_field *field)
{
    const char *const colon = field->length == 0 ? NULL : memchr(field->text, ':', field->length);
    const size_t length = colon == NULL ? field->length : (size_t)(colon - field->text);
    for (int role = 0; role < RRI_N_ROLES; role++) {
        if ((length == strlen(names[role]) && memcmp(field->text, names[role], length) == 0) ||
            (length == strlen(other_names[role]) &&
             memcmp(field->text, other_names[role], length) == 0)) {
            return role;
        }
    }
    const size_t n = sizeof context_prefix - 1;
    return length > n && memcmp(field->text, context_prefix, n) == 0 ? RRI_ROLE_CONTEXT
                                                                     : RRI_ROLE_NONE;
}

static rr_status add_column(rri_table_header *header, const rri_table_field *field, int role,
                            const rri_table_text *table, rr_error *err)
{
    if (header->n_columns == RRI_TABLE_MOST_COLUMNS) {
        return rri_table_text_fail(table, field->column, err, "there are more than %zu columns",
                                   RRI_TABLE_MOST_COLUMNS);
    }
    if (role < RRI_N_ROLES && header->has[role]) {
        return rri_table_text_fail(table, field->column, err, "column %s is there twice",
                                   names[role]);
    }
    if (role != RRI_ROLE_NONE) {
        header->has[role] = true;
    }
    header->roles[header->n_columns++] = (uint8_t)role;
    return RR_OK;
}

static bool is_number(const rri_table_field *field)
{
    double value = 0.0;
    return rri_text_parse_double(&value, field->text, field->length);
}

static rr_status read_names(rri_table_header *header, bool *is_row, rri_table_text *table,
                            rr_error *err)
{
    bool is_all_numbers = table->separator != ',';
    while (table->has_field) {
        rri_table_field field;
        RRI_TRY(rri_table_text_next_field(table, &field, err));
        is_all_numbers = is_all_numbers && is_number(&field);
        RRI_TRY(add_column(header, &field, role_of(&field), table, err));
    }
    *is_row = is_all_numbers && header->n_columns == 4;
    return RR_OK;
}

rr_status rri_table_header_read(rri_table_header *header, bool *is_row, rri_table_text *table,
                                rr_error *err)
{
    *header = (rri_table_header){.n_columns = 0};
    RRI_TRY(read_names(header, is_row, table, err));
    if (*is_row) {
        for (int role = RRI_ROLE_USER; role <= RRI_ROLE_TIME; role++) {
            header->roles[role] = (uint8_t)role;
            header->has[role] = true;
        }
        return RR_OK;
    }
    const bool has_user = header->has[RRI_ROLE_USER] || header->has[RRI_ROLE_CONTEXT];
    if (!has_user || !header->has[RRI_ROLE_ITEM]) {
        return rri_table_text_fail(
            table, 1, err,
            "there is no column %s; the first line must name user_id and item_id, separated by "
            "tabs or commas",
            names[has_user ? RRI_ROLE_ITEM : RRI_ROLE_USER]);
    }
    if (header->has[RRI_ROLE_USER]) { /* then features of the user are features */
        header->has[RRI_ROLE_CONTEXT] = false;
        for (size_t c = 0; c < header->n_columns; c++) {
            if (header->roles[c] == RRI_ROLE_CONTEXT) {
                header->roles[c] = RRI_ROLE_NONE;
            }
        }
    }
    return RR_OK;
}
