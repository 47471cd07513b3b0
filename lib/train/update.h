/* SPDX-License-Identifier: MIT */
/* update.h: from a full rollout to a better policy. recrl.h §6, maths §4–6.
 *
 * update judges the rollout against the agent, computes returns, and hands the rows to the
 * algorithm's own loop; one pass over one minibatch of all rows is A2C, several over shuffled ones
 * PPO. */
#ifndef RRI_TRAIN_UPDATE_H
#define RRI_TRAIN_UPDATE_H

#include "buffer/rollout.h"
#include "train/trainer.h"

/* obs: the state to come, whole; NULL where no session is open. stats (nullable): whole. */
rr_status rri_trainer_update(rri_trainer *trainer, rri_rollout *rollout, const rr_obs *obs,
                             rr_stats *stats, rr_error *err);

/* ── what an update from a ledger shares ── */

/* Whether rows of this form and these widths are what the agent scores. */
rr_status rri_update_check_form(const rri_trainer *trainer, const rri_rollout *rollout,
                                rr_error *err);
/* Whether a row's positions and items are those of the agent's catalogue. */
enum {
    RRI_ROW_OTHER = 0, /* of a catalogue that is not of the trainer's line */
    RRI_ROW_OWN = 1,   /* of its catalogue or an ancestor of it, or of none */
    RRI_ROW_LATER = 2  /* of a generation that the trainer does not have yet */
};
int rri_update_place_row(const rri_trainer *trainer, const rri_rollout *rollout, size_t row);
/* Whether one row alone cannot be trained on. */
bool rri_update_needs_two(const rri_trainer *trainer);
/* select.rows ← the first n trained places' rows of the rollout, which it returns. */
const int32_t *rri_update_trained_rows(rri_update_rows *update, size_t n);
/* Judges lists and actions of rows [n], which were recorded without knowledge of the catalogue. */
rr_status rri_update_check_lists(rri_trainer *trainer, const rri_rollout *rollout,
                                 const int32_t *rows, size_t n, rr_error *err);
/* Trains on the first n trained places of n_places, whose returns are there, and counts the update.
 * *n_trained: n, or 0 where not a step was made. stats is whole, and not NULL. */
rr_status rri_update_run(size_t *n_trained, rri_trainer *trainer, const rri_rollout *rollout,
                         size_t n_places, size_t n, rr_stats *stats, rr_error *err);

#endif
