/* SPDX-License-Identifier: MIT */
/* train_loop.h: the steps of one update: which rows make up each minibatch, and how often. maths
 * §5, §6. */
#ifndef RRI_TRAIN_TRAIN_LOOP_H
#define RRI_TRAIN_TRAIN_LOOP_H

#include "train/minibatch.h"
#include "train/trainer.h"

/* Rows 0 … n − 1 in the order of one epoch's minibatches. */
typedef struct rri_epoch {
    int32_t *permutation;      /* [n] */
    const uint8_t *begins_run; /* [n] of each row; those behind it up to the next that begins one
                                  stay with it. NULL: rows go alone */
    size_t n, n_minibatches;
} rri_epoch;

/* places [n] of the trainer's order; NULL: the first n. Runs are made where the recipe and an
 * encoder that reads sequences ask for them: of rows that share their past (model/encoder.h), and
 * at most batch_size. */
rri_epoch rri_train_loop_begin(rri_trainer *trainer, const rri_rollout *rollout,
                               const int32_t *places, size_t n);
/* permutation ← a fresh order of runs, or of rows. Writes on trainer->update.minibatch. */
void rri_train_loop_shuffle(const rri_epoch *epoch, rri_trainer *trainer, uint32_t stream,
                            uint64_t index);
/* Where the minibatch ends that begins at `first` and would end at `even` if rows went alone:
 * between two runs, at least 2 rows behind `first` and before the last. */
size_t rri_train_loop_end(const rri_epoch *epoch, size_t first, size_t even);

/* Epochs over shuffled minibatches of the first n trained places, whose sizes differ by at most
 * one, or by whole runs; stops before an epoch after approx_kl exceeded target_kl. */
rr_status rri_train_loop_epochs(rri_train_sums *sums, rri_trainer *trainer,
                                const rri_rollout *rollout, size_t n, float lr, rr_error *err);

/* One pass over one minibatch of all n. */
rr_status rri_train_loop_once(rri_train_sums *sums, rri_trainer *trainer,
                              const rri_rollout *rollout, size_t n, float lr, rr_error *err);

#endif
