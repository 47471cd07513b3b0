/* SPDX-License-Identifier: MIT */
#include "eval/health.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "eval/catalogue_use.h"

enum { N_ILLNESSES = 13, SENTENCE_BYTES = 320 };

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
    double value_loss, return_squares;                            /* the same */
    double even_entropy;                                          /* sum over rows */
    int64_t n_explained;                /* updates whose explained_variance was a number */
    double reward_mean, reward_squares; /* running mean, and squares about it */
    size_t n_states;
    int64_t *shown;         /* [N] */
    int64_t *sorted;        /* [N] scratch */
    float *states;          /* [RRI_HEALTH_STATES, S] */
    float *work;            /* [n_work] the caller's */
    double *means, *spread; /* [S + F] running mean, and squares about it */
    int64_t n_features;     /* rows that had features */

    /* The window before. */
    bool has_before;
    double *means_before, *deviations_before; /* [S + F] */
    uint32_t ill;
    char sentences[N_ILLNESSES][SENTENCE_BYTES];
};

static size_t n_coordinates(const rr_health *health)
{
    return health->shape.state_dim + health->shape.feature_dim;
}

static void layout(rr_health *health, rri_arena *arena)
{
    const size_t n = n_coordinates(health);
    health->shown = RRI_TAKE(arena, int64_t, health->shape.n_items);
    health->sorted = RRI_TAKE(arena, int64_t, health->shape.n_items);
    health->states =
        RRI_TAKE(arena, float, rri_size_multiply(RRI_HEALTH_STATES, health->shape.state_dim));
    health->work = RRI_TAKE(arena, float, health->shape.n_work);
    health->means = RRI_TAKE(arena, double, n);
    health->spread = RRI_TAKE(arena, double, n);
    health->means_before = RRI_TAKE(arena, double, n);
    health->deviations_before = RRI_TAKE(arena, double, n);
}

rr_status rri_health_create(rr_health **out, const rr_health_config *config,
                            const rri_health_shape *shape, const rri_allocator *allocator,
                            const rri_host_log *log, rr_error *err)
{
    rr_health sized = {.allocator = *allocator, .config = *config, .shape = *shape, .log = *log};
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_health, 1);
    layout(&sized, &counting);
    if (counting.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "health: %zu items do not fit into memory", shape->n_items);
    }
    void *block = NULL;
    RRI_TRY(rri_memory_allocate(&block, allocator, counting.used, "the health watch", err));
    rri_arena arena = {.base = block};
    rr_health *health = RRI_TAKE(&arena, rr_health, 1);
    *health = sized;
    health->block_bytes = counting.used;
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

static rr_status check_finite(const char *name, const float *row, size_t n, size_t i, rr_error *err)
{
    for (size_t j = 0; j < n; j++) {
        if (!isfinite(row[j])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "health: %s of row %zu has %g at %zu; it must be finite",
                     name, i, (double)row[j], j);
        }
    }
    return RR_OK;
}

static const float *features_of(const rr_health *health, const rri_health_rows *rows, size_t row)
{
    const size_t at = row * rows->k + (size_t)rows->actions[row];
    return rows->features + at * health->shape.feature_dim;
}

static rr_status check_rows(const rr_health *health, const rri_health_rows *rows, rr_error *err)
{
    for (size_t i = 0; i < rows->n; i++) {
        const int32_t item = rows->items != NULL ? rows->items[i] : -1;
        if (item < -1 || (health->shape.n_items > 0 && item >= (int64_t)health->shape.n_items)) {
            RRI_FAIL(err, RR_E_INVALID, "health: items[%zu] is %d; it must be in [-1, %zu)", i,
                     (int)item, health->shape.n_items);
        }
        if (rows->features != NULL &&
            (rows->actions[i] < 0 || (size_t)rows->actions[i] >= rows->k)) {
            RRI_FAIL(err, RR_E_INVALID, "health: actions[%zu] is %d; it must be in [0, %zu)", i,
                     (int)rows->actions[i], rows->k);
        }
        RRI_TRY(check_finite("states", rows->states + i * health->shape.state_dim,
                             health->shape.state_dim, i, err));
        if (rows->features != NULL) {
            RRI_TRY(check_finite("features", features_of(health, rows, i),
                                 health->shape.feature_dim, i, err));
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

rr_status rri_health_record(rr_health *health, const rri_health_rows *rows, rr_error *err)
{
    RRI_TRY(check_rows(health, rows, err));
    const size_t S = health->shape.state_dim;
    health->even_entropy += (double)rows->n * rows->even_entropy;
    for (size_t i = 0; i < rows->n; i++) {
        const float *state = rows->states + i * S;
        health->n_rows++;
        add_values(health->means, health->spread, state, S, health->n_rows);
        if (rows->features != NULL) {
            health->n_features++;
            add_values(health->means + S, health->spread + S, features_of(health, rows, i),
                       health->shape.feature_dim, health->n_features);
        }
        if (rows->items != NULL && rows->items[i] >= 0 && health->shape.n_items > 0) {
            health->shown[rows->items[i]]++;
        }
        if (health->n_states < RRI_HEALTH_STATES) {
            memcpy(health->states + health->n_states * S, state, S * sizeof(float));
            health->n_states++;
        }
    }
    return RR_OK;
}

rr_status rri_health_reward(rr_health *health, const float *rewards, size_t n, rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        RRI_TRY(check_finite("rewards", rewards + i, 1, i, err));
    }
    for (size_t i = 0; i < n; i++) {
        health->n_rewards++;
        add_values(&health->reward_mean, &health->reward_squares, rewards + i, 1,
                   health->n_rewards);
    }
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

static int64_t rows_of(const rr_health *health, size_t coordinate)
{
    return coordinate < health->shape.state_dim ? health->n_rows : health->n_features;
}

/* The coordinate that moved most. One that stood still before has moved if it moves at all. */
static void measure_drift(const rr_health *health, rr_health_report *out)
{
    double most = 0.0;
    for (size_t j = 0; health->has_before && j < n_coordinates(health); j++) {
        const double away = fabs(health->means[j] - health->means_before[j]);
        const double unit =
            fmax(health->deviations_before[j], 1e-6 * (1.0 + fabs(health->means_before[j])));
        if (rows_of(health, j) > 1 && away / unit > most) {
            most = away / unit;
            out->drift_at = (int32_t)j;
        }
    }
    out->drift = (float)most;
}

static void measure_shown(rr_health *health, rr_health_report *out)
{
    int64_t n = 0;
    int64_t most = 0;
    for (size_t i = 0; i < health->shape.n_items; i++) {
        n += health->shown[i];
        if (health->shown[i] > most) {
            most = health->shown[i];
            out->top_item = (int32_t)i;
        }
    }
    if (n == 0) {
        out->effective_items = out->top_share = out->coverage = out->gini = NAN;
        out->top_item = -1;
        return;
    }
    const rri_catalogue_use use =
        rri_catalogue_use_compute(health->shown, health->shape.n_items, health->sorted);
    out->effective_items = (float)exp(use.entropy);
    out->top_share = (float)((double)most / (double)n);
    out->coverage = (float)use.coverage;
    out->gini = (float)use.gini;
}

static void measure(rr_health *health, double dead_units, rr_health_report *out)
{
    const double n = (double)health->n_updates;
    out->n_rows = health->n_rows;
    out->entropy = (float)(health->entropy / n);
    out->explained_variance =
        health->n_explained > 0 ? (float)(health->explained_variance / (double)health->n_explained)
                                : NAN;
    out->clip_fraction = (float)(health->clip_fraction / n);
    out->grad_ratio = (float)(health->grad_norm / n / health->shape.max_grad_norm);
    out->entropy_share =
        (float)(health->entropy / n / (health->even_entropy / (double)health->n_rows));
    out->value_score = (float)(1.0 - 2.0 * health->value_loss / health->return_squares);
    out->reward_deviation =
        health->n_rewards > 1 ? (float)deviation(health->reward_squares, health->n_rewards) : NAN;
    out->dead_units = (float)dead_units;
    measure_shown(health, out);
    measure_drift(health, out);
}

/* Notes an illness and its sentence. */
__attribute__((format(printf, 5, 6))) static void note(rr_health *health, rr_health_report *out,
                                                       bool is_ill, uint32_t illness,
                                                       const char *format, ...)
{
    if (!is_ill) {
        return;
    }
    size_t i = 0;
    while (i + 1 < N_ILLNESSES && (UINT32_C(1) << i) != illness) {
        i++;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(health->sentences[i], SENTENCE_BYTES, format, arguments);
    va_end(arguments);
    out->ill |= illness;
}

static void judge_shown(rr_health *health, rr_health_report *out)
{
    const rr_health_config *c = &health->config;
    note(health, out, out->entropy < c->min_entropy, RR_ILL_ENTROPY,
         "collapse: the policy's entropy is %.3g nats, below %.3g: it plays one item whatever the "
         "user; raise ent_coef or lower lr",
         (double)out->entropy, (double)c->min_entropy);
    note(health, out, out->entropy_share > c->max_entropy_share, RR_ILL_UNIFORM,
         "nothing learned: the policy's entropy is %.1f %% of that of an even choice, above %.1f "
         "%%; "
         "lower ent_coef, or look at lr",
         100.0 * (double)out->entropy_share, 100.0 * (double)c->max_entropy_share);
    note(health, out, out->effective_items < c->min_effective_items, RR_ILL_EFFECTIVE_ITEMS,
         "collapse: as if %.3g items were shown evenly, below %.3g; raise ent_coef or lower lr",
         (double)out->effective_items, (double)c->min_effective_items);
    note(health, out, out->top_share > c->max_top_share, RR_ILL_TOP_SHARE,
         "collapse: item %d has %.1f %% of all showings, above %.1f %%", (int)out->top_item,
         100.0 * (double)out->top_share, 100.0 * (double)c->max_top_share);
    note(health, out, out->coverage < c->min_coverage, RR_ILL_COVERAGE,
         "narrow: %.2f %% of the catalogue was shown, below %.2f %%", 100.0 * (double)out->coverage,
         100.0 * (double)c->min_coverage);
    note(health, out, out->gini > c->max_gini, RR_ILL_GINI,
         "narrow: the Gini index of what was shown is %.4f, above %.4f", (double)out->gini,
         (double)c->max_gini);
}

static void judge_learning(rr_health *health, rr_health_report *out)
{
    const rr_health_config *c = &health->config;
    note(
        health, out, out->explained_variance < c->min_explained_variance, RR_ILL_EXPLAINED_VARIANCE,
        "critic: it explains %.3g of the variance of returns, below %.3g: it misleads; lower lr or "
        "vf_coef",
        (double)out->explained_variance, (double)c->min_explained_variance);
    note(health, out, out->value_score < c->min_value_score, RR_ILL_VALUE_SCORE,
         "critic: its squared error is %.3g times the variance of returns, above %.3g: it does not "
         "learn; look at vf_coef, lr and the scale of rewards",
         1.0 - (double)out->value_score, 1.0 - (double)c->min_value_score);
    note(health, out, out->clip_fraction > c->max_clip_fraction, RR_ILL_CLIP_FRACTION,
         "steps: %.1f %% of the ratios left the trust region, above %.1f %%; lower lr or "
         "update_epochs",
         100.0 * (double)out->clip_fraction, 100.0 * (double)c->max_clip_fraction);
    note(health, out, out->grad_ratio > c->max_grad_ratio, RR_ILL_GRAD_RATIO,
         "scale: gradients are %.3g times max_grad_norm, above %.3g: rewards are too large for the "
         "critic; divide them, or normalise returns",
         (double)out->grad_ratio, (double)c->max_grad_ratio);
    note(health, out, out->dead_units > c->max_dead_units, RR_ILL_DEAD_UNITS,
         "dead units: %.1f %% of the hidden units give the same whatever the state, above %.1f %%",
         100.0 * (double)out->dead_units, 100.0 * (double)c->max_dead_units);
    note(health, out, out->reward_deviation < c->min_reward_deviation, RR_ILL_REWARD,
         "reward: it has a standard deviation of %.3g, below %.3g: there is nothing to learn from",
         (double)out->reward_deviation, (double)c->min_reward_deviation);
    const bool is_feature = out->drift_at >= (int32_t)health->shape.state_dim;
    note(health, out, out->drift > c->max_drift, RR_ILL_DRIFT,
         "input: the mean of %s %d moved from %.4g to %.4g, %.3g standard deviations, above %.3g: "
         "is "
         "it still the same quantity?",
         is_feature ? "feature" : "state coordinate",
         is_feature ? (int)(out->drift_at - (int32_t)health->shape.state_dim) : (int)out->drift_at,
         health->means_before[out->drift_at], health->means[out->drift_at], (double)out->drift,
         (double)c->max_drift);
}

static void begin_window(rr_health *health)
{
    const size_t n = n_coordinates(health);
    for (size_t j = 0; j < n; j++) {
        health->means_before[j] = health->means[j];
        health->deviations_before[j] = deviation(health->spread[j], rows_of(health, j));
        health->means[j] = 0.0;
        health->spread[j] = 0.0;
    }
    memset(health->shown, 0, health->shape.n_items * sizeof(int64_t));
    health->has_before = true;
    health->n_rows = health->n_updates = health->n_explained = health->n_features = 0;
    health->entropy = health->explained_variance = health->clip_fraction = health->grad_norm = 0.0;
    health->value_loss = health->return_squares = health->even_entropy = 0.0;
    health->n_rewards = 0;
    health->reward_mean = health->reward_squares = 0.0;
    health->n_states = 0;
}

static void tell(const rr_health *health, uint32_t began)
{
    for (size_t i = 0; i < N_ILLNESSES; i++) {
        if ((began >> i & 1u) != 0) {
            rri_host_log_say(&health->log, RR_LOG_WARNING, "%s", health->sentences[i]);
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
    health->grad_norm += (double)stats->grad_norm;
    health->value_loss += (double)stats->value_loss;
    health->return_squares += (double)stats->return_deviation * (double)stats->return_deviation;
    if (isfinite(stats->explained_variance)) {
        health->explained_variance += (double)stats->explained_variance;
        health->n_explained++;
    }
    if (!rri_health_is_due(health)) {
        out->ill = health->ill;
        return;
    }
    measure(health, dead_units, out);
    if (health->has_before) {
        out->is_judged = 1;
        judge_shown(health, out);
        judge_learning(health, out);
        out->began = out->ill & ~health->ill;
        health->ill = out->ill;
        tell(health, out->began);
    }
    begin_window(health);
}

const char *rri_health_sentence(const rr_health *health, uint32_t illness)
{
    for (size_t i = 0; i < N_ILLNESSES; i++) {
        if ((UINT32_C(1) << i) == illness && (health->ill & illness) != 0) {
            return health->sentences[i];
        }
    }
    return "";
}
