/* SPDX-License-Identifier: MIT */
/* settle.h: what becomes of the rows of a ledger: rewards by decision id, ends of sessions, the
 * clock. recrl.h §7. */
#ifndef RRI_RL_SETTLE_H
#define RRI_RL_SETTLE_H

#include "ledger/ledger.h"

/* Whether a session has ended and nothing can be earned in it any more. */
bool rri_settle_is_ready(const rri_ledger *ledger, size_t session);

/* outcome is whole and has decisions and rewards. All or none of the good ones, or, with
 * outcome->statuses, each for itself; what is late or unknown is skipped and counted. */
rr_status rri_settle_reward(rri_ledger *ledger, rri_rollout *rollout, const rr_outcome *outcome,
                            rr_error *err);
/* ending is whole and has sessions. Likewise. */
rr_status rri_settle_end(rri_ledger *ledger, rri_rollout *rollout, const rr_ending *ending,
                         rr_error *err);
/* The clock goes on to `now`, if that is later; idle sessions are cut off. */
void rri_settle_clock(rri_ledger *ledger, rri_rollout *rollout, int64_t now);
/* All but struct_size and bytes. */
void rri_settle_count(rr_buffer_counts *counts, const rri_ledger *ledger,
                      const rri_rollout *rollout);

#endif
