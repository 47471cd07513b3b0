/* SPDX-License-Identifier: MIT */
#include "rl/rollout.h"

#include <math.h>
#include <string.h>

#include "core/status.h"

void rri_rollout_layout(rri_rollout *rollout, rri_arena *arena, const rr_buffer_config *config)
{
    const size_t rows = (size_t)config->max_rows;
    rollout->max_rows = rows;
    rollout->state_dim = (size_t)config->state_dim;
    rollout->item_dim = (size_t)config->item_dim;
    rollout->feature_dim = (size_t)config->feature_dim;
    rollout->k = (size_t)config->max_candidates;
    rollout->m = (size_t)config->max_excluded;
    rollout->h = (size_t)config->max_history;

    const size_t row_states = rri_size_multiply(rows, rollout->state_dim);
    const size_t row_lists = rri_size_multiply(rows, rollout->k);
    rollout->states = RRI_TAKE(arena, float, row_states);
    rollout->final_states = RRI_TAKE(arena, float, row_states);
    rollout->lengths = RRI_TAKE(arena, int32_t, rows);
    rollout->candidates = RRI_TAKE(arena, int32_t, row_lists);
    rollout->features = RRI_TAKE(arena, float, rri_size_multiply(row_lists, rollout->feature_dim));
    rollout->vectors = RRI_TAKE(arena, float, rri_size_multiply(row_lists, rollout->item_dim));
    rollout->counts = RRI_TAKE(arena, int32_t, row_lists);
    rollout->excluded = RRI_TAKE(arena, int32_t, rri_size_multiply(rows, rollout->m));
    rollout->history = RRI_TAKE(arena, int32_t, rri_size_multiply(rows, rollout->h));
    rollout->actions = RRI_TAKE(arena, int32_t, rows);
    rollout->log_probs = RRI_TAKE(arena, float, rows);
    rollout->values = RRI_TAKE(arena, float, rows);
    rollout->rewards = RRI_TAKE(arena, float, rows);
    rollout->terminated = RRI_TAKE(arena, uint8_t, rows);
    rollout->truncated = RRI_TAKE(arena, uint8_t, rows);
    rollout->fingerprints = RRI_TAKE(arena, uint64_t, rows);
}

static rri_row_form form_of(const rr_obs *obs)
{
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    return (rri_row_form){
        .has_lists = has_lists,
        .has_candidates = obs->candidates != NULL,
        .has_vectors = obs->vectors != NULL,
        .has_features = has_lists && obs->features != NULL,
        .has_counts = has_lists && obs->counts != NULL,
        .has_excluded = obs->excluded != NULL && obs->m > 0,
        .has_history = obs->history != NULL && obs->h > 0,
    };
}

/* A width of the observation must fit what the buffer was made for. */
static rr_status check_width(const char *field, int32_t given, size_t most, rr_error *err)
{
    if (given < 0 || (size_t)given > most) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: %s is %d; this buffer was made for at most %zu",
                 field, given, most);
    }
    return RR_OK;
}

static rr_status check_form(const rri_rollout *rollout, const rr_obs *obs, rr_error *err)
{
    const rri_row_form form = form_of(obs);
    if (form.has_lists) {
        RRI_TRY(check_width("k", obs->k, rollout->k, err));
    }
    if (form.has_features && (size_t)obs->feature_dim != rollout->feature_dim) {
        RRI_FAIL(err, RR_E_INVALID,
                 "buffer record: feature_dim is %d; this buffer was made for %zu", obs->feature_dim,
                 rollout->feature_dim);
    }
    if (form.has_vectors && (size_t)obs->item_dim != rollout->item_dim) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: item_dim is %d; this buffer was made for %zu",
                 obs->item_dim, rollout->item_dim);
    }
    if (form.has_excluded) {
        RRI_TRY(check_width("m", obs->m, rollout->m, err));
    }
    if (form.has_history) {
        RRI_TRY(check_width("h", obs->h, rollout->h, err));
    }
    if (rollout->n_rows > 0 && memcmp(&form, &rollout->form, sizeof form) != 0) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "buffer record: these rows have other optional fields (candidates, vectors, features, "
            "counts, excluded, history) than the rows before; a rollout's rows must be alike");
    }
    return RR_OK;
}

static rr_status check_finite(const char *what, const float *x, size_t n_rows, size_t width,
                              rr_error *err)
{
    for (size_t i = 0; i < n_rows * width; i++) {
        if (!isfinite(x[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "%s[%zu][%zu] is %g; it must be finite", what, i / width,
                     i % width, (double)x[i]);
        }
    }
    return RR_OK;
}

static rr_status check_lists(const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    const size_t n = (size_t)obs->n, k = (size_t)obs->k;
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    for (size_t i = 0; i < n; i++) {
        const int32_t length = !has_lists             ? INT32_MAX
                               : obs->lengths != NULL ? obs->lengths[i]
                                                      : obs->k;
        if (has_lists && (length < 1 || length > obs->k)) {
            RRI_FAIL(err, RR_E_INVALID, "buffer record: lengths[%zu] is %d; it must be in [1, %d]",
                     i, length, obs->k);
        }
        if (decision->actions[i] < 0 || decision->actions[i] >= length) {
            RRI_FAIL(err, RR_E_INVALID,
                     "buffer record: actions[%zu] is %d; it must be a position in the row's list",
                     i, decision->actions[i]);
        }
    }
    if (has_lists && obs->features != NULL) {
        RRI_TRY(check_finite("buffer record: features", obs->features, n,
                             k * (size_t)obs->feature_dim, err));
    }
    if (obs->vectors != NULL) {
        RRI_TRY(check_finite("buffer record: vectors", obs->vectors, n, k * (size_t)obs->item_dim,
                             err));
    }
    return RR_OK;
}

static rr_status check_record(const rri_rollout *rollout, const rr_obs *obs,
                              const rr_decision *decision, rr_error *err)
{
    const size_t n = (size_t)obs->n;
    if (rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "buffer record: the last record has no reward yet");
    }
    if (rollout->n_rows > 0 && n != rollout->n_sessions) {
        RRI_FAIL(err, RR_E_STATE,
                 "buffer record: n is %d, but the records before had %zu rows; in lock step they "
                 "are equal",
                 obs->n, rollout->n_sessions);
    }
    if (rollout->n_rows + n > rollout->max_rows) {
        RRI_FAIL(err, RR_E_FULL,
                 "buffer record: %zu rows of at most %zu are taken; %zu more do not fit",
                 rollout->n_rows, rollout->max_rows, n);
    }
    if ((size_t)obs->state_dim != rollout->state_dim) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: state_dim is %d; this buffer was made for %zu",
                 obs->state_dim, rollout->state_dim);
    }
    RRI_TRY(check_form(rollout, obs, err));
    RRI_TRY(check_finite("buffer record: states", obs->states, n, rollout->state_dim, err));
    RRI_TRY(check_finite("buffer record: log_probs", decision->log_probs, n, 1, err));
    RRI_TRY(check_finite("buffer record: values", decision->values, n, 1, err));
    return check_lists(obs, decision, err);
}

/* Rows of `width` elements into rows of `stride`, the rest filled with `padding`. */
static void copy_rows_i32(int32_t *out, size_t stride, const int32_t *in, size_t width, size_t n,
                          int32_t padding, bool pads_in_front)
{
    for (size_t i = 0; i < n; i++) {
        const size_t at = pads_in_front ? stride - width : 0;
        for (size_t j = 0; j < stride; j++) {
            out[i * stride + j] = padding;
        }
        memcpy(out + i * stride + at, in + i * width, width * sizeof *in);
    }
}

static void copy_rows_f32(float *out, size_t stride, const float *in, size_t width, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * stride, in + i * width, width * sizeof *in);
        memset(out + i * stride + width, 0, (stride - width) * sizeof *out);
    }
}

static void copy_lists(rri_rollout *rollout, const rr_obs *obs, size_t at)
{
    const size_t n = (size_t)obs->n, k = (size_t)obs->k, K = rollout->k;
    const rri_row_form *form = &rollout->form;
    for (size_t i = 0; i < n; i++) {
        rollout->lengths[at + i] = !form->has_lists       ? 0
                                   : obs->lengths != NULL ? obs->lengths[i]
                                                          : obs->k;
    }
    if (form->has_candidates) {
        copy_rows_i32(rollout->candidates + at * K, K, obs->candidates, k, n, -1, false);
    }
    if (form->has_counts) {
        copy_rows_i32(rollout->counts + at * K, K, obs->counts, k, n, 0, false);
    }
    if (form->has_features) {
        const size_t f = rollout->feature_dim;
        copy_rows_f32(rollout->features + at * K * f, K * f, obs->features, k * f, n);
    }
    if (form->has_vectors) {
        const size_t d = rollout->item_dim;
        copy_rows_f32(rollout->vectors + at * K * d, K * d, obs->vectors, k * d, n);
    }
    if (form->has_excluded) {
        copy_rows_i32(rollout->excluded + at * rollout->m, rollout->m, obs->excluded,
                      (size_t)obs->m, n, -1, false);
    }
    if (form->has_history) {
        copy_rows_i32(rollout->history + at * rollout->h, rollout->h, obs->history, (size_t)obs->h,
                      n, -1, true);
    }
}

rr_status rri_rollout_record(rri_rollout *rollout, const rr_obs *obs, const rr_decision *decision,
                             uint64_t fingerprint, rr_error *err)
{
    RRI_TRY(check_record(rollout, obs, decision, err));
    const size_t n = (size_t)obs->n, at = rollout->n_rows;
    if (rollout->n_rows == 0) {
        rollout->n_sessions = n;
        rollout->form = form_of(obs);
    }
    copy_lists(rollout, obs, at);
    memcpy(rollout->states + at * rollout->state_dim, obs->states,
           n * rollout->state_dim * sizeof(float));
    memcpy(rollout->actions + at, decision->actions, n * sizeof(int32_t));
    memcpy(rollout->log_probs + at, decision->log_probs, n * sizeof(float));
    memcpy(rollout->values + at, decision->values, n * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        rollout->fingerprints[at + i] = fingerprint;
    }
    rollout->n_rows += n;
    rollout->awaits_reward = 1;
    return RR_OK;
}

static rr_status check_flags(const char *field, const uint8_t *flags, size_t n, rr_error *err)
{
    for (size_t i = 0; flags != NULL && i < n; i++) {
        if (flags[i] > 1) {
            RRI_FAIL(err, RR_E_INVALID, "buffer reward: %s[%zu] is %u; it must be 0 or 1", field, i,
                     flags[i]);
        }
    }
    return RR_OK;
}

static rr_status check_reward(const rri_rollout *rollout, const rr_outcome *outcome, rr_error *err)
{
    const size_t n = rollout->n_sessions, S = rollout->state_dim;
    if (!rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "buffer reward: there is no record that waits for a reward");
    }
    if (outcome->n < 0 || (size_t)outcome->n != n) {
        RRI_FAIL(err, RR_E_INVALID, "buffer reward: n is %d; the last record had %zu rows",
                 outcome->n, n);
    }
    RRI_TRY(check_finite("buffer reward: rewards", outcome->rewards, n, 1, err));
    RRI_TRY(check_flags("terminated", outcome->terminated, n, err));
    RRI_TRY(check_flags("truncated", outcome->truncated, n, err));
    for (size_t i = 0; outcome->truncated != NULL && i < n; i++) {
        const bool is_terminated = outcome->terminated != NULL && outcome->terminated[i] != 0;
        if (outcome->truncated[i] == 0 || is_terminated) {
            continue;
        }
        const rr_obs *final = outcome->final_obs;
        if (final == NULL || final->states == NULL || final->n != outcome->n ||
            (size_t) final->state_dim != S) {
            RRI_FAIL(err, RR_E_INVALID,
                     "buffer reward: truncated[%zu] is 1, so final_obs must hold %zu states of "
                     "width %zu",
                     i, n, S);
        }
        for (size_t j = 0; j < S; j++) {
            if (!isfinite(final->states[i * S + j])) {
                RRI_FAIL(err, RR_E_NOT_FINITE,
                         "buffer reward: final_obs->states[%zu][%zu] is %g; it must be finite", i,
                         j, (double) final->states[i * S + j]);
            }
        }
    }
    return RR_OK;
}

rr_status rri_rollout_reward(rri_rollout *rollout, const rr_outcome *outcome, rr_error *err)
{
    RRI_TRY(check_reward(rollout, outcome, err));
    const size_t n = rollout->n_sessions, at = rollout->n_rows - n, S = rollout->state_dim;
    for (size_t i = 0; i < n; i++) {
        const bool is_terminated = outcome->terminated != NULL && outcome->terminated[i] != 0;
        const bool is_truncated =
            !is_terminated && outcome->truncated != NULL && outcome->truncated[i] != 0;
        float *final_state = rollout->final_states + (at + i) * S;
        rollout->rewards[at + i] = outcome->rewards[i];
        rollout->terminated[at + i] = is_terminated;
        rollout->truncated[at + i] = is_truncated;
        if (is_truncated) {
            memcpy(final_state, outcome->final_obs->states + i * S, S * sizeof(float));
        } else {
            memset(final_state, 0, S * sizeof(float));
        }
    }
    rollout->awaits_reward = 0;
    return RR_OK;
}

bool rri_rollout_is_full(const rri_rollout *rollout)
{
    return rollout->n_rows > 0 && rollout->n_rows + rollout->n_sessions > rollout->max_rows;
}

void rri_rollout_clear(rri_rollout *rollout)
{
    rollout->n_rows = 0;
    rollout->n_sessions = 0;
    rollout->awaits_reward = 0;
    rollout->form = (rri_row_form){0};
}

void rri_rollout_order(int32_t *order, uint8_t *is_segment_end, const rri_rollout *rollout)
{
    const size_t n = rollout->n_sessions;
    size_t at = 0;
    for (size_t first = 0; first < rollout->n_rows; first++) {
        const bool begins =
            first < n || rollout->terminated[first - n] != 0 || rollout->truncated[first - n] != 0;
        for (size_t row = first; begins && row < rollout->n_rows; row += n) {
            const bool is_over = rollout->terminated[row] != 0 || rollout->truncated[row] != 0;
            order[at] = (int32_t)row;
            is_segment_end[at] = is_over || row + n >= rollout->n_rows;
            at++;
            if (is_over) {
                break;
            }
        }
    }
}

void rri_rollout_parts(rri_rollout_part parts[RRI_ROLLOUT_PARTS], const rri_rollout *r)
{
    const size_t k = r->k;
    const rri_rollout_part all[RRI_ROLLOUT_PARTS] = {
        {"states", r->states, r->state_dim * sizeof(float)},
        {"final_states", r->final_states, r->state_dim * sizeof(float)},
        {"lengths", r->lengths, sizeof(int32_t)},
        {"candidates", r->candidates, k * sizeof(int32_t)},
        {"features", r->features, k * r->feature_dim * sizeof(float)},
        {"vectors", r->vectors, k * r->item_dim * sizeof(float)},
        {"counts", r->counts, k * sizeof(int32_t)},
        {"excluded", r->excluded, r->m * sizeof(int32_t)},
        {"history", r->history, r->h * sizeof(int32_t)},
        {"actions", r->actions, sizeof(int32_t)},
        {"log_probs", r->log_probs, sizeof(float)},
        {"values", r->values, sizeof(float)},
        {"rewards", r->rewards, sizeof(float)},
        {"terminated", r->terminated, sizeof(uint8_t)},
        {"truncated", r->truncated, sizeof(uint8_t)},
        {"fingerprints", r->fingerprints, sizeof(uint64_t)},
    };
    memcpy(parts, all, sizeof all);
}
