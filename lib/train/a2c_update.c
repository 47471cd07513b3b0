/* SPDX-License-Identifier: MIT */
#include "train/a2c_update.h"

#include "core/status.h"

rr_status rri_a2c_update(rri_minibatch_sums *sums, rri_trainer *trainer, const rri_rollout *rollout,
                         size_t n, float lr, rr_error *err)
{
    RRI_TRY(rri_minibatch_train(sums, trainer, rollout, trainer->update.trained, n, lr, err));
    sums->n_epochs = 1;
    return RR_OK;
}
