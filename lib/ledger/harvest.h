/* SPDX-License-Identifier: MIT */
/* harvest.h: the sessions of a ledger that an update takes, in an order that no interleaving
 * changes, and how they are forgotten. maths §4. */
#ifndef RRI_RL_HARVEST_H
#define RRI_RL_HARVEST_H

#include "ledger/ledger.h"

/* A harvest begins with no session given up. */
void rri_harvest_begin(rri_ledger *ledger);
/* Gives a session up: it is not picked, and forgotten with those that were. False: it was before.
 */
bool rri_harvest_spoil(rri_ledger *ledger, size_t session);

/* Places that a session takes: its rows, but for the last one of a session that was cut off without
 * a final observation. */
size_t rri_harvest_places(const rri_ledger *ledger, size_t session);

/* Picks sessions that are ready and not given up, whole, until the next would make more than
 * max_rows places: *n_places. order [max_rows]: their rows by (key, arrival); is_segment_end
 * [max_rows]: 1 at the last place of each. RR_E_STATE where there are none. Sessions of more than
 * max_rows places have been given up. */
rr_status rri_harvest_pick(size_t *n_places, int32_t *order, uint8_t *is_segment_end,
                           rri_ledger *ledger, size_t max_rows, rr_error *err);

/* The state [S] after a row that ends its segment and is not terminated. */
const float *rri_harvest_next_state(const rri_ledger *ledger, const rri_rollout *rollout,
                                    size_t row);

/* Forgets the sessions that were picked, of whose rows n_trained were trained on, and those that
 * were given up. */
void rri_harvest_forget(rri_ledger *ledger, rri_rollout *rollout, size_t n_trained);

/* Forgets every session that is ready: its rows count as dropped. */
void rri_harvest_drop_ready(rri_ledger *ledger, rri_rollout *rollout);

#endif
