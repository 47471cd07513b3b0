/* SPDX-License-Identifier: MIT */
/* api_rows.c: the front door through which a log becomes rows for imitation: three walks over its
 * blobs, one for the longest, one for the widths of all rows, one that copies them. */
#include <string.h>

#include "buffer/rollout.h"
#include "core/abi.h"
#include "core/fpmode.h"
#include "core/host_log.h"
#include "core/status.h"
#include "core/u64_table.h"
#include "items/items.h"
#include "log/record_blob.h"

struct rr_rows {
    rri_allocator allocator;
    rri_rollout rollout;
    rr_obs obs;
    rr_items *pool; /* a reference; NULL: none */
    float *rewards, *returns;
    uint64_t *sessions, *decisions;                          /* [rows] */
    uint64_t *candidate_keys, *excluded_keys, *history_keys; /* by place; NULL: no row has any */
    int32_t *next;                                           /* [rows] of the session; −1: none */
    double *sums;                                            /* [rows] of rewards */
    uint8_t *is_terminated, *is_rewarded, *is_first;         /* [rows] */
    rri_u64_table by_decision, by_session; /* places in decisions; last rows in sessions */
    rr_rows_view counts;
    size_t bytes;
};

/* What is known of a log before its rows are copied, and of the row at hand. */
typedef struct reading {
    const unsigned char *data;
    size_t bytes;
    const rr_items *pool;
    void *work; /* [capacity] */
    size_t capacity;
    rr_buffer_config widths; /* max_rows: rows that can be read */
    rri_rollout probe;       /* form and number of the rows so far */
    bool has_rewards, has_ids, has_keys[3];
    int32_t n_refused;
    rr_error first; /* what was wrong with the first that was refused */
    rr_obs obs;
    rr_decision decision;
} reading;

enum { CANDIDATE, EXCLUDED, HISTORY };

static void refuse(reading *r, const rr_error *why)
{
    if (r->n_refused++ == 0) {
        r->first = *why;
    }
}

/* The next whole blob from *at on; false: there is none. What is passed over counts as refused. */
static bool next_blob(reading *r, size_t *at, rr_blob *blob)
{
    while (*at < r->bytes) {
        const size_t before = *at;
        rr_error why = {.status = RR_E_FORMAT, .text = "a damaged blob"};
        *blob = (rr_blob){.struct_size = sizeof *blob};
        const rr_status status = rr_blob_next(r->data, r->bytes, at, blob, &why);
        if (status != RR_OK || *at > before) {
            refuse(r, &why);
        }
        if (status == RR_OK) {
            return true;
        }
        *at = status == RR_E_VERSION ? *at + (size_t)blob->bytes : r->bytes;
    }
    return false;
}

/* ── a row ── */

static rr_status check_alive(const reading *r, rr_error *err)
{
    const rr_obs *obs = &r->obs;
    const int32_t chosen =
        obs->candidates == NULL && obs->vectors == NULL ? r->decision.actions[0] : -1;
    for (int32_t j = -1; r->pool != NULL && j < (obs->candidates != NULL ? obs->n_candidates : 0);
         j++) {
        const int32_t item = j < 0 ? chosen : obs->candidates[j];
        const bool is_known = item < 0 || (size_t)item < rri_items_count(r->pool);
        if (!is_known || (item >= 0 && !rri_items_is_alive(r->pool, (size_t)item))) {
            RRI_FAIL(err, RR_E_NOT_FOUND, "record: item %d is not, or no more, in the catalogue",
                     item);
        }
    }
    return RR_OK;
}

static rr_status check_like(const reading *r, rr_error *err)
{
    const rr_obs *obs = &r->obs;
    const rri_row_form form = rri_rollout_form_of(obs);
    const rr_buffer_config *w = &r->widths;
    const bool has_features = form.has_features != 0, has_vectors = form.has_vectors != 0;
    const bool is_like = r->probe.n_rows == 0 ||
                         (obs->state_dim == w->state_dim && obs->schema == w->schema &&
                          (!has_features || obs->feature_dim == w->feature_dim) &&
                          (!has_vectors || w->item_dim == 0 || obs->item_dim == w->item_dim) &&
                          rri_rollout_takes(&r->probe, &form));
    if (!is_like) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: it has another schema, other widths or other optional fields than the "
                 "rows before it; the rows of one imitation must be alike");
    }
    return RR_OK;
}

/* The decision of a blob into obs and decision, judged beside those before it. */
static rr_status read_row(reading *r, const rr_blob *blob, size_t at, rr_error *err)
{
    RRI_TRY(rri_record_decode(&r->obs, &r->decision, r->work, r->data + at, (size_t)blob->bytes,
                              r->pool, err));
    if (r->decision.actions == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "record: it is an observation without a decision");
    }
    RRI_TRY(check_alive(r, err));
    RRI_TRY(check_like(r, err));
    const rri_row_form form = rri_rollout_form_of(&r->obs);
    const uint8_t had_vectors = r->probe.n_rows > 0 ? r->probe.form.has_vectors : 0;
    r->probe.form = form;
    r->probe.form.has_vectors |= had_vectors;
    r->probe.n_rows++;
    return RR_OK;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void widen(reading *r)
{
    const rr_obs *obs = &r->obs;
    rr_buffer_config *w = &r->widths;
    w->state_dim = obs->state_dim;
    w->schema = obs->schema;
    w->feature_dim = larger(w->feature_dim, obs->features != NULL ? obs->feature_dim : 0);
    w->item_dim = larger(w->item_dim, obs->vectors != NULL ? obs->item_dim : 0);
    w->max_candidates = larger(w->max_candidates, obs->n_candidates);
    w->max_excluded = larger(w->max_excluded, obs->excluded != NULL ? obs->n_excluded : 0);
    w->max_history = larger(w->max_history, obs->history != NULL ? obs->n_history : 0);
    w->max_vectors = larger(w->max_vectors, obs->n_vectors);
    r->has_rewards = r->has_rewards && (obs->history == NULL || obs->history_rewards != NULL);
    r->has_ids = r->has_ids && obs->sessions != NULL;
    r->has_keys[CANDIDATE] |= obs->candidate_keys != NULL;
    r->has_keys[EXCLUDED] |= obs->excluded_keys != NULL;
    r->has_keys[HISTORY] |= obs->history_keys != NULL;
}

/* Walks one and two. */
static rr_status measure(reading *r, const rri_allocator *allocator, rr_error *err)
{
    rr_blob blob;
    size_t at = 0;
    for (; next_blob(r, &at, &blob); at += (size_t)blob.bytes) {
        r->capacity = rri_size_larger(r->capacity, (size_t)blob.bytes);
    }
    RRI_TRY(rri_memory_allocate_unset(&r->work, allocator, rri_size_larger(r->capacity, 8), "rows",
                                      err));
    r->n_refused = 0;
    r->has_ids = r->has_rewards = true;
    for (at = 0; next_blob(r, &at, &blob); at += (size_t)blob.bytes) {
        rr_error why = {0};
        if (blob.kind == RR_BLOB_RECORD && read_row(r, &blob, at, &why) == RR_OK) {
            widen(r);
        } else if (blob.kind == RR_BLOB_RECORD) {
            refuse(r, &why);
        }
    }
    if (r->probe.n_rows == 0 || r->probe.n_rows > INT32_MAX) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "rows: no decision of the log can be read%s%s",
                 r->n_refused > 0 ? "; the first that was refused: " : "",
                 r->n_refused > 0 ? r->first.text : "");
    }
    r->widths.max_rows = (int32_t)r->probe.n_rows;
    r->widths.for_encoder = r->has_rewards && r->widths.max_history > 0;
    r->n_refused = 0;
    r->probe.n_rows = 0;
    return RR_OK;
}

/* ── the rows ── */

static rr_rows *layout(rr_rows *rows, rri_arena *arena, const reading *r)
{
    const size_t n = (size_t)r->widths.max_rows;
    rr_rows *handle = RRI_TAKE(arena, rr_rows, 1);
    rri_rollout_layout(&rows->rollout, arena, &r->widths);
    const size_t widths[] = {rows->rollout.k, rows->rollout.m, rows->rollout.h};
    uint64_t **const keys[] = {&rows->candidate_keys, &rows->excluded_keys, &rows->history_keys};
    for (size_t i = 0; i < 3; i++) {
        *keys[i] =
            r->has_keys[i] ? RRI_TAKE(arena, uint64_t, rri_size_multiply(n, widths[i])) : NULL;
    }
    rows->rewards = RRI_TAKE(arena, float, n);
    rows->returns = RRI_TAKE(arena, float, n);
    rows->sessions = RRI_TAKE(arena, uint64_t, n);
    rows->decisions = RRI_TAKE(arena, uint64_t, n);
    rows->next = RRI_TAKE(arena, int32_t, n);
    rows->sums = RRI_TAKE(arena, double, n);
    rows->is_terminated = RRI_TAKE(arena, uint8_t, n);
    rows->is_rewarded = RRI_TAKE(arena, uint8_t, n);
    rows->is_first = RRI_TAKE(arena, uint8_t, n);
    rri_u64_table_layout(&rows->by_decision, arena, rri_u64_table_slots(n));
    rri_u64_table_layout(&rows->by_session, arena, rri_u64_table_slots(n));
    return handle;
}

/* Keys in front or, of a history, behind the padding; 0 elsewhere. */
static void put_keys(uint64_t *to, size_t width, const uint64_t *from, int32_t n, bool is_behind)
{
    if (to != NULL && from != NULL) {
        memcpy(to + (is_behind ? width - (size_t)n : 0), from, (size_t)n * sizeof *to);
    }
}

static void put_row(rr_rows *rows, const reading *r)
{
    rri_rollout *rollout = &rows->rollout;
    const rr_obs *obs = &r->obs;
    rr_decision decision = r->decision;
    float zero = 0.0f;
    const size_t to = rollout->n_rows, k = rollout->k, m = rollout->m, h = rollout->h;
    decision.log_probs = &zero; /* which imitation does not know */
    decision.values = NULL;
    rri_rollout_settle_form(rollout, obs);
    rri_rollout_put(rollout, obs, &decision, 0, 0, to);
    uint64_t *const candidates = rows->candidate_keys, *const excluded = rows->excluded_keys;
    put_keys(candidates != NULL ? candidates + to * k : NULL, k, obs->candidate_keys,
             obs->n_candidates, false);
    put_keys(excluded != NULL ? excluded + to * m : NULL, m, obs->excluded_keys, obs->n_excluded,
             false);
    put_keys(rows->history_keys != NULL ? rows->history_keys + to * h : NULL, h, obs->history_keys,
             obs->n_history, true);
    rows->next[to] = -1;
    rows->is_first[to] = 1;
    rollout->n_rows++;
    if (obs->sessions == NULL) {
        return;
    }
    rows->sessions[to] = obs->sessions[0];
    rows->decisions[to] = obs->decisions[0];
    rri_u64_table_add(&rows->by_decision, rows->decisions, (int32_t)to);
    int32_t *last = rri_u64_table_slot(&rows->by_session, rows->sessions, rows->sessions[to]);
    if (*last >= 0) {
        rows->next[*last] = (int32_t)to;
        rows->is_first[to] = 0;
    }
    *last = (int32_t)to;
}

static void end_session(rr_rows *rows, int32_t row, bool is_terminated)
{
    rows->is_terminated[row] = is_terminated;
    rri_u64_table_remove(&rows->by_session, rows->sessions, rows->sessions[row]);
}

static rr_status put_outcome(rr_rows *rows, reading *r, const rr_blob *blob, size_t at,
                             rr_error *err)
{
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    RRI_TRY(rr_outcome_decode(r->data + at, (size_t)blob->bytes, r->work, r->capacity, &outcome,
                              &final_obs, err));
    const int32_t row =
        rri_u64_table_find(&rows->by_decision, rows->decisions, outcome.decisions[0]);
    if (row < 0) {
        rows->counts.n_stray++;
        return RR_OK;
    }
    rows->sums[row] += (double)outcome.rewards[0];
    rows->is_rewarded[row] = 1;
    const bool is_over = outcome.terminated != NULL && outcome.terminated[0] != 0;
    const bool is_cut = outcome.truncated != NULL && outcome.truncated[0] != 0;
    const int32_t last = rri_u64_table_find(&rows->by_session, rows->sessions, rows->sessions[row]);
    if ((is_over || is_cut) && last == row) {
        end_session(rows, row, is_over);
    }
    return RR_OK;
}

static rr_status put_ending(rr_rows *rows, reading *r, const rr_blob *blob, size_t at,
                            rr_error *err)
{
    rr_ending ending = {.struct_size = sizeof ending};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    RRI_TRY(rr_ending_decode(r->data + at, (size_t)blob->bytes, r->work, r->capacity, &ending,
                             &final_obs, err));
    const int32_t last = rri_u64_table_find(&rows->by_session, rows->sessions, ending.sessions[0]);
    if (last < 0) {
        rows->counts.n_stray++;
    } else {
        end_session(rows, last, ending.terminated != NULL && ending.terminated[0] != 0);
    }
    return RR_OK;
}

static rr_status put_record(rr_rows *rows, reading *r, const rr_blob *blob, size_t at,
                            rr_error *err)
{
    RRI_TRY(read_row(r, blob, at, err));
    const bool is_twice =
        r->obs.decisions != NULL &&
        rri_u64_table_find(&rows->by_decision, rows->decisions, r->obs.decisions[0]) >= 0;
    rows->counts.n_duplicate += is_twice;
    if (!is_twice) {
        put_row(rows, r);
    }
    return RR_OK;
}

/* Walk three. */
static void fill(rr_rows *rows, reading *r)
{
    rr_blob blob;
    for (size_t at = 0; next_blob(r, &at, &blob); at += (size_t)blob.bytes) {
        rr_error why = {0};
        const rr_status status = blob.kind == RR_BLOB_RECORD ? put_record(rows, r, &blob, at, &why)
                                 : blob.kind == RR_BLOB_OUTCOME
                                     ? put_outcome(rows, r, &blob, at, &why)
                                     : put_ending(rows, r, &blob, at, &why);
        if (status != RR_OK) {
            refuse(r, &why);
        }
    }
    rows->counts.n_refused = r->n_refused;
}

/* G_t = r_t + γ G_{t+1}: a row that follows another lies behind it. */
static void sum_returns(rr_rows *rows, float gamma)
{
    rr_rows_view *counts = &rows->counts;
    for (size_t i = rows->rollout.n_rows; i-- > 0;) {
        const int32_t next = rows->next[i];
        rows->rewards[i] = (float)rows->sums[i];
        if (next >= 0) {
            rows->sums[i] += (double)gamma * rows->sums[next];
            rows->is_terminated[i] = rows->is_terminated[next];
        }
        rows->returns[i] = (float)rows->sums[i];
        counts->n_open += rows->is_terminated[i] == 0;
        counts->n_unrewarded += rows->is_rewarded[i] == 0;
        counts->n_sessions += rows->is_first[i];
    }
}

static rr_obs view_of(const rr_rows *rows, const reading *r)
{
    const rri_rollout *all = &rows->rollout;
    const rri_row_form *form = &all->form;
    const bool has_own = form->has_candidates && form->has_vectors;
    return (rr_obs){
        .struct_size = sizeof(rr_obs),
        .n = (int32_t)all->n_rows,
        .n_candidates = form->has_lists ? (int32_t)all->k : 0,
        .n_excluded = form->has_excluded ? (int32_t)all->m : 0,
        .n_history = form->has_history ? (int32_t)all->h : 0,
        .state_dim = (int32_t)all->state_dim,
        .item_dim = form->has_vectors ? (int32_t)all->item_dim : 0,
        .feature_dim = form->has_features ? (int32_t)all->feature_dim : 0,
        .states = all->states,
        .lengths = form->has_lists ? all->lengths : NULL,
        .candidates = form->has_candidates ? all->candidates : NULL,
        .features = form->has_features ? all->features : NULL,
        .vectors = form->has_vectors ? all->vectors : NULL,
        .n_vectors = has_own ? (int32_t)all->n_vectors : 0,
        .counts = form->has_counts ? all->counts : NULL,
        .excluded = form->has_excluded ? all->excluded : NULL,
        .history = form->has_history ? all->history : NULL,
        .history_rewards = form->has_history ? all->history_rewards : NULL,
        .candidate_keys = rows->candidate_keys,
        .excluded_keys = form->has_excluded ? rows->excluded_keys : NULL,
        .history_keys = form->has_history ? rows->history_keys : NULL,
        .sessions = r->has_ids ? rows->sessions : NULL,
        .decisions = r->has_ids ? rows->decisions : NULL,
        .pool = rows->pool,
        .schema = all->schema,
    };
}

static rr_status create(rr_rows **out, reading *r, rr_items *pool, float gamma, const rr_host *host,
                        const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(measure(r, allocator, err));
    rr_rows rows = {.allocator = *allocator};
    rri_arena arena = {0};
    layout(&rows, &arena, r);
    rows.bytes = arena.used;
    RRI_TRY(rri_arena_create(&arena, rows.bytes, allocator, "rows", err));
    rr_rows *handle = layout(&rows, &arena, r);
    rri_u64_table_clear(&rows.by_decision);
    rri_u64_table_clear(&rows.by_session);
    fill(&rows, r);
    sum_returns(&rows, gamma);
    if (pool != NULL) {
        rri_items_retain(pool);
    }
    rows.pool = pool;
    rows.obs = view_of(&rows, r);
    *handle = rows;
    *out = handle;
    if (r->n_refused > 0) {
        const rri_host_log log = rri_host_log_of(host);
        rri_host_log_say(&log, RR_LOG_WARNING, "rows: %d blobs were refused; the first: %s",
                         r->n_refused, r->first.text);
    }
    return RR_OK;
}

rr_status rr_rows_read(rr_rows **out, const void *data, size_t bytes, rr_items *pool, float gamma,
                       const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_rows_read", "out", err));
    RRI_TRY(rri_require(data, "rr_rows_read", "data", err));
    if (!(gamma >= 0.0f && gamma <= 1.0f)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_rows_read: gamma is %g; it must be in [0, 1]",
                 (double)gamma);
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    reading r = {
        .data = data, .bytes = bytes, .pool = pool, .widths = {.struct_size = sizeof r.widths}};
    const rr_status status = create(out, &r, pool, gamma, host, &allocator, err);
    if (r.work != NULL) {
        rri_memory_release(&allocator, r.work, rri_size_larger(r.capacity, 8));
    }
    return status;
}

rr_status rr_rows_get(const rr_rows *rows, rr_rows_view *view, rr_error *err)
{
    RRI_TRY(rri_require(rows, "rr_rows_get", "rows", err));
    RRI_TRY(rri_abi_check(view, sizeof *view, "rr_rows_view", err));
    rr_rows_view full = rows->counts;
    full.n = (int32_t)rows->rollout.n_rows;
    full.obs = &rows->obs;
    full.actions = rows->rollout.actions;
    full.rewards = rows->rewards;
    full.returns = rows->returns;
    rri_abi_write(view, &full, sizeof full);
    return RR_OK;
}

void rr_rows_destroy(rr_rows *rows)
{
    if (rows != NULL) {
        const rri_allocator allocator = rows->allocator;
        rri_items_release(rows->pool);
        rri_memory_release(&allocator, rows, rows->bytes);
    }
}
