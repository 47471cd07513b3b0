/* SPDX-License-Identifier: MIT */
/* table_header.c: comments, then the separator, then names or a row, then the roles. */
#include "data/table_header.h"

#include <string.h>

#include "core/hash.h"
#include "core/text.h"
#include "data/date_time.h"
#include "data/foreign_form.h"
#include "data/row_walk.h"

/* The first lines, while they are looked at. */
typedef struct opening {
    rri_table_piece piece;
    const char *text, *end;
    const char *first;   /* the first line that is no comment */
    const char *comment; /* the last comment before it; NULL */
    const rr_load_options *options;
    rri_table_field fields[RRI_TABLE_MOST_COLUMNS]; /* [n] of the line that is looked at */
    size_t n;
} opening;

static const char *const separators[] = {"\t", "::", ",", ";", "|", " "};
enum { N_SEPARATORS = sizeof separators / sizeof separators[0], TAB = 0, COLONS = 1, BLANKS = 5 };

/* ── fields ──────────────────────────────────────────────────────────────────────────────────── */

static rri_table_field clean(char buffer[RRI_TABLE_FIELD_MOST + 1], const opening *o, size_t c)
{
    return rri_table_field_clean(buffer, &o->fields[c], o->piece.form);
}

/* A number; *value of it. One with a comma is meant to be one, though its row will be refused. */
static bool is_number(double *value, const opening *o, size_t c)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1], number[64];
    const rri_table_field field = clean(buffer, o, c);
    if (field.length >= sizeof number) {
        return false;
    }
    memcpy(number, field.text, field.length);
    char *const comma = memchr(number, ',', field.length);
    if (comma != NULL) {
        *comma = '.';
    }
    return rri_text_parse_double(value, number, field.length);
}

static bool is_text(const opening *o, size_t c, const char *word)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field field = clean(buffer, o, c);
    return field.length == strlen(word) && memcmp(field.text, word, field.length) == 0;
}

/* Fields of the row at *at, which is moved behind it; false where there is none. */
static bool read_fields(opening *o, const rri_table_form *form, const char **at)
{
    rri_row_walk walk;
    const char *stop = NULL;
    rri_row_walk_begin(&walk, form, *at, (size_t)(o->end - *at));
    while (walk.at < walk.end) {
        o->n = 0;
        const int kind = rri_row_walk_next(&walk, o->fields, RRI_TABLE_MOST_COLUMNS, &o->n, &stop);
        if (kind == RRI_ROW_FIELDS) {
            *at = walk.at;
            return true;
        }
        if (kind == RRI_ROW_UNCLOSED || kind == RRI_ROW_TORN) {
            return false;
        }
    }
    return false;
}

/* ── comments ────────────────────────────────────────────────────────────────────────────────── */

static void pass_comments(opening *o, rri_table_header *header, rri_table_form *form)
{
    const char *const given = o->options->comment;
    form->comment = given == NULL ? '\0' : *given;
    for (const char *at = o->first; at < o->end;) {
        const char *const line_end = memchr(at, '\n', (size_t)(o->end - at));
        const bool is_empty =
            rri_row_walk_is_blank(at, line_end - (line_end > at && line_end[-1] == '\r'));
        if (given == NULL && form->comment == '\0' && (*at == '#' || *at == '%')) {
            form->comment = *at;
        }
        const bool is_comment = form->comment != '\0' && *at == form->comment;
        if (!is_empty && !is_comment) {
            o->first = at;
            return;
        }
        header->n_empty += is_empty ? 1 : 0;
        header->n_comments += is_comment ? 1 : 0;
        o->comment = is_comment ? at : o->comment;
        at = line_end + 1;
    }
    o->first = o->end;
}

/* ── separators ──────────────────────────────────────────────────────────────────────────────── */

static void set_separator(rri_table_form *form, const char *separator)
{
    form->separator = separator[0];
    form->width = strlen(separator);
    form->is_blanks = separator[0] == ' ';
}

static rr_status take_separator(rri_table_form *form, const char *given, rr_error *err)
{
    const size_t n = strlen(given);
    const bool is_word =
        n == 1 && (strchr("\"\r\n.-+_", given[0]) != NULL || (given[0] >= '0' && given[0] <= '9') ||
                   (given[0] >= 'A' && given[0] <= 'Z') || (given[0] >= 'a' && given[0] <= 'z'));
    if (n == 0 || (n == 2 && given[0] != given[1]) || n > 2 || is_word) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "load options: separator is '%.20s'; it must be one byte that is no letter, digit, "
            "quote or part of a number, or twice the same, as \"::\"",
            given);
    }
    set_separator(form, given);
    return RR_OK;
}

/* 0: it is no number of a column. */
static uint64_t number_of(const char *given)
{
    uint64_t number = 0;
    return rri_text_parse_uint64(&number, given, strlen(given)) ? number : 0;
}

/* Whether this line's fields have a user and an item among them, by their names; one that the
 * caller has given the number of need not. */
static bool is_known_header(const opening *o)
{
    const char *const given[2] = {o->options->user_column, o->options->item_column};
    bool is_found[2] = {false, false}, is_numbered[2];
    for (int i = 0; i < 2; i++) {
        is_numbered[i] = given[i] != NULL && number_of(given[i]) > 0;
    }
    for (size_t c = 0; c < o->n && c < RRI_TABLE_MOST_COLUMNS; c++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        size_t rank = 0;
        const rri_table_field name = clean(buffer, o, c);
        const int role = rri_column_role(&rank, &name);
        for (int i = 0; i < 2; i++) {
            /* A field "2" is a row's value rather than the name of the column that "2" means. */
            const bool is_known = given[i] == NULL || is_numbered[i];
            is_found[i] =
                is_found[i] || (is_known ? role == i : rri_column_is_same(&name, given[i]));
        }
        is_found[0] = is_found[0] || (given[0] == NULL && role == RRI_ROLE_CONTEXT);
    }
    return (is_found[0] || is_found[1]) && (is_found[0] || is_numbered[0]) &&
           (is_found[1] || is_numbered[1]);
}

/* Tabs, or "::", where all lines have as many; else the separator of which there are most. */
static void choose_separator(opening *o, rri_table_form *form)
{
    size_t best = 2, most = 1;
    for (size_t s = 0; s < N_SEPARATORS; s++) {
        const char *at = o->first;
        set_separator(form, separators[s]);
        if (!read_fields(o, form, &at) || o->n < 2) {
            continue;
        }
        const size_t n = o->n;
        if (is_known_header(o)) {
            return;
        }
        const bool is_even = !read_fields(o, form, &at) || o->n == n;
        const bool is_sure = is_even && (s == TAB || (s == COLONS && n > 2));
        const size_t weight = s == BLANKS ? 2 : is_even ? 2 + n : 2;
        if (is_sure || weight > most) {
            best = s;
            most = is_sure ? SIZE_MAX : weight;
        }
    }
    set_separator(form, separators[best]);
}

const char *rri_table_separator_name(const rri_table_form *form)
{
    return form->is_blanks           ? "blanks"
           : form->separator == '\t' ? "tab"
           : form->width == 2        ? "::"
           : form->separator == ','  ? ","
           : form->separator == ';'  ? ";"
           : form->separator == '|'  ? "|"
                                     : "other";
}

/* ── a line without names ────────────────────────────────────────────────────────────────────── */

/* Capitals and digits, as many as this. */
static bool is_code(const opening *o, size_t c, size_t least, size_t most)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field field = clean(buffer, o, c);
    for (size_t i = 0; i < field.length; i++) {
        const char at = field.text[i];
        if (!(at >= 'A' && at <= 'Z') && !(at >= '0' && at <= '9')) {
            return false;
        }
    }
    return field.length >= least && field.length <= most;
}

/* Forty digits of a SHA-1, as Last.fm-360K calls its users. */
static bool is_hash(const opening *o, size_t c)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field field = clean(buffer, o, c);
    for (size_t i = 0; i < field.length; i++) {
        const char at = field.text[i];
        if (!(at >= '0' && at <= '9') && !(at >= 'a' && at <= 'f')) {
            return false;
        }
    }
    return field.length == 40;
}

static bool begins_with(const opening *o, size_t c, char letter)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field field = clean(buffer, o, c);
    return field.length > 0 && field.text[0] == letter;
}

/* An item's ASIN and then a reviewer's id, as Amazon's ratings of 2018 have them. */
static bool is_item_first(const opening *o)
{
    return is_code(o, 0, 10, 10) && is_code(o, 1, 11, 22) && begins_with(o, 1, 'A') &&
           !begins_with(o, 0, 'A');
}

/* Whether the line is one of the forms without names; columns of the roles of it. */
static bool is_known_row(int32_t columns[RRI_N_ROLES], const opening *o)
{
    double values[4] = {0.0};
    bool is_numerical[4] = {false};
    for (size_t c = 0; c < o->n && c < 4; c++) {
        is_numerical[c] = is_number(&values[c], o, c);
    }
    for (int role = 0; role < RRI_N_ROLES; role++) {
        columns[role] = role <= RRI_ROLE_TIME && (size_t)role < o->n ? role : -1;
    }
    if (o->n == 2) {
        return is_numerical[0] && is_numerical[1];
    }
    if (o->n == 3) {
        return is_numerical[2];
    }
    if (o->n == 4 && is_numerical[3] && !is_numerical[2] && is_hash(o, 0)) {
        columns[RRI_ROLE_ITEM] = 2;
        columns[RRI_ROLE_RATING] = 3;
        columns[RRI_ROLE_TIME] = -1;
        return true;
    }
    if (o->n == 4) {
        const bool is_swapped = is_item_first(o);
        columns[RRI_ROLE_USER] = is_swapped ? 1 : 0;
        columns[RRI_ROLE_ITEM] = is_swapped ? 0 : 1;
        return is_numerical[2] && is_numerical[3];
    }
    columns[RRI_ROLE_RATING] = 3;
    columns[RRI_ROLE_TIME] = -1;
    return o->n == 5 && is_numerical[0] && is_numerical[3] && is_text(o, 4, "0") &&
           (is_text(o, 2, "purchase") || is_text(o, 2, "play"));
}

/* A time where a rating would be, or a user or an item: nobody rates a hundred million, and no item
 * is called 2014-04-07. */
static rr_status check_known_row(const opening *o, const int32_t *columns, rr_error *err)
{
    static const char remedy[] =
        "say which column is what, as user_column \"1\", item_column \"2\", time_column \"3\" "
        "(train --columns user=1,item=2,time=3)";
    double value = 0.0;
    for (int role = RRI_ROLE_USER; role <= RRI_ROLE_ITEM; role++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1], shown[RRI_TABLE_SHOWN];
        int64_t time = 0;
        if (columns[role] < 0) {
            continue;
        }
        const rri_table_field field = clean(buffer, o, (size_t)columns[role]);
        if (rri_date_time_parse(&time, field.text, field.length)) {
            return rri_table_fail(&o->piece, o->fields[columns[role]].text, err,
                                  "column %d of %zu without names would be the %s, and is the date "
                                  "%s; %s",
                                  columns[role] + 1, o->n, rri_column_name(role),
                                  rri_table_show(shown, &field), remedy);
        }
    }
    if (o->n >= 3 && o->n <= 4 && is_number(&value, o, 2) && value >= 1e8) {
        return rri_table_fail(&o->piece, o->fields[2].text, err,
                              "the third of %zu columns without names would be the rating, and is "
                              "%.0f; %s",
                              o->n, value, remedy);
    }
    return RR_OK;
}

/* ── roles ───────────────────────────────────────────────────────────────────────────────────── */

static const char *option_of(const rr_load_options *options, int role)
{
    const char *const all[RRI_N_ROLES] = {options->user_column,     options->item_column,
                                          options->rating_column,   options->time_column,
                                          options->position_column, options->propensity_column};
    return all[role];
}

static bool has_option(const rr_load_options *options)
{
    for (int role = 0; role < RRI_N_ROLES; role++) {
        if (option_of(options, role) != NULL) {
            return true;
        }
    }
    return false;
}

/* Names of the columns, for a sentence. */
static void list_names(char *out, size_t capacity, const opening *o)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t c = 0; c < o->n && c < RRI_TABLE_MOST_COLUMNS && used + 60 < capacity; c++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1], shown[RRI_TABLE_SHOWN];
        const rri_table_field name = clean(buffer, o, c);
        rri_text_write(out + used, capacity - used, "%s%s", c > 0 ? ", " : "",
                       name.length == 0 ? "(no name)" : rri_table_show(shown, &name));
        used += strlen(out + used);
    }
}

/* The column that the caller names, by its name, else by its number from 1. */
static rr_status find_given(int32_t *column, const opening *o, bool has_names, int role,
                            rr_error *err)
{
    const char *const given = option_of(o->options, role);
    *column = -1;
    if (given[0] == '\0') {
        return RR_OK;
    }
    for (size_t c = 0; has_names && c < o->n; c++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        const rri_table_field name = clean(buffer, o, c);
        if (rri_column_is_same(&name, given)) {
            *column = (int32_t)c;
            return RR_OK;
        }
    }
    const uint64_t number = number_of(given);
    if (number >= 1 && number <= o->n) {
        *column = (int32_t)number - 1;
        return RR_OK;
    }
    char names[200] = "";
    if (has_names) {
        list_names(names, sizeof names, o);
    }
    return rri_table_fail(&o->piece, o->first, err,
                          "%s is to be column '%.40s', which is not there; there are %zu%s%s",
                          rri_column_name(role), given, o->n, has_names ? ": " : " without names",
                          names);
}

/* Of the columns with a known name of a role the one whose name comes first. */
static rr_status find_known(int32_t columns[RRI_N_ROLES], rri_table_header *header,
                            const opening *o, rr_error *err)
{
    size_t ranks[RRI_N_ROLES] = {0};
    for (size_t c = 0; c < o->n; c++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        size_t rank = 0;
        const rri_table_field name = clean(buffer, o, c);
        const int role = rri_column_role(&rank, &name);
        if (role == RRI_ROLE_CONTEXT) {
            header->is_context[c] = 1;
            header->n_contexts++;
        } else if (role < RRI_N_ROLES && option_of(o->options, role) == NULL) {
            if (columns[role] >= 0 && ranks[role] == rank) {
                return rri_table_fail(&o->piece, o->fields[c].text, err, "column %s is there twice",
                                      rri_column_name(role));
            }
            if (columns[role] < 0 || rank < ranks[role]) {
                columns[role] = (int32_t)c;
                ranks[role] = rank;
            }
        }
    }
    return RR_OK;
}

static rr_status check_roles(const rri_table_header *header, const opening *o, rr_error *err)
{
    const int32_t *const columns = header->columns;
    const bool has_user = columns[RRI_ROLE_USER] >= 0 || header->n_contexts > 0;
    if (!has_user || columns[RRI_ROLE_ITEM] < 0) {
        char names[200];
        list_names(names, sizeof names, o);
        return rri_table_fail(&o->piece, o->first, err,
                              "there is no column %s; the first line has %s: say which column is "
                              "what, as user_column \"1\" (train --columns user=1,item=2)",
                              rri_column_name(has_user ? RRI_ROLE_ITEM : RRI_ROLE_USER), names);
    }
    for (int role = 0; role < RRI_N_ROLES; role++) {
        for (int other = 0; other < role; other++) {
            if (columns[role] >= 0 && columns[role] == columns[other]) {
                return rri_table_fail(
                    &o->piece, o->first, err, "column %d is to be %s and %s; it can be one of them",
                    columns[role] + 1, rri_column_name(other), rri_column_name(role));
            }
        }
    }
    return RR_OK;
}

/* A bit for the first letter or digit; 0: there is none. */
static uint32_t first_letter(const rri_table_field *name)
{
    for (size_t i = 0; i < name->length; i++) {
        const char c = name->text[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter || (c >= '0' && c <= '9') || (c & 0x80) != 0) {
            return UINT32_C(1) << (c & 31); /* of either case */
        }
    }
    return 0;
}

/* Names and keys of the roles' columns. */
static void note_names(rri_table_header *header, const opening *o)
{
    for (int role = 0; role < RRI_N_ROLES; role++) {
        if (header->columns[role] >= 0) {
            char buffer[RRI_TABLE_FIELD_MOST + 1], shown[RRI_TABLE_SHOWN];
            const rri_table_field name = clean(buffer, o, (size_t)header->columns[role]);
            rri_text_write(header->names[role], RRI_TABLE_NAME, "%s", rri_table_show(shown, &name));
            header->name_keys[role] = rri_column_key(&name);
            header->name_letters |= first_letter(&name);
        }
    }
}

static bool has_digit(const rri_table_field *field)
{
    for (size_t i = 0; i < field->length; i++) {
        if (field->text[i] >= '0' && field->text[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* The role of the column that the field names, or RRI_ROLE_NONE. */
static int named_role(const rri_table_header *header, const rri_table_field *field)
{
    if (!header->has_names) {
        size_t rank = 0;
        return rri_column_role(&rank, field);
    }
    const uint64_t key = rri_column_key(field);
    int role = 0;
    while (role < RRI_N_ROLES &&
           (header->columns[role] < 0 || key == 0 || header->name_keys[role] != key)) {
        role++;
    }
    return role < RRI_N_ROLES ? role : RRI_ROLE_NONE;
}

bool rri_table_header_is_again(bool *is_moved, const rri_table_header *header,
                               const rri_table_field *fields, const rri_table_form *form)
{
    const int32_t *const columns = header->columns;
    *is_moved = false;
    if (columns[RRI_ROLE_USER] < 0) {
        return false;
    }
    /* Of nearly all rows one look at the item is enough: known names have no digits. */
    const rri_table_field *const item = &fields[columns[RRI_ROLE_ITEM]];
    if ((first_letter(item) & header->name_letters) == 0 ||
        (!header->has_names && has_digit(item))) {
        return false;
    }
    for (int role = RRI_ROLE_USER; role <= RRI_ROLE_ITEM; role++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        const rri_table_field said = rri_table_field_clean(buffer, &fields[columns[role]], form);
        const int other = named_role(header, &said);
        if (other >= RRI_N_ROLES) {
            return false;
        }
        *is_moved = *is_moved || other != role;
    }
    return true;
}

/* Names of the columns that do not count; without names their numbers. */
static void note_unused(rri_table_header *header, const opening *o, bool has_names)
{
    size_t used = 0;
    for (size_t c = 0; c < o->n && used + RRI_TABLE_SHOWN + 8 < sizeof header->unused; c++) {
        bool is_used = header->is_context[c] != 0 && header->n_contexts > 0;
        for (int role = 0; role < RRI_N_ROLES; role++) {
            is_used = is_used || header->columns[role] == (int32_t)c;
        }
        if (is_used) {
            continue;
        }
        char buffer[RRI_TABLE_FIELD_MOST + 1], shown[RRI_TABLE_SHOWN];
        const rri_table_field name = clean(buffer, o, c);
        char *const at = header->unused + used;
        const size_t left = sizeof header->unused - used;
        const char *const comma = used > 0 ? ", " : "";
        if (has_names && name.length > 0) {
            rri_text_write(at, left, "%s%s", comma, rri_table_show(shown, &name));
        } else {
            rri_text_write(at, left, "%scolumn %zu", comma, c + 1);
        }
        used += strlen(at);
    }
}

/* The names in o->fields, or the row there. */
static rr_status find_roles(rri_table_header *header, const opening *o, bool has_names,
                            rr_error *err)
{
    int32_t columns[RRI_N_ROLES] = {-1, -1, -1, -1, -1, -1};
    header->has_names = has_names;
    header->name_letters = !has_names && o->options->header != RR_HEADER_NO ? UINT32_MAX : 0;
    header->n_columns = o->n;
    if (has_names) {
        RRI_TRY(find_known(columns, header, o, err));
    } else if (!has_option(o->options)) {
        if (!is_known_row(columns, o)) {
            memset(columns, -1, sizeof columns);
        }
        RRI_TRY(check_known_row(o, columns, err));
    }
    for (int role = 0; role < RRI_N_ROLES; role++) {
        if (option_of(o->options, role) != NULL) {
            RRI_TRY(find_given(&columns[role], o, has_names, role, err));
        }
    }
    memcpy(header->columns, columns, sizeof columns);
    if (columns[RRI_ROLE_USER] >= 0) { /* then features of the user are features */
        header->n_contexts = 0;
    }
    if (has_names) {
        note_names(header, o);
    }
    note_unused(header, o, has_names);
    return check_roles(header, o, err);
}

/* Whether the caller's columns tell that the first line is a row; −1: they do not tell. */
static int judge_by_columns(const opening *o)
{
    int verdict = -1;
    for (int role = RRI_ROLE_USER; role <= RRI_ROLE_TIME; role++) {
        const char *const given = option_of(o->options, role);
        const uint64_t number = given == NULL ? 0 : number_of(given);
        if (given != NULL && number == 0 && given[0] != '\0') {
            return 0; /* a name: then there are names */
        }
        if (number < 1 || number > o->n) {
            continue;
        }
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        const rri_table_field field = clean(buffer, o, (size_t)number - 1);
        double value = 0.0;
        int64_t time = 0;
        const bool is_value =
            rri_text_parse_double(&value, field.text, field.length) ||
            (role == RRI_ROLE_TIME && rri_date_time_parse(&time, field.text, field.length));
        if (is_value || role > RRI_ROLE_ITEM) {
            verdict = verdict == 0 ? 0 : is_value;
        }
    }
    return verdict;
}

static rr_status judge_first_line(bool *has_names, const opening *o, rr_error *err)
{
    int32_t columns[RRI_N_ROLES];
    if (o->options->header != RR_HEADER_AUTO) {
        *has_names = o->options->header == RR_HEADER_YES;
        return RR_OK;
    }
    *has_names = true;
    if (is_known_header(o)) {
        return RR_OK;
    }
    const int verdict = has_option(o->options) ? judge_by_columns(o) : -1;
    if (verdict >= 0) {
        *has_names = verdict == 0;
        return RR_OK;
    }
    if (!has_option(o->options)) {
        *has_names = !is_known_row(columns, o);
        return RR_OK;
    }
    return rri_table_fail(&o->piece, o->first, err,
                          "whether this line names the columns cannot be seen; say header yes or "
                          "no (train --header no)");
}

/* The last comment, where it names the columns of the rows behind it. */
static bool read_commented_names(opening *o, const rri_table_form *form, size_t n_columns)
{
    if (o->comment == NULL || o->options->header == RR_HEADER_NO) {
        return false;
    }
    const char *at = o->comment + 1;
    rri_table_form plain = *form;
    plain.comment = '\0';
    return read_fields(o, &plain, &at) && o->n == n_columns && is_known_header(o);
}

rr_status rri_table_header_read(rri_table_header *header, rri_table_form *form, const char **rows,
                                const char *text, size_t bytes, const rr_load_options *options,
                                rr_error *err)
{
    const bool has_mark = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    opening o = {.piece = {form, text, 1},
                 .text = text,
                 .end = text + bytes,
                 .first = text + (has_mark ? 3 : 0),
                 .options = options};
    o.piece.text = o.first; /* the mark is in no column */
    *header = (rri_table_header){.n_columns = 0};
    form->has_quotes = options->has_quotes != 0;
    const char *const foreign = rri_foreign_form_name(text, bytes);
    if (foreign != NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "%.200s: it looks like %s", form->name, foreign);
    }
    if (options->separator != NULL) {
        RRI_TRY(take_separator(form, options->separator, err));
    }
    pass_comments(&o, header, form);
    if (o.first == o.end) {
        return rri_table_fail(&o.piece, o.piece.text, err,
                              "the file is empty; its first line must name the columns user_id and "
                              "item_id");
    }
    if (options->separator == NULL) {
        choose_separator(&o, form);
    }
    const char *at = o.first;
    if (!read_fields(&o, form, &at)) {
        return rri_table_fail(&o.piece, o.first, err, "a quote in this line is not closed");
    }
    if (o.n > RRI_TABLE_MOST_COLUMNS) {
        return rri_table_fail(&o.piece, o.first, err, "there are %zu columns; at most %zu are read",
                              o.n, RRI_TABLE_MOST_COLUMNS);
    }
    bool has_names = false;
    *rows = o.first;
    if (!is_known_header(&o) && read_commented_names(&o, form, o.n)) {
        header->n_comments--;
        return find_roles(header, &o, true, err);
    }
    at = o.first;
    (void)read_fields(&o, form, &at);
    RRI_TRY(judge_first_line(&has_names, &o, err));
    RRI_TRY(find_roles(header, &o, has_names, err));
    if (has_names) {
        *rows = at;
    }
    return RR_OK;
}
