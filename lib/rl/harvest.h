/* SPDX-License-Identifier: MIT */
/* harvest.h: the sessions of a ledger that an update takes, in an order that no interleaving
 * changes, and how they are forgotten. maths §4. */
#ifndef RRI_RL_HARVEST_H
#define RRI_RL_HARVEST_H

#include "rl/ledger.h"

/* Picks sessions that are ready, whole, until the next would make more than max_rows places:
 * *n_places. order [max_rows]: their rows by (key, arrival), but for the last row of a session that
 * was cut off without a final observation; is_segment_end [max_rows]: 1 at the last place of each.
 * RR_E_STATE where none is ready, RR_E_MISMATCH where the first alone is longer than max_rows. */
rr_status rri_harvest_pick(size_t *n_places, int32_t *order, uint8_t *is_segment_end,
                           rri_ledger *ledger, size_t max_rows, rr_error *err);

/* The state [S] after a row that ends its segment and is not terminated. */
const float *rri_harvest_next_state(const rri_ledger *ledger, const rri_rollout *rollout,
                                    size_t row);

/* Forgets the sessions that were picked, of whose rows n_trained were trained on. */
void rri_harvest_forget(rri_ledger *ledger, rri_rollout *rollout, size_t n_trained);

#endif
