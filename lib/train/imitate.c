/* SPDX-License-Identifier: MIT */
#include "train/imitate.h"

#include <math.h>
#include <string.h>

#include "core/philox.h"
#include "core/status.h"
#include "items/items.h"
#include "math/scalar.h"
#include "play/request.h"
#include "rl/explained_variance.h"
#include "train/algorithms.h"
#include "train/evaluate_rows.h"
#include "train/minibatch.h"
#include "train/normalise.h"
#include "train/train_loop.h"

/* Rows that are held out are no judge where they are fewer. */
#define LEAST_HELD_OUT ((size_t)32)
/* Steps become smaller by a factor, so often, before passes that win nothing are the last. */
#define REDUCTION       4.0f
#define MOST_REDUCTIONS 3

/* One call. Places [0, n_trained) of the trainer's order are trained on, those behind held out. */
typedef struct imitation {
    rri_trainer *trainer;
    const rri_rollout *rows;
    const rr_imitate_config *config;
    const rri_allocator *allocator;
    rr_imitate_report *report;
    size_t n_trained, n_held_out;
    bool has_returns;
    double weight;       /* Σ w of the rows trained on */
    double return_unit;  /* in which the critic's loss is weighed: the variance of all returns */
    float *best;         /* [n_floats] parameters of the best pass; NULL: of the one pass */
    double best_loss;    /* the lowest that a pass came to */
    int32_t n_fruitless; /* passes in a row that lowered it by less than `until` */
    rri_epoch epoch;
    float lr;            /* of the present pass, and how often it was made smaller */
    int32_t n_reductions;
    rri_train_sums sums;
} imitation;

static size_t n_bytes(const imitation *im)
{
    return im->trainer->model.network.params.n_floats * sizeof(float);
}

static rr_status check_numbers(const char *name, const float *x, size_t n, bool may_be_negative,
                               rr_error *err)
{
    for (size_t i = 0; x != NULL && i < n; i++) {
        if (!isfinite(x[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "imitate: %s[%zu] is %g; it must be finite", name, i,
                     (double)x[i]);
        }
        if (!may_be_negative && x[i] < 0.0f) {
            RRI_FAIL(err, RR_E_INVALID, "imitate: %s[%zu] is %g; it must be at least 0", name, i,
                     (double)x[i]);
        }
    }
    return RR_OK;
}

static rr_status check(rri_request *request, rri_trainer *trainer, const rr_obs *obs,
                       const int32_t *actions, const float *weights, const float *returns,
                       rr_error *err)
{
    rri_workspace work = rri_trainer_workspace(trainer);
    work.most_rows = trainer->update.max_rows;
    RRI_TRY(rri_request_read(request, &work, obs, err));
    if (request->pool != trainer->model.items) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "imitate: obs pool is not the agent's catalogue, which is what it is trained on");
    }
    RRI_TRY(rri_menu_check_actions(&request->menu, request->catalogue.n_items, actions, "actions",
                                   err));
    RRI_TRY(check_numbers("weights", weights, request->n, false, err));
    return check_numbers("returns", returns, request->n, true, err);
}

/* The observation's arrays in the form that a minibatch reads, and only reads. Old log-probs and
 * values, which the loss does not know, are `zeros` [n]. */
static rri_rollout rows_of(const rr_obs *obs, const int32_t *actions, float *zeros)
{
    return (rri_rollout){
        .max_rows = (size_t)obs->n,
        .state_dim = (size_t)obs->state_dim,
        .item_dim = (size_t)obs->item_dim,
        .feature_dim = (size_t)obs->feature_dim,
        .k = (size_t)obs->n_candidates,
        .m = (size_t)obs->n_excluded,
        .h = (size_t)obs->n_history,
        .n_rows = (size_t)obs->n,
        .n_sessions = (size_t)obs->n,
        .form = rri_rollout_form_of(obs),
        .states = (float *)obs->states,
        .lengths = (int32_t *)obs->lengths,
        .candidates = (int32_t *)obs->candidates,
        .features = (float *)obs->features,
        .vectors = (float *)obs->vectors,
        .n_vectors = (size_t)obs->n_vectors,
        .counts = (int32_t *)obs->counts,
        .excluded = (int32_t *)obs->excluded,
        .history = (int32_t *)obs->history,
        .candidate_keys = (uint64_t *)obs->candidate_keys,
        .excluded_keys = (uint64_t *)obs->excluded_keys,
        .history_keys = (uint64_t *)obs->history_keys,
        .history_rewards = (float *)obs->history_rewards,
        .actions = (int32_t *)actions,
        .log_probs = zeros,
    };
}

/* The generation of each row's pool, in an array that no imitation uses; NULL: the trainer's. */
static uint32_t *generations_of(const rri_request *request, rri_trainer *trainer)
{
    uint32_t generation;
    if (request->pool == NULL || request->pool == trainer->model.items ||
        !rri_items_generation_of(&generation, trainer->model.items,
                                 rri_items_fingerprint(request->pool))) {
        return NULL;
    }
    uint32_t *generations = (uint32_t *)trainer->update.trained;
    for (size_t i = 0; i < request->n; i++) {
        generations[i] = generation;
    }
    return generations;
}

/* Whether a row is held out: a function of the seed and of its session, or of its place where there
 * are none, so that rows of one session stay together. */
static bool is_held_out(const rri_trainer *trainer, const rr_obs *obs, float share, size_t row)
{
    const bool has_key = obs->sessions != NULL;
    const uint64_t key = has_key ? obs->sessions[row] : row;
    return rri_philox_uniform(trainer->model.config.seed, RRI_STREAM_HELD_OUT, key, has_key) <
           (double)share;
}

/* The order of rows: those trained on, then those held out. One pass alone chooses nothing. */
static void part_rows(imitation *im, const rr_obs *obs)
{
    int32_t *order = im->trainer->update.order;
    const size_t n = im->rows->n_rows;
    const float share = im->config->epochs > 1 ? im->config->held_out : 0.0f;
    size_t n_held_out = 0;
    for (size_t i = 0; i < n; i++) {
        n_held_out += is_held_out(im->trainer, obs, share, i) ? 1 : 0;
    }
    im->n_held_out = n_held_out < LEAST_HELD_OUT || n_held_out == n ? 0 : n_held_out;
    im->n_trained = n - im->n_held_out;
    size_t trained = 0, held_out = im->n_trained;
    for (size_t i = 0; i < n; i++) {
        const bool is_out = im->n_held_out > 0 && is_held_out(im->trainer, obs, share, i);
        order[is_out ? held_out++ : trained++] = (int32_t)i;
    }
}

/* The weight stands where an algorithm has the advantage. */
static void fill_rows(imitation *im, const float *weights, const float *returns)
{
    rri_update_rows *update = &im->trainer->update;
    for (size_t place = 0; place < im->rows->n_rows; place++) {
        const size_t row = (size_t)update->order[place];
        update->advantages[place] = weights != NULL ? weights[row] : 1.0f;
        update->returns[place] = returns != NULL ? returns[row] : 0.0f;
        update->values[place] = 0.0f;
        update->rewards[place] = 0.0f;
        im->weight += place < im->n_trained ? (double)update->advantages[place] : 0.0;
    }
    const size_t n = im->rows->n_rows;
    const double deviation = (double)rri_explained_variance_deviation(update->returns, n);
    im->return_unit = deviation * deviation;
    for (size_t i = 0; deviation == 0.0 && i < n; i++) { /* they are all the same */
        im->return_unit += (double)update->returns[i] * (double)update->returns[i] / (double)n;
    }
}

/* Before the first step: nothing was drawn that would have to be given again. Weights stand as they
 * are. */
static void learn_scales(rri_trainer *trainer, const rr_obs *obs, const float *returns, size_t n)
{
    if (returns != NULL) {
        rri_normalise_returns(trainer, returns, NULL, n);
    }
    trainer->units.advantage = 1.0f;
    rri_normalise_states(trainer, obs->states, NULL, n);
    rri_normalise_tokens(trainer);
}

/* One pass in a fresh order, in minibatches whose sizes differ by at most one, or by whole
 * sessions. The optimiser's steps so far number the order: each is used once in the agent's life.
 */
static rr_status run_pass(imitation *im, rr_error *err)
{
    rri_trainer *trainer = im->trainer;
    rri_update_rows *update = &trainer->update;
    const rri_epoch *epoch = &im->epoch;
    const size_t n = epoch->n;
    im->sums.last_epoch = (rri_loss_sums){0};
    im->sums.n_last_rows = 0;
    rri_train_loop_shuffle(epoch, trainer, RRI_STREAM_IMITATE,
                           (uint64_t)trainer->n_optimizer_steps);
    for (size_t b = 0, first = 0, last; first < n; b++, first = last) {
        last = rri_train_loop_end(epoch, first, (b + 1) * n / epoch->n_minibatches);
        memcpy(update->minibatch, epoch->permutation + first, (last - first) * sizeof(int32_t));
        RRI_TRY(rri_minibatch_train(&im->sums, trainer, im->rows, update->minibatch, last - first,
                                    im->lr, err));
    }
    im->sums.n_epochs++;
    return RR_OK;
}

/* ── what a pass came to ── */

/* What policy and critic make of the rows that judge them: those held out, or else those trained
 * on. */
typedef struct judgement {
    double loss;       /* Σ w (−log π)/Σ w */
    double agreement;  /* the share of Σ w where the policy's best item was chosen */
    double value_loss; /* ½ mean (V − R)²; 0 without returns */
    double explained;  /* 1 − Var(R − V)/Var(R) */
} judgement;

static size_t first_judged(const imitation *im)
{
    return im->n_held_out > 0 ? im->n_trained : 0;
}

static void judge_values(judgement *got, const imitation *im, const float *values)
{
    const size_t first = first_judged(im), n = im->rows->n_rows - first;
    const float *returns = im->trainer->update.returns + first;
    for (size_t i = 0; i < n; i++) {
        const double error = (double)values[i] - (double)returns[i];
        got->value_loss += 0.5 * error * error / (double)n;
    }
    got->explained = (double)rri_explained_variance_compute(values, returns, n);
}

static judgement judge(const imitation *im)
{
    rri_update_rows *update = &im->trainer->update;
    const size_t first = first_judged(im), n = im->rows->n_rows - first;
    const int32_t *places = update->order + first;
    const float *weights = update->advantages + first;
    int32_t *best = update->minibatch;
    float *log_probs = update->traces, *values = im->has_returns ? update->next_values : NULL;
    judgement got = {.explained = (double)NAN};
    rri_evaluate_rows_judge(im->trainer, log_probs, values, best, im->rows, places, n);
    double weight = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double w = (double)weights[i];
        got.loss -= w > 0.0 ? w * (double)log_probs[i] : 0.0;
        got.agreement += best[i] == im->rows->actions[places[i]] ? w : 0.0;
        weight += w;
    }
    got.loss /= weight;
    got.agreement /= weight;
    if (values != NULL) {
        judge_values(&got, im, values);
    }
    return got;
}

/* What passes are to lower: nats, and beside returns half the share of their variance that the
 * critic leaves, so that no unit of rewards decides when to stop. */
static double joint_loss(const imitation *im, double loss, double value_loss)
{
    const bool has_both = im->has_returns && im->return_unit > 0.0;
    return loss + (has_both ? value_loss / im->return_unit : 0.0);
}

static double even_loss(const imitation *im)
{
    rri_update_rows *update = &im->trainer->update;
    const size_t first = first_judged(im), n = im->rows->n_rows - first;
    rri_evaluate_rows_even(im->trainer, update->traces, im->rows, update->order + first, n);
    double loss = 0.0, weight = 0.0;
    for (size_t i = 0; i < n; i++) {
        loss -= (double)update->advantages[first + i] * (double)update->traces[i];
        weight += (double)update->advantages[first + i];
    }
    return loss / weight;
}

static void note_loss(float *losses, const imitation *im, double loss)
{
    if (losses != NULL && im->sums.n_epochs <= (size_t)im->report->max_losses) {
        losses[im->sums.n_epochs - 1] = rri_float_or_nan(loss);
    }
}

static void take_back_best(imitation *im)
{
    rri_model *model = &im->trainer->model;
    if (im->best != NULL && im->report->best_pass < (int32_t)im->sums.n_epochs) {
        memcpy(model->values, im->best, n_bytes(im));
        rri_model_pack(model);
    }
}

/* What the last pass came to: held against the best one, which it may be. */
static void weigh_pass(imitation *im)
{
    const rri_train_sums *sums = &im->sums;
    note_loss(im->report->losses, im, sums->last_epoch.policy_loss / im->weight);
    if (im->best == NULL) {
        im->report->best_pass = (int32_t)sums->n_epochs;
        return;
    }
    const judgement got = judge(im);
    const double loss = joint_loss(im, got.loss, got.value_loss);
    note_loss(im->report->held_out_losses, im, im->n_held_out > 0 ? got.loss : (double)NAN);
    im->n_fruitless = loss < im->best_loss - (double)im->config->until ? 0 : im->n_fruitless + 1;
    if (loss < im->best_loss) {
        im->best_loss = loss;
        im->report->best_pass = (int32_t)sums->n_epochs;
        memcpy(im->best, im->trainer->model.values, n_bytes(im));
    }
}

/* Where passes win no more, smaller steps may, from the best parameters on; where the smallest win
 * no more either, it has converged. */
static void go_on_or_stop(imitation *im)
{
    if (im->best == NULL || im->config->until == 0.0f || im->n_fruitless < im->config->patience) {
        return;
    }
    im->n_fruitless = 0;
    im->report->is_converged = im->n_reductions == MOST_REDUCTIONS;
    if (im->report->is_converged == 0) {
        im->n_reductions++;
        im->lr /= REDUCTION;
        take_back_best(im);
    }
}

/* Passes until they win no more, or as many as were asked for; the best one's parameters. */
static rr_status run_passes(imitation *im, rr_error *err)
{
    for (int32_t pass = 0; pass < im->config->epochs && im->report->is_converged == 0; pass++) {
        RRI_TRY(run_pass(im, err));
        weigh_pass(im);
        go_on_or_stop(im);
    }
    take_back_best(im);
    return RR_OK;
}

/* ── the report ── */

static void begin_report(imitation *im)
{
    rr_imitate_report *report = im->report;
    const judgement start = judge(im);
    report->even_loss = rri_float_or_nan(even_loss(im));
    report->start_loss = rri_float_or_nan(start.loss);
    report->start_agreement = rri_float_or_nan(start.agreement);
    report->start_value_loss = rri_float_or_nan(start.value_loss);
    im->best_loss =
        im->n_held_out > 0 ? joint_loss(im, start.loss, start.value_loss) : (double)INFINITY;
}

static void end_report(imitation *im, bool is_judged)
{
    rr_imitate_report *report = im->report;
    const rri_trainer *trainer = im->trainer;
    const rri_train_sums *sums = &im->sums;
    const double rows = sums->n_last_rows > 0 ? (double)sums->n_last_rows : (double)NAN;
    report->n_rows = (int32_t)im->n_trained;
    report->n_held_out = (int32_t)im->n_held_out;
    report->n_passes = (int32_t)sums->n_epochs;
    report->n_minibatches = (int32_t)sums->n_steps;
    report->entropy = rri_float_or_nan(sums->last_epoch.entropy / rows);
    report->grad_norm = rri_float_or_nan(sums->norm / (double)sums->n_steps);
    report->scale = trainer->model.network.head.scale;
    report->repeat_weight = trainer->model.network.head.repeat_weight;
    if (is_judged) {
        const judgement end = judge(im);
        report->loss = rri_float_or_nan(end.loss);
        report->agreement = rri_float_or_nan(end.agreement);
        report->value_loss = rri_float_or_nan(end.value_loss);
        report->explained_variance = rri_float_or_nan(end.explained);
    }
}

/* What a host that reads no report is to hear of. */
static void warn(const imitation *im)
{
    const rr_imitate_report *report = im->report;
    const bool is_asked = im->config->epochs > 1 && im->config->until > 0.0f;
    if (is_asked && report->is_converged == 0) {
        rri_host_log_say(&im->trainer->log, RR_LOG_WARNING,
                         "imitate: not converged after %d passes: the loss went from %.4g to %.4g "
                         "nats and still falls; more passes (epochs), or a larger until",
                         report->n_passes, (double)report->start_loss, (double)report->loss);
    }
    if (im->best != NULL && report->best_pass == 0) {
        rri_host_log_say(&im->trainer->log, RR_LOG_WARNING,
                         "imitate: nothing was learned: none of %d passes was better than the "
                         "policy that was there (%.4g nats); a smaller lr, or inputs nearer to 1",
                         report->n_passes, (double)report->start_loss);
    }
}

static rr_status take_best(imitation *im, rr_error *err)
{
    if (im->config->epochs == 1) {
        return RR_OK;
    }
    void *block;
    RRI_TRY(rri_memory_allocate_unset(&block, im->allocator, n_bytes(im), "imitate", err));
    im->best = block;
    return RR_OK;
}

rr_status rri_trainer_imitate(rri_trainer *trainer, const rr_obs *obs, const int32_t *actions,
                              const float *weights, const float *returns,
                              const rr_imitate_config *config, const rri_allocator *allocator,
                              rr_imitate_report *report, rr_error *err)
{
    rri_request request;
    RRI_TRY(check(&request, trainer, obs, actions, weights, returns, err));
    rri_rollout rows = rows_of(obs, actions, trainer->update.rewards);
    rows.generations = generations_of(&request, trainer);
    rr_imitate_report unread = {0};
    imitation im = {.trainer = trainer,
                    .rows = &rows,
                    .config = config,
                    .lr = config->lr,
                    .allocator = allocator,
                    .report = report != NULL ? report : &unread,
                    .has_returns = returns != NULL};
    const bool is_judged = report != NULL || config->epochs > 1;
    part_rows(&im, obs);
    RRI_TRY(take_best(&im, err));
    fill_rows(&im, weights, returns);
    learn_scales(trainer, obs, returns, request.n);
    if (im.best != NULL) {
        memcpy(im.best, trainer->model.values, n_bytes(&im));
    }
    if (is_judged) {
        begin_report(&im);
    }

    const rri_recipe own = trainer->recipe;
    trainer->recipe = rri_algorithms_imitation(&own, config, returns != NULL);
    im.epoch = rri_train_loop_begin(trainer, &rows, NULL, im.n_trained);
    const rr_status status = run_passes(&im, err);
    trainer->recipe = own;
    rri_model_rehash(&trainer->model);
    end_report(&im, is_judged);
    if (status == RR_OK) {
        warn(&im);
    }
    if (im.best != NULL) {
        rri_memory_release(allocator, im.best, n_bytes(&im));
    }
    return status;
}
