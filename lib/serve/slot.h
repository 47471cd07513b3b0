/* SPDX-License-Identifier: MIT */
/* slot.h: the place where a trainer leaves the newest snapshot and threads that serve find it.
 * recrl/policy.h.
 *
 * Readers take no lock. Each has a cell of its own, in which it writes the snapshot that it is
 * about to read, and then looks whether it is still the present one; a trainer lets go of a
 * snapshot that was replaced only when no cell names it [hazard pointers: Michael 2004]. One that
 * nobody else holds is kept to publish the next one into, so that memory does not grow.
 *
 *   rr_slot │ cells [max_readers], one cache line each │ retired [max_readers + 2] │
 *   named [max_readers] */
#ifndef RRI_SERVE_SLOT_H
#define RRI_SERVE_SLOT_H

#include "serve/snapshot.h"

/* `first` is retained. max_readers ≥ 1. */
rr_status rri_slot_create(rr_slot **out, rr_policy *first, size_t max_readers,
                          const rri_allocator *allocator, rr_error *err);
/* Bytes that create takes. */
size_t rri_slot_memory(size_t max_readers);
/* One more reference; NULL for NULL. */
rr_slot *rri_slot_retain(rr_slot *slot);
/* One less; the slot lives until the last one and its last reader are gone. */
void rri_slot_release(rr_slot *slot);

/* A reader with a cell. RR_E_FULL: max_readers have one. */
rr_status rri_slot_join(rr_reader **out, rr_slot *slot, uint64_t seed,
                        const rri_allocator *allocator, rr_error *err);
/* Gives the cell back; a reader that belongs to no slot is left as it is. */
void rri_slot_leave(rr_reader *reader);

/* Trainers, one after the other; readers are not held up. `policy` is retained. */
rr_status rri_slot_swap(rr_slot *slot, rr_policy *policy, rr_error *err);
/* rri_snapshot_publish over a retired snapshot where there is one. */
rr_status rri_slot_publish(rr_slot *slot, const rri_model *model, rri_shared_items **shared,
                           const rr_serving_options *options, const rri_allocator *allocator,
                           rr_error *err);
/* Publishes are refused, or taken again; swaps are taken. */
void rri_slot_hold(rr_slot *slot, bool is_held);
void rri_slot_describe(rr_slot *slot, rr_slot_info *out);
/* What came of one rr_reader_act of n rows. */
void rri_slot_count(rr_reader *reader, rr_status status, size_t n_rows);

/* The present snapshot, retained for the caller. */
rr_policy *rri_slot_get(rr_slot *slot);

/* The present snapshot, which stays whole until release. The reader holds one at a time. */
rr_policy *rri_slot_acquire(rr_reader *reader);
void rri_slot_let_go(rr_reader *reader);
bool rri_slot_is_held(const rr_reader *reader);

#endif
