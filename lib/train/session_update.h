/* SPDX-License-Identifier: MIT */
/* session_update.h: from the sessions of a ledger to a better policy. recrl.h §6, maths §4–6.
 *
 * Takes whole sessions whose rewards are final, in an order that does not depend on how they
 * interleaved; values every row by the critic of now; weighs rows that another version drew; checks
 * that rows of a version whose parameters are there give their log-prob again. */
#ifndef RRI_TRAIN_SESSION_UPDATE_H
#define RRI_TRAIN_SESSION_UPDATE_H

#include "ledger/ledger.h"
#include "train/trainer.h"

/* stats (nullable): whole. *is_made: whether rows were taken; a refused update changes nothing. */
rr_status rri_trainer_update_sessions(bool *is_made, rri_trainer *trainer, rri_rollout *rollout,
                                      rri_ledger *ledger, rr_stats *stats, rr_error *err);

#endif
