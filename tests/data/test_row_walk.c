/* SPDX-License-Identifier: MIT */
/* The walk over 64 bytes at a time, beside one byte at a time, on texts that are nothing but
 * separators, quotes, blanks and line ends. */
#include "data/row_walk.h"

#include <string.h>

#include "check_run.h"
#include "core/philox.h"

enum { MOST_FIELDS = 8, BYTES = 300 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_separator(const rri_table_form *form, const char *at)
{
    return form->is_blanks    ? is_blank(*at)
           : form->width == 2 ? at[0] == form->separator && at[1] == form->separator
                              : *at == form->separator;
}

/* The end of a field, or NULL: *kind says why. */
static const char *plain_field(int *kind, const rri_table_form *form, const char *begin,
                               const char *end)
{
    const char *at = begin;
    while (is_blank(*at) && !is_separator(form, at)) {
        at++;
    }
    if (!form->has_quotes || *at != '"') {
        for (at = begin; *at != '\n' && !is_separator(form, at);) {
            at++;
        }
        return at;
    }
    for (at++; at < end && (*at != '"' || at[1] == '"'); at++) {
        at += *at == '"' ? 1 : 0;
    }
    if (at >= end) {
        *kind = RRI_ROW_UNCLOSED;
        return NULL;
    }
    for (at++; is_blank(*at) && !is_separator(form, at);) {
        at++;
    }
    at += *at == '\r' && at[1] == '\n' ? 1 : 0;
    *kind = *at == '\n' || is_separator(form, at) ? RRI_ROW_FIELDS : RRI_ROW_TORN;
    return *kind == RRI_ROW_TORN ? NULL : at;
}

static int plain_row(const rri_table_form *form, const char **at, const char *end,
                     rri_table_field *fields, size_t *n)
{
    const char *begin = *at;
    int kind = RRI_ROW_FIELDS;
    if (form->comment != '\0' && *begin == form->comment) {
        *at = strchr(begin, '\n') + 1;
        return RRI_ROW_COMMENT;
    }
    while (form->is_blanks && is_blank(*begin)) {
        begin++;
    }
    for (*n = 0;;) {
        const char *const stop = plain_field(&kind, form, begin, end);
        if (stop == NULL) {
            return kind;
        }
        const char *next = stop + (*stop == '\n' ? 1 : form->width);
        if (form->is_blanks && *stop != '\n') {
            while (is_blank(*next)) {
                next++;
            }
            next += *next == '\r' && next[1] == '\n' ? 1 : 0;
            next += *next == '\n' ? 1 : 0;
        }
        const bool is_last = next[-1] == '\n';
        const char *const mark = stop - (is_last && stop > begin && stop[-1] == '\r' ? 1 : 0);
        if (*n < MOST_FIELDS) {
            fields[*n] = (rri_table_field){begin, (size_t)(mark - begin)};
        }
        (*n)++;
        if (is_last) {
            *at = next;
            bool is_empty = *n == 1;
            for (const char *c = begin; c < mark; c++) {
                is_empty = is_empty && is_blank(*c);
            }
            return is_empty ? RRI_ROW_EMPTY : RRI_ROW_FIELDS;
        }
        begin = next;
    }
}

static void compare(const rri_table_form *form, const char *text, size_t bytes, size_t counts[5])
{
    rri_row_walk walk;
    const char *at = text;
    rri_row_walk_begin(&walk, form, text, bytes);
    while (walk.at < walk.end) {
        rri_table_field fields[MOST_FIELDS], plain[MOST_FIELDS];
        size_t n = 0, n_plain = 0;
        const char *stop = NULL;
        const int kind = rri_row_walk_next(&walk, fields, MOST_FIELDS, &n, &stop);
        const int plain_kind = plain_row(form, &at, text + bytes, plain, &n_plain);
        ck_assert_msg(kind == plain_kind, "kind %d, not %d, of\n%s", kind, plain_kind, text);
        counts[kind]++;
        if (kind == RRI_ROW_UNCLOSED || kind == RRI_ROW_TORN) {
            ck_assert_ptr_nonnull(stop);
            return;
        }
        ck_assert_msg(walk.at == at, "%s", text);
        for (size_t i = 0; kind == RRI_ROW_FIELDS && i < n && i < MOST_FIELDS; i++) {
            ck_assert_uint_eq(n, n_plain);
            ck_assert_msg(fields[i].text == plain[i].text && fields[i].length == plain[i].length,
                          "field %zu of a row of\n%s", i, text);
        }
    }
}

static const rri_table_form forms[] = {
    {.name = "f", .separator = ',', .width = 1, .has_quotes = true},
    {.name = "f", .separator = ',', .width = 1, .has_quotes = false},
    {.name = "f", .separator = '\t', .width = 1, .has_quotes = true, .comment = '#'},
    {.name = "f", .separator = ';', .width = 1, .has_quotes = true, .comment = ','},
    {.name = "f", .separator = ':', .width = 2, .has_quotes = true},
    {.name = "f", .separator = ':', .width = 2, .has_quotes = false},
    {.name = "f", .separator = ' ', .width = 1, .is_blanks = true, .has_quotes = true},
    {.name = "f", .separator = ' ', .width = 1, .is_blanks = true, .comment = '#'}};

START_TEST(test_row_walk_cuts_as_one_byte_at_a_time_does)
{
    static const char alphabet[] = "1234567890a,,,;;;\t\t:::::: \"\"\"\n\n\r\n#|";
    size_t counts[5] = {0};
    for (uint32_t trial = 0; trial < 15000; trial++) {
        static char text[BYTES + RRI_ROW_WALK_SLACK + 1];
        const rri_table_form *const form = &forms[trial % (sizeof forms / sizeof forms[0])];
        const size_t bytes = 1 + (size_t)rri_philox_below(4, RRI_STREAM_SPLIT, trial, 0, BYTES - 1);
        /* Few of its letters in one text: rows of many fields, and fields of many bytes. */
        const size_t few = 2 + (size_t)rri_philox_below(4, RRI_STREAM_SPLIT, trial, 1, 30);
        memset(text, 0, sizeof text);
        for (size_t i = 0; i + 1 < bytes; i++) {
            const uint64_t draw =
                rri_philox_below(5, RRI_STREAM_SPLIT, trial, (uint32_t)i, UINT64_MAX);
            const size_t letter = (size_t)(draw % few * 7 + trial) % (sizeof alphabet - 1);
            text[i] = draw >> 60 == 0 ? '\n' : alphabet[letter];
        }
        text[bytes - 1] = '\n';
        compare(form, text, bytes, counts);
    }
    for (size_t kind = 0; kind < 5; kind++) {
        ck_assert_msg(counts[kind] > 60, "kind %zu: %zu", kind, counts[kind]);
    }
}
END_TEST

START_TEST(test_row_walk_passes_long_fields)
{
    static char text[5000 + RRI_ROW_WALK_SLACK];
    memset(text, 'x', 5000);
    memcpy(text, "1,\"", 3);
    memcpy(text + 2000, "\n,\"\"\n", 5);
    memcpy(text + 4000, "\",2\n3,4\n", 8);
    rri_row_walk walk;
    rri_table_field fields[MOST_FIELDS];
    size_t n = 0;
    const char *stop = NULL;
    rri_row_walk_begin(&walk, &forms[0], text, 4008);
    ck_assert_int_eq(rri_row_walk_next(&walk, fields, MOST_FIELDS, &n, &stop), RRI_ROW_FIELDS);
    ck_assert(n == 3 && fields[1].length == 3999 && fields[2].length == 1);
    ck_assert_int_eq(rri_row_walk_next(&walk, fields, MOST_FIELDS, &n, &stop), RRI_ROW_FIELDS);
    ck_assert(n == 2 && walk.at == walk.end && *fields[1].text == '4');
}
END_TEST

CHECK_MAIN("data/row_walk", test_row_walk_cuts_as_one_byte_at_a_time_does,
           test_row_walk_passes_long_fields)
