/* SPDX-License-Identifier: MIT */
/* plain_row.c: runs of digits as 64-bit words [after Lemire 2018, "Quickly parsing eight digits"].
 */
#include "data/plain_row.h"

#include <string.h>

bool rri_plain_row_fits(const rri_table_header *header)
{
    return !header->has[RRI_ROLE_POSITION] && !header->has[RRI_ROLE_PROPENSITY] &&
           !header->has[RRI_ROLE_CONTEXT];
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* The number of digits at the front of eight bytes, and their value. */
static inline size_t read_eight(uint64_t *value, const char *text)
{
    uint64_t digits;
    memcpy(&digits, text, sizeof digits);
    digits ^= UINT64_C(0x3030303030303030); /* a digit is now 0 … 9 */
    const uint64_t others =
        (digits | (digits + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    const size_t n = others == 0 ? 8 : (size_t)__builtin_ctzll(others) / 8;
    /* The digits move to the last bytes, zeros come before them; then neighbours are joined. */
    digits = n == 0 ? 0 : digits << (64 - 8 * n);
    digits = digits * 10 + (digits >> 8);
    digits = ((digits & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
              (digits >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
             32;
    *value = digits;
    return n;
}

static const uint64_t powers[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* At most 16 digits; 0 when there are none, or more. */
static inline size_t read_digits(uint64_t *value, const char *text)
{
    uint64_t low = 0;
    const size_t n = read_eight(value, text);
    if (n < 8) {
        return n;
    }
    const size_t more = read_eight(&low, text + 8);
    *value = *value * powers[more] + low;
    return text[8 + more] >= '0' && text[8 + more] <= '9' ? 0 : 8 + more;
}

static inline const char *read_id(uint64_t *id, const char *text)
{
    const size_t n = read_digits(id, text);
    return n == 0 || (n > 1 && text[0] == '0') ? NULL : text + n;
}

/* As field_value.c has it: digits that a float holds over a power that it holds. */
static inline const char *read_rating(float *rating, const char *text)
{
    uint64_t whole = 0, decimals = 0;
    const size_t n = read_eight(&whole, text);
    if (n == 0 || n > 7) {
        return NULL;
    }
    if (text[n] != '.') {
        *rating = (float)whole;
        return text + n;
    }
    const size_t m = read_eight(&decimals, text + n + 1);
    if (m == 0 || n + m > 7) {
        return NULL;
    }
    *rating = (float)(whole * powers[m] + decimals) / (float)powers[m];
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
