/* SPDX-License-Identifier: MIT */
/* settle.h: what becomes of the rows of a ledger: rewards by decision id, ends of sessions, the
 * clock. */
#ifndef RRI_RL_SETTLE_H
#define RRI_RL_SETTLE_H

#include "ledger/ledger.h"

/* Whether a session has ended and nothing can be earned in it any more. */
bool rri_settle_is_ready(const rri_ledger *ledger, size_t session);

/* Places that a session takes in an update: its rows, but for the last one of a session that was
 * cut off without a final observation. */
size_t rri_settle_places(const rri_ledger *ledger, size_t session);

/* outcome is whole and has decisions and rewards. All or none of the good ones, or, with
 * statuses [n], each for itself; what is late or unknown is skipped and counted. */
rr_status rri_settle_reward(rri_ledger *ledger, rri_rollout *rollout, const rr_outcome *outcome,
                            int32_t *statuses, rr_error *err);
/* ending is whole and has sessions. Likewise. */
rr_status rri_settle_end(rri_ledger *ledger, rri_rollout *rollout, const rr_ending *ending,
                         int32_t *statuses, rr_error *err);
/* The clock goes on to `now`, if that is later; idle sessions end. */
rr_status rri_settle_clock(rri_ledger *ledger, rri_rollout *rollout, int64_t now, rr_error *err);
/* All but struct_size and bytes. */
void rri_settle_count(rr_ledger_counts *counts, const rri_ledger *ledger,
                      const rri_rollout *rollout);

#endif
