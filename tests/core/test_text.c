/* SPDX-License-Identifier: MIT */
#include "core/text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

static bool parses_int64(const char *text, int64_t wanted)
{
    int64_t value = 77;
    return rri_text_parse_int64(&value, text, strlen(text)) && value == wanted;
}

static bool refuses_int64(const char *text)
{
    int64_t value = 77;
    return !rri_text_parse_int64(&value, text, strlen(text)) && value == 77;
}

START_TEST(test_text_integers_parse_to_their_ends)
{
    ck_assert(parses_int64("0", 0));
    ck_assert(parses_int64("-0", 0));
    ck_assert(parses_int64("007", 7));
    ck_assert(parses_int64("-12", -12));
    ck_assert(parses_int64("9223372036854775807", INT64_MAX));
    ck_assert(parses_int64("-9223372036854775808", INT64_MIN));
    uint64_t value = 0;
    ck_assert(rri_text_parse_uint64(&value, "18446744073709551615", 20));
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert(!rri_text_parse_uint64(&value, "18446744073709551616", 20));
    ck_assert(!rri_text_parse_uint64(&value, "99999999999999999999999", 23));
    ck_assert(!rri_text_parse_uint64(&value, "-1", 2));
}
END_TEST

START_TEST(test_text_what_is_not_wholly_an_integer_is_refused)
{
    const char *refused[] = {"",
                             "-",
                             "+1",
                             " 1",
                             "1 ",
                             "1x",
                             "0x1",
                             "1.0",
                             "1e3",
                             "1,2",
                             "--1",
                             "one",
                             "9223372036854775808",
                             "-9223372036854775809"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_msg(refuses_int64(refused[i]), "'%s' was taken", refused[i]);
    }
}
END_TEST

START_TEST(test_text_only_the_given_length_is_read)
{
    int64_t value = 0;
    ck_assert(rri_text_parse_int64(&value, "123456", 3));
    ck_assert_int_eq(value, 123);
    float real = 0;
    ck_assert(rri_text_parse_float(&real, "1.256", 3));
    ck_assert(real == 1.2f);
}
END_TEST

START_TEST(test_text_floats_are_correctly_rounded)
{
    static const struct {
        const char *text;
        float value;
    } pairs[] = {{"0.2", 0.2f},
                 {"-0.2", -0.2f},
                 {"1e-5", 1e-5f},
                 {".5", 0.5f},
                 {"5.", 5.0f},
                 {"+3", 3.0f},
                 {"3.4028235e38", FLT_MAX},
                 {"1e-45", 0x1p-149f},
                 {"16777217", 16777216.0f},
                 {"1.000000178813934326171874999999999999999999999999999999999", 0x1.000002p0f}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        float value = NAN;
        ck_assert(rri_text_parse_float(&value, pairs[i].text, strlen(pairs[i].text)));
        ck_assert_msg(value == pairs[i].value, "'%s' became %a", pairs[i].text, (double)value);
    }
    double wide = NAN;
    ck_assert(rri_text_parse_double(&wide, "0.1", 3));
    ck_assert(wide == 0.1);
    ck_assert(rri_text_parse_double(&wide, "1e300", 5));
    ck_assert(wide == 1e300);
}
END_TEST

START_TEST(test_text_what_is_not_wholly_a_finite_float_is_refused)
{
    const char *refused[] = {
        "",
        "-",
        "nan",
        "inf",
        "-inf",
        "infinity",
        "0x1p3",
        " 1",
        "1 ",
        "1e",
        "1e5x",
        "1,5",
        "1.2.3",
        "e5",
        ".",
        "1e39",
        "--1",
        "1e+-3",
        "0.000000000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        float value = 77.0f;
        ck_assert_msg(!rri_text_parse_float(&value, refused[i], strlen(refused[i])),
                      "'%s' was taken", refused[i]);
        ck_assert(value == 77.0f);
    }
    double value = 0;
    ck_assert(!rri_text_parse_double(&value, "1\0002", 3));
    ck_assert(!rri_text_parse_double(&value, "1e999", 5));
}
END_TEST

START_TEST(test_text_floats_are_written_as_short_as_they_can_be)
{
    static const struct {
        float value;
        const char *text;
    } pairs[] = {{0.2f, "0.2"},
                 {1.0f, "1"},
                 {-0.0f, "-0"},
                 {1e-5f, "1e-05"},
                 {0.99f, "0.99"},
                 {100000.0f, "100000"},
                 {10.0f, "10"},
                 {-123456792.0f, "-123456792"},
                 {1e9f, "1e+09"},
                 {NAN, "nan"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {0x1.000002p0f, "1.0000001"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char out[RRI_TEXT_FLOAT_CAPACITY];
        rri_text_format_float(out, pairs[i].value);
        ck_assert_str_eq(out, pairs[i].text);
    }
}
END_TEST

START_TEST(test_text_every_float_comes_back_as_the_same_bits)
{
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t words[4];
        rri_philox_block(words, 1, 0, i, 0);
        float value;
        memcpy(&value, &words[0], sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        char out[RRI_TEXT_FLOAT_CAPACITY];
        rri_text_format_float(out, value);
        float back = NAN;
        ck_assert(rri_text_parse_float(&back, out, strlen(out)));
        ck_assert_mem_eq(&back, &value, sizeof value);
    }
}
END_TEST

START_TEST(test_text_numbers_have_a_point_in_any_locale)
{
    const char *names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    for (size_t i = 0; i < 4 && setlocale(LC_ALL, names[i]) == NULL; i++) {
    }
    char out[RRI_TEXT_FLOAT_CAPACITY];
    rri_text_format_float(out, 0.5f);
    ck_assert_str_eq(out, "0.5");
    float value = NAN;
    ck_assert(rri_text_parse_float(&value, "0.5", 3));
    ck_assert(value == 0.5f);
    ck_assert(!rri_text_parse_float(&value, "0,5", 3));
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(test_text_sentence_has_a_point_in_any_locale)
{
    const char *names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    for (size_t i = 0; i < 4 && setlocale(LC_ALL, names[i]) == NULL; i++) {
    }
    char out[32];
    rri_text_write(out, sizeof out, "%d of %.1f", 3, 0.5);
    ck_assert_str_eq(out, "3 of 0.5");
    setlocale(LC_ALL, "C");
}
END_TEST

/* Whatever the length of a character and wherever the room ends. */
START_TEST(test_text_sentence_is_cut_before_a_character_that_does_not_fit)
{
    const char *characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB5"};
    for (size_t bytes = 1; bytes <= 4; bytes++) {
        char text[64] = "";
        for (size_t i = 0; i < 12; i++) {
            strcat(text, characters[bytes - 1]);
        }
        for (size_t capacity = 1; capacity < sizeof text; capacity++) {
            char out[64];
            rri_text_write(out, capacity, "%s", text);
            const size_t room = capacity - 1 < 12 * bytes ? capacity - 1 : 12 * bytes;
            ck_assert_uint_eq(strlen(out), room / bytes * bytes);
            ck_assert(memcmp(out, text, strlen(out)) == 0);
        }
    }
}
END_TEST

START_TEST(test_text_sentence_is_utf8_whatever_is_put_into_it)
{
    const char *given[] = {"caf\xE9 ", "\xE2\x82 cut", "\xC0\xAF",         "\xED\xA0\x80",
                           "\xF5",     "\x80\xBF",     "\xF4\x90\x80\x80", "\xC3\xA9\xC3"};
    const char *written[] = {"caf? ", "?? cut", "??", "???", "?", "??", "????", "\xC3\xA9?"};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        char out[32];
        rri_text_write(out, sizeof out, "%s", given[i]);
        ck_assert_str_eq(out, written[i]);
    }
    char out[32];
    rri_text_write(out, sizeof out, "%.2s.", "\xE2\x82\xAC"); /* cut in its middle by the format */
    ck_assert_str_eq(out, "??.");
}
END_TEST

CHECK_MAIN("core/text", test_text_sentence_has_a_point_in_any_locale,
           test_text_sentence_is_cut_before_a_character_that_does_not_fit,
           test_text_sentence_is_utf8_whatever_is_put_into_it,
           test_text_integers_parse_to_their_ends,
           test_text_what_is_not_wholly_an_integer_is_refused,
           test_text_only_the_given_length_is_read, test_text_floats_are_correctly_rounded,
           test_text_what_is_not_wholly_a_finite_float_is_refused,
           test_text_floats_are_written_as_short_as_they_can_be,
           test_text_every_float_comes_back_as_the_same_bits,
           test_text_numbers_have_a_point_in_any_locale)
