/* SPDX-License-Identifier: MIT */
/* field_value.c: the long way of each value, then the sentence. */
#include "data/field_value.h"

#include <math.h>
#include <string.h>

#include "core/text.h"
#include "data/date_time.h"
#include "data/id.h"

bool rri_field_value_is_missing(const rri_table_field *said)
{
    static const char *const words[] = {"",    "nan", "NaN", "NAN", "null", "NULL", "None",
                                        "\\N", "NA",  "N/A", "n/a", "<NA>", "#N/A"};
    for (size_t i = 0; said->length <= 4 && i < sizeof words / sizeof words[0]; i++) {
        if (said->length == strlen(words[i]) && memcmp(said->text, words[i], said->length) == 0) {
            return true;
        }
    }
    return false;
}

static rr_status refuse_missing(const rri_table_piece *piece, const rri_table_field *field,
                                const rri_table_field *said, const char *name, rr_error *err)
{
    char shown[RRI_TABLE_SHOWN];
    const bool is_empty = said->length == 0;
    return rri_table_fail(
        piece, field->text, err,
        "%s is %s%s%s; skips_incomplete (train --skip-incomplete) skips such rows", name,
        is_empty ? "empty" : "'", is_empty ? "" : rri_table_show(shown, said),
        is_empty ? "" : "', as a value that is missing is written");
}

static rr_status refuse(const rri_table_piece *piece, const rri_table_field *field,
                        const rri_table_field *said, const char *name, const char *allowed,
                        rr_error *err)
{
    char shown[RRI_TABLE_SHOWN];
    if (rri_field_value_is_missing(said)) {
        return refuse_missing(piece, field, said, name, err);
    }
    return rri_table_fail(piece, field->text, err, "%s is '%s'; it must be %s", name,
                          rri_table_show(shown, said), allowed);
}

rr_status rri_field_value_long_id(uint64_t *key, uint64_t *check, const rri_table_field *field,
                                  const char *name, const rri_table_piece *piece, rr_error *err)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field said = rri_table_field_clean(buffer, field, piece->form);
    if (rri_field_value_is_missing(&said)) {
        return refuse_missing(piece, field, &said, name, err);
    }
    if (said.length > RRI_TABLE_FIELD_MOST) {
        return rri_table_fail(piece, field->text, err, "%s has more than %zu bytes", name,
                              RRI_TABLE_FIELD_MOST);
    }
    if (memchr(said.text, '\0', said.length) != NULL) {
        return rri_table_fail(piece, field->text, err, "%s has a byte 0, which no text has", name);
    }
    if (!rri_text_is_utf8(said.text, said.length)) {
        char shown[RRI_TABLE_SHOWN];
        return rri_table_fail(piece, field->text, err,
                              "%s is '%s', which is not UTF-8: if the file is Latin-1, iconv -f "
                              "latin1 -t utf8 makes it so",
                              name, rri_table_show(shown, &said));
    }
    *key = rri_id_key(check, said.text, said.length);
    return RR_OK;
}

/* "4", "3.5", "-0.25": at most seven digits, which a float holds, over a power of ten that one
 * holds too; so the one division rounds correctly. Everything else goes the long way. */
static bool parse_short(float *value, const char *text, size_t length)
{
    static const float powers[8] = {1.0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    const bool is_negative = length > 0 && text[0] == '-';
    size_t n_digits = 0, n_decimals = 0;
    uint32_t digits = 0;
    bool has_point = false;
    for (size_t i = is_negative ? 1 : 0; i < length; i++) {
        if (text[i] == '.' && !has_point && n_digits > 0) {
            has_point = true;
        } else if (text[i] >= '0' && text[i] <= '9' && n_digits < 7) {
            digits = digits * 10 + (uint32_t)(text[i] - '0');
            n_digits++;
            n_decimals += has_point ? 1 : 0;
        } else {
            return false;
        }
    }
    if (n_digits == 0 || (has_point && n_decimals == 0)) {
        return false;
    }
    const float size = (float)digits / powers[n_decimals];
    *value = is_negative ? -size : size;
    return true;
}

bool rri_field_value_plain_rating(float *rating, const rri_table_field *field)
{
    return parse_short(rating, field->text, field->length);
}

static bool parse_float(float *value, const rri_table_field *field)
{
    return parse_short(value, field->text, field->length) ||
           rri_text_parse_float(value, field->text, field->length);
}

static bool is_word(const rri_table_field *said, const char *lower, const char *title)
{
    return said->length == strlen(lower) && (memcmp(said->text, lower, said->length) == 0 ||
                                             memcmp(said->text, title, said->length) == 0);
}

rr_status rri_field_value_long_rating(float *rating, const rri_table_field *field, const char *name,
                                      const rri_table_piece *piece, rr_error *err)
{
    if (parse_short(rating, field->text, field->length)) {
        return RR_OK;
    }
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field said = rri_table_field_clean(buffer, field, piece->form);
    const bool is_true = is_word(&said, "true", "True");
    if (is_true || is_word(&said, "false", "False")) {
        *rating = is_true ? 1.0f : 0.0f;
        return RR_OK;
    }
    return parse_float(rating, &said) ? RR_OK
                                      : refuse(piece, field, &said, name, "a finite number", err);
}

/* "881250949", or "881250949.0" as a column of floats is written: the decimals are cut off. */
static bool parse_plain_time(int64_t *time, const rri_table_field *field)
{
    const char *const point = field->length == 0 ? NULL : memchr(field->text, '.', field->length);
    const size_t whole = point == NULL ? field->length : (size_t)(point - field->text);
    for (size_t i = whole + 1; i < field->length; i++) {
        if (field->text[i] < '0' || field->text[i] > '9') {
            return false;
        }
    }
    return rri_text_parse_int64(time, field->text, whole);
}

rr_status rri_field_value_long_time(int64_t *time, size_t *n_dates, const rri_table_field *field,
                                    const char *name, const rri_table_piece *piece, rr_error *err)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field said = rri_table_field_clean(buffer, field, piece->form);
    if (parse_plain_time(time, &said)) {
        return RR_OK;
    }
    if (rri_date_time_parse(time, said.text, said.length)) {
        *n_dates += 1;
        return RR_OK;
    }
    double value = 0.0;
    if (rri_text_parse_double(&value, said.text, said.length) && fabs(value) < 0x1p63) {
        *time = (int64_t)value;
        return RR_OK;
    }
    return refuse(piece, field, &said, name,
                  "a number of 64 bits or a date (2019-11-24, 2019-11-24 00:00:13+00:00); "
                  "time_column \"\" (train --columns time=) reads none",
                  err);
}

rr_status rri_field_value_position(int32_t *position, const rri_table_field *field,
                                   const char *name, const rri_table_piece *piece, rr_error *err)
{
    uint64_t value = 0;
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field said = rri_table_field_clean(buffer, field, piece->form);
    if (!rri_text_parse_uint64(&value, said.text, said.length) || value > INT32_MAX) {
        return refuse(piece, field, &said, name, "a whole number in [0, 2147483647]", err);
    }
    *position = (int32_t)value;
    return RR_OK;
}

rr_status rri_field_value_propensity(float *propensity, const rri_table_field *field,
                                     const char *name, const rri_table_piece *piece, rr_error *err)
{
    float value = 0.0f;
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    const rri_table_field said = rri_table_field_clean(buffer, field, piece->form);
    if (!parse_float(&value, &said) || !(value > 0.0f && value <= 1.0f)) {
        return refuse(piece, field, &said, name, "a probability in (0, 1]", err);
    }
    *propensity = value;
    return RR_OK;
}
