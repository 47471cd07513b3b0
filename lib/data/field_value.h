/* SPDX-License-Identifier: MIT */
/* field_value.h: what a field of a table says, or a sentence with its place.
 *
 * Nearly all fields are short numbers, which are read eight digits at a time where they stand
 * (RRI_ROW_WALK_SLACK bytes are readable behind them); any other is cleaned of blanks and quotes
 * and read the long way, with the same value. */
#ifndef RRI_DATA_FIELD_VALUE_H
#define RRI_DATA_FIELD_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/digits.h"
#include "data/table_form.h"

/* Whether a field that was cleaned is empty, or says that there is nothing: "nan", "None", … */
bool rri_field_value_is_missing(const rri_table_field *said);

/* Key and check (id.h) of an id. name: of the column, for sentences. */
rr_status rri_field_value_long_id(uint64_t *key, uint64_t *check, const rri_table_field *field,
                                  const char *name, const rri_table_piece *piece, rr_error *err);

/* A finite number, rounded correctly; true and false are 1 and 0. */
rr_status rri_field_value_long_rating(float *rating, const rri_table_field *field, const char *name,
                                      const rri_table_piece *piece, rr_error *err);

/* A number of 64 bits, whose decimals are cut off, or a date and time (date_time.h), which is
 * counted in *n_dates. */
rr_status rri_field_value_long_time(int64_t *time, size_t *n_dates, const rri_table_field *field,
                                    const char *name, const rri_table_piece *piece, rr_error *err);

/* A position in a list: [0, 2^31). */
rr_status rri_field_value_position(int32_t *position, const rri_table_field *field,
                                   const char *name, const rri_table_piece *piece, rr_error *err);

/* A probability of what was shown: (0, 1]. */
rr_status rri_field_value_propensity(float *propensity, const rri_table_field *field,
                                     const char *name, const rri_table_piece *piece, rr_error *err);

/* At most seven digits, with a point among them or without: "10", "4.25", "-0.5". */
bool rri_field_value_plain_rating(float *rating, const rri_table_field *field);

/* One to sixteen digits that do not begin with a zero. */
static inline bool rri_field_value_short_id(uint64_t *key, const rri_table_field *field)
{
    const size_t n = field->length;
    return n - 1 < 16 && !(n > 1 && field->text[0] == '0') &&
           rri_digits_read_long(key, field->text, n);
}

/* "4" or "3.5". */
static inline bool rri_field_value_short_rating(float *rating, const rri_table_field *field)
{
    const unsigned whole = (unsigned)field->text[0] - '0';
    if (field->length == 1 && whole < 10) {
        *rating = (float)whole;
        return true;
    }
    const unsigned decimals = field->length == 3 ? (unsigned)field->text[2] - '0' : 10;
    if (whole > 9 || decimals > 9 || field->text[1] != '.') {
        return false;
    }
    *rating = (float)(int)(10 * whole + decimals) / 10.0f; /* both fit, so it rounds correctly */
    return true;
}

/* One to sixteen digits. */
static inline bool rri_field_value_short_time(int64_t *time, const rri_table_field *field)
{
    uint64_t value = 0;
    const bool is_short =
        field->length - 1 < 16 && rri_digits_read_long(&value, field->text, field->length);
    *time = (int64_t)value;
    return is_short;
}

static inline rr_status rri_field_value_id(uint64_t *key, uint64_t *check,
                                           const rri_table_field *field, const char *name,
                                           const rri_table_piece *piece, rr_error *err)
{
    *check = 0;
    return rri_field_value_short_id(key, field)
               ? RR_OK
               : rri_field_value_long_id(key, check, field, name, piece, err);
}

static inline rr_status rri_field_value_rating(float *rating, const rri_table_field *field,
                                               const char *name, const rri_table_piece *piece,
                                               rr_error *err)
{
    return rri_field_value_short_rating(rating, field)
               ? RR_OK
               : rri_field_value_long_rating(rating, field, name, piece, err);
}

static inline rr_status rri_field_value_time(int64_t *time, size_t *n_dates,
                                             const rri_table_field *field, const char *name,
                                             const rri_table_piece *piece, rr_error *err)
{
    return rri_field_value_short_time(time, field)
               ? RR_OK
               : rri_field_value_long_time(time, n_dates, field, name, piece, err);
}

#endif
