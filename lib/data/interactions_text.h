/* SPDX-License-Identifier: MIT */
/* interactions_text.h: interactions from delimited text with a header.
 *
 * The header names the columns, "user_id", "item_id", "rating" and optionally "timestamp", in any
 * order; a type behind a colon ("user_id:token", as RecBole writes) is cut off, and MovieLens'
 * names (userId, movieId) are known. Other columns are skipped. An id of decimal digits without a
 * leading zero, below 2^64, is its own key; any other text's key is its hash (core/hash.h, seed 0),
 * and two ids with one key are refused. */
#ifndef RRI_DATA_INTERACTIONS_TEXT_H
#define RRI_DATA_INTERACTIONS_TEXT_H

#include "data/interactions.h"

/* text [bytes] may be changed; name is that of the file, for sentences: "NAME:LINE:COLUMN: …". What
 * is allocated is proportional to bytes. On failure nothing is to be released. */
rr_status rri_interactions_parse(rri_interactions *rows, char *text, size_t bytes, const char *name,
                                 const rri_allocator *allocator, rr_error *err);

#endif
