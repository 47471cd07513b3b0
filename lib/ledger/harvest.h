/* SPDX-License-Identifier: MIT */
/* harvest.h: the sessions of a ledger that an update takes, in an order that no interleaving
 * changes, and how they are forgotten. maths §4. */
#ifndef RRI_LEDGER_HARVEST_H
#define RRI_LEDGER_HARVEST_H

#include "ledger/ledger.h"

/* A harvest begins with no session rejected. */
void rri_harvest_begin(rri_ledger *ledger);
/* What is_rejected says of a session. */
enum { RRI_HARVEST_FREE = 0, RRI_HARVEST_REJECTED = 1, RRI_HARVEST_HELD = 2 };

/* Rejects a session: it is not picked, and forgotten with those that were. False: it was rejected
 * before. */
bool rri_harvest_reject(rri_ledger *ledger, size_t session);

/* A session that is not rejected waits: it is not picked, and stays. */
void rri_harvest_hold(rri_ledger *ledger, size_t session);

/* Picks sessions that are ready and neither rejected nor held, whole, in the order in which they
 * began, until the next would make more than max_rows places: *n_places. Where all of them
 * together have fewer than ledger->min_rows places, those that have any wait. Where the first has
 * one place alone, and the next would not fit beside it, it comes later (unless min_rows is 1).
 * order [max_rows]: their rows by (key, arrival); is_segment_end [max_rows]: RRI_SEGMENT_…, in
 * segments of n_steps from a session's first row on. False: no session is ready. Sessions of more
 * than max_rows places have been rejected; max_rows is at least 2, or min_rows 1. */
bool rri_harvest_pick(size_t *n_places, int32_t *order, uint8_t *is_segment_end, rri_ledger *ledger,
                      size_t max_rows, size_t n_steps);

/* The last row of a row's session. Of one that was cut off without a final observation that row is
 * trained on no more, and says where the session led. */
size_t rri_harvest_last_row(const rri_ledger *ledger, size_t row);

/* Forgets the sessions that were picked, of whose rows n_trained were trained on, and those that
 * were rejected. */
void rri_harvest_forget(rri_ledger *ledger, rri_rollout *rollout, size_t n_trained);

/* Forgets every session of these keys [n], in whatever state: its rows count as dropped. The number
 * of rows. */
size_t rri_harvest_forget_keys(rri_ledger *ledger, rri_rollout *rollout, const uint64_t *keys,
                               size_t n);

/* Forgets every session that is ready: its rows count as dropped. */
void rri_harvest_drop_ready(rri_ledger *ledger, rri_rollout *rollout);

#endif
