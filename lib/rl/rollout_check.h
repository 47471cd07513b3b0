/* SPDX-License-Identifier: MIT */
/* rollout_check.h: what a rollout refuses to take, and the sentence it says.
 *
 * Here shapes, order and finiteness are judged; whether lists fit a catalogue is for the agent that
 * trains on them. What lies behind a list's length, and a vector beside a pool index, is not read.
 */
#ifndef RRI_RL_ROLLOUT_CHECK_H
#define RRI_RL_ROLLOUT_CHECK_H

#include "rl/rollout.h"

/* RR_E_STATE out of order, RR_E_FULL without room, RR_E_NOT_FINITE, else RR_E_INVALID. obs has
 * states and n ≥ 1, decision has actions, log_probs and values of the same n. */
rr_status rri_rollout_check_record(const rri_rollout *rollout, const rr_obs *obs,
                                   const rr_decision *decision, rr_error *err);

/* Likewise; outcome has rewards. */
rr_status rri_rollout_check_reward(const rri_rollout *rollout, const rr_outcome *outcome,
                                   rr_error *err);

#endif
