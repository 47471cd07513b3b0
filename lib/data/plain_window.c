/* SPDX-License-Identifier: MIT */
/* plain_window.c: the places of all bytes that are no digits, and then the numbers between them. */
#include "data/plain_window.h"

#include <string.h>

#include "data/digits.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define LAST_BIT (UINT64_C(1) << 63)

/* Bit i: byte i is no digit. */
static inline uint64_t find_others(const char *text)
{
    uint64_t others = 0;
#if defined(__SSE2__)
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    for (int part = 0; part < 4; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * part));
        const __m128i digits = _mm_sub_epi8(bytes, zero);
        const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, nine), digits);
        others |= (uint64_t)(~_mm_movemask_epi8(is_digit) & 0xFFFF) << (16 * part);
    }
#else
    for (int i = 0; i < 64; i++) {
        others |= (uint64_t)(text[i] < '0' || text[i] > '9') << i;
    }
#endif
    return others;
}

/* Appends the places of the bits, of which there are at most 64: eight at a time, whether or not
 * there are so many, since a loop of as many turns as there are bits is mispredicted each time. */
static inline size_t append_marks(uint16_t *marks, size_t base, uint64_t others)
{
    const size_t n = (size_t)__builtin_popcountll(others);
    for (size_t begin = 0; begin < n; begin += 8) {
        for (size_t i = 0; i < 8; i++) {
            /* Behind the last bit anything is written, to be overwritten or not looked at. */
            marks[begin + i] = (uint16_t)(base + (size_t)__builtin_ctzll(others | LAST_BIT));
            others &= others - 1;
        }
    }
    return n;
}

/* Places of the bytes of a window that are no digits; how many there are. */
static size_t find_marks(uint16_t *marks, const char *text)
{
    size_t n = 0;
    for (size_t base = 0; base < RRI_PLAIN_WINDOW; base += 64) {
        n += append_marks(marks + n, base, find_others(text + base));
    }
    return n;
}

/* A window's text and marks, and how far it has been read. */
typedef struct window {
    const char *text;
    uint16_t marks[RRI_PLAIN_WINDOW + 8]; /* [n_marks] */
    size_t n_marks, next;
    size_t begin; /* of the field to come */
} window;

/* The digits up to the next mark, at most `most`, as a number; false where there are none or more.
 */
static inline bool take_digits(uint64_t *value, size_t *n, window *w, size_t most)
{
    const char *const text = w->text + w->begin;
    *n = w->marks[w->next] - w->begin;
    if (*n < 1 || *n > most) {
        return false;
    }
    if (*n <= 8) {
        *value = rri_digits_join(rri_digits_load(text), *n);
    } else {
        *value = rri_digits_join(rri_digits_load(text), *n - 8) * rri_digits_powers[8] +
                 rri_digits_join(rri_digits_load(text + *n - 8), 8);
    }
    w->begin += *n;
    return true;
}

static inline bool take_id(uint64_t *id, window *w)
{
    size_t n = 0;
    const bool is_zero = w->text[w->begin] == '0';
    return take_digits(id, &n, w, 16) && !(n > 1 && is_zero);
}

static inline bool take_rating(float *rating, window *w)
{
    uint64_t whole = 0, decimals = 0;
    size_t n = 0, m = 0;
    if (!take_digits(&whole, &n, w, 7)) {
        return false;
    }
    if (w->text[w->begin] != '.') {
        *rating = rri_digits_quotient(whole, 0);
        return true;
    }
    w->begin++;
    w->next++;
    if (n == 7 || !take_digits(&decimals, &m, w, 7 - n)) {
        return false;
    }
    *rating = rri_digits_quotient(whole * rri_digits_powers[m] + decimals, m);
    return true;
}

static inline bool take_time(int64_t *time, window *w)
{
    uint64_t value = 0;
    size_t n = 0;
    const bool is_there = take_digits(&value, &n, w, 16);
    *time = (int64_t)value;
    return is_there;
}

/* One character that is a mark. */
static inline bool take_mark(window *w, char wanted)
{
    const bool is_there = w->begin == w->marks[w->next] && w->text[w->begin] == wanted;
    w->begin++;
    w->next++;
    return is_there;
}

static inline bool take_row(rri_plain_row *row, window *w, const rri_table_header *header,
                            const rri_table_text *table)
{
    for (size_t c = 0; c < header->n_columns; c++) {
        bool is_plain = false;
        switch (header->roles[c]) {
        case RRI_ROLE_USER:
            is_plain = take_id(&row->user, w);
            break;
        case RRI_ROLE_ITEM:
            is_plain = take_id(&row->item, w);
            break;
        case RRI_ROLE_RATING:
            is_plain = take_rating(&row->rating, w);
            break;
        default:
            is_plain = take_time(&row->time, w);
            break;
        }
        if (!is_plain) {
            return false;
        }
        if (c + 1 < header->n_columns && (!take_mark(w, table->separator) ||
                                          (table->width == 2 && !take_mark(w, table->separator)))) {
            return false;
        }
    }
    if (w->text[w->begin] == '\r' && !take_mark(w, '\r')) {
        return false;
    }
    return take_mark(w, '\n');
}

/* user, item, rating and time with one character between them, as nearly all rows are: ids of at
 * most eight digits, a rating d or d.d. False, and nothing is done, where a row is not so. */
static inline bool take_usual_row(rri_plain_row *row, window *w, char separator)
{
    const char *const text = w->text;
    const uint16_t *const m = w->marks + w->next;
    const size_t user = w->begin, item = (size_t)m[0] + 1, rating = (size_t)m[1] + 1;
    const bool has_point = text[m[2]] == '.';
    const uint16_t *const behind = m + (has_point ? 3 : 2);
    const size_t time = (size_t)behind[0] + 1, end = behind[1];
    const size_t n_user = m[0] - user, n_item = m[1] - item, n_time = end - time;
    const bool is_separated =
        text[m[0]] == separator && text[m[1]] == separator && text[behind[0]] == separator;
    const bool is_long = n_user - 1 >= 8 || n_item - 1 >= 8 || n_time - 9 >= 8;
    const bool is_padded = (text[user] == '0' && n_user > 1) || (text[item] == '0' && n_item > 1);
    const bool is_short = m[2] - rating == 1 && (!has_point || behind[0] - rating == 3);
    if (!is_separated || is_long || is_padded || !is_short || text[end] != '\n') {
        return false;
    }
    const int32_t whole = text[rating] - '0', decimals = has_point ? text[rating + 2] - '0' : 0;
    row->user = rri_digits_join(rri_digits_load(text + user), n_user);
    row->item = rri_digits_join(rri_digits_load(text + item), n_item);
    row->rating = (float)(10 * whole + decimals) / 10.0f;
    row->time =
        (int64_t)(rri_digits_join(rri_digits_load(text + time), n_time - 8) * rri_digits_powers[8] +
                  rri_digits_join(rri_digits_load(text + end - 8), 8));
    w->next += has_point ? 5 : 4;
    w->begin = end + 1;
    return true;
}

static bool is_usual(const rri_table_header *header, const rri_table_text *table)
{
    static const uint8_t roles[4] = {RRI_ROLE_USER, RRI_ROLE_ITEM, RRI_ROLE_RATING, RRI_ROLE_TIME};
    return header->n_columns == 4 && memcmp(header->roles, roles, 4) == 0 && table->width == 1;
}

/* Marks that a row may have at most: of four columns, three wide separators, a point and two ends.
 */
enum { MOST_MARKS = 9 };

size_t rri_plain_window_read(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                             const rri_table_header *header, const rri_table_text *table)
{
    window w;
    w.text = text;
    w.begin = 0;
    w.next = 0;
    w.n_marks = find_marks(w.marks, text);
    const bool may_be_usual = is_usual(header, table);
    size_t n = 0;
    while (n < most && w.next + MOST_MARKS <= w.n_marks &&
           ((may_be_usual && take_usual_row(&rows[n], &w, table->separator)) ||
            take_row(&rows[n], &w, header, table))) {
        ends[n++] = text + w.begin;
    }
    return n;
}

bool rri_plain_window_fits(const rri_table_header *header)
{
    bool is_all = header->n_columns <= 4;
    for (size_t c = 0; c < header->n_columns; c++) {
        is_all = is_all && header->roles[c] <= RRI_ROLE_TIME;
    }
    return is_all;
}

#else

bool rri_plain_window_fits(const rri_table_header *header)
{
    (void)header;
    return false;
}

size_t rri_plain_window_read(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                             const rri_table_header *header, const rri_table_text *table)
{
    (void)rows;
    (void)ends;
    (void)most;
    (void)text;
    (void)header;
    (void)table;
    return 0;
}

#endif
