/* SPDX-License-Identifier: MIT */
/* count_bonus.h: what is rarely shown is shown more (rr_agent_config.count_bonus). maths §16.
 *
 *     z_i += β / √(1 + n_i)        n_i the rows of item i that updates trained on
 *
 * The bonus stands in the item's bias and moves after an update, so that all rows of an update are
 * those of one policy. */
#ifndef RRI_TRAIN_COUNT_BONUS_H
#define RRI_TRAIN_COUNT_BONUS_H

#include "buffer/rollout.h"
#include "train/trainer.h"

/* Counts the items of the n rows of the rollout that were trained on. */
void rri_count_bonus_rows(rri_trainer *trainer, const rri_rollout *rollout, size_t n);

#endif
