/* SPDX-License-Identifier: MIT */
/* a2c_update.h: one full-batch step per rollout [Mnih et al. 2016], synchronous. maths §6. */
#ifndef RRI_TRAIN_A2C_UPDATE_H
#define RRI_TRAIN_A2C_UPDATE_H

#include "train/minibatch.h"

/* Trains on the n places of trainer->update.trained, all at once, in order. */
rr_status rri_a2c_update(rri_minibatch_sums *sums, rri_trainer *trainer, const rri_rollout *rollout,
                         size_t n, float lr, rr_error *err);

#endif
