/* SPDX-License-Identifier: MIT */
/* minibatch.h: one gradient step, and what an update's steps add up to. maths §5. */
#ifndef RRI_TRAIN_MINIBATCH_H
#define RRI_TRAIN_MINIBATCH_H

#include "buffer/rollout.h"
#include "train/gradient.h"
#include "train/trainer.h"

/* Over the steps of one update, for rr_stats. */
typedef struct rri_train_sums {
    rri_loss_sums loss;       /* over all rows of all minibatches */
    rri_loss_sums last_epoch; /* of the last epoch alone */
    size_t n_last_rows;       /* rows in last_epoch */
    double norm;              /* Σ over steps */
    size_t n_rows;            /* rows in loss, with repetitions */
    size_t n_steps, n_epochs;
    bool is_stopped_early;
} rri_train_sums;

/* One minibatch: advantages (normalised if asked), gradient, step. minibatch [n]: places.
 * RR_E_CANCELLED: the host, who is asked first, wants no more of them. */
rr_status rri_minibatch_train(rri_train_sums *sums, rri_trainer *trainer,
                              const rri_rollout *rollout, const int32_t *minibatch, size_t n,
                              float lr, rr_error *err);

#endif
