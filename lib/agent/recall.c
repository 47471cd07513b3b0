/* SPDX-License-Identifier: MIT */
#include "agent/recall.h"

#include <string.h>

#include "agent/gradient.h"

/* One slice of rows. */
typedef struct slice_job {
    rr_agent *agent;
    const rri_rollout *rollout;
    const int32_t *rows; /* [n] */
    size_t n;
    rri_menu menu;
    float *log_probs, *values; /* [n] or NULL */
} slice_job;

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void run_tile(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    rr_agent *agent = job->agent;
    const rri_network *net = &agent->network;
    rri_slice *slice = &agent->slice;
    rri_stack *scratch = &agent->stacks[worker];
    const size_t begin = task * RRI_TILE_ROWS, S = net->state_dim;
    const size_t end = smaller(begin + RRI_TILE_ROWS, job->n);
    for (size_t i = begin; i < end; i++) {
        const size_t row = (size_t)job->rows[i];
        slice->actions[i] = job->rollout->actions[row];
        memcpy(slice->states + i * S, job->rollout->states + row * S, S * sizeof(float));
    }
    if (job->values != NULL) {
        rri_network_value(net, &slice->tape, slice->states, begin, end, scratch);
        memcpy(job->values + begin, rri_network_values_of(net, &slice->tape) + begin,
               (end - begin) * sizeof(float));
    }
    if (job->log_probs != NULL) {
        rri_network_query(net, &slice->tape, slice->states, begin, end, scratch);
        const rri_logits_input in = {agent->kernels, &net->catalogue, &net->head, &job->menu,
                                     slice->tape.query};
        rri_policy_forward(job->log_probs, &slice->policy, &in, slice->actions, begin, end,
                           scratch);
    }
}

void rri_recall_compute(rr_agent *agent, float *log_probs, float *values,
                        const rri_rollout *rollout, const int32_t *rows, size_t n)
{
    agent->slice.policy.logits = NULL;
    agent->slice.policy.d_logits = NULL;
    for (size_t first = 0; first < n; first += RRI_SLICE_ROWS) {
        slice_job job = {
            .agent = agent,
            .rollout = rollout,
            .rows = rows + first,
            .n = smaller(n - first, RRI_SLICE_ROWS),
            .log_probs = log_probs != NULL ? log_probs + first : NULL,
            .values = values != NULL ? values + first : NULL,
        };
        job.menu = rri_gradient_menu(rollout, job.rows, job.n);
        rri_workers_run(agent->workers, run_tile, &job,
                        (job.n + RRI_TILE_ROWS - 1) / RRI_TILE_ROWS);
    }
}
