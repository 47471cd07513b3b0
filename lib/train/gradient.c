/* SPDX-License-Identifier: MIT */
#include "train/gradient.h"

#include <string.h>

#include "core/memory.h"
#include "policy/candidates.h"
#include "policy/large_pool.h"
#include "rl/losses.h"

/* Items of one task of the second phase; a multiple of 256, as backward_items asks. */
#define ITEM_BLOCK ((size_t)256)

typedef struct slice_job {
    rri_trainer *trainer;
    const rri_rollout *rollout;
    const int32_t *minibatch; /* [n] places; the slice's */
    const float *advantages;  /* [n] */
    size_t n, n_total;        /* rows of the slice, of the minibatch */
    size_t n_item_blocks;     /* tasks of the second phase that are blocks of items */
    bool is_first;            /* slice of the minibatch: gradients are begun, not continued */
    float d_entropy;
    rri_inputs inputs;
    rri_menu menu;
} slice_job;

void rri_loss_sums_add(rri_loss_sums *total, const rri_loss_sums *part)
{
    total->policy_loss += part->policy_loss;
    total->value_loss += part->value_loss;
    total->entropy += part->entropy;
    total->approx_kl += part->approx_kl;
    total->n_clipped += part->n_clipped;
    total->reference_kl += part->reference_kl;
}

rri_menu rri_gradient_menu(const rri_rollout *rollout, const int32_t *rows, size_t n)
{
    const rri_row_form *form = &rollout->form;
    return (rri_menu){
        .n = n,
        .rows = rows,
        .k = form->has_lists ? rollout->k : 0,
        .m = form->has_excluded ? rollout->m : 0,
        .h = form->has_history ? rollout->h : 0,
        .feature_dim = rollout->feature_dim,
        .lengths = form->has_lists ? rollout->lengths : NULL,
        .candidates = form->has_candidates ? rollout->candidates : NULL,
        .features = form->has_features ? rollout->features : NULL,
        .vectors = form->has_vectors ? rollout->vectors : NULL,
        .n_vectors = form->has_vectors ? rollout->n_vectors : 0,
        .counts = form->has_counts ? rollout->counts : NULL,
        .excluded = form->has_excluded ? rollout->excluded : NULL,
        .history = form->has_history ? rollout->history : NULL,
        .candidate_keys = form->has_vectors ? rollout->candidate_keys : NULL,
        .excluded_keys = form->has_excluded ? rollout->excluded_keys : NULL,
        .history_keys = form->has_history ? rollout->history_keys : NULL,
        .is_packed = rollout->are_keys_packed,
    };
}

void rri_gradient_set_pool(rri_menu *menu, const rri_rollout *rollout, const rri_trainer *trainer)
{
    rri_menu_set_pool(menu, trainer->model.items);
    menu->generations = menu->life != NULL ? rollout->generations : NULL;
}

rri_inputs rri_gradient_inputs(const rri_rollout *rollout, const rri_network *net,
                               const float *states, const int32_t *rows)
{
    const rri_row_form *form = &rollout->form;
    return (rri_inputs){
        .states = states,
        .rows = rows,
        .history = form->has_history ? rollout->history : NULL,
        .history_rewards = form->has_history ? rollout->history_rewards : NULL,
        .features = form->has_features ? rollout->features : NULL,
        .state_dim = rollout->state_dim,
        .h = form->has_history ? rollout->h : 0,
        .k = form->has_lists ? rollout->k : 0,
        .feature_dim = form->has_features ? rollout->feature_dim : 0,
        .vectors = net->catalogue.vectors,
        .n_items = net->catalogue.n_items,
    };
}

static rri_logits_input input_of(const slice_job *job)
{
    const rri_trainer *trainer = job->trainer;
    const rri_network *net = &trainer->model.network;
    return rri_network_scores(net, &trainer->slice.tape, &net->head, &net->catalogue, &job->menu);
}

static void gather_rows(const slice_job *job, size_t begin, size_t end)
{
    rri_trainer *trainer = job->trainer;
    rri_slice *slice = &trainer->slice;
    const rri_update_rows *update = &trainer->update;
    const rri_units *units = &trainer->units;
    const size_t S = trainer->model.network.state_dim;
    for (size_t i = begin; i < end; i++) {
        const int32_t place = job->minibatch[i];
        const size_t row = (size_t)update->order[place];
        slice->actions[i] = job->rollout->actions[row];
        slice->old_log_probs[i] = job->rollout->log_probs[row];
        slice->old_values[i] = (update->values[place] - units->shift) * units->per_unit;
        slice->returns[i] = (update->returns[place] - units->shift) * units->per_unit;
        slice->advantages[i] = job->advantages[i];
        memcpy(slice->states + i * S, job->rollout->states + row * S, S * sizeof(float));
    }
}

static void policy_loss(const slice_job *job, rri_tile_sums *sums, size_t begin, size_t end)
{
    rri_slice *slice = &job->trainer->slice;
    const rri_recipe *recipe = &job->trainer->recipe;
    const rri_loss_rows rows = {slice->log_probs + begin, slice->old_log_probs + begin,
                                slice->advantages + begin, end - begin, job->n_total};
    recipe->algorithm->policy_loss(slice->d_log_probs + begin, &sums->loss, &rows, recipe);
    for (size_t i = begin; i < end; i++) {
        sums->loss.entropy += (double)slice->policy.entropies[i];
    }
    for (size_t i = begin; slice->policy.reference != NULL && i < end; i++) {
        sums->loss.reference_kl += (double)slice->policy.reference->kl[i];
    }
}

static size_t n_candidate_floats(const rri_network *net)
{
    return net->candidate.end - net->candidate.begin;
}

static size_t n_encoder_floats(const rri_network *net)
{
    return net->encoder.end - net->encoder.begin;
}

/* Sums of rows [begin, end) ← 0, those that rows have of their own too. */
static void reset_sums(rri_tile_sums *sums, rri_slice *slice, const rri_network *net, size_t begin,
                       size_t end)
{
    const size_t feature_dim = net->feature_dim;
    float *candidate = sums->candidate;
    double *d_feature_weights = sums->policy.d_feature_weights;
    float *d_row_weights = slice->slopes.feature_weights;
    *sums = (rri_tile_sums){.policy.d_feature_weights = d_feature_weights,
                            .policy.d_row_weights = d_row_weights,
                            .candidate = candidate};
    memset(candidate, 0, n_candidate_floats(net) * sizeof(float));
    memset(d_feature_weights, 0, feature_dim * sizeof(double));
    if (d_row_weights != NULL) {
        memset(d_row_weights + begin * feature_dim, 0, (end - begin) * feature_dim * sizeof(float));
    }
}

/* ── what an encoder makes of the past, in shares of rows, before the tiles and behind them ── */

typedef struct share_job {
    rri_trainer *trainer;
    const rri_network *net;
    rri_network_tape *tape; /* to see with; NULL: backward, from the slice's slopes */
    const rri_inputs *in;
    int32_t ends[RRI_SLICE_SHARES];
} share_job;

static void run_share(void *context, size_t task, size_t worker)
{
    const share_job *job = context;
    rri_stack *scratch = &job->trainer->stacks[worker];
    const size_t begin = task > 0 ? (size_t)job->ends[task - 1] : 0, end = (size_t)job->ends[task];
    if (job->tape != NULL) {
        rri_network_see_past(job->net, job->tape, job->in, begin, end, scratch);
        return;
    }
    float *gradients = job->trainer->slice.shares[task];
    memset(gradients, 0, n_encoder_floats(job->net) * sizeof(float));
    rri_network_encoder_backward(job->net, gradients, &job->trainer->slice.slopes, job->in, begin,
                                 end, scratch);
}

/* Returns how many shares there were. */
static size_t run_shares(rri_trainer *trainer, const rri_network *net, rri_network_tape *tape,
                         const rri_inputs *in, size_t n)
{
    share_job job = {.trainer = trainer, .net = net, .tape = tape, .in = in};
    size_t n_shares = 0;
    for (size_t end = 0; net->encoder.form != NULL && end < n; n_shares++) {
        end = rri_encoder_share(&net->encoder, in, end, n);
        job.ends[n_shares] = (int32_t)end;
    }
    if (n_shares > 0) {
        rri_workers_run(trainer->workers, run_share, &job, n_shares);
    }
    return n_shares;
}

void rri_gradient_see_past(rri_trainer *trainer, const rri_network *net, rri_network_tape *tape,
                           const rri_inputs *in, size_t n)
{
    (void)run_shares(trainer, net, tape, in, n);
}

/* The encoder's gradients += those of the slice, share after share. */
static void encoder_backward(const slice_job *job)
{
    rri_trainer *trainer = job->trainer;
    const rri_network *net = &trainer->model.network;
    const size_t n_shares = run_shares(trainer, net, NULL, &job->inputs, job->n);
    for (size_t share = 0; share < n_shares; share++) {
        rri_vec_add(net->kernels, trainer->gradients + net->encoder.begin,
                    trainer->slice.shares[share], n_encoder_floats(net));
    }
}

/* Forward to the query of rows [begin, end), whose past has been seen. */
static void begin_tile(const slice_job *job, rri_tile_sums *sums, size_t begin, size_t end,
                       rri_stack *scratch)
{
    rri_slice *slice = &job->trainer->slice;
    reset_sums(sums, slice, &job->trainer->model.network, begin, end);
    gather_rows(job, begin, end);
    rri_network_see_rest(&job->trainer->model.network, &slice->tape, &job->inputs, begin, end,
                         scratch);
    rri_network_query(&job->trainer->model.network, &slice->tape, &job->inputs, begin, end,
                      scratch);
    if (slice->policy.reference != NULL && slice->policy.reference->scores == NULL) {
        const rri_network *reference = &job->trainer->reference.network;
        rri_network_see_rest(reference, &slice->reference_tape, &job->inputs, begin, end, scratch);
        rri_network_query(reference, &slice->reference_tape, &job->inputs, begin, end, scratch);
    }
}

/* From the slopes of the query backward, and all of the critic. */
static void end_tile(const slice_job *job, rri_tile_sums *sums, size_t begin, size_t end,
                     rri_stack *scratch)
{
    const rri_trainer *trainer = job->trainer;
    const rri_network *net = &trainer->model.network;
    rri_slice *slice = &job->trainer->slice;
    const float clip_eps = trainer->units.has_old_values ? trainer->recipe.value_clip_eps : 0.0f;
    rri_network_query_backward(net, &slice->slopes, &slice->tape, begin, end, scratch);
    rri_network_value(net, &slice->tape, &job->inputs, begin, end, scratch);
    sums->loss.value_loss = rri_value_loss_compute(
        rri_network_values_of(net, &slice->slopes) + begin,
        rri_network_values_of(net, &slice->tape) + begin, slice->old_values + begin,
        slice->returns + begin, clip_eps, trainer->recipe.vf_coef, end - begin, job->n_total);
    rri_network_value_backward(net, &slice->slopes, &slice->tape, begin, end, scratch);
}

/* The slopes of the scores of a tile through the candidates' network; lists' slopes are kept. */
static void candidates_backward(const slice_job *job, rri_tile_sums *sums,
                                const rri_logits_tile *tile, rri_stack *scratch)
{
    rri_slice *slice = &job->trainer->slice;
    const rri_candidate_gradients gradients = {.params = sums->candidate,
                                               .d_rows = slice->slopes.candidate_rows,
                                               .d_queries = slice->slopes.candidate_queries};
    rri_candidates_backward(&gradients, slice->policy.d_logits + tile->row_begin * tile->width,
                            tile, scratch);
}

/* Loss and slopes of the queries of rows [begin, end) of a tile. record: room for what stays of
 * their candidates; NULL: none has a network, or it is made again. */
static void run_rows(const slice_job *job, rri_tile_sums *sums, const rri_logits_input *in,
                     size_t begin, size_t end, rri_candidate_record *record, rri_stack *scratch)
{
    rri_slice *slice = &job->trainer->slice;
    const size_t mark = rri_stack_mark(scratch);
    rri_logits_tile tile;
    rri_logits_prepare(&tile, in, begin, end - begin, scratch);
    tile.record = record;
    rri_policy_forward_tile(slice->log_probs, &slice->policy, &tile, slice->actions, scratch);
    if (slice->policy.reference != NULL) {
        rri_reference_forward_tile(slice->policy.reference, &slice->policy, &tile, scratch);
    }
    policy_loss(job, sums, begin, end);
    rri_policy_backward_query_tile(slice->slopes.query, &sums->policy, &slice->policy, &tile,
                                   slice->actions, slice->d_log_probs, job->d_entropy, scratch);
    if (in->candidate_net != NULL) {
        candidates_backward(job, sums, &tile, scratch);
    }
    rri_stack_rewind(scratch, mark);
}

/* Rows [begin, end) of a tile whose candidates pass a network: as many at a time as leave their
 * outputs near. Lists' logits are kept, so forward passes once. */
static void run_candidates(const slice_job *job, rri_tile_sums *sums, const rri_logits_input *in,
                           size_t begin, size_t end, rri_stack *scratch)
{
    rri_slice *slice = &job->trainer->slice;
    const size_t mark = rri_stack_mark(scratch), k = in->menu->k;
    const size_t together = rri_candidates_recorded_rows(in->candidate_net, k, end - begin);
    if (together == 0) {
        run_rows(job, sums, in, begin, end, NULL, scratch);
    }
    for (size_t row = begin; together > 0 && row < end; row += together) {
        const size_t last = rri_size_smaller(row + together, end);
        rri_candidate_record record =
            rri_candidates_take_record(in->candidate_net, k, last - row, scratch);
        run_rows(job, sums, in, row, last, &record, scratch);
        rri_stack_rewind(scratch, mark);
    }
    sums->policy.d_log_scale += rri_network_candidates_backward(
        &job->trainer->model.network, &slice->slopes, &slice->tape, begin, end, scratch);
}

/* First phase: rows [32 task, …) forward, loss, and backward to every layer's slopes. */
static void run_tile(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    rri_stack *scratch = &job->trainer->stacks[worker];
    rri_tile_sums *sums = &job->trainer->slice.tiles[task];
    const size_t begin = task * RRI_STEP_ROWS;
    const size_t end = rri_size_smaller(begin + RRI_STEP_ROWS, job->n);

    begin_tile(job, sums, begin, end, scratch);
    const rri_logits_input in = input_of(job);
    if (in.candidate_net != NULL) {
        run_candidates(job, sums, &in, begin, end, scratch);
    } else {
        run_rows(job, sums, &in, begin, end, NULL, scratch);
    }
    end_tile(job, sums, begin, end, scratch);
}

/* Where a tensor's gradient lies; NULL where it is not learned. */
static float *gradient_of(const rri_trainer *trainer, size_t offset)
{
    return offset == RRI_ABSENT ? NULL : trainer->gradients + offset;
}

/* [N, dim] Where the gradient of the item vectors goes: beside a reward model, whose part of them
 * in the dense head is no parameter, an array of its own. */
static float *items_gradient_of(const rri_trainer *trainer)
{
    return trainer->d_items != NULL ? trainer->d_items
                                    : gradient_of(trainer, trainer->model.network.at.items);
}

/* ── the same over a large pool, which is shared out by items: the policy between two halves ── */

static void run_tile_to_query(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    const size_t begin = task * RRI_STEP_ROWS;
    begin_tile(job, &job->trainer->slice.tiles[task], begin,
               rri_size_smaller(begin + RRI_STEP_ROWS, job->n), &job->trainer->stacks[worker]);
}

static void run_tile_from_query(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    const size_t begin = task * RRI_STEP_ROWS;
    end_tile(job, &job->trainer->slice.tiles[task], begin,
             rri_size_smaller(begin + RRI_STEP_ROWS, job->n), &job->trainer->stacks[worker]);
}

static void run_large_pool(slice_job *job, size_t n_tiles)
{
    rri_trainer *trainer = job->trainer;
    rri_slice *slice = &trainer->slice;
    const rri_head_offsets *at = &trainer->model.network.at;
    rri_workers_run(trainer->workers, run_tile_to_query, job, n_tiles);
    const rri_logits_input in = input_of(job);
    rri_large_pool_forward(slice->log_probs, &slice->policy, &in, slice->actions, trainer->workers,
                           trainer->stacks);
    for (size_t tile = 0; tile < n_tiles; tile++) {
        const size_t begin = tile * RRI_STEP_ROWS;
        policy_loss(job, &slice->tiles[tile], begin,
                    rri_size_smaller(begin + RRI_STEP_ROWS, job->n));
    }
    const rri_large_pool_slopes slopes = {slice->actions, slice->d_log_probs, job->d_entropy};
    const rri_large_pool_gradients gradients = {.dq = slice->slopes.query,
                                                .sums = &slice->tiles[0].policy,
                                                .dV = items_gradient_of(trainer),
                                                .db = gradient_of(trainer, at->item_bias),
                                                .adds_to_items = !job->is_first};
    rri_large_pool_backward(&gradients, &slice->policy, &in, &slopes, trainer->workers,
                            trainer->stacks);
    rri_workers_run(trainer->workers, run_tile_from_query, job, n_tiles);
}

/* ── parameters ── */

/* Gradients of a block of items; tensors that are not learned are NULL. */
static void run_items(const slice_job *job, size_t first, rri_stack *scratch)
{
    rri_trainer *trainer = job->trainer;
    const rri_network *net = &trainer->model.network;
    rri_slice *slice = &trainer->slice;
    const size_t last = rri_size_smaller(first + ITEM_BLOCK, net->n_items);
    const rri_logits_input in = input_of(job);
    float *d_items = items_gradient_of(trainer);
    float *d_bias = gradient_of(trainer, net->at.item_bias);
    if (job->is_first && d_items != NULL) {
        memset(d_items + first * net->dim, 0, (last - first) * net->dim * sizeof(float));
    }
    if (job->is_first && d_bias != NULL) {
        memset(d_bias + first, 0, (last - first) * sizeof(float));
    }
    rri_policy_backward_items(d_items, d_bias, &slice->policy, &in, slice->actions,
                              slice->d_log_probs, job->d_entropy, first, last, scratch);
}

/* Second phase: the gradients of some weights, or of a block of items, over all rows of the slice.
 * In the order of the flat arrays, actor, items, critic, as the optimiser's sweep goes: so a thread
 * finds most of its part of the gradients in its own cache. */
static void run_params(void *context, size_t task, size_t worker)
{
    const slice_job *job = context;
    rri_trainer *trainer = job->trainer;
    const rri_network *net = &trainer->model.network;
    rri_slice *slice = &trainer->slice;
    rri_stack *scratch = &trainer->stacks[worker];
    const size_t n_actor = rri_mlp_n_tasks(&net->actor);
    if (task >= n_actor && task < n_actor + job->n_item_blocks) {
        run_items(job, (task - n_actor) * ITEM_BLOCK, scratch);
        return;
    }
    task -= task < n_actor ? 0 : job->n_item_blocks;
    if (job->is_first) {
        rri_network_zero_params(net, trainer->gradients, task);
    }
    rri_network_backward_params(net, trainer->gradients, &slice->slopes, &slice->tape, &job->inputs,
                                job->n, task, scratch);
}

/* A large pool is shared out by items, but beside a reference by rows: its slopes are those of
 * whole rows of two policies. */
static bool is_shared_by_items(const slice_job *job)
{
    const rri_policy_tape *tape = &job->trainer->slice.policy;
    return job->menu.k == 0 && tape->logits == NULL && tape->reference == NULL;
}

/* Over a large pool their gradients are there already. */
static size_t count_item_blocks(const slice_job *job, const rri_network *net)
{
    const bool has_item_gradient =
        items_gradient_of(job->trainer) != NULL || net->at.item_bias != RRI_ABSENT;
    const bool is_large = is_shared_by_items(job);
    return has_item_gradient && !is_large ? (net->n_items + ITEM_BLOCK - 1) / ITEM_BLOCK : 0;
}

/* The head's few scalars, which tiles add to, and constants. */
static void zero_scalars(rri_trainer *trainer)
{
    const rri_head_offsets *at = &trainer->model.network.at;
    float *gradients = trainer->gradients;
    if (at->log_scale != RRI_ABSENT) {
        gradients[at->log_scale] = 0.0f;
    }
    if (at->repeat_weight != RRI_ABSENT) {
        gradients[at->repeat_weight] = 0.0f;
    }
    if (at->error_weight != RRI_ABSENT) {
        gradients[at->error_weight] = gradients[at->error_weight + 1] = 0.0f;
    }
    for (size_t f = 0; f < trainer->model.network.feature_dim; f++) {
        gradients[at->feature_weights + f] = 0.0f;
    }
    memset(gradients + trainer->model.network.candidate.begin, 0,
           n_candidate_floats(&trainer->model.network) * sizeof(float));
    memset(gradients + trainer->model.network.encoder.begin, 0,
           n_encoder_floats(&trainer->model.network) * sizeof(float));
    rri_network_zero_constants(&trainer->model.network, gradients);
    if (trainer->model.network.has_reward) {
        gradients[trainer->model.network.reward.weight] = 0.0f;
    }
    if (trainer->d_query != NULL) {
        memset(trainer->d_query, 0, trainer->model.network.dim * sizeof(double));
    }
}

/* η = τ β: dβ = τ dη    d log τ += η dη, for both parts of it. */
static void add_error_slopes(rri_trainer *trainer, const rri_policy_sums *sums)
{
    const rri_head_offsets *at = &trainer->model.network.at;
    const rri_head *head = &trainer->model.network.head;
    float *d_beta = trainer->gradients + at->error_weight;
    d_beta[0] += (float)((double)head->scale * sums->d_error_weight);
    d_beta[1] += (float)((double)head->scale * sums->d_error_fall);
    trainer->gradients[at->log_scale] += (float)((double)head->error_weight * sums->d_error_weight +
                                                 (double)head->error_fall * sums->d_error_fall);
}

/* Tiles' sums, in order, into the gradient's scalars and the minibatch's sums. */
static void add_tiles(const slice_job *job, rri_loss_sums *total)
{
    rri_trainer *trainer = job->trainer;
    const rri_head_offsets *at = &trainer->model.network.at;
    float *gradients = trainer->gradients;
    for (size_t tile = 0; tile * RRI_STEP_ROWS < job->n; tile++) {
        const rri_tile_sums *sums = &trainer->slice.tiles[tile];
        rri_loss_sums_add(total, &sums->loss);
        if (at->log_scale != RRI_ABSENT) {
            gradients[at->log_scale] += (float)sums->policy.d_log_scale;
        }
        if (at->repeat_weight != RRI_ABSENT) {
            gradients[at->repeat_weight] += (float)sums->policy.d_repeat_weight;
        }
        if (at->error_weight != RRI_ABSENT) {
            add_error_slopes(trainer, &sums->policy);
        }
        for (size_t f = 0; f < trainer->model.network.feature_dim; f++) {
            gradients[at->feature_weights + f] += (float)sums->policy.d_feature_weights[f];
        }
        rri_vec_add(trainer->model.kernels, gradients + trainer->model.network.candidate.begin,
                    sums->candidate, n_candidate_floats(&trainer->model.network));
    }
}

/* Σ_rows dq, by which the two-tower's offset m is weighed. */
static void add_query_slopes(const slice_job *job)
{
    rri_trainer *trainer = job->trainer;
    const size_t dim = trainer->model.network.dim;
    for (size_t i = 0; trainer->d_query != NULL && i < job->n; i++) {
        for (size_t j = 0; j < dim; j++) {
            trainer->d_query[j] += (double)trainer->slice.slopes.query[i * dim + j];
        }
    }
}

/* The other policy over the rows of a slice; NULL: there is none. */
static const rri_reference *begin_reference(const slice_job *job)
{
    rri_trainer *trainer = job->trainer;
    if (trainer->recipe.ref_kl_coef == 0.0f) {
        return NULL;
    }
    const rri_network *net = &trainer->reference.network;
    rri_reference *now = &trainer->reference.now;
    now->coef = trainer->reference.coef / (float)job->n_total;
    now->scores = job->rollout->form.has_reference ? job->rollout->reference : NULL;
    now->width = job->rollout->r;
    now->floor = trainer->model.config.ref_floor;
    if (now->scores == NULL) {
        now->in = rri_network_scores(net, &trainer->slice.reference_tape, &net->head,
                                     &net->catalogue, &job->menu);
    }
    return now;
}

/* What was seen of the past of all rows of a slice, which begin to be gathered here. */
static void see_past(const slice_job *job)
{
    rri_trainer *trainer = job->trainer;
    rri_slice *slice = &trainer->slice;
    for (size_t i = 0; i < job->n; i++) {
        slice->rows[i] = trainer->update.order[job->minibatch[i]];
    }
    rri_gradient_see_past(trainer, &trainer->model.network, &slice->tape, &job->inputs, job->n);
    if (slice->policy.reference != NULL) {
        rri_gradient_see_past(trainer, &trainer->reference.network, &slice->reference_tape,
                              &job->inputs, job->n);
    }
}

static void run_slice(slice_job *job, rri_loss_sums *total)
{
    rri_trainer *trainer = job->trainer;
    rri_slice *slice = &trainer->slice;
    const size_t width = rri_menu_width(&job->menu, trainer->model.network.n_items);
    slice->policy.logits = width <= slice->kept_width ? slice->logits : NULL;
    slice->policy.d_logits = slice->policy.logits;
    slice->policy.reference = begin_reference(job);
    const bool keeps_exp = job->d_entropy == 0.0f && slice->policy.reference == NULL;
    slice->policy.block_maxima = keeps_exp ? slice->block_maxima : NULL;

    const size_t n_tiles = (job->n + RRI_STEP_ROWS - 1) / RRI_STEP_ROWS;
    see_past(job);
    if (is_shared_by_items(job)) {
        run_large_pool(job, n_tiles);
    } else {
        rri_workers_run(trainer->workers, run_tile, job, n_tiles);
    }
    encoder_backward(job);
    job->n_item_blocks = count_item_blocks(job, &trainer->model.network);
    rri_workers_run(trainer->workers, run_params, job,
                    rri_network_n_tasks(&trainer->model.network) + job->n_item_blocks);
    add_tiles(job, total);
    add_query_slopes(job);
}

/* Two-tower: Σ_jk dW_jk M_jk + Σ_j m_j Σ_rows dq_j, with W_skip's gradient in the place of one. */
static double tower_reward_slope(const rri_trainer *trainer)
{
    const rri_network *net = &trainer->model.network;
    const size_t S = net->state_dim;
    const float *d_skip = trainer->gradients + net->skip.weight_offset;
    double sum = 0.0;
    for (size_t j = 0; j < net->dim; j++) {
        const float *row = trainer->model.values + net->reward.query + j * (S + 1);
        sum += (double)rri_dot(net->kernels, d_skip + j * S, row, S);
        sum += trainer->d_query[j] * (double)row[S];
    }
    return sum;
}

/* Dense: Σ_i (M_i, m_i)·dv_i of the model's part of v_i; the learned part goes where it belongs. */
static double dense_reward_slope(rri_trainer *trainer)
{
    const rri_network *net = &trainer->model.network;
    const size_t width = net->item_width, of_model = net->dim - width;
    double sum = 0.0;
    for (size_t i = 0; i < net->n_items; i++) {
        const float *d_item = trainer->d_items + i * net->dim;
        const float *row = trainer->model.values + net->reward.query + i * of_model;
        memcpy(trainer->gradients + net->at.items + i * width, d_item, width * sizeof(float));
        sum += (double)rri_dot(net->kernels, d_item + width, row, of_model);
    }
    return sum;
}

/* α moves what it joins to along the model, so its slope is made of theirs:
 *     dα = that of the head + τ dw·w_r        d log τ += α τ dw·w_r */
static void add_reward_slopes(rri_trainer *trainer)
{
    const rri_network *net = &trainer->model.network;
    if (!net->has_reward) {
        return;
    }
    const float *values = trainer->model.values;
    float *gradients = trainer->gradients;
    double of_features = 0.0;
    for (size_t k = 0; k < net->feature_dim; k++) {
        of_features += (double)gradients[net->at.feature_weights + k] *
                       (double)values[net->reward.features + k];
    }
    of_features *= (double)net->head.scale;
    const double of_head =
        net->is_dense ? dense_reward_slope(trainer) : tower_reward_slope(trainer);
    gradients[net->reward.weight] = (float)(of_head + of_features);
    if (net->at.log_scale != RRI_ABSENT) {
        gradients[net->at.log_scale] += (float)(of_features * (double)values[net->reward.weight]);
    }
}

static void run_tower(void *context, size_t task, size_t worker)
{
    (void)worker;
    rri_trainer *trainer = context;
    rri_network *net = &trainer->model.network;
    rri_item_tower_backward(&net->tower, items_gradient_of(trainer), net->pool.features, task);
}

/* The slopes of all item vectors through the tower that made them. */
static void add_tower_slopes(rri_trainer *trainer)
{
    const rri_item_tower *tower = &trainer->model.network.tower;
    if (rri_item_tower_is_there(tower)) {
        rri_workers_run(trainer->workers, run_tower, trainer, tower->n_shards);
        rri_item_tower_collect(trainer->gradients, tower);
    }
}

rri_loss_sums rri_gradient_compute(rri_trainer *trainer, const rri_rollout *rollout,
                                   const int32_t *minibatch, const float *advantages, size_t n)
{
    rri_loss_sums total = {0};
    zero_scalars(trainer);
    for (size_t first = 0; first < n; first += RRI_SLICE_ROWS) {
        const size_t rows = rri_size_smaller(n - first, RRI_SLICE_ROWS);
        slice_job job = {
            .trainer = trainer,
            .rollout = rollout,
            .minibatch = minibatch + first,
            .advantages = advantages + first,
            .n = rows,
            .n_total = n,
            .is_first = first == 0,
            .d_entropy = -trainer->recipe.ent_coef / (float)n,
            .inputs = rri_gradient_inputs(rollout, &trainer->model.network, trainer->slice.states,
                                          trainer->slice.rows),
            .menu = rri_gradient_menu(rollout, trainer->slice.rows, rows),
        };
        rri_gradient_set_pool(&job.menu, rollout, trainer);
        run_slice(&job, &total);
    }
    add_reward_slopes(trainer);
    add_tower_slopes(trainer);
    return total;
}
