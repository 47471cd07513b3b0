/* SPDX-License-Identifier: MIT */
#include "data/table_text.h"

#include "fixture.h"

/* Every field of a text as "field|field/field|…", lines behind '/'. */
static rr_status walk(char *out, const char *text, rr_error *err)
{
    rri_table_text table;
    char *const copy = fixture_copy(text, strlen(text));
    rr_status status = RR_OK;
    rri_table_text_init(&table, copy, strlen(text), "f");
    while (status == RR_OK && rri_table_text_next_line(&table)) {
        *out++ = '/';
        while (status == RR_OK && table.has_field) {
            rri_table_field field;
            status = rri_table_text_next_field(&table, &field, err);
            if (status == RR_OK) {
                memcpy(out, field.text, field.length);
                out += field.length;
                *out++ = '|';
            }
        }
    }
    *out = '\0';
    free(copy);
    return status;
}

START_TEST(test_table_text_splits_lines_and_fields)
{
    static const struct {
        const char *text, *fields;
    } cases[] = {
        {"", ""},
        {"\n", ""},
        {"\r\n\r\n", ""},
        {"a", "/a|"},
        {"a,b\nc,d", "/a|b|/c|d|"},
        {"a\tb,c\r\nd\t\r\n", "/a|b,c|/d||"},
        {"a,b\n\nc,d\n\n", "/a|b|/|/c|d|"},
        {"\xef\xbb\xbf"
         "a,b\n",
         "/a|b|"},
        {",\n,,\n", "/||/|||"},
        {"a\n\"b\tc\"\n", "/a|/b\tc|"},
        {"a\tb\n\"c\"\td\n", "/a|b|/\"c\"|d|"},
        {"a,b\n\"c,d\",\"\"\n", "/a|b|/c,d||"},
        {"a,b\n\"say \"\"x\"\"\",\"\"\"\"\r\n", "/a|b|/say \"x\"|\"|"},
        {"a,b\nc\"d\",e\n", "/a|b|/c\"d\"|e|"},
        {"1::2::3\n4:5::\"6\"::\n", "/1|2|3|/4:5|\"6\"||"},
        {"1:::2\n::\n", "/1|:2|/||"},
        {"a::b,c\n", "/a::b|c|"},
        {"a::b\tc\n", "/a::b|c|"},
        {"a:b\nc,d\n", "/a:b|/c|d|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[128];
        ck_assert_int_eq(walk(out, cases[i].text, NULL), RR_OK);
        ck_assert_str_eq(out, cases[i].fields);
    }
}
END_TEST

START_TEST(test_table_text_goes_on_in_the_next_piece)
{
    char first[] = "a::b\n", second[] = "c::d\ne";
    rri_table_text table;
    rri_table_field field;
    rri_table_text_init(&table, first, strlen(first), "f");
    ck_assert(rri_table_text_next_line(&table) && !rri_table_text_next_line(&table));
    rri_table_text_feed(&table, second, strlen(second));
    ck_assert(rri_table_text_next_line(&table));
    ck_assert_uint_eq(table.line, 2);
    ck_assert_int_eq(rri_table_text_next_field(&table, &field, NULL), RR_OK);
    ck_assert(field.length == 1 && field.text[0] == 'c' && table.has_field);
    ck_assert(rri_table_text_next_line(&table) && table.line == 3);
    ck_assert(!rri_table_text_next_line(&table));
}
END_TEST

START_TEST(test_table_text_names_the_place_of_a_bad_quote)
{
    char out[128];
    rr_error err = {0};
    ck_assert_int_eq(walk(out, "a,b\nc,\"d\ne,f\n", &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:2:3: a quote is not closed in this line");
    ck_assert_int_eq(walk(out, "a,\"b\"c\n", &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:1:6: a closed quote must be followed by a separator");
}
END_TEST

START_TEST(test_table_text_shows_only_what_is_printable_and_short)
{
    char shown[RRI_TABLE_SHOWN];
    const rri_table_field field = {"a\x01\xff\0b", 5, 1};
    ck_assert_str_eq(rri_table_text_show(shown, &field), "a???b");
    char text[100];
    memset(text, 'x', sizeof text);
    const rri_table_field longer = {text, sizeof text, 1};
    ck_assert_uint_eq(strlen(rri_table_text_show(shown, &longer)), 43);
    ck_assert_str_eq(shown + 40, "…");
}
END_TEST

CHECK_MAIN("data/table_text", test_table_text_splits_lines_and_fields,
           test_table_text_goes_on_in_the_next_piece,
           test_table_text_names_the_place_of_a_bad_quote,
           test_table_text_shows_only_what_is_printable_and_short)
