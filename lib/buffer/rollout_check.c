/* SPDX-License-Identifier: MIT */
#include "buffer/rollout_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/finite.h"
#include "core/status.h"
#include "core/vocabulary.h"

/* A width of the observation must fit what the buffer was made for. */
static rr_status check_most(const char *field, int32_t given, size_t most, rr_error *err)
{
    if (given < 0 || (size_t)given > most) {
        RRI_FAIL(err, RR_E_INVALID, "record: %s is %d; this handle was made for at most %zu", field,
                 given, most);
    }
    return RR_OK;
}

static rr_status check_equal(const char *field, int32_t given, size_t wanted, rr_error *err)
{
    if (given < 0 || (size_t)given != wanted) {
        RRI_FAIL(err, RR_E_INVALID, "record: %s is %d; this handle was made for %zu", field, given,
                 wanted);
    }
    return RR_OK;
}

static rr_status check_shapes(const rri_rollout *rollout, const rr_obs *obs, rr_error *err)
{
    const rri_row_form form = rri_rollout_form_in(rollout, obs);
    const rri_columns columns = rri_rollout_columns(rollout, obs);
    RRI_TRY(check_equal("state_dim", obs->state_dim, columns.n_states, err));
    if (form.has_lists) {
        RRI_TRY(check_most("n_candidates", obs->n_candidates, rollout->k, err));
    }
    if (form.has_lists && obs->features != NULL) {
        RRI_TRY(check_equal("feature_dim", obs->feature_dim, columns.n_features, err));
    }
    if (form.has_vectors) {
        RRI_TRY(check_equal("item_dim", obs->item_dim, rollout->item_dim, err));
    }
    if (form.has_vectors && !form.has_candidates && rollout->n_vectors > 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: candidates is NULL, but this handle stores vectors beside candidates of "
                 "-1 alone (max_vectors)");
    }
    if (form.has_excluded) {
        RRI_TRY(check_most("n_excluded", obs->n_excluded, rollout->m, err));
    }
    if (form.has_history) {
        RRI_TRY(check_most("n_history", obs->n_history, rollout->h, err));
    }
    if (form.has_history && rollout->for_encoder && obs->history_rewards == NULL) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: history_rewards is NULL beside history; this handle was made with "
                 "for_encoder 1, and keeps them");
    }
    if (form.has_reference && form.has_lists) {
        RRI_TRY(check_most("n_candidates, of which each has a reference_log_probs,",
                           obs->n_candidates, rollout->r, err));
    }
    if (!rri_rollout_takes(rollout, &form)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: these rows have other optional fields (candidates, vectors, features, "
                 "counts, excluded, history, reference_log_probs) than the rows before; a "
                 "rollout's rows must be alike");
    }
    return RR_OK;
}

rr_status rri_rollout_check_schema(const rri_rollout *rollout, const rr_obs *obs, const char *what,
                                   rr_error *err)
{
    if (obs->schema != rri_rollout_columns(rollout, obs).schema) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s schema is %llu; this handle's is %llu, and columns mean what it says: rows of "
                 "another schema are read by a map (rr_ledger_map_schema)",
                 what, (unsigned long long)obs->schema, (unsigned long long)rollout->schema);
    }
    return RR_OK;
}

/* *length receives how long the row's list is. */
static rr_status check_length(int32_t *length, const rr_obs *obs, size_t row, rr_error *err)
{
    *length = obs->lengths != NULL ? obs->lengths[row] : obs->n_candidates;
    if (*length < 1 || *length > obs->n_candidates) {
        RRI_FAIL(err, RR_E_INVALID, "record: lengths[%zu] is %d; it must be in [1, %d]", row,
                 *length, obs->n_candidates);
    }
    return RR_OK;
}

/* The numbers of the row's list. */
static rr_status check_list(const rr_obs *obs, size_t row, size_t length, rr_error *err)
{
    const size_t f = obs->features != NULL ? (size_t)obs->feature_dim : 0;
    const size_t d = obs->vectors != NULL ? (size_t)obs->item_dim : 0;
    const size_t n_given = (size_t)(obs->n_vectors > 0 ? obs->n_vectors : obs->n_candidates);
    size_t n_own = 0;
    for (size_t j = 0; j < length; j++) {
        const size_t at = row * (size_t)obs->n_candidates + j;
        const bool is_in_pool = obs->candidates != NULL && obs->candidates[at] >= 0;
        if (f > 0) {
            RRI_TRY(rri_finite_check_candidate("record: features", obs->features + at * f, row, j,
                                               f, err));
        }
        if (d > 0 && !is_in_pool) {
            const size_t own = row * n_given + (obs->n_vectors > 0 ? n_own : j);
            RRI_TRY(rri_finite_check_candidate("record: vectors", obs->vectors + own * d, row, j, d,
                                               err));
            n_own++;
        }
    }
    return RR_OK;
}

/* A row's candidates of -1 must have their vectors in the observation, and room here. */
static rr_status check_own(const rri_rollout *rollout, const rr_obs *obs, size_t row, size_t length,
                           rr_error *err)
{
    const size_t k = (size_t)obs->n_candidates;
    const size_t n_given = obs->n_vectors > 0 ? (size_t)obs->n_vectors : k;
    const size_t n_own = rri_count_own(obs->candidates + row * k, length);
    if (n_own > n_given) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: row %zu has %zu candidates of -1; it must be at most n_vectors, %zu", row,
                 n_own, n_given);
    }
    if (rollout->n_vectors > 0 && n_own > rollout->n_vectors) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: row %zu has %zu candidates of -1; this handle has room for %zu "
                 "(max_vectors)",
                 row, n_own, rollout->n_vectors);
    }
    return RR_OK;
}

/* A key that is read must have a place here: without it the row would be scored otherwise. */
static rr_status check_key(const rri_rollout *rollout, const char *field, uint64_t key,
                           int32_t index, size_t row, size_t place, rr_error *err)
{
    if (rollout->candidate_keys == NULL && index < 0 && key != 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: %s[%zu][%zu] is %llu; this handle stores no keys (has_keys)", field, row,
                 place, (unsigned long long)key);
    }
    return RR_OK;
}

static rr_status check_keys(const rri_rollout *rollout, const rr_obs *obs, size_t row,
                            size_t length, rr_error *err)
{
    const size_t k = (size_t)obs->n_candidates, m = (size_t)obs->n_excluded,
                 h = (size_t)obs->n_history;
    for (size_t j = 0; obs->candidate_keys != NULL && j < length; j++) {
        const size_t at = row * k + j;
        const int32_t index = obs->candidates != NULL ? obs->candidates[at] : -1;
        RRI_TRY(check_key(rollout, "candidate_keys", obs->candidate_keys[at], index, row, j, err));
    }
    for (size_t j = 0; obs->excluded_keys != NULL && j < m; j++) {
        const size_t at = row * m + j;
        RRI_TRY(check_key(rollout, "excluded_keys", obs->excluded_keys[at], obs->excluded[at], row,
                          j, err));
    }
    for (size_t j = 0; obs->history_keys != NULL && j < h; j++) {
        const size_t at = row * h + j;
        RRI_TRY(check_key(rollout, "history_keys", obs->history_keys[at], obs->history[at], row, j,
                          err));
    }
    return RR_OK;
}

/* Beside rows that have vectors, a candidate of -1 without one would be taken for one of zeros. */
static rr_status check_in_pool(const rri_rollout *rollout, const rr_obs *obs, size_t row,
                               size_t length, rr_error *err)
{
    const int32_t *list = obs->candidates + row * (size_t)obs->n_candidates;
    for (size_t j = 0; rollout->item_dim > 0 && j < length; j++) {
        if (list[j] < 0) {
            RRI_FAIL(err, RR_E_INVALID,
                     "record: row %zu: candidates[%zu] is %d; without vectors it must be a pool "
                     "index",
                     row, j, (int)list[j]);
        }
    }
    return RR_OK;
}

/* −∞ says never; a row that says so of everything says nothing. */
static rr_status check_reference(const rri_rollout *rollout, const rr_obs *obs, size_t row,
                                 int32_t length, rr_error *err)
{
    const bool has_lists = rri_rollout_form_of(obs).has_lists != 0;
    const size_t n = has_lists ? (size_t)length : rollout->r;
    const size_t width = has_lists ? (size_t)obs->n_candidates : rollout->r;
    size_t n_finite = 0;
    for (size_t j = 0; j < n; j++) {
        const float score = obs->reference_log_probs[row * width + j];
        n_finite += isfinite(score) ? 1 : 0;
        if (!isfinite(score) && score != -INFINITY) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "record: reference_log_probs[%zu][%zu] is %g; it must be finite, or -inf", row,
                     j, (double)score);
        }
    }
    if (n_finite == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: reference_log_probs[%zu] is -inf everywhere; it must be finite somewhere",
                 row);
    }
    return RR_OK;
}

rr_status rri_rollout_check_row(const rri_rollout *rollout, const rr_obs *obs,
                                const rr_decision *decision, size_t row, rr_error *err)
{
    const size_t S = (size_t)obs->state_dim;
    RRI_TRY(rri_finite_check_row("record: states", obs->states + row * S, row, S, err));
    if (rollout->for_encoder && obs->history != NULL && obs->n_history > 0) {
        const size_t h = (size_t)obs->n_history;
        RRI_TRY(rri_finite_check_row("record: history_rewards", obs->history_rewards + row * h, row,
                                     h, err));
    }
    RRI_TRY(rri_finite_check("record: log_probs", decision->log_probs[row], row, err));
    if (decision->values != NULL) {
        RRI_TRY(rri_finite_check("record: values", decision->values[row], row, err));
    }
    int32_t length = INT32_MAX; /* how long the pool is, is not known here */
    const rri_row_form form = rri_rollout_form_of(obs);
    if (form.has_lists) {
        RRI_TRY(check_length(&length, obs, row, err));
    }
    if (form.has_candidates && form.has_vectors) {
        RRI_TRY(check_own(rollout, obs, row, (size_t)length, err));
    }
    if (form.has_candidates && !form.has_vectors) {
        RRI_TRY(check_in_pool(rollout, obs, row, (size_t)length, err));
    }
    if (form.has_lists) {
        RRI_TRY(check_list(obs, row, (size_t)length, err));
    }
    if (obs->reference_log_probs != NULL && rollout->r > 0) {
        RRI_TRY(check_reference(rollout, obs, row, length, err));
    }
    RRI_TRY(check_keys(rollout, obs, row, (size_t)length, err));
    const int32_t action = decision->actions[row];
    if (action < 0 || action >= length) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: actions[%zu] is %d; it must be a position in the row's list", row,
                 action);
    }
    return RR_OK;
}

rr_status rri_rollout_check_form(const rri_rollout *rollout, const rr_obs *obs, rr_error *err)
{
    if (!rri_rollout_form_of(obs).has_lists && obs->n_candidates != 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: n_candidates is %d, but candidates and vectors are NULL; give "
                 "one, or 0 for the pool",
                 obs->n_candidates);
    }
    RRI_TRY(rri_rollout_check_schema(rollout, obs, "record: obs", err));
    return check_shapes(rollout, obs, err);
}

rr_status rri_rollout_check_record(const rri_rollout *rollout, const rr_obs *obs,
                                   const rr_decision *decision, rr_error *err)
{
    const size_t n = (size_t)obs->n;
    if (rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "record: the last record has no reward yet");
    }
    if (rollout->n_rows > 0 && n != rollout->n_sessions) {
        RRI_FAIL(err, RR_E_STATE,
                 "record: n is %d, but the records before had %zu rows; in lock step they "
                 "are equal",
                 obs->n, rollout->n_sessions);
    }
    if (n > rollout->max_rows - rollout->n_rows) {
        RRI_FAIL(err, RR_E_FULL, "record: %zu rows of at most %zu are taken; %zu more do not fit",
                 rollout->n_rows, rollout->max_rows, n);
    }
    RRI_TRY(rri_rollout_check_form(rollout, obs, err));
    for (size_t i = 0; i < n; i++) {
        RRI_TRY(rri_rollout_check_row(rollout, obs, decision, i, err));
    }
    return RR_OK;
}

static rr_status check_flag(const char *field, const uint8_t *flags, size_t row, rr_error *err)
{
    if (flags != NULL && flags[row] > 1) {
        RRI_FAIL(err, RR_E_INVALID, "reward: %s[%zu] is %u; it must be 0 or 1", field, row,
                 flags[row]);
    }
    return RR_OK;
}

bool rri_rollout_is_cut(const rr_outcome *outcome, size_t row)
{
    const bool is_terminated = outcome->terminated != NULL && outcome->terminated[row] != 0;
    return !is_terminated && outcome->truncated != NULL && outcome->truncated[row] != 0;
}

rr_status rri_rollout_check_outcome(const rr_outcome *outcome, size_t row, rr_error *err)
{
    RRI_TRY(rri_finite_check("reward: rewards", outcome->rewards[row], row, err));
    RRI_TRY(check_flag("terminated", outcome->terminated, row, err));
    return check_flag("truncated", outcome->truncated, row, err);
}

rr_status rri_rollout_check_final(const char *name, const rri_rollout *rollout, const rr_obs *final,
                                  size_t row, rr_error *err)
{
    char what[64];
    const size_t S = (size_t) final->state_dim, n = (size_t) final->n_history;
    (void)snprintf(what, sizeof what, "%s states", name);
    RRI_TRY(rri_finite_check_row(what, final->states + row * S, row, S, err));
    if (!rollout->for_encoder || n == 0) {
        return RR_OK;
    }
    (void)snprintf(what, sizeof what, "%s history_rewards", name);
    return rri_finite_check_row(what, final->history_rewards + row * n, row, n, err);
}

bool rri_rollout_fits_final(const rri_rollout *rollout, const rr_obs *final, int32_t n)
{
    return final != NULL && final->states != NULL && final->n == n && final->state_dim >= 0 &&
           (size_t) final->state_dim == rri_rollout_columns(rollout, final).n_states;
}

rr_status rri_rollout_check_final_form(const char *name, const rri_rollout *rollout,
                                       const rr_obs *final, rr_error *err)
{
    if (!rollout->for_encoder) {
        return RR_OK;
    }
    const bool has_rewards = final->n_history == 0 || final->history_rewards != NULL;
    if (final->history == NULL || !has_rewards) {
        RRI_FAIL(err, RR_E_INVALID,
                 "%s: final_obs %s is NULL; this handle was made with for_encoder 1, and keeps the "
                 "history that a session was cut off with",
                 name, final->history == NULL ? "history" : "history_rewards");
    }
    if (final->n_history < 0 || (size_t) final->n_history > rollout->h) {
        RRI_FAIL(err, RR_E_INVALID,
                 "%s: final_obs n_history is %d; this handle was made for at most %zu", name,
                 final->n_history, rollout->h);
    }
    return RR_OK;
}

rr_status rri_rollout_check_reward(const rri_rollout *rollout, const rr_outcome *outcome,
                                   rr_error *err)
{
    const size_t n = rollout->n_sessions, S = rollout->state_dim;
    if (!rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "reward: there is no record that waits for a reward");
    }
    if (outcome->n < 0 || (size_t)outcome->n != n) {
        RRI_FAIL(err, RR_E_INVALID, "reward: n is %d; the last record had %zu rows", outcome->n, n);
    }
    for (size_t i = 0; i < n; i++) {
        RRI_TRY(rri_rollout_check_outcome(outcome, i, err));
        if (!rri_rollout_is_cut(outcome, i)) {
            continue;
        }
        if (outcome->final_obs != NULL) {
            RRI_TRY(
                rri_rollout_check_schema(rollout, outcome->final_obs, "reward: final_obs", err));
        }
        if (!rri_rollout_fits_final(rollout, outcome->final_obs, outcome->n)) {
            RRI_FAIL(err, RR_E_INVALID,
                     "reward: truncated[%zu] is 1, so final_obs must hold %zu states of "
                     "width %zu",
                     i, n, S);
        }
        RRI_TRY(rri_rollout_check_final_form("reward", rollout, outcome->final_obs, err));
        RRI_TRY(rri_rollout_check_final("reward: final_obs", rollout, outcome->final_obs, i, err));
    }
    return RR_OK;
}
