/* SPDX-License-Identifier: MIT */
/* items.h: the catalogue. N vectors of width d and the host's 64-bit keys; immutable, shared by an
 * atomic count of references, so that 10⁶ vectors exist once.
 *
 *   one block:  rr_items │ vectors [N, d] │ features [N, f] │ keys [N] │ slots [2^b ≥ 2N], none
 *               where key = index
 *
 * A catalogue that follows another one shares its vectors: then the block is the first line alone,
 * and the rest lies in the storage of the line (line.h). The last reference to be released frees
 * the block through the allocator that made it. */
#ifndef RRI_ITEMS_ITEMS_H
#define RRI_ITEMS_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "items/life.h"
#include "recrl/recrl.h"

#define RRI_ITEMS_WIDEST 4096

/* What items are made of. */
typedef struct rri_item_rows {
    const float *vectors;  /* [n, dim] */
    const uint64_t *keys;  /* [n] */
    const float *features; /* [n, feature_dim] their own; feature_dim 0: none */
    size_t n, feature_dim;
} rri_item_rows;

/* rows: all finite, copied; keys all different, or NULL for 0 … n−1. */
rr_status rri_items_create_rows(rr_items **out, const rri_item_rows *rows, int32_t dim,
                                const rri_allocator *allocator, rr_error *err);
/* The same without features. */
rr_status rri_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                           int32_t dim, const rri_allocator *allocator, rr_error *err);
/* Vectors N(0, 1/dim) a coordinate: stream ITEMS, index = item. */
rr_status rri_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                  const rri_allocator *allocator, rr_error *err);

/* Items for which whatever is sized by a catalogue of n keeps room: half as many again, and a few.
 */
size_t rri_items_room(size_t n);

/* Bytes that create takes; has_keys: keys are given. */
rr_status rri_items_memory(size_t *bytes, int32_t n, int32_t dim, int32_t feature_dim,
                           bool has_keys, rr_error *err);

/* One more reference; returns items, NULL for NULL. Any thread. */
rr_items *rri_items_retain(rr_items *items);
/* One less. NULL is fine. Any thread. */
void rri_items_release(rr_items *items);

/* The next generation: `gone` [n_gone] may not be chosen any more; `rows` come, whose keys are
 * given and whose feature_dim is the catalogue's. A key that is there with the same vector and
 * features stays; with others, its index is gone and it gets a new one. Nothing changes on failure.
 */
rr_status rri_items_follow(rr_items **out, rr_items *before, const uint64_t *gone, size_t n_gone,
                           const rri_item_rows *rows, const rri_allocator *allocator,
                           rr_error *err);
/* Bytes that it takes; the most, since it is not known here which of the new ones are there. */
size_t rri_items_follow_memory(const rr_items *before, size_t n_new);
/* The generation of the line, up to the items' own, that has this fingerprint: a reference. */
rr_status rri_items_ancestor(rr_items **out, const rr_items *items, uint64_t fingerprint,
                             rr_error *err);

/* A catalogue of its own that has what is alive, in the order of indices. map [n] (NULL: not
 * wanted) ← the new index of each old one, −1 where it is gone. */
rr_status rri_items_compact(rr_items **out, const rr_items *items, int32_t *map,
                            const rri_allocator *allocator, rr_error *err);

/* Bytes that it takes at once, and those of the new catalogue. */
rr_status rri_items_compact_memory(size_t *bytes, size_t *held, const rr_items *items,
                                   rr_error *err);

/* What a file says of a generation: births [n] rise from 0 to at most `generation`, n_root are 0;
 * deaths [n] are later than the birth and at most `generation`, or RRI_LIFE_LASTS. */
typedef struct rri_items_file {
    rri_item_rows rows;
    const uint32_t *births, *deaths;
    size_t n_root, dim;
    uint32_t generation;
} rri_items_file;
/* Bytes that restore takes at once, at most, and those of the catalogue, of a file with the number
 * and width of its rows alone. */
rr_status rri_items_restore_memory(size_t *bytes, size_t *held, const rri_items_file *file,
                                   rr_error *err);
/* That generation with all its ancestors. */
rr_status rri_items_restore(rr_items **out, const rri_items_file *file,
                            const rri_allocator *allocator, rr_error *err);

size_t rri_items_count(const rr_items *items);
size_t rri_items_dim(const rr_items *items);
/* Of a catalogue that follows none hash(N, d, keys, vectors, f, features); of a generation the one
 * before it and a hash for each item that came or went. */
uint64_t rri_items_fingerprint(const rr_items *items);
/* The fingerprint of generation 0, which all generations of a line have in common. */
uint64_t rri_items_root(const rr_items *items);
uint32_t rri_items_generation(const rr_items *items);
/* Items that may be chosen. */
size_t rri_items_alive(const rr_items *items);
/* The same of any generation of its line, and how many items it has. */
size_t rri_items_alive_in(const rr_items *items, uint32_t generation);
size_t rri_items_count_in(const rr_items *items, uint32_t generation);
bool rri_items_is_alive(const rr_items *items, size_t item);
/* NULL: each may be chosen in every generation. */
const rri_life *rri_items_life(const rr_items *items);
/* Whether the line has a generation of this fingerprint, which may be later than the items' own. A
 * lock. */
bool rri_items_generation_of(uint32_t *generation, const rr_items *items, uint64_t fingerprint);
const uint64_t *rri_items_keys(const rr_items *items); /* [N] */
const float *rri_items_vectors(const rr_items *items); /* [N, d], 64-byte aligned */
/* The items' own features [N, f]; f 0 and NULL: they have none. */
const float *rri_items_features(const rr_items *items);
size_t rri_items_feature_dim(const rr_items *items);
/* The index of a key, also of one that is gone; −1 where the catalogue never had it. Any thread,
 * also beside follow. */
int32_t rri_items_find(const rr_items *items, uint64_t key);
/* The same in an earlier generation of its line. */
int32_t rri_items_find_in(const rr_items *items, uint32_t generation, uint64_t key);

#endif
