/* SPDX-License-Identifier: MIT */
#include "data/table_form.h"

#include <string.h>

#include "check_run.h"

static const rri_table_form form = {.name = "f", .separator = ',', .width = 1, .has_quotes = true};

START_TEST(test_table_form_takes_blanks_and_quotes_off)
{
    static const struct {
        const char *field, *says;
    } cases[] = {{"5", "5"},
                 {" 5", "5"},
                 {"5\t ", "5"},
                 {"\"5\"", "5"},
                 {" \" 5 \" ", "5"},
                 {"", ""},
                 {"  ", ""},
                 {"\"\"", ""},
                 {"\"", "\""},
                 {"a \"b\"", "a \"b\""},
                 {"\"a \"\"b\"\"\"", "a \"b\""},
                 {"5\xc2\xa0", "5"},
                 {"\xef\xbb\xbf"
                  "5",
                  "5"},
                 {" \xe3\x80\x80\"\xe2\x80\x89 5\xe2\x80\x8b\" ", "5"},
                 {"\xc2\xa0", ""},
                 {"\xc3\xa0", "\xc3\xa0"},
                 {"\xe2\x80\x9c"
                  "5\xe2\x80\x9d",
                  "\xe2\x80\x9c"
                  "5\xe2\x80\x9d"},
                 {"\xa0", "\xa0"},
                 {"\"a\nb\"", "a\nb"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[RRI_TABLE_FIELD_MOST + 1];
        const rri_table_field field = {cases[i].field, strlen(cases[i].field)};
        const rri_table_field said = rri_table_field_clean(buffer, &field, &form);
        ck_assert_msg(said.length == strlen(cases[i].says) &&
                          memcmp(said.text, cases[i].says, said.length) == 0,
                      "'%s' says '%.*s'", cases[i].field, (int)said.length, said.text);
    }
    const rri_table_form no_quotes = {.name = "f", .separator = ',', .width = 1};
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field field = {"\"5\"", 3};
    ck_assert_uint_eq(rri_table_field_clean(buffer, &field, &no_quotes).length, 3);
}
END_TEST

START_TEST(test_table_form_cuts_what_is_too_long_for_a_value)
{
    char text[3000], buffer[RRI_TABLE_FIELD_MOST + 1];
    memset(text, '"', sizeof text);
    const rri_table_field field = {text, sizeof text};
    ck_assert_uint_eq(rri_table_field_clean(buffer, &field, &form).length,
                      RRI_TABLE_FIELD_MOST + 1);
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(rri_table_field_clean(buffer, &field, &form).length,
                      RRI_TABLE_FIELD_MOST + 1);
}
END_TEST

START_TEST(test_table_form_names_line_and_column_of_a_place)
{
    static const char text[] = "ab\ncd,e\n\nf";
    const rri_table_piece piece = {&form, text, 7};
    rr_error err = {0};
    ck_assert_int_eq(rri_table_fail(&piece, text, &err, "x"), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:7:1: x");
    ck_assert_int_eq(rri_table_fail(&piece, text + 6, &err, "%d", 5), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:8:4: 5");
    ck_assert_int_eq(rri_table_fail(&piece, text + 9, &err, "x"), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:10:1: x");
}
END_TEST

START_TEST(test_table_form_shows_what_is_printable)
{
    char shown[RRI_TABLE_SHOWN];
    ck_assert_str_eq(rri_table_show(shown, &(rri_table_field){"a\n\xff z", 5}), "a?? z");
    const char *const digits = "0123456789012345678901234567890123456789x";
    ck_assert_str_eq(rri_table_show(shown, &(rri_table_field){digits, 41}),
                     "0123456789012345678901234567890123456789…");
}
END_TEST

START_TEST(test_table_form_counts_line_ends)
{
    static char text[1000];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 3 == 1 ? '\n' : 'x';
    }
    for (size_t n = 0; n < sizeof text; n++) {
        ck_assert_uint_eq(rri_table_count_line_ends(text, n), (n + 1) / 3);
    }
    memset(text, '\n', sizeof text);
    ck_assert_uint_eq(rri_table_count_line_ends(text, sizeof text), sizeof text);
}
END_TEST

CHECK_MAIN("data/table_form", test_table_form_takes_blanks_and_quotes_off,
           test_table_form_cuts_what_is_too_long_for_a_value,
           test_table_form_names_line_and_column_of_a_place,
           test_table_form_shows_what_is_printable, test_table_form_counts_line_ends)
