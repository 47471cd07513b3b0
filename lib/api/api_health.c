/* SPDX-License-Identifier: MIT */
/* api_health.c: the front door of rr_health. */
#include <math.h>

#include "agent/agent.h"
#include "core/abi.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "eval/health.h"
#include "eval/health_rows.h"
#include "items/items.h"
#include "train/dead_units.h"

static rri_health_shape shape_of(const rr_agent *agent)
{
    const size_t n_items = agent->trainer.model.network.n_items;
    const rr_items *items = agent->trainer.model.items;
    return (rri_health_shape){
        .n_items = n_items,
        .most_items = rri_size_larger((size_t)agent->trainer.model.config.max_pool_items,
                                      n_items > 0 ? rri_items_room(n_items) : 0),
        .line = items != NULL ? rri_items_root(items) : 0,
        .state_dim = agent->trainer.model.network.state_dim,
        .feature_dim = agent->trainer.model.network.feature_dim,
        .n_work = rri_dead_units_work(&agent->trainer.model.network, RRI_HEALTH_STATES),
        .max_grad_norm = (double)agent->trainer.recipe.max_grad_norm};
}

rr_status rr_health_create(rr_health **out, const rr_health_config *config, const rr_agent *agent,
                           const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_health_create", "out", err));
    RRI_TRY(rri_require(agent, "rr_health_create", "agent", err));
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

rr_status rr_health_memory(const rr_agent *agent, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_health_memory", "agent", err));
    RRI_TRY(rri_require(bytes, "rr_health_memory", "bytes", err));
    const rri_health_shape shape = shape_of(agent);
    return rri_health_memory(bytes, &shape, err);
}

void rr_health_destroy(rr_health *health)
{
    rri_health_destroy(health);
}

rr_status rr_health_record(rr_health *health, const rr_obs *obs, const rr_decision *decision,
                           rr_error *err)
{
    RRI_TRY(rri_require(health, "rr_health_record", "health", err));
    rr_obs o;
    rr_decision d;
    rri_health_rows rows;
    RRI_TRY(rri_obs_read(&o, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&d, decision, err));
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = rri_health_rows_of(&rows, rri_health_shape_of(health), &o, &d, err);
    if (status == RR_OK) {
        status = rri_health_record(health, &rows, err);
    }
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_health_reward(rr_health *health, const rr_outcome *outcome, rr_error *err)
{
    RRI_TRY(rri_require(health, "rr_health_reward", "health", err));
    rr_outcome full;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_health_reward(health, full.rewards, full.n, full.decisions == NULL, err);
    rri_fpmode_leave(before);
    return status;
}

static double look_for_dead_units(rr_health *health, const rr_agent *agent)
{
    const float *states = NULL;
    const size_t n = rri_health_states(health, &states);
    const rri_network *net = &agent->trainer.model.network;
    const rri_inputs in = {.states = states, .state_dim = net->state_dim};
    return rri_dead_units_share(net, &in, n, rri_health_work(health));
}

rr_status rr_health_update(rr_health *health, const rr_agent *agent, const rr_stats *stats,
                           rr_health_report *out, rr_error *err)
{
    RRI_TRY(rri_require(health, "rr_health_update", "health", err));
    RRI_TRY(rri_require(agent, "rr_health_update", "agent", err));
    const rri_health_shape shape = shape_of(agent);
    RRI_TRY(rri_health_shape_check(&shape, rri_health_shape_of(health), err));
    rr_stats full;
    RRI_TRY(rri_abi_read(&full, sizeof full, stats, "rr_stats", err));
    if (out != NULL) {
        RRI_TRY(rri_abi_check(out, sizeof *out, "rr_health_report", err));
    }
    rr_health_report report;
    rri_health_grow(health, shape.n_items);
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
