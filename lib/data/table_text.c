/* SPDX-License-Identifier: MIT */
/* table_text.c: lines and fields of delimited text, in place. */
#include "data/table_text.h"

#include <stdarg.h>
#include <string.h>

#include "core/text.h"

/* The place of the next separator in [begin, end), or NULL. */
static char *find_separator(const rri_table_text *table, char *begin, char *end)
{
    char *at = begin;
    while (at < end && (at = memchr(at, table->separator, (size_t)(end - at))) != NULL) {
        if (table->width == 1 || (at + 1 < end && at[1] == table->separator)) {
            return at;
        }
        at++;
    }
    return NULL;
}

void rri_table_text_init(rri_table_text *table, char *text, size_t bytes, const char *name)
{
    *table = (rri_table_text){
        .name = name, .separator = ':', .width = 2, .next = text, .end = text + bytes};
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        table->next += 3;
    }
    const size_t rest = (size_t)(table->end - table->next);
    const char *const line_end = rest == 0 ? NULL : memchr(table->next, '\n', rest);
    const size_t first = line_end == NULL ? rest : (size_t)(line_end - table->next);
    const bool has_tab = first > 0 && memchr(table->next, '\t', first) != NULL;
    const bool has_comma = first > 0 && memchr(table->next, ',', first) != NULL;
    const bool is_colons =
        !has_tab && !has_comma && find_separator(table, table->next, table->next + first) != NULL;
    if (!is_colons) {
        table->separator = has_tab ? '\t' : ',';
        table->width = 1;
    }
}

void rri_table_text_feed(rri_table_text *table, char *text, size_t bytes)
{
    table->next = text;
    table->end = text + bytes;
}

static bool is_blank(const char *begin, const char *end)
{
    while (begin < end && (*begin == '\n' || *begin == '\r')) {
        begin++;
    }
    return begin == end;
}

bool rri_table_text_next_line(rri_table_text *table)
{
    if (table->next == table->end) {
        return false;
    }
    char *const begin = table->next;
    char *end = memchr(begin, '\n', (size_t)(table->end - begin));
    table->next = end == NULL ? table->end : end + 1;
    end = end == NULL ? table->end : end;
    if (end > begin && end[-1] == '\r') {
        end--;
    }
    if (end == begin && is_blank(begin, table->end)) {
        table->next = table->end;
        return false;
    }
    table->line++;
    table->line_begin = begin;
    table->line_end = end;
    table->at = begin;
    table->has_field = true;
    return true;
}

/* A field in quotes; the text between them is moved together over the doubled ones. */
static rr_status read_quoted(rri_table_text *table, rri_table_field *field, rr_error *err)
{
    char *from = table->at + 1;
    char *to = from;
    field->text = to;
    for (;;) {
        char *const quote =
            from == table->line_end ? NULL : memchr(from, '"', (size_t)(table->line_end - from));
        if (quote == NULL) {
            return rri_table_text_fail(table, field->column, err,
                                       "a quote is not closed in this line");
        }
        const size_t length = (size_t)(quote - from);
        memmove(to, from, length);
        to += length;
        from = quote + 1;
        if (from == table->line_end || *from != '"') {
            break;
        }
        *to++ = '"';
        from++;
    }
    field->length = (size_t)(to - field->text);
    if (from != table->line_end && *from != table->separator) {
        return rri_table_text_fail(table, (size_t)(from - table->line_begin) + 1, err,
                                   "a closed quote must be followed by a separator");
    }
    table->has_field = from != table->line_end;
    table->at = table->has_field ? from + 1 : from;
    return RR_OK;
}

rr_status rri_table_text_next_field(rri_table_text *table, rri_table_field *field, rr_error *err)
{
    char *const begin = table->at;
    const size_t rest = (size_t)(table->line_end - begin);
    field->column = (size_t)(begin - table->line_begin) + 1;
    if (table->separator == ',' && rest > 0 && *begin == '"') {
        return read_quoted(table, field, err);
    }
    char *const separator = find_separator(table, begin, table->line_end);
    field->text = begin;
    field->length = separator == NULL ? rest : (size_t)(separator - begin);
    table->has_field = separator != NULL;
    table->at = separator == NULL ? table->line_end : separator + table->width;
    return RR_OK;
}

rr_status rri_table_text_fail(const rri_table_text *table, size_t column, rr_error *err,
                              const char *format, ...)
{
    char sentence[256];
    va_list arguments;
    va_start(arguments, format);
    rri_text_write_list(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    RRI_FAIL(err, RR_E_FORMAT, "%.200s:%zu:%zu: %s", table->name, table->line, column, sentence);
}

const char *rri_table_text_show(char out[RRI_TABLE_SHOWN], const rri_table_field *field)
{
    const size_t length = field->length < 40 ? field->length : 40;
    for (size_t i = 0; i < length; i++) {
        const char c = field->text[i];
        out[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    strcpy(out + length, length < field->length ? "…" : "");
    return out;
}
