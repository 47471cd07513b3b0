/* SPDX-License-Identifier: MIT */
/* imitate.h: a policy that chooses as a log says others chose. maths §6.
 *
 *   loss = −(1/n) Σ w_i log π(a_i|s_i) + c_V ½ (1/n) Σ (V(s_i) − R_i)² − c_H entropy
 *
 * The rows are an observation's, and go through the minibatches and the optimiser of an update. */
#ifndef RRI_TRAIN_IMITATE_H
#define RRI_TRAIN_IMITATE_H

#include "train/trainer.h"

/* actions, weights, returns [obs->n]; weights NULL: all 1; returns NULL: the critic has no loss.
 * obs and config are whole; report (nullable) is filled, but for the room of its arrays, which is
 * read. Where rows are held out, a copy of the parameters is taken from the allocator for the
 * length of the call. Refused input changes nothing. */
rr_status rri_trainer_imitate(rri_trainer *trainer, const rr_obs *obs, const int32_t *actions,
                              const float *weights, const float *returns,
                              const rr_imitate_config *config, const rri_allocator *allocator,
                              rr_imitate_report *report, rr_error *err);

#endif
