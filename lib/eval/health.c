/* SPDX-License-Identifier: MIT */
#include "eval/health.h"

#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/log.h"
#include "core/status.h"
#include "eval/catalogue_use.h"
#include "eval/illness.h"
#include "eval/input_watch.h"
#include "math/scalar.h"

/* N items, S + F coordinates. */
struct rr_health {
    rri_allocator allocator;
    size_t block_bytes;
    rr_health_config config;
    rri_health_shape shape;
    rri_host_log log;

    /* The window under way. */
    int64_t n_rows, n_rewards, n_updates;
    double entropy, explained_variance, clip_fraction, grad_norm; /* sums over updates */
    double approx_kl, value_loss, return_squares;                 /* the same */
    double even_entropy;                                          /* sum over rows */
    int64_t n_explained;                /* updates whose explained_variance was a number */
    int64_t n_due, n_trained;           /* rows of ledgers in this window */
    double reward_mean, reward_squares; /* running mean, and squares about it */
    size_t n_states;
    int64_t *shown;  /* [N that there may be] */
    int64_t *sorted; /* the same, or RRI_HEALTH_KEYS if that is more; scratch */
    int64_t *own;    /* [RRI_HEALTH_KEYS] showings of items in no catalogue */
    uint64_t *keys;  /* [RRI_HEALTH_KEYS] the last key of each class */
    float *states;   /* [RRI_HEALTH_STATES, S] */
    float *work;     /* [n_work] the caller's */

    rri_input_watch inputs;
    uint64_t n_turns; /* rows that had features: whose candidate is watched next */
    float *waiting;   /* [RRI_HEALTH_PAIRS, S + F] rows without a reward yet */
    size_t n_waiting; /* 0 where they were too many */
    bool waits_with_features;

    bool has_before;        /* a window was there before */
    rri_illness_list found; /* in the last judgement */
};

static size_t most_items(const rri_health_shape *shape)
{
    return shape->most_items > shape->n_items ? shape->most_items : shape->n_items;
}

static size_t n_coordinates(const rr_health *health)
{
    return health->shape.state_dim + health->shape.feature_dim;
}

static void layout(rr_health *health, rri_arena *arena)
{
    const size_t n = n_coordinates(health);
    health->shown = RRI_TAKE(arena, int64_t, most_items(&health->shape));
    health->sorted =
        RRI_TAKE(arena, int64_t, rri_size_larger(most_items(&health->shape), RRI_HEALTH_KEYS));
    health->own = RRI_TAKE(arena, int64_t, RRI_HEALTH_KEYS);
    health->keys = RRI_TAKE(arena, uint64_t, RRI_HEALTH_KEYS);
    health->states =
        RRI_TAKE(arena, float, rri_size_multiply(RRI_HEALTH_STATES, health->shape.state_dim));
    health->work = RRI_TAKE(arena, float, health->shape.n_work);
    health->waiting = RRI_TAKE(arena, float, rri_size_multiply(RRI_HEALTH_PAIRS, n));
    rri_input_watch_layout(&health->inputs, arena, health->shape.state_dim,
                           health->shape.feature_dim, (size_t)health->config.window);
}

static rr_status measure_block(rr_health *sized, rr_error *err)
{
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_health, 1);
    layout(sized, &counting);
    if (counting.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "health: %zu items do not fit into memory",
                 most_items(&sized->shape));
    }
    sized->block_bytes = counting.used;
    return RR_OK;
}

rr_status rri_health_memory(size_t *bytes, const rri_health_shape *shape, rr_error *err)
{
    rr_health sized = {.shape = *shape, .config.window = 1}; /* which decides no size */
    RRI_TRY(measure_block(&sized, err));
    *bytes = sized.block_bytes;
    return RR_OK;
}

rr_status rri_health_create(rr_health **out, const rr_health_config *config,
                            const rri_health_shape *shape, const rri_allocator *allocator,
                            const rri_host_log *log, rr_error *err)
{
    rr_health sized = {.allocator = *allocator, .config = *config, .shape = *shape, .log = *log};
    RRI_TRY(measure_block(&sized, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, sized.block_bytes, allocator, "the health watch", err));
    rr_health *health = RRI_TAKE(&arena, rr_health, 1);
    *health = sized;
    layout(health, &arena);
    *out = health;
    return RR_OK;
}

void rri_health_destroy(rr_health *health)
{
    if (health != NULL) {
        const rri_allocator allocator = health->allocator;
        rri_memory_release(&allocator, health, health->block_bytes);
    }
}

const rri_health_shape *rri_health_shape_of(const rr_health *health)
{
    return &health->shape;
}

rr_status rri_health_shape_check(const rri_health_shape *shape, const rri_health_shape *watched,
                                 rr_error *err)
{
    const bool has_grown = shape->line == watched->line && shape->n_items > watched->n_items &&
                           shape->n_items <= most_items(watched);
    if (shape->state_dim != watched->state_dim || shape->n_work != watched->n_work ||
        (shape->n_items != watched->n_items && !has_grown)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "health: the agent has %zu items and states of width %zu; the watch was made for "
                 "%zu, which may grow to %zu, and %zu",
                 shape->n_items, shape->state_dim, watched->n_items, most_items(watched),
                 watched->state_dim);
    }
    return RR_OK;
}

void rri_health_grow(rr_health *health, size_t n_items)
{
    if (n_items > health->shape.n_items) {
        health->shape.n_items = n_items;
    }
}

static const float *features_at(const rr_health *health, const rri_health_rows *rows, size_t row,
                                size_t position)
{
    return rows->features + (row * rows->k + position) * health->shape.feature_dim;
}

/* The candidate of a row that is watched: all take turns. */
static size_t turn_of(const rr_health *health, const rri_health_rows *rows, size_t row)
{
    const size_t length = rows->lengths != NULL ? (size_t)rows->lengths[row] : rows->k;
    return (size_t)((health->n_turns + row) % length);
}

static rr_status check_features(const rr_health *health, const rri_health_rows *rows, size_t row,
                                size_t position, rr_error *err)
{
    return rri_finite_check_candidate("health: features", features_at(health, rows, row, position),
                                      row, position, health->shape.feature_dim, err);
}

static rr_status check_rows(const rr_health *health, const rri_health_rows *rows, rr_error *err)
{
    for (size_t i = 0; i < rows->n; i++) {
        const int32_t item = rows->items != NULL ? rows->items[i] : -1;
        const size_t most = most_items(&health->shape);
        if (item < -1 || (health->shape.n_items > 0 && item >= (int64_t)most)) {
            RRI_FAIL(err, RR_E_INVALID, "health: items[%zu] is %d; it must be in [-1, %zu)", i,
                     (int)item, most);
        }
        if (rows->features != NULL &&
            (rows->actions[i] < 0 || (size_t)rows->actions[i] >= rows->k)) {
            RRI_FAIL(err, RR_E_INVALID, "health: actions[%zu] is %d; it must be in [0, %zu)", i,
                     (int)rows->actions[i], rows->k);
        }
        RRI_TRY(rri_finite_check_row("health: states", rows->states + i * health->shape.state_dim,
                                     i, health->shape.state_dim, err));
        if (rows->features != NULL) {
            RRI_TRY(check_features(health, rows, i, (size_t)rows->actions[i], err));
            RRI_TRY(check_features(health, rows, i, turn_of(health, rows, i), err));
        }
    }
    return RR_OK;
}

/* Welford's running mean and squares about it: sums of squares would lose what they are for. */
static void add_values(double *means, double *spread, const float *values, size_t n, int64_t count)
{
    for (size_t j = 0; j < n; j++) {
        const double away = (double)values[j] - means[j];
        means[j] += away / (double)count;
        spread[j] += away * ((double)values[j] - means[j]);
    }
}

/* Keeps the rows until their rewards come, with the features of what was chosen. */
static void await_rewards(rr_health *health, const rri_health_rows *rows)
{
    const size_t S = health->shape.state_dim, F = health->shape.feature_dim;
    health->n_waiting = rows->n <= RRI_HEALTH_PAIRS ? rows->n : 0;
    health->waits_with_features = rows->features != NULL;
    for (size_t i = 0; i < health->n_waiting; i++) {
        float *row = health->waiting + i * (S + F);
        memcpy(row, rows->states + i * S, S * sizeof *row);
        if (rows->features != NULL) {
            memcpy(row + S, features_at(health, rows, i, (size_t)rows->actions[i]),
                   F * sizeof *row);
        }
    }
}

/* A showing of an item that is in no catalogue. */
static void count_own(rr_health *health, uint64_t key)
{
    const size_t at = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 54);
    health->own[at]++;
    health->keys[at] = key;
}

/* Sessions of strangers begin with one state for all: kept twice, it would tell nothing more. */
static void keep_state(rr_health *health, const float *state)
{
    const size_t S = health->shape.state_dim, n = health->n_states;
    const bool is_another =
        n == 0 || memcmp(health->states + (n - 1) * S, state, S * sizeof(float)) != 0;
    if (n < RRI_HEALTH_STATES && is_another) {
        memcpy(health->states + n * S, state, S * sizeof(float));
        health->n_states++;
    }
}

rr_status rri_health_record(rr_health *health, const rri_health_rows *rows, rr_error *err)
{
    RRI_TRY(check_rows(health, rows, err));
    await_rewards(health, rows);
    const size_t S = health->shape.state_dim;
    health->even_entropy += (double)rows->n * rows->even_entropy;
    for (size_t i = 0; i < rows->n; i++) {
        const float *state = rows->states + i * S;
        health->n_rows++;
        rri_input_watch_row(
            &health->inputs, state,
            rows->features != NULL ? features_at(health, rows, i, turn_of(health, rows, i)) : NULL);
        if (rows->items != NULL && rows->items[i] >= 0 && health->shape.n_items > 0) {
            rri_health_grow(health, (size_t)rows->items[i] + 1);
            health->shown[rows->items[i]]++;
        }
        if (rows->items != NULL && rows->items[i] < 0 && rows->keys != NULL && rows->keys[i] != 0) {
            count_own(health, rows->keys[i]);
        }
        keep_state(health, state);
    }
    health->n_turns += rows->features != NULL ? rows->n : 0;
    return RR_OK;
}

rr_status rri_health_reward(rr_health *health, const float *rewards, int32_t n, bool is_of_rows,
                            rr_error *err)
{
    if (n < 1 || rewards == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "health: outcome has %s", n < 1 ? "no rows" : "no rewards");
    }
    for (int32_t i = 0; i < n; i++) {
        RRI_TRY(rri_finite_check("health: rewards", rewards[i], (size_t)i, err));
    }
    for (int32_t i = 0; i < n; i++) {
        health->n_rewards++;
        add_values(&health->reward_mean, &health->reward_squares, rewards + i, 1,
                   health->n_rewards);
    }
    const size_t S = health->shape.state_dim, width = n_coordinates(health);
    for (size_t i = 0; is_of_rows && health->n_waiting == (size_t)n && i < (size_t)n; i++) {
        const float *row = health->waiting + i * width;
        rri_input_watch_reward(&health->inputs, row, health->waits_with_features ? row + S : NULL,
                               rewards[i]);
    }
    health->n_waiting = 0; /* what comes later is of other rows, or a second reward */
    return RR_OK;
}

bool rri_health_is_due(const rr_health *health)
{
    return health->n_rows >= health->config.window;
}

size_t rri_health_states(const rr_health *health, const float **states)
{
    *states = health->states;
    return health->n_states;
}

float *rri_health_work(rr_health *health)
{
    return health->work;
}

static double deviation(double squares, int64_t n)
{
    return n > 1 ? sqrt(squares / (double)(n - 1)) : 0.0;
}

/* Showings of one kind of items: how many, and the place of the one shown most. */
typedef struct showings {
    int64_t n, most;
    size_t top, n_shown;
} showings;

static showings sum_up(const int64_t *counts, size_t n)
{
    showings sum = {0};
    for (size_t i = 0; i < n; i++) {
        sum.n += counts[i];
        sum.n_shown += counts[i] > 0;
        if (counts[i] > sum.most) {
            sum.most = counts[i];
            sum.top = i;
        }
    }
    return sum;
}

/* Entropy of what was shown, of which the share x is in no catalogue: that of each kind by its
 * share, and that of the shares. */
static double joint_entropy(double of_catalogue, double of_own, double x)
{
    const double apart = -x * rri_log_f64(x) - (x < 1.0 ? (1.0 - x) * rri_log_f64(1.0 - x) : 0.0);
    return (x < 1.0 ? (1.0 - x) * of_catalogue : 0.0) + x * of_own + apart;
}

static void measure_shown(rr_health *health, rr_health_report *out)
{
    const showings shown = sum_up(health->shown, health->shape.n_items);
    const showings own = sum_up(health->own, RRI_HEALTH_KEYS);
    const double n = (double)shown.n + (double)own.n;
    out->top_item = -1;
    if (n == 0.0) {
        out->effective_items = out->top_share = out->coverage = out->gini = NAN;
        out->effective_share = out->own_share = NAN;
        return;
    }
    const rri_catalogue_use use =
        rri_catalogue_use_compute(health->shown, health->shape.n_items, health->sorted);
    double entropy = use.entropy;
    if (own.n > 0) {
        const rri_catalogue_use of_own =
            rri_catalogue_use_compute(health->own, RRI_HEALTH_KEYS, health->sorted);
        entropy = joint_entropy(use.entropy, of_own.entropy, (double)own.n / n);
    }
    if (own.most > shown.most) {
        out->top_key = health->keys[own.top];
    } else {
        out->top_item = (int32_t)shown.top;
    }
    out->effective_items = rri_exp((float)entropy);
    const double n_most = fmin((double)(health->shape.n_items + own.n_shown), n);
    out->effective_share = (float)((double)out->effective_items / n_most);
    out->top_share = (float)((double)(own.most > shown.most ? own.most : shown.most) / n);
    out->own_share = (float)((double)own.n / n);
    out->own_items = (int32_t)own.n_shown;
    out->coverage = (float)use.coverage;
    out->gini = (float)use.gini;
}

static void measure(rr_health *health, double dead_units, rri_input_change *change,
                    rr_health_report *out)
{
    const double n = (double)health->n_updates;
    out->n_rows = health->n_rows;
    out->entropy = (float)(health->entropy / n);
    out->explained_variance =
        health->n_explained > 0 ? (float)(health->explained_variance / (double)health->n_explained)
                                : NAN;
    out->clip_fraction = (float)(health->clip_fraction / n);
    out->approx_kl = (float)(health->approx_kl / n);
    out->grad_ratio = (float)(health->grad_norm / n / health->shape.max_grad_norm);
    out->entropy_share =
        (float)(health->entropy / n / (health->even_entropy / (double)health->n_rows));
    out->value_score = (float)(1.0 - 2.0 * health->value_loss / health->return_squares);
    out->reward_deviation =
        health->n_rewards > 1 ? (float)deviation(health->reward_squares, health->n_rewards) : NAN;
    out->dead_units = (float)dead_units;
    out->trained_share =
        health->n_due > 0 ? (float)((double)health->n_trained / (double)health->n_due) : NAN;
    measure_shown(health, out);
    rri_input_watch_judge(change, &health->inputs, (double)health->config.max_drift);
    const int32_t at = change->kind != RRI_INPUT_SAME ? change->at : change->jump_at;
    out->drift = (float)change->jump;
    out->drift_at = at > 0 ? at : 0;
}

static void begin_window(rr_health *health)
{
    memset(health->shown, 0, health->shape.n_items * sizeof(int64_t));
    memset(health->own, 0, RRI_HEALTH_KEYS * sizeof(int64_t));
    health->has_before = true;
    health->n_rows = health->n_updates = health->n_explained = 0;
    health->n_due = health->n_trained = 0;
    health->entropy = health->explained_variance = health->clip_fraction = health->grad_norm = 0.0;
    health->value_loss = health->return_squares = health->even_entropy = health->approx_kl = 0.0;
    health->n_rewards = 0;
    health->reward_mean = health->reward_squares = 0.0;
    health->n_states = 0;
}

static void tell(const rr_health *health, uint32_t began)
{
    for (size_t i = 0; i < RRI_N_ILLNESSES; i++) {
        if ((began >> i & 1u) != 0) {
            rri_host_log_say(&health->log, RR_LOG_WARNING, "%s", health->found.sentences[i]);
        }
    }
}

void rri_health_update(rr_health *health, const rr_stats *stats, double dead_units,
                       rr_health_report *out)
{
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    out->n_updates = stats->n_updates;
    health->n_updates++;
    health->entropy += (double)stats->entropy;
    health->clip_fraction += (double)stats->clip_fraction;
    health->approx_kl += (double)stats->approx_kl;
    health->grad_norm += (double)stats->grad_norm;
    health->value_loss += (double)stats->value_loss;
    health->return_squares += (double)stats->return_deviation * (double)stats->return_deviation;
    if (isfinite(stats->explained_variance)) {
        health->explained_variance += (double)stats->explained_variance;
        health->n_explained++;
    }
    health->n_due += stats->n_due - stats->n_left;
    health->n_trained += stats->n_due > 0 ? stats->n_rows : 0;
    if (!rri_health_is_due(health)) {
        out->ill = health->found.ill;
        return;
    }
    rri_input_change change;
    measure(health, dead_units, &change, out);
    if (health->has_before) {
        out->is_judged = 1;
        const uint32_t known = health->found.ill;
        rri_illness_judge(&health->found, out, &health->config, health->shape.state_dim, &change);
        out->ill = health->found.ill;
        out->began = out->ill & ~known;
        tell(health, out->began);
    }
    begin_window(health);
}

const char *rri_health_sentence(const rr_health *health, uint32_t illness)
{
    for (size_t i = 0; i < RRI_N_ILLNESSES; i++) {
        if ((UINT32_C(1) << i) == illness && (health->found.ill & illness) != 0) {
            return health->found.sentences[i];
        }
    }
    return "";
}
