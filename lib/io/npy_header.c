/* SPDX-License-Identifier: MIT */
/* npy_header.c: a reader of one dict literal, and the writer of another. */
#include "io/npy_header.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static const char magic[] = "\x93NUMPY";
#define PREFIX ((size_t)8) /* magic and version */

/* The dict's text that is still to be read. */
typedef struct cursor {
    const char *at, *end;
    const char *name;
} cursor;

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n')) {
        c->at++;
    }
}

/* The next character, blanks aside, where it is this one. */
static bool take(cursor *c, char wanted)
{
    skip_blanks(c);
    const bool is_there = c->at < c->end && *c->at == wanted;
    c->at += is_there ? 1 : 0;
    return is_there;
}

static bool take_word(cursor *c, const char *word)
{
    skip_blanks(c);
    const size_t n = strlen(word);
    const bool is_there = (size_t)(c->end - c->at) >= n && memcmp(c->at, word, n) == 0;
    c->at += is_there ? n : 0;
    return is_there;
}

/* A text in single quotes, without escapes. */
static bool take_text(cursor *c, const char **text, size_t *n)
{
    if (!take(c, '\'')) {
        return false;
    }
    const char *const end = memchr(c->at, '\'', (size_t)(c->end - c->at));
    if (end == NULL) {
        return false;
    }
    *text = c->at;
    *n = (size_t)(end - c->at);
    c->at = end + 1;
    return true;
}

static bool take_count(cursor *c, int64_t *count)
{
    uint64_t value = 0;
    skip_blanks(c);
    const char *const begin = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        c->at++;
    }
    if (!rri_text_parse_uint64(&value, begin, (size_t)(c->at - begin)) || value > INT64_MAX / 8) {
        return false;
    }
    *count = (int64_t)value;
    return true;
}

static rr_status fail(const cursor *c, rr_error *err)
{
    RRI_FAIL(err, RR_E_FORMAT, "npy: '%.200s' has a damaged header", c->name);
}

static rr_status read_type(rri_npy_header *header, cursor *c, rr_error *err)
{
    const char *text = "";
    size_t n = 0;
    if (!take_text(c, &text, &n)) {
        return fail(c, err);
    }
    if (n != 3 || (memcmp(text, "<f4", 3) != 0 && memcmp(text, "<f8", 3) != 0)) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "npy: '%.200s' has elements of type '%.*s'; they must be '<f4' or '<f8'", c->name,
                 (int)(n < 16 ? n : 16), text);
    }
    header->element_bytes = text[2] == '4' ? 4 : 8;
    return RR_OK;
}

static rr_status read_order(cursor *c, rr_error *err)
{
    if (take_word(c, "True")) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "npy: '%.200s' is in Fortran order; write numpy.ascontiguousarray of it", c->name);
    }
    return take_word(c, "False") ? RR_OK : fail(c, err);
}

static rr_status read_shape(rri_npy_header *header, cursor *c, rr_error *err)
{
    int64_t extents[2] = {0, 1};
    size_t n = 0;
    if (!take(c, '(')) {
        return fail(c, err);
    }
    bool is_open = !take(c, ')');
    while (is_open) {
        int64_t extent = 0;
        if (!take_count(c, &extent)) {
            return fail(c, err);
        }
        extents[n < 2 ? n : 1] = extent;
        n++;
        const bool has_comma = take(c, ',');
        is_open = !take(c, ')');
        if ((is_open && !has_comma) || (!is_open && n == 1 && !has_comma)) {
            return fail(c, err); /* (3) is a number, not a tuple */
        }
    }
    if (n < 1 || n > 2) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "npy: '%.200s' has %zu dimensions; it must have one or two",
                 c->name, n);
    }
    header->n_rows = extents[0];
    header->n_columns = extents[1];
    return RR_OK;
}

static rr_status read_dict(rri_npy_header *header, cursor *c, rr_error *err)
{
    static const char *const names[3] = {"descr", "fortran_order", "shape"};
    bool has[3] = {false};
    if (!take(c, '{')) {
        return fail(c, err);
    }
    while (!take(c, '}')) {
        const char *text = "";
        size_t n = 0, entry = 0;
        if (!take_text(c, &text, &n) || !take(c, ':')) {
            return fail(c, err);
        }
        while (entry < 3 && (n != strlen(names[entry]) || memcmp(text, names[entry], n) != 0)) {
            entry++;
        }
        if (entry == 3 || has[entry]) {
            return fail(c, err);
        }
        has[entry] = true;
        RRI_TRY(entry == 0   ? read_type(header, c, err)
                : entry == 1 ? read_order(c, err)
                             : read_shape(header, c, err));
        if (!take(c, ',')) {
            if (!take(c, '}')) {
                return fail(c, err);
            }
            break;
        }
    }
    skip_blanks(c);
    return has[0] && has[1] && has[2] && c->at == c->end ? RR_OK : fail(c, err);
}

/* Little-endian, whatever the machine is. */
static size_t read_length(const unsigned char *bytes, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        length |= (size_t)bytes[i] << (8 * i);
    }
    return length;
}

rr_status rri_npy_header_parse(rri_npy_header *header, const char *text, size_t n, const char *name,
                               rr_error *err)
{
    if (n < PREFIX || memcmp(text, magic, sizeof magic - 1) != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "npy: '%.200s' is no .npy file", name);
    }
    const int major = (unsigned char)text[6], minor = (unsigned char)text[7];
    if (major < 1 || major > 3 || minor != 0) {
        RRI_FAIL(err, RR_E_VERSION, "npy: '%.200s' is of version %d.%d; 1.0, 2.0 and 3.0 are known",
                 name, major, minor);
    }
    const size_t width = major == 1 ? 2 : 4;
    cursor c = {text + PREFIX + width, text + n, name};
    if (n < PREFIX + width) {
        return fail(&c, err);
    }
    const size_t length = read_length((const unsigned char *)text + PREFIX, width);
    if (length > n - PREFIX - width) {
        return fail(&c, err);
    }
    c.end = c.at + length;
    header->bytes = PREFIX + width + length;
    return read_dict(header, &c, err);
}

void rri_npy_header_write(char out[RRI_NPY_HEADER_WRITTEN], int64_t n_rows, int64_t n_columns)
{
    char dict[RRI_NPY_HEADER_WRITTEN];
    const int n = snprintf(dict, sizeof dict,
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %lld), }",
                           (long long)n_rows, (long long)n_columns);
    memset(out, ' ', RRI_NPY_HEADER_WRITTEN);
    memcpy(out, magic, sizeof magic - 1);
    memcpy(out + 6, "\x01\x00\x76\x00", 4); /* 1.0, 118 bytes follow */
    memcpy(out + 10, dict, (size_t)n);
    out[RRI_NPY_HEADER_WRITTEN - 1] = '\n';
}
