/* SPDX-License-Identifier: MIT */
/* Tokens of a safetensors header: what is read, and what is refused. */
#include "io/json_text.h"

#include <string.h>

#include "check_run.h"

static char store[256];

static rr_status read_string(const char *json_source, const char **text)
{
    rri_json_text json;
    rri_json_text_init(&json, json_source, strlen(json_source), store);
    RRI_TRY(rri_json_text_string(&json, text, NULL));
    return rri_json_text_finish(&json, NULL);
}

static rr_status read_count(const char *source, uint64_t *count)
{
    rri_json_text json;
    rri_json_text_init(&json, source, strlen(source), store);
    RRI_TRY(rri_json_text_count(&json, count, NULL));
    return rri_json_text_finish(&json, NULL);
}

START_TEST(test_json_strings_are_decoded)
{
    static const struct {
        const char *source, *text;
    } cases[] = {
        {"\"\"", ""},
        {" \t\r\n\"a b\" ", "a b"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = NULL;
        ck_assert_int_eq(read_string(cases[i].source, &text), RR_OK);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(test_json_strings_that_are_not_are_refused)
{
    static const char *const sources[] = {
        "",
        "a",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83dx",
        "\"\x01\"",
        "\"\n\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xc3\"",
        "\"\xe0\x80\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xff\"",
        "\"\xe2\x82\"",
        "\"\xf0\x80\x80\x80\"",
        "\"\\ud83d\\u0041\"",
        "\"a\" \"b\"",
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        const char *text = NULL;
        ck_assert_msg(read_string(sources[i], &text) == RR_E_FORMAT, "accepted %s", sources[i]);
    }
}
END_TEST

START_TEST(test_json_counts_are_whole_and_fit)
{
    uint64_t count = 1;
    ck_assert_int_eq(read_count("0", &count), RR_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(read_count(" 18446744073709551615 ", &count), RR_OK);
    ck_assert_uint_eq(count, UINT64_MAX);
    static const char *const sources[] = {"",
                                          "-1",
                                          "+1",
                                          "00",
                                          "01",
                                          "1.0",
                                          "1e2",
                                          "0x1",
                                          "one",
                                          "18446744073709551616",
                                          "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        ck_assert_msg(read_count(sources[i], &count) == RR_E_FORMAT, "accepted %s", sources[i]);
    }
}
END_TEST

START_TEST(test_json_error_names_the_byte)
{
    rr_error err;
    rri_json_text json;
    rri_json_text_init(&json, "  ]", 3, store);
    ck_assert_int_eq(rri_json_text_expect(&json, '{', &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "byte 2 must be '{'"));
}
END_TEST

CHECK_MAIN("io/json_text", test_json_strings_are_decoded,
           test_json_strings_that_are_not_are_refused, test_json_counts_are_whole_and_fit,
           test_json_error_names_the_byte)
