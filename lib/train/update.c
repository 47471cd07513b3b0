/* SPDX-License-Identifier: MIT */
#include "train/update.h"

#include <math.h>
#include <string.h>

#include "core/count.h"
#include "core/status.h"
#include "items/items.h"
#include "math/scalar.h"
#include "optim/schedule.h"
#include "play/request.h"
#include "rl/explained_variance.h"
#include "train/count_bonus.h"
#include "train/minibatch.h"
#include "train/normalise.h"
#include "train/returns.h"
#include "train/reward_fit.h"
#include "train/stay_near.h"

static rr_status check_width(const char *field, size_t buffer, size_t trainer, const char *config,
                             rr_error *err)
{
    if (buffer > trainer) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: the buffer's %s is %zu; this agent was made for at most %zu (%s)", field,
                 buffer, trainer, config);
    }
    return RR_OK;
}

rr_status rri_update_check_form(const rri_trainer *trainer, const rri_rollout *rollout,
                                rr_error *err)
{
    if (rollout->state_dim != trainer->model.network.state_dim) {
        RRI_FAIL(err, RR_E_MISMATCH, "update: the buffer's state_dim is %zu; this agent's is %zu",
                 rollout->state_dim, trainer->model.network.state_dim);
    }
    const rr_agent_config *config = &trainer->model.config;
    if (rollout->schema != config->schema) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: the rows are of schema %llu; this agent's is %llu (rr_agent_inherit)",
                 (unsigned long long)rollout->schema, (unsigned long long)config->schema);
    }
    const rri_row_form *form = &rollout->form;
    const size_t most = (size_t)config->max_history;
    if (form->has_lists) {
        RRI_TRY(check_width("max_candidates", rollout->k, (size_t)config->max_candidates,
                            "max_candidates", err));
    }
    if (form->has_excluded) {
        RRI_TRY(check_width("max_excluded", rollout->m, most, "max_history", err));
    }
    if (form->has_history) {
        RRI_TRY(check_width("max_history", rollout->h, most, "max_history", err));
    }
    if (rri_network_reads_past(&trainer->model.network) && !rollout->for_encoder) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: for_encoder of the buffer is 0; this agent has an encoder or a fold-in, "
                 "which learns from what rows keep with 1 alone");
    }
    const size_t feature_dim = form->has_features ? rollout->feature_dim : 0;
    if (feature_dim != trainer->model.network.feature_dim) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: the rows have %zu features of each candidate; this agent scores %zu",
                 feature_dim, trainer->model.network.feature_dim);
    }
    if (form->has_vectors &&
        (trainer->model.network.is_dense || rollout->item_dim != trainer->model.network.dim)) {
        RRI_FAIL(err, RR_E_MISMATCH, "update: the rows have vectors of width %zu; this agent %s",
                 rollout->item_dim,
                 trainer->model.network.is_dense ? "has a dense head" : "has another item_dim");
    }
    return RR_OK;
}

static rr_status check_rollout(const rri_trainer *trainer, const rri_rollout *rollout,
                               rr_error *err)
{
    if (rollout->n_rows == 0) {
        RRI_FAIL(err, RR_E_STATE, "update: the buffer is empty");
    }
    if (rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "update: the buffer's last record has no reward yet");
    }
    if (rollout->n_rows > trainer->update.max_rows) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: the buffer holds %zu rows; this agent was made for at most %zu "
                 "(max_update_rows)",
                 rollout->n_rows, trainer->update.max_rows);
    }
    return rri_update_check_form(trainer, rollout, err);
}

static rr_status check_to_come(const rri_trainer *trainer, const rri_rollout *rollout,
                               const rr_obs *obs, rr_error *err)
{
    if (!rri_returns_need_states(rollout)) {
        return RR_OK;
    }
    if (obs == NULL) {
        RRI_FAIL(err, RR_E_INVALID,
                 "update: obs is NULL, but sessions are still open; their next states are needed");
    }
    if (obs->n < 0 || (size_t)obs->n != rollout->n_sessions) {
        RRI_FAIL(err, RR_E_INVALID, "update: obs has n %d; the records have %zu rows", obs->n,
                 rollout->n_sessions);
    }
    RRI_TRY(rri_request_check_schema(&trainer->model, obs, "update obs", err));
    RRI_TRY(rri_request_check_states(&trainer->model.network, obs, "update obs", err));
    return rri_request_check_history(&trainer->model.network, obs, "update obs", err);
}

bool rri_update_needs_two(const rri_trainer *trainer)
{
    return rri_recipe_needs_two(&trainer->recipe);
}

int rri_update_place_row(const rri_trainer *trainer, const rri_rollout *rollout, size_t row)
{
    const rri_row_form *form = &rollout->form;
    const bool reads_pool =
        !form->has_lists || form->has_candidates || form->has_excluded || form->has_history;
    const uint64_t recorded = rollout->fingerprints[row];
    const rr_items *items = trainer->model.items;
    const uint32_t own = items != NULL ? rri_items_generation(items) : 0;
    uint32_t generation = own;
    int place = RRI_ROW_OWN;
    if (reads_pool && recorded != 0) {
        const bool is_of_line =
            items != NULL && rri_items_generation_of(&generation, items, recorded);
        place = !is_of_line ? RRI_ROW_OTHER : generation > own ? RRI_ROW_LATER : RRI_ROW_OWN;
    }
    if (rollout->generations != NULL) {
        rollout->generations[row] = place == RRI_ROW_OWN ? generation : own;
    }
    return place;
}

/* trained ← the places whose rows can be trained on, in order. */
static size_t select_rows(rri_trainer *trainer, const rri_rollout *rollout)
{
    rri_update_rows *update = &trainer->update;
    rri_rollout_order(update->order, update->is_segment_end, rollout, trainer->recipe.n_steps);
    size_t n = 0;
    for (size_t place = 0; place < rollout->n_rows; place++) {
        if (rri_update_place_row(trainer, rollout, (size_t)update->order[place]) == RRI_ROW_OWN) {
            update->trained[n++] = (int32_t)place;
        }
    }
    return n;
}

const int32_t *rri_update_trained_rows(rri_update_rows *update, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        update->select.rows[i] = update->order[update->trained[i]];
    }
    return update->select.rows;
}

rr_status rri_update_check_lists(rri_trainer *trainer, const rri_rollout *rollout,
                                 const int32_t *rows, size_t n, rr_error *err)
{
    int32_t *actions = trainer->update.select.actions;
    for (size_t i = 0; i < n; i++) {
        actions[i] = rollout->actions[rows[i]];
    }
    rri_menu menu = rri_gradient_menu(rollout, rows, n);
    rri_gradient_set_pool(&menu, rollout, trainer);
    if (menu.k == 0 && trainer->model.network.n_items == 0) {
        RRI_FAIL(err, RR_E_MISMATCH, "update: the rows have no lists, and this agent no catalogue");
    }
    if (menu.k == 0 && trainer->model.network.fold.width > 0 &&
        trainer->model.network.n_items > RRI_KEPT_WIDTH) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: the rows have no lists, and this agent's pool has %zu items; a fold-in "
                 "(has_fold_in) learns over a whole pool of at most %zu",
                 trainer->model.network.n_items, RRI_KEPT_WIDTH);
    }
    rri_stack *scratch = &trainer->stacks[0];
    const size_t mark = rri_stack_mark(scratch);
    rr_status status = rri_menu_check(&menu, trainer->model.kernels, trainer->model.network.n_items,
                                      trainer->model.network.dim, scratch, err);
    rri_stack_rewind(scratch, mark);
    if (status == RR_OK) {
        status =
            rri_menu_check_actions(&menu, trainer->model.network.n_items, actions, "actions", err);
    }
    return status;
}

static void fill_stats(rr_stats *stats, const rri_trainer *trainer, const rri_train_sums *sums,
                       size_t n_places, size_t n_trained, float lr)
{
    const rri_update_rows *update = &trainer->update;
    const double rows = sums->n_rows > 0 ? (double)sums->n_rows : NAN;
    const double last_rows = sums->n_last_rows > 0 ? (double)sums->n_last_rows : NAN;
    double reward = 0.0;
    for (size_t place = 0; place < n_places; place++) {
        reward += (double)update->rewards[place];
    }
    stats->n_rows = (int32_t)n_trained;
    stats->n_epochs = (int32_t)sums->n_epochs;
    stats->n_minibatches = (int32_t)sums->n_steps;
    stats->is_stopped_early = sums->is_stopped_early;
    /* Back in the units of rewards; normalised advantages have none. */
    const double scale = trainer->units.scale;
    const double of_advantages = trainer->recipe.has_advantage_norm ? 1.0 : scale;
    stats->policy_loss = rri_float_or_nan(sums->loss.policy_loss / rows * of_advantages);
    stats->value_loss = rri_float_or_nan(sums->loss.value_loss / rows * scale * scale);
    stats->entropy = rri_float_or_nan(sums->loss.entropy / rows);
    stats->approx_kl = rri_float_or_nan(sums->last_epoch.approx_kl / last_rows);
    stats->clip_fraction = rri_float_or_nan(sums->loss.n_clipped / rows);
    stats->explained_variance =
        rri_explained_variance_compute(update->values, update->returns, n_places);
    stats->return_deviation = rri_explained_variance_deviation(update->returns, n_places);
    stats->grad_norm = rri_float_or_nan(sums->norm / (double)sums->n_steps);
    stats->learning_rate = lr;
    stats->reward_mean = rri_float_or_nan(reward / (double)n_places);
    stats->scale = trainer->model.network.head.scale;
    stats->repeat_weight = trainer->model.network.head.repeat_weight;
    if (trainer->recipe.ref_kl_coef > 0.0f) {
        stats->reference_kl = rri_float_or_nan(sums->loss.reference_kl / rows);
        stats->reference_coef = trainer->reference.coef;
    }
    stats->n_updates = trainer->n_updates;
    stats->n_timesteps = trainer->n_timesteps;
}

/* What the networks are to see from now on, since the rows are trained on. */
static void see_states(rri_trainer *trainer, const rri_rollout *rollout, size_t n)
{
    rri_normalise_states(trainer, rollout->states, rri_update_trained_rows(&trainer->update, n), n);
    rri_normalise_tokens(trainer);
}

rr_status rri_update_run(size_t *n_trained, rri_trainer *trainer, const rri_rollout *rollout,
                         size_t n_places, size_t n, rr_stats *stats, rr_error *err)
{
    const float lr = rri_schedule_lr(trainer->recipe.lr, trainer->n_updates,
                                     trainer->model.config.planned_updates);
    rri_train_sums sums = {0};
    rr_status status = RR_OK;
    if (n > 0) {
        rri_normalise_returns(trainer, trainer->update.returns, trainer->update.trained, n);
        const float ent_coef = trainer->recipe.ent_coef;
        trainer->recipe.ent_coef = rri_schedule_lr(ent_coef, trainer->n_updates,
                                                   trainer->model.config.ent_updates);
        status = trainer->recipe.algorithm->update(&sums, trainer, rollout, n, lr, err);
        trainer->recipe.ent_coef = ent_coef;
    }
    if (n > 0) { /* without a row nothing was learned, and nothing has grown older */
        trainer->n_updates = rri_count_sum(trainer->n_updates, 1);
    }
    *n_trained = sums.n_steps > 0 ? n : 0;
    trainer->n_timesteps = rri_count_sum(trainer->n_timesteps, (int64_t)*n_trained);
    fill_stats(stats, trainer, &sums, n_places, *n_trained, lr);
    if (*n_trained > 0 && status == RR_OK) {
        rri_stay_near_steer(trainer, sums.loss.reference_kl / (double)sums.n_rows);
    }
    if (*n_trained > 0 && status != RR_E_CANCELLED) {
        see_states(trainer, rollout, n);
        rri_reward_fit_rows(trainer, rollout, n);
        rri_count_bonus_rows(trainer, rollout, n);
    }
    rri_model_touch(&trainer->model);
    return status;
}

rr_status rri_trainer_update(rri_trainer *trainer, rri_rollout *rollout, const rr_obs *obs,
                             rr_stats *stats, rr_error *err)
{
    RRI_TRY(check_rollout(trainer, rollout, err));
    RRI_TRY(check_to_come(trainer, rollout, obs, err));
    RRI_TRY(rri_stay_near_begin(trainer, rollout, err));
    const bool needs_two = rri_update_needs_two(trainer);
    if (needs_two && rollout->n_rows == 1) {
        RRI_FAIL(err, RR_E_INVALID, "update: one row alone cannot be trained on; give at least 2");
    }
    const size_t n_own = select_rows(trainer, rollout);
    const bool is_alone = needs_two && n_own == 1;
    const size_t n = is_alone ? 0 : n_own; /* what a change of items left over is dropped too */
    if (n > 0) {
        const int32_t *rows = rri_update_trained_rows(&trainer->update, n);
        RRI_TRY(rri_update_check_lists(trainer, rollout, rows, n, err));
    }
    if (n == 0) {
        rri_host_log_say(&trainer->log, RR_LOG_WARNING,
                         "update: none of the %zu rows could be trained on, and they are dropped: "
                         "they were recorded under another catalogue%s",
                         rollout->n_rows, is_alone ? ", but for one, which is left alone" : "");
    }
    rri_returns_compute(trainer, rollout, obs);

    const size_t n_rows = rollout->n_rows;
    size_t n_trained;
    rr_stats full = {.ess = 1.0f, .weight_mean = 1.0f, .weight_max = 1.0f};
    const rr_status status = rri_update_run(&n_trained, trainer, rollout, n_rows, n, &full, err);
    full.n_dropped = (int32_t)(n_rows - n);
    if (stats != NULL) {
        *stats = full;
    }
    rri_rollout_clear(rollout);
    return status;
}
