/* SPDX-License-Identifier: MIT */
/* field_value.c: the short form of each value, then the long one, then the sentence. */
#include "data/field_value.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"
#include "data/date_time.h"

/* A check beside a textual id's key is a second hash, never 0; a numerical id's is 0. */
rr_status rri_field_value_id(int32_t *index, rri_key_table *keys, const rri_table_field *field,
                             const char *name, const rri_table_text *table, rr_error *err)
{
    if (field->length == 0) {
        return rri_table_text_fail(table, field->column, err, "%s is empty", name);
    }
    uint64_t key = 0, check = 0;
    const bool is_padded = field->length > 1 && field->text[0] == '0';
    if (is_padded || !rri_text_parse_uint64(&key, field->text, field->length)) {
        key = rri_hash_bytes(field->text, field->length, 0);
        check = rri_hash_bytes(field->text, field->length, 1) | 1;
    }
    RRI_TRY(rri_key_table_add(keys, index, key, check, err));
    if (keys->checks[*index] != check) {
        char shown[RRI_TABLE_SHOWN];
        return rri_table_text_fail(
            table, field->column, err,
            "%s '%s' has the key %llu, as another id has; rename one of them", name,
            rri_table_text_show(shown, field), (unsigned long long)key);
    }
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

static bool parse_float(float *value, const rri_table_field *field)
{
    return parse_short(value, field->text, field->length) ||
           rri_text_parse_float(value, field->text, field->length);
}

static rr_status refuse(const rri_table_text *table, const rri_table_field *field, const char *name,
                        const char *allowed, rr_error *err)
{
    char shown[RRI_TABLE_SHOWN];
    return rri_table_text_fail(table, field->column, err, "%s is '%s'; it must be %s", name,
                               rri_table_text_show(shown, field), allowed);
}

rr_status rri_field_value_rating(float *rating, const rri_table_field *field,
                                 const rri_table_text *table, rr_error *err)
{
    return parse_float(rating, field) ? RR_OK
                                      : refuse(table, field, "rating", "a finite number", err);
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

rr_status rri_field_value_time(int64_t *time, const rri_table_field *field,
                               const rri_table_text *table, rr_error *err)
{
    if (parse_plain_time(time, field) || rri_date_time_parse(time, field->text, field->length)) {
        return RR_OK;
    }
    double value = 0.0;
    if (rri_text_parse_double(&value, field->text, field->length) && fabs(value) < 0x1p63) {
        *time = (int64_t)value;
        return RR_OK;
    }
    return refuse(table, field, "timestamp",
                  "a number of 64 bits or a date and time (2019-11-24 00:00:13+00:00)", err);
}

rr_status rri_field_value_position(int32_t *position, const rri_table_field *field,
                                   const rri_table_text *table, rr_error *err)
{
    uint64_t value = 0;
    if (!rri_text_parse_uint64(&value, field->text, field->length) || value > INT32_MAX) {
        return refuse(table, field, "position", "a whole number in [0, 2147483647]", err);
    }
    *position = (int32_t)value;
    return RR_OK;
}

rr_status rri_field_value_propensity(float *propensity, const rri_table_field *field,
                                     const rri_table_text *table, rr_error *err)
{
    float value = 0.0f;
    if (!parse_float(&value, field) || !(value > 0.0f && value <= 1.0f)) {
        return refuse(table, field, "propensity_score", "a probability in (0, 1]", err);
    }
    *propensity = value;
    return RR_OK;
}
