/* SPDX-License-Identifier: MIT */
/* table_form.c: fields without their wrapping, and places in sentences. */
#include "data/table_form.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "core/text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Blanks of more than one byte: the no-break space of spreadsheets and pages, the thin and the wide
 * ones, one of no width, and the mark with which a file begins that stands in another's middle. */
static size_t wide_blank(const char *begin, const char *end, bool is_in_front)
{
    static const char *const wide[] = {"\xc2\xa0",     "\xe2\x80\x83", "\xe2\x80\x89",
                                       "\xe2\x80\xaf", "\xe3\x80\x80", "\xe2\x80\x8b",
                                       "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        const size_t n = strlen(wide[i]);
        if ((size_t)(end - begin) >= n && memcmp(is_in_front ? begin : end - n, wide[i], n) == 0) {
            return n;
        }
    }
    return 0;
}

static size_t blank_in_front(const char *begin, const char *end)
{
    return begin == end           ? 0
           : is_blank(*begin)     ? 1
           : (*begin & 0x80) != 0 ? wide_blank(begin, end, true)
                                  : 0;
}

static size_t blank_behind(const char *begin, const char *end)
{
    return begin == end            ? 0
           : is_blank(end[-1])     ? 1
           : (end[-1] & 0x80) != 0 ? wide_blank(begin, end, false)
                                   : 0;
}

static void trim(const char **begin, const char **end)
{
    size_t n = 0;
    while ((n = blank_in_front(*begin, *end)) > 0) {
        *begin += n;
    }
    while ((n = blank_behind(*begin, *end)) > 0) {
        *end -= n;
    }
}

rri_table_field rri_table_field_clean(char buffer[RRI_TABLE_FIELD_MOST + 1],
                                      const rri_table_field *field, const rri_table_form *form)
{
    const char *begin = field->text, *end = field->text + field->length;
    trim(&begin, &end);
    const bool is_quoted = form->has_quotes && end - begin >= 2 && *begin == '"' && end[-1] == '"';
    if (is_quoted) {
        begin++;
        end--;
        trim(&begin, &end);
    }
    size_t length = (size_t)(end - begin);
    if (is_quoted && length > 0 && memchr(begin, '"', length) != NULL) {
        size_t n = 0;
        for (const char *at = begin; at < end && n <= RRI_TABLE_FIELD_MOST; at++) {
            at += *at == '"' && at + 1 < end && at[1] == '"' ? 1 : 0;
            buffer[n++] = *at;
        }
        begin = buffer;
        length = n;
    }
    return (rri_table_field){begin,
                             length > RRI_TABLE_FIELD_MOST ? RRI_TABLE_FIELD_MOST + 1 : length};
}

/* At most 255 bytes: a byte counts them, and compilers turn the loop into sums of many at once. */
static inline size_t count_run(const char *text, size_t bytes)
{
    uint8_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        n = (uint8_t)(n + (text[i] == '\n' ? 1 : 0));
    }
    return n;
}

size_t rri_table_count_line_ends(const char *text, size_t bytes)
{
    enum { RUN = 240 }; /* a multiple of what is summed at once, known to the compiler */
    size_t n = 0, begin = 0;
    for (; begin + RUN <= bytes; begin += RUN) {
        n += count_run(text + begin, RUN);
    }
    return n + count_run(text + begin, bytes - begin);
}

rr_status rri_table_fail(const rri_table_piece *piece, const char *at, rr_error *err,
                         const char *format, ...)
{
    char sentence[400];
    va_list arguments;
    va_start(arguments, format);
    rri_text_write_list(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    const size_t offset = (size_t)(at - piece->text);
    size_t line_begin = offset;
    while (line_begin > 0 && piece->text[line_begin - 1] != '\n') {
        line_begin--;
    }
    RRI_FAIL(err, RR_E_FORMAT, "%.200s:%zu:%zu: %s", piece->form->name,
             piece->first_line + rri_table_count_line_ends(piece->text, offset),
             offset - line_begin + 1, sentence);
}

const char *rri_table_show(char out[RRI_TABLE_SHOWN], const rri_table_field *field)
{
    const size_t length = field->length < 40 ? field->length : 40;
    for (size_t i = 0; i < length; i++) {
        const char c = field->text[i];
        out[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    strcpy(out + length, length < field->length ? "…" : "");
    return out;
}
