/* SPDX-License-Identifier: MIT */
/* swap_items.h: another catalogue under a policy that goes on. recrl/agent.h. */
#ifndef RRI_AGENT_SWAP_ITEMS_H
#define RRI_AGENT_SWAP_ITEMS_H

#include "agent/agent.h"

/* Rebuilds the agent's block for `items` and carries parameters and moments over: item rows by key,
 * the rest as they are. On failure the agent is as before. */
rr_status rri_agent_set_items(rr_agent *agent, rr_items *items, rr_error *err);

#endif
