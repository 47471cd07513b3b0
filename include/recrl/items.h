/* SPDX-License-Identifier: MIT */
/* recrl/items.h: the catalogue, which agents, environments and snapshots share.
 *
 * Cost: constant. */
#ifndef RECRL_ITEMS_H
#define RECRL_ITEMS_H

#include <recrl/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a catalogue may have beside vectors and keys. Room that is reserved: this release
 * supports none of it, and both must be 0 and NULL (RR_E_UNSUPPORTED). */
typedef struct rr_items_options {
    uint32_t struct_size;  /* sizeof(rr_items_options) */
    int32_t feature_dim;   /* width of the items' own features */
    const float *features; /* [n, feature_dim] */
} rr_items_options;

/* A catalogue: n vectors of width dim, and the host's 64-bit keys. Immutable; agents and
 * environments hold references, so the host may release its own at once, and 10⁶ vectors are in
 * memory once.
 *
 * vectors [n, dim] finite, copied. keys [n] all different, or NULL for 0 … n−1. n in [1, 2^31 − 2],
 * dim in [1, 4096]. options NULL: none.
 * Errors: RR_E_NOT_FINITE: names the item and the coordinate; RR_E_MEMORY.
 * Cost: a pass over the vectors. */
RR_API rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys,
                                 int32_t n, int32_t dim, const rr_items_options *options,
                                 const rr_host *host, rr_error *err);
/* n random vectors, N(0, 1/dim) a coordinate from `seed`, keys 0 … n−1: the synthetic world's.
 * maths §1.
 * Errors: RR_E_MEMORY.
 * Cost: a random number for each coordinate. */
RR_API rr_status rr_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                        const rr_host *host, rr_error *err);
/* *bytes receives what either takes of the host; has_keys: keys are given. */
RR_API rr_status rr_items_memory(int32_t n, int32_t dim, int32_t has_keys, size_t *bytes,
                                 rr_error *err);
/* One more reference; returns items, NULL for NULL. Any thread that holds one. */
RR_API rr_items *rr_items_retain(rr_items *items);
/* Releases a reference. NULL is fine. Any thread. */
RR_API void rr_items_release(rr_items *items);
/* N, the number of items; 0 for NULL. */
RR_API int32_t rr_items_count(const rr_items *items);
/* d, the width of the vectors; 0 for NULL. */
RR_API int32_t rr_items_dim(const rr_items *items);
/* A hash of width, keys and vectors; 0 for NULL. Rows recorded under another fingerprint are not
 * trained on. */
RR_API uint64_t rr_items_fingerprint(const rr_items *items);
/* indices [n] of keys [n]; −1 where a key is not in the catalogue. Cost: constant a key. */
RR_API rr_status rr_items_find(const rr_items *items, const uint64_t *keys, int32_t n,
                               int32_t *indices, rr_error *err);
/* The other way: keys [n] of indices [n]; 0 where an index is −1, as in rr_decision.items.
 * Errors: RR_E_INVALID names an index that is not of the catalogue, and nothing is written.
 * Cost: constant a key. */
RR_API rr_status rr_items_keys_of(const rr_items *items, const int32_t *indices, int32_t n,
                                  uint64_t *keys, rr_error *err);
/* A run of items that lie one behind the other: a view, valid as long as a reference to the
 * catalogue is held. */
typedef struct rr_items_segment {
    uint32_t struct_size;
    int32_t first;        /* index of its first item */
    int32_t n;            /* items of the segment, ≥ 1 */
    int32_t dim;          /* width of the vectors */
    const uint64_t *keys; /* [n] */
    const float *vectors; /* [n, dim] */
} rr_items_segment;
/* Number of segments, in the order of indices, which together are the catalogue; 0 for NULL. How
 * many there are, and how long each is, may change with a release: loop over them. */
RR_API int32_t rr_items_segment_count(const rr_items *items);
/* One of them, as a view.
 * Errors: RR_E_NOT_FOUND: index is not in [0, rr_items_segment_count). */
RR_API rr_status rr_items_segment_at(const rr_items *items, int32_t index, rr_items_segment *out,
                                     rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
