/* SPDX-License-Identifier: MIT */
/* update.h: from a full rollout to a better policy. recrl.h §6, maths §4–6.
 *
 * update judges the rollout against the agent, computes returns, and hands the rows to the
 * algorithm's own loop; one pass over one minibatch of all rows is A2C, several over shuffled ones
 * PPO. */
#ifndef RRI_AGENT_UPDATE_H
#define RRI_AGENT_UPDATE_H

#include "agent/agent.h"
#include "rl/rollout.h"

/* obs: the state to come, whole; NULL where no session is open. stats (nullable): whole. */
rr_status rri_agent_update(rr_agent *agent, rri_rollout *rollout, const rr_obs *obs,
                           rr_stats *stats, rr_error *err);

#endif
