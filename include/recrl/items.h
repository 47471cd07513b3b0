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

/* What items may have beside vectors and keys: features of their own (genre, age, author …), which
 * an agent reads whose config says so (item_feature_dim, tower_hidden): they give an item its
 * vector, or a part of it, before anybody has seen it. Features of the request are not these:
 * they come with it, in rr_obs. Both 0 and NULL: none. */
typedef struct rr_items_options {
    uint32_t struct_size;  /* sizeof(rr_items_options) */
    int32_t feature_dim;   /* width of the items' own features, in [0, 4096] */
    const float *features; /* [n, feature_dim] finite, copied; NULL where that is 0 */
} rr_items_options;

/* A catalogue: n vectors of width dim, and the host's 64-bit keys. Immutable; agents and
 * environments hold references, so the host may release its own at once, and 10⁶ vectors are in
 * memory once.
 *
 * vectors [n, dim] finite, copied. keys [n] all different, or NULL for 0 … n−1. n in [1, 2^31 − 2],
 * dim in [1, 4096]. options NULL: none.
 * Errors: RR_E_NOT_FINITE: names the item and the coordinate, or the feature; RR_E_MEMORY.
 * Cost: a pass over the vectors and features. */
RR_API rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys,
                                 int32_t n, int32_t dim, const rr_items_options *options,
                                 const rr_host *host, rr_error *err);
/* n random vectors, N(0, 1/dim) a coordinate from `seed`, keys 0 … n−1: the synthetic world's.
 * maths §1.
 * Errors: RR_E_MEMORY.
 * Cost: a random number for each coordinate. */
RR_API rr_status rr_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                        const rr_host *host, rr_error *err);
/* *bytes receives what either takes of the host. feature_dim: of the items' own features, 0
 * without; has_keys: keys are given. */
RR_API rr_status rr_items_memory(int32_t n, int32_t dim, int32_t feature_dim, int32_t has_keys,
                                 size_t *bytes, rr_error *err);
/* One more reference; returns items, NULL for NULL. Any thread that holds one. */
RR_API rr_items *rr_items_retain(rr_items *items);
/* Releases a reference. NULL is fine. Any thread. */
RR_API void rr_items_release(rr_items *items);
/* N, the number of items, also of those that are gone: indices are below it; 0 for NULL. */
RR_API int32_t rr_items_count(const rr_items *items);
/* d, the width of the vectors; 0 for NULL. */
RR_API int32_t rr_items_dim(const rr_items *items);
/* A hash of width, keys, vectors and features; of a generation, of what came and went as well; 0
 * for NULL. Rows recorded under the fingerprint of another line are not trained on. */
RR_API uint64_t rr_items_fingerprint(const rr_items *items);
/* indices [n] of keys [n], also of items that are gone (rr_items_are_alive); −1 where a key was
 * never in the catalogue. Any thread, also beside rr_items_follow. Cost: constant a key. */
RR_API rr_status rr_items_find(const rr_items *items, const uint64_t *keys, int32_t n,
                               int32_t *indices, rr_error *err);
/* The other way: keys [n] of indices [n]; 0 where an index is −1, as in rr_decision.items.
 * Errors: RR_E_INVALID names an index that is not of the catalogue, and nothing is written.
 * Cost: constant a key. */
RR_API rr_status rr_items_keys_of(const rr_items *items, const int32_t *indices, int32_t n,
                                  uint64_t *keys, rr_error *err);
/* ── a catalogue that moves: a line of generations ──
 *
 *     rr_items_create(&items, vectors, keys, n, dim, NULL, NULL, &err);
 *     rr_items_follow(&later, items, gone, n_gone, keys, vectors, n_new, NULL, NULL, &err);
 *     rr_agent_set_items(agent, later, &err);                 // the trainer
 *     rr_slot_publish(slot, agent, &options, &err);           // its readers
 *
 * In all generations of a line an index means the same item. What stays keeps its index. What is
 * gone keeps it too: rows in which it was there are trained on, but it is not chosen any more: its
 * probability is 0. What is new gets the next one. So rows, blobs, snapshots, policy files,
 * checkpoints and trained vectors of an ancestor go on, and a row over the whole pool is scored
 * again, bit for bit, with the items that its own generation had. Vectors that stay are shared. */

/* The generation after `before`. gone [n_gone]: keys that may not be chosen any more. keys [n_new],
 * vectors [n_new, dim]: those that come, and in options their features, where the catalogue has
 * any: as wide as those of `before` (without: NULL). A key that is there with this very vector and
 * these features stays; with others its index is gone, and it gets a new one; so does one that was
 * gone and comes back. What
 * belongs to a key follows it: earlier showings, exclusions, its bias, and moments of the
 * optimiser. Either list may be empty (then NULL will do). *out is a reference of the caller's;
 * `before` stays as it is, and its own. On failure nothing changes.
 *
 * A line's vectors lie in one array that has room for half as many items again and 1024; the
 * generation that does not fit copies it once. The first follow of a catalogue copies it. Any
 * thread, beside readers of any generation.
 * Errors: RR_E_STATE: `before` has been followed already; RR_E_NOT_FOUND: a key of gone that is not
 * there; RR_E_INVALID: a key twice in one list, or features of another width than the catalogue's;
 * RR_E_NOT_FINITE: names vector and coordinate, or item and feature; RR_E_MEMORY; RR_E_THREAD: the
 * system refused a mutex. Cost: what changes; where there is no room, a pass over all items. */
RR_API rr_status rr_items_follow(rr_items **out, rr_items *before, const uint64_t *gone,
                                 int32_t n_gone, const uint64_t *keys, const float *vectors,
                                 int32_t n_new, const rr_items_options *options,
                                 const rr_host *host, rr_error *err);
/* *bytes receives what follow takes of the host for as many new items, beside the history of the
 * line (32 bytes a generation) and, while it runs, 8 bytes a key. */
RR_API rr_status rr_items_follow_memory(const rr_items *before, int32_t n_new, size_t *bytes,
                                        rr_error *err);
/* Which generation it is: 0 for one that follows none, and for NULL. */
RR_API int64_t rr_items_generation(const rr_items *items);
/* What all generations of a line have in common: the fingerprint of generation 0; 0 for NULL. */
RR_API uint64_t rr_items_line(const rr_items *items);
/* Items that may be chosen; 0 for NULL. */
RR_API int32_t rr_items_count_alive(const rr_items *items);
/* alive [n] ← 1 where the item of an index may be chosen, 0 where it is gone or the index is −1.
 * Errors: RR_E_INVALID names an index that is not of the catalogue, and nothing is written.
 * Cost: constant an index. */
RR_API rr_status rr_items_are_alive(const rr_items *items, const int32_t *indices, int32_t n,
                                    uint8_t *alive, rr_error *err);

/* One safetensors file: keys, vectors, features, and from when to when each item may be chosen,
 * with a checksum over every byte. Written as rr_checkpoint_save writes. What later generations
 * added is not in it. Errors: RR_E_IO: the path cannot be written; RR_E_MEMORY. Cost: a pass over
 * all items, and the writing. */
RR_API rr_status rr_items_save(const rr_items *items, const char *path, rr_error *err);
/* Makes the catalogue of such a file, with all its ancestors: its fingerprint, line and generation
 * are those of the one that was saved, so rows, policy files and checkpoints of any of them go on,
 * and it may be followed. *out is a reference of the caller's.
 * Errors: RR_E_IO: the file cannot be read; RR_E_FORMAT: damaged, or no catalogue; RR_E_NOT_FOUND:
 * a tensor is missing; RR_E_MISMATCH: one of another shape; RR_E_VERSION: of another version
 * (recrl/checkpoint.h); RR_E_NOT_FINITE: a coordinate; RR_E_INVALID: a key twice; RR_E_MEMORY;
 * RR_E_THREAD: the system refused a mutex.
 * Cost: the reading, and a pass over all items. */
RR_API rr_status rr_items_load(rr_items **out, const char *path, const rr_host *host,
                               rr_error *err);
/* *bytes receives what load takes of the host at once, at most: then load does not fail for memory,
 * unless the file has grown. *held (nullable) receives what the catalogue has in the end. Which
 * items were there from the first generation on the header does not say: *bytes is as if all were.
 * Errors: RR_E_IO, RR_E_FORMAT and RR_E_VERSION of the file's header, as rr_items_load;
 * RR_E_MEMORY: more than a size_t counts.
 * Cost: reads the header alone. */
RR_API rr_status rr_items_file_memory(const char *path, size_t *bytes, size_t *held, rr_error *err);
/* Ends a line: a catalogue of its own, which has what is alive in the order of indices. map
 * [rr_items_count] (nullable) receives the new index of each old one, −1 where it is gone. Agents
 * take it (rr_agent_set_items carries over by key), blobs are read under it by their keys; rows
 * that a ledger holds are of the old line, so train on them first.
 * Errors: RR_E_STATE: all items are gone; RR_E_MEMORY.
 * Cost: a pass over all items; while it runs, the vectors twice. */
RR_API rr_status rr_items_compact(rr_items **out, const rr_items *items, const rr_host *host,
                                  int32_t *map, rr_error *err);
/* *bytes receives what compact takes of the host at once; *held (nullable) what the new catalogue
 * has of it in the end.
 * Errors: RR_E_STATE: all items are gone. */
RR_API rr_status rr_items_compact_memory(const rr_items *items, size_t *bytes, size_t *held,
                                         rr_error *err);

/* A run of items that lie one behind the other: a view, valid as long as a reference to the
 * catalogue is held. */
typedef struct rr_items_segment {
    uint32_t struct_size;
    int32_t first;         /* index of its first item */
    int32_t n;             /* items of the segment, ≥ 1 */
    int32_t dim;           /* width of the vectors */
    const uint64_t *keys;  /* [n] */
    const float *vectors;  /* [n, dim] */
    const float *features; /* [n, feature_dim] the items' own; NULL where they have none */
    int32_t feature_dim;   /* 0: none */
    uint32_t reserved;     /* 0 */
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
