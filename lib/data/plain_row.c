/* SPDX-License-Identifier: MIT */
/* plain_row.c: one row after another; many of them where plain_window.h can. */
#include "data/plain_row.h"

#include "data/digits.h"
#include "data/plain_window.h"

bool rri_plain_row_fits(const rri_table_header *header)
{
    return !header->has[RRI_ROLE_POSITION] && !header->has[RRI_ROLE_PROPENSITY] &&
           !header->has[RRI_ROLE_CONTEXT];
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* At most 16 digits; 0 when there are none, or more. */
static inline size_t read_digits(uint64_t *value, const char *text)
{
    uint64_t low = 0;
    const size_t n = rri_digits_read_eight(value, text);
    if (n < 8) {
        return n;
    }
    const size_t more = rri_digits_read_eight(&low, text + 8);
    *value = *value * rri_digits_powers[more] + low;
    return text[8 + more] >= '0' && text[8 + more] <= '9' ? 0 : 8 + more;
}

static inline const char *read_id(uint64_t *id, const char *text)
{
    const size_t n = read_digits(id, text);
    return n == 0 || (n > 1 && text[0] == '0') ? NULL : text + n;
}

static inline const char *read_rating(float *rating, const char *text)
{
    uint64_t whole = 0, decimals = 0;
    const size_t n = rri_digits_read_eight(&whole, text);
    if (n == 0 || n > 7) {
        return NULL;
    }
    if (text[n] != '.') {
        *rating = rri_digits_quotient(whole, 0);
        return text + n;
    }
    const size_t m = rri_digits_read_eight(&decimals, text + n + 1);
    if (m == 0 || n + m > 7) {
        return NULL;
    }
    *rating = rri_digits_quotient(whole * rri_digits_powers[m] + decimals, m);
    return text + n + 1 + m;
}

static inline const char *read_time(int64_t *time, const char *text)
{
    uint64_t value = 0;
    const size_t n = read_digits(&value, text);
    *time = (int64_t)value;
    return n == 0 ? NULL : text + n;
}

/* To the end of a field that does not count; NULL where quotes may hide separators. */
static inline const char *skip(const char *text, const char *text_end, char separator)
{
    if (separator == ',' && *text == '"') {
        return NULL;
    }
    while (text < text_end && *text != separator && *text != '\n' && *text != '\r') {
        text++;
    }
    return text;
}

const char *rri_plain_row_read(rri_plain_row *row, const char *line, const char *text_end,
                               const rri_table_header *header, const rri_table_text *table)
{
    const char *at = line;
    for (size_t c = 0; c < header->n_columns && at < text_end; c++) {
        switch (header->roles[c]) {
        case RRI_ROLE_USER:
            at = read_id(&row->user, at);
            break;
        case RRI_ROLE_ITEM:
            at = read_id(&row->item, at);
            break;
        case RRI_ROLE_RATING:
            at = read_rating(&row->rating, at);
            break;
        case RRI_ROLE_TIME:
            at = read_time(&row->time, at);
            break;
        default:
            at = skip(at, text_end, table->separator);
            break;
        }
        if (at == NULL || at >= text_end) {
            return NULL;
        }
        if (c + 1 < header->n_columns) {
            if (at[0] != table->separator || (table->width == 2 && at[1] != table->separator)) {
                return NULL;
            }
            at += table->width;
        }
    }
    at += at < text_end && *at == '\r' ? 1 : 0;
    return at < text_end && *at == '\n' ? at + 1 : NULL;
}

#else

const char *rri_plain_row_read(rri_plain_row *row, const char *line, const char *text_end,
                               const rri_table_header *header, const rri_table_text *table)
{
    (void)row;
    (void)line;
    (void)text_end;
    (void)header;
    (void)table;
    return NULL;
}

#endif

size_t rri_plain_rows_read(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                           const char *text_end, const rri_table_header *header,
                           const rri_table_text *table)
{
    size_t n = 0;
    if (most > 1 && (size_t)(text_end - text) > RRI_PLAIN_WINDOW && rri_plain_window_fits(header)) {
        n = rri_plain_window_read(rows, ends, most, text, header, table);
        if (n > 0) {
            return n;
        }
    }
    const char *line = text;
    while (n < most && line < text_end) {
        line = rri_plain_row_read(&rows[n], line, text_end, header, table);
        if (line == NULL) {
            break;
        }
        ends[n++] = line;
    }
    return n;
}
