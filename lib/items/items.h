/* SPDX-License-Identifier: MIT */
/* items.h: the catalogue. N vectors of width d and the host's 64-bit keys; immutable, shared by an
 * atomic count of references, so that 10⁶ vectors exist once.
 *
 *   one block:  rr_items │ vectors [N, d] │ keys [N] │ slots [2^b ≥ 2N], none where key = index
 *
 * The last reference to be released frees the block through the allocator that made it. */
#ifndef RRI_ITEMS_ITEMS_H
#define RRI_ITEMS_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "recrl/recrl.h"

#define RRI_ITEMS_WIDEST 4096

/* vectors [n, dim] finite, copied; keys [n] all different, or NULL for 0 … n−1. */
rr_status rri_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                           int32_t dim, const rri_allocator *allocator, rr_error *err);
/* Vectors N(0, 1/dim) a coordinate: stream ITEMS, index = item. */
rr_status rri_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                  const rri_allocator *allocator, rr_error *err);

/* Bytes that create takes; has_keys: keys are given. */
rr_status rri_items_memory(size_t *bytes, int32_t n, int32_t dim, bool has_keys, rr_error *err);

/* One more reference; returns items, NULL for NULL. Any thread. */
rr_items *rri_items_retain(rr_items *items);
/* One less. NULL is fine. Any thread. */
void rri_items_release(rr_items *items);

size_t rri_items_count(const rr_items *items);
size_t rri_items_dim(const rr_items *items);
/* hash(N, d, keys, vectors) */
uint64_t rri_items_fingerprint(const rr_items *items);
const uint64_t *rri_items_keys(const rr_items *items); /* [N] */
const float *rri_items_vectors(const rr_items *items); /* [N, d], 64-byte aligned */
/* The index of a key; −1 where it is not in the catalogue. */
int32_t rri_items_find(const rr_items *items, uint64_t key);

#endif
