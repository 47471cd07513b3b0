/* SPDX-License-Identifier: MIT */
#include "json_lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "python_line.h"
#include "text.h"

#ifdef HAVE_JANSSON

#include <jansson.h>

enum { MOST_COLUMNS = 256, MOST_BYTES = 1001, PIECE = 1 << 16 };

/* Bytes that grow. */
typedef struct bytes {
    char *at;
    size_t n, max;
} bytes;

struct json_lines {
    char path[1024];
    char error[1300];
    int64_t (*read)(void *, void *, int64_t);
    void *user;
    bytes in;  /* from the line to come on */
    bytes out; /* rows that were not taken, from `taken` on */
    size_t taken;
    size_t line; /* that was read last, from 1 */
    bool is_over;
    bool has_begun;              /* the line of names is written */
    char *columns[MOST_COLUMNS]; /* [n_columns] keys */
    size_t n_columns;
};

static void append(bytes *b, const char *text, size_t n)
{
    if (b->n + n > b->max) {
        b->max = 2 * (b->n + n) + PIECE;
        b->at = realloc(b->at, b->max);
        if (b->at == NULL) {
            text_fail("no memory for a line of JSON");
        }
    }
    memcpy(b->at + b->n, text, n);
    b->n += n;
}

static void append_text(bytes *b, const char *text, size_t n)
{
    append(b, "\"", 1);
    for (size_t i = 0; i < n && i < MOST_BYTES; i++) {
        const char c = text[i];
        if (c == '"') {
            append(b, "\"\"", 2);
        } else if (c == '\n' || c == '\r') {
            append(b, c == '\n' ? "\\n" : "\\r", 2);
        } else {
            append(b, &c, 1);
        }
    }
    append(b, "\"", 1);
}

/* A mark of UTF-8 in front is no text. */
static void drop_mark(bytes *b)
{
    if (b->n >= 3 && memcmp(b->at, "\xef\xbb\xbf", 3) == 0) {
        b->n -= 3;
        memmove(b->at, b->at + 3, b->n);
    }
}

static bool is_scalar(const json_t *value)
{
    return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static void append_value(bytes *b, const json_t *value)
{
    char number[64];
    if (json_is_string(value)) {
        append_text(b, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        append(
            b, number,
            (size_t)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value)));
    } else if (json_is_real(value)) {
        append(b, number, (size_t)snprintf(number, sizeof number, "%.17g", json_real_value(value)));
    } else if (json_is_boolean(value)) {
        append(b, json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5);
    }
}

static bool is_column(const json_lines *lines, const char *key)
{
    for (size_t c = 0; c < lines->n_columns; c++) {
        if (strcmp(lines->columns[c], key) == 0) {
            return true;
        }
    }
    return false;
}

/* Keys of an object that are no columns yet. */
static void add_columns(json_lines *lines, json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        if (is_scalar(value) && lines->n_columns < MOST_COLUMNS && !is_column(lines, key)) {
            if (lines->n_columns > 0) {
                append(&lines->out, "\t", 1);
            }
            append_text(&lines->out, key, strlen(key));
            lines->columns[lines->n_columns++] = strdup(key);
        }
    }
}

/* NULL: *why. A dictionary as Python prints it is read too. */
static json_t *read_object(const char *text, size_t n, json_error_t *why)
{
    if (!python_line_is(text, n)) {
        return json_loadb(text, n, JSON_REJECT_DUPLICATES, why);
    }
    char *const json = text_allocate(6 * n + 1, 1);
    json_t *const object =
        json_loadb(json, python_line_to_json(json, text, n), JSON_REJECT_DUPLICATES, why);
    if (object == NULL) {
        snprintf(why->text, sizeof why->text, "the line is no Python dictionary of plain values");
        why->column = 1;
    }
    free(json);
    return object;
}

static bool add_line(json_lines *lines, const char *text, size_t n)
{
    json_error_t why;
    json_t *const object = read_object(text, n, &why);
    if (object == NULL || !json_is_object(object)) {
        snprintf(lines->error, sizeof lines->error, "%s:%zu:%d: %s", lines->path, lines->line,
                 object == NULL && why.column > 0 ? why.column : 1,
                 object == NULL ? why.text : "the line is no JSON object");
        json_decref(object);
        return false;
    }
    for (size_t c = 0; c < lines->n_columns; c++) {
        if (c > 0) {
            append(&lines->out, "\t", 1);
        }
        append_value(&lines->out, json_object_get(object, lines->columns[c]));
    }
    append(&lines->out, "\n", 1);
    json_decref(object);
    return true;
}

static bool is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') {
            return false;
        }
    }
    return true;
}

/* The line of `in` at *at, without its end; *at ← behind it. False: it is not whole. */
static bool next_line(const json_lines *lines, const char **text, size_t *n, size_t *at)
{
    const size_t left = lines->in.n - *at;
    *text = lines->in.at + *at;
    const char *const end = left == 0 ? NULL : memchr(*text, '\n', left);
    if (left == 0 || (end == NULL && !lines->is_over)) {
        return false;
    }
    *n = end == NULL ? left : (size_t)(end - *text);
    *at += *n + (end == NULL ? 0 : 1);
    return true;
}

/* A line of names: of the columns that the objects of the first piece have. What is no object there
 * is refused in its turn. */
static void begin_table(json_lines *lines)
{
    const char *text = NULL;
    size_t n = 0, at = 0;
    json_error_t why;
    while (next_line(lines, &text, &n, &at)) {
        json_t *const object = is_blank(text, n) ? NULL : read_object(text, n, &why);
        if (json_is_object(object)) {
            add_columns(lines, object);
        }
        json_decref(object);
    }
    append(&lines->out, "\n", 1);
    lines->has_begun = true;
}

/* Lines of `in` that are whole. A blank line stays one. */
static bool add_lines(json_lines *lines)
{
    const char *text = NULL;
    size_t n = 0, begin = 0;
    while (next_line(lines, &text, &n, &begin)) {
        const bool is_empty = is_blank(text, n);
        lines->line++;
        if (!is_empty && !lines->has_begun) {
            begin_table(lines);
        }
        if (is_empty) {
            append(&lines->out, "\n", 1);
        } else if (!add_line(lines, text, n)) {
            return false;
        }
    }
    memmove(lines->in.at, lines->in.at + begin, lines->in.n - begin);
    lines->in.n -= begin;
    return true;
}

json_lines *json_lines_open(const char *path, int64_t (*read)(void *, void *, int64_t), void *user)
{
    json_lines *const lines = text_allocate(1, sizeof *lines);
    snprintf(lines->path, sizeof lines->path, "%s", path);
    lines->read = read;
    lines->user = user;
    return lines;
}

void json_lines_close(json_lines *lines)
{
    if (lines == NULL) {
        return;
    }
    for (size_t c = 0; c < lines->n_columns; c++) {
        free(lines->columns[c]);
    }
    free(lines->in.at);
    free(lines->out.at);
    free(lines);
}

int64_t json_lines_read(json_lines *lines, void *out, int64_t n_bytes)
{
    while (lines->taken == lines->out.n) {
        lines->taken = lines->out.n = 0;
        if (lines->is_over) {
            return 0;
        }
        char piece[PIECE];
        const int64_t n = lines->read(lines->user, piece, PIECE);
        if (n < 0) {
            return -1;
        }
        lines->is_over = n == 0;
        append(&lines->in, piece, (size_t)n);
        if (lines->line == 0 && lines->in.n < PIECE && !lines->is_over) {
            continue; /* the same first piece from a pipe */
        }
        if (lines->line == 0) {
            drop_mark(&lines->in);
        }
        if (!add_lines(lines)) {
            return -1;
        }
    }
    const size_t left = lines->out.n - lines->taken;
    const size_t n = left < (size_t)n_bytes ? left : (size_t)n_bytes;
    memcpy(out, lines->out.at + lines->taken, n);
    lines->taken += n;
    return (int64_t)n;
}

const char *json_lines_error(const json_lines *lines)
{
    return lines == NULL ? "" : lines->error;
}

#else

json_lines *json_lines_open(const char *path, int64_t (*read)(void *, void *, int64_t), void *user)
{
    (void)read;
    (void)user;
    text_fail("%s: it is JSON lines, and this build has no jansson: install libjansson-dev and "
              "build anew, or write it as delimited text",
              path);
}

void json_lines_close(json_lines *lines)
{
    (void)lines;
}

int64_t json_lines_read(json_lines *lines, void *out, int64_t n_bytes)
{
    (void)lines;
    (void)out;
    (void)n_bytes;
    return -1;
}

const char *json_lines_error(const json_lines *lines)
{
    (void)lines;
    return "";
}

#endif
