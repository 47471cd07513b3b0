/* SPDX-License-Identifier: MIT */
#include "train/train_loop.h"

#include "core/philox.h"
#include "core/status.h"

/* Permutations of one update never meet those of another. The config's range keeps epochs below. */
enum { EPOCHS_PER_UPDATE = 1024 };

static rr_status run_epoch(rri_train_sums *sums, rri_trainer *trainer, const rri_rollout *rollout,
                           size_t n, float lr, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    const size_t whole = n / trainer->recipe.batch_size;
    const size_t n_minibatches = whole > 0 ? whole : 1;
    const size_t size = n / n_minibatches, n_longer = n % n_minibatches;
    size_t first = 0;
    for (size_t b = 0; b < n_minibatches; b++) {
        const size_t rows = size + (b < n_longer ? 1 : 0);
        for (size_t i = 0; i < rows; i++) {
            update->minibatch[i] = update->trained[update->permutation[first + i]];
        }
        RRI_TRY(rri_minibatch_train(sums, trainer, rollout, update->minibatch, rows, lr, err));
        first += rows;
    }
    return RR_OK;
}

rr_status rri_train_loop_epochs(rri_train_sums *sums, rri_trainer *trainer,
                                const rri_rollout *rollout, size_t n, float lr, rr_error *err)
{
    const rri_recipe *recipe = &trainer->recipe;
    for (size_t epoch = 0; epoch < recipe->n_epochs; epoch++) {
        const double approx_kl = sums->last_epoch.approx_kl / (double)n;
        if (epoch > 0 && recipe->target_kl > 0.0f && approx_kl > (double)recipe->target_kl) {
            sums->is_stopped_early = true;
            break;
        }
        sums->last_epoch = (rri_loss_sums){0};
        sums->n_last_rows = 0;
        const uint64_t index = (uint64_t)trainer->n_updates * EPOCHS_PER_UPDATE + epoch;
        rri_philox_permute(trainer->update.permutation, n, trainer->model.config.seed,
                           RRI_STREAM_SHUFFLE, index);
        RRI_TRY(run_epoch(sums, trainer, rollout, n, lr, err));
        sums->n_epochs++;
    }
    return RR_OK;
}

rr_status rri_train_loop_once(rri_train_sums *sums, rri_trainer *trainer,
                              const rri_rollout *rollout, size_t n, float lr, rr_error *err)
{
    RRI_TRY(rri_minibatch_train(sums, trainer, rollout, trainer->update.trained, n, lr, err));
    sums->n_epochs = 1;
    return RR_OK;
}
