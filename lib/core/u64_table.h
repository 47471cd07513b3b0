/* SPDX-License-Identifier: MIT */
/* u64_table.h: from 64-bit keys to their places in an array of keys that the owner holds.
 *
 *     keys   [n]        50  7  912 …        the owner's
 *     slots  [2^b]      ·  1  ·  ·  0  2  ·      place of a key, −1 free; 2^b ≥ 2n
 *
 * Open addressing with linear probing; what is removed leaves no trace, so a table never grows
 * tired. Keys may come from strangers: the hash has a salt that is drawn from the system's
 * randomness whenever a table is cleared, so that nobody can choose keys that all probe one slot.
 * What depends on the order of slots would not be repeatable: there is no function that walks
 * them. */
#ifndef RRI_CORE_U64_TABLE_H
#define RRI_CORE_U64_TABLE_H

#include "core/hash.h"
#include "core/memory.h"

typedef struct rri_u64_table {
    int32_t *slots;   /* [n_slots] place of a key; −1: free */
    size_t n_slots;   /* a power of two; 0: nothing is found and nothing may be added */
    uint64_t salt[2]; /* of the hash; [1] is odd */
} rri_u64_table;

/* Two numbers that nobody can foresee, from the system's randomness; [1] is odd, so that to
 * multiply by it loses nothing. `place` stands in, a little, where the system gives none. */
void rri_u64_table_draw_salt(uint64_t salt[2], const void *place);

/* Slots for n keys, of which at most half are taken; SIZE_MAX where they do not fit. */
size_t rri_u64_table_slots(size_t n);
/* Run twice, as memory.h says; then clear. */
void rri_u64_table_layout(rri_u64_table *table, rri_arena *arena, size_t n_slots);
/* Empty, with a salt that no table had before. */
void rri_u64_table_clear(rri_u64_table *table);

/* Where the search for a key begins. */
static inline size_t rri_u64_table_home(const rri_u64_table *table, uint64_t key)
{
    const uint64_t salted = (key ^ table->salt[0]) * table->salt[1];
    return (size_t)rri_hash_mix(salted) & (table->n_slots - 1);
}

/* The slot that holds the place of `key`, or the free one where it belongs: to add a key that is
 * not there is to write its place into it. */
static inline int32_t *rri_u64_table_slot(const rri_u64_table *table, const uint64_t *keys,
                                          uint64_t key)
{
    const size_t mask = table->n_slots - 1;
    size_t slot = rri_u64_table_home(table, key);
    while (table->slots[slot] >= 0 && keys[table->slots[slot]] != key) {
        slot = (slot + 1) & mask;
    }
    return table->slots + slot;
}

/* keys[place], which is not in the table, is found from now on. */
static inline void rri_u64_table_add(rri_u64_table *table, const uint64_t *keys, int32_t place)
{
    *rri_u64_table_slot(table, keys, keys[place]) = place;
}

/* The place of `key`; −1 where it is not in the table. */
static inline int32_t rri_u64_table_find(const rri_u64_table *table, const uint64_t *keys,
                                         uint64_t key)
{
    return table->n_slots > 0 ? *rri_u64_table_slot(table, keys, key) : -1;
}

/* A key that is not there is fine. keys still holds it, and those of all other places. */
void rri_u64_table_remove(rri_u64_table *table, const uint64_t *keys, uint64_t key);

#endif
