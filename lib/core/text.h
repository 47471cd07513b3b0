/* SPDX-License-Identifier: MIT */
/* text.h: numbers as text and back, and sentences with numbers in them, whatever the host's locale.
 * A text must be the number and nothing else: no blanks, no trailing letters, decimal digits
 * alone. */
#ifndef RRI_CORE_TEXT_H
#define RRI_CORE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text [length]; false, and out untouched, when it is not such a number or does not fit. */
bool rri_text_parse_int64(int64_t *out, const char *text, size_t length);
bool rri_text_parse_uint64(uint64_t *out, const char *text, size_t length);

/* Correctly rounded. At most 63 characters. false for "nan" and "inf", and for what is too large
 * for the type. */
bool rri_text_parse_float(float *out, const char *text, size_t length);
bool rri_text_parse_double(double *out, const char *text, size_t length);

/* Whether text [length] is UTF-8 throughout. */
bool rri_text_is_utf8(const char *text, size_t length);

/* The shortest decimal that reads back as the same bits ("0.2", "1e-05"); "nan", "inf", "-inf". */
#define RRI_TEXT_FLOAT_CAPACITY 32
void rri_text_format_float(char out[RRI_TEXT_FLOAT_CAPACITY], float value);

/* out [capacity ≥ 1] ← a sentence for somebody to read: terminated, numbers with a point, cut
 * before a character that does not fit, and UTF-8 whatever the strings in it are (each byte that is
 * not becomes "?"). */
void rri_text_write(char *out, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void rri_text_write_list(char *out, size_t capacity, const char *format, va_list arguments);

#endif
