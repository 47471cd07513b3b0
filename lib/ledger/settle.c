/* SPDX-License-Identifier: MIT */
#include "ledger/settle.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "buffer/rollout_check.h"
#include "core/status.h"

/* Whether a row can earn no more. */
static bool is_final(const rri_ledger *ledger, size_t row)
{
    if (ledger->reward_wait == 0) {
        return ledger->ends[ledger->session_of[row]] != RRI_END_NONE;
    }
    return rri_ledger_has_passed(ledger->times[row], ledger->reward_wait, ledger->clock);
}

bool rri_settle_is_ready(const rri_ledger *ledger, size_t session)
{
    return ledger->ends[session] != RRI_END_NONE &&
           (ledger->reward_wait == 0 || rri_ledger_has_passed(rri_ledger_latest(ledger, session),
                                                              ledger->reward_wait, ledger->clock));
}

size_t rri_settle_places(const rri_ledger *ledger, size_t session)
{
    return (size_t)ledger->lengths[session] - (ledger->ends[session] == RRI_END_CUT ? 1 : 0);
}

/* Row i of `final` is read where the end is RRI_END_TRUNCATED. */
static void end_session(rri_ledger *ledger, rri_rollout *rollout, int32_t session, uint8_t end,
                        const rr_obs *final, size_t i)
{
    const size_t row = (size_t)ledger->last[session];
    ledger->ends[session] = end;
    rollout->terminated[row] = end == RRI_END_TERMINATED;
    rollout->truncated[row] = end == RRI_END_TRUNCATED;
    if (end == RRI_END_TRUNCATED) {
        rri_rollout_put_final(rollout, final, i, row);
    }
    rri_u64_table_remove(&ledger->open, ledger->keys, ledger->keys[session]);
}

/* ── rewards ── */

/* How the row's session ends by this outcome; RRI_END_NONE: it goes on, or is over already. */
static uint8_t end_of(const rri_ledger *ledger, const rr_outcome *outcome, size_t i, int32_t row)
{
    const bool is_terminated = outcome->terminated != NULL && outcome->terminated[i] != 0;
    const bool is_cut = rri_rollout_is_cut(outcome, i);
    if (row < 0 || (!is_terminated && !is_cut) ||
        ledger->ends[ledger->session_of[row]] != RRI_END_NONE) {
        return RRI_END_NONE;
    }
    return is_terminated                ? RRI_END_TERMINATED
           : outcome->final_obs != NULL ? RRI_END_TRUNCATED
                                        : RRI_END_CUT;
}

static rr_status check_outcome(const rri_ledger *ledger, const rri_rollout *rollout,
                               const rr_outcome *outcome, size_t i, rr_error *err)
{
    RRI_TRY(rri_rollout_check_outcome(outcome, i, err));
    if (outcome->final_obs != NULL && rri_rollout_is_cut(outcome, i)) {
        RRI_TRY(rri_rollout_check_final("reward: final_obs", rollout, outcome->final_obs, i, err));
    }
    const int32_t row = rri_u64_table_find(&ledger->ids, ledger->decisions, outcome->decisions[i]);
    if (row >= 0 && outcome->times != NULL && ledger->reward_wait > 0) {
        char what[48];
        snprintf(what, sizeof what, "reward: times[%zu]", i);
        RRI_TRY(rri_ledger_check_time(ledger, what, outcome->times[i], err));
    }
    const uint8_t end = end_of(ledger, outcome, i, row);
    if (end != RRI_END_NONE && ledger->last[ledger->session_of[row]] != row) {
        RRI_FAIL(err, RR_E_STATE,
                 "reward: %s[%zu] is 1, but decision %llu is not the last row of its session",
                 end == RRI_END_TERMINATED ? "terminated" : "truncated", i,
                 (unsigned long long)outcome->decisions[i]);
    }
    return RR_OK;
}

static bool is_late(const rri_ledger *ledger, const rr_outcome *outcome, size_t i, size_t row)
{
    if (is_final(ledger, row)) {
        return true;
    }
    /* What the clock would say, so that what is learned does not hang on when settle was called. */
    return outcome->times != NULL && ledger->reward_wait > 0 &&
           rri_ledger_has_passed(ledger->times[row], ledger->reward_wait, outcome->times[i]);
}

/* a + b is sum + rest [Knuth 1969], whichever is larger. */
static void add_exactly(double *sum, double *rest, double a, double b)
{
    const double s = a + b, b_in_s = s - a;
    *rest = (a - (s - b_in_s)) + (b - b_in_s);
    *sum = s;
}

/* The row's reward with this one. */
static float add_reward(rri_ledger *ledger, size_t row, double reward)
{
    double sum, rest;
    add_exactly(&sum, &rest, ledger->reward_sums[row], reward);
    rest += ledger->reward_rests[row];
    add_exactly(&ledger->reward_sums[row], &ledger->reward_rests[row], sum, rest);
    sum = ledger->reward_sums[row];
    return sum > (double)FLT_MAX ? FLT_MAX : sum < -(double)FLT_MAX ? -FLT_MAX : (float)sum;
}

static rr_status apply_outcome(rri_ledger *ledger, rri_rollout *rollout, const rr_outcome *outcome,
                               size_t i)
{
    const int32_t found =
        rri_u64_table_find(&ledger->ids, ledger->decisions, outcome->decisions[i]);
    if (found < 0) {
        ledger->n_unknown++;
        return RR_E_NOT_FOUND;
    }
    const size_t row = (size_t)found;
    const bool comes_late = is_late(ledger, outcome, i, row);
    if (comes_late) {
        ledger->n_late++;
    } else {
        rollout->rewards[row] = add_reward(ledger, row, (double)outcome->rewards[i]);
        ledger->n_rewarded++;
    }
    const uint8_t end = end_of(ledger, outcome, i, found);
    if (end != RRI_END_NONE) {
        end_session(ledger, rollout, ledger->session_of[row], end, outcome->final_obs, i);
    }
    return comes_late ? RR_E_STALE : RR_OK;
}

rr_status rri_settle_reward(rri_ledger *ledger, rri_rollout *rollout, const rr_outcome *outcome,
                            int32_t *statuses, rr_error *err)
{
    const size_t n = (size_t)outcome->n;
    if (outcome->final_obs != NULL) {
        RRI_TRY(rri_rollout_check_schema(rollout, outcome->final_obs, "reward: final_obs", err));
    }
    if (outcome->final_obs != NULL &&
        !rri_rollout_fits_final(rollout, outcome->final_obs, outcome->n)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "reward: final_obs must hold %zu states of width %zu, or be NULL", n,
                 rollout->state_dim);
    }
    if (outcome->final_obs != NULL) {
        RRI_TRY(rri_rollout_check_final_form("reward", rollout, outcome->final_obs, err));
    }
    for (size_t i = 0; statuses == NULL && i < n; i++) {
        RRI_TRY(check_outcome(ledger, rollout, outcome, i, err));
    }
    for (size_t i = 0; i < n; i++) {
        rr_status status = RR_OK;
        if (statuses != NULL) {
            status = check_outcome(ledger, rollout, outcome, i, NULL);
        }
        if (status == RR_OK) {
            status = apply_outcome(ledger, rollout, outcome, i);
        }
        if (statuses != NULL) {
            statuses[i] = status;
        }
    }
    return RR_OK;
}

/* ── ends ── */

static rr_status check_ending(const rri_rollout *rollout, const rr_ending *ending, size_t i,
                              rr_error *err)
{
    const uint8_t terminated = ending->terminated != NULL ? ending->terminated[i] : 0;
    if (terminated > 1) {
        RRI_FAIL(err, RR_E_INVALID, "end: terminated[%zu] is %u; it must be 0 or 1", i, terminated);
    }
    if (terminated == 0 && ending->final_obs != NULL) {
        RRI_TRY(rri_rollout_check_final("end: final_obs", rollout, ending->final_obs, i, err));
    }
    return RR_OK;
}

static rr_status apply_ending(rri_ledger *ledger, rri_rollout *rollout, const rr_ending *ending,
                              size_t i)
{
    const int32_t session = rri_u64_table_find(&ledger->open, ledger->keys, ending->sessions[i]);
    if (session < 0) {
        ledger->n_unknown++;
        return RR_E_NOT_FOUND;
    }
    const bool is_terminated = ending->terminated != NULL && ending->terminated[i] != 0;
    const uint8_t end = is_terminated               ? RRI_END_TERMINATED
                        : ending->final_obs != NULL ? RRI_END_TRUNCATED
                                                    : RRI_END_CUT;
    end_session(ledger, rollout, session, end, ending->final_obs, i);
    return RR_OK;
}

rr_status rri_settle_end(rri_ledger *ledger, rri_rollout *rollout, const rr_ending *ending,
                         int32_t *statuses, rr_error *err)
{
    const size_t n = (size_t)ending->n;
    if (ending->final_obs != NULL) {
        RRI_TRY(rri_rollout_check_schema(rollout, ending->final_obs, "end: final_obs", err));
    }
    if (ending->final_obs != NULL &&
        !rri_rollout_fits_final(rollout, ending->final_obs, ending->n)) {
        RRI_FAIL(err, RR_E_INVALID, "end: final_obs must hold %zu states of width %zu, or be NULL",
                 n, rollout->state_dim);
    }
    if (ending->final_obs != NULL) {
        RRI_TRY(rri_rollout_check_final_form("end", rollout, ending->final_obs, err));
    }
    for (size_t i = 0; statuses == NULL && i < n; i++) {
        RRI_TRY(check_ending(rollout, ending, i, err));
    }
    for (size_t i = 0; i < n; i++) {
        rr_status status = RR_OK;
        if (statuses != NULL) {
            status = check_ending(rollout, ending, i, NULL);
        }
        if (status == RR_OK) {
            status = apply_ending(ledger, rollout, ending, i);
        }
        if (statuses != NULL) {
            statuses[i] = status;
        }
    }
    return RR_OK;
}

/* ── time ── */

rr_status rri_settle_clock(rri_ledger *ledger, rri_rollout *rollout, int64_t now, rr_error *err)
{
    if (now == RRI_CLOCK_NONE) {
        RRI_FAIL(err, RR_E_INVALID, "settle: now is INT64_MIN, which is no time");
    }
    RRI_TRY(rri_ledger_check_time(ledger, "settle: now", now, err));
    ledger->clock = now > ledger->clock ? now : ledger->clock;
    for (size_t s = 0; ledger->idle_timeout > 0 && s < ledger->n_sessions; s++) {
        if (ledger->ends[s] == RRI_END_NONE &&
            rri_ledger_has_passed(rri_ledger_latest(ledger, s), ledger->idle_timeout,
                                  ledger->clock)) {
            end_session(ledger, rollout, (int32_t)s,
                        ledger->is_idle_cut ? RRI_END_CUT : RRI_END_TERMINATED, NULL, 0);
        }
    }
    return RR_OK;
}

void rri_settle_count(rr_ledger_counts *counts, const rri_ledger *ledger,
                      const rri_rollout *rollout)
{
    counts->clock = ledger->clock;
    counts->max_rows = (int32_t)rollout->max_rows;
    counts->rows = (int64_t)rollout->n_rows;
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        const bool is_open = ledger->ends[s] == RRI_END_NONE;
        const bool is_ready = !is_open && rri_settle_is_ready(ledger, s);
        *(is_open    ? &counts->open
          : is_ready ? &counts->ready
                     : &counts->waiting) += ledger->lengths[s];
        counts->open_sessions += is_open;
        counts->ready_sessions += is_ready;
        counts->trainable += is_ready ? (int64_t)rri_settle_places(ledger, s) : 0;
    }
    counts->trainable *= counts->trainable >= (int64_t)ledger->min_rows;
    counts->recorded = ledger->n_recorded;
    counts->trained = ledger->n_trained;
    counts->dropped = ledger->n_dropped;
    counts->duplicate = ledger->n_duplicate;
    counts->rewarded = ledger->n_rewarded;
    counts->late = ledger->n_late;
    counts->unknown = ledger->n_unknown;
    counts->rejected = ledger->n_rejected;
    counts->rejected_sessions = ledger->n_rejected_sessions;
    counts->imitation = ledger->n_imitation;
    counts->other_schema = ledger->n_other_schema;
}
