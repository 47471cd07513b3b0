/* SPDX-License-Identifier: MIT */
/* recrl/items.h: the catalogue. */
#ifndef RECRL_ITEMS_H
#define RECRL_ITEMS_H

#include <recrl/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A catalogue: n vectors of width dim, and the host's 64-bit keys. Immutable; agents and
 * environments hold references, so the host may destroy its own at once, and 10⁶ vectors exist
 * one time.
 *
 * vectors [n, dim] finite, copied. keys [n] all different, or NULL for 0 … n−1. n in [1, 2^31 − 2],
 * dim in [1, 4096]. */
RR_API rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys,
                                 int32_t n, int32_t dim, const rr_host *host, rr_error *err);
/* n vectors drawn N(0, 1/dim) a coordinate from `seed`, keys 0 … n−1: the drawn world's. maths
 * §1. */
RR_API rr_status rr_items_create_drawn(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                       const rr_host *host, rr_error *err);
/* Bytes that either takes of the host; has_keys: keys are given. */
RR_API rr_status rr_items_memory(int32_t n, int32_t dim, int32_t has_keys, size_t *bytes,
                                 rr_error *err);
/* Gives up this reference. NULL is fine. Any thread. */
RR_API void rr_items_release(rr_items *items);
RR_API int32_t rr_items_count(const rr_items *items);
RR_API int32_t rr_items_dim(const rr_items *items);
/* A hash of width, keys and vectors. Rows recorded under another fingerprint are not trained on. */
RR_API uint64_t rr_items_fingerprint(const rr_items *items);
/* indices[i] of keys[i]; −1 where a key is not in the catalogue. */
RR_API rr_status rr_items_find(const rr_items *items, const uint64_t *keys, int32_t n,
                               int32_t *indices, rr_error *err);
/* Views [N] and [N, dim], valid as long as a reference is held. */
RR_API const uint64_t *rr_items_keys(const rr_items *items);
RR_API const float *rr_items_vectors(const rr_items *items);

#ifdef __cplusplus
}
#endif

#endif
