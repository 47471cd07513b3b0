/* SPDX-License-Identifier: MIT */
#include "train/step.h"

#include <math.h>

#include "core/status.h"
#include "optim/adam.h"
#include "optim/clip.h"
#include "optim/rmsprop.h"

typedef struct step_job {
    rr_agent *agent;
    rri_adam_step adam;
    rri_rmsprop_step rmsprop;
} step_job;

static void square_shard(void *context, size_t task, size_t worker)
{
    (void)worker;
    rr_agent *agent = ((const step_job *)context)->agent;
    agent->update.shards[task] =
        rri_clip_shard(agent->kernels, agent->gradients, agent->network.params.n_floats, task);
}

static void sweep_shard(void *context, size_t task, size_t worker)
{
    (void)worker;
    const step_job *job = context;
    rr_agent *agent = job->agent;
    const size_t n = agent->network.params.n_floats;
    const size_t begin = task * RRI_CLIP_SHARD;
    const size_t end = begin + RRI_CLIP_SHARD < n ? begin + RRI_CLIP_SHARD : n;
    if (agent->recipe.optimizer == RR_OPTIMIZER_ADAM) {
        rri_adam_sweep(agent->kernels, agent->values, agent->first_moments, agent->second_moments,
                       agent->gradients, &job->adam, begin, end);
    } else {
        rri_rmsprop_sweep(agent->kernels, agent->values, agent->second_moments, agent->gradients,
                          &job->rmsprop, begin, end);
    }
}

static void pack_part(void *context, size_t task, size_t worker)
{
    (void)worker;
    rr_agent *agent = ((const step_job *)context)->agent;
    rri_network_pack_task(&agent->network, agent->values, task);
}

/* The first tensor with a gradient that is not finite. */
static const char *find_not_finite(const rr_agent *agent)
{
    const rri_params *params = &agent->network.params;
    for (size_t p = 0; p < params->n_params; p++) {
        const rri_param *param = &params->entries[p];
        for (size_t i = 0; i < param->size; i++) {
            if (!isfinite(agent->gradients[param->offset + i])) {
                return param->name;
            }
        }
    }
    return "the norm alone";
}

rr_status rri_step_take(rr_agent *agent, float lr, double *norm, rr_error *err)
{
    const size_t n_shards = rri_clip_n_shards(agent->network.params.n_floats);
    step_job job = {.agent = agent};
    rri_workers_run(agent->workers, square_shard, &job, n_shards);
    *norm = rri_clip_norm(agent->update.shards, n_shards);
    if (!isfinite(*norm)) {
        RRI_FAIL(
            err, RR_E_NOT_FINITE,
            "update: the gradient of %s is not finite at optimiser step %lld; the steps before "
            "it are kept",
            find_not_finite(agent), (long long)agent->n_optimizer_steps + 1);
    }
    const rri_recipe *recipe = &agent->recipe;
    const float clip = rri_clip_scale(*norm, recipe->max_grad_norm);
    agent->n_optimizer_steps++;
    job.adam = rri_adam_step_init(lr, recipe->optimizer_eps, clip, agent->n_optimizer_steps);
    job.rmsprop = rri_rmsprop_step_init(lr, recipe->rms_alpha, recipe->optimizer_eps, clip);
    rri_workers_run(agent->workers, sweep_shard, &job, n_shards);
    rri_workers_run(agent->workers, pack_part, &job, rri_network_n_pack_tasks(&agent->network));
    return RR_OK;
}
