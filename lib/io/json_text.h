/* SPDX-License-Identifier: MIT */
/* json_text.h: the little of JSON that a safetensors header is made of, read strictly.
 *
 * A cursor walks a block that need not end in 0. Nothing recurses, nothing is allocated: a string
 * is decoded into the caller's text store. Accepted is what RFC 8259 allows, less what the header
 * has no use for: numbers are whole, not negative and without an exponent; strings hold no U+0000.
 */
#ifndef RRI_IO_JSON_TEXT_H
#define RRI_IO_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct rri_json_text {
    const unsigned char *begin, *at, *end; /* borrowed */
    char *store;                           /* decoded strings, each ended by 0; borrowed */
    size_t stored;
} rri_json_text;

/* store needs as many bytes as the text: a string shrinks by its quotes and gains one 0. */
void rri_json_text_init(rri_json_text *json, const void *text, size_t bytes, char *store);

/* Skips white space; true, and past it, when `mark` comes next. */
bool rri_json_text_accept(rri_json_text *json, char mark);
rr_status rri_json_text_expect(rri_json_text *json, char mark, rr_error *err);

/* *text points into the store; valid UTF-8. */
rr_status rri_json_text_string(rri_json_text *json, const char **text, rr_error *err);
rr_status rri_json_text_count(rri_json_text *json, uint64_t *count, rr_error *err);

/* White space to the end, and nothing else. */
rr_status rri_json_text_finish(rri_json_text *json, rr_error *err);

/* Length of the valid UTF-8 sequence at `at` (1 … 4), 0 where there is none before `end`. */
size_t rri_json_text_sequence(const unsigned char *at, const unsigned char *end);

#endif
