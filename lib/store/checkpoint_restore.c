/* SPDX-License-Identifier: MIT */
/* Restoring: every part is found and judged before the first byte of a handle changes. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent/tensors.h"
#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "env/env_state.h"
#include "items/items.h"
#include "model/likeness.h"
#include "store/checkpoint.h"
#include "store/file_format.h"
#include "train/normalise.h"
#include "train/reward_fit.h"
#include "train/stay_near.h"

rr_status rri_checkpoint_check_format(const rri_safetensors_reader *reader, rr_error *err)
{
    return rri_file_format_check(reader, RRI_CHECKPOINT_FORMAT, "checkpoint", "rr_checkpoint_save",
                                 err);
}

/* The algorithm that a file names. */
static rr_status read_algorithm(const rri_algorithm **algorithm,
                                const rri_safetensors_reader *reader, rr_error *err)
{
    const char *text = rri_safetensors_metadata(reader, "algo");
    *algorithm = rri_algorithms_of_name(text);
    if (*algorithm == NULL) {
        char known[RRI_ALGORITHMS_TEXT];
        rri_algorithms_list(known);
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: algo is '%.20s'; it must be %s",
                 text != NULL ? text : "", known);
    }
    return RR_OK;
}

rr_status rri_checkpoint_read_algo(int32_t *algo, const rri_safetensors_reader *reader,
                                   rr_error *err)
{
    const rri_algorithm *algorithm;
    RRI_TRY(read_algorithm(&algorithm, reader, err));
    *algo = rri_algorithms_index(algorithm);
    return RR_OK;
}

rr_status rri_checkpoint_read_config(int32_t kind, void *config,
                                     const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_config_table *table = rri_config_table_of(kind);
    const char *prefix = rri_checkpoint_prefix(kind);
    if (table == NULL || prefix == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "checkpoint: %s is not a config that checkpoints hold",
                 table != NULL ? table->title : "this");
    }
    RRI_TRY(rri_abi_check_type(config, table->size, table->title, table->type, err));
    uint32_t size;
    memcpy(&size, config, sizeof size);
    _Alignas(16) unsigned char full[RRI_CONFIG_LARGEST];
    rri_config_init(table, full, table->size);
    size_t n_found = 0;
    for (size_t i = 0; i < table->n_fields; i++) {
        char key[RRI_CHECKPOINT_NAME];
        rri_checkpoint_name(key, prefix, table->fields[i].name);
        const char *text = rri_safetensors_metadata(reader, key);
        if (text != NULL) {
            RRI_TRY(rri_config_set(table, full, table->fields[i].name, text, err));
            n_found++;
        }
    }
    if (n_found == 0) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "checkpoint: it holds no %s", table->title);
    }
    memcpy(config, full, size < table->size ? size : table->size);
    memcpy(config, &size, sizeof size);
    return RR_OK;
}

/* Fields in which the handle given must be as the one that was saved: of an agent and its algorithm
 * those that say what its tensors mean, of a world all but what the fingerprint of the items
 * covers.
 */
static bool is_binding(int32_t kind, const char *field)
{
    if (kind == RR_CONFIG_ENV) {
        return strcmp(field, "world_seed") != 0;
    }
    return kind == RR_CONFIG_AGENT ? rri_likeness_has(field, RRI_LIKE_MEANING)
                                   : strcmp(field, "optimizer") == 0; /* what the moments mean */
}

/* What rr_agent_inherit can change. */
static bool is_of_columns(const char *field)
{
    return strcmp(field, "schema") == 0 || strcmp(field, "state_dim") == 0 ||
           strcmp(field, "feature_dim") == 0;
}

/* `config` is that of the handle given. A release that did not know a field did as its default
 * says. */
static rr_status check_config(int32_t kind, const void *config,
                              const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_config_table *table = rri_config_table_of(kind);
    for (size_t i = 0; i < table->n_fields; i++) {
        const char *field = table->fields[i].name;
        char key[RRI_CHECKPOINT_NAME], own[RRI_CONFIG_TEXT_CAPACITY];
        rri_checkpoint_name(key, rri_checkpoint_prefix(kind), field);
        RRI_TRY(rri_config_get(table, config, field, own, err));
        const char *found = rri_safetensors_metadata(reader, key);
        const char *text = found != NULL ? found : table->fields[i].default_value;
        if (is_binding(kind, field) && strcmp(text, own) != 0) {
            RRI_FAIL(err, RR_E_MISMATCH,
                     "checkpoint: %s is %.64s; that of the handle given is %s%s", key, text, own,
                     kind == RR_CONFIG_AGENT && is_of_columns(field)
                         ? " (rr_agent_inherit goes over to other columns)"
                         : "");
        }
    }
    return RR_OK;
}

/* Whether a tensor has a row for each item. */
static bool has_item_rows(const rr_agent *agent, const rri_param *param)
{
    const rri_head_offsets *at = &agent->trainer.model.network.at;
    return agent->trainer.model.items != NULL &&
           (param->offset == at->items || param->offset == at->item_bias ||
            param->offset == at->shown);
}

/* The shape that a tensor has in the file: of a file of an earlier generation of the catalogue it
 * has fewer rows, and the items behind them stay as they are in the agent given. */
static rri_param saved_param(const rr_agent *agent, const rri_param *param, const char *key,
                             const rri_safetensors_reader *reader)
{
    rri_param saved = *param;
    const rri_safetensors_tensor *tensor = rri_safetensors_lookup(reader, key);
    uint64_t fingerprint = 0;
    const rr_items *items = agent->trainer.model.items;
    const bool is_ancestor = has_item_rows(agent, param) &&
                             rri_file_format_fingerprint(&fingerprint, reader, "items_fingerprint",
                                                         "checkpoint", NULL) == RR_OK &&
                             fingerprint != rri_items_fingerprint(items);
    if (is_ancestor && tensor != NULL && tensor->n_dims == param->n_dims &&
        tensor->shape[0] < param->shape[0]) {
        saved.size = param->size / param->shape[0] * tensor->shape[0];
        saved.shape[0] = tensor->shape[0];
    }
    return saved;
}

/* One flat array out of its tensors: only judged while `out` is NULL. No value may be less than
 * `least`: means of squares are not negative. */
static rr_status read_flat(float *out, const rr_agent *agent, const char *prefix, float least,
                           const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_params *params = &agent->trainer.model.network.params;
    for (size_t i = 0; i < params->n_params; i++) {
        char name[RRI_CHECKPOINT_NAME];
        rri_checkpoint_name(name, prefix != NULL ? prefix : "", params->entries[i].name);
        const char *key = prefix != NULL ? name : params->entries[i].name;
        const rri_param own = saved_param(agent, &params->entries[i], key, reader), *param = &own;
        const unsigned char *data;
        RRI_TRY(rri_safetensors_find(&data, reader, key, RRI_DTYPE_F32, param->shape, param->n_dims,
                                     err));
        for (size_t j = 0; out == NULL && j < param->size; j++) {
            float value;
            memcpy(&value, data + j * sizeof value, sizeof value);
            if (!isfinite(value) || value < least) {
                RRI_FAIL(err, RR_E_FORMAT, "checkpoint: %s[%zu] is %g; it must be finite%s", key, j,
                         (double)value, least == 0.0f ? " and at least 0" : "");
            }
        }
        if (out != NULL) {
            memcpy(out + param->offset, data, param->size * sizeof(float));
        }
    }
    return RR_OK;
}

rr_status rri_checkpoint_read_counters(int64_t counters[RRI_AGENT_COUNTERS],
                                       const rri_safetensors_reader *reader, rr_error *err)
{
    const size_t shape[] = {RRI_AGENT_COUNTERS};
    RRI_TRY(rri_safetensors_copy(counters, reader, "agent.counters", RRI_DTYPE_I64, shape, 1, err));
    return rri_agent_counters_check(counters, err);
}

rr_status rri_checkpoint_read_versions(rri_versions *versions, int64_t n_updates,
                                       const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_safetensors_tensor *tensor = rri_safetensors_lookup(reader, "agent.versions");
    if (tensor == NULL) {
        return rri_versions_restore(versions, NULL, 0, n_updates, err);
    }
    const size_t shape[] = {tensor->shape[0], sizeof(rri_version)};
    const unsigned char *data;
    RRI_TRY(rri_safetensors_find(&data, reader, "agent.versions", RRI_DTYPE_U8, shape, 2, err));
    return rri_versions_restore(versions, data, shape[0], n_updates, err);
}

/* Only judged while `earlier` is NULL. A version is a hash of its parameters: each must be what it
 * says that it is. */
static rr_status read_earlier(rri_earlier *earlier, const rr_agent *agent,
                              const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_safetensors_tensor *tensor = rri_safetensors_lookup(reader, "agent.kept_ring");
    const rri_safetensors_tensor *kept = rri_safetensors_lookup(reader, "agent.kept_values");
    const bool is_of_ancestor = rri_trainer_learns_of_items(&agent->trainer) && kept != NULL &&
                                kept->n_dims == 2 &&
                                kept->shape[1] < agent->trainer.model.network.params.n_floats;
    if (tensor == NULL || is_of_ancestor) { /* values of other items cannot be checked against */
        if (earlier != NULL) {
            rri_earlier_clear(earlier);
        }
        return RR_OK;
    }
    int64_t ring[1 + RRI_EARLIER_MOST];
    const size_t n = tensor->n_dims == 1 ? tensor->shape[0] - 1 : 0;
    const size_t n_floats = agent->trainer.model.network.params.n_floats;
    const size_t of_ring[] = {1 + n}, of_values[] = {n, n_floats};
    const unsigned char *values;
    if (n < 1 || n > RRI_EARLIER_MOST) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: agent.kept_ring has %zu versions; at most %d are",
                 n, RRI_EARLIER_MOST);
    }
    RRI_TRY(rri_safetensors_copy(ring, reader, "agent.kept_ring", RRI_DTYPE_I64, of_ring, 1, err));
    RRI_TRY(rri_safetensors_find(&values, reader, "agent.kept_values", RRI_DTYPE_F32, of_values, 2,
                                 err));
    uint64_t plain[RRI_EARLIER_MOST];
    memcpy(plain, ring + 1, n * sizeof *plain);
    if (earlier != NULL) {
        rri_earlier_restore(earlier, plain, values, n, (size_t)ring[0]);
        return RR_OK;
    }
    const uint64_t catalogue = rri_model_line(&agent->trainer.model);
    for (size_t i = 0; i < n; i++) {
        const uint64_t hash = rri_model_hash(&agent->trainer.model.config,
                                             values + i * n_floats * sizeof(float), n_floats);
        if (ring[0] < 0 || (size_t)ring[0] > n ||
            rri_version_hash(hash, catalogue, NULL) != plain[i]) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "checkpoint: agent.kept_values[%zu] are not those of the version that "
                     "agent.kept_ring says",
                     i);
        }
    }
    return RR_OK;
}

/* Running statistics, there where something is normalised. `running` NULL: only judged. */
static rr_status read_running(double *running, const rr_agent *agent,
                              const rri_safetensors_reader *reader, rr_error *err)
{
    const size_t n = agent->trainer.normaliser.n_running;
    if (n == 0) {
        return RR_OK;
    }
    const unsigned char *data;
    RRI_TRY(rri_safetensors_find(&data, reader, "agent.running", RRI_DTYPE_F64, &n, 1, err));
    if (running != NULL) {
        memcpy(running, data, n * sizeof(double));
        return RR_OK;
    }
    return rri_normalise_check(&agent->trainer.model.config, data, err);
}

/* What is fitted, there where there is a reward model. `state` NULL: only judged. */
static rr_status read_reward_fit(float *state, const rr_agent *agent,
                                 const rri_safetensors_reader *reader, rr_error *err)
{
    const size_t n = agent->trainer.reward.n_state;
    if (n == 0) {
        return RR_OK;
    }
    const unsigned char *data;
    RRI_TRY(rri_safetensors_find(&data, reader, "agent.reward_fit", RRI_DTYPE_F32, &n, 1, err));
    if (state != NULL) {
        memcpy(state, data, n * sizeof(float));
        return RR_OK;
    }
    return rri_reward_fit_check(data, &agent->trainer, err);
}

/* How far the distance from a reference was steered, there where it is. NULL: only judged. */
static rr_status read_doublings(int64_t *n_doublings, const rr_agent *agent,
                                const rri_safetensors_reader *reader, rr_error *err)
{
    const size_t one = 1;
    int64_t n;
    if (agent->trainer.model.config.ref_kl_target == 0.0f) {
        return RR_OK;
    }
    RRI_TRY(
        rri_safetensors_copy(&n, reader, "agent.ref_kl_doublings", RRI_DTYPE_I64, &one, 1, err));
    RRI_TRY(rri_stay_near_check(n, err));
    if (n_doublings != NULL) {
        *n_doublings = n;
    }
    return RR_OK;
}

/* The catalogue that was saved is the one given, or an ancestor of it. */
static rr_status check_items(const rri_safetensors_reader *reader, const char *key, rr_items *items,
                             rr_error *err)
{
    rr_items *own;
    RRI_TRY(rri_file_format_check_items(&own, reader, key, items, "checkpoint", err));
    rri_items_release(own);
    return RR_OK;
}

static rr_status check_agent(rr_agent *agent, const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_algorithm *algorithm, *own = agent->trainer.recipe.algorithm;
    RRI_TRY(read_algorithm(&algorithm, reader, err));
    if (algorithm != own) {
        RRI_FAIL(err, RR_E_MISMATCH, "checkpoint: its algo is %s; the agent given was made for %s",
                 algorithm->name, own->name);
    }
    RRI_TRY(check_config(RR_CONFIG_AGENT, &agent->trainer.model.config, reader, err));
    RRI_TRY(check_config(own->config_kind, agent->algo_config, reader, err));
    RRI_TRY(check_items(reader, "items_fingerprint", agent->trainer.model.items, err));
    int64_t counters[RRI_AGENT_COUNTERS];
    RRI_TRY(rri_checkpoint_read_counters(counters, reader, err));
    RRI_TRY(rri_checkpoint_read_versions(NULL, counters[0], reader, err));
    RRI_TRY(read_running(NULL, agent, reader, err));
    RRI_TRY(read_reward_fit(NULL, agent, reader, err));
    RRI_TRY(read_doublings(NULL, agent, reader, err));
    RRI_TRY(read_earlier(NULL, agent, reader, err));
    RRI_TRY(read_flat(NULL, agent, NULL, -FLT_MAX, reader, err));
    RRI_TRY(read_flat(NULL, agent, "optimizer.first", -FLT_MAX, reader, err));
    return read_flat(NULL, agent, "optimizer.second", 0.0f, reader, err);
}

static rr_status load_agent(rr_agent *agent, const rri_safetensors_reader *reader, rr_error *err)
{
    int64_t counters[RRI_AGENT_COUNTERS];
    RRI_TRY(rri_checkpoint_read_counters(counters, reader, err));
    RRI_TRY(rri_checkpoint_read_versions(&agent->trainer.versions, counters[0], reader, err));
    RRI_TRY(read_running(agent->trainer.normaliser.running, agent, reader, err));
    RRI_TRY(read_reward_fit(agent->trainer.reward.state, agent, reader, err));
    RRI_TRY(read_doublings(&agent->trainer.reference.n_doublings, agent, reader, err));
    RRI_TRY(read_earlier(&agent->trainer.earlier, agent, reader, err));
    RRI_TRY(read_flat(agent->trainer.model.values, agent, NULL, -FLT_MAX, reader, err));
    RRI_TRY(
        read_flat(agent->trainer.first_moments, agent, "optimizer.first", -FLT_MAX, reader, err));
    RRI_TRY(read_flat(agent->trainer.second_moments, agent, "optimizer.second", 0.0f, reader, err));
    rri_agent_counters_set(agent, counters);
    rri_model_pack(&agent->trainer.model);
    return RR_OK;
}

static rr_status find_env(const void *data[RRI_ENV_MAX_STATE_PARTS], rri_env_state_part *parts,
                          size_t n_parts, const rri_safetensors_reader *reader, rr_error *err)
{
    for (size_t i = 0; i < n_parts; i++) {
        const unsigned char *part;
        RRI_TRY(rri_safetensors_find(&part, reader, parts[i].name,
                                     rri_checkpoint_dtype(parts[i].dtype), &parts[i].count, 1,
                                     err));
        data[i] = part;
    }
    return RR_OK;
}

static rr_status check_env(rr_env *env, const rri_safetensors_reader *reader, rr_error *err)
{
    if (rri_safetensors_metadata(reader, "env.items_fingerprint") == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "checkpoint: it holds no environment");
    }
    RRI_TRY(check_config(RR_CONFIG_ENV, &env->config, reader, err));
    RRI_TRY(check_items(reader, "env.items_fingerprint", env->items, err));
    rri_env_state_part parts[RRI_ENV_MAX_STATE_PARTS];
    const void *data[RRI_ENV_MAX_STATE_PARTS];
    const size_t n_parts = rri_env_state_parts(env, parts);
    RRI_TRY(find_env(data, parts, n_parts, reader, err));
    return rri_env_state_check(env, data, err);
}

static rr_status load_env(rr_env *env, const rri_safetensors_reader *reader, rr_error *err)
{
    rri_env_state_part parts[RRI_ENV_MAX_STATE_PARTS];
    const void *data[RRI_ENV_MAX_STATE_PARTS];
    const size_t n_parts = rri_env_state_parts(env, parts);
    RRI_TRY(find_env(data, parts, n_parts, reader, err));
    for (size_t i = 0; i < n_parts; i++) {
        memcpy(parts[i].data, data[i],
               parts[i].count * rri_dtype_size(rri_checkpoint_dtype(parts[i].dtype)));
    }
    rri_env_state_restored(env);
    return RR_OK;
}

static rr_status read_blob(rr_checkpoint *target, bool loads, const rri_safetensors_reader *reader,
                           rr_error *err)
{
    const rri_safetensors_tensor *blob = rri_safetensors_lookup(reader, "blob");
    if (blob == NULL || blob->dtype != RRI_DTYPE_U8 || blob->n_dims != 1) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: it has no blob of bytes");
    }
    target->blob_bytes = blob->bytes;
    if (target->blob != NULL && blob->bytes > target->blob_capacity) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "checkpoint: its blob has %zu bytes; blob_capacity is %zu",
                 blob->bytes, target->blob_capacity);
    }
    if (loads && target->blob != NULL && blob->bytes > 0) {
        memcpy(target->blob, blob->data, blob->bytes);
    }
    return RR_OK;
}

rr_status rri_checkpoint_restore(rr_checkpoint *target, const rri_safetensors_reader *reader,
                                 rr_error *err)
{
    RRI_TRY(rri_checkpoint_check_format(reader, err));
    if (target->agent != NULL) {
        RRI_TRY(check_agent(target->agent, reader, err));
    }
    if (target->env != NULL) {
        RRI_TRY(check_env(target->env, reader, err));
    }
    if (target->buffer != NULL) {
        RRI_TRY(rri_checkpoint_restore_buffer(target->buffer, false, reader, err));
    }
    if (target->ledger != NULL) {
        RRI_TRY(rri_checkpoint_restore_ledger(target->ledger, false, reader, err));
    }
    RRI_TRY(read_blob(target, false, reader, err));

    if (target->agent != NULL) {
        RRI_TRY(load_agent(target->agent, reader, err));
    }
    if (target->env != NULL) {
        RRI_TRY(load_env(target->env, reader, err));
    }
    if (target->buffer != NULL) {
        RRI_TRY(rri_checkpoint_restore_buffer(target->buffer, true, reader, err));
    }
    if (target->ledger != NULL) {
        RRI_TRY(rri_checkpoint_restore_ledger(target->ledger, true, reader, err));
    }
    return read_blob(target, true, reader, err);
}
