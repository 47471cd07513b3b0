/* SPDX-License-Identifier: MIT */
/* recall.h: what the agent's policy and critic say, now, of rows that were recorded. */
#ifndef RRI_TRAIN_RECALL_H
#define RRI_TRAIN_RECALL_H

#include "buffer/rollout.h"
#include "train/trainer.h"

/* log_probs [n] of the recorded actions and values [n], each nullable, of rows [n] of the rollout.
 * Lists and actions have been judged. The bits are those of act. */
void rri_recall_compute(rri_trainer *trainer, float *log_probs, float *values,
                        const rri_rollout *rollout, const int32_t *rows, size_t n);

/* log_probs [n] under serving options; incumbents [rows of the rollout], or NULL. The bits are
 * those of a published policy. */
void rri_recall_served(rri_trainer *trainer, float *log_probs, const rr_serving_options *options,
                       const int32_t *incumbents, const rri_rollout *rollout, const int32_t *rows,
                       size_t n);

#endif
