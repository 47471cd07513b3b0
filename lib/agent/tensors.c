/* SPDX-License-Identifier: MIT */
#include "agent/tensors.h"

#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/status.h"

size_t rri_agent_tensor_count(const rr_agent *agent)
{
    return agent->trainer.model.network.params.n_params;
}

void rri_agent_tensor_at(rr_tensor *out, const rr_agent *agent, size_t index)
{
    const rri_param *param = &agent->trainer.model.network.params.entries[index];
    out->n_dims = (int32_t)param->n_dims;
    out->shape[0] = (int64_t)param->shape[0];
    out->shape[1] = param->n_dims == 2 ? (int64_t)param->shape[1] : 1;
    out->name = param->name;
    out->data = agent->trainer.model.values + param->offset;
}

rr_status rri_agent_set_tensor(rr_agent *agent, const char *name, const float *values,
                               int64_t n_values, rr_error *err)
{
    const rri_param *param = rri_params_find(&agent->trainer.model.network.params, name);
    if (param == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "set_tensor: this agent has no tensor '%.80s'", name);
    }
    if (n_values < 0 || (size_t)n_values != param->size) {
        RRI_FAIL(err, RR_E_INVALID, "set_tensor: n_values is %lld; %s has %zu values",
                 (long long)n_values, name, param->size);
    }
    for (size_t i = 0; i < param->size; i++) {
        if (!isfinite(values[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "set_tensor: values[%zu] of %s is %g; it must be finite",
                     i, name, (double)values[i]);
        }
    }
    memcpy(agent->trainer.model.values + param->offset, values, param->size * sizeof(float));
    rri_model_pack(&agent->trainer.model);
    return RR_OK;
}

rr_status rri_agent_fit_prior(rr_agent *agent, const float *users, size_t n, float variance,
                              rr_error *err)
{
    rri_model *model = &agent->trainer.model;
    const rri_fold_in *fold = &model->network.fold;
    if (fold->width == 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "fit_prior: this agent has no fold-in; has_fold_in must be 1 where it is made");
    }
    if (n < 2) {
        RRI_FAIL(err, RR_E_INVALID, "fit_prior: n is %zu; a covariance needs at least 2 users", n);
    }
    if (!(variance > 0.0f) || !isfinite(variance)) {
        RRI_FAIL(err, RR_E_INVALID, "fit_prior: variance is %g; it must be above 0 and finite",
                 (double)variance);
    }
    for (size_t u = 0; u < n; u++) {
        RRI_TRY(rri_finite_check_row("fit_prior: users", users + u * fold->dim, u, fold->dim, err));
    }
    rri_fold_in_fit(fold, model->values, users, n, variance);
    rri_model_pack(model);
    return RR_OK;
}

void rri_agent_counters_get(int64_t out[RRI_AGENT_COUNTERS], const rr_agent *agent)
{
    out[0] = agent->trainer.n_updates;
    out[1] = agent->trainer.n_timesteps;
    out[2] = agent->trainer.n_optimizer_steps;
    out[3] = (int64_t)agent->trainer.n_draws;
}

void rri_agent_counters_set(rr_agent *agent, const int64_t counters[RRI_AGENT_COUNTERS])
{
    agent->trainer.n_updates = counters[0];
    agent->trainer.n_timesteps = counters[1];
    agent->trainer.n_optimizer_steps = counters[2];
    agent->trainer.n_draws = (uint64_t)counters[3];
}

rr_status rri_agent_counters_check(const int64_t counters[RRI_AGENT_COUNTERS], rr_error *err)
{
    for (size_t i = 0; i < RRI_AGENT_COUNTERS - 1; i++) {
        if (counters[i] < 0 || counters[i] > RRI_AGENT_MOST) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "checkpoint: agent.counters[%zu] is %lld; it must be in [0, 2^62]", i,
                     (long long)counters[i]);
        }
    }
    return RR_OK;
}
