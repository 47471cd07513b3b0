/* SPDX-License-Identifier: MIT */
/* Rows of short numbers beside the walk and the C library's numbers, on rows drawn from what is
 * short, what nearly is, and what is not at all. */
#include "data/short_rows.h"

#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"
#include "data/row_walk.h"

enum { MOST_ROWS = 12, BYTES = 1200, LONGEST = 47 };

static const rri_table_form forms[] = {
    {.name = "f", .separator = ',', .width = 1, .has_quotes = true},
    {.name = "f", .separator = '\t', .width = 1, .has_quotes = false},
    {.name = "f", .separator = ';', .width = 1, .has_quotes = true, .comment = '#'},
    {.name = "f", .separator = '|', .width = 1, .has_quotes = false, .comment = '1'},
    {.name = "f", .separator = ':', .width = 2, .has_quotes = true},
    {.name = "f", .separator = ':', .width = 2, .has_quotes = false, .comment = '%'}};
enum { N_FORMS = sizeof forms / sizeof forms[0] };

static const rri_short_columns layouts[] = {{0, 1, 2, 3, 4},    {0, 1, 2, -1, 3}, {0, 1, -1, -1, 2},
                                            {1, 0, -1, 2, 4},   {2, 0, 3, 1, 6},  {5, 2, 9, 0, 10},
                                            {14, 15, 0, 1, 16}, {0, 1, -1, -1, 4}};
enum { N_LAYOUTS = sizeof layouts / sizeof layouts[0] };

static uint64_t draw(uint32_t trial, uint32_t which, uint64_t n)
{
    return rri_philox_below(7, RRI_STREAM_SPLIT, trial, which, n);
}

/* A field: digits mostly, and of all that a byte off may be. */
static size_t write_field(char *out, uint32_t trial, uint32_t which)
{
    static const char *const odd[] = {"",      "0",   "007", "-3",      "4.5",     "0.25", "10",
                                      "1:2:3", ".5",  "1e3", "1234567", "-0.5",    " 7",   "7 ",
                                      "\"1\"", "a:b", "x",   "1:2",     "12.3456", "4.x",  "/9",
                                      "9\r",   "\"",  "#1",  "1:9",     "99\x80",  "1..2", "3.5"};
    const uint64_t shape = draw(trial, which, 100);
    if (shape < 12) {
        const char *const text = odd[draw(trial, which + 1, sizeof odd / sizeof odd[0])];
        strcpy(out, text);
        return strlen(text);
    }
    const size_t n = 1 + (size_t)draw(trial, which + 1, shape < 80 ? 3 : shape < 97 ? 10 : 18);
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)('0' + draw(trial, which + 2 + (uint32_t)i, 10));
    }
    return n;
}

static size_t write_rows(char *text, uint32_t trial, const rri_table_form *form, size_t n_columns)
{
    char *to = text;
    uint32_t which = 100;
    for (size_t row = 0; row < MOST_ROWS && to - text < BYTES - 400; row++) {
        const uint64_t more = draw(trial, which++, 40);
        const size_t n = more == 0 ? n_columns + 1 : more == 1 ? n_columns - 1 : n_columns;
        for (size_t c = 0; c < n; c++, which += 25) {
            for (size_t i = 0; c > 0 && i < form->width; i++) {
                *to++ = form->separator;
            }
            to += write_field(to, trial, which);
        }
        if (draw(trial, which++, 8) == 0) {
            *to++ = '\r';
        }
        *to++ = '\n';
    }
    return (size_t)(to - text);
}

static bool is_digits(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    return n > 0 && i == n;
}

static bool is_short_id(const rri_table_field *f)
{
    return f->length <= 16 && is_digits(f->text, f->length) && (f->length == 1 || *f->text != '0');
}

static bool is_short_rating(const rri_table_field *f)
{
    const size_t sign = f->length > 0 && *f->text == '-' ? 1 : 0;
    const char *const text = f->text + sign;
    const size_t n = f->length - sign;
    const char *const point = n == 0 ? NULL : memchr(text, '.', n);
    const size_t whole = point == NULL ? n : (size_t)(point - text);
    return n <= (point == NULL ? 7 : 8) && is_digits(text, whole) &&
           (point == NULL || is_digits(point + 1, n - whole - 1));
}

/* Whether the row at `row`, whose fields the walk found, is to be taken. */
static bool is_short(const char *row, const rri_table_field *fields, size_t n,
                     const rri_table_form *form, const rri_short_columns *of)
{
    const size_t bytes = (size_t)(strchr(row, '\n') - row);
    bool has_lone_colon = false;
    for (size_t c = 0; form->width == 2 && c < n; c++) {
        has_lone_colon = has_lone_colon || memchr(fields[c].text, ':', fields[c].length) != NULL;
    }
    return n == of->n && bytes <= LONGEST && *row != form->comment && !has_lone_colon &&
           !(form->has_quotes && memchr(row, '"', bytes) != NULL) &&
           is_short_id(&fields[of->user]) && is_short_id(&fields[of->item]) &&
           (of->rating < 0 || is_short_rating(&fields[of->rating])) &&
           (of->time < 0 || (fields[of->time].length <= 16 &&
                             is_digits(fields[of->time].text, fields[of->time].length)));
}

typedef struct taken {
    uint64_t ids[MOST_ROWS][2];
    float ratings[MOST_ROWS];
    int64_t times[MOST_ROWS];
    uint32_t begins[MOST_ROWS];
} taken;

static double number(const rri_table_field *field)
{
    char text[64] = "";
    memcpy(text, field->text, field->length);
    return (double)strtof(text, NULL);
}

static void check_row(const taken *got, size_t i, const char *text, const char *row,
                      const rri_table_field *fields, const rri_short_columns *of)
{
    ck_assert_uint_eq(got->ids[i][0], strtoull(fields[of->user].text, NULL, 10));
    ck_assert_uint_eq(got->ids[i][1], strtoull(fields[of->item].text, NULL, 10));
    ck_assert_double_eq((double)got->ratings[i],
                        of->rating < 0 ? 1.0 : number(&fields[of->rating]));
    ck_assert_int_eq(got->times[i], of->time < 0 ? 0 : strtoll(fields[of->time].text, NULL, 10));
    ck_assert_uint_eq(got->begins[i], (size_t)(row - text));
}

/* What is taken at once is what the walk and the C library say, and ends where is_short does. */
static void compare(const char *text, size_t bytes, const rri_table_form *form,
                    const rri_short_columns *of, size_t counts[2])
{
    rri_row_walk walk;
    const char *stop = NULL;
    rri_table_field fields[32];
    rri_row_walk_begin(&walk, form, text, bytes);
    while (walk.at < walk.end) {
        static taken got;
        const rri_short_rows to = {got.ids, got.ratings, got.times, got.begins, text};
        const char *at = walk.at;
        const size_t n_taken = rri_short_rows_read(&to, &at, text + bytes, form, of);
        for (size_t i = 0; i <= n_taken && walk.at < walk.end; i++) {
            const char *const row = walk.at;
            size_t n = 0;
            const int kind = rri_row_walk_next(&walk, fields, 32, &n, &stop);
            if (kind == RRI_ROW_UNCLOSED || kind == RRI_ROW_TORN) {
                ck_assert_msg(i == n_taken, "%s", row);
                return;
            }
            const bool is_one = kind == RRI_ROW_FIELDS && is_short(row, fields, n, form, of);
            ck_assert_msg(is_one == (i < n_taken), "row %zu of %zu is %sshort:\n%s", i, n_taken,
                          is_one ? "" : "not ", row);
            counts[is_one]++;
            if (is_one) {
                check_row(&got, i, text, row, fields, of);
                ck_assert(i + 1 < n_taken || at == walk.at);
            } else {
                ck_assert(at == row);
            }
        }
    }
}

START_TEST(test_short_rows_are_what_the_walk_and_the_long_way_make_of_them)
{
    size_t counts[2] = {0, 0};
    const rri_short_columns none = {0, 1, 2, 3, 4};
    const bool is_there = rri_short_rows_fit(&forms[0], &none);
    for (uint32_t trial = 0; is_there && trial < 6000; trial += (uint32_t)check_step(5)) {
        static char text[BYTES + RRI_ROW_WALK_SLACK + 1];
        const rri_table_form *const form = &forms[trial % N_FORMS];
        const rri_short_columns *const of = &layouts[trial / N_FORMS % N_LAYOUTS];
        /* Behind the text stands what would be a row, or belong to its last one. */
        memset(text, trial / 2 % 2 == 0 ? '7' : '\n', sizeof text - 1);
        const size_t bytes = write_rows(text, trial, form, of->n);
        compare(text, bytes, form, of, counts);
    }
    ck_assert_msg(!is_there || (counts[0] > 1000 && counts[1] > 1000), "%zu %zu", counts[0],
                  counts[1]);
}
END_TEST

START_TEST(test_short_rows_take_one_colon_of_two_for_text)
{
    static const char text[128] = "5::6::1:2:3\n5::6::1:2::3\n";
    const rri_short_columns of = {0, 1, -1, -1, 4};
    size_t counts[2] = {0, 0};
    if (rri_short_rows_fit(&forms[4], &of)) {
        compare(text, strlen(text), &forms[4], &of, counts);
        ck_assert(counts[0] == 2 && counts[1] == 0);
    }
}
END_TEST

START_TEST(test_short_rows_do_not_fit_blanks_many_columns_or_a_context)
{
    static const rri_table_form blanks = {.separator = ' ', .width = 1, .is_blanks = true};
    const rri_short_columns usual = {0, 1, 2, 3, 4}, many = {0, 1, 2, 3, 17},
                            context = {-1, 1, 2, 3, 4};
    ck_assert(!rri_short_rows_fit(&blanks, &usual));
    ck_assert(!rri_short_rows_fit(&forms[0], &many));
    ck_assert(!rri_short_rows_fit(&forms[0], &context));
}
END_TEST

CHECK_MAIN("data/short_rows", test_short_rows_are_what_the_walk_and_the_long_way_make_of_them,
           test_short_rows_take_one_colon_of_two_for_text,
           test_short_rows_do_not_fit_blanks_many_columns_or_a_context)
