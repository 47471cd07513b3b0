/* SPDX-License-Identifier: MIT */
/* plain_row.c: runs of digits as 64-bit words [after Lemire 2018, "Quickly parsing eight digits"].
 */
#include "data/plain_row.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

bool rri_plain_row_fits(const rri_table_header *header)
{
    return !header->has[RRI_ROLE_POSITION] && !header->has[RRI_ROLE_PROPENSITY] &&
           !header->has[RRI_ROLE_CONTEXT];
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Eight bytes, of which the first n are digits, are their value. The digits move to the last bytes,
 * zeros come before them; then neighbours are joined. */
static inline uint64_t join(uint64_t digits, size_t n)
{
    digits = n == 0 ? 0 : digits << (64 - 8 * n);
    digits = digits * 10 + (digits >> 8);
    return ((digits & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (digits >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

static inline uint64_t load_digits(const char *text)
{
    uint64_t digits;
    memcpy(&digits, text, sizeof digits);
    return digits ^ UINT64_C(0x3030303030303030); /* a digit is now 0 … 9 */
}

/* The number of digits at the front of eight bytes, and their value. */
static inline size_t read_eight(uint64_t *value, const char *text)
{
    const uint64_t digits = load_digits(text);
    const uint64_t others =
        (digits | (digits + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    const size_t n = others == 0 ? 8 : (size_t)__builtin_ctzll(others) / 8;
    *value = join(digits, n);
    return n;
}

static const uint64_t powers[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* At most seven digits over 10^m; both are floats, so the one division rounds correctly. */
static inline float quotient(uint64_t digits, size_t m)
{
    static const float float_powers[8] = {1.0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    return (float)(int32_t)digits / float_powers[m];
}

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

static inline const char *read_rating(float *rating, const char *text)
{
    uint64_t whole = 0, decimals = 0;
    const size_t n = read_eight(&whole, text);
    if (n == 0 || n > 7) {
        return NULL;
    }
    if (text[n] != '.') {
        *rating = quotient(whole, 0);
        return text + n;
    }
    const size_t m = read_eight(&decimals, text + n + 1);
    if (m == 0 || n + m > 7) {
        return NULL;
    }
    *rating = quotient(whole * powers[m] + decimals, m);
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

/* ── many rows ───────────────────────────────────────────────────────────────────────────────── */

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

/* Places of the bytes of a window that are no digits; how many there are. */
static size_t find_marks(uint16_t *marks, const char *text)
{
    size_t n = 0;
    for (size_t base = 0; base < RRI_PLAIN_WINDOW; base += 64) {
        for (uint64_t others = find_others(text + base); others != 0; others &= others - 1) {
            marks[n++] = (uint16_t)(base + (size_t)__builtin_ctzll(others));
        }
    }
    return n;
}

/* A window's text and marks, and how far it has been read. */
typedef struct window {
    const char *text;
    uint16_t marks[RRI_PLAIN_WINDOW]; /* [n_marks] */
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
        *value = join(load_digits(text), *n);
    } else {
        *value = join(load_digits(text), *n - 8) * powers[8] + join(load_digits(text + *n - 8), 8);
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
        *rating = quotient(whole, 0);
        return true;
    }
    w->begin++;
    w->next++;
    if (n == 7 || !take_digits(&decimals, &m, w, 7 - n)) {
        return false;
    }
    *rating = quotient(whole * powers[m] + decimals, m);
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

/* Marks that a row may have at most: of four columns, three wide separators, a point and two ends.
 */
enum { MOST_MARKS = 9 };

static size_t read_window(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                          const rri_table_header *header, const rri_table_text *table)
{
    window w;
    w.text = text;
    w.begin = 0;
    w.next = 0;
    w.n_marks = find_marks(w.marks, text);
    size_t n = 0;
    while (n < most && w.next + MOST_MARKS <= w.n_marks && take_row(&rows[n], &w, header, table)) {
        ends[n++] = text + w.begin;
    }
    return n;
}

/* Do all columns count? */
static bool is_dense(const rri_table_header *header)
{
    bool is_all = header->n_columns <= 4;
    for (size_t c = 0; c < header->n_columns; c++) {
        is_all = is_all && header->roles[c] <= RRI_ROLE_TIME;
    }
    return is_all;
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

static bool is_dense(const rri_table_header *header)
{
    (void)header;
    return false;
}

static size_t read_window(rri_plain_row *rows, const char **ends, size_t most, const char *text,
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

size_t rri_plain_rows_read(rri_plain_row *rows, const char **ends, size_t most, const char *text,
                           const char *text_end, const rri_table_header *header,
                           const rri_table_text *table)
{
    size_t n = 0;
    if (most > 1 && (size_t)(text_end - text) > RRI_PLAIN_WINDOW && is_dense(header)) {
        n = read_window(rows, ends, most, text, header, table);
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
