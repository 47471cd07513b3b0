/* SPDX-License-Identifier: MIT */
/* short_rows.c: marks, then fields, then numbers; the next row's marks need nothing but the place
 * of this row's last one. */
#include "data/short_rows.h"

#include "data/field_value.h"
#include "data/row_walk.h"

enum { LOOKED_AT = 48 }; /* bytes of a row, its line end among them */

bool rri_short_rows_fit(const rri_table_form *form, const rri_short_columns *columns)
{
#if defined(__SSE2__)
    return RRI_DIGITS_ARE_WORDS && !form->is_blanks && columns->user >= 0 && columns->item >= 0 &&
           columns->n <= RRI_SHORT_ROWS_MOST_COLUMNS;
#else
    (void)form;
    (void)columns;
    return false; /* one byte after the other is no quicker than the walk */
#endif
}

/* Bit i: byte i separates, is a quote that counts, or ends the line. */
static inline uint64_t find_marks(const char *row, char separator, char quote)
{
    uint64_t marks = 0;
#if defined(__SSE2__)
    const __m128i a = _mm_set1_epi8(separator), b = _mm_set1_epi8(quote), c = _mm_set1_epi8('\n');
    for (int part = 0; part < LOOKED_AT / 16; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(row + 16 * part));
        const __m128i found =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b)),
                         _mm_cmpeq_epi8(bytes, c));
        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(found) << (16 * part);
    }
#else
    (void)row;
    (void)separator;
    (void)quote;
#endif
    return marks;
}

/* Field c is ends[c] + width … ends[c + 1] of the row, as bytes count. Returns what is behind the
 * line end; NULL where the row has not n fields, is too long, has a quote, or is a comment. */
static inline const char *cut(uint8_t *ends, const char *row, const rri_table_form *form, size_t n)
{
    const bool is_wide = form->width == 2;
    uint64_t marks = find_marks(row, form->separator, form->has_quotes ? '"' : '\n');
    unsigned end = 0;
    ends[0] = (uint8_t)(0 - form->width);
    for (size_t c = 1; c < n; c++) {
        end = (unsigned)__builtin_ctzll(marks | (UINT64_C(1) << LOOKED_AT));
        marks &= marks - 1;
        ends[c] = (uint8_t)end;
        if (row[end] != form->separator || (is_wide && row[end + 1] != form->separator)) {
            return NULL;
        }
        marks &= is_wide ? marks - 1 : marks; /* the second colon */
    }
    end = (unsigned)__builtin_ctzll(marks | (UINT64_C(1) << LOOKED_AT));
    ends[n] = (uint8_t)(end - (end > 0 && row[end - 1] == '\r' ? 1u : 0u));
    return end < LOOKED_AT && row[end] == '\n' && *row != form->comment ? row + end + 1 : NULL;
}

static inline rri_table_field find_field(const uint8_t *ends, const char *row, int32_t column,
                                         size_t width)
{
    const uint8_t begin = (uint8_t)(ends[column] + width);
    return (rri_table_field){row + begin, (size_t)ends[column + 1] - begin};
}

static inline bool read_rating(float *rating, const rri_table_field *field)
{
    return rri_field_value_short_rating(rating, field) ||
           rri_field_value_plain_rating(rating, field);
}

size_t rri_short_rows_read(const rri_short_rows *rows, const char **at, const char *end,
                           const rri_table_form *form, const rri_short_columns *columns)
{
    const rri_short_rows to = *rows;
    const rri_table_form own = *form;
    const rri_short_columns of = *columns;
    uint8_t ends[RRI_SHORT_ROWS_MOST_COLUMNS + 1];
    const char *row = *at;
    size_t i = 0;
    while (row < end) {
        const char *const next = cut(ends, row, &own, of.n);
        if (next == NULL) {
            break;
        }
        const rri_table_field user = find_field(ends, row, of.user, own.width);
        const rri_table_field item = find_field(ends, row, of.item, own.width);
        float rating = 1.0f;
        int64_t time = 0;
        if (!rri_field_value_short_id(&to.ids[i][0], &user) ||
            !rri_field_value_short_id(&to.ids[i][1], &item)) {
            break;
        }
        if (of.rating >= 0) {
            const rri_table_field field = find_field(ends, row, of.rating, own.width);
            if (!read_rating(&rating, &field)) {
                break;
            }
        }
        if (of.time >= 0) {
            const rri_table_field field = find_field(ends, row, of.time, own.width);
            if (!rri_field_value_short_time(&time, &field)) {
                break;
            }
        }
        to.ratings[i] = rating;
        to.times[i] = time;
        to.begins[i] = (uint32_t)(row - to.text);
        row = next;
        i++;
    }
    *at = row;
    return i;
}
