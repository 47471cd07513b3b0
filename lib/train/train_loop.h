/* SPDX-License-Identifier: MIT */
/* train_loop.h: the steps of one update: which rows make up each minibatch, and how often. maths
 * §5, §6. */
#ifndef RRI_TRAIN_TRAIN_LOOP_H
#define RRI_TRAIN_TRAIN_LOOP_H

#include "train/minibatch.h"
#include "train/trainer.h"

/* Epochs over shuffled minibatches of the first n trained places, whose sizes differ by at most
 * one; stops before an epoch after approx_kl exceeded target_kl. */
rr_status rri_train_loop_epochs(rri_train_sums *sums, rri_trainer *trainer,
                                const rri_rollout *rollout, size_t n, float lr, rr_error *err);

/* One pass over one minibatch of all n. */
rr_status rri_train_loop_once(rri_train_sums *sums, rri_trainer *trainer,
                              const rri_rollout *rollout, size_t n, float lr, rr_error *err);

#endif
