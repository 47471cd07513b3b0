/* SPDX-License-Identifier: MIT */
/* skew.h: whether what was recorded is what the policy saw. recrl.h §6.
 *
 * A row of a version whose parameters are there (the present ones, and keep_versions − 1 before)
 * must give its log-prob again, bit for bit; then features, lists, items and serving options are
 * those of act. */
#ifndef RRI_AGENT_SKEW_H
#define RRI_AGENT_SKEW_H

#include "agent/agent.h"
#include "rl/ledger.h"

/* Of the first n trained places of agent->update; log_probs [n] are those of the present policy as
 * it is, is_own says which rows claim to be its. `own` is its version. RR_E_SKEW names row,
 * decision and both numbers. */
rr_status rri_skew_check(rr_agent *agent, uint64_t own, const rri_rollout *rollout,
                         const rri_ledger *ledger, const float *log_probs, size_t n, rr_error *err);

#endif
