/* SPDX-License-Identifier: MIT */
#include "core/config_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

size_t rri_config_value_size(const rri_config_field *field)
{
    switch (field->type) {
    case RRI_CONFIG_INT64:
    case RRI_CONFIG_UINT64:
        return 8;
    case RRI_CONFIG_INT32X4:
        return RRI_CONFIG_LIST_LENGTH * sizeof(int32_t);
    case RRI_CONFIG_INT32:
    case RRI_CONFIG_FLOAT:
    case RRI_CONFIG_BOOL:
    case RRI_CONFIG_CHOICE:
        break;
    }
    return 4;
}

const char *rri_config_value_type_name(const rri_config_field *field)
{
    switch (field->type) {
    case RRI_CONFIG_INT32:
        return "int32";
    case RRI_CONFIG_INT64:
        return "int64";
    case RRI_CONFIG_UINT64:
        return "uint64";
    case RRI_CONFIG_FLOAT:
        return "float";
    case RRI_CONFIG_BOOL:
        return "bool";
    case RRI_CONFIG_INT32X4:
        return "int32[4]";
    case RRI_CONFIG_CHOICE:
        break;
    }
    return field->range.choices;
}

/* ── text ── */

/* The length of the piece of `text` up to `separator` or the end. */
static size_t piece_length(const char *text, char separator)
{
    const char *end = strchr(text, separator);
    return end == NULL ? strlen(text) : (size_t)(end - text);
}

/* The start of the choice at `position`; NULL when there are fewer. */
static const char *choice_at(const char *choices, int32_t position)
{
    const char *choice = choices;
    for (int32_t i = 0; i < position; i++) {
        choice = strchr(choice, '|');
        if (choice == NULL) {
            return NULL;
        }
        choice++;
    }
    return position < 0 ? NULL : choice;
}

static bool parse_int32(int32_t *out, const char *text, size_t length)
{
    int64_t wide = 0;
    if (!rri_text_parse_int64(&wide, text, length) || wide < INT32_MIN || wide > INT32_MAX) {
        return false;
    }
    *out = (int32_t)wide;
    return true;
}

static bool parse_bool(int32_t *out, const char *text)
{
    const bool is_true = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    const bool is_false = strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
    *out = is_true ? 1 : 0;
    return is_true || is_false;
}

static bool parse_list(int32_t out[RRI_CONFIG_LIST_LENGTH], const char *text)
{
    for (size_t i = 0; i < RRI_CONFIG_LIST_LENGTH; i++) {
        const size_t length = piece_length(text, ',');
        if (!parse_int32(&out[i], text, length)) {
            return false;
        }
        if (text[length] == '\0') {
            return true;
        }
        text += length + 1;
    }
    return false;
}

static bool parse_choice(int32_t *out, const char *choices, const char *text)
{
    const size_t length = strlen(text);
    const char *choice = choices;
    for (int32_t i = 0; choice != NULL; i++) {
        if (piece_length(choice, '|') == length && memcmp(choice, text, length) == 0) {
            *out = i;
            return true;
        }
        choice = choice_at(choices, i + 1);
    }
    return false;
}

bool rri_config_value_parse(rri_config_value *out, const rri_config_field *field, const char *text)
{
    const size_t length = strlen(text);
    memset(out, 0, sizeof *out);
    switch (field->type) {
    case RRI_CONFIG_INT32:
        return parse_int32(out->as.int32, text, length);
    case RRI_CONFIG_INT64:
        return rri_text_parse_int64(&out->as.int64, text, length);
    case RRI_CONFIG_UINT64:
        return rri_text_parse_uint64(&out->as.uint64, text, length);
    case RRI_CONFIG_FLOAT:
        return rri_text_parse_float(&out->as.real, text, length);
    case RRI_CONFIG_BOOL:
        return parse_bool(out->as.int32, text);
    case RRI_CONFIG_INT32X4:
        return parse_list(out->as.int32, text);
    case RRI_CONFIG_CHOICE:
        return parse_choice(out->as.int32, field->range.choices, text);
    }
    return false;
}

static void format_list(char out[RRI_CONFIG_TEXT_CAPACITY],
                        const int32_t list[RRI_CONFIG_LIST_LENGTH])
{
    size_t n = RRI_CONFIG_LIST_LENGTH;
    while (n > 1 && list[n - 1] == 0) {
        n--;
    }
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        used += (size_t)snprintf(out + used, RRI_CONFIG_TEXT_CAPACITY - used, "%s%d",
                                 i == 0 ? "" : ",", list[i]);
    }
}

void rri_config_value_format(char out[RRI_CONFIG_TEXT_CAPACITY], const rri_config_field *field,
                             const rri_config_value *given)
{
    const size_t capacity = RRI_CONFIG_TEXT_CAPACITY;
    const char *choice = NULL;
    switch (field->type) {
    case RRI_CONFIG_FLOAT:
        rri_text_format_float(out, given->as.real);
        return;
    case RRI_CONFIG_INT64:
        (void)snprintf(out, capacity, "%lld", (long long)given->as.int64);
        return;
    case RRI_CONFIG_UINT64:
        (void)snprintf(out, capacity, "%llu", (unsigned long long)given->as.uint64);
        return;
    case RRI_CONFIG_INT32X4:
        format_list(out, given->as.int32);
        return;
    case RRI_CONFIG_CHOICE:
        choice = choice_at(field->range.choices, given->as.int32[0]);
        break;
    case RRI_CONFIG_INT32:
    case RRI_CONFIG_BOOL:
        break;
    }
    if (choice != NULL) {
        (void)snprintf(out, capacity, "%.*s", (int)piece_length(choice, '|'), choice);
    } else {
        (void)snprintf(out, capacity, "%d", given->as.int32[0]);
    }
}

/* ── checks ── */

static bool is_number_in_range(const rri_config_range *range, double number)
{
    const bool is_above = range->is_low_open ? number > range->low : number >= range->low;
    const bool is_below = range->is_high_open ? number < range->high : number <= range->high;
    return is_above && is_below && !(range->is_even && fmod(number, 2.0) != 0.0);
}

/* Every number of a list in range, and nothing behind the first 0. */
static bool is_list_in_range(const rri_config_range *range,
                             const int32_t list[RRI_CONFIG_LIST_LENGTH])
{
    for (size_t i = 0; i < RRI_CONFIG_LIST_LENGTH; i++) {
        const bool is_behind_end = i > 0 && list[i - 1] == 0;
        if (!is_number_in_range(range, list[i]) || (is_behind_end && list[i] != 0)) {
            return false;
        }
    }
    return true;
}

bool rri_config_value_is_in_range(const rri_config_field *field, const rri_config_value *given)
{
    switch (field->type) {
    case RRI_CONFIG_FLOAT:
        return isfinite(given->as.real) && is_number_in_range(&field->range, given->as.real);
    case RRI_CONFIG_INT64:
        return is_number_in_range(&field->range, (double)given->as.int64);
    case RRI_CONFIG_UINT64:
        return is_number_in_range(&field->range, (double)given->as.uint64);
    case RRI_CONFIG_INT32X4:
        return is_list_in_range(&field->range, given->as.int32);
    case RRI_CONFIG_INT32:
    case RRI_CONFIG_BOOL:
        return is_number_in_range(&field->range, given->as.int32[0]);
    case RRI_CONFIG_CHOICE:
        return choice_at(field->range.choices, given->as.int32[0]) != NULL;
    }
    return false;
}
