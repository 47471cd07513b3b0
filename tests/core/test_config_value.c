/* SPDX-License-Identifier: MIT */
#include "core/config_value.h"

#include <string.h>

#include "check_run.h"

static rri_config_field field_of(rri_config_type type)
{
    const rri_config_range any = RRI_CONFIG_ANY;
    const rri_config_range yes_no = RRI_CONFIG_YES_NO;
    const rri_config_range one_of = RRI_CONFIG_ONE_OF("tower", "dense");
    const rri_config_field field = {
        type,
        "x",
        0,
        "0",
        type == RRI_CONFIG_CHOICE ? one_of : type == RRI_CONFIG_BOOL ? yes_no : any,
        "text"};
    return field;
}

/* The text that a text becomes when it is read and written; "refused" when it is not taken. */
static const char *there_and_back(rri_config_type type, const char *text)
{
    static char out[RRI_CONFIG_TEXT_CAPACITY];
    const rri_config_field field = field_of(type);
    rri_config_value value;
    if (!rri_config_value_parse(&value, &field, text)) {
        return "refused";
    }
    rri_config_value_format(out, &field, &value);
    return out;
}

START_TEST(test_config_value_texts_come_back)
{
    ck_assert_str_eq(there_and_back(RRI_CONFIG_INT32, "-2147483648"), "-2147483648");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_INT64, "-9223372036854775808"),
                     "-9223372036854775808");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_UINT64, "18446744073709551615"),
                     "18446744073709551615");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_FLOAT, "0.20"), "0.2");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_BOOL, "true"), "1");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_BOOL, "false"), "0");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_BOOL, "1"), "1");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_CHOICE, "tower"), "tower");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_CHOICE, "dense"), "dense");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_INT32X4, "64,64"), "64,64");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_INT32X4, "0"), "0");
    ck_assert_str_eq(there_and_back(RRI_CONFIG_INT32X4, "1,2,3,4"), "1,2,3,4");
    ck_assert_str_eq(
        there_and_back(RRI_CONFIG_INT32X4, "-2147483648,-2147483648,-2147483648,-2147483648"),
        "-2147483648,-2147483648,-2147483648,-2147483648");
}
END_TEST

START_TEST(test_config_value_foreign_texts_are_refused)
{
    static const struct {
        rri_config_type type;
        const char *text;
    } refused[] = {
        {RRI_CONFIG_INT32, "2147483648"}, {RRI_CONFIG_INT32, "1.5"},
        {RRI_CONFIG_INT32, ""},           {RRI_CONFIG_UINT64, "-1"},
        {RRI_CONFIG_FLOAT, "fast"},       {RRI_CONFIG_BOOL, "2"},
        {RRI_CONFIG_BOOL, "yes"},         {RRI_CONFIG_CHOICE, "tow"},
        {RRI_CONFIG_CHOICE, ""},          {RRI_CONFIG_CHOICE, "tower|dense"},
        {RRI_CONFIG_CHOICE, "towers"},    {RRI_CONFIG_INT32X4, "1,2,3,4,5"},
        {RRI_CONFIG_INT32X4, "1,,2"},     {RRI_CONFIG_INT32X4, "1,"},
        {RRI_CONFIG_INT32X4, ""},         {RRI_CONFIG_INT32X4, "1;2"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_msg(strcmp(there_and_back(refused[i].type, refused[i].text), "refused") == 0,
                      "'%s' was taken", refused[i].text);
    }
}
END_TEST

static bool has(rri_config_type type, rri_config_range range, rri_config_value value)
{
    rri_config_field field = field_of(type);
    field.range = range;
    return rri_config_value_is_in_range(&field, &value);
}

static bool has_real(rri_config_range range, float x)
{
    const rri_config_value value = {.as.real = x};
    return has(RRI_CONFIG_FLOAT, range, value);
}

static bool has_int(rri_config_range range, int32_t x)
{
    const rri_config_value value = {.as.int32 = {x}};
    return has(RRI_CONFIG_INT32, range, value);
}

START_TEST(test_config_value_open_ends_are_outside_and_closed_ends_inside)
{
    const rri_config_range closed = RRI_CONFIG_BETWEEN(0, 1);
    const rri_config_range open = RRI_CONFIG_BETWEEN_OPEN(0, 1);
    const rri_config_range right_open = RRI_CONFIG_FROM_TO_OPEN(0, 1);
    const rri_config_range left_open = RRI_CONFIG_FROM_OPEN_TO(0, 1);
    ck_assert(has_real(closed, 0) && has_real(closed, 1));
    ck_assert(!has_real(open, 0) && !has_real(open, 1) && has_real(open, 0.5f));
    ck_assert(has_real(right_open, 0) && !has_real(right_open, 1));
    ck_assert(!has_real(left_open, 0) && has_real(left_open, 1));
    ck_assert(!has_real(closed, -1e-7f) && !has_real(closed, 1.0000001f));
    ck_assert_str_eq(closed.text, "[0, 1]");
    ck_assert_str_eq(open.text, "(0, 1)");
    ck_assert_str_eq(right_open.text, "[0, 1)");
    ck_assert_str_eq(left_open.text, "(0, 1]");
}
END_TEST

START_TEST(test_config_value_one_sided_ranges)
{
    const rri_config_range at_least = RRI_CONFIG_AT_LEAST(2);
    const rri_config_range above = RRI_CONFIG_ABOVE(2);
    const rri_config_range even = RRI_CONFIG_EVEN_AT_LEAST(2);
    ck_assert(has_int(at_least, 2) && !has_int(at_least, 1) && has_int(at_least, INT32_MAX));
    ck_assert(has_real(above, 2.1f) && !has_real(above, 2));
    ck_assert(has_int(even, 2) && !has_int(even, 3) && has_int(even, 4) && !has_int(even, 0));
    ck_assert_str_eq(at_least.text, "at least 2");
    ck_assert_str_eq(above.text, "above 2");
    ck_assert_str_eq(even.text, "even and at least 2");
}
END_TEST

START_TEST(test_config_value_not_finite_is_in_no_range)
{
    const rri_config_range any = RRI_CONFIG_ANY;
    const rri_config_range at_least = RRI_CONFIG_AT_LEAST(0);
    ck_assert(!has_real(any, NAN) && !has_real(any, INFINITY) && !has_real(any, -INFINITY));
    ck_assert(!has_real(at_least, NAN) && !has_real(at_least, INFINITY));
}
END_TEST

START_TEST(test_config_value_lists_end_at_their_first_zero)
{
    const rri_config_range at_least = RRI_CONFIG_AT_LEAST(0);
    const rri_config_value good = {.as.int32 = {64, 32, 0, 0}};
    const rri_config_value none = {.as.int32 = {0}};
    const rri_config_value gap = {.as.int32 = {64, 0, 32, 0}};
    const rri_config_value late = {.as.int32 = {0, 0, 0, 1}};
    const rri_config_value negative = {.as.int32 = {64, -1, 0, 0}};
    ck_assert(has(RRI_CONFIG_INT32X4, at_least, good));
    ck_assert(has(RRI_CONFIG_INT32X4, at_least, none));
    ck_assert(!has(RRI_CONFIG_INT32X4, at_least, gap));
    ck_assert(!has(RRI_CONFIG_INT32X4, at_least, late));
    ck_assert(!has(RRI_CONFIG_INT32X4, at_least, negative));
}
END_TEST

START_TEST(test_config_value_choices_are_those_with_a_name)
{
    const rri_config_range one_of = RRI_CONFIG_ONE_OF("tower", "dense");
    for (int32_t i = -2; i < 5; i++) {
        const rri_config_value value = {.as.int32 = {i}};
        ck_assert_int_eq(has(RRI_CONFIG_CHOICE, one_of, value), i == 0 || i == 1);
    }
}
END_TEST

START_TEST(test_config_value_types_have_names_and_sizes)
{
    static const struct {
        rri_config_type type;
        const char *name;
        size_t size;
    } types[] = {{RRI_CONFIG_INT32, "int32", 4},       {RRI_CONFIG_INT64, "int64", 8},
                 {RRI_CONFIG_UINT64, "uint64", 8},     {RRI_CONFIG_FLOAT, "float", 4},
                 {RRI_CONFIG_BOOL, "bool", 4},         {RRI_CONFIG_INT32X4, "int32[4]", 16},
                 {RRI_CONFIG_CHOICE, "tower|dense", 4}};
    for (size_t i = 0; i < 7; i++) {
        const rri_config_field field = field_of(types[i].type);
        ck_assert_str_eq(rri_config_value_type_name(&field), types[i].name);
        ck_assert_uint_eq(rri_config_value_size(&field), types[i].size);
    }
}
END_TEST

CHECK_MAIN("core/config_value", test_config_value_texts_come_back,
           test_config_value_foreign_texts_are_refused,
           test_config_value_open_ends_are_outside_and_closed_ends_inside,
           test_config_value_one_sided_ranges, test_config_value_not_finite_is_in_no_range,
           test_config_value_lists_end_at_their_first_zero,
           test_config_value_choices_are_those_with_a_name,
           test_config_value_types_have_names_and_sizes)
