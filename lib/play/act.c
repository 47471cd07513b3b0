/* SPDX-License-Identifier: MIT */
/* Rows pass in slices, a slice in tiles of rows that the crew shares out. */
#include "play/act.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/philox.h"
#include "core/status.h"
#include "items/items.h"
#include "play/request.h"
#include "play/serving.h"
#include "policy/identity.h"

/* Of a row's draw: which part of a mixture it plays, beside what it plays (lanes 0 and 1). */
enum { PART_LANE = 2 };

/* One slice of one call; what is NULL is not wanted. Arrays begin at the slice's first row. */
typedef struct slice_job {
    const rri_workspace *work;
    rri_inputs inputs; /* [n] */
    rri_menu menu;
    const rri_catalogue *catalogue;
    rri_mixture mixture;
    size_t n;

    bool wants_values, wants_query, wants_entropies;
    const double *uniforms; /* draw */
    const int32_t *given;   /* evaluate these */
    int32_t *actions;       /* sampled */
    float *log_probs;       /* [n] of sampled or given */
    float *all_log_probs;   /* [n, width] */
    size_t k_best;          /* rank */
    int32_t *positions;     /* [n, k_best] */
    float *rank_log_probs;  /* [n, k_best] */
} slice_job;

/* Rows of a task: over a large pool as many as read its vectors together, else as in an update. */
static size_t rows_of_task(const slice_job *job)
{
    if (!job->wants_query) {
        return RRI_STEP_ROWS;
    }
    const size_t width = rri_menu_width(&job->menu, job->catalogue->n_items);
    return width > RRI_KEPT_WIDTH ? RRI_TILE_ROWS : RRI_STEP_ROWS;
}

static void run_tile(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    const rri_workspace *work = job->work;
    const rri_network *network = &work->model->network;
    rri_stack *scratch = &work->stacks[worker];
    const size_t n_rows = rows_of_task(job);
    const size_t begin = task * n_rows;
    const size_t end = rri_size_smaller(begin + n_rows, job->n);

    rri_network_see(network, work->tape, &job->inputs, begin, end, scratch);
    if (job->wants_values) {
        rri_network_value(network, work->tape, &job->inputs, begin, end, scratch);
    }
    if (!job->wants_query) {
        return;
    }
    rri_network_query(network, work->tape, &job->inputs, begin, end, scratch);
    const rri_logits_input in =
        rri_network_scores(network, work->tape, &network->head, job->catalogue, &job->menu);
    if (job->uniforms != NULL) {
        rri_mixture_draw(job->actions, job->log_probs, work->policy, &job->mixture, &in,
                         work->parts, job->uniforms, begin, end, scratch);
    }
    if (job->given != NULL) {
        rri_mixture_forward(job->log_probs, work->policy, &job->mixture, &in, job->given, begin,
                            end, scratch);
    }
    if (job->wants_entropies && !rri_mixture_is_plain(&job->mixture)) {
        rri_mixture_entropies(work->policy->entropies, &job->mixture, &in, begin, end, scratch);
    }
    if (job->all_log_probs != NULL) {
        rri_mixture_log_probs(job->all_log_probs, &job->mixture, &in, begin, end, scratch);
    }
    const size_t most = job->k_best > 0 ? RRI_RANKED_PLACES / job->k_best : 0;
    const size_t together = rri_size_smaller(most > 0 ? most : 1, RRI_TILE_ROWS);
    for (size_t row = begin; job->k_best > 0 && row < end; row += together) {
        rri_choice_top_k(job->positions, job->rank_log_probs, job->k_best, &in, row,
                         rri_size_smaller(row + together, end), scratch);
    }
    if (job->rank_log_probs != NULL) {
        rri_mixture_rank(job->rank_log_probs, job->positions, job->k_best, &job->mixture, &in,
                         begin, end, scratch);
    }
}

static void run_slice(slice_job *job)
{
    job->work->policy->logits = NULL;
    job->work->policy->d_logits = NULL;
    const size_t n_rows = rows_of_task(job);
    rri_workspace_run(job->work, run_tile, job, (job->n + n_rows - 1) / n_rows);
}

/* The rows of a menu from `first` on. */
static rri_menu menu_from(const rri_menu *menu, size_t first, size_t n)
{
    rri_menu part = *menu;
    const size_t lists = first * menu->k;
    part.n = n;
    part.lengths = menu->lengths != NULL ? menu->lengths + first : NULL;
    part.candidates = menu->candidates != NULL ? menu->candidates + lists : NULL;
    part.features = menu->features != NULL ? menu->features + lists * menu->feature_dim : NULL;
    part.counts = menu->counts != NULL ? menu->counts + lists : NULL;
    part.excluded = menu->excluded != NULL ? menu->excluded + first * menu->m : NULL;
    part.history = menu->history != NULL ? menu->history + first * menu->h : NULL;
    part.candidate_keys = menu->candidate_keys != NULL ? menu->candidate_keys + lists : NULL;
    part.excluded_keys = menu->excluded_keys != NULL ? menu->excluded_keys + first * menu->m : NULL;
    part.history_keys = menu->history_keys != NULL ? menu->history_keys + first * menu->h : NULL;
    return part;
}

static slice_job job_of(const rri_workspace *work, const rri_request *request, size_t first)
{
    const size_t n = rri_size_smaller(request->n - first, work->max_rows);
    slice_job job = {
        .work = work,
        .inputs = rri_inputs_from(&request->inputs, first),
        .menu = menu_from(&request->menu, first, n),
        .catalogue = &request->catalogue,
        .n = n,
    };
    const int32_t *incumbents = request->incumbents != NULL ? request->incumbents + first : NULL;
    if (work->options != NULL) {
        job.mixture = rri_serving_mixture(work->options, incumbents);
    }
    if (request->menu.vectors != NULL) {
        job.menu.vectors = request->menu.vectors +
                           first * rri_menu_vectors(&request->menu) * work->model->network.dim;
    }
    return job;
}

static int32_t item_at(const rri_request *request, size_t row, int32_t position)
{
    return position < 0 ? -1 : rri_menu_item(&request->menu, row, (size_t)position);
}

/* The host's key of what was chosen; 0: it has none. */
static uint64_t key_at(const rri_request *request, size_t row, int32_t position)
{
    const int32_t item = item_at(request, row, position);
    if (item >= 0) {
        return rri_items_keys(request->pool)[item];
    }
    return position < 0 ? 0 : rri_identity_own_key(&request->menu, row, (size_t)position);
}

static void copy_values(const rri_workspace *work, float *values, size_t n)
{
    rri_network_values(values, &work->model->network, work->tape, 0, n);
}

/* Parameters or states so large that an answer overflows have no answer. x [n] belongs to the rows
 * from `first` on. A log-prob may be −∞: that action is never played. */
static rr_status check_numbers(const char *function, const char *what, const float *x, size_t n,
                               size_t first, bool may_be_minus_infinity, rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const bool is_never = may_be_minus_infinity && x[i] == -INFINITY;
        if (!isfinite(x[i]) && !is_never) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "%s: row %zu: %s is %g; the agent's parameters, or the row's numbers, are too "
                     "large",
                     function, first + i, what, (double)x[i]);
        }
    }
    return RR_OK;
}

static rr_status act_slice(const rri_workspace *work, const rri_request *request,
                           rr_decision *decision, size_t first, rr_error *err)
{
    slice_job job = job_of(work, request, first);
    for (size_t i = 0; i < job.n; i++) {
        const bool has_id = request->decisions != NULL;
        const uint64_t id = has_id ? request->decisions[first + i] : *work->n_draws + first + i;
        const uint64_t seed = has_id ? work->model->config.seed : work->seed;
        work->uniforms[i] = rri_philox_uniform(seed, RRI_STREAM_ACT, id, has_id);
        if (work->options != NULL) {
            work->parts[i] = rri_philox_uniform(seed, RRI_STREAM_ACT, id, PART_LANE + has_id);
        }
    }
    job.wants_query = true;
    job.wants_values = decision->values != NULL;
    job.uniforms = work->uniforms;
    job.actions = work->actions;
    job.log_probs = work->log_probs;
    job.all_log_probs = decision->all_log_probs == NULL
                            ? NULL
                            : decision->all_log_probs + first * rri_request_width(request);
    run_slice(&job);
    RRI_TRY(check_numbers("act", "log_probs", work->log_probs, job.n, first, false, err));
    if (decision->values != NULL) {
        copy_values(work, decision->values + first, job.n);
        RRI_TRY(check_numbers("act", "values", decision->values + first, job.n, first, false, err));
    }

    for (size_t i = 0; decision->actions != NULL && i < job.n; i++) {
        decision->actions[first + i] = work->actions[i];
    }
    for (size_t i = 0; decision->items != NULL && i < job.n; i++) {
        decision->items[first + i] = item_at(request, first + i, work->actions[i]);
    }
    for (size_t i = 0; decision->item_keys != NULL && i < job.n; i++) {
        decision->item_keys[first + i] = key_at(request, first + i, work->actions[i]);
    }
    for (size_t i = 0; decision->parts != NULL && i < job.n; i++) {
        decision->parts[first + i] = work->options == NULL
                                         ? RR_PART_POLICY
                                         : rri_mixture_part(&job.mixture, i, work->parts[i]);
    }
    for (size_t i = 0; decision->log_probs != NULL && i < job.n; i++) {
        decision->log_probs[first + i] = work->log_probs[i];
    }
    return RR_OK;
}

rr_status rri_act_draw(const rri_workspace *work, const rr_obs *obs, rr_decision *decision,
                       rr_error *err)
{
    rri_request request;
    RRI_TRY(rri_request_read(&request, work, obs, err));
    if (decision->n < 0 || (size_t)decision->n != request.n) {
        RRI_FAIL(err, RR_E_INVALID, "decision: n is %d; the observation's is %zu", decision->n,
                 request.n);
    }
    for (size_t first = 0; first < request.n; first += work->max_rows) {
        RRI_TRY(act_slice(work, &request, decision, first, err));
    }
    if (request.decisions == NULL) {
        *work->n_draws += request.n;
    }
    decision->pool_fingerprint = rri_request_fingerprint(&request);
    if (decision->policy_versions == NULL) {
        return RR_OK;
    }
    const uint64_t line = request.pool != NULL ? rri_items_root(request.pool) : 0;
    const uint64_t version = rri_model_version(work->model, line, work->options);
    for (size_t i = 0; i < request.n; i++) {
        decision->policy_versions[i] = version;
    }
    return RR_OK;
}

/* Every row has a choice, so a best position that is missing has a score that is no number. */
static rr_status check_ranking(const slice_job *job, size_t first, rr_error *err)
{
    for (size_t i = 0; i < job->n; i++) {
        const bool is_found = job->positions[i * job->k_best] >= 0;
        const float found =
            job->rank_log_probs != NULL ? job->rank_log_probs[i * job->k_best] : 0.0f;
        const float best = is_found ? found : NAN;
        RRI_TRY(check_numbers("top_k", "log_probs", &best, 1, first + i, false, err));
    }
    return RR_OK;
}

rr_status rri_act_top_k(const rri_workspace *work, const rr_obs *obs, size_t k, int32_t *positions,
                        int32_t *items, float *log_probs, rr_error *err)
{
    rri_request request;
    RRI_TRY(rri_request_read(&request, work, obs, err));
    const size_t most = rri_request_width(&request);
    if (k < 1 || k > most) {
        RRI_FAIL(err, RR_E_INVALID,
                 "top_k: n_best is %zu; it must be in [1, %zu], the length of the list", k, most);
    }
    RRI_TRY(rri_require(positions, "top_k", "positions", err));
    for (size_t first = 0; first < request.n; first += work->max_rows) {
        slice_job job = job_of(work, &request, first);
        job.wants_query = true;
        job.k_best = k;
        job.positions = positions + first * k;
        job.rank_log_probs = log_probs != NULL ? log_probs + first * k : NULL;
        run_slice(&job);
        RRI_TRY(check_ranking(&job, first, err));
    }
    for (size_t i = 0; items != NULL && i < request.n * k; i++) {
        items[i] = item_at(&request, i / k, positions[i]);
    }
    return RR_OK;
}

rr_status rri_act_evaluate(const rri_workspace *work, const rr_obs *obs, const int32_t *actions,
                           float *log_probs, float *entropies, float *values, rr_error *err)
{
    rri_request request;
    RRI_TRY(rri_request_read(&request, work, obs, err));
    RRI_TRY(rri_require(actions, "evaluate", "actions", err));
    RRI_TRY(
        rri_menu_check_actions(&request.menu, request.catalogue.n_items, actions, "actions", err));
    for (size_t first = 0; first < request.n; first += work->max_rows) {
        slice_job job = job_of(work, &request, first);
        job.wants_query = log_probs != NULL || entropies != NULL;
        job.wants_values = values != NULL;
        job.wants_entropies = entropies != NULL;
        job.given = actions + first;
        job.log_probs = work->log_probs;
        run_slice(&job);
        if (job.wants_query) {
            RRI_TRY(check_numbers("evaluate", "log_probs", job.log_probs, job.n, first, true, err));
        }
        if (log_probs != NULL) {
            memcpy(log_probs + first, work->log_probs, job.n * sizeof(float));
        }
        if (entropies != NULL) {
            memcpy(entropies + first, work->policy->entropies, job.n * sizeof(float));
        }
        if (values != NULL) {
            copy_values(work, values + first, job.n);
            RRI_TRY(check_numbers("evaluate", "values", values + first, job.n, first, false, err));
        }
    }
    return RR_OK;
}

void rri_act_values(const rri_workspace *work, float *values, const rri_inputs *in, size_t n)
{
    for (size_t first = 0; first < n; first += work->max_rows) {
        slice_job job = {
            .work = work,
            .inputs = rri_inputs_from(in, first),
            .n = rri_size_smaller(n - first, work->max_rows),
            .wants_values = true,
        };
        run_slice(&job);
        copy_values(work, values + first, job.n);
    }
}
