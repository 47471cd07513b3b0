/* SPDX-License-Identifier: MIT */
/* api_agent.c: the front door of rr_agent. */
#include "agent/agent.h"

#include "agent/swap_items.h"
#include "agent/tensors.h"
#include "buffer/rollout.h"
#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "ledger/ledger.h"
#include "play/act.h"
#include "train/session_update.h"
#include "train/update.h"

/* The row of the table that a config belongs to; NULL: PPO. */
static rr_status find_algorithm(const rri_algorithm **algorithm, const void *algo_config,
                                const char *call, rr_error *err)
{
    const rri_config_table *table = rri_config_table_of(RR_CONFIG_PPO);
    if (algo_config != NULL) {
        RRI_TRY(rri_config_table_find(&table, algo_config, call, err));
    }
    *algorithm = rri_algorithms_of_kind(table->kind);
    if (*algorithm == NULL) {
        char known[RRI_ALGORITHMS_TEXT];
        rri_algorithms_list(known);
        RRI_FAIL(err, RR_E_INVALID, "%s: algo_config is of the %s; it must be that of %s", call,
                 table->title, known);
    }
    return RR_OK;
}

/* Both configs of an agent, whole. */
typedef struct agent_configs {
    rr_agent_config agent;
    double algo[RRI_ALGORITHM_CONFIG / sizeof(double)];
    const rri_algorithm *algorithm;
} agent_configs;

static rr_status read_configs(agent_configs *of, const rr_agent_config *config,
                              const void *algo_config, const char *call, rr_error *err)
{
    RRI_TRY(find_algorithm(&of->algorithm, algo_config, call, err));
    RRI_TRY(rri_config_read(&of->agent, rri_config_table_of(RR_CONFIG_AGENT), config, err));
    return rri_config_read(of->algo, rri_config_table_of(of->algorithm->config_kind), algo_config,
                           err);
}

static rr_status create(rr_agent **agent, const rr_agent_config *config, const void *algo_config,
                        rr_items *items, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_create", "agent", err));
    agent_configs of;
    RRI_TRY(read_configs(&of, config, algo_config, "rr_agent_create", err));
    return rri_agent_create(agent, &of.agent, of.algorithm, of.algo, items, host, err);
}

rr_status rr_agent_memory(const rr_agent_config *config, const void *algo_config,
                          const rr_items *items, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_agent_memory", "bytes", err));
    agent_configs of;
    RRI_TRY(read_configs(&of, config, algo_config, "rr_agent_memory", err));
    return rri_agent_memory(bytes, &of.agent, of.algorithm, of.algo, items, err);
}

rr_status rr_agent_create(rr_agent **agent, const rr_agent_config *config, const void *algo_config,
                          rr_items *items, const rr_host *host, rr_error *err)
{
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = create(agent, config, algo_config, items, host, err);
    rri_fpmode_leave(before);
    return status;
}

/* Width of the vectors that come with each request, where there is no catalogue that has them. */
static int32_t request_dim(const rr_agent *agent)
{
    const rri_model *model = &agent->trainer.model;
    const bool has_vectors = model->items == NULL && model->config.head == RR_HEAD_TOWER;
    return has_vectors ? model->config.item_dim : 0;
}

rr_status rr_agent_fit_buffer_config(const rr_agent *agent, int32_t n_envs,
                                     rr_buffer_config *config, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_fit_buffer_config", "agent", err));
    RRI_TRY(rri_require(config, "rr_agent_fit_buffer_config", "config", err));
    const int64_t rows = (int64_t)n_envs * (int64_t)agent->trainer.recipe.n_steps;
    if (n_envs < 1 || rows > INT32_MAX) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_agent_fit_buffer_config: n_envs is %d; it must be at least 1, and %d times "
                 "n_steps at most %d",
                 n_envs, n_envs, INT32_MAX);
    }
    const rr_agent_config *of = &agent->trainer.model.config;
    rr_buffer_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_BUFFER), config, err));
    full.max_rows = (int32_t)rows;
    full.state_dim = of->state_dim;
    full.item_dim = request_dim(agent);
    full.feature_dim = of->feature_dim;
    full.schema = of->schema;
    full.max_candidates = of->max_candidates;
    full.max_excluded = full.max_history = of->max_history;
    full.for_encoder = rri_network_reads_past(&agent->trainer.model.network);
    rri_abi_write(config, &full, sizeof full);
    return RR_OK;
}

rr_status rr_agent_fit_ledger_config(const rr_agent *agent, rr_ledger_config *config, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_fit_ledger_config", "agent", err));
    RRI_TRY(rri_require(config, "rr_agent_fit_ledger_config", "config", err));
    const rr_agent_config *of = &agent->trainer.model.config;
    rr_ledger_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_LEDGER), config, err));
    full.state_dim = of->state_dim;
    full.item_dim = request_dim(agent);
    full.feature_dim = of->feature_dim;
    full.schema = of->schema;
    full.max_candidates = of->max_candidates;
    full.max_excluded = full.max_history = of->max_history;
    full.for_encoder = rri_network_reads_past(&agent->trainer.model.network);
    full.min_rows = rri_recipe_needs_two(&agent->trainer.recipe) ? 2 : 1;
    rri_abi_write(config, &full, sizeof full);
    return RR_OK;
}

void rr_agent_destroy(rr_agent *agent)
{
    rri_agent_destroy(agent);
}

rr_status rr_agent_act(rr_agent *agent, const rr_obs *obs, rr_decision *decision, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_act", "agent", err));
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&full, decision, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_agent_act(agent, &full_obs, &full, err);
    rri_fpmode_leave(before);
    if (status == RR_OK) {
        rri_abi_write(decision, &full, sizeof full);
    }
    return status;
}

rr_status rr_agent_top_k(rr_agent *agent, const rr_obs *obs, int32_t n_best, int32_t *positions,
                         int32_t *items, float *log_probs, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_top_k", "agent", err));
    if (n_best < 1) {
        RRI_FAIL(err, RR_E_INVALID, "top_k: n_best is %d; it must be at least 1", n_best);
    }
    rr_obs full_obs;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_agent_top_k(agent, &full_obs, (size_t)n_best, positions, items, log_probs, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_agent_evaluate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                            float *log_probs, float *entropies, float *values, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_evaluate", "agent", err));
    rr_obs full_obs;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_agent_evaluate(agent, &full_obs, actions, log_probs, entropies, values, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status update(rr_agent *agent, rr_buffer *buffer, const rr_obs *obs, rr_stats *stats,
                        rr_error *err)
{
    rr_stats full = {0};
    const bool had_rows = buffer->rollout.n_rows > 0;
    const rr_status status = rri_trainer_update(&agent->trainer, &buffer->rollout, obs, &full, err);
    const bool is_made = had_rows && buffer->rollout.n_rows == 0;
    if (stats != NULL && is_made) {
        rri_abi_write(stats, &full, sizeof full);
    }
    return status;
}

rr_status rr_agent_update(rr_agent *agent, rr_buffer *buffer, const rr_obs *obs, rr_stats *stats,
                          rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_update", "agent", err));
    RRI_TRY(rri_require(buffer, "rr_agent_update", "buffer", err));
    rr_obs full_obs;
    if (obs != NULL) {
        RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    }
    if (stats != NULL) {
        RRI_TRY(rri_abi_check(stats, sizeof *stats, "rr_stats", err));
    }
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = update(agent, buffer, obs != NULL ? &full_obs : NULL, stats, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_agent_update_sessions(rr_agent *agent, rr_ledger *ledger, rr_stats *stats,
                                   rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_update_sessions", "agent", err));
    RRI_TRY(rri_require(ledger, "rr_agent_update_sessions", "ledger", err));
    if (stats != NULL) {
        RRI_TRY(rri_abi_check(stats, sizeof *stats, "rr_stats", err));
    }
    rr_stats full = {0};
    bool is_made = false;
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_trainer_update_sessions(
        &is_made, &agent->trainer, &ledger->rollout, &ledger->ledger, &full, err);
    rri_fpmode_leave(before);
    if (stats != NULL && is_made) {
        rri_abi_write(stats, &full, sizeof full);
    }
    return status;
}

rr_status rr_agent_set_items(rr_agent *agent, rr_items *items, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_set_items", "agent", err));
    RRI_TRY(rri_require(items, "rr_agent_set_items", "items", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_agent_set_items(agent, items, err);
    rri_fpmode_leave(before);
    return status;
}

rr_items *rr_agent_items(const rr_agent *agent)
{
    return agent == NULL ? NULL : agent->trainer.model.items;
}

rr_status rr_agent_set_feature_weights(rr_agent *agent, const float *weights, int32_t n,
                                       rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_set_feature_weights", "agent", err));
    RRI_TRY(rri_require(weights, "rr_agent_set_feature_weights", "weights", err));
    if (agent->trainer.model.config.feature_dim == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_agent_set_feature_weights: this agent was made with feature_dim 0");
    }
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_agent_set_tensor(agent, "actor.feature_weights", weights, n, err);
    rri_fpmode_leave(before);
    return status;
}

int32_t rr_agent_tensor_count(const rr_agent *agent)
{
    return agent == NULL ? 0 : (int32_t)rri_agent_tensor_count(agent);
}

rr_status rr_agent_tensor_at(const rr_agent *agent, int32_t index, rr_tensor *out, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_tensor_at", "agent", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_tensor", err));
    const int32_t count = rr_agent_tensor_count(agent);
    if (index < 0 || index >= count) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "rr_agent_tensor_at: index is %d; it must be in [0, %d)",
                 index, count);
    }
    rr_tensor full = {0};
    rri_agent_tensor_at(&full, agent, (size_t)index);
    rri_abi_write(out, &full, sizeof full);
    return RR_OK;
}

rr_status rr_agent_set_tensor(rr_agent *agent, const char *name, const float *values,
                              int64_t n_values, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_set_tensor", "agent", err));
    RRI_TRY(rri_require(name, "rr_agent_set_tensor", "name", err));
    RRI_TRY(rri_require(values, "rr_agent_set_tensor", "values", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_agent_set_tensor(agent, name, values, n_values, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_agent_fit_prior(rr_agent *agent, const float *users, int32_t n, float variance,
                             rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_fit_prior", "agent", err));
    RRI_TRY(rri_require(users, "rr_agent_fit_prior", "users", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_agent_fit_prior(agent, users, n > 0 ? (size_t)n : 0, variance, err);
    rri_fpmode_leave(before);
    return status;
}

uint64_t rr_agent_version(const rr_agent *agent)
{
    return agent == NULL ? 0 : rri_agent_version(agent);
}

int64_t rr_agent_updates(const rr_agent *agent)
{
    return agent == NULL ? 0 : agent->trainer.n_updates;
}

int64_t rr_agent_timesteps(const rr_agent *agent)
{
    return agent == NULL ? 0 : agent->trainer.n_timesteps;
}
