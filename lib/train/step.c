/* SPDX-License-Identifier: MIT */
#include "train/step.h"

#include <math.h>

#include "core/count.h"
#include "core/status.h"
#include "optim/clip.h"
#include "optim/optimizer.h"

typedef struct step_job {
    rri_trainer *trainer;
    rri_adam_step adam;
    rri_rmsprop_step rmsprop;
} step_job;

static void square_shard(void *context, size_t task, size_t worker)
{
    (void)worker;
    rri_trainer *trainer = ((const step_job *)context)->trainer;
    trainer->update.shards[task] = rri_clip_shard(trainer->model.kernels, trainer->gradients,
                                                  trainer->model.network.params.n_floats, task);
}

static void sweep_shard(void *context, size_t task, size_t worker)
{
    (void)worker;
    const step_job *job = context;
    rri_trainer *trainer = job->trainer;
    const size_t n = trainer->model.network.params.n_floats;
    const size_t begin = task * RRI_CLIP_SHARD;
    const size_t end = begin + RRI_CLIP_SHARD < n ? begin + RRI_CLIP_SHARD : n;
    if (trainer->recipe.optimizer == RR_OPTIMIZER_ADAM) {
        rri_adam_sweep(trainer->model.kernels, trainer->model.values, trainer->first_moments,
                       trainer->second_moments, trainer->gradients, &job->adam, begin, end);
    } else {
        rri_rmsprop_sweep(trainer->model.kernels, trainer->model.values, trainer->second_moments,
                          trainer->gradients, &job->rmsprop, begin, end);
    }
}

static void pack_part(void *context, size_t task, size_t worker)
{
    (void)worker;
    rri_trainer *trainer = ((const step_job *)context)->trainer;
    rri_network_pack_task(&trainer->model.network, trainer->model.values, task);
}

/* The first tensor with a gradient that is not finite. */
static const char *find_not_finite(const rri_trainer *trainer)
{
    const rri_params *params = &trainer->model.network.params;
    for (size_t p = 0; p < params->n_params; p++) {
        const rri_param *param = &params->entries[p];
        for (size_t i = 0; i < param->size; i++) {
            if (!isfinite(trainer->gradients[param->offset + i])) {
                return param->name;
            }
        }
    }
    return "the norm alone";
}

static float value_at(const rri_trainer *trainer, size_t offset)
{
    return offset == RRI_ABSENT ? 0.0f : trainer->model.values[offset];
}

/* A step that began at `before`, made `factor` times as long. */
static void stretch(rri_trainer *trainer, size_t offset, float before, float factor)
{
    if (offset != RRI_ABSENT && factor != 1.0f) {
        float *value = trainer->model.values + offset;
        *value = before + factor * (*value - before);
    }
}

rr_status rri_step_take(rri_trainer *trainer, float lr, double *norm, rr_error *err)
{
    const size_t n_shards = rri_clip_n_shards(trainer->model.network.params.n_floats);
    step_job job = {.trainer = trainer};
    rri_workers_run(trainer->workers, square_shard, &job, n_shards);
    *norm = rri_clip_norm(trainer->update.shards, n_shards);
    if (!isfinite(*norm)) {
        RRI_FAIL(
            err, RR_E_NOT_FINITE,
            "update: the gradient of %s is not finite at optimiser step %lld; the steps before "
            "it are kept",
            find_not_finite(trainer), (long long)trainer->n_optimizer_steps + 1);
    }
    const rri_recipe *recipe = &trainer->recipe;
    const float clip = rri_clip_scale(*norm, recipe->max_grad_norm);
    trainer->n_optimizer_steps = rri_count_sum(trainer->n_optimizer_steps, 1);
    job.adam = rri_adam_step_init(lr, recipe->optimizer_eps, clip, trainer->n_optimizer_steps);
    job.rmsprop = rri_rmsprop_step_init(lr, recipe->rms_alpha, recipe->optimizer_eps, clip);
    const float repeat_weight = value_at(trainer, trainer->model.network.at.repeat_weight);
    rri_workers_run(trainer->workers, sweep_shard, &job, n_shards);
    stretch(trainer, trainer->model.network.at.repeat_weight, repeat_weight,
            trainer->model.config.repeat_step);
    rri_network_begin_pack(&trainer->model.network, trainer->model.values);
    rri_workers_run(trainer->workers, pack_part, &job,
                    rri_network_n_pack_tasks(&trainer->model.network));
    return RR_OK;
}
