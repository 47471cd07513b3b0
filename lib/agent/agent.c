/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"

#include <string.h>

#include "core/config_tables.h"
#include "core/status.h"
#include "items/items.h"
#include "model/likeness.h"
#include "play/act.h"

/* The network of an agent that has its config, kernels, recipe and items, and the bytes of its
 * large block. */
static rr_status measure(rr_agent *agent, rr_error *err)
{
    rri_model *model = &agent->trainer.model;
    const size_t n_items = rri_model_n_items(&model->config, model->items);
    RRI_TRY(rri_network_declare(&model->network, &model->config, n_items, err));
    rri_arena arena = {0};
    rri_trainer_layout(&agent->trainer, &arena);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "agent: its arrays do not fit into the address space");
    }
    agent->block_bytes = arena.used;
    return RR_OK;
}

rr_status rri_agent_build(rr_agent *agent, rr_error *err)
{
    RRI_TRY(measure(agent, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, agent->block_bytes, &agent->allocator, "agent", err));
    agent->block = arena.base;
    rri_trainer_layout(&agent->trainer, &arena);
    return RR_OK;
}

static rr_status check_tower(const rr_agent_config *config, const rr_items *items, rr_error *err)
{
    if (config->num_items != 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: num_items is %d; it must be 0 with the two-tower head, whose items "
                 "come from rr_items or with each request",
                 config->num_items);
    }
    if (config->hidden[0] == 0 && config->has_skip == 0 && config->has_fold_in == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: has_skip is 0 and hidden is empty; the query needs one of them, or "
                 "has_fold_in");
    }
    if (config->reward_model != 0 && config->has_skip == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: reward_model is 1 and has_skip is 0; with the two-tower head the "
                 "model stands beside the linear query, so has_skip must be 1");
    }
    if (items != NULL && rri_items_dim(items) != (size_t)config->item_dim) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: item_dim is %d; it must be the width of the items, %zu",
                 config->item_dim, rri_items_dim(items));
    }
    if (items == NULL && (config->has_trained_items != 0 || config->has_bias != 0)) {
        RRI_FAIL(err, RR_E_INVALID, "agent config: %s is 1; without items it must be 0",
                 config->has_bias != 0 ? "has_bias" : "has_trained_items");
    }
    if (config->count_bonus > 0.0f && config->has_bias == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: count_bonus is %g and has_bias is 0; the bonus stands in the "
                 "item's bias, so has_bias must be 1",
                 (double)config->count_bonus);
    }
    return RR_OK;
}

static rr_status check_dense(const rr_agent_config *config, const rr_items *items, rr_error *err)
{
    if (config->hidden[0] == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: hidden is empty; the dense head needs at least one layer");
    }
    if (items == NULL && config->num_items < 1) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: num_items is %d; without items the dense head needs at least 1",
                 config->num_items);
    }
    if (items != NULL && config->num_items != 0 &&
        (size_t)config->num_items != rri_items_count(items)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: num_items is %d; it must be 0 or the number of items, %zu",
                 config->num_items, rri_items_count(items));
    }
    return RR_OK;
}

static rr_status check_candidate_net(const rr_agent_config *config, rr_error *err)
{
    if (config->candidate_hidden[0] == 0) {
        return RR_OK;
    }
    if (config->feature_dim == 0) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "agent config: candidate_hidden is %d, … and feature_dim is 0; without features of "
            "candidates it must be empty",
            config->candidate_hidden[0]);
    }
    if (config->reward_model != 0) {
        RRI_FAIL(
            err, RR_E_UNSUPPORTED,
            "agent config: candidate_hidden is %d, … with reward_model 1; one of them alone is "
            "served",
            config->candidate_hidden[0]);
    }
    if (config->head == RR_HEAD_DENSE || config->has_trained_items != 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "agent config: candidate_hidden is %d, … with %s; it is served over item vectors "
                 "that are not trained",
                 config->candidate_hidden[0],
                 config->head == RR_HEAD_DENSE ? "the dense head" : "has_trained_items 1");
    }
    return RR_OK;
}

/* What reads the items' own features. */
static rr_status check_item_tower(const rr_agent_config *config, const rr_items *items,
                                  rr_error *err)
{
    const size_t given = items != NULL ? rri_items_feature_dim(items) : 0;
    if (config->item_feature_dim == 0 && config->tower_hidden[0] == 0) {
        return RR_OK;
    }
    if (config->item_feature_dim == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: tower_hidden is %d, … and item_feature_dim is 0; without features "
                 "of items it must be empty",
                 config->tower_hidden[0]);
    }
    if (given != (size_t)config->item_feature_dim) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: item_feature_dim is %d; it must be 0, or the number of features "
                 "that the items have of their own (rr_items_options), %zu",
                 config->item_feature_dim, given);
    }
    if (config->head == RR_HEAD_DENSE || config->reward_model != 0 ||
        config->candidate_hidden[0] > 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "agent config: item_feature_dim is %d with %s; a tower over items' features is "
                 "served without it",
                 config->item_feature_dim,
                 config->head == RR_HEAD_DENSE ? "the dense head"
                 : config->reward_model != 0   ? "reward_model 1"
                                               : "candidate_hidden");
    }
    return RR_OK;
}

/* An encoder of one layer and one head says no more of layers and heads. */
static rr_status check_encoder_shape(const rr_agent_config *config, rr_error *err)
{
    const bool is_transformer = config->encoder == RR_ENCODER_TRANSFORMER;
    if (!is_transformer && (config->encoder_layers != 1 || config->encoder_heads != 1)) {
        const bool is_layers = config->encoder_layers != 1;
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: %s is %d; it must be 1 but for encoder transformer",
                 is_layers ? "encoder_layers" : "encoder_heads",
                 is_layers ? config->encoder_layers : config->encoder_heads);
    }
    if (config->encoder_width % config->encoder_heads != 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: encoder_heads is %d; it must divide encoder_width, %d",
                 config->encoder_heads, config->encoder_width);
    }
    if (config->max_history < 1) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: max_history is %d; with an encoder it must be at least 1",
                 config->max_history);
    }
    return RR_OK;
}

/* What neither an encoder nor a fold-in is served with; NULL: nothing of it. */
static const char *forbids_past(const rr_agent_config *config, const rr_items *items)
{
    return config->head == RR_HEAD_DENSE    ? "the dense head"
           : config->has_trained_items != 0 ? "has_trained_items 1"
           : config->reward_model != 0      ? "reward_model 1"
           : config->item_feature_dim != 0  ? "item_feature_dim"
           : items == NULL                  ? "no items"
                                            : NULL;
}

static rr_status check_fold_in(const rr_agent_config *config, const rr_items *items, rr_error *err)
{
    if (config->has_fold_in == 0) {
        return RR_OK;
    }
    const char *other = forbids_past(config, items);
    if (other != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "agent config: has_fold_in is 1 with %s; a fold-in reads the vectors of a "
                 "catalogue that are not trained, with the two-tower head and no reward model",
                 other);
    }
    if (config->item_dim > RRI_FOLD_IN_MOST) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: item_dim is %d; with has_fold_in it must be at most %d",
                 config->item_dim, RRI_FOLD_IN_MOST);
    }
    if (config->max_history < 1) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: max_history is %d; with has_fold_in it must be at least 1",
                 config->max_history);
    }
    return RR_OK;
}

static rr_status check_encoder(const rr_agent_config *config, const rr_items *items, rr_error *err)
{
    if (config->encoder == RR_ENCODER_NONE) {
        return RR_OK;
    }
    const char *other = forbids_past(config, items);
    if (other != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "agent config: encoder is not none with %s; an encoder reads the vectors of a "
                 "catalogue as they were given, with the two-tower head and no reward model",
                 other);
    }
    return check_encoder_shape(config, err);
}

/* Both would move one weight, and without one there is none to move. */
static rr_status check_reference(const rr_agent_config *config, rr_error *err)
{
    if (config->ref_kl_target > 0.0f && config->ref_kl_updates > 0) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "agent config: ref_kl_target is %g and ref_kl_updates is %d; the weight is steered "
            "or falls by a schedule: one of them must be 0",
            (double)config->ref_kl_target, config->ref_kl_updates);
    }
    if (config->ref_kl_target > 0.0f && config->ref_kl_coef == 0.0f) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: ref_kl_target is %g and ref_kl_coef is 0; it is where the weight "
                 "begins, and must be above 0",
                 (double)config->ref_kl_target);
    }
    return RR_OK;
}

rr_status rri_agent_check_config(const rr_agent_config *config, const rr_items *items,
                                 rr_error *err)
{
    if (config->has_feature_query != 0 && config->feature_dim == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: has_feature_query is 1 and feature_dim is 0; without features of "
                 "candidates it must be 0");
    }
    RRI_TRY(check_reference(config, err));
    RRI_TRY(check_candidate_net(config, err));
    RRI_TRY(check_encoder(config, items, err));
    RRI_TRY(check_item_tower(config, items, err));
    RRI_TRY(check_fold_in(config, items, err));
    return config->head == RR_HEAD_DENSE ? check_dense(config, items, err)
                                         : check_tower(config, items, err);
}

static size_t versions_bytes(const rri_versions *versions)
{
    return versions->capacity * sizeof(rri_version);
}

/* Outlives the large block. */
static rr_status create_versions(rr_agent *agent, rr_error *err)
{
    rri_versions *versions = &agent->trainer.versions;
    void *entries;
    RRI_TRY(
        rri_memory_allocate(&entries, &agent->allocator, versions_bytes(versions), "agent", err));
    versions->entries = entries;
    return RR_OK;
}

/* Configs that have passed their tables. */
static void describe(rr_agent *agent, const rr_agent_config *config, const rri_algorithm *algorithm,
                     const void *algo_config)
{
    rri_trainer *trainer = &agent->trainer;
    trainer->model.config = *config;
    trainer->model.kernels = rri_kernels_detect();
    trainer->recipe = algorithm->recipe(algo_config);
    trainer->recipe.algorithm = algorithm;
    trainer->recipe.ref_kl_coef = config->ref_kl_coef;
    trainer->versions.capacity = rri_versions_capacity(config->max_staleness);
    memcpy(agent->algo_config, algo_config, rri_config_table_of(algorithm->config_kind)->size);
}

rr_status rri_agent_memory(size_t *bytes, const rr_agent_config *config,
                           const rri_algorithm *algorithm, const void *algo_config,
                           const rr_items *items, rr_error *err)
{
    RRI_TRY(rri_agent_check_config(config, items, err));
    rr_agent agent = {.trainer.model.items = (rr_items *)items}; /* read alone */
    describe(&agent, config, algorithm, algo_config);
    RRI_TRY(measure(&agent, err));
    const size_t others = rri_memory_size(sizeof agent) +
                          rri_memory_size(versions_bytes(&agent.trainer.versions)) +
                          rri_memory_size(rri_workers_memory(config->num_threads));
    *bytes = rri_size_add(rri_memory_size(agent.block_bytes), others);
    return RR_OK;
}

rr_status rri_agent_create(rr_agent **out, const rr_agent_config *config,
                           const rri_algorithm *algorithm, const void *algo_config, rr_items *items,
                           const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_agent_check_config(config, items, err));
    rri_recipe recipe = algorithm->recipe(algo_config);
    recipe.algorithm = algorithm;
    if (config->max_update_rows == 1 && rri_recipe_needs_two(&recipe)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: max_update_rows is 1; it must be 0 or at least 2 with PPO or "
                 "normalised advantages, which cannot be trained on one row alone");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    void *block;
    RRI_TRY(rri_memory_allocate(&block, &allocator, sizeof(rr_agent), "agent", err));

    rr_agent *agent = block;
    rri_trainer *trainer = &agent->trainer;
    agent->allocator = allocator;
    describe(agent, config, algorithm, algo_config);
    if (items != NULL) {
        trainer->model.items = items;
        rri_items_retain(items);
    }
    trainer->log = rri_host_log_of(host);
    trainer->cancel = rri_host_cancel_of(host);
    rr_status status = create_versions(agent, err);
    if (status != RR_OK) {
        rri_agent_destroy(agent);
        return status;
    }
    status = rri_workers_create(&trainer->workers, config->num_threads, &allocator, err);
    if (status == RR_OK) {
        rri_workers_spin(trainer->workers, config->worker_spin_us);
        status = rri_agent_build(agent, err);
    }
    if (status != RR_OK) {
        rri_agent_destroy(agent);
        return status;
    }
    rri_model_init(&trainer->model, trainer->stacks[0].base);
    *out = agent;
    return RR_OK;
}

void rri_agent_destroy(rr_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    const rri_allocator allocator = agent->allocator;
    rri_trainer *trainer = &agent->trainer;
    rri_memory_release(&allocator, agent->block, agent->block_bytes);
    rri_workers_destroy(trainer->workers);
    rri_memory_release(&allocator, trainer->versions.entries, versions_bytes(&trainer->versions));
    rri_shared_items_release(agent->shared);
    rri_snapshot_release(agent->reference);
    rri_items_release(trainer->model.items);
    rri_memory_release(&allocator, agent, sizeof *agent);
}

uint64_t rri_agent_version(const rr_agent *agent)
{
    const rri_model *model = &agent->trainer.model;
    return rri_model_version(model, rri_model_line(model), NULL);
}

rr_status rri_agent_act(rr_agent *agent, const rr_obs *obs, rr_decision *decision, rr_error *err)
{
    if (decision->policy_versions != NULL) {
        rri_model_ensure_hash(&agent->trainer.model);
    }
    const rri_workspace work = rri_trainer_workspace(&agent->trainer);
    return rri_act_draw(&work, obs, decision, err);
}

rr_status rri_agent_top_k(rr_agent *agent, const rr_obs *obs, size_t k, int32_t *positions,
                          int32_t *items, float *log_probs, rr_error *err)
{
    const rri_workspace work = rri_trainer_workspace(&agent->trainer);
    return rri_act_top_k(&work, obs, k, positions, items, log_probs, err);
}

rr_status rri_agent_evaluate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                             float *log_probs, float *entropies, float *values, rr_error *err)
{
    const rri_workspace work = rri_trainer_workspace(&agent->trainer);
    return rri_act_evaluate(&work, obs, actions, log_probs, entropies, values, err);
}

rr_status rri_agent_publish(rr_policy **out, rr_agent *agent, const rr_serving_options *options,
                            rr_error *err)
{
    rri_trainer *trainer = &agent->trainer;
    rri_model_ensure_hash(&trainer->model);
    RRI_TRY(rri_snapshot_publish(out, &trainer->model, &agent->shared, options, NULL,
                                 &agent->allocator, err));
    rri_trainer_note_version(trainer, options);
    return RR_OK;
}

/* Without it the same parameters mean something else. */
static rr_status check_meaning(const char *caller, const rr_agent_config *given,
                               const rr_agent_config *wanted, rr_error *err)
{
    const char *field = rri_likeness_difference(given, wanted, RRI_LIKE_MEANING);
    if (field != NULL) {
        char has[RRI_CONFIG_TEXT_CAPACITY], needs[RRI_CONFIG_TEXT_CAPACITY];
        rri_likeness_text(has, given, field);
        rri_likeness_text(needs, wanted, field);
        RRI_FAIL(err, RR_E_MISMATCH, "%s: this policy's %s is %s; it must be the agent's, %s",
                 caller, field, has, needs);
    }
    return RR_OK;
}

rr_status rri_agent_recognise(rr_agent *agent, const rr_policy *policy, rr_error *err)
{
    rri_trainer *trainer = &agent->trainer;
    RRI_TRY(check_meaning("recognise", &policy->model.config, &trainer->model.config, err));
    const size_t given = policy->model.network.params.n_floats;
    const size_t wanted = trainer->model.network.params.n_floats;
    if (given != wanted) { /* they differ in what is learned an item */
        RRI_FAIL(err, RR_E_MISMATCH,
                 "recognise: this policy has %zu parameters for %zu items; the agent has %zu for "
                 "%zu",
                 given, policy->model.network.n_items, wanted, trainer->model.network.n_items);
    }
    rri_trainer_recognise(trainer, &policy->model, &policy->options);
    return RR_OK;
}

rr_status rri_agent_set_reference(rr_agent *agent, rr_policy *policy, rr_error *err)
{
    rri_trainer *trainer = &agent->trainer;
    if (policy != NULL) {
        if (trainer->recipe.ref_kl_coef == 0.0f) {
            RRI_FAIL(err, RR_E_STATE,
                     "set_reference: this agent's ref_kl_coef is 0, so nothing would read the "
                     "policy; it must be above 0 where the agent is made");
        }
        RRI_TRY(check_meaning("set_reference", &policy->model.config, &trainer->model.config, err));
        rri_snapshot_retain(policy); /* before the release: it may be the same */
    }
    rri_snapshot_release(agent->reference);
    agent->reference = policy;
    trainer->reference.model = policy != NULL ? &policy->model : NULL;
    return RR_OK;
}

rr_status rri_agent_publish_to(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                               rr_error *err)
{
    rri_trainer *trainer = &agent->trainer;
    rri_model_ensure_hash(&trainer->model);
    RRI_TRY(
        rri_slot_publish(slot, &trainer->model, &agent->shared, options, &agent->allocator, err));
    rri_trainer_note_version(trainer, options);
    return RR_OK;
}
