/* SPDX-License-Identifier: MIT */
/* ppo_update.h: PPO's epochs over shuffled minibatches [Schulman et al. 2017]. maths §5. */
#ifndef RRI_TRAIN_PPO_UPDATE_H
#define RRI_TRAIN_PPO_UPDATE_H

#include "train/minibatch.h"

/* Trains on the n places of trainer->update.trained. A fresh permutation each epoch, drawn from
 * (seed, update, epoch); max(1, ⌊n / batch_size⌋) minibatches whose sizes differ by at most one,
 * the longer ones first. */
rr_status rri_ppo_update(rri_minibatch_sums *sums, rri_trainer *trainer, const rri_rollout *rollout,
                         size_t n, float lr, rr_error *err);

#endif
