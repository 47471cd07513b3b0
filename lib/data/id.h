/* SPDX-License-Identifier: MIT */
/* id.h: what an id in a file is.
 *
 * Its key: decimal digits without a leading zero, below 2^64, are their own key; any other text's
 * key is its hash. Beside a hash stands a check, a second hash, so that two texts of one key are
 * not taken for one id.
 *
 * Its spelling: in a column where every id is a number, 23, 23.0, 2.3e1 and +23 are one id, whose
 * usual spelling is 23. Zeros in front of an id are part of it (007 is not 7). */
#ifndef RRI_DATA_ID_H
#define RRI_DATA_ID_H

#include <stddef.h>
#include <stdint.h>

/* *check 0: a number that is its own key. */
uint64_t rri_id_key(uint64_t *check, const char *text, size_t length);

enum {
    RRI_ID_TEXT,      /* no number */
    RRI_ID_USUAL,     /* a number as it is usually written, or digits behind a zero */
    RRI_ID_RESPELLED, /* a number that is usually written otherwise */
};
/* Longest usual spelling. Numbers of which it would be longer are texts. */
#define RRI_ID_USUAL_MOST ((size_t)128)
/* usual [*n] ← of a number; else untouched. */
int rri_id_spelling(char usual[RRI_ID_USUAL_MOST], size_t *n, const char *text, size_t length);

#endif
