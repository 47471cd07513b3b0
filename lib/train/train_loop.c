/* SPDX-License-Identifier: MIT */
#include "train/train_loop.h"

#include "core/philox.h"
#include "core/status.h"

/* Permutations of one update never meet those of another. The config's range keeps epochs below. */
enum { EPOCHS_PER_UPDATE = 1024 };

/* begins_run of rows 0 … n − 1: runs of a minibatch's rows at most. */
static void find_runs(rri_trainer *trainer, const rri_rollout *rollout, const int32_t *places,
                      size_t n)
{
    rri_update_rows *update = &trainer->update;
    const rri_network *net = &trainer->model.network;
    int32_t *rows = update->permutation; /* which is made after this */
    for (size_t i = 0; i < n; i++) {
        rows[i] = update->order[places != NULL ? (size_t)places[i] : i];
    }
    const rri_inputs in = rri_gradient_inputs(rollout, net, NULL, rows);
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        const bool goes_on = i > 0 && length < trainer->recipe.batch_size &&
                             rri_encoder_goes_on(&net->encoder, &in, i);
        length = goes_on ? length + 1 : 1;
        update->begins_run[i] = !goes_on;
    }
}

rri_epoch rri_train_loop_begin(rri_trainer *trainer, const rri_rollout *rollout,
                               const int32_t *places, size_t n)
{
    const size_t whole = n / trainer->recipe.batch_size;
    rri_epoch epoch = {
        .permutation = trainer->update.permutation, .n = n, .n_minibatches = whole > 0 ? whole : 1};
    const bool reads_sequences = trainer->model.config.encoder == RR_ENCODER_GRU ||
                                 trainer->model.config.encoder == RR_ENCODER_TRANSFORMER;
    if (trainer->recipe.whole_sessions && reads_sequences) {
        find_runs(trainer, rollout, places, n);
        epoch.begins_run = trainer->update.begins_run;
    }
    return epoch;
}

void rri_train_loop_shuffle(const rri_epoch *epoch, rri_trainer *trainer, uint32_t stream,
                            uint64_t index)
{
    const uint64_t seed = trainer->model.config.seed;
    if (epoch->begins_run == NULL) {
        rri_philox_permute(epoch->permutation, epoch->n, seed, stream, index);
        return;
    }
    int32_t *starts = trainer->update.minibatch; /* of runs; the first minibatch comes after this */
    size_t n_runs = 0, at = 0;
    for (size_t i = 0; i < epoch->n; i++) {
        if (epoch->begins_run[i] != 0) {
            starts[n_runs++] = (int32_t)i;
        }
    }
    /* Runs in their order stand at the end of the array, where rows reach each after it was read:
     * no run is shorter than one row. */
    int32_t *runs = epoch->permutation + (epoch->n - n_runs);
    rri_philox_permute(runs, n_runs, seed, stream, index);
    for (size_t r = 0; r < n_runs; r++) {
        const size_t run = (size_t)runs[r];
        const int32_t end = run + 1 < n_runs ? starts[run + 1] : (int32_t)epoch->n;
        for (int32_t i = starts[run]; i < end; i++) {
            epoch->permutation[at++] = i;
        }
    }
}

static bool is_between_runs(const rri_epoch *epoch, size_t at)
{
    return at == epoch->n || epoch->begins_run[epoch->permutation[at]] != 0;
}

size_t rri_train_loop_end(const rri_epoch *epoch, size_t first, size_t even)
{
    if (epoch->begins_run == NULL) {
        return even;
    }
    size_t down = even, up = rri_size_larger(even, first + 2);
    while (down > first && !is_between_runs(epoch, down)) {
        down--;
    }
    while (up < epoch->n && !is_between_runs(epoch, up)) {
        up++;
    }
    const bool is_nearer = down >= first + 2 && even - down <= up - even;
    const size_t end = is_nearer ? down : up;
    return end + 2 > epoch->n ? epoch->n : end;
}

static rr_status run_epoch(rri_train_sums *sums, rri_trainer *trainer, const rri_rollout *rollout,
                           const rri_epoch *epoch, float lr, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    const size_t size = epoch->n / epoch->n_minibatches;
    const size_t n_longer = epoch->n % epoch->n_minibatches;
    size_t first = 0, even = 0;
    for (size_t b = 0; first < epoch->n; b++) {
        even += size + (b < n_longer ? 1 : 0);
        const size_t end = rri_train_loop_end(epoch, first, even);
        for (size_t i = first; i < end; i++) {
            update->minibatch[i - first] = update->trained[epoch->permutation[i]];
        }
        RRI_TRY(
            rri_minibatch_train(sums, trainer, rollout, update->minibatch, end - first, lr, err));
        first = end;
    }
    return RR_OK;
}

rr_status rri_train_loop_epochs(rri_train_sums *sums, rri_trainer *trainer,
                                const rri_rollout *rollout, size_t n, float lr, rr_error *err)
{
    const rri_recipe *recipe = &trainer->recipe;
    const rri_epoch epoch = rri_train_loop_begin(trainer, rollout, trainer->update.trained, n);
    for (size_t e = 0; e < recipe->n_epochs; e++) {
        const double approx_kl = sums->last_epoch.approx_kl / (double)n;
        if (e > 0 && recipe->target_kl > 0.0f && approx_kl > (double)recipe->target_kl) {
            sums->is_stopped_early = true;
            break;
        }
        sums->last_epoch = (rri_loss_sums){0};
        sums->n_last_rows = 0;
        const uint64_t index = (uint64_t)trainer->n_updates * EPOCHS_PER_UPDATE + e;
        rri_train_loop_shuffle(&epoch, trainer, RRI_STREAM_SHUFFLE, index);
        RRI_TRY(run_epoch(sums, trainer, rollout, &epoch, lr, err));
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
