/* SPDX-License-Identifier: MIT */
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

#include "buffer/rollout_check.h"
#include "core/status.h"

rr_buffer_config rri_ledger_rows(const rr_ledger_config *config)
{
    return (rr_buffer_config){
        .struct_size = sizeof(rr_buffer_config),
        .max_rows = config->max_rows,
        .state_dim = config->state_dim,
        .item_dim = config->item_dim,
        .feature_dim = config->feature_dim,
        .max_candidates = config->max_candidates,
        .max_excluded = config->max_excluded,
        .max_history = config->max_history,
        .max_vectors = config->max_vectors,
        .has_keys = config->has_keys,
        .for_encoder = config->for_encoder,
        .max_reference = config->max_reference,
        .schema = config->schema,
    };
}

/* Waits and timeouts that a time may be away from the clock: with a wait of an hour more than a
 * year, and yet less than seconds are from milliseconds since 1970. */
enum { MOST_WAITS_APART = 10000 };

void rri_ledger_layout(rri_ledger *ledger, rri_arena *arena, const rr_ledger_config *config)
{
    const size_t rows = (size_t)config->max_rows;
    const size_t asked = (size_t)config->max_sessions;
    const size_t sessions = asked == 0 || asked > rows ? rows : asked;
    ledger->max_sessions = sessions;
    ledger->min_rows = (size_t)config->min_rows;
    ledger->reward_wait = config->reward_wait;
    ledger->idle_timeout = config->idle_timeout;
    ledger->is_idle_cut = config->idle_end == RR_IDLE_CUT;

    ledger->decisions = RRI_TAKE(arena, uint64_t, rows);
    ledger->versions = RRI_TAKE(arena, uint64_t, rows);
    ledger->times = RRI_TAKE(arena, int64_t, rows);
    ledger->reward_sums = RRI_TAKE(arena, double, rows);
    ledger->reward_rests = RRI_TAKE(arena, double, rows);
    ledger->incumbents = RRI_TAKE(arena, int32_t, rows);
    ledger->session_of = RRI_TAKE(arena, int32_t, rows);
    ledger->before = RRI_TAKE(arena, int32_t, rows);
    ledger->lent = RRI_TAKE(arena, int32_t, rows);
    ledger->latest = RRI_TAKE(arena, int64_t, rows);

    ledger->keys = RRI_TAKE(arena, uint64_t, sessions);
    ledger->ends = RRI_TAKE(arena, uint8_t, sessions);
    ledger->last = RRI_TAKE(arena, int32_t, sessions);
    ledger->lengths = RRI_TAKE(arena, int32_t, sessions);
    ledger->picked = RRI_TAKE(arena, int32_t, sessions);
    ledger->scratch = RRI_TAKE(arena, int32_t, sessions);
    ledger->is_rejected = RRI_TAKE(arena, uint8_t, sessions);
    rri_u64_table_layout(&ledger->ids, arena, rri_u64_table_slots(rows));
    rri_u64_table_layout(&ledger->open, arena, rri_u64_table_slots(sessions));
}

void rri_ledger_clear(rri_ledger *ledger, rri_rollout *rollout)
{
    rri_rollout_clear(rollout);
    rri_u64_table_clear(&ledger->ids);
    rri_u64_table_clear(&ledger->open);
    ledger->clock = ledger->newest = RRI_CLOCK_NONE;
    ledger->n_sessions = ledger->n_picked = 0;
    ledger->n_recorded = ledger->n_trained = ledger->n_dropped = ledger->n_duplicate = 0;
    ledger->n_rewarded = ledger->n_late = ledger->n_unknown = 0;
    ledger->n_rejected = ledger->n_rejected_sessions = ledger->n_imitation = 0;
    ledger->n_other_schema = 0;
}

/* Whether rows need times. */
static bool needs_times(const rri_ledger *ledger)
{
    return ledger->reward_wait > 0 || ledger->idle_timeout > 0;
}

int64_t rri_ledger_latest(const rri_ledger *ledger, size_t session)
{
    return ledger->latest[ledger->last[session]];
}

bool rri_ledger_has_passed(int64_t then, int64_t wait, int64_t now)
{
    /* The difference may not fit into an int64_t, but into a uint64_t it does. */
    return now != RRI_CLOCK_NONE && now >= then && (uint64_t)now - (uint64_t)then >= (uint64_t)wait;
}

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

rr_status rri_ledger_check_time(const rri_ledger *ledger, const char *what, int64_t time,
                                rr_error *err)
{
    const bool has_clock = ledger->clock != RRI_CLOCK_NONE;
    const int64_t from = has_clock ? ledger->clock : ledger->newest;
    const int64_t longest =
        ledger->reward_wait > ledger->idle_timeout ? ledger->reward_wait : ledger->idle_timeout;
    const uint64_t most = (uint64_t)longest > UINT64_MAX / MOST_WAITS_APART
                              ? UINT64_MAX
                              : (uint64_t)longest * MOST_WAITS_APART;
    if (longest == 0 || from == RRI_CLOCK_NONE || distance(time, from) <= most) {
        return RR_OK;
    }
    RRI_FAIL(err, RR_E_INVALID,
             "%s is %lld, but %s %lld; it must be within %d times the longer of reward_wait and "
             "idle_timeout, %lld, as times of one unit are (rr_ledger_set_clock sets any time)",
             what, (long long)time, has_clock ? "the clock is" : "the newest row is of",
             (long long)from, MOST_WAITS_APART, (long long)longest);
}

/* ── one row more, one row less ── */

/* The session that the key's rows go to; −1 where there is no room for another. */
static int32_t session_for(rri_ledger *ledger, uint64_t key)
{
    const int32_t open = rri_u64_table_find(&ledger->open, ledger->keys, key);
    if (open >= 0 || ledger->n_sessions == ledger->max_sessions) {
        return open;
    }
    const int32_t session = (int32_t)ledger->n_sessions++;
    ledger->keys[session] = key;
    ledger->ends[session] = RRI_END_NONE;
    ledger->last[session] = -1;
    ledger->lengths[session] = 0;
    ledger->is_rejected[session] = 0;
    rri_u64_table_add(&ledger->open, ledger->keys, session);
    return session;
}

/* Row `row` is its session's last one now. */
static void link_row(rri_ledger *ledger, size_t row)
{
    const int32_t session = ledger->session_of[row];
    const int32_t before = ledger->last[session];
    const int64_t latest = before >= 0 ? ledger->latest[before] : INT64_MIN;
    ledger->before[row] = before;
    ledger->latest[row] = ledger->times[row] > latest ? ledger->times[row] : latest;
    ledger->last[session] = (int32_t)row;
    ledger->lengths[session]++;
}

static rr_status append(rri_ledger *ledger, rri_rollout *rollout, const rr_obs *obs,
                        const rr_decision *decision, uint64_t fingerprint, size_t i, rr_error *err)
{
    const uint64_t id = obs->decisions[i];
    const size_t row = rollout->n_rows;
    if (rri_u64_table_find(&ledger->ids, ledger->decisions, id) >= 0) {
        return RR_E_DUPLICATE;
    }
    if (obs->times != NULL) {
        char what[48];
        snprintf(what, sizeof what, "record: times[%zu]", i);
        RRI_TRY(rri_ledger_check_time(ledger, what, obs->times[i], err));
    }
    if (row == rollout->max_rows) {
        RRI_FAIL(err, RR_E_FULL,
                 "record: row %zu does not fit; all %zu rows (max_rows) are taken: settle and "
                 "update, or rr_ledger_drop_ready",
                 i, rollout->max_rows);
    }
    const int32_t session = session_for(ledger, obs->sessions[i]);
    if (session < 0) {
        RRI_FAIL(err, RR_E_FULL,
                 "record: row %zu begins a session; all %zu sessions are taken "
                 "(max_sessions)",
                 i, ledger->max_sessions);
    }
    if (row == 0) {
        rollout->n_sessions = 1; /* a record may be as short as one row */
    }
    rri_rollout_settle_form(rollout, obs);
    rri_rollout_put(rollout, obs, decision, fingerprint, i, row);
    rri_rollout_put_final(rollout, NULL, 0, row);
    rollout->rewards[row] = 0.0f;
    rollout->terminated[row] = rollout->truncated[row] = 0;
    ledger->decisions[row] = id;
    ledger->versions[row] = decision->policy_versions[i];
    ledger->times[row] = obs->times != NULL ? obs->times[i] : 0;
    ledger->newest = ledger->times[row] > ledger->newest ? ledger->times[row] : ledger->newest;
    ledger->reward_sums[row] = ledger->reward_rests[row] = 0.0;
    ledger->incumbents[row] = rollout->form.has_incumbents ? obs->incumbents[i] : -1;
    ledger->lent[row] = 0;
    ledger->session_of[row] = session;
    link_row(ledger, row);
    rri_u64_table_add(&ledger->ids, ledger->decisions, (int32_t)row);
    rollout->n_rows++;
    return RR_OK;
}

/* Takes the last row away, as if it had never been. */
static void drop_last_row(rri_ledger *ledger, rri_rollout *rollout)
{
    const size_t row = --rollout->n_rows;
    const int32_t session = ledger->session_of[row];
    rri_u64_table_remove(&ledger->ids, ledger->decisions, ledger->decisions[row]);
    ledger->last[session] = ledger->before[row];
    if (--ledger->lengths[session] == 0) {
        rri_u64_table_remove(&ledger->open, ledger->keys, ledger->keys[session]);
        ledger->n_sessions--; /* rows go in the order they came, so it is the last session */
    }
    if (row == 0) {
        rri_rollout_clear(rollout);
    }
}

/* ── a record ── */

static rr_status check_batch(const rri_ledger *ledger, const rri_rollout *rollout,
                             const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    const bool lacks_times = obs->times == NULL && needs_times(ledger);
    const char *missing = obs->sessions == NULL    ? "obs sessions"
                          : obs->decisions == NULL ? "obs decisions"
                          : lacks_times            ? "obs times"
                                                   : NULL;
    if (missing != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "record: %s is NULL; this ledger needs it", missing);
    }
    if (decision->policy_versions == NULL) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: decision policy_versions is NULL; a ledger trains on no row whose policy "
                 "is unknown. Give the decision that act fills an array for them");
    }
    return rri_rollout_check_form(rollout, obs, err);
}

static rr_status check_row(const rri_rollout *rollout, const rr_obs *obs,
                           const rr_decision *decision, size_t i, rr_error *err)
{
    RRI_TRY(rri_rollout_check_row(rollout, obs, decision, i, err));
    if (decision->log_probs[i] > 0.0f) { /* finite it is */
        RRI_FAIL(err, RR_E_INVALID,
                 "record: log_probs[%zu] is %g; it must be at most 0, the log of a "
                 "probability",
                 i, (double)decision->log_probs[i]);
    }
    const bool has_lists = rri_rollout_form_of(obs).has_lists;
    const int32_t length = !has_lists             ? INT32_MAX
                           : obs->lengths != NULL ? obs->lengths[i]
                                                  : obs->n_candidates;
    const int32_t incumbent = obs->incumbents != NULL ? obs->incumbents[i] : -1;
    if (incumbent < -1 || incumbent >= length) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: incumbents[%zu] is %d; it must be a position in the row's list, or -1", i,
                 incumbent);
    }
    return RR_OK;
}

/* Each row for itself. */
static void record_good_rows(rri_ledger *ledger, rri_rollout *rollout, const rr_obs *obs,
                             const rr_decision *decision, uint64_t fingerprint, int32_t *statuses)
{
    for (size_t i = 0; i < (size_t)obs->n; i++) {
        rr_status status = check_row(rollout, obs, decision, i, NULL);
        if (status == RR_OK) {
            status = append(ledger, rollout, obs, decision, fingerprint, i, NULL);
        }
        ledger->n_recorded += status == RR_OK;
        ledger->n_duplicate += status == RR_E_DUPLICATE;
        statuses[i] = status;
    }
}

rr_status rri_ledger_record(rri_ledger *ledger, rri_rollout *rollout, const rr_obs *obs,
                            const rr_decision *decision, uint64_t fingerprint, int32_t *statuses,
                            rr_error *err)
{
    if (obs->schema != rri_rollout_columns(rollout, obs).schema) {
        ledger->n_other_schema += obs->n;
    }
    RRI_TRY(check_batch(ledger, rollout, obs, decision, err));
    if (statuses != NULL) {
        record_good_rows(ledger, rollout, obs, decision, fingerprint, statuses);
        return RR_OK;
    }
    const size_t n = (size_t)obs->n, n_before = rollout->n_rows;
    const int64_t newest_before = ledger->newest;
    for (size_t i = 0; i < n; i++) {
        RRI_TRY(check_row(rollout, obs, decision, i, err));
    }
    for (size_t i = 0; i < n; i++) {
        const rr_status status = append(ledger, rollout, obs, decision, fingerprint, i, err);
        if (status != RR_OK && status != RR_E_DUPLICATE) {
            while (rollout->n_rows > n_before) {
                drop_last_row(ledger, rollout);
            }
            ledger->newest = newest_before;
            return status;
        }
    }
    const size_t n_new = rollout->n_rows - n_before;
    ledger->n_recorded += (int64_t)n_new;
    ledger->n_duplicate += (int64_t)(n - n_new);
    return RR_OK;
}

size_t rri_ledger_lent_bytes(const rr_ledger *ledger)
{
    const rri_rollout *rollout = &ledger->rollout;
    return rri_rollout_vectors(rollout) * rollout->item_dim * sizeof(float);
}

/* ── all rows at once ── */

void rri_ledger_rebuild(rri_ledger *ledger, const rri_rollout *rollout)
{
    rri_u64_table_clear(&ledger->ids);
    rri_u64_table_clear(&ledger->open);
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        ledger->last[s] = -1;
        ledger->lengths[s] = 0;
        ledger->is_rejected[s] = 0;
        if (ledger->ends[s] == RRI_END_NONE) {
            rri_u64_table_add(&ledger->open, ledger->keys, (int32_t)s);
        }
    }
    ledger->newest = RRI_CLOCK_NONE;
    for (size_t row = 0; row < rollout->n_rows; row++) {
        const int64_t time = ledger->times[row];
        ledger->newest = time > ledger->newest ? time : ledger->newest;
        link_row(ledger, row);
        rri_u64_table_add(&ledger->ids, ledger->decisions, (int32_t)row);
    }
}

void rri_ledger_row_parts(rri_rollout_part parts[RRI_LEDGER_ROW_PARTS], const rri_ledger *ledger)
{
    const rri_rollout_part all[RRI_LEDGER_ROW_PARTS] = {
        {"decisions", ledger->decisions, sizeof(uint64_t)},
        {"versions", ledger->versions, sizeof(uint64_t)},
        {"times", ledger->times, sizeof(int64_t)},
        {"reward_sums", ledger->reward_sums, sizeof(double)},
        {"incumbents", ledger->incumbents, sizeof(int32_t)},
        {"session_of", ledger->session_of, sizeof(int32_t)},
        {"reward_rests", ledger->reward_rests, sizeof(double)},
        {"lent", ledger->lent, sizeof(int32_t)},
    };
    memcpy(parts, all, sizeof all);
}

void rri_ledger_session_parts(rri_rollout_part parts[RRI_LEDGER_SESSION_PARTS],
                              const rri_ledger *ledger)
{
    const rri_rollout_part all[RRI_LEDGER_SESSION_PARTS] = {
        {"session_keys", ledger->keys, sizeof(uint64_t)},
        {"session_ends", ledger->ends, sizeof(uint8_t)},
    };
    memcpy(parts, all, sizeof all);
}
