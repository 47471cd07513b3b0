/* SPDX-License-Identifier: MIT */
#include "train/evaluate_rows.h"

#include <string.h>

#include "core/memory.h"
#include "play/serving.h"
#include "train/gradient.h"

/* One slice of rows. */
typedef struct slice_job {
    rri_trainer *trainer;
    const rri_rollout *rollout;
    const int32_t *rows; /* [n] */
    size_t n;
    rri_inputs inputs;
    rri_menu menu;
    rri_head head; /* at the temperature of the options */
    rri_catalogue catalogue;
    rri_mixture mixture;
    float *log_probs, *values; /* [n] or NULL */
    int32_t *positions;        /* [n] or NULL */
} slice_job;

static void run_tile(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    rri_trainer *trainer = job->trainer;
    const rri_network *net = &trainer->model.network;
    rri_slice *slice = &trainer->slice;
    rri_stack *scratch = &trainer->stacks[worker];
    const size_t begin = task * RRI_TILE_ROWS, S = net->state_dim;
    const size_t end = rri_size_smaller(begin + RRI_TILE_ROWS, job->n);
    for (size_t i = begin; i < end; i++) {
        const size_t row = (size_t)job->rows[i];
        slice->actions[i] = job->rollout->actions[row];
        memcpy(slice->states + i * S, job->rollout->states + row * S, S * sizeof(float));
    }
    rri_network_see_rest(net, &slice->tape, &job->inputs, begin, end, scratch);
    if (job->values != NULL) {
        rri_network_value(net, &slice->tape, &job->inputs, begin, end, scratch);
        rri_network_values(job->values + begin, net, &slice->tape, begin, end);
    }
    if (job->log_probs == NULL) {
        return;
    }
    rri_network_query(net, &slice->tape, &job->inputs, begin, end, scratch);
    const rri_logits_input in =
        rri_network_scores(net, &slice->tape, &job->head, &job->catalogue, &job->menu);
    rri_mixture_forward(job->log_probs, &slice->policy, &job->mixture, &in, slice->actions, begin,
                        end, scratch);
    if (job->positions != NULL) {
        rri_choice_top_k(job->positions, NULL, 1, &in, begin, end, scratch);
    }
}

/* All rows, slice by slice: log_probs, values and positions [n], each nullable, under the head,
 * catalogue and mixture of `job`. */
static void run(slice_job job, const int32_t *rows, size_t n)
{
    float *log_probs = job.log_probs, *values = job.values;
    int32_t *positions = job.positions;
    rri_trainer *trainer = job.trainer;
    trainer->slice.policy.logits = NULL;
    trainer->slice.policy.d_logits = NULL;
    for (size_t first = 0; first < n; first += RRI_SLICE_ROWS) {
        job.rows = rows + first;
        job.n = rri_size_smaller(n - first, RRI_SLICE_ROWS);
        job.log_probs = log_probs != NULL ? log_probs + first : NULL;
        job.values = values != NULL ? values + first : NULL;
        job.positions = positions != NULL ? positions + first : NULL;
        job.inputs = rri_gradient_inputs(job.rollout, &trainer->model.network,
                                         trainer->slice.states, job.rows);
        job.menu = rri_gradient_menu(job.rollout, job.rows, job.n);
        rri_gradient_set_pool(&job.menu, job.rollout, trainer);
        rri_gradient_see_past(trainer, &trainer->model.network, &trainer->slice.tape, &job.inputs,
                              job.n);
        rri_workers_run(trainer->workers, run_tile, &job,
                        (job.n + RRI_TILE_ROWS - 1) / RRI_TILE_ROWS);
    }
}

void rri_evaluate_rows_compute(rri_trainer *trainer, float *log_probs, float *values,
                               const rri_rollout *rollout, const int32_t *rows, size_t n)
{
    const slice_job job = {.trainer = trainer,
                           .rollout = rollout,
                           .head = trainer->model.network.head,
                           .catalogue = trainer->model.network.catalogue,
                           .log_probs = log_probs,
                           .values = values};
    run(job, rows, n);
}

void rri_evaluate_rows_judge(rri_trainer *trainer, float *log_probs, float *values,
                             int32_t *positions, const rri_rollout *rollout, const int32_t *rows,
                             size_t n)
{
    const slice_job job = {.trainer = trainer,
                           .rollout = rollout,
                           .head = trainer->model.network.head,
                           .catalogue = trainer->model.network.catalogue,
                           .log_probs = log_probs,
                           .values = values,
                           .positions = positions};
    run(job, rows, n);
}

void rri_evaluate_rows_even(rri_trainer *trainer, float *log_probs, const rri_rollout *rollout,
                            const int32_t *rows, size_t n)
{
    const slice_job job = {.trainer = trainer,
                           .rollout = rollout,
                           .head = trainer->model.network.head,
                           .catalogue = trainer->model.network.catalogue,
                           .mixture = {.floor = 1.0},
                           .log_probs = log_probs};
    run(job, rows, n);
}

void rri_evaluate_rows_served(rri_trainer *trainer, float *log_probs,
                              const rr_serving_options *options, const int32_t *incumbents,
                              const rri_rollout *rollout, const int32_t *rows, size_t n)
{
    slice_job job = {.trainer = trainer,
                     .rollout = rollout,
                     .head = trainer->model.network.head,
                     .catalogue = trainer->model.network.catalogue,
                     .mixture = rri_serving_mixture(options, incumbents),
                     .log_probs = log_probs};
    rri_serving_temper(&job.head, &job.catalogue, trainer->update.tempered_weights,
                       trainer->update.tempered_bias, options->temperature);
    run(job, rows, n);
}
