/* SPDX-License-Identifier: MIT */
#include "rl/rollout_check.h"

#include <math.h>
#include <string.h>

#include "core/status.h"

/* A width of the observation must fit what the buffer was made for. */
static rr_status check_most(const char *field, int32_t given, size_t most, rr_error *err)
{
    if (given < 0 || (size_t)given > most) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: %s is %d; this buffer was made for at most %zu",
                 field, given, most);
    }
    return RR_OK;
}

static rr_status check_equal(const char *field, int32_t given, size_t wanted, rr_error *err)
{
    if (given < 0 || (size_t)given != wanted) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: %s is %d; this buffer was made for %zu", field,
                 given, wanted);
    }
    return RR_OK;
}

static rr_status check_shapes(const rri_rollout *rollout, const rr_obs *obs, rr_error *err)
{
    const rri_row_form form = rri_rollout_form_of(obs);
    RRI_TRY(check_equal("state_dim", obs->state_dim, rollout->state_dim, err));
    if (form.has_lists) {
        RRI_TRY(check_most("k", obs->k, rollout->k, err));
    }
    if (form.has_features) {
        RRI_TRY(check_equal("feature_dim", obs->feature_dim, rollout->feature_dim, err));
    }
    if (form.has_vectors) {
        RRI_TRY(check_equal("item_dim", obs->item_dim, rollout->item_dim, err));
    }
    if (form.has_excluded) {
        RRI_TRY(check_most("m", obs->m, rollout->m, err));
    }
    if (form.has_history) {
        RRI_TRY(check_most("h", obs->h, rollout->h, err));
    }
    if (rollout->n_rows > 0 && memcmp(&form, &rollout->form, sizeof form) != 0) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "buffer record: these rows have other optional fields (candidates, vectors, features, "
            "counts, excluded, history) than the rows before; a rollout's rows must be alike");
    }
    return RR_OK;
}

/* x [n_rows, width] */
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

/* [n] */
static rr_status check_finite_row(const char *what, const float *x, size_t n, rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "%s[%zu] is %g; it must be finite", what, i,
                     (double)x[i]);
        }
    }
    return RR_OK;
}

/* The floats of one candidate: [width] at `position` of the row. */
static rr_status check_finite_candidate(const char *what, const float *x, size_t row,
                                        size_t position, size_t width, rr_error *err)
{
    for (size_t i = 0; i < width; i++) {
        if (!isfinite(x[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "buffer record: %s[%zu][%zu][%zu] is %g; it must be finite", what, row,
                     position, i, (double)x[i]);
        }
    }
    return RR_OK;
}

static rr_status check_list(const rr_obs *obs, size_t row, size_t length, rr_error *err)
{
    const size_t f = obs->features != NULL ? (size_t)obs->feature_dim : 0;
    const size_t d = obs->vectors != NULL ? (size_t)obs->item_dim : 0;
    for (size_t j = 0; j < length; j++) {
        const size_t at = row * (size_t)obs->k + j;
        const bool is_in_pool = obs->candidates != NULL && obs->candidates[at] >= 0;
        if (f > 0) {
            RRI_TRY(check_finite_candidate("features", obs->features + at * f, row, j, f, err));
        }
        if (d > 0 && !is_in_pool) {
            RRI_TRY(check_finite_candidate("vectors", obs->vectors + at * d, row, j, d, err));
        }
    }
    return RR_OK;
}

static rr_status check_lists(const rr_obs *obs, rr_error *err)
{
    for (size_t i = 0; i < (size_t)obs->n; i++) {
        const int32_t length = obs->lengths != NULL ? obs->lengths[i] : obs->k;
        if (length < 1 || length > obs->k) {
            RRI_FAIL(err, RR_E_INVALID, "buffer record: lengths[%zu] is %d; it must be in [1, %d]",
                     i, length, obs->k);
        }
        RRI_TRY(check_list(obs, i, (size_t)length, err));
    }
    return RR_OK;
}

/* How long the pool is, is not known here. */
static rr_status check_actions(const rr_obs *obs, const int32_t *actions, bool has_lists,
                               rr_error *err)
{
    for (size_t i = 0; i < (size_t)obs->n; i++) {
        const int32_t length = !has_lists             ? INT32_MAX
                               : obs->lengths != NULL ? obs->lengths[i]
                                                      : obs->k;
        if (actions[i] < 0 || actions[i] >= length) {
            RRI_FAIL(err, RR_E_INVALID,
                     "buffer record: actions[%zu] is %d; it must be a position in the row's list",
                     i, actions[i]);
        }
    }
    return RR_OK;
}

rr_status rri_rollout_check_record(const rri_rollout *rollout, const rr_obs *obs,
                                   const rr_decision *decision, rr_error *err)
{
    const size_t n = (size_t)obs->n;
    const bool has_lists = rri_rollout_form_of(obs).has_lists;
    if (rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "buffer record: the last record has no reward yet");
    }
    if (rollout->n_rows > 0 && n != rollout->n_sessions) {
        RRI_FAIL(err, RR_E_STATE,
                 "buffer record: n is %d, but the records before had %zu rows; in lock step they "
                 "are equal",
                 obs->n, rollout->n_sessions);
    }
    if (n > rollout->max_rows - rollout->n_rows) {
        RRI_FAIL(err, RR_E_FULL,
                 "buffer record: %zu rows of at most %zu are taken; %zu more do not fit",
                 rollout->n_rows, rollout->max_rows, n);
    }
    if (!has_lists && obs->k != 0) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "buffer record: k is %d, but candidates and vectors are NULL; give one, or k 0 for "
            "the pool",
            obs->k);
    }
    RRI_TRY(check_shapes(rollout, obs, err));
    RRI_TRY(check_finite("buffer record: states", obs->states, n, rollout->state_dim, err));
    RRI_TRY(check_finite_row("buffer record: log_probs", decision->log_probs, n, err));
    RRI_TRY(check_finite_row("buffer record: values", decision->values, n, err));
    if (has_lists) {
        RRI_TRY(check_lists(obs, err));
    }
    return check_actions(obs, decision->actions, has_lists, err);
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

/* Row `row` is cut off, so its final state is read. */
static rr_status check_final_state(const rri_rollout *rollout, const rr_outcome *outcome,
                                   size_t row, rr_error *err)
{
    const size_t S = rollout->state_dim;
    const rr_obs *final = outcome->final_obs;
    if (final == NULL || final->states == NULL || final->n != outcome->n || final->state_dim < 0 ||
        (size_t) final->state_dim != S) {
        RRI_FAIL(err, RR_E_INVALID,
                 "buffer reward: truncated[%zu] is 1, so final_obs must hold %zu states of width "
                 "%zu",
                 row, rollout->n_sessions, S);
    }
    for (size_t j = 0; j < S; j++) {
        const float x = final->states[row * S + j];
        if (!isfinite(x)) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "buffer reward: final_obs states[%zu][%zu] is %g; it must be finite", row, j,
                     (double)x);
        }
    }
    return RR_OK;
}

rr_status rri_rollout_check_reward(const rri_rollout *rollout, const rr_outcome *outcome,
                                   rr_error *err)
{
    const size_t n = rollout->n_sessions;
    if (!rollout->awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "buffer reward: there is no record that waits for a reward");
    }
    if (outcome->n < 0 || (size_t)outcome->n != n) {
        RRI_FAIL(err, RR_E_INVALID, "buffer reward: n is %d; the last record had %zu rows",
                 outcome->n, n);
    }
    RRI_TRY(check_finite_row("buffer reward: rewards", outcome->rewards, n, err));
    RRI_TRY(check_flags("terminated", outcome->terminated, n, err));
    RRI_TRY(check_flags("truncated", outcome->truncated, n, err));
    for (size_t i = 0; outcome->truncated != NULL && i < n; i++) {
        const bool is_terminated = outcome->terminated != NULL && outcome->terminated[i] != 0;
        if (outcome->truncated[i] != 0 && !is_terminated) {
            RRI_TRY(check_final_state(rollout, outcome, i, err));
        }
    }
    return RR_OK;
}
