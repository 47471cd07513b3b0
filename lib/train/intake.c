/* SPDX-License-Identifier: MIT */
#include "train/intake.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "ledger/harvest.h"
#include "ledger/settle.h"
#include "train/recall.h"
#include "train/returns.h"
#include "train/skew.h"
#include "train/update.h"

/* Standard errors by which the mean weight may miss 1. */
static const double MOST_DEVIATION = 4.0;

/* ── sessions that are rejected ── */

static void reject(rri_intake *in, rri_ledger *ledger, size_t session, const rr_error *why)
{
    if (!rri_harvest_reject(ledger, session)) {
        return;
    }
    if (in->rejected.n_sessions++ == 0) {
        in->rejected.session = ledger->keys[session];
        in->rejected.first = *why;
    }
    in->rejected.n_rows += (size_t)ledger->lengths[session];
}

static rr_status too_long(const rri_ledger *ledger, size_t session, size_t most, rr_error *err)
{
    RRI_FAIL(err, RR_E_MISMATCH,
             "session %llu has %zu rows; this agent was made for at most %zu "
             "(max_update_rows)",
             (unsigned long long)ledger->keys[session], rri_settle_places(ledger, session), most);
}

static void reject_long_ones(rri_intake *in, const rri_trainer *trainer, rri_ledger *ledger)
{
    const size_t most = trainer->update.max_rows;
    rr_error why;
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (rri_settle_is_ready(ledger, s) && rri_settle_places(ledger, s) > most) {
            (void)too_long(ledger, s, most, &why);
            reject(in, ledger, s, &why);
        }
    }
}

/* Lists and actions. All rows at once, as nothing is wrong with most; else one by one. */
static rr_status judge_lists(rri_intake *in, rri_trainer *trainer, const rri_rollout *rollout,
                             rri_ledger *ledger, rr_error *err)
{
    const rri_update_rows *update = &trainer->update;
    if (!rollout->form.has_lists && trainer->model.network.n_items == 0) {
        RRI_FAIL(err, RR_E_MISMATCH, "update: the rows have no lists, and this agent no catalogue");
    }
    if (rri_update_check_lists(trainer, rollout, 0, in->n_trained, NULL) == RR_OK) {
        return RR_OK;
    }
    for (size_t i = 0; i < in->n_trained; i++) {
        rr_error why = {0}, named;
        const rr_status status = rri_update_check_lists(trainer, rollout, i, 1, &why);
        if (status != RR_OK) {
            const int32_t row = update->order[update->trained[i]];
            (void)rri_status_fail(&named, status, "decision %llu: %s",
                                  (unsigned long long)ledger->decisions[row], why.text);
            reject(in, ledger, (size_t)ledger->session_of[row], &named);
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

/* log_probs [n_trained] and values [n_places] that are there. Where no row is sound, it is the
 * agent that is ill, and nothing is held against the rows. */
static rr_status judge_numbers(rri_intake *in, const rri_trainer *trainer, rri_ledger *ledger,
                               const float *log_probs, rr_error *err)
{
    const rri_update_rows *update = &trainer->update;
    size_t n_sound = 0;
    for (int pass = 0; pass < 2 && n_sound < in->n_places; pass++) {
        for (size_t place = 0, t = 0; place < in->n_places; place++) {
            const int32_t row = update->order[place];
            const bool is_trained = t < in->n_trained && (size_t)update->trained[t] == place;
            const float log_prob = is_trained ? log_probs[t++] : 0.0f;
            const bool is_drawable = isfinite(log_prob);
            const float x = is_drawable ? update->values[place] : log_prob;
            rr_error why;
            if (pass == 0 || isfinite(x)) {
                n_sound += pass == 0 && isfinite(x);
                continue;
            }
            (void)not_finite(ledger, row, is_drawable ? "value" : "log-prob", x, &why);
            if (n_sound == 0) {
                RRI_FAIL(err, RR_E_NOT_FINITE, "update: %s", why.text);
            }
            reject(in, ledger, (size_t)ledger->session_of[row], &why);
        }
    }
    return RR_OK;
}

static rr_status judge_skew(rri_intake *in, rri_trainer *trainer, const rri_rollout *rollout,
                            rri_ledger *ledger, const float *log_probs, rr_error *err)
{
    const rri_update_rows *update = &trainer->update;
    uint8_t *verdicts = trainer->update.terminated; /* free until the returns */
    const rri_skew skew =
        rri_skew_check(verdicts, trainer, in->own, rollout, ledger, log_probs, in->n_trained);
    if (skew.n_other == 0) {
        return RR_OK;
    }
    rr_error why;
    (void)rri_skew_tell(&skew, rollout, ledger, &why);
    const size_t n_checked = in->n_checked + skew.n_checked; /* those rejected before, too */
    in->n_skewed += skew.n_other;
    if ((double)in->n_skewed > (double)trainer->model.config.max_skew * (double)n_checked) {
        RRI_FAIL(err, RR_E_SKEW,
                 "update: %zu of %zu rows that can be checked are not what was seen, and max_skew "
                 "is %g; %s",
                 in->n_skewed, n_checked, (double)trainer->model.config.max_skew, why.text);
    }
    reject(in, ledger, (size_t)ledger->session_of[skew.first], &why);
    for (size_t i = 0; i < in->n_trained; i++) {
        if (verdicts[i] == RRI_SKEW_OTHER) {
            const int32_t row = update->order[update->trained[i]];
            reject(in, ledger, (size_t)ledger->session_of[row], &why);
        }
    }
    for (size_t i = 0; i < in->n_trained; i++) {
        const int32_t session = ledger->session_of[update->order[update->trained[i]]];
        in->n_checked += verdicts[i] != RRI_SKEW_UNCHECKED && ledger->is_rejected[session] != 0;
    }
    return RR_OK;
}

/* Advantages and returns that are there. Each place hangs on those behind it: of a run that are no
 * numbers the last is the one whose reward, or whose state to come, is at fault. */
static void judge_returns(rri_intake *in, const rri_trainer *trainer, rri_ledger *ledger)
{
    const rri_update_rows *update = &trainer->update;
    for (size_t place = 0; place < in->n_places; place++) {
        const bool is_end = update->is_segment_end[place] != 0;
        const bool hangs_on_next = !is_end && !isfinite(update->returns[place + 1]);
        const float a = update->advantages[place], x = isfinite(a) ? update->returns[place] : a;
        if (!isfinite(x) && !hangs_on_next) {
            const int32_t row = update->order[place];
            rr_error why;
            (void)not_finite(ledger, row, "return", x, &why);
            reject(in, ledger, (size_t)ledger->session_of[row], &why);
        }
    }
}

/* ── rows that are taken ── */

/* trained ← the places whose rows can be trained on; is_own beside them. */
static void select_rows(rri_intake *in, rri_trainer *trainer, const rri_rollout *rollout,
                        const rri_ledger *ledger)
{
    rri_update_rows *update = &trainer->update;
    in->n_trained = in->n_dropped = in->n_refused = 0;
    in->staleness = 0.0;
    in->staleness_max = 0;
    for (size_t place = 0; place < in->n_places; place++) {
        const size_t row = (size_t)update->order[place];
        const bool is_own = ledger->versions[row] == in->own;
        const rri_version *known = rri_versions_find(&trainer->versions, ledger->versions[row]);
        if (!rri_update_is_of_catalogue(trainer, rollout, row)) {
            in->n_dropped++;
            continue;
        }
        const int64_t age = is_own || known == NULL ? 0 : trainer->n_updates - known->update;
        if ((!is_own && known == NULL) || age > trainer->model.config.max_staleness) {
            in->n_refused++;
            continue;
        }
        in->staleness += (double)age;
        in->staleness_max = age > in->staleness_max ? age : in->staleness_max;
        update->is_own[in->n_trained] = is_own;
        update->trained[in->n_trained++] = (int32_t)place;
    }
    if (in->n_trained == 1 &&
        rri_update_needs_two(trainer)) { /* the others beside it are refused */
        in->n_trained = 0;
        in->n_dropped++;
        in->staleness = 0.0;
        in->staleness_max = 0;
    }
}

/* Weights and traces of all places; log_probs [n_trained] of the present policy. */
static void weigh(rri_intake *in, rri_trainer *trainer, const rri_rollout *rollout,
                  const float *log_probs)
{
    rri_update_rows *update = &trainer->update;
    float *recorded = update->advantages, *weights = update->returns; /* free until the returns */
    for (size_t i = 0; i < in->n_trained; i++) {
        recorded[i] = rollout->log_probs[update->order[update->trained[i]]];
    }
    in->weights = rri_off_policy_weigh(weights, log_probs, recorded, update->is_own,
                                       trainer->model.config.max_weight, in->n_trained);
    /* Nothing comes back through a row that is not trained on. */
    memset(update->weights, 0, in->n_places * sizeof(float));
    memset(update->traces, 0, in->n_places * sizeof(float));
    for (size_t i = 0; i < in->n_trained; i++) {
        const size_t place = (size_t)update->trained[i];
        update->weights[place] = weights[i];
        update->traces[place] = weights[i] < 1.0f ? weights[i] : 1.0f;
    }
}

static rr_status pick(rri_intake *in, rri_trainer *trainer, rri_ledger *ledger, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    const rri_rejected *rejected = &in->rejected;
    const bool is_any = rri_harvest_pick(&in->n_places, update->order, update->is_segment_end,
                                         ledger, update->max_rows, trainer->recipe.n_steps);
    if (ledger->n_picked == 0 && rejected->n_sessions > 0) {
        RRI_FAIL(err, rejected->first.status,
                 "update: none of %zu sessions that are ready can be trained on; the first: %s",
                 rejected->n_sessions, rejected->first.text);
    }
    if (!is_any) {
        RRI_FAIL(err, RR_E_STATE,
                 "update: no session of the ledger has ended with all its rewards final");
    }
    in->n_rows = 0;
    for (size_t i = 0; i < ledger->n_picked; i++) {
        in->n_rows += (size_t)ledger->lengths[ledger->picked[i]];
    }
    return RR_OK;
}

/* One round: sessions are picked and judged; *is_sound where none of them had to be rejected. */
static rr_status take_round(bool *is_sound, rri_intake *in, rri_trainer *trainer,
                            const rri_rollout *rollout, rri_ledger *ledger, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    float *log_probs = update->normalised; /* free until the minibatches */
    RRI_TRY(pick(in, trainer, ledger, err));
    RRI_TRY(rri_update_check_form(trainer, rollout, err));
    select_rows(in, trainer, rollout, ledger);
    const size_t n_rejected = in->rejected.n_sessions;
    if (in->n_trained > 0) {
        RRI_TRY(judge_lists(in, trainer, rollout, ledger, err));
    }
    *is_sound = in->rejected.n_sessions == n_rejected;
    if (!*is_sound) {
        return RR_OK;
    }
    for (size_t i = 0; i < in->n_trained; i++) {
        update->minibatch[i] = update->order[update->trained[i]];
    }
    rri_recall_compute(trainer, log_probs, NULL, rollout, update->minibatch, in->n_trained);
    rri_recall_compute(trainer, NULL, update->values, rollout, update->order, in->n_places);
    RRI_TRY(judge_numbers(in, trainer, ledger, log_probs, err));
    RRI_TRY(judge_skew(in, trainer, rollout, ledger, log_probs, err));
    if (in->rejected.n_sessions == n_rejected) {
        weigh(in, trainer, rollout, log_probs);
        rri_returns_compute_sessions(trainer, rollout, ledger, in->n_places);
        judge_returns(in, trainer, ledger);
    }
    *is_sound = in->rejected.n_sessions == n_rejected;
    return RR_OK;
}

rr_status rri_intake_take(rri_intake *in, rri_trainer *trainer, const rri_rollout *rollout,
                          rri_ledger *ledger, rr_error *err)
{
    *in = (rri_intake){0};
    in->own = rri_model_version(&trainer->model, rri_model_fingerprint(&trainer->model), NULL);
    if (ledger->min_rows == 1 && rri_update_needs_two(trainer)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: min_rows of the ledger is 1, but this agent cannot be trained on one row "
                 "alone (PPO, or normalised advantages); it must be at least 2");
    }
    rri_harvest_begin(ledger);
    reject_long_ones(in, trainer, ledger);
    for (bool is_sound = false; !is_sound;) {
        RRI_TRY(take_round(&is_sound, in, trainer, rollout, ledger, err));
    }
    const double ess = rri_off_policy_ess(&in->weights);
    if (ess < (double)trainer->model.config.min_ess) {
        RRI_FAIL(err, RR_E_STALE,
                 "update: the ess of %zu rows, the share of them that their weights are worth, is "
                 "%.4g; it must be at least min_ess, %g: policies far from the present one drew "
                 "too many",
                 in->n_trained, ess, (double)trainer->model.config.min_ess);
    }
    return RR_OK;
}

/* ── what is told ── */

void rri_intake_warn(const rri_intake *in, const rri_trainer *trainer)
{
    const rri_rejected *rejected = &in->rejected;
    const rri_off_policy_sums *weights = &in->weights;
    const double deviation = rri_off_policy_deviation(weights);
    if (rejected->n_sessions > 0) {
        rri_host_log_say(&trainer->log, RR_LOG_WARNING,
                         "update: %zu sessions (%zu rows) cannot be trained on and were rejected; "
                         "the first is session %llu: %s",
                         rejected->n_sessions, rejected->n_rows,
                         (unsigned long long)rejected->session, rejected->first.text);
    }
    if (in->n_trained == 0 && in->n_rows > 0) {
        rri_host_log_say(
            &trainer->log, RR_LOG_WARNING,
            "update: none of the %zu rows that were ready could be trained on, and they are "
            "dropped: %zu were the last of sessions cut off without a final observation, %zu of "
            "another catalogue or left alone, %zu of a version that is unknown or too old",
            in->n_rows, in->n_rows - in->n_places, in->n_dropped, in->n_refused);
    }
    if (deviation > MOST_DEVIATION) {
        rri_host_log_say(&trainer->log, RR_LOG_WARNING,
                         "update: the weights of %zu rows of earlier versions have mean %.4g, %.3g "
                         "standard errors from 1: what was recorded may not be what they saw",
                         weights->n_other, weights->raw / (double)weights->n_other, deviation);
    }
}

void rri_intake_fill_stats(rr_stats *stats, const rri_intake *in)
{
    const double n = (double)in->n_trained, n_other = (double)in->weights.n_other;
    stats->n_dropped = (int32_t)in->n_dropped;
    stats->n_refused = (int32_t)in->n_refused;
    stats->staleness_max = (int32_t)in->staleness_max;
    stats->staleness_mean = in->n_trained > 0 ? (float)(in->staleness / n) : 0.0f;
    stats->ess = (float)rri_off_policy_ess(&in->weights);
    stats->weight_mean = in->weights.n_other > 0 ? (float)(in->weights.raw / n_other) : 1.0f;
    stats->weight_max = in->weights.n_other > 0 ? (float)in->weights.raw_max : 1.0f;
    stats->capped_fraction = in->n_trained > 0 ? (float)((double)in->weights.n_capped / n) : 0.0f;
}
