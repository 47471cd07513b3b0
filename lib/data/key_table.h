/* SPDX-License-Identifier: MIT */
/* key_table.h: 64-bit keys ↔ dense indices in the order of first appearance, growing as they come.
 */
#ifndef RRI_DATA_KEY_TABLE_H
#define RRI_DATA_KEY_TABLE_H

#include <stdbool.h>

#include "core/u64_table.h"

typedef struct rri_key_table {
    uint64_t *keys;      /* [n_keys] in dense order */
    uint64_t *checks;    /* [n_keys] as given with the key's first appearance */
    rri_u64_table index; /* of keys; at most half of its slots are taken */
    size_t n_keys;
    bool has_checks; /* one of them is not 0 */
    rri_allocator allocator;
    void *block; /* owned: the three arrays */
    size_t block_bytes;
} rri_key_table;

/* Owns nothing until the first add. */
void rri_key_table_init(rri_key_table *table, const rri_allocator *allocator);
void rri_key_table_release(rri_key_table *table);

/* *index of the key, which is new when *index was n_keys before; then `check` is kept with it. */
rr_status rri_key_table_add(rri_key_table *table, int32_t *index, uint64_t key, uint64_t check,
                            rr_error *err);

/* Bytes that a table of so many keys holds which came by add; SIZE_MAX where they do not fit. */
size_t rri_key_table_memory(size_t n_keys);

/* Whether n more keys fit in without growing, which allocates; makes it so. */
bool rri_key_table_has_room(const rri_key_table *table, size_t n);
rr_status rri_key_table_reserve(rri_key_table *table, size_t n, rr_error *err);

/* An empty table ← the keys of another, with their indices. */
rr_status rri_key_table_copy(rri_key_table *table, const rri_key_table *from, rr_error *err);

/* Looking up many keys is waiting for memory, unless it is told in time which are to come: expect
 * all keys, then approach all, then add all. They change nothing. */
void rri_key_table_expect(const rri_key_table *table, uint64_t key);
void rri_key_table_approach(const rri_key_table *table, uint64_t key);

#endif
