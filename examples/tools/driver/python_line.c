/* SPDX-License-Identifier: MIT */
#include "python_line.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *at, *end;
    char *out;
    size_t n;
} reader;

bool python_line_is(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && (text[i] == ' ' || text[i] == '\t')) {
        i++;
    }
    i += i < n && text[i] == '{' ? 1 : n;
    while (i < n && text[i] == ' ') {
        i++;
    }
    const bool is_marked =
        i + 1 < n && text[i] == 'u' && (text[i + 1] == '\'' || text[i + 1] == '"');
    return is_marked || (i < n && text[i] == '\'');
}

static void put(reader *r, const char *text, size_t n)
{
    memcpy(r->out + r->n, text, n);
    r->n += n;
}

/* \uXXXX, of what is above 0xFFFF two. */
static void put_code(reader *r, uint32_t code)
{
    char text[16];
    if (code > 0xffff) {
        const uint32_t rest = code - 0x10000;
        snprintf(text, sizeof text, "\\u%04x\\u%04x", (unsigned)(0xd800 + (rest >> 10)),
                 (unsigned)(0xdc00 + (rest & 0x3ff)));
    } else {
        snprintf(text, sizeof text, "\\u%04x", (unsigned)code);
    }
    put(r, text, strlen(text));
}

/* The digits of \xHH, \uHHHH and \UHHHHHHHH. */
static bool take_code(reader *r, size_t n_digits)
{
    char digits[9] = "";
    if ((size_t)(r->end - r->at) < n_digits) {
        return false;
    }
    for (size_t i = 0; i < n_digits; i++) {
        digits[i] = r->at[i];
        if (isxdigit((unsigned char)digits[i]) == 0) {
            return false;
        }
    }
    r->at += n_digits;
    const unsigned long code = strtoul(digits, NULL, 16);
    if (code > 0x10ffff) {
        return false;
    }
    put_code(r, (uint32_t)code);
    return true;
}

/* Behind a backslash. */
static bool take_escape(reader *r)
{
    if (r->at == r->end) {
        return false;
    }
    const char c = *r->at++;
    switch (c) {
    case 'x':
        return take_code(r, 2);
    case 'u':
        return take_code(r, 4);
    case 'U':
        return take_code(r, 8);
    case '\'':
        put(r, "'", 1);
        return true;
    case '"':
    case '\\':
    case 'n':
    case 'r':
    case 't':
    case 'b':
    case 'f':
        put(r, (const char[]){'\\', c}, 2);
        return true;
    default:
        return false;
    }
}

/* A text up to the quote that it began with. */
static bool take_text(reader *r)
{
    const char quote = *r->at++;
    put(r, "\"", 1);
    while (r->at < r->end && *r->at != quote) {
        const char c = *r->at++;
        if (c == '\\') {
            if (!take_escape(r)) {
                return false;
            }
        } else if (c == '"') {
            put(r, "\\\"", 2);
        } else if ((unsigned char)c < 0x20) {
            put_code(r, (unsigned char)c);
        } else {
            put(r, &c, 1);
        }
    }
    put(r, "\"", 1);
    return r->at++ < r->end;
}

/* A word outside of texts: True, False, None; others stay. */
static void take_word(reader *r)
{
    static const struct {
        const char *python, *json;
    } words[] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
    const char *const begin = r->at;
    while (r->at < r->end && isalnum((unsigned char)*r->at) != 0) {
        r->at++;
    }
    const size_t n = (size_t)(r->at - begin);
    const bool is_mark =
        n == 1 && *begin == 'u' && r->at < r->end && (*r->at == '\'' || *r->at == '"');
    if (is_mark) {
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (n == strlen(words[i].python) && memcmp(begin, words[i].python, n) == 0) {
            put(r, words[i].json, strlen(words[i].json));
            return;
        }
    }
    put(r, begin, n);
}

size_t python_line_to_json(char *out, const char *text, size_t n)
{
    reader r = {.at = text, .end = text + n, .out = out};
    while (r.at < r.end) {
        if (*r.at == '\'' || *r.at == '"') {
            if (!take_text(&r)) {
                return 0;
            }
        } else if (isalpha((unsigned char)*r.at) != 0) {
            take_word(&r);
        } else {
            put(&r, r.at, 1);
            r.at += 1;
        }
    }
    out[r.n] = '\0';
    return r.n;
}
