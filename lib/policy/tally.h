/* SPDX-License-Identifier: MIT */
/* tally.h: a short list of items put in order: which ones occur, and how often. */
#ifndef RRI_POLICY_TALLY_H
#define RRI_POLICY_TALLY_H

#include <stddef.h>
#include <stdint.h>

/* From list [n], of which negative entries are padding: items, distinct and rising, and counts of
 * each (NULL: not wanted), both with room for n. items may be list. Returns how many.
 */
size_t rri_tally_build(int32_t *items, int32_t *counts, const int32_t *list, size_t n);

/* The index of item among n rising items, or n where it is not there. */
size_t rri_tally_find(const int32_t *items, size_t n, int32_t item);

#endif
