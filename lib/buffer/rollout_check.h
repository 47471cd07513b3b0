/* SPDX-License-Identifier: MIT */
/* rollout_check.h: what a rollout refuses to take, and the sentence it says.
 *
 * Here shapes, order and finiteness are judged; whether lists fit a catalogue is for the agent that
 * trains on them. What lies behind a list's length, and a vector beside a pool index, is not read.
 */
#ifndef RRI_RL_ROLLOUT_CHECK_H
#define RRI_RL_ROLLOUT_CHECK_H

#include "buffer/rollout.h"

/* RR_E_STATE out of order, RR_E_FULL without room, RR_E_NOT_FINITE, else RR_E_INVALID. obs has
 * states and n ≥ 1, decision has actions, log_probs and values of the same n. */
rr_status rri_rollout_check_record(const rri_rollout *rollout, const rr_obs *obs,
                                   const rr_decision *decision, rr_error *err);

/* What does not depend on a row: shapes, and the same optional fields as the rows before. */
rr_status rri_rollout_check_form(const rri_rollout *rollout, const rr_obs *obs, rr_error *err);
/* RR_E_MISMATCH where the observation's columns mean something else than the rows'; `what`
 * ("record: obs") opens the sentence. Part of the others for what they are given. */
rr_status rri_rollout_check_schema(const rri_rollout *rollout, const rr_obs *obs, const char *what,
                                   rr_error *err);
/* One row of a record whose form is right; decision may be without values. */
rr_status rri_rollout_check_row(const rri_rollout *rollout, const rr_obs *obs,
                                const rr_decision *decision, size_t row, rr_error *err);

/* Likewise; outcome has rewards. */
rr_status rri_rollout_check_reward(const rri_rollout *rollout, const rr_outcome *outcome,
                                   rr_error *err);
/* One row of it: its reward and flags. */
rr_status rri_rollout_check_outcome(const rr_outcome *outcome, size_t row, rr_error *err);
/* Whether the row says truncated, and not terminated. */
bool rri_rollout_is_cut(const rr_outcome *outcome, size_t row);

/* Whether these are n states of the rollout's width. */
bool rri_rollout_fits_final(const rri_rollout *rollout, const rr_obs *final, int32_t n);
/* Whether their histories are there and fit, where the rollout keeps them. `name` ("end") opens the
 * sentence. */
rr_status rri_rollout_check_final_form(const char *name, const rri_rollout *rollout,
                                       const rr_obs *final, rr_error *err);
/* One of them, which fits; `name` ("end: final_obs") opens the sentence. */
rr_status rri_rollout_check_final(const char *name, const rri_rollout *rollout, const rr_obs *final,
                                  size_t row, rr_error *err);

#endif
