/* SPDX-License-Identifier: MIT */
/* api_health.c: the front door of rr_health. */
#include <math.h>

#include "agent/agent.h"
#include "core/abi.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/log.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "eval/health.h"
#include "train/dead_units.h"

static rri_health_shape shape_of(const rr_agent *agent)
{
    return (rri_health_shape){
        .n_items = agent->trainer.model.network.n_items,
        .state_dim = agent->trainer.model.network.state_dim,
        .feature_dim = agent->trainer.model.network.feature_dim,
        .n_work = rri_dead_units_work(&agent->trainer.model.network, RRI_HEALTH_STATES),
        .max_grad_norm = (double)agent->trainer.recipe.max_grad_norm};
}

rr_status rr_health_create(rr_health **out, const rr_health_config *config, const rr_agent *agent,
                           const rr_host *host, rr_error *err)
{
    if (out == NULL || agent == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_create: %s is NULL", out == NULL ? "out" : "agent");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    const rri_host_log log = rri_host_log_of(host);
    const rri_health_shape shape = shape_of(agent);
    rr_health_config full;
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = rri_config_read(&full, rri_config_table_of(RR_CONFIG_HEALTH), config, err);
    if (status == RR_OK) {
        status = rri_health_create(out, &full, &shape, &allocator, &log, err);
    }
    rri_fpmode_leave(before);
    return status;
}

void rr_health_destroy(rr_health *health)
{
    rri_health_destroy(health);
}

/* Every row has something to choose from. */
static rr_status check_lists(const rri_health_shape *shape, const rr_obs *obs, rr_error *err)
{
    if (obs->candidates == NULL && obs->vectors == NULL) {
        if (shape->n_items == 0) {
            RRI_FAIL(err, RR_E_INVALID,
                     "rr_health_record: obs has no lists, and the watched agent no catalogue");
        }
        return RR_OK;
    }
    if (obs->n_candidates < 1) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_health_record: obs->n_candidates is %d; it must be at least 1",
                 obs->n_candidates);
    }
    for (int32_t i = 0; obs->lengths != NULL && i < obs->n; i++) {
        if (obs->lengths[i] < 1 || obs->lengths[i] > obs->n_candidates) {
            RRI_FAIL(err, RR_E_INVALID,
                     "rr_health_record: obs->lengths[%d] is %d; it must be in [1, %d]", i,
                     obs->lengths[i], obs->n_candidates);
        }
    }
    return RR_OK;
}

static rr_status check_obs(const rr_health *health, const rr_obs *obs, rr_error *err)
{
    const rri_health_shape *shape = rri_health_shape_of(health);
    if (obs->n < 1 || obs->states == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_record: obs has %s",
                 obs->n < 1 ? "no rows" : "no states");
    }
    if (obs->state_dim < 0 || (size_t)obs->state_dim != shape->state_dim) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "rr_health_record: obs->state_dim is %d; the watched agent's is %zu",
                 obs->state_dim, shape->state_dim);
    }
    const int32_t width = obs->feature_dim;
    const bool has_features = obs->features != NULL;
    if (has_features &&
        (width < 0 || (size_t)width != shape->feature_dim || obs->n_candidates < 1)) {
        RRI_FAIL(
            err, RR_E_MISMATCH,
            "rr_health_record: obs->feature_dim is %d with lists of %d; the watched agent's is "
            "%zu",
            width, obs->n_candidates, shape->feature_dim);
    }
    return check_lists(shape, obs, err);
}

/* Mean of log(length) over the rows' lists; without lists that of the catalogue. */
static double even_entropy(const rr_health *health, const rr_obs *obs)
{
    if (obs->candidates == NULL && obs->vectors == NULL) {
        return rri_log_f64((double)rri_health_shape_of(health)->n_items);
    }
    double sum = 0.0;
    for (int32_t i = 0; i < obs->n; i++) {
        sum += rri_log_f64((double)(obs->lengths != NULL ? obs->lengths[i] : obs->n_candidates));
    }
    return sum / obs->n;
}

static rr_status read_rows(rri_health_rows *rows, const rr_health *health, const rr_obs *obs,
                           const rr_decision *decision, rr_error *err)
{
    rr_obs o;
    rr_decision d;
    RRI_TRY(rri_obs_read(&o, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&d, decision, err));
    RRI_TRY(check_obs(health, &o, err));
    if (d.n != o.n) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_record: obs has %d rows, decision %d", o.n, d.n);
    }
    if (d.actions == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_record: decision->actions is NULL");
    }
    const bool is_pool = o.candidates == NULL && o.vectors == NULL;
    *rows = (rri_health_rows){.n = (size_t)o.n,
                              .states = o.states,
                              .features = o.features,
                              .k = (size_t)(o.n_candidates > 0 ? o.n_candidates : 0),
                              .even_entropy = even_entropy(health, &o),
                              .actions = d.actions,
                              .items = d.items != NULL ? d.items
                                       : is_pool       ? d.actions
                                                       : NULL};
    return RR_OK;
}

rr_status rr_health_record(rr_health *health, const rr_obs *obs, const rr_decision *decision,
                           rr_error *err)
{
    if (health == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_record: health is NULL");
    }
    rri_health_rows rows;
    RRI_TRY(read_rows(&rows, health, obs, decision, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_health_record(health, &rows, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_health_reward(rr_health *health, const rr_outcome *outcome, rr_error *err)
{
    if (health == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_reward: health is NULL");
    }
    rr_outcome full;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    if (full.n < 1 || full.rewards == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_reward: outcome has %s",
                 full.n < 1 ? "no rows" : "no rewards");
    }
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_health_reward(health, full.rewards, (size_t)full.n, err);
    rri_fpmode_leave(before);
    return status;
}

static double look_for_dead_units(rr_health *health, const rr_agent *agent)
{
    const float *states = NULL;
    const size_t n = rri_health_states(health, &states);
    return rri_dead_units_share(&agent->trainer.model.network, agent->trainer.model.values, states,
                                n, rri_health_work(health));
}

rr_status rr_health_update(rr_health *health, const rr_agent *agent, const rr_stats *stats,
                           rr_health_report *out, rr_error *err)
{
    if (health == NULL || agent == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_health_update: %s is NULL",
                 health == NULL ? "health" : "agent");
    }
    const rri_health_shape *shape = rri_health_shape_of(health);
    const rri_health_shape other = shape_of(agent);
    if (other.state_dim != shape->state_dim || other.n_work != shape->n_work ||
        other.n_items != shape->n_items) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "rr_health_update: the agent has %zu items and states of width %zu; the watch was "
                 "made for %zu and %zu",
                 other.n_items, other.state_dim, shape->n_items, shape->state_dim);
    }
    rr_stats full;
    RRI_TRY(rri_abi_read(&full, sizeof full, stats, "rr_stats", err));
    if (out != NULL) {
        RRI_TRY(rri_abi_check(out, sizeof *out, "rr_health_report", err));
    }
    rr_health_report report;
    const rri_fpmode before = rri_fpmode_enter();
    const double dead =
        rri_health_is_due(health) ? look_for_dead_units(health, agent) : (double)NAN;
    rri_health_update(health, &full, dead, &report);
    rri_fpmode_leave(before);
    if (out != NULL) {
        rri_abi_write(out, &report, sizeof report);
    }
    return RR_OK;
}

const char *rr_health_sentence(const rr_health *health, uint32_t illness)
{
    return health != NULL ? rri_health_sentence(health, illness) : "";
}
