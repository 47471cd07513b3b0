/* SPDX-License-Identifier: MIT */
#include "agent/keyed_update.h"

#include <math.h>
#include <string.h>

#include "agent/recall.h"
#include "agent/returns.h"
#include "agent/serving.h"
#include "agent/skew.h"
#include "agent/update.h"
#include "core/status.h"
#include "items/items.h"
#include "rl/harvest.h"
#include "rl/off_policy.h"

/* Standard errors by which the mean weight may miss 1. */
static const double MOST_DEVIATION = 4.0;

/* What is known of the rows of one update. */
typedef struct intake {
    uint64_t parameters, own; /* their hash, and the present version */
    size_t n_places, n_trained;
    size_t n_dropped, n_refused;
    int64_t staleness_max;
    double staleness; /* Σ over trained places */
    rri_off_policy_sums weights;
} intake;

/* trained ← the places whose rows can be trained on; is_own beside them. */
static void select_rows(intake *in, rr_agent *agent, const rri_rollout *rollout,
                        const rri_ledger *ledger)
{
    rri_update_rows *update = &agent->update;
    for (size_t place = 0; place < in->n_places; place++) {
        const size_t row = (size_t)update->order[place];
        const bool is_own = ledger->versions[row] == in->own;
        const rri_version *known = rri_versions_find(&agent->versions, ledger->versions[row]);
        if (!rri_update_is_of_catalogue(agent, rollout, row)) {
            in->n_dropped++;
            continue;
        }
        const int64_t age = is_own || known == NULL ? 0 : agent->n_updates - known->update;
        if ((!is_own && known == NULL) || age > agent->config.max_staleness) {
            in->n_refused++;
            continue;
        }
        in->staleness += (double)age;
        in->staleness_max = age > in->staleness_max ? age : in->staleness_max;
        update->is_own[in->n_trained] = is_own;
        update->trained[in->n_trained++] = (int32_t)place;
    }
}

static rr_status check_finite(const intake *in, const rr_agent *agent, const rri_ledger *ledger,
                              const float *log_probs, rr_error *err)
{
    const rri_update_rows *update = &agent->update;
    for (size_t i = 0; i < in->n_trained; i++) {
        const int32_t row = update->order[update->trained[i]];
        if (!isfinite(log_probs[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "update: decision %llu has log-prob %g now; the agent's parameters, or the "
                     "row's numbers, are too large",
                     (unsigned long long)ledger->decisions[row], (double)log_probs[i]);
        }
    }
    return RR_OK;
}

/* Weights and traces of all places; log_probs [n_trained] as above. */
static void weigh(intake *in, rr_agent *agent, const rri_rollout *rollout, const float *log_probs)
{
    rri_update_rows *update = &agent->update;
    float *recorded = update->advantages, *weights = update->returns; /* free until the returns */
    for (size_t i = 0; i < in->n_trained; i++) {
        recorded[i] = rollout->log_probs[update->order[update->trained[i]]];
    }
    in->weights = rri_off_policy_weigh(weights, log_probs, recorded, update->is_own,
                                       agent->config.max_weight, in->n_trained);
    /* Nothing comes back through a row that is not trained on. */
    memset(update->weights, 0, in->n_places * sizeof(float));
    memset(update->traces, 0, in->n_places * sizeof(float));
    for (size_t i = 0; i < in->n_trained; i++) {
        const size_t place = (size_t)update->trained[i];
        update->weights[place] = weights[i];
        update->traces[place] = weights[i] < 1.0f ? weights[i] : 1.0f;
    }
}

static rr_status take_in(intake *in, rr_agent *agent, const rri_rollout *rollout,
                         rri_ledger *ledger, rr_error *err)
{
    rri_update_rows *update = &agent->update;
    RRI_TRY(rri_harvest_pick(&in->n_places, update->order, update->is_segment_end, ledger,
                             update->max_rows, err));
    RRI_TRY(rri_update_check_form(agent, rollout, err));
    in->parameters =
        rri_agent_parameters_hash(&agent->config, agent->values, agent->network.params.n_floats);
    in->own = rri_serving_version(
        in->parameters, agent->items != NULL ? rri_items_fingerprint(agent->items) : 0, NULL);
    select_rows(in, agent, rollout, ledger);
    if (rri_update_needs_two(agent) && in->n_trained == 1) {
        RRI_FAIL(err, RR_E_STATE,
                 "update: one row alone cannot be trained on; wait for another to be ready");
    }
    if (in->n_trained > 0) {
        RRI_TRY(rri_update_check_lists(agent, rollout, in->n_trained, err));
    }
    float *log_probs = update->normalised; /* free until the minibatches */
    for (size_t i = 0; i < in->n_trained; i++) {
        update->minibatch[i] = update->order[update->trained[i]];
    }
    rri_recall_compute(agent, log_probs, NULL, rollout, update->minibatch, in->n_trained);
    RRI_TRY(check_finite(in, agent, ledger, log_probs, err));
    RRI_TRY(rri_skew_check(agent, in->own, rollout, ledger, log_probs, in->n_trained, err));
    weigh(in, agent, rollout, log_probs);
    const double ess = rri_off_policy_ess(&in->weights);
    if (ess < (double)agent->config.min_ess) {
        RRI_FAIL(err, RR_E_STALE,
                 "update: the weights of %zu rows are worth a share of %.4g of them; min_ess is "
                 "%g: too many were drawn by policies far from the present one",
                 in->n_trained, ess, (double)agent->config.min_ess);
    }
    return RR_OK;
}

static void warn(const rr_agent *agent, const rri_off_policy_sums *weights)
{
    const double deviation = rri_off_policy_deviation(weights);
    if (deviation > MOST_DEVIATION) {
        rri_host_log_say(&agent->log, RR_LOG_WARNING,
                         "update: the weights of %zu rows of earlier versions have mean %.4g, %.3g "
                         "standard errors from 1: what was recorded may not be what they saw",
                         weights->n_other, weights->raw / (double)weights->n_other, deviation);
    }
}

static void fill_stats(rr_stats *stats, const intake *in)
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

rr_status rri_agent_update_keyed(bool *is_made, rr_agent *agent, rri_rollout *rollout,
                                 rri_ledger *ledger, rr_stats *stats, rr_error *err)
{
    rri_update_rows *update = &agent->update;
    intake in = {0};
    *is_made = false;
    RRI_TRY(take_in(&in, agent, rollout, ledger, err));
    warn(agent, &in.weights);
    rri_agent_note_version(agent, in.parameters, NULL);
    rri_agent_keep_version(agent, in.own);

    /* From here on the rows are the update's: ratios begin at the policy of now. */
    for (size_t i = 0; i < in.n_trained; i++) {
        rollout->log_probs[update->order[update->trained[i]]] = update->normalised[i];
    }
    rri_recall_compute(agent, NULL, update->values, rollout, update->order, in.n_places);
    rri_returns_compute_keyed(agent, rollout, ledger, in.n_places);
    update->has_weights = true;
    size_t n_trained;
    rr_stats full = {0};
    const rr_status status =
        rri_update_run(&n_trained, agent, rollout, in.n_places, in.n_trained, &full, err);
    update->has_weights = false; /* whoever trains next has none */
    fill_stats(&full, &in);
    if (stats != NULL) {
        *stats = full;
    }
    rri_harvest_forget(ledger, rollout, n_trained);
    *is_made = true;
    return status;
}
