/* SPDX-License-Identifier: MIT */
#include "data/field_value.h"

#include <string.h>

#include "check_run.h"
#include "core/hash.h"

static const rri_table_text table = {.name = "f", .line = 3};

static rri_table_field field_of(const char *text)
{
    return (rri_table_field){text, strlen(text), 5};
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
        ck_assert_int_eq(rri_field_value_position(&position, &field, &table, NULL), RR_OK);
    }
    ck_assert_int_eq(position, INT32_MAX);
    for (size_t i = 0; i < 5; i++) {
        const rri_table_field field = field_of(bad_positions[i]);
        ck_assert_int_eq(rri_field_value_position(&position, &field, &table, &err), RR_E_FORMAT);
    }
    ck_assert_str_eq(err.text, "f:3:5: position is 'x'; it must be a whole number in [0, "
                               "2147483647]");
    ck_assert_int_eq(position, INT32_MAX);
    for (size_t i = 0; i < 4; i++) {
        const rri_table_field field = field_of(good_propensities[i]);
        ck_assert_int_eq(rri_field_value_propensity(&propensity, &field, &table, NULL), RR_OK);
    }
    ck_assert_float_eq(propensity, 1.0f);
    for (size_t i = 0; i < 7; i++) {
        const rri_table_field field = field_of(bad_propensities[i]);
        ck_assert_msg(rri_field_value_propensity(&propensity, &field, &table, &err) == RR_E_FORMAT,
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
    for (size_t i = 0; i < 5; i++) {
        const rri_table_field field = field_of(cases[i].text);
        ck_assert_int_eq(rri_field_value_time(&time, &field, &table, NULL), RR_OK);
        ck_assert_int_eq(time, cases[i].time);
    }
    rr_error err = {0};
    const rri_table_field field = field_of("2019-11-24");
    ck_assert_int_eq(rri_field_value_time(&time, &field, &table, &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:3:5: timestamp is '2019-11-24'; it must be a number of 64 bits "
                               "or a date and time (2019-11-24 00:00:13+00:00)");
}
END_TEST

START_TEST(test_field_value_id_is_a_number_or_a_hash)
{
    rri_allocator allocator;
    rri_key_table keys;
    int32_t index = -1;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_key_table_init(&keys, &allocator);
    const rri_table_field number = field_of("42"), text = field_of("042"), none = field_of("");
    ck_assert_int_eq(rri_field_value_id(&index, &keys, &number, "user_id", &table, NULL), RR_OK);
    ck_assert_int_eq(rri_field_value_id(&index, &keys, &text, "user_id", &table, NULL), RR_OK);
    ck_assert_int_eq(index, 1);
    ck_assert_uint_eq(keys.keys[0], 42);
    ck_assert_uint_eq(keys.keys[1], rri_hash_bytes("042", 3, 0));
    rr_error err = {0};
    ck_assert_int_eq(rri_field_value_id(&index, &keys, &none, "user_id", &table, &err),
                     RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:3:5: user_id is empty");
    rri_key_table_release(&keys);
}
END_TEST

START_TEST(test_field_value_rating_is_finite)
{
    static const char *const bad[] = {"", "nan", "inf", "1e39", " 3", "x"};
    float rating = 7.0f;
    for (size_t i = 0; i < 6; i++) {
        const rri_table_field field = field_of(bad[i]);
        ck_assert_int_eq(rri_field_value_rating(&rating, &field, &table, NULL), RR_E_FORMAT);
    }
    ck_assert_float_eq(rating, 7.0f);
    const rri_table_field field = field_of("-0.25");
    ck_assert_int_eq(rri_field_value_rating(&rating, &field, &table, NULL), RR_OK);
    ck_assert_float_eq(rating, -0.25f);
}
END_TEST

CHECK_MAIN("data/field_value", test_field_value_positions_and_propensities_stay_in_range,
           test_field_value_time_is_a_number_or_a_date, test_field_value_id_is_a_number_or_a_hash,
           test_field_value_rating_is_finite)
