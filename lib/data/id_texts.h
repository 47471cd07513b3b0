/* SPDX-License-Identifier: MIT */
/* id_texts.h: what ids that are no plain numbers look like, by their indices. */
#ifndef RRI_DATA_ID_TEXTS_H
#define RRI_DATA_ID_TEXTS_H

#include "core/memory.h"
#include "data/key_table.h"

typedef struct rri_id_text {
    int32_t index; /* of the id in its table of keys */
    uint32_t length;
    size_t begin; /* in bytes */
} rri_id_text;

typedef struct rri_id_texts {
    rri_id_text *at; /* [n] in the order of their indices; owned: room for max_n */
    size_t n, max_n;
    char *bytes; /* [n_bytes] owned: room for max_bytes */
    size_t n_bytes, max_bytes;
    rri_allocator allocator;
} rri_id_texts;

/* Owns nothing until the first reserve. */
void rri_id_texts_init(rri_id_texts *texts, const rri_allocator *allocator);
void rri_id_texts_release(rri_id_texts *texts);

/* Whether n more of n_bytes together fit in without growing, which allocates; makes it so. */
bool rri_id_texts_has_room(const rri_id_texts *texts, size_t n, size_t n_bytes);
rr_status rri_id_texts_reserve(rri_id_texts *texts, size_t n, size_t n_bytes, rr_error *err);

/* Bytes that a copy holds. */
size_t rri_id_texts_memory(const rri_id_texts *texts);
/* Bytes that n texts of n_bytes take at once, at most, while they are added in groups of which each
 * needs room for so many more. */
size_t rri_id_texts_most(size_t n, size_t n_bytes, size_t more, size_t more_bytes);
/* Bytes that merge takes beside what is there, at most; n_keys: of the table. */
size_t rri_id_texts_merge_memory(size_t n_keys, size_t n, size_t n_bytes);

/* For which there is room; the index is larger than those before. */
void rri_id_texts_add(rri_id_texts *texts, int32_t index, const char *text, size_t length);

/* NULL where the id has none. */
const rri_id_text *rri_id_texts_find(const rri_id_texts *texts, int32_t index);

/* An empty one ← all of another. */
rr_status rri_id_texts_copy(rri_id_texts *texts, const rri_id_texts *from, rr_error *err);

/* Where every id of the table is a number: those that are one number become one id, whose key is
 * that of its usual spelling, in the order of first appearance. indices [n] are of the rows.
 * *n_merged ← spellings that are no ids any more. Else nothing changes. */
rr_status rri_id_texts_merge(size_t *n_merged, rri_id_texts *texts, rri_key_table *table,
                             int32_t *indices, size_t n, rr_error *err);

#endif
