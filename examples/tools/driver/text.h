/* SPDX-License-Identifier: MIT */
/* text.h: sentences, numbers and folders of the drivers. A driver may print and exit; the library
 * never does. */
#ifndef EXAMPLES_DRIVER_TEXT_H
#define EXAMPLES_DRIVER_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "recrl/recrl.h"

/* The name in front of every sentence on stderr: "train: …". */
void text_set_program(const char *name);
const char *text_program(void);

/* Prints a sentence and exits with status 1. */
_Noreturn void text_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Does nothing on RR_OK; else prints the library's sentence and exits. */
void text_require(rr_status status, const rr_error *err);
/* The same, with the file's name in front. */
void text_require_file(rr_status status, const rr_error *err, const char *path);
/* malloc that does not fail: n × size bytes of zeros. */
void *text_allocate(size_t n, size_t size);

/* Whole numbers with separators, "1,234,567", in one of a few static slots. */
const char *text_count(int64_t value);
/* A whole number with an exponent, a decimal point or k, M, G behind it ("1e6", "1.5M", "100k") as
 * plain digits in out; false, and out as the text, where it is another text. */
bool text_expand_count(char out[64], const char *value);
/* What to do about a comma in a number, as the end of a sentence; "" where there is none. */
const char *text_comma_remedy(const char *value);
/* Parses a whole number ≥ 0, also "1e6" and "100k", or fails with the flag's name. */
int64_t text_parse_count(const char *flag, const char *value);
/* Parses bytes: a whole number ≥ 1, of units of 1, or with K, M, G or T behind it of 10³ … 10¹². */
uint64_t text_parse_bytes(const char *flag, const char *value);
/* "FOLDER/NAME" in out; fails where it is too long. */
void text_path(char *out, size_t capacity, const char *folder, const char *name);
/* Creates the folder of `path` and those above it. */
void text_make_folders(const char *path);
/* Creates the folders of `path`, and fails unless a file can be written beside it. */
void text_require_writable(const char *path);
/* A seed that depends on both; distinct purposes give unrelated seeds. */
uint64_t text_mix_seed(uint64_t seed, uint64_t purpose);
/* Seconds on a clock that only goes forward. */
double text_seconds(void);

#endif
