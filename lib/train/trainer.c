/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include "items/items.h"
#include "optim/clip.h"
#include "policy/candidates.h"
#include "policy/large_pool.h"
#include "policy/sweep.h"
#include "train/normalise.h"
#include "train/reward_fit.h"

static void layout_slice(rri_trainer *trainer, rri_arena *arena)
{
    rri_slice *slice = &trainer->slice;
    const rri_network *net = &trainer->model.network;
    const size_t rows = RRI_SLICE_ROWS;
    slice->kept_width = rri_size_larger((size_t)trainer->model.config.max_candidates,
                                        net->n_items <= RRI_KEPT_WIDTH ? net->n_items : 0);

    rri_network_tape_layout(&slice->tape, arena, net, rows);
    rri_network_slopes_layout(&slice->slopes, arena, net, rows);
    slice->policy.maxima = RRI_TAKE(arena, float, rows);
    slice->policy.log_sums = RRI_TAKE(arena, double, rows);
    slice->policy.entropies = RRI_TAKE(arena, float, rows);
    slice->states = RRI_TAKE(arena, float, rows * net->state_dim);
    slice->logits = RRI_TAKE(arena, float, rri_size_multiply(rows, slice->kept_width));
    slice->block_maxima =
        RRI_TAKE(arena, float, rri_size_multiply(rows, rri_sweep_blocks(slice->kept_width)));
    slice->rows = RRI_TAKE(arena, int32_t, rows);
    slice->actions = RRI_TAKE(arena, int32_t, rows);
    slice->log_probs = RRI_TAKE(arena, float, rows);
    slice->old_log_probs = RRI_TAKE(arena, float, rows);
    slice->old_values = RRI_TAKE(arena, float, rows);
    slice->advantages = RRI_TAKE(arena, float, rows);
    slice->returns = RRI_TAKE(arena, float, rows);
    slice->d_log_probs = RRI_TAKE(arena, float, rows);
    slice->uniforms = RRI_TAKE(arena, double, rows);
    if (trainer->recipe.ref_kl_coef > 0.0f) {
        rri_reference *now = &trainer->reference.now;
        rri_network_tape_layout(&slice->reference_tape, arena, net, rows);
        now->maxima = RRI_TAKE(arena, float, rows);
        now->log_sums = RRI_TAKE(arena, double, rows);
        now->entropies = RRI_TAKE(arena, float, rows);
        now->kl = RRI_TAKE(arena, float, rows);
        now->even = RRI_TAKE(arena, double, rows);
    }
    for (size_t i = 0; i < RRI_SLICE_TILES; i++) {
        slice->tiles[i].policy.d_feature_weights = RRI_TAKE(arena, double, net->feature_dim);
        slice->tiles[i].candidate =
            RRI_TAKE(arena, float, net->candidate.end - net->candidate.begin);
    }
    for (size_t i = 0; i < RRI_SLICE_SHARES; i++) {
        slice->shares[i] = RRI_TAKE(arena, float, net->encoder.end - net->encoder.begin);
    }
}

static void layout_update(rri_trainer *trainer, rri_arena *arena)
{
    rri_update_rows *update = &trainer->update;
    const rr_agent_config *config = &trainer->model.config;
    const size_t rows = config->max_update_rows > 0
                            ? (size_t)config->max_update_rows
                            : rri_size_multiply((size_t)config->max_rows, trainer->recipe.n_steps);
    update->max_rows = rows;
    update->order = RRI_TAKE(arena, int32_t, rows);
    update->is_segment_end = RRI_TAKE(arena, uint8_t, rows);
    update->rewards = RRI_TAKE(arena, float, rows);
    update->values = RRI_TAKE(arena, float, rows);
    update->next_values = RRI_TAKE(arena, float, rows);
    update->returns = RRI_TAKE(arena, float, rows);
    update->weights = RRI_TAKE(arena, float, rows);
    update->traces = RRI_TAKE(arena, float, rows);
    update->is_own = RRI_TAKE(arena, uint8_t, rows);
    update->begins_run = RRI_TAKE(arena, uint8_t, rows);
    update->recorded = RRI_TAKE(arena, float, rows);
    update->trained = RRI_TAKE(arena, int32_t, rows);
    update->permutation = update->select.rows = RRI_TAKE(arena, int32_t, rows);
    update->minibatch = update->select.actions = RRI_TAKE(arena, int32_t, rows);
    update->advantages = update->select.weights = RRI_TAKE(arena, float, rows);
    update->terminated = update->select.verdicts = RRI_TAKE(arena, uint8_t, rows);
    update->normalised = update->present = RRI_TAKE(arena, float, rows);
    update->tempered_weights = RRI_TAKE(arena, float, trainer->model.network.feature_dim);
    update->tempered_bias = trainer->model.network.at.item_bias != RRI_ABSENT
                                ? RRI_TAKE(arena, float, trainer->model.network.n_items)
                                : NULL;
    update->shards =
        RRI_TAKE(arena, double, rri_clip_n_shards(trainer->model.network.params.n_floats));
}

/* The deepest use of a stack: a slice through the networks, the policy over its widest list, or
 * training over a large pool, for which the first stack has a part that all threads read. The first
 * one serves the initialisation too. */
static size_t stack_bytes(const rri_trainer *trainer, bool is_first)
{
    const rri_network *net = &trainer->model.network;
    rr_agent_config sized = trainer->model.config;
    if (trainer->item_room > (size_t)sized.max_pool_items) {
        sized.max_pool_items = (int32_t)trainer->item_room;
    }
    size_t bytes = rri_workspace_scratch(&sized, net, RRI_SLICE_ROWS);
    bytes = rri_size_add(bytes, rri_candidates_record_bytes(
                                    &net->candidate, (size_t)sized.max_candidates, RRI_STEP_ROWS));
    if (trainer->recipe.ref_kl_coef > 0.0f) {
        const rri_logits_limits limits = rri_workspace_limits(&sized, net, RRI_SLICE_ROWS);
        bytes = rri_size_add(bytes, rri_reference_scratch(net->kernels, &limits));
    }
    if (net->n_items > trainer->slice.kept_width) {
        const rri_logits_limits limits = {.n = RRI_SLICE_ROWS,
                                          .n_items = trainer->item_room,
                                          .dim = net->dim,
                                          .m = (size_t)trainer->model.config.max_history,
                                          .h = (size_t)trainer->model.config.max_history};
        const size_t shared =
            is_first ? rri_large_pool_shared_scratch(trainer->model.kernels, &limits) : 0;
        const size_t own = rri_large_pool_scratch(trainer->model.kernels, &limits);
        bytes = rri_size_larger(bytes, rri_size_add(shared, own));
    }
    if (is_first) {
        bytes = rri_size_larger(bytes, rri_network_init_scratch(net));
        bytes = rri_size_larger(bytes, rri_reward_fit_scratch(net));
    }
    return bytes;
}

bool rri_trainer_learns_of_items(const rri_trainer *trainer)
{
    const rri_head_offsets *at = &trainer->model.network.at;
    return at->items != RRI_ABSENT || at->item_bias != RRI_ABSENT;
}

bool rri_trainer_has_room(const rri_trainer *trainer, size_t n)
{
    const rri_network *net = &trainer->model.network;
    return !rri_trainer_learns_of_items(trainer) && !rri_item_tower_is_there(&net->tower) &&
           n > RRI_KEPT_WIDTH && n > (size_t)trainer->model.config.max_candidates &&
           rri_network_panel_floats(trainer->model.kernels, n, net->dim) == 0;
}

void rri_trainer_layout(rri_trainer *trainer, rri_arena *arena)
{
    const size_t n_items = trainer->model.network.n_items;
    const bool has_room = trainer->model.items != NULL && rri_trainer_has_room(trainer, n_items);
    trainer->item_room = has_room ? rri_items_room(n_items) : n_items;
    const size_t n_floats = trainer->model.network.params.n_floats;
    trainer->model.values = RRI_TAKE(arena, float, n_floats);
    trainer->gradients = RRI_TAKE(arena, float, n_floats);
    trainer->first_moments = RRI_TAKE(arena, float, n_floats);
    trainer->second_moments = RRI_TAKE(arena, float, n_floats);
    rri_earlier_layout(&trainer->earlier, arena, &trainer->model.config, n_floats);
    trainer->model.network.tower.is_trained = true;
    rri_network_layout(&trainer->model.network, arena, trainer->model.kernels);
    layout_slice(trainer, arena);
    layout_update(trainer, arena);
    rri_normalise_layout(trainer, arena);
    rri_reward_fit_layout(trainer, arena);
    if (rri_item_tower_is_there(&trainer->model.network.tower) &&
        trainer->model.network.at.items == RRI_ABSENT) {
        trainer->d_items =
            RRI_TAKE(arena, float, rri_size_multiply(n_items, trainer->model.network.dim));
    }

    const size_t n_threads = (size_t)trainer->model.config.num_threads;
    trainer->stacks = RRI_TAKE(arena, rri_stack, n_threads);
    for (size_t i = 0; i < n_threads; i++) {
        const size_t size = stack_bytes(trainer, i == 0);
        char *base = RRI_TAKE(arena, char, size);
        if (trainer->stacks != NULL) {
            trainer->stacks[i] = (rri_stack){.base = base, .size = size, .used = 0};
        }
    }
}

rri_workspace rri_trainer_workspace(rri_trainer *trainer)
{
    rri_slice *slice = &trainer->slice;
    return (rri_workspace){
        .model = &trainer->model,
        .max_rows = RRI_SLICE_ROWS,
        .tape = &slice->tape,
        .policy = &slice->policy,
        .actions = slice->actions,
        .log_probs = slice->log_probs,
        .uniforms = slice->uniforms,
        .workers = trainer->workers,
        .stacks = trainer->stacks,
        .seed = trainer->model.config.seed,
        .n_draws = &trainer->n_draws,
    };
}

static rri_version version_of(const rri_model *model, int64_t update,
                              const rr_serving_options *options)
{
    const uint64_t line = rri_model_line(model);
    return rri_version_of(rri_model_version(model, line, options),
                          rri_model_version(model, line, NULL), update, options);
}

void rri_trainer_note_version(rri_trainer *trainer, const rr_serving_options *options)
{
    const rri_version version = version_of(&trainer->model, trainer->n_updates, options);
    rri_versions_note(&trainer->versions, &version);
}

void rri_trainer_recognise(rri_trainer *trainer, const rri_model *model,
                           const rr_serving_options *options)
{
    const rri_version version = version_of(model, trainer->n_updates, options);
    rri_versions_note(&trainer->versions, &version);
    rri_earlier_add(&trainer->earlier, version.plain, model->values);
}
