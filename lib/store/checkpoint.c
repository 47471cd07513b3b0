/* SPDX-License-Identifier: MIT */
/* Saving: the description that is run once to measure and once to write. */
#include "store/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/tensors.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "env/env_state.h"
#include "items/items.h"
#include "store/file_format.h"

const char *rri_checkpoint_prefix(int32_t kind)
{
    switch (kind) {
    case RR_CONFIG_ENV:
        return "env";
    case RR_CONFIG_AGENT:
        return "agent";
    case RR_CONFIG_BUFFER:
        return "buffer";
    case RR_CONFIG_LEDGER:
        return "ledger";
    case RR_CONFIG_SERVING:
        return "serving";
    default:
        break;
    }
    const rri_algorithm *algorithm = rri_algorithms_of_kind(kind);
    return algorithm != NULL ? algorithm->name : NULL;
}

void rri_checkpoint_name(char out[RRI_CHECKPOINT_NAME], const char *prefix, const char *name)
{
    snprintf(out, RRI_CHECKPOINT_NAME, "%s.%s", prefix, name);
}

rri_dtype rri_checkpoint_dtype(int32_t env_dtype)
{
    switch (env_dtype) {
    case RRI_ENV_FLOAT32:
        return RRI_DTYPE_F32;
    case RRI_ENV_INT32:
        return RRI_DTYPE_I32;
    case RRI_ENV_UINT64:
        return RRI_DTYPE_U64;
    default:
        return RRI_DTYPE_U8;
    }
}

/* Threads change no number, so they are no part of what a file says: a run has the same bytes on
 * one thread and on four. */
static bool is_stored(const char *field)
{
    return strcmp(field, "num_threads") != 0 && strcmp(field, "worker_spin_us") != 0;
}

rr_status rri_checkpoint_add_config(rri_safetensors_writer *writer, int32_t kind,
                                    const void *config, rr_error *err)
{
    const rri_config_table *table = rri_config_table_of(kind);
    for (size_t i = 0; i < table->n_fields; i++) {
        if (!is_stored(table->fields[i].name)) {
            continue;
        }
        char key[RRI_CHECKPOINT_NAME], text[RRI_CONFIG_TEXT_CAPACITY];
        rri_checkpoint_name(key, rri_checkpoint_prefix(kind), table->fields[i].name);
        RRI_TRY(rri_config_get(table, config, table->fields[i].name, text, err));
        RRI_TRY(rri_safetensors_add_metadata(writer, key, text, err));
    }
    return RR_OK;
}

static rr_status add_metadata(rri_safetensors_writer *writer, const rr_checkpoint *all,
                              rr_error *err)
{
    const rr_agent *agent = all->agent;
    const rri_algorithm *algorithm = agent->trainer.recipe.algorithm;
    RRI_TRY(rri_file_format_add(writer, RRI_CHECKPOINT_FORMAT, err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "algo", algorithm->name, err));
    RRI_TRY(
        rri_file_format_add_items(writer, "items_fingerprint", agent->trainer.model.items, err));
    RRI_TRY(rri_checkpoint_add_config(writer, RR_CONFIG_AGENT, &agent->trainer.model.config, err));
    RRI_TRY(rri_checkpoint_add_config(writer, algorithm->config_kind, agent->algo_config, err));
    if (all->env != NULL) {
        RRI_TRY(rri_file_format_add_items(writer, "env.items_fingerprint", all->env->items, err));
        RRI_TRY(rri_checkpoint_add_config(writer, RR_CONFIG_ENV, &all->env->config, err));
    }
    if (all->buffer != NULL) {
        RRI_TRY(rri_checkpoint_add_config(writer, RR_CONFIG_BUFFER, &all->buffer->config, err));
    }
    if (all->ledger != NULL) {
        RRI_TRY(rri_checkpoint_add_config(writer, RR_CONFIG_LEDGER, &all->ledger->config, err));
    }
    return RR_OK;
}

static rr_status add_flat(rri_safetensors_writer *writer, const rr_agent *agent, const char *prefix,
                          const float *flat, rr_error *err)
{
    const rri_params *params = &agent->trainer.model.network.params;
    for (size_t i = 0; i < params->n_params; i++) {
        const rri_param *param = &params->entries[i];
        char name[RRI_CHECKPOINT_NAME];
        rri_checkpoint_name(name, prefix != NULL ? prefix : "", param->name);
        RRI_TRY(rri_safetensors_add(writer, prefix != NULL ? name : param->name, RRI_DTYPE_F32,
                                    param->shape, param->n_dims, flat + param->offset, err));
    }
    return RR_OK;
}

static rr_status add_earlier(rri_safetensors_writer *writer, const rri_earlier *earlier,
                             rr_error *err)
{
    int64_t ring[1 + RRI_EARLIER_MOST] = {(int64_t)earlier->next};
    memcpy(ring + 1, earlier->plain, earlier->n * sizeof *earlier->plain);
    const size_t of_ring[] = {1 + earlier->n}, of_values[] = {earlier->n, earlier->n_floats};
    RRI_TRY(rri_safetensors_add(writer, "agent.kept_ring", RRI_DTYPE_I64, of_ring, 1, ring, err));
    return rri_safetensors_add(writer, "agent.kept_values", RRI_DTYPE_F32, of_values, 2,
                               earlier->values, err);
}

static rr_status add_agent(rri_safetensors_writer *writer, const rr_agent *agent, rr_error *err)
{
    int64_t counters[RRI_AGENT_COUNTERS];
    const size_t shape[] = {RRI_AGENT_COUNTERS};
    rri_agent_counters_get(counters, agent);
    RRI_TRY(add_flat(writer, agent, NULL, agent->trainer.model.values, err));
    RRI_TRY(add_flat(writer, agent, "optimizer.first", agent->trainer.first_moments, err));
    RRI_TRY(add_flat(writer, agent, "optimizer.second", agent->trainer.second_moments, err));
    RRI_TRY(rri_safetensors_add(writer, "agent.counters", RRI_DTYPE_I64, shape, 1, counters, err));
    const rri_normaliser *normaliser = &agent->trainer.normaliser;
    if (normaliser->n_running > 0) {
        RRI_TRY(rri_safetensors_add(writer, "agent.running", RRI_DTYPE_F64, &normaliser->n_running,
                                    1, normaliser->running, err));
    }
    const rri_reward_fit *reward = &agent->trainer.reward;
    if (reward->n_state > 0) {
        RRI_TRY(rri_safetensors_add(writer, "agent.reward_fit", RRI_DTYPE_F32, &reward->n_state, 1,
                                    reward->state, err));
    }
    const size_t one = 1;
    if (agent->trainer.model.config.ref_kl_target > 0.0f) {
        RRI_TRY(rri_safetensors_add(writer, "agent.ref_kl_doublings", RRI_DTYPE_I64, &one, 1,
                                    &agent->trainer.reference.n_doublings, err));
    }
    const rri_versions *versions = &agent->trainer.versions;
    const size_t versions_shape[] = {versions->n, sizeof(rri_version)};
    if (versions->n > 0) {
        RRI_TRY(rri_safetensors_add(writer, "agent.versions", RRI_DTYPE_U8, versions_shape, 2,
                                    versions->entries, err));
    }
    return agent->trainer.earlier.n > 0 ? add_earlier(writer, &agent->trainer.earlier, err) : RR_OK;
}

static rr_status add_env(rri_safetensors_writer *writer, const rr_env *env, rr_error *err)
{
    rri_env_state_part parts[RRI_ENV_MAX_STATE_PARTS];
    const size_t n_parts = rri_env_state_parts((rr_env *)env, parts); /* read only */
    for (size_t i = 0; i < n_parts; i++) {
        RRI_TRY(rri_safetensors_add(writer, parts[i].name, rri_checkpoint_dtype(parts[i].dtype),
                                    &parts[i].count, 1, parts[i].data, err));
    }
    return RR_OK;
}

rr_status rri_checkpoint_describe(rri_safetensors_writer *writer, const void *context,
                                  rr_error *err)
{
    const rr_checkpoint *all = context;
    RRI_TRY(add_metadata(writer, all, err));
    RRI_TRY(add_agent(writer, all->agent, err));
    if (all->env != NULL) {
        RRI_TRY(add_env(writer, all->env, err));
    }
    if (all->buffer != NULL) {
        RRI_TRY(rri_checkpoint_describe_buffer(writer, all->buffer, err));
    }
    if (all->ledger != NULL) {
        RRI_TRY(rri_checkpoint_describe_ledger(writer, all->ledger, err));
    }
    const size_t blob_shape[] = {all->blob_bytes};
    return rri_safetensors_add(writer, "blob", RRI_DTYPE_U8, blob_shape, 1, all->blob, err);
}
