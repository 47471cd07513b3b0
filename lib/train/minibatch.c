/* SPDX-License-Identifier: MIT */
#include "train/minibatch.h"

#include "core/status.h"
#include "rl/advantage.h"
#include "train/step.h"

rr_status rri_minibatch_train(rri_train_sums *sums, rri_trainer *trainer,
                              const rri_rollout *rollout, const int32_t *minibatch, size_t n,
                              float lr, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    if (rri_host_cancel_asked(&trainer->cancel)) {
        RRI_FAIL(err, RR_E_CANCELLED,
                 "the host cancelled after %zu optimiser steps of this call, which are kept",
                 sums->n_steps);
    }
    for (size_t i = 0; i < n; i++) {
        update->normalised[i] = update->advantages[minibatch[i]] * trainer->units.advantage;
    }
    if (trainer->recipe.has_advantage_norm) {
        rri_advantage_normalise(update->normalised, update->normalised, n);
    }
    for (size_t i = 0; update->has_weights && i < n; i++) {
        update->normalised[i] *= update->weights[minibatch[i]]; /* w ≥ 0 goes into the min */
    }
    const rri_loss_sums loss =
        rri_gradient_compute(trainer, rollout, minibatch, update->normalised, n);
    double norm;
    RRI_TRY(rri_step_take(trainer, lr, &norm, err));
    rri_loss_sums_add(&sums->loss, &loss);
    rri_loss_sums_add(&sums->last_epoch, &loss);
    sums->norm += norm;
    sums->n_rows += n;
    sums->n_last_rows += n;
    sums->n_steps++;
    return RR_OK;
}
