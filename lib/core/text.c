/* SPDX-License-Identifier: MIT */
#include "core/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NUMBER 63

/* The calling thread in the "C" locale for the length of a few calls, so that numbers are written
 * and read with a point whatever the host has set. Only this thread sees it; the C libraries keep
 * the "C" locale as a constant, so nothing is allocated. */
typedef struct plain_locale {
    locale_t plain, before; /* plain 0: the system refused, the host's locale stays */
} plain_locale;

static plain_locale enter_plain_locale(void)
{
    plain_locale held = {newlocale(LC_ALL_MASK, "C", (locale_t)0), (locale_t)0};
    if (held.plain != (locale_t)0) {
        held.before = uselocale(held.plain);
    }
    return held;
}

static void leave_plain_locale(plain_locale held)
{
    if (held.plain != (locale_t)0) {
        (void)uselocale(held.before);
        freelocale(held.plain);
    }
}

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
    const plain_locale held = enter_plain_locale();
    const float value = strtof(copy, &end);
    leave_plain_locale(held);
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
    const plain_locale held = enter_plain_locale();
    const double value = strtod(copy, &end);
    leave_plain_locale(held);
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
    const plain_locale held = enter_plain_locale();
    for (int n_digits = count_whole_digits(value); n_digits <= 9; n_digits++) {
        (void)snprintf(out, RRI_TEXT_FLOAT_CAPACITY, "%.*g", n_digits, (double)value);
        const float back = strtof(out, NULL);
        if (memcmp(&back, &value, sizeof back) == 0) {
            break;
        }
    }
    leave_plain_locale(held);
}

/* ── sentences ── */

/* Bytes of the UTF-8 character that begins here, of which `n` bytes are there; 0: there is none. */
static size_t character_bytes(const unsigned char *c, size_t n)
{
    if (c[0] < 0x80u) {
        return 1;
    }
    const size_t wanted = c[0] >= 0xC2u && c[0] <= 0xDFu   ? 2
                          : c[0] >= 0xE0u && c[0] <= 0xEFu ? 3
                          : c[0] >= 0xF0u && c[0] <= 0xF4u ? 4
                                                           : 0;
    if (wanted == 0 || wanted > n) {
        return 0;
    }
    for (size_t i = 1; i < wanted; i++) {
        if ((c[i] & 0xC0u) != 0x80u) {
            return 0;
        }
    }
    /* Too long a form of a smaller number, half of a surrogate pair, or beyond the last one. */
    const bool is_none = (c[0] == 0xE0u && c[1] < 0xA0u) || (c[0] == 0xEDu && c[1] > 0x9Fu) ||
                         (c[0] == 0xF0u && c[1] < 0x90u) || (c[0] == 0xF4u && c[1] > 0x8Fu);
    return is_none ? 0 : wanted;
}

bool rri_text_is_utf8(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        const size_t n = character_bytes(bytes + i, length - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

/* Whether the rest of a text is the beginning of a character. */
static bool is_cut_character(const unsigned char *c, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xC0u) != 0x80u) {
            return false;
        }
    }
    return n < 4 && c[0] >= 0xC2u && c[0] <= 0xF4u;
}

/* text [length], which is all that had room where is_cut. */
static void make_utf8(char *text, size_t length, bool is_cut)
{
    unsigned char *const bytes = (unsigned char *)text;
    for (size_t i = 0; i < length;) {
        const size_t n = character_bytes(bytes + i, length - i);
        if (n == 0 && is_cut && is_cut_character(bytes + i, length - i)) {
            bytes[i] = '\0';
            return;
        }
        if (n == 0) {
            bytes[i] = '?';
        }
        i += n > 0 ? n : 1;
    }
}

void rri_text_write_list(char *out, size_t capacity, const char *format, va_list arguments)
{
    const plain_locale held = enter_plain_locale();
    const int length = vsnprintf(out, capacity, format, arguments);
    leave_plain_locale(held);
    if (length < 0) {
        out[0] = '\0';
        return;
    }
    make_utf8(out, strlen(out), (size_t)length >= capacity);
}

void rri_text_write(char *out, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    rri_text_write_list(out, capacity, format, arguments);
    va_end(arguments);
}
