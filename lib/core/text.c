/* SPDX-License-Identifier: MIT */
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plain_locale.h"

#define LONGEST_NUMBER 63

bool rri_text_parse_uint64(uint64_t *out, const char *text, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (length == 0) {
        return false;
    }
    *out = value;
    return true;
}

bool rri_text_parse_int64(int64_t *out, const char *text, size_t length)
{
    const bool is_negative = length > 0 && text[0] == '-';
    const size_t sign = is_negative ? 1 : 0;
    uint64_t magnitude = 0;
    if (!rri_text_parse_uint64(&magnitude, text + sign, length - sign)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + sign) {
        return false;
    }
    if (is_negative) {
        *out = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    } else {
        *out = (int64_t)magnitude;
    }
    return true;
}

/* Copies a text of decimal notation, terminated; the forms that strtod knows beyond it are refused.
 */
static bool copy_decimal(char out[LONGEST_NUMBER + 1], const char *text, size_t length)
{
    if (length == 0 || length > LONGEST_NUMBER) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' || strchr("0123456789+-.eE", text[i]) == NULL) {
            return false;
        }
    }
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

bool rri_text_parse_float(float *out, const char *text, size_t length)
{
    char copy[LONGEST_NUMBER + 1];
    if (!copy_decimal(copy, text, length)) {
        return false;
    }
    char *end = NULL;
    const rri_plain_locale held = rri_plain_locale_enter();
    const float value = strtof(copy, &end);
    rri_plain_locale_leave(held);
    if (end != copy + length || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool rri_text_parse_double(double *out, const char *text, size_t length)
{
    char copy[LONGEST_NUMBER + 1];
    if (!copy_decimal(copy, text, length)) {
        return false;
    }
    char *end = NULL;
    const rri_plain_locale held = rri_plain_locale_enter();
    const double value = strtod(copy, &end);
    rri_plain_locale_leave(held);
    if (end != copy + length || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

/* Digits before the point, at most 9: written out rather than as a power of ten. */
static int count_whole_digits(float value)
{
    int n_digits = 1;
    for (double power = 10.0; power <= fabs((double)value) && n_digits < 9; power *= 10.0) {
        n_digits++;
    }
    return fabs((double)value) < 1e9 ? n_digits : 1;
}

void rri_text_format_float(char out[RRI_TEXT_FLOAT_CAPACITY], float value)
{
    if (!isfinite(value)) {
        const char *word = isnan(value) ? "nan" : value > 0.0f ? "inf" : "-inf";
        memcpy(out, word, strlen(word) + 1);
        return;
    }
    const rri_plain_locale held = rri_plain_locale_enter();
    for (int n_digits = count_whole_digits(value); n_digits <= 9; n_digits++) {
        (void)snprintf(out, RRI_TEXT_FLOAT_CAPACITY, "%.*g", n_digits, (double)value);
        const float back = strtof(out, NULL);
        if (memcmp(&back, &value, sizeof back) == 0) {
            break;
        }
    }
    rri_plain_locale_leave(held);
}
