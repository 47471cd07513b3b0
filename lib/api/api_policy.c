/* SPDX-License-Identifier: MIT */
/* api_policy.c: the front door of rr_policy and rr_reader. */
#include "serve/slot.h"
#include "serve/snapshot.h"

#include "agent/agent.h"
#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"

static rr_status publish(rr_policy **out, rr_agent *agent, const rr_serving_options *options,
                         rr_error *err)
{
    rr_serving_options full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_SERVING), options, err));
    return rri_agent_publish(out, agent, &full, err);
}

rr_status rr_agent_publish(rr_agent *agent, const rr_serving_options *options, rr_policy **out,
                           rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_publish", "agent", err));
    RRI_TRY(rri_require(out, "rr_agent_publish", "out", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = publish(out, agent, options, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_agent_recognise(rr_agent *agent, const rr_policy *policy, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_recognise", "agent", err));
    RRI_TRY(rri_require(policy, "rr_agent_recognise", "policy", err));
    return rri_agent_recognise(agent, policy, err);
}

rr_status rr_agent_set_reference(rr_agent *agent, rr_policy *policy, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_set_reference", "agent", err));
    return rri_agent_set_reference(agent, policy, err);
}

rr_policy *rr_policy_retain(rr_policy *policy)
{
    return rri_snapshot_retain(policy);
}

void rr_policy_release(rr_policy *policy)
{
    rri_snapshot_release(policy);
}

uint64_t rr_policy_version(const rr_policy *policy)
{
    return policy == NULL ? 0 : rri_snapshot_version(policy);
}

rr_items *rr_policy_items(const rr_policy *policy)
{
    return policy == NULL ? NULL : policy->model.items;
}

rr_status rr_policy_get_config(const rr_policy *policy, rr_agent_config *out, rr_error *err)
{
    RRI_TRY(rri_require(policy, "rr_policy_get_config", "policy", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_agent_config", err));
    rri_abi_write(out, &policy->model.config, sizeof policy->model.config);
    return RR_OK;
}

rr_status rr_policy_get_options(const rr_policy *policy, rr_serving_options *out, rr_error *err)
{
    RRI_TRY(rri_require(policy, "rr_policy_get_options", "policy", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_serving_options", err));
    rri_abi_write(out, &policy->options, sizeof policy->options);
    return RR_OK;
}

rr_status rr_reader_create(rr_reader **out, const rr_policy *policy, uint64_t seed,
                           const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_reader_create", "out", err));
    RRI_TRY(rri_require(policy, "rr_reader_create", "policy", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_reader_create(out, policy, rri_snapshot_most_items(policy), seed, &allocator, err);
}

rr_status rr_reader_memory(const rr_policy *policy, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(policy, "rr_reader_memory", "policy", err));
    RRI_TRY(rri_require(bytes, "rr_reader_memory", "bytes", err));
    return rri_reader_memory(bytes, policy, rri_snapshot_most_items(policy), err);
}

void rr_reader_destroy(rr_reader *reader)
{
    if (reader != NULL) {
        rri_slot_leave(reader);
        rri_reader_destroy(reader);
    }
}

rr_status rr_policy_act(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                        rr_decision *decision, rr_error *err)
{
    RRI_TRY(rri_require(policy, "rr_policy_act", "policy", err));
    RRI_TRY(rri_require(reader, "rr_policy_act", "reader", err));
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&full, decision, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_snapshot_act(policy, reader, &full_obs, &full, err);
    rri_fpmode_leave(before);
    if (status == RR_OK) {
        rri_abi_write(decision, &full, sizeof full);
    }
    return status;
}

rr_status rr_policy_top_k(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                          int32_t n_best, int32_t *positions, int32_t *items, float *log_probs,
                          rr_error *err)
{
    RRI_TRY(rri_require(policy, "rr_policy_top_k", "policy", err));
    RRI_TRY(rri_require(reader, "rr_policy_top_k", "reader", err));
    if (n_best < 1) {
        RRI_FAIL(err, RR_E_INVALID, "top_k: n_best is %d; it must be at least 1", n_best);
    }
    rr_obs full_obs;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_snapshot_top_k(policy, reader, &full_obs, (size_t)n_best,
                                                positions, items, log_probs, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_policy_evaluate(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                             const int32_t *actions, float *log_probs, float *entropies,
                             float *values, rr_error *err)
{
    RRI_TRY(rri_require(policy, "rr_policy_evaluate", "policy", err));
    RRI_TRY(rri_require(reader, "rr_policy_evaluate", "reader", err));
    rr_obs full_obs;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_snapshot_evaluate(policy, reader, &full_obs, actions, log_probs,
                                                   entropies, values, err);
    rri_fpmode_leave(before);
    return status;
}
