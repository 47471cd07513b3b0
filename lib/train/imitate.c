/* SPDX-License-Identifier: MIT */
#include "train/imitate.h"

#include <math.h>
#include <string.h>

#include "core/philox.h"
#include "core/status.h"
#include "items/items.h"
#include "math/scalar.h"
#include "play/request.h"
#include "train/algorithms.h"
#include "train/minibatch.h"
#include "train/normalise.h"

static rr_status check_numbers(const char *name, const float *x, size_t n, bool may_be_negative,
                               rr_error *err)
{
    for (size_t i = 0; x != NULL && i < n; i++) {
        if (!isfinite(x[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "imitate: %s[%zu] is %g; it must be finite", name, i,
                     (double)x[i]);
        }
        if (!may_be_negative && x[i] < 0.0f) {
            RRI_FAIL(err, RR_E_INVALID, "imitate: %s[%zu] is %g; it must be at least 0", name, i,
                     (double)x[i]);
        }
    }
    return RR_OK;
}

static rr_status check(rri_request *request, rri_trainer *trainer, const rr_obs *obs,
                       const int32_t *actions, const float *weights, const float *returns,
                       rr_error *err)
{
    const rri_workspace work = rri_trainer_workspace(trainer);
    RRI_TRY(rri_request_read(request, &work, obs, err));
    if (request->n > trainer->update.max_rows) {
        RRI_FAIL(err, RR_E_INVALID,
                 "imitate: obs n is %zu; this agent was made for at most %zu (max_update_rows)",
                 request->n, trainer->update.max_rows);
    }
    if (request->pool != trainer->model.items) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "imitate: obs pool is not the agent's catalogue, which is what it is trained on");
    }
    RRI_TRY(rri_menu_check_actions(&request->menu, request->catalogue.n_items, actions, "actions",
                                   err));
    RRI_TRY(check_numbers("weights", weights, request->n, false, err));
    return check_numbers("returns", returns, request->n, true, err);
}

/* The observation's arrays in the form that a minibatch reads, and only reads. Old log-probs and
 * values, which the loss does not know, are `zeros` [n]. */
static rri_rollout rows_of(const rr_obs *obs, const int32_t *actions, float *zeros)
{
    return (rri_rollout){
        .max_rows = (size_t)obs->n,
        .state_dim = (size_t)obs->state_dim,
        .item_dim = (size_t)obs->item_dim,
        .feature_dim = (size_t)obs->feature_dim,
        .k = (size_t)obs->n_candidates,
        .m = (size_t)obs->n_excluded,
        .h = (size_t)obs->n_history,
        .n_rows = (size_t)obs->n,
        .n_sessions = (size_t)obs->n,
        .form = rri_rollout_form_of(obs),
        .states = (float *)obs->states,
        .lengths = (int32_t *)obs->lengths,
        .candidates = (int32_t *)obs->candidates,
        .features = (float *)obs->features,
        .vectors = (float *)obs->vectors,
        .n_vectors = (size_t)obs->n_vectors,
        .counts = (int32_t *)obs->counts,
        .excluded = (int32_t *)obs->excluded,
        .history = (int32_t *)obs->history,
        .candidate_keys = (uint64_t *)obs->candidate_keys,
        .excluded_keys = (uint64_t *)obs->excluded_keys,
        .history_keys = (uint64_t *)obs->history_keys,
        .history_rewards = (float *)obs->history_rewards,
        .actions = (int32_t *)actions,
        .log_probs = zeros,
    };
}

/* The generation of each row's pool, in an array that no imitation uses; NULL: the trainer's. */
static uint32_t *generations_of(const rri_request *request, rri_trainer *trainer)
{
    uint32_t generation;
    if (request->pool == NULL || request->pool == trainer->model.items ||
        !rri_items_generation_of(&generation, trainer->model.items,
                                 rri_items_fingerprint(request->pool))) {
        return NULL;
    }
    uint32_t *generations = (uint32_t *)trainer->update.trained;
    for (size_t i = 0; i < request->n; i++) {
        generations[i] = generation;
    }
    return generations;
}

/* The weight stands where an algorithm has the advantage. */
static void fill_rows(rri_update_rows *update, const float *weights, const float *returns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        update->order[i] = (int32_t)i;
        update->advantages[i] = weights != NULL ? weights[i] : 1.0f;
        update->returns[i] = returns != NULL ? returns[i] : 0.0f;
        update->values[i] = 0.0f;
        update->rewards[i] = 0.0f;
    }
}

/* Before the first step: nothing was drawn that would have to be given again. Weights stand as they
 * are. */
static void learn_scales(rri_trainer *trainer, const rr_obs *obs, const float *returns, size_t n)
{
    if (returns != NULL) {
        rri_normalise_returns(trainer, returns, NULL, n);
    }
    trainer->units.advantage = 1.0f;
    rri_normalise_states(trainer, obs->states, NULL, n);
    rri_normalise_tokens(trainer);
}

/* One pass in a fresh order, in minibatches whose sizes differ by at most one. The optimiser's
 * steps so far number the order: each is used once in the agent's life. */
static rr_status run_epoch(rri_train_sums *sums, rri_trainer *trainer, const rri_rollout *rows,
                           const rr_imitate_config *config, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    const size_t n = rows->n_rows, whole = n / (size_t)config->batch_size;
    const size_t n_minibatches = whole > 0 ? whole : 1;
    rri_philox_permute(update->permutation, n, trainer->model.config.seed, RRI_STREAM_IMITATE,
                       (uint64_t)trainer->n_optimizer_steps);
    for (size_t b = 0; b < n_minibatches; b++) {
        const size_t first = b * n / n_minibatches, last = (b + 1) * n / n_minibatches;
        memcpy(update->minibatch, update->permutation + first, (last - first) * sizeof(int32_t));
        RRI_TRY(rri_minibatch_train(sums, trainer, rows, update->minibatch, last - first,
                                    config->lr, err));
    }
    sums->n_epochs++;
    return RR_OK;
}

static void fill_stats(rr_stats *stats, const rri_trainer *trainer, const rri_train_sums *sums,
                       size_t n, float lr)
{
    const double rows = sums->n_rows > 0 ? (double)sums->n_rows : NAN;
    stats->n_rows = (int32_t)n;
    stats->n_epochs = (int32_t)sums->n_epochs;
    stats->n_minibatches = (int32_t)sums->n_steps;
    stats->policy_loss = rri_float_or_nan(sums->loss.policy_loss / rows);
    stats->value_loss = rri_float_or_nan(sums->loss.value_loss / rows * trainer->units.scale *
                                         trainer->units.scale);
    stats->entropy = rri_float_or_nan(sums->loss.entropy / rows);
    stats->grad_norm = rri_float_or_nan(sums->norm / (double)sums->n_steps);
    stats->learning_rate = lr;
    stats->scale = trainer->model.network.head.scale;
    stats->repeat_weight = trainer->model.network.head.repeat_weight;
    stats->n_updates = trainer->n_updates;
    stats->n_timesteps = trainer->n_timesteps;
}

rr_status rri_trainer_imitate(rri_trainer *trainer, const rr_obs *obs, const int32_t *actions,
                              const float *weights, const float *returns,
                              const rr_imitate_config *config, rr_stats *stats, rr_error *err)
{
    rri_request request;
    RRI_TRY(check(&request, trainer, obs, actions, weights, returns, err));
    rri_rollout rows = rows_of(obs, actions, trainer->update.rewards);
    rows.generations = generations_of(&request, trainer);
    fill_rows(&trainer->update, weights, returns, request.n);
    learn_scales(trainer, obs, returns, request.n);

    const rri_recipe own = trainer->recipe;
    trainer->recipe = rri_algorithms_imitation(&own, config, returns != NULL);
    rri_train_sums sums = {0};
    rr_status status = RR_OK;
    for (int32_t epoch = 0; epoch < config->epochs && status == RR_OK; epoch++) {
        status = run_epoch(&sums, trainer, &rows, config, err);
    }
    trainer->recipe = own;
    rri_model_rehash(&trainer->model);
    if (stats != NULL) {
        fill_stats(stats, trainer, &sums, request.n, config->lr);
        if (returns == NULL) {
            stats->value_loss = 0.0f;
        }
    }
    return status;
}
