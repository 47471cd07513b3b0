/* SPDX-License-Identifier: MIT */
#include "data/id.h"

#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"

START_TEST(test_id_a_plain_number_is_its_own_key)
{
    static const struct {
        const char *id;
        uint64_t key;
    } plain[] = {{"0", 0}, {"7", 7}, {"18446744073709551615", UINT64_MAX}};
    uint64_t check = 7;
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(rri_id_key(&check, plain[i].id, strlen(plain[i].id)), plain[i].key);
        ck_assert_uint_eq(check, 0);
    }
    static const char *const hashed[] = {
        "", "007", "00", "+7", "-7", "7.0", "x", "1e5", "18446744073709551616"};
    for (size_t i = 0; i < sizeof hashed / sizeof hashed[0]; i++) {
        const size_t n = strlen(hashed[i]);
        ck_assert_uint_eq(rri_id_key(&check, hashed[i], n), rri_hash_bytes(hashed[i], n, 0));
        ck_assert_msg(check == (rri_hash_bytes(hashed[i], n, 1) | 1), "%s", hashed[i]);
    }
}
END_TEST

START_TEST(test_id_a_number_has_one_usual_spelling)
{
    static const struct {
        const char *id;
        int spelling;
        const char *usual;
    } cases[] = {{"23", RRI_ID_USUAL, "23"},
                 {"23.0", RRI_ID_RESPELLED, "23"},
                 {"23.", RRI_ID_RESPELLED, "23"},
                 {"23.000", RRI_ID_RESPELLED, "23"},
                 {"+23", RRI_ID_RESPELLED, "23"},
                 {"2.3e1", RRI_ID_RESPELLED, "23"},
                 {"2.3E+01", RRI_ID_RESPELLED, "23"},
                 {"230e-1", RRI_ID_RESPELLED, "23"},
                 {"1e+05", RRI_ID_RESPELLED, "100000"},
                 {"1e5", RRI_ID_RESPELLED, "100000"},
                 {"0", RRI_ID_USUAL, "0"},
                 {"0.0", RRI_ID_RESPELLED, "0"},
                 {"-0", RRI_ID_RESPELLED, "0"},
                 {"0e7", RRI_ID_RESPELLED, "0"},
                 {"-5", RRI_ID_USUAL, "-5"},
                 {"-5.0", RRI_ID_RESPELLED, "-5"},
                 {"1.5", RRI_ID_USUAL, "1.5"},
                 {"1.50", RRI_ID_RESPELLED, "1.5"},
                 {".5", RRI_ID_RESPELLED, "0.5"},
                 {"15e-3", RRI_ID_RESPELLED, "0.015"},
                 {"007", RRI_ID_USUAL, "007"},
                 {"007.0", RRI_ID_RESPELLED, "007"},
                 {"000", RRI_ID_USUAL, "000"},
                 {"1.8446744073709552e+19", RRI_ID_RESPELLED, "18446744073709552000"},
                 {"00e5", RRI_ID_TEXT, ""},
                 {"", RRI_ID_TEXT, ""},
                 {"-", RRI_ID_TEXT, ""},
                 {".", RRI_ID_TEXT, ""},
                 {"e5", RRI_ID_TEXT, ""},
                 {"1e", RRI_ID_TEXT, ""},
                 {"1e5x", RRI_ID_TEXT, ""},
                 {"1e999", RRI_ID_TEXT, ""},
                 {"1e1000", RRI_ID_TEXT, ""},
                 {"1,5", RRI_ID_TEXT, ""},
                 {"0x17", RRI_ID_TEXT, ""},
                 {"nan", RRI_ID_TEXT, ""},
                 {"B000190056", RRI_ID_TEXT, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char usual[RRI_ID_USUAL_MOST];
        size_t n = 0;
        const int spelling = rri_id_spelling(usual, &n, cases[i].id, strlen(cases[i].id));
        ck_assert_msg(spelling == cases[i].spelling, "%s: %d", cases[i].id, spelling);
        ck_assert_msg(n == strlen(cases[i].usual) && memcmp(usual, cases[i].usual, n) == 0,
                      "%s: '%.*s'", cases[i].id, (int)n, usual);
    }
}
END_TEST

START_TEST(test_id_long_numbers_are_texts)
{
    char digits[400];
    char usual[RRI_ID_USUAL_MOST];
    size_t n = 0;
    memset(digits, '1', sizeof digits);
    for (size_t length = 1; length < sizeof digits; length++) {
        const int spelling = rri_id_spelling(usual, &n, digits, length);
        ck_assert(spelling == RRI_ID_TEXT || (spelling == RRI_ID_USUAL && n == length));
    }
    for (int e = -200; e < 200; e++) {
        char text[32];
        const int length = snprintf(text, sizeof text, "-12.5e%d", e);
        const int spelling = rri_id_spelling(usual, &n, text, (size_t)length);
        ck_assert(spelling == RRI_ID_TEXT || n <= sizeof usual);
    }
}
END_TEST

CHECK_MAIN("data/id", test_id_a_plain_number_is_its_own_key,
           test_id_a_number_has_one_usual_spelling, test_id_long_numbers_are_texts)
