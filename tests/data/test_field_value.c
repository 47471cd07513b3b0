/* SPDX-License-Identifier: MIT */
#include "data/field_value.h"

#include <string.h>

#include "check_run.h"
#include "core/hash.h"

/* Each field stands in the third line, behind four bytes. */
static char text[256];
static const rri_table_form form = {.name = "f", .separator = ',', .width = 1, .has_quotes = true};
static const rri_table_piece table = {&form, text, 1};

static rri_table_field field_of(const char *says)
{
    strcpy(text, "\n\n1,2,");
    strcat(text, says);
    return (rri_table_field){text + 6, strlen(says)};
}

START_TEST(test_field_value_positions_and_propensities_stay_in_range)
{
    static const char *const good_positions[] = {"0", "1", "2147483647"};
    static const char *const bad_positions[] = {"", "-1", "1.0", "2147483648", "x"};
    static const char *const good_propensities[] = {"1", "0.0125", "1e-9", "1.0"};
    static const char *const bad_propensities[] = {"",       "0",   "0.0",  "-0.5",
                                                   "1.0001", "nan", "1e-99"};
    int32_t position = 7;
    float propensity = 7.0f;
    rr_error err = {0};
    for (size_t i = 0; i < 3; i++) {
        const rri_table_field field = field_of(good_positions[i]);
        ck_assert_int_eq(rri_field_value_position(&position, &field, "position", &table, NULL),
                         RR_OK);
    }
    ck_assert_int_eq(position, INT32_MAX);
    for (size_t i = 0; i < 5; i++) {
        const rri_table_field field = field_of(bad_positions[i]);
        ck_assert_int_eq(rri_field_value_position(&position, &field, "position", &table, &err),
                         RR_E_FORMAT);
    }
    ck_assert_str_eq(err.text, "f:3:5: position is 'x'; it must be a whole number in [0, "
                               "2147483647]");
    ck_assert_int_eq(position, INT32_MAX);
    for (size_t i = 0; i < 4; i++) {
        const rri_table_field field = field_of(good_propensities[i]);
        ck_assert_int_eq(
            rri_field_value_propensity(&propensity, &field, "propensity_score", &table, NULL),
            RR_OK);
    }
    ck_assert_float_eq(propensity, 1.0f);
    for (size_t i = 0; i < 7; i++) {
        const rri_table_field field = field_of(bad_propensities[i]);
        ck_assert_msg(rri_field_value_propensity(&propensity, &field, "propensity_score", &table,
                                                 &err) == RR_E_FORMAT,
                      "%s", bad_propensities[i]);
    }
    ck_assert_str_eq(err.text,
                     "f:3:5: propensity_score is '1e-99'; it must be a probability in (0, 1]");
}
END_TEST

START_TEST(test_field_value_time_is_a_number_or_a_date)
{
    static const struct {
        const char *text;
        int64_t time;
    } cases[] = {{"12", 12},
                 {"-3", -3},
                 {"881250951.0", 881250951},
                 {"1.5e3", 1500},
                 {"2019-11-24 00:00:13.004101+00:00", INT64_C(1574553613004101)}};
    int64_t time = 0;
    size_t n_dates = 0;
    for (size_t i = 0; i < 5; i++) {
        const rri_table_field field = field_of(cases[i].text);
        ck_assert_int_eq(rri_field_value_time(&time, &n_dates, &field, "timestamp", &table, NULL),
                         RR_OK);
        ck_assert_int_eq(time, cases[i].time);
    }
    rr_error err = {0};
    const rri_table_field field = field_of("2019-11-31");
    ck_assert_int_eq(rri_field_value_time(&time, &n_dates, &field, "timestamp", &table, &err),
                     RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:3:5: timestamp is '2019-11-31'; it must be a number of 64 bits "
                               "or a date (2019-11-24, 2019-11-24 00:00:13+00:00); "
                               "time_column \"\" (train --columns time=) reads none");
}
END_TEST

START_TEST(test_field_value_id_is_a_number_or_a_hash)
{
    static const struct {
        const char *says;
        uint64_t key;
        const char *hashed; /* NULL: the key is a number */
    } cases[] = {{"42", 42, NULL},
                 {"0", 0, NULL},
                 {"9999999999999999", 9999999999999999, NULL},
                 {"12345678901234567", 12345678901234567, NULL},
                 {"18446744073709551615", UINT64_MAX, NULL},
                 {" 42 ", 42, NULL},
                 {"\"42\"", 42, NULL},
                 {"\" 42\"", 42, NULL},
                 {"042", 0, "042"},
                 {"42.0", 0, "42.0"},
                 {"\"a \"\"b\"\"\"", 0, "a \"b\""},
                 {"18446744073709551616", 0, "18446744073709551616"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t key = 7, check = 7;
        const char *const hashed = cases[i].hashed;
        const rri_table_field field = field_of(cases[i].says);
        ck_assert_int_eq(rri_field_value_id(&key, &check, &field, "user_id", &table, NULL), RR_OK);
        ck_assert_uint_eq(key, hashed == NULL ? cases[i].key
                                              : rri_hash_bytes(hashed, strlen(hashed), 0));
        ck_assert_msg((check == 0) == (hashed == NULL), "%s", cases[i].says);
    }
    uint64_t key = 0, check = 0;
    rr_error err = {0};
    const rri_table_field none = field_of("  ");
    ck_assert_int_eq(rri_field_value_id(&key, &check, &none, "user_id", &table, &err), RR_E_FORMAT);
    ck_assert_str_eq(
        err.text,
        "f:3:5: user_id is empty; skips_incomplete (train --skip-incomplete) skips such rows");
}
END_TEST

START_TEST(test_field_value_rating_is_finite)
{
    static const char *const bad[] = {"", "nan", "inf", "1e39", "3,5", "x"};
    float rating = 7.0f;
    for (size_t i = 0; i < 6; i++) {
        const rri_table_field field = field_of(bad[i]);
        ck_assert_int_eq(rri_field_value_rating(&rating, &field, "rating", &table, NULL),
                         RR_E_FORMAT);
    }
    ck_assert_float_eq(rating, 7.0f);
    static const struct {
        const char *says;
        float rating;
    } good[] = {{"-0.25", -0.25f}, {"True", 1.0f}, {"false", 0.0f}, {" 3", 3.0f}, {"\"4.5\"", 4.5f},
                {"3.25", 3.25f},   {"7", 7.0f},    {"10.0", 10.0f}, {"+2", 2.0f}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const rri_table_field said = field_of(good[i].says);
        ck_assert_int_eq(rri_field_value_rating(&rating, &said, "rating", &table, NULL), RR_OK);
        ck_assert_float_eq(rating, good[i].rating);
    }
}
END_TEST

CHECK_MAIN("data/field_value", test_field_value_positions_and_propensities_stay_in_range,
           test_field_value_time_is_a_number_or_a_date, test_field_value_id_is_a_number_or_a_hash,
           test_field_value_rating_is_finite)
