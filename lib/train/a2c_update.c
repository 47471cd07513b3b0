/* SPDX-License-Identifier: MIT */
#include "train/a2c_update.h"

#include "core/status.h"

rr_status rri_a2c_update(rri_minibatch_sums *sums, rr_agent *agent, const rri_rollout *rollout,
                         size_t n, float lr, rr_error *err)
{
    RRI_TRY(rri_minibatch_train(sums, agent, rollout, agent->update.trained, n, lr, err));
    sums->n_epochs = 1;
    return RR_OK;
}
