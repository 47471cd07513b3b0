/* SPDX-License-Identifier: MIT */
#include "store/policy_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/config_tables.h"
#include "items/items.h"
#include "store/checkpoint.h"
#include "store/file_format.h"

static const char *number_class(void)
{
    rr_runtime_info info = {.struct_size = sizeof info};
    return rr_runtime_describe(&info, NULL) == RR_OK ? info.number_class : "";
}

static void hex_of(char out[24], uint64_t number)
{
    snprintf(out, 24, "%016" PRIx64, number);
}

/* ── saving ── */

static rr_status add_metadata(rri_safetensors_writer *writer, const rr_policy *policy,
                              rr_error *err)
{
    char version[24];
    hex_of(version, rri_snapshot_version(policy));
    RRI_TRY(rri_file_format_add(writer, RRI_POLICY_FILE_FORMAT, err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "number_class", number_class(), err));
    RRI_TRY(rri_file_format_add_items(writer, "items_fingerprint", policy->model.items, err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "version", version, err));
    RRI_TRY(rri_checkpoint_add_config(writer, RR_CONFIG_AGENT, &policy->model.config, err));
    return rri_checkpoint_add_config(writer, RR_CONFIG_SERVING, &policy->options, err);
}

rr_status rri_policy_file_describe(rri_safetensors_writer *writer, const void *context,
                                   rr_error *err)
{
    const rri_policy_file *file = context;
    const rr_policy *policy = file->policy;
    const rri_params *params = &policy->model.network.params;
    const size_t n_proof[] = {RRI_PROOF_DECISIONS};
    RRI_TRY(add_metadata(writer, policy, err));
    for (size_t i = 0; i < params->n_params; i++) {
        const rri_param *param = &params->entries[i];
        RRI_TRY(rri_safetensors_add(writer, param->name, RRI_DTYPE_F32, param->shape, param->n_dims,
                                    policy->model.values + param->offset, err));
    }
    RRI_TRY(rri_safetensors_add(writer, "proof.actions", RRI_DTYPE_I32, n_proof, 1,
                                file->proof.actions, err));
    RRI_TRY(rri_safetensors_add(writer, "proof.log_probs", RRI_DTYPE_F32, n_proof, 1,
                                file->proof.log_probs, err));
    return rri_safetensors_add(writer, "proof.values", RRI_DTYPE_F32, n_proof, 1,
                               file->proof.values, err);
}

/* ── reading ── */

static rr_status check_text(const rri_safetensors_reader *reader, const char *key, const char *own,
                            const char *whose, rr_error *err)
{
    const char *text = rri_safetensors_metadata(reader, key);
    if (text == NULL || strcmp(text, own) != 0) {
        RRI_FAIL(err, RR_E_MISMATCH, "policy: %s is %.20s; %s has %s", key,
                 text != NULL ? text : "missing", whose, own);
    }
    return RR_OK;
}

/* The parameters into the flat array, or only judged while `values` is NULL. */
static rr_status read_values(float *values, const rri_params *params,
                             const rri_safetensors_reader *reader, rr_error *err)
{
    for (size_t i = 0; i < params->n_params; i++) {
        const rri_param *param = &params->entries[i];
        const unsigned char *data;
        RRI_TRY(rri_safetensors_find(&data, reader, param->name, RRI_DTYPE_F32, param->shape,
                                     param->n_dims, err));
        for (size_t j = 0; values == NULL && j < param->size; j++) {
            float value;
            memcpy(&value, data + j * sizeof value, sizeof value);
            if (!isfinite(value)) {
                RRI_FAIL(err, RR_E_FORMAT, "policy: %s[%zu] is %g; it must be finite", param->name,
                         j, (double)value);
            }
        }
        if (values != NULL) {
            memcpy(values + param->offset, data, param->size * sizeof(float));
        }
    }
    return RR_OK;
}

static rr_status read_proof(rri_proof *proof, const rri_safetensors_reader *reader, rr_error *err)
{
    const size_t n[] = {RRI_PROOF_DECISIONS};
    RRI_TRY(
        rri_safetensors_copy(proof->actions, reader, "proof.actions", RRI_DTYPE_I32, n, 1, err));
    RRI_TRY(rri_safetensors_copy(proof->log_probs, reader, "proof.log_probs", RRI_DTYPE_F32, n, 1,
                                 err));
    return rri_safetensors_copy(proof->values, reader, "proof.values", RRI_DTYPE_F32, n, 1, err);
}

/* The version that the file says, and the decisions that it made. */
static rr_status prove(const rr_policy *policy, const rri_proof *saved,
                       const rri_safetensors_reader *reader, const rri_allocator *allocator,
                       rr_error *err)
{
    char version[24];
    rri_proof played;
    hex_of(version, rri_snapshot_version(policy));
    RRI_TRY(check_text(reader, "version", version, "what was read", err));
    RRI_TRY(rri_proof_play(&played, policy, allocator, err));
    const char *saved_class = rri_safetensors_metadata(reader, "number_class");
    const bool is_exact = saved_class != NULL && strcmp(saved_class, number_class()) == 0;
    return rri_proof_compare(saved, &played, is_exact, err);
}

static rr_status build(rr_policy **out, const rr_agent_config *config,
                       const rr_serving_options *options, rr_items *items, const rri_params *params,
                       const rri_safetensors_reader *reader, const rri_allocator *allocator,
                       rr_error *err)
{
    void *values;
    const size_t bytes = params->n_floats * sizeof(float);
    RRI_TRY(rri_memory_allocate(&values, allocator, bytes, "policy", err));
    rr_status status = read_values(values, params, reader, err);
    if (status == RR_OK) {
        status = rri_snapshot_create(out, config, options, items, NULL, values, allocator, err);
    }
    rri_memory_release(allocator, values, bytes);
    return status;
}

/* What kind of file it is, both configs, of which the agent's fits the items, and the generation
 * of these that it was saved with: a reference of the caller's. */
static rr_status read_configs(rr_agent_config *config, rr_serving_options *options, rr_items **own,
                              const rri_safetensors_reader *reader, rr_items *items, rr_error *err)
{
    RRI_TRY(rri_file_format_check(reader, RRI_POLICY_FILE_FORMAT, "policy", "rr_policy_save", err));
    RRI_TRY(rri_checkpoint_read_config(RR_CONFIG_AGENT, config, reader, err));
    RRI_TRY(rri_checkpoint_read_config(RR_CONFIG_SERVING, options, reader, err));
    RRI_TRY(rri_file_format_check_items(own, reader, "items_fingerprint", items, "policy", err));
    const rr_status status = rri_agent_check_config(config, *own, err);
    if (status != RR_OK) {
        rri_items_release(*own);
    }
    return status;
}

rr_status rri_policy_file_memory(size_t *bytes, const rri_safetensors_reader *reader,
                                 const rr_items *items, rr_error *err)
{
    rr_agent_config config = {.struct_size = sizeof config};
    rr_serving_options options = {.struct_size = sizeof options};
    rr_items *own;
    RRI_TRY(read_configs(&config, &options, &own, reader, (rr_items *)items, err));
    const rr_status status = rri_snapshot_memory(bytes, &config, own, err);
    rri_items_release(own);
    return status;
}

/* All but the configs; items are those that it was saved with. */
static rr_status read_policy(rr_policy **out, const rr_agent_config *config,
                             const rr_serving_options *options, rr_items *items,
                             const rri_safetensors_reader *reader, const rri_allocator *allocator,
                             rr_error *err)
{
    rri_network network;
    rri_proof saved;
    RRI_TRY(rri_network_declare(&network, config, rri_model_n_items(config, items), err));
    RRI_TRY(read_values(NULL, &network.params, reader, err));
    RRI_TRY(read_proof(&saved, reader, err));

    rr_policy *policy = NULL;
    RRI_TRY(build(&policy, config, options, items, &network.params, reader, allocator, err));
    const rr_status status = prove(policy, &saved, reader, allocator, err);
    if (status != RR_OK) {
        rri_snapshot_release(policy);
        return status;
    }
    *out = policy;
    return RR_OK;
}

rr_status rri_policy_file_read(rr_policy **out, const rri_safetensors_reader *reader,
                               rr_items *items, const rri_allocator *allocator, rr_error *err)
{
    rr_agent_config config = {.struct_size = sizeof config};
    rr_serving_options options = {.struct_size = sizeof options};
    rr_items *own;
    RRI_TRY(read_configs(&config, &options, &own, reader, items, err));
    const rr_status status = read_policy(out, &config, &options, own, reader, allocator, err);
    rri_items_release(own);
    return status;
}
