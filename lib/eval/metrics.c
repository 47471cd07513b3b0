/* SPDX-License-Identifier: MIT */
/* metrics.c: keeps what the counted sessions were shown, and sums it up when asked. */
#include "eval/metrics.h"

#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/status.h"
#include "eval/catalogue_use.h"
#include "eval/session_list.h"
#include "eval/spread.h"

/* E rows, S counted sessions of at most T steps, N items of width d. */
struct rr_metrics {
    rri_allocator allocator;
    size_t block_bytes;
    rr_items *items; /* a reference */
    size_t n_envs, max_sessions, max_steps, n_items, dim;

    uint64_t next_session;
    uint64_t *sessions; /* [E] number of the session in each row */
    size_t n_ended;     /* counted sessions that have ended */
    int32_t *shown;     /* [S, T] */
    float *rewards;     /* [S, T] of what was shown */
    int32_t *lengths;   /* [S] */
    double *returns;    /* [S] */
    uint8_t *has_ended; /* [S] */

    int64_t *counts;       /* [N] scratch of a summary, as all below */
    int64_t *sorted;       /* [min(N, S · T)] */
    int32_t *seen_in;      /* [N] */
    double *direction;     /* [d] */
    double *part_returns;  /* [S] rewards in a part of each session that was asked for */
    int32_t *part_lengths; /* [S] and its steps */
};

static void layout(rr_metrics *metrics, rri_arena *arena)
{
    const size_t n_sessions = metrics->max_sessions;
    const size_t n_shown = rri_size_multiply(n_sessions, metrics->max_steps);
    metrics->sessions = RRI_TAKE(arena, uint64_t, metrics->n_envs);
    metrics->shown = RRI_TAKE(arena, int32_t, n_shown);
    metrics->rewards = RRI_TAKE(arena, float, n_shown);
    metrics->lengths = RRI_TAKE(arena, int32_t, n_sessions);
    metrics->returns = RRI_TAKE(arena, double, n_sessions);
    metrics->has_ended = RRI_TAKE(arena, uint8_t, n_sessions);
    metrics->counts = RRI_TAKE(arena, int64_t, metrics->n_items);
    metrics->sorted =
        RRI_TAKE(arena, int64_t, n_shown < metrics->n_items ? n_shown : metrics->n_items);
    metrics->seen_in = RRI_TAKE(arena, int32_t, metrics->n_items);
    metrics->direction = RRI_TAKE(arena, double, metrics->dim);
    metrics->part_returns = RRI_TAKE(arena, double, n_sessions);
    metrics->part_lengths = RRI_TAKE(arena, int32_t, n_sessions);
}

/* One whose sizes are set, of no memory yet. */
static rr_metrics describe(rr_items *items, size_t n_envs, size_t max_sessions, size_t max_steps)
{
    return (rr_metrics){.items = items,
                        .n_envs = n_envs,
                        .max_sessions = max_sessions,
                        .max_steps = max_steps,
                        .n_items = rri_items_count(items),
                        .dim = rri_items_dim(items),
                        .next_session = n_envs};
}

static rr_status measure(rr_metrics *sized, rr_error *err)
{
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_metrics, 1);
    layout(sized, &counting);
    if (counting.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY,
                 "metrics: %zu sessions of up to %zu steps do not fit into memory",
                 sized->max_sessions, sized->max_steps);
    }
    sized->block_bytes = counting.used;
    return RR_OK;
}

rr_status rri_metrics_memory(size_t *bytes, const rr_items *items, size_t n_envs,
                             size_t max_sessions, size_t max_steps, rr_error *err)
{
    rr_metrics sized = describe((rr_items *)items, n_envs, max_sessions, max_steps);
    RRI_TRY(measure(&sized, err));
    *bytes = sized.block_bytes;
    return RR_OK;
}

rr_status rri_metrics_create(rr_metrics **out, rr_items *items, size_t n_envs, size_t max_sessions,
                             size_t max_steps, const rri_allocator *allocator, rr_error *err)
{
    rr_metrics sized = describe(items, n_envs, max_sessions, max_steps);
    sized.allocator = *allocator;
    RRI_TRY(measure(&sized, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, sized.block_bytes, allocator, "the metrics", err));
    rr_metrics *metrics = RRI_TAKE(&arena, rr_metrics, 1);
    *metrics = sized;
    layout(metrics, &arena);
    for (size_t row = 0; row < n_envs; row++) {
        metrics->sessions[row] = row;
    }
    rri_items_retain(items);
    *out = metrics;
    return RR_OK;
}

void rri_metrics_destroy(rr_metrics *metrics)
{
    if (metrics != NULL) {
        const rri_allocator allocator = metrics->allocator;
        rri_items_release(metrics->items);
        rri_memory_release(&allocator, metrics, metrics->block_bytes);
    }
}

static bool is_counted(const rr_metrics *metrics, size_t row)
{
    return metrics->sessions[row] < metrics->max_sessions;
}

static rr_status check_step(const rr_metrics *metrics, const int32_t *items,
                            const rr_outcome *outcome, rr_error *err)
{
    if (outcome->n < 0 || (size_t)outcome->n != metrics->n_envs) {
        RRI_FAIL(err, RR_E_INVALID, "metrics: outcome has %d rows; it must have %zu, as at create",
                 outcome->n, metrics->n_envs);
    }
    for (size_t row = 0; row < metrics->n_envs; row++) {
        if (items[row] < 0 || (size_t)items[row] >= metrics->n_items) {
            RRI_FAIL(err, RR_E_INVALID, "metrics: items[%zu] is %d; it must be in [0, %zu)", row,
                     items[row], metrics->n_items);
        }
        RRI_TRY(rri_finite_check("metrics: rewards", outcome->rewards[row], row, err));
        if (is_counted(metrics, row) &&
            (size_t)metrics->lengths[metrics->sessions[row]] >= metrics->max_steps) {
            RRI_FAIL(err, RR_E_INVALID,
                     "metrics: the session in row %zu has more than %zu steps, the "
                     "max_episode_steps of create",
                     row, metrics->max_steps);
        }
    }
    return RR_OK;
}

rr_status rri_metrics_add(rr_metrics *metrics, const int32_t *items, const rr_outcome *outcome,
                          rr_error *err)
{
    RRI_TRY(check_step(metrics, items, outcome, err));
    for (size_t row = 0; row < metrics->n_envs; row++) {
        const bool has_ended = (outcome->terminated != NULL && outcome->terminated[row] != 0) ||
                               (outcome->truncated != NULL && outcome->truncated[row] != 0);
        if (is_counted(metrics, row)) {
            const size_t s = (size_t)metrics->sessions[row];
            const size_t at = s * metrics->max_steps + (size_t)metrics->lengths[s];
            metrics->shown[at] = items[row];
            metrics->rewards[at] = outcome->rewards[row];
            metrics->lengths[s]++;
            metrics->returns[s] += (double)outcome->rewards[row];
            metrics->has_ended[s] = has_ended ? 1 : 0;
            metrics->n_ended += has_ended ? 1 : 0;
        }
        if (has_ended) {
            metrics->sessions[row] = metrics->next_session++;
        }
    }
    return RR_OK;
}

bool rri_metrics_is_complete(const rr_metrics *metrics)
{
    return metrics->n_ended == metrics->max_sessions;
}

size_t rri_metrics_capacity(const rr_metrics *metrics)
{
    return metrics->max_sessions;
}

size_t rri_metrics_count(const rr_metrics *metrics)
{
    return metrics->n_ended;
}

static bool is_taken(const rr_metrics *metrics, const uint8_t *is_included, size_t session)
{
    return metrics->has_ended[session] != 0 && (is_included == NULL || is_included[session] != 0);
}

enum { WHOLE, FIRST_THIRD, LAST_THIRD };

/* Reward a step in one part of the sessions taken, as a ratio of sums. */
static void summarize_part(const rr_metrics *metrics, const uint8_t *is_included, int part,
                           double *mean, double *interval)
{
    size_t n = 0;
    double total = 0.0, n_steps = 0.0;
    for (size_t s = 0; s < metrics->max_sessions; s++) {
        const int32_t length = metrics->lengths[s];
        const int32_t n_part = part == WHOLE ? length : length / 3;
        if (!is_taken(metrics, is_included, s) || n_part == 0) {
            continue;
        }
        const float *rewards =
            metrics->rewards + s * metrics->max_steps + (part == LAST_THIRD ? length - n_part : 0);
        double sum = 0.0;
        for (int32_t i = 0; i < n_part; i++) {
            sum += (double)rewards[i];
        }
        metrics->part_returns[n] = sum;
        metrics->part_lengths[n++] = n_part;
        total += sum;
        n_steps += (double)n_part;
    }
    *mean = n > 0 ? total / n_steps : (double)NAN;
    *interval = rri_spread_ratio_interval(metrics->part_returns, metrics->part_lengths, n);
}

/* Fills the parts of a summary that are means over sessions, and the counts of showings. */
static void summarize_sessions(const rr_metrics *metrics, const float *popularity,
                               const uint8_t *is_included, rr_metrics_summary *out)
{
    rri_spread returns = {0}, lengths = {0}, repeats = {0}, distances = {0}, novelties = {0};
    bool has_unknown = false; /* an item was shown whose popularity is 0 */
    memset(metrics->counts, 0, metrics->n_items * sizeof(int64_t));
    memset(metrics->seen_in, 0xff, metrics->n_items * sizeof(int32_t)); /* no session */
    for (size_t s = 0; s < metrics->max_sessions; s++) {
        if (!is_taken(metrics, is_included, s)) {
            continue;
        }
        const int32_t *list = metrics->shown + s * metrics->max_steps;
        const size_t length = (size_t)metrics->lengths[s];
        for (size_t i = 0; i < length; i++) {
            metrics->counts[list[i]]++;
        }
        rri_spread_add(&returns, metrics->returns[s]);
        rri_spread_add(&lengths, (double)length);
        rri_spread_add(
            &repeats, (double)rri_session_list_repeats(list, length, metrics->seen_in, (int32_t)s));
        if (length > 1) {
            rri_spread_add(&distances, rri_session_list_distance(list, length,
                                                                 rri_items_vectors(metrics->items),
                                                                 metrics->dim, metrics->direction));
        }
        if (popularity != NULL) {
            const double novelty = rri_session_list_novelty(list, length, popularity);
            rri_spread_add(&novelties, novelty);
            has_unknown = has_unknown || isinf(novelty);
        }
    }
    out->n_sessions = (int32_t)returns.n;
    out->return_per_session = rri_spread_mean(&returns);
    out->return_per_session_interval = rri_spread_interval(&returns);
    out->session_length = rri_spread_mean(&lengths);
    out->session_length_interval = rri_spread_interval(&lengths);
    out->repeats_per_session = rri_spread_mean(&repeats);
    out->repeats_per_session_interval = rri_spread_interval(&repeats);
    out->intra_list_distance = rri_spread_mean(&distances);
    out->intra_list_distance_interval = rri_spread_interval(&distances);
    out->novelty = has_unknown ? (double)INFINITY : rri_spread_mean(&novelties);
    out->novelty_interval = has_unknown ? (double)NAN : rri_spread_interval(&novelties);
}

static rr_status check_popularity(const float *popularity, size_t n_items, rr_error *err)
{
    double sum = 0.0;
    for (size_t i = 0; i < n_items; i++) {
        if (!(popularity[i] >= 0.0f && popularity[i] <= 1.0f)) {
            RRI_FAIL(err, RR_E_INVALID, "metrics: popularity[%zu] is %g; it must be in [0, 1]", i,
                     (double)popularity[i]);
        }
        sum += (double)popularity[i];
    }
    if (!(fabs(sum - 1.0) <= 1e-3)) {
        RRI_FAIL(err, RR_E_INVALID, "metrics: popularity adds up to %g; it must be 1", sum);
    }
    return RR_OK;
}

rr_status rri_metrics_summarize(const rr_metrics *metrics, const float *popularity,
                                const uint8_t *is_included, rr_metrics_summary *out, rr_error *err)
{
    if (popularity != NULL) {
        RRI_TRY(check_popularity(popularity, metrics->n_items, err));
    }
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    summarize_sessions(metrics, popularity, is_included, out);
    summarize_part(metrics, is_included, WHOLE, &out->reward_per_step,
                   &out->reward_per_step_interval);
    summarize_part(metrics, is_included, FIRST_THIRD, &out->first_third_reward,
                   &out->first_third_reward_interval);
    summarize_part(metrics, is_included, LAST_THIRD, &out->last_third_reward,
                   &out->last_third_reward_interval);
    const rri_catalogue_use use =
        rri_catalogue_use_compute(metrics->counts, metrics->n_items, metrics->sorted);
    out->coverage = use.coverage;
    out->gini = use.gini;
    out->entropy = use.entropy;
    return RR_OK;
}

rr_status rri_metrics_returns(const rr_metrics *metrics, float *returns, rr_error *err)
{
    for (size_t s = 0; s < metrics->max_sessions; s++) {
        if (metrics->has_ended[s] != 0 && !isfinite((float)metrics->returns[s])) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "metrics: the return of session %zu is %g, which is beyond a float", s,
                     metrics->returns[s]);
        }
    }
    size_t n = 0;
    for (size_t s = 0; s < metrics->max_sessions; s++) {
        if (metrics->has_ended[s] != 0) {
            returns[n++] = (float)metrics->returns[s];
        }
    }
    return RR_OK;
}
