/* SPDX-License-Identifier: MIT */
/* crafted_keys.h: keys that would flood a hash table whose hash they were made against, and how far
 * from home a table's keys are, which counts what a clock would only time. */
#ifndef TESTS_SUPPORT_CRAFTED_KEYS_H
#define TESTS_SUPPORT_CRAFTED_KEYS_H

#include "core/u64_table.h"

/* The factor whose product with an odd one is 1. */
static inline uint64_t crafted_inverse(uint64_t odd)
{
    uint64_t inverse = odd;
    for (int i = 0; i < 6; i++) {
        inverse *= 2 - odd * inverse; /* each turn doubles the bits that are right */
    }
    return inverse;
}

/* The key whose rri_hash_mix is `hash`. */
static inline uint64_t crafted_unmix(uint64_t hash)
{
    uint64_t x = (hash ^ hash >> 32) * crafted_inverse(RRI_HASH_K3);
    x ^= x >> 29 ^ x >> 58;
    x *= crafted_inverse(RRI_HASH_K1);
    return x ^ x >> 32;
}

/* Kind 0: an unsalted mix has 24 bits 0, and all keys one home. The others count in some bits. */
#define CRAFTED_KINDS UINT64_C(49)
static inline uint64_t crafted_key(uint64_t kind, uint64_t i)
{
    return kind == 0 ? crafted_unmix(i << 24) : i << (kind - 1);
}

/* Steps from a key's home to its slot, in the mean; a table that is half full has about one half,
 * one that is flooded half as many as it has keys. */
#define CRAFTED_MOST_STEPS 4.0
static inline double crafted_mean_steps(const rri_u64_table *table, const uint64_t *keys)
{
    double n_steps = 0.0, n_keys = 0.0;
    for (size_t slot = 0; slot < table->n_slots; slot++) {
        if (table->slots[slot] >= 0) {
            const size_t home = rri_u64_table_home(table, keys[table->slots[slot]]);
            n_steps += (double)((slot - home) & (table->n_slots - 1));
            n_keys += 1.0;
        }
    }
    return n_keys > 0.0 ? n_steps / n_keys : 0.0;
}

#endif
