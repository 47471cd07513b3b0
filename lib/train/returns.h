/* SPDX-License-Identifier: MIT */
/* returns.h: advantages and returns of a rollout in the order of time. maths §4. */
#ifndef RRI_TRAIN_RETURNS_H
#define RRI_TRAIN_RETURNS_H

#include "ledger/ledger.h"
#include "train/trainer.h"

/* Fills rewards, values, next_values, advantages and returns of trainer->update, whose order is
 * there. to_come: the n_sessions observations after the last record; read where a session is still
 * open, and may be NULL where none is. */
void rri_returns_compute(rri_trainer *trainer, const rri_rollout *rollout, const rr_obs *to_come);

/* The same from a ledger: n_places places, whose values and traces are there too. */
void rri_returns_compute_sessions(rri_trainer *trainer, const rri_rollout *rollout,
                                  const rri_ledger *ledger, size_t n_places);

/* True when some session has neither terminated nor been truncated at its last row. */
bool rri_returns_need_states(const rri_rollout *rollout);

#endif
