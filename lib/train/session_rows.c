/* SPDX-License-Identifier: MIT */
#include "train/session_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "items/items.h"
#include "ledger/harvest.h"
#include "ledger/settle.h"
#include "train/evaluate_rows.h"
#include "train/returns.h"
#include "train/skew.h"
#include "train/update.h"

/* log 10,000: one honest update in so many, at most, has evidence above it. */
static const double MOST_EVIDENCE = 9.210340371976184;

/* What is said where most rows were certain. */
static const char CERTAIN[] =
    "drawn with probability 1, as a ranker's choices are: they say nothing of what else could have "
    "been shown. rr_agent_imitate learns from such a log; a floor or an incumbent_share below 1 "
    "makes one that can be weighed";

static bool are_most_certain(const rri_session_rows *selected)
{
    return 2 * selected->n_certain > selected->n_trained;
}

/* ── sessions that are rejected ── */

static void reject(rri_session_rows *selected, rri_ledger *ledger, size_t session,
                   const rr_error *why)
{
    if (!rri_harvest_reject(ledger, session)) {
        return;
    }
    if (selected->rejected.n_sessions++ == 0) {
        selected->rejected.session = ledger->keys[session];
        selected->rejected.first = *why;
    }
    selected->rejected.n_rows += (size_t)ledger->lengths[session];
}

static rr_status too_long(const rri_ledger *ledger, size_t session, size_t most, rr_error *err)
{
    RRI_FAIL(err, RR_E_MISMATCH,
             "session %llu has %zu rows; this agent was made for at most %zu "
             "(max_update_rows)",
             (unsigned long long)ledger->keys[session], rri_settle_places(ledger, session), most);
}

static void reject_long_ones(rri_session_rows *selected, const rri_trainer *trainer,
                             rri_ledger *ledger)
{
    const size_t most = trainer->update.max_rows;
    rr_error why;
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (rri_settle_is_ready(ledger, s) && rri_settle_places(ledger, s) > most) {
            (void)too_long(ledger, s, most, &why);
            reject(selected, ledger, s, &why);
        }
    }
}

/* Sessions with a row of a generation that is not here yet are not picked this time, and stay. */
static void hold_later_ones(rri_session_rows *selected, const rri_trainer *trainer,
                            const rri_rollout *rollout, rri_ledger *ledger)
{
    for (size_t row = 0; row < rollout->n_rows; row++) {
        const size_t session = (size_t)ledger->session_of[row];
        if (rri_settle_is_ready(ledger, session) &&
            rri_update_place_row(trainer, rollout, row) == RRI_ROW_LATER) {
            rri_harvest_hold(ledger, session);
        }
    }
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        const size_t n = (size_t)ledger->lengths[s];
        selected->n_due += rri_settle_is_ready(ledger, s) ? n : 0;
        selected->n_waiting += ledger->is_rejected[s] == RRI_HARVEST_HELD ? n : 0;
    }
}

/* Lists and actions. All rows at once, as nothing is wrong with most; else one by one. */
static rr_status judge_lists(rri_session_rows *selected, rri_trainer *trainer,
                             const rri_rollout *rollout, rri_ledger *ledger, rr_error *err)
{
    if (!rollout->form.has_lists && trainer->model.network.n_items == 0) {
        RRI_FAIL(err, RR_E_MISMATCH, "update: the rows have no lists, and this agent no catalogue");
    }
    const int32_t *trained_rows = rri_update_trained_rows(&trainer->update, selected->n_trained);
    if (rri_update_check_lists(trainer, rollout, trained_rows, selected->n_trained, NULL) ==
        RR_OK) {
        return RR_OK;
    }
    for (size_t i = 0; i < selected->n_trained; i++) {
        rr_error why = {0}, named;
        const int32_t row = trained_rows[i];
        const rr_status status = rri_update_check_lists(trainer, rollout, &row, 1, &why);
        if (status != RR_OK) {
            (void)rri_status_fail(&named, status, "decision %llu: %s",
                                  (unsigned long long)ledger->decisions[row], why.text);
            reject(selected, ledger, (size_t)ledger->session_of[row], &named);
        }
    }
    return RR_OK;
}

static rr_status not_finite(const rri_ledger *ledger, int32_t row, const char *what, float x,
                            rr_error *err)
{
    RRI_FAIL(err, RR_E_NOT_FINITE,
             "decision %llu has %s %g now; the agent's parameters, or the row's numbers, are too "
             "large",
             (unsigned long long)ledger->decisions[row], what, (double)x);
}

/* The present log-prob of a place; 0 where it is not trained on. Places are asked for in order:
 * *n_seen trained ones came before. */
static float log_prob_at(const rri_session_rows *selected, const rri_update_rows *update,
                         size_t place, size_t *n_seen)
{
    const bool is_trained =
        *n_seen < selected->n_trained && (size_t)update->trained[*n_seen] == place;
    return is_trained ? update->present[(*n_seen)++] : 0.0f;
}

/* The places whose log-prob and value are finite. */
static size_t count_finite(const rri_session_rows *selected, const rri_update_rows *update)
{
    size_t n_finite = 0, n_seen = 0;
    for (size_t place = 0; place < selected->n_places; place++) {
        const float log_prob = log_prob_at(selected, update, place, &n_seen);
        n_finite += isfinite(log_prob) && isfinite(update->values[place]);
    }
    return n_finite;
}

/* Rejects sessions in which the present policy or critic gives a number that is not finite. Where
 * it does so in every place, the agent is at fault: an error, and no session is rejected. */
static rr_status judge_numbers(rri_session_rows *selected, const rri_trainer *trainer,
                               rri_ledger *ledger, rr_error *err)
{
    const rri_update_rows *update = &trainer->update;
    const size_t n_finite = count_finite(selected, update);
    if (n_finite == selected->n_places) {
        return RR_OK;
    }
    size_t n_seen = 0;
    for (size_t place = 0; place < selected->n_places; place++) {
        const float log_prob = log_prob_at(selected, update, place, &n_seen);
        const float value = update->values[place];
        const bool is_drawable = isfinite(log_prob);
        if (is_drawable && isfinite(value)) {
            continue;
        }
        const int32_t row = update->order[place];
        rr_error why;
        (void)not_finite(ledger, row, is_drawable ? "value" : "log-prob",
                         is_drawable ? value : log_prob, &why);
        if (n_finite == 0) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "update: %s", why.text);
        }
        reject(selected, ledger, (size_t)ledger->session_of[row], &why);
    }
    return RR_OK;
}

static rr_status judge_skew(rri_session_rows *selected, rri_trainer *trainer,
                            const rri_rollout *rollout, rri_ledger *ledger, rr_error *err)
{
    const rri_update_rows *update = &trainer->update;
    uint8_t *verdicts = update->select.verdicts;
    const rri_skew skew = rri_skew_check(verdicts, trainer, selected->own, rollout, ledger,
                                         update->present, selected->n_trained);
    if (skew.n_other == 0) {
        return RR_OK;
    }
    rr_error why;
    (void)rri_skew_tell(&skew, rollout, ledger, &why);
    const size_t n_checked = selected->n_checked + skew.n_checked; /* those rejected before, too */
    selected->n_skewed += skew.n_other;
    if ((double)selected->n_skewed > (double)trainer->model.config.max_skew * (double)n_checked) {
        RRI_FAIL(err, RR_E_SKEW,
                 "update: %zu of %zu rows that can be checked are not what was seen, and max_skew "
                 "is %g (rr_ledger_drop_ready: go on without what is ready): %s",
                 selected->n_skewed, n_checked, (double)trainer->model.config.max_skew, why.text);
    }
    reject(selected, ledger, (size_t)ledger->session_of[skew.first], &why);
    for (size_t i = 0; i < selected->n_trained; i++) {
        if (verdicts[i] == RRI_SKEW_OTHER) {
            const int32_t row = update->order[update->trained[i]];
            reject(selected, ledger, (size_t)ledger->session_of[row], &why);
        }
    }
    for (size_t i = 0; i < selected->n_trained; i++) {
        const int32_t session = ledger->session_of[update->order[update->trained[i]]];
        selected->n_checked +=
            verdicts[i] != RRI_SKEW_UNCHECKED && ledger->is_rejected[session] != 0;
    }
    return RR_OK;
}

/* Advantages and returns that are there. Each place hangs on those behind it: of a run that are no
 * numbers the last is the one whose reward, or whose state to come, is at fault. */
static void judge_returns(rri_session_rows *selected, const rri_trainer *trainer,
                          rri_ledger *ledger)
{
    const rri_update_rows *update = &trainer->update;
    for (size_t place = 0; place < selected->n_places; place++) {
        const bool is_end = update->is_segment_end[place] != 0;
        const bool hangs_on_next = !is_end && !isfinite(update->returns[place + 1]);
        const float a = update->advantages[place], x = isfinite(a) ? update->returns[place] : a;
        if (!isfinite(x) && !hangs_on_next) {
            const int32_t row = update->order[place];
            rr_error why;
            (void)not_finite(ledger, row, "return", x, &why);
            reject(selected, ledger, (size_t)ledger->session_of[row], &why);
        }
    }
}

/* ── rows that are taken ── */

/* trained ← the places whose rows can be trained on; is_own beside them. */
static void select_rows(rri_session_rows *selected, rri_trainer *trainer,
                        const rri_rollout *rollout, const rri_ledger *ledger)
{
    rri_update_rows *update = &trainer->update;
    selected->n_trained = selected->n_dropped = selected->n_refused = 0;
    selected->n_foreign = selected->n_unknown = selected->n_stale = 0;
    selected->n_completed = selected->n_lent = 0;
    selected->staleness = 0.0;
    selected->staleness_max = 0;
    for (size_t place = 0; place < selected->n_places; place++) {
        const size_t row = (size_t)update->order[place];
        const bool is_own = ledger->versions[row] == selected->own;
        const rri_version *known = rri_versions_find(&trainer->versions, ledger->versions[row]);
        if (rri_update_place_row(trainer, rollout, row) != RRI_ROW_OWN) {
            selected->n_dropped++;
            selected->n_foreign++;
            continue;
        }
        const int64_t age = is_own || known == NULL ? 0 : trainer->n_updates - known->update;
        const bool is_stranger = !is_own && known == NULL;
        if ((is_stranger && trainer->model.config.unknown_versions == RR_UNKNOWN_REFUSE) ||
            age > trainer->model.config.max_staleness) {
            selected->n_refused++;
            selected->n_unknown += is_stranger;
            selected->n_stale += !is_stranger;
            continue;
        }
        selected->staleness += (double)age;
        selected->staleness_max = age > selected->staleness_max ? age : selected->staleness_max;
        selected->n_completed += ledger->lent[row] > 0;
        selected->n_lent += (size_t)ledger->lent[row];
        update->is_own[selected->n_trained] = is_own;
        update->trained[selected->n_trained++] = (int32_t)place;
    }
    if (selected->n_trained == 1 &&
        rri_update_needs_two(trainer)) { /* the others beside it are refused */
        selected->n_trained = selected->n_completed = selected->n_lent = 0;
        selected->n_dropped++;
        selected->staleness = 0.0;
        selected->staleness_max = 0;
    }
}

/* Weights and traces of all places. */
static void weigh(rri_session_rows *selected, rri_trainer *trainer, const rri_rollout *rollout)
{
    rri_update_rows *update = &trainer->update;
    float *weights = update->select.weights;
    selected->n_certain = 0;
    for (size_t i = 0; i < selected->n_trained; i++) {
        update->recorded[i] = rollout->log_probs[update->order[update->trained[i]]];
        /* Where the present policy is certain too, as in a list of one, nothing is missing. */
        selected->n_certain +=
            update->is_own[i] == 0 && update->recorded[i] == 0.0f && update->present[i] != 0.0f;
    }
    selected->weights =
        rri_off_policy_weigh(weights, update->present, update->recorded, update->is_own,
                             trainer->model.config.max_weight, selected->n_trained);
    /* Nothing comes back through a row that is not trained on. */
    memset(update->weights, 0, selected->n_places * sizeof(float));
    memset(update->traces, 0, selected->n_places * sizeof(float));
    for (size_t i = 0; i < selected->n_trained; i++) {
        const size_t place = (size_t)update->trained[i];
        update->weights[place] = weights[i];
        update->traces[place] = weights[i] < 1.0f ? weights[i] : 1.0f;
    }
}

static rr_status pick(rri_session_rows *selected, rri_trainer *trainer, rri_ledger *ledger,
                      rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    const rri_rejected *rejected = &selected->rejected;
    const bool is_any = rri_harvest_pick(&selected->n_places, update->order, update->is_segment_end,
                                         ledger, update->max_rows, trainer->recipe.n_steps);
    if (ledger->n_picked == 0 && rejected->n_sessions > 0) {
        RRI_FAIL(err, rejected->first.status,
                 "update: none of %zu sessions that are ready can be trained on; the first: %s",
                 rejected->n_sessions, rejected->first.text);
    }
    if (!is_any && selected->n_waiting > 0) {
        RRI_FAIL(err, RR_E_STATE,
                 "update: all %zu rows that are ready wait for a generation of the catalogue that "
                 "this agent does not have (it has %u; rr_agent_set_items)",
                 selected->n_waiting, (unsigned)rri_items_generation(trainer->model.items));
    }
    if (!is_any) {
        RRI_FAIL(err, RR_E_STATE,
                 "update: no session of the ledger has ended with all its rewards final "
                 "(rr_ledger_settle moves the clock, rr_ledger_end ends sessions)");
    }
    selected->n_rows = 0;
    for (size_t i = 0; i < ledger->n_picked; i++) {
        selected->n_rows += (size_t)ledger->lengths[ledger->picked[i]];
    }
    return RR_OK;
}

/* One round: sessions are picked and judged; *is_sound where none of them had to be rejected. */
static rr_status take_round(bool *is_sound, rri_session_rows *selected, rri_trainer *trainer,
                            const rri_rollout *rollout, rri_ledger *ledger, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    RRI_TRY(pick(selected, trainer, ledger, err));
    RRI_TRY(rri_update_check_form(trainer, rollout, err));
    select_rows(selected, trainer, rollout, ledger);
    const size_t n_rejected = selected->rejected.n_sessions;
    if (selected->n_trained > 0) {
        RRI_TRY(judge_lists(selected, trainer, rollout, ledger, err));
    }
    *is_sound = selected->rejected.n_sessions == n_rejected;
    if (!*is_sound) {
        return RR_OK;
    }
    rri_evaluate_rows_compute(trainer, update->present, NULL, rollout,
                              rri_update_trained_rows(update, selected->n_trained),
                              selected->n_trained);
    rri_evaluate_rows_compute(trainer, NULL, update->values, rollout, update->order,
                              selected->n_places);
    RRI_TRY(judge_numbers(selected, trainer, ledger, err));
    RRI_TRY(judge_skew(selected, trainer, rollout, ledger, err));
    if (selected->rejected.n_sessions == n_rejected) {
        weigh(selected, trainer, rollout);
        rri_returns_compute_sessions(trainer, rollout, ledger, selected->n_places);
        judge_returns(selected, trainer, ledger);
    }
    *is_sound = selected->rejected.n_sessions == n_rejected;
    return RR_OK;
}

rr_status rri_session_rows_select(rri_session_rows *selected, rri_trainer *trainer,
                                  const rri_rollout *rollout, rri_ledger *ledger, rr_error *err)
{
    *selected = (rri_session_rows){0};
    selected->own = rri_model_version(&trainer->model, rri_model_line(&trainer->model), NULL);
    if (ledger->min_rows == 1 && rri_update_needs_two(trainer)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: min_rows of the ledger is 1, but this agent cannot be trained on one row "
                 "alone (PPO, or normalised advantages); it must be at least 2");
    }
    rri_harvest_begin(ledger);
    reject_long_ones(selected, trainer, ledger);
    hold_later_ones(selected, trainer, rollout, ledger);
    for (bool is_sound = false; !is_sound;) {
        RRI_TRY(take_round(&is_sound, selected, trainer, rollout, ledger, err));
    }
    const double ess = rri_off_policy_ess(&selected->weights);
    if (ess < (double)trainer->model.config.min_ess) {
        RRI_FAIL(err, RR_E_STALE,
                 "update: the ess of %zu rows, the share of them that their weights are worth, is "
                 "%.4g; it must be at least min_ess, %g: policies far from the present one drew "
                 "too many; rr_ledger_drop_ready goes on without them%s%s",
                 selected->n_trained, ess, (double)trainer->model.config.min_ess,
                 are_most_certain(selected) ? ". Most were " : "",
                 are_most_certain(selected) ? CERTAIN : "");
    }
    return RR_OK;
}

/* ── what the log and the statistics say ── */

/* Of the rows that were due none was trained on, or fewer than half. */
static void warn_of_few(const rri_session_rows *selected, const rri_trainer *trainer)
{
    const size_t n_due = selected->n_rows + selected->n_waiting + selected->rejected.n_rows;
    if (2 * selected->n_trained >= n_due) {
        return;
    }
    char share[40] = "none";
    if (selected->n_trained > 0) {
        snprintf(share, sizeof share, "%zu", selected->n_trained);
    }
    rri_host_log_say(
        &trainer->log, RR_LOG_WARNING,
        "update: %s of the %zu rows that were ready could be trained on. %zu wait for a generation "
        "of the catalogue that the agent does not have; dropped are %zu last ones of sessions cut "
        "off without a final observation, %zu of another catalogue or left alone, %zu of an "
        "unknown version, %zu of one that is too old, and %zu of rejected sessions",
        share, n_due, selected->n_waiting, selected->n_rows - selected->n_places,
        selected->n_dropped, selected->n_unknown, selected->n_stale, selected->rejected.n_rows);
}

void rri_session_rows_warn(const rri_session_rows *selected, const rri_trainer *trainer)
{
    const rri_rejected *rejected = &selected->rejected;
    const rri_off_policy_sums *weights = &selected->weights;
    warn_of_few(selected, trainer);
    if (rejected->n_sessions > 0) {
        rri_host_log_say(&trainer->log, RR_LOG_WARNING,
                         "update: %zu sessions (%zu rows) cannot be trained on and were rejected; "
                         "the first is session %llu: %s",
                         rejected->n_sessions, rejected->n_rows,
                         (unsigned long long)rejected->session, rejected->first.text);
    }
    if (are_most_certain(selected)) {
        rri_host_log_say(&trainer->log, RR_LOG_WARNING, "update: %zu of %zu rows were %s",
                         selected->n_certain, selected->n_trained, CERTAIN);
    }
    if (rri_off_policy_evidence(weights) > MOST_EVIDENCE) {
        rri_host_log_say(&trainer->log, RR_LOG_WARNING,
                         "update: the weights of %zu rows of earlier versions have mean %.4g; with "
                         "the log-probs of the draws it is 1 or less, and honest rows come so far "
                         "above it in less than one update of 10,000: the log-probs that were "
                         "recorded are too small, or the lists lack what could be drawn",
                         weights->n_other, weights->raw / (double)weights->n_other);
    }
}

void rri_session_rows_fill_stats(rr_stats *stats, const rri_session_rows *selected)
{
    const double n = (double)selected->n_trained, n_other = (double)selected->weights.n_other;
    stats->n_dropped = (int32_t)selected->n_dropped;
    stats->n_refused = (int32_t)selected->n_refused;
    stats->n_due = (int32_t)selected->n_due;
    stats->n_waiting = (int32_t)selected->n_waiting;
    stats->n_left = (int32_t)(selected->n_due - selected->n_waiting - selected->rejected.n_rows -
                              selected->n_rows);
    stats->n_foreign = (int32_t)selected->n_foreign;
    stats->n_completed = (int32_t)selected->n_completed;
    stats->n_lent = (int32_t)selected->n_lent;
    stats->n_unknown = (int32_t)selected->n_unknown;
    stats->n_stale = (int32_t)selected->n_stale;
    stats->n_cut = (int32_t)(selected->n_rows - selected->n_places);
    stats->n_rejected = (int32_t)selected->rejected.n_rows;
    stats->staleness_max = (int32_t)selected->staleness_max;
    stats->staleness_mean = selected->n_trained > 0 ? (float)(selected->staleness / n) : 0.0f;
    stats->ess = (float)rri_off_policy_ess(&selected->weights);
    stats->weight_mean =
        selected->weights.n_other > 0 ? (float)(selected->weights.raw / n_other) : 1.0f;
    stats->weight_max = selected->weights.n_other > 0 ? (float)selected->weights.raw_max : 1.0f;
    stats->capped_fraction =
        selected->n_trained > 0 ? (float)((double)selected->weights.n_capped / n) : 0.0f;
}
