/* SPDX-License-Identifier: MIT */
#include "data/id.h"

#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"

uint64_t rri_id_key(uint64_t *check, const char *text, size_t length)
{
    uint64_t key = 0;
    const bool is_padded = length > 1 && text[0] == '0';
    *check = 0;
    if (is_padded || !rri_text_parse_uint64(&key, text, length)) {
        key = rri_hash_bytes(text, length, 0);
        *check = rri_hash_bytes(text, length, 1) | 1;
    }
    return key;
}

/* A number: sign, digits with the point behind the first `point` of them, exponent. */
typedef struct number {
    char digits[RRI_ID_USUAL_MOST];
    int n, point;
    bool is_negative, has_exponent;
} number;

static int count_digits(const char *at, const char *end)
{
    const char *const begin = at;
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return (int)(at - begin);
}

static bool read_exponent(int *exponent, const char *at, const char *end)
{
    const bool is_negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+') ? 1 : 0;
    const int n = count_digits(at, end);
    if (n < 1 || n > 3 || at + n != end) {
        return false;
    }
    int value = 0;
    for (int i = 0; i < n; i++) {
        value = 10 * value + (at[i] - '0');
    }
    *exponent = is_negative ? -value : value;
    return true;
}

static bool read_number(number *x, const char *text, size_t length)
{
    const char *at = text, *const end = text + length;
    *x = (number){.is_negative = length > 0 && *text == '-'};
    at += length > 0 && (*at == '-' || *at == '+') ? 1 : 0;
    const int n_whole = count_digits(at, end);
    const bool has_point = at + n_whole < end && at[n_whole] == '.';
    const char *const decimals = at + n_whole + (has_point ? 1 : 0);
    const int n_decimals = has_point ? count_digits(decimals, end) : 0;
    if (n_whole + n_decimals < 1 || (size_t)(n_whole + n_decimals) > sizeof x->digits) {
        return false;
    }
    memcpy(x->digits, at, (size_t)n_whole);
    memcpy(x->digits + n_whole, decimals, (size_t)n_decimals);
    x->n = n_whole + n_decimals;
    x->point = n_whole;
    at = decimals + n_decimals;
    if (at == end) {
        return true;
    }
    int exponent = 0;
    x->has_exponent = true;
    const bool is_padded = n_whole > 1 && x->digits[0] == '0'; /* "00e5" is a text */
    if (is_padded || (*at != 'e' && *at != 'E') || !read_exponent(&exponent, at + 1, end)) {
        return false;
    }
    x->point += exponent;
    return true;
}

/* Zeros that say nothing: behind the point, and, of a number with an exponent, in front. */
static void strip(number *x)
{
    while (x->n > 0 && x->n > x->point && x->digits[x->n - 1] == '0') {
        x->n--;
    }
    int front = 0;
    while (x->has_exponent && front < x->n && x->digits[front] == '0') {
        front++;
    }
    memmove(x->digits, x->digits + front, (size_t)(x->n - front));
    x->n -= front;
    x->point -= front;
}

static bool is_zero(const number *x)
{
    for (int i = 0; i < x->n; i++) {
        if (x->digits[i] != '0') {
            return false;
        }
    }
    return x->has_exponent || x->point <= 1;
}

/* False where it is too long. */
static bool write_usual(char out[RRI_ID_USUAL_MOST], size_t *n, const number *x)
{
    const int longest = (int)RRI_ID_USUAL_MOST;
    if (is_zero(x)) {
        out[0] = '0';
        *n = 1;
        return true;
    }
    if (x->point + 2 > longest || x->n - x->point + 4 > longest || x->n + 4 > longest) {
        return false;
    }
    char *to = out;
    if (x->is_negative) {
        *to++ = '-';
    }
    if (x->point <= 0) {
        *to++ = '0';
    }
    for (int i = 0; i < x->point; i++) {
        *to++ = i < x->n ? x->digits[i] : '0';
    }
    if (x->n > x->point) {
        *to++ = '.';
    }
    for (int i = x->point; i < x->n; i++) {
        *to++ = i < 0 ? '0' : x->digits[i];
    }
    *n = (size_t)(to - out);
    return true;
}

int rri_id_spelling(char usual[RRI_ID_USUAL_MOST], size_t *n, const char *text, size_t length)
{
    number x;
    char written[RRI_ID_USUAL_MOST];
    size_t n_written = 0;
    if (!read_number(&x, text, length)) {
        return RRI_ID_TEXT;
    }
    strip(&x);
    if (!write_usual(written, &n_written, &x)) {
        return RRI_ID_TEXT;
    }
    memcpy(usual, written, n_written);
    *n = n_written;
    return n_written == length && memcmp(written, text, length) == 0 ? RRI_ID_USUAL
                                                                     : RRI_ID_RESPELLED;
}
