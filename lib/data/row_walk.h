/* SPDX-License-Identifier: MIT */
/* row_walk.h: from row to row of a text, and the places of each row's fields.
 *
 * The text is looked at 64 bytes at a time: a bit says of each byte whether it may end something
 * (a separator, a line end, a quote), and the next bit is the next place that matters. So rows of
 * short numbers do not wait for one another, and long texts between them are passed quickly. */
#ifndef RRI_DATA_ROW_WALK_H
#define RRI_DATA_ROW_WALK_H

#include <stdint.h>

#include "data/table_form.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes that must be readable behind the text. */
#define RRI_ROW_WALK_SLACK ((size_t)64)

typedef struct rri_row_walk {
    const rri_table_form *form;
    const char *at;   /* begin of the row to come */
    const char *end;  /* of the text, behind a line end */
    const char *base; /* of the 64 bytes that are looked at */
    uint64_t marks;   /* bits of places that are not passed */
    bool is_plain;    /* one byte separates, and no line is a comment */
} rri_row_walk;

enum {
    RRI_ROW_FIELDS,
    RRI_ROW_EMPTY, /* a line of blanks at most */
    RRI_ROW_COMMENT,
    RRI_ROW_UNCLOSED, /* a quote that is not closed in this text; *stop is where it opens */
    RRI_ROW_TORN      /* a quote that is closed before the field ends; *stop is behind it */
};

/* text [bytes] ends in a line end. */
static inline void rri_row_walk_begin(rri_row_walk *walk, const rri_table_form *form,
                                      const char *text, size_t bytes);

/* The row at walk->at, which is before walk->end. fields [max_fields] ← the first of its fields,
 * *n ← how many there are. After UNCLOSED and TORN the walk is over. */
static inline int rri_row_walk_next(rri_row_walk *walk, rri_table_field *fields, size_t max_fields,
                                    size_t *n, const char **stop);

/* ── inside ──────────────────────────────────────────────────────────────────────────────────── */

/* Bit i: byte i may end something. */
static inline uint64_t rri_row_walk_look(const rri_table_form *form, const char *text)
{
    const char separator = form->separator, other = form->is_blanks ? '\t' : separator,
               quote = form->has_quotes ? '"' : '\n';
    uint64_t marks = 0;
#if defined(__SSE2__)
    const __m128i a = _mm_set1_epi8(separator), b = _mm_set1_epi8(other), c = _mm_set1_epi8('\n'),
                  d = _mm_set1_epi8(quote);
    for (int part = 0; part < 4; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * part));
        const __m128i found =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b)),
                         _mm_or_si128(_mm_cmpeq_epi8(bytes, c), _mm_cmpeq_epi8(bytes, d)));
        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(found) << (16 * part);
    }
#else
    for (int i = 0; i < 64; i++) {
        const char at = text[i];
        marks |= (uint64_t)(at == separator || at == other || at == '\n' || at == quote) << i;
    }
#endif
    return marks;
}

static inline const char *rri_row_walk_mark(rri_row_walk *walk)
{
    while (walk->marks == 0) {
        walk->base += 64;
        walk->marks = rri_row_walk_look(walk->form, walk->base);
    }
    const char *const mark = walk->base + __builtin_ctzll(walk->marks);
    walk->marks &= walk->marks - 1;
    return mark;
}

/* What is not plain: a quote, "::", blanks, comments (row_walk.c). A mark of the field that begins
 * at `begin` becomes where the field ends, and where the next one begins, behind a line end where
 * it was the row's last. */
typedef struct rri_row_stop {
    const char *mark, *next;
    int kind; /* RRI_ROW_* */
} rri_row_stop;
rri_row_stop rri_row_walk_settle(rri_row_walk *walk, const char *begin, const char *mark,
                                 const char **stop) __attribute__((cold));
/* *begin ← the row's first field; RRI_ROW_COMMENT and RRI_ROW_EMPTY: passed. */
int rri_row_walk_open(rri_row_walk *walk, const char **begin);
bool rri_row_walk_is_blank(const char *begin, const char *end);

static inline void rri_row_walk_begin(rri_row_walk *walk, const rri_table_form *form,
                                      const char *text, size_t bytes)
{
    *walk =
        (rri_row_walk){.form = form,
                       .at = text,
                       .end = text + bytes,
                       .base = text,
                       .marks = bytes == 0 ? 0 : rri_row_walk_look(form, text),
                       .is_plain = form->width == 1 && !form->is_blanks && form->comment == '\0'};
}

/* Place and marks are kept out of the walk between two marks, which must follow quickly. */
static inline int rri_row_walk_next(rri_row_walk *walk, rri_table_field *fields, size_t max_fields,
                                    size_t *n, const char **stop)
{
    const char *begin = walk->at;
    const bool is_plain = walk->is_plain;
    if (!is_plain) {
        const int kind = rri_row_walk_open(walk, &begin);
        if (kind != RRI_ROW_FIELDS) {
            return kind;
        }
    }
    const char *base = walk->base;
    uint64_t marks = walk->marks;
    for (size_t c = 0;; c++) {
        while (marks == 0) {
            base += 64;
            marks = rri_row_walk_look(walk->form, base);
        }
        const char *mark = base + __builtin_ctzll(marks), *next = mark + 1;
        marks &= marks - 1;
        if (*mark == '"' || !is_plain) {
            walk->base = base;
            walk->marks = marks;
            const rri_row_stop found = rri_row_walk_settle(walk, begin, mark, stop);
            if (found.kind != RRI_ROW_FIELDS) {
                return found.kind;
            }
            mark = found.mark;
            next = found.next;
            base = walk->base;
            marks = walk->marks;
        }
        const bool is_last = next[-1] == '\n';
        mark -= is_last && mark > begin && mark[-1] == '\r' ? 1 : 0;
        if (c < max_fields) {
            fields[c] = (rri_table_field){begin, (size_t)(mark - begin)};
        }
        if (is_last) {
            walk->at = next;
            walk->base = base;
            walk->marks = marks;
            *n = c + 1;
            return c == 0 && rri_row_walk_is_blank(begin, mark) ? RRI_ROW_EMPTY : RRI_ROW_FIELDS;
        }
        begin = next;
    }
}

#endif
