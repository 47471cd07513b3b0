/* SPDX-License-Identifier: MIT */
/* stay_near.h: the policy that an update stays near, over the catalogue of today. maths §13.
 *
 * Its parameters are those of a snapshot, packed there. Where the snapshot is of another generation
 * of the line, they score the trainer's own catalogue; what was learned of single items cannot. */
#ifndef RRI_TRAIN_STAY_NEAR_H
#define RRI_TRAIN_STAY_NEAR_H

#include "buffer/rollout.h"
#include "train/trainer.h"

/* Before an update: trainer->reference.network and coef. RR_E_STATE: none is set, though the config
 * asks for one; RR_E_MISMATCH: it has learned of other items than there are today. Nothing to do
 * without ref_kl_coef. Rows that bring scores of their own stay near these: then no policy is asked
 * for, and RR_E_MISMATCH: they are of another number of items than there are. */
rr_status rri_stay_near_begin(rri_trainer *trainer, const rri_rollout *rollout, rr_error *err);

/* Behind an update whose mean KL was `kl`: with ref_kl_target T the weight of the next one, doubled
 * where kl > 1.5 T and halved where kl < T/1.5. */
void rri_stay_near_steer(rri_trainer *trainer, double kl);
/* RR_E_FORMAT where so many doublings are none that steer counts. */
rr_status rri_stay_near_check(int64_t n_doublings, rr_error *err);

#endif
