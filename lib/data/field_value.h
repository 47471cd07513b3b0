/* SPDX-License-Identifier: MIT */
/* field_value.h: what a field of a table says, or a sentence with its place. */
#ifndef RRI_DATA_FIELD_VALUE_H
#define RRI_DATA_FIELD_VALUE_H

#include "data/key_table.h"
#include "data/table_text.h"

/* The index of an id: decimal digits without a leading zero, below 2^64, are its own key, any other
 * text's key is its hash (core/hash.h, seed 0). Two ids with one key are refused. name: of the
 * column, for sentences. */
rr_status rri_field_value_id(int32_t *index, rri_key_table *keys, const rri_table_field *field,
                             const char *name, const rri_table_text *table, rr_error *err);

/* A finite number, rounded correctly. */
rr_status rri_field_value_rating(float *rating, const rri_table_field *field,
                                 const rri_table_text *table, rr_error *err);

/* A number of 64 bits, whose decimals are cut off, or a date and time (date_time.h). */
rr_status rri_field_value_time(int64_t *time, const rri_table_field *field,
                               const rri_table_text *table, rr_error *err);

/* A position in a list: [0, 2^31). */
rr_status rri_field_value_position(int32_t *position, const rri_table_field *field,
                                   const rri_table_text *table, rr_error *err);

/* A probability of what was shown: (0, 1]. */
rr_status rri_field_value_propensity(float *propensity, const rri_table_field *field,
                                     const rri_table_text *table, rr_error *err);

#endif
