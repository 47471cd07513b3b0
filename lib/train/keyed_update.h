/* SPDX-License-Identifier: MIT */
/* keyed_update.h: from the sessions of a keyed buffer to a better policy. recrl.h §6, maths §4–6.
 *
 * Takes whole sessions whose rewards are final, in an order that does not depend on how they
 * interleaved; values every row by the critic of now; weighs rows that another version drew; checks
 * that rows of a version whose parameters are there give their log-prob again. */
#ifndef RRI_AGENT_KEYED_UPDATE_H
#define RRI_AGENT_KEYED_UPDATE_H

#include "agent/agent.h"
#include "ledger/ledger.h"

/* stats (nullable): whole. *is_made: whether rows were taken; a refused update changes nothing. */
rr_status rri_agent_update_keyed(bool *is_made, rr_agent *agent, rri_rollout *rollout,
                                 rri_ledger *ledger, rr_stats *stats, rr_error *err);

#endif
