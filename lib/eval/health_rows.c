/* SPDX-License-Identifier: MIT */
#include "eval/health_rows.h"

#include "core/log.h"
#include "core/status.h"

static bool has_lists(const rr_obs *obs)
{
    return obs->candidates != NULL || obs->vectors != NULL;
}

/* Every row has something to choose from. */
static rr_status check_lists(const rri_health_shape *watched, const rr_obs *obs, rr_error *err)
{
    if (!has_lists(obs)) {
        if (watched->n_items == 0) {
            RRI_FAIL(err, RR_E_INVALID,
                     "health: obs has no lists, and the watched agent no catalogue");
        }
        return RR_OK;
    }
    if (obs->n_candidates < 1) {
        RRI_FAIL(err, RR_E_INVALID, "health: obs->n_candidates is %d; it must be at least 1",
                 obs->n_candidates);
    }
    for (int32_t i = 0; obs->lengths != NULL && i < obs->n; i++) {
        if (obs->lengths[i] < 1 || obs->lengths[i] > obs->n_candidates) {
            RRI_FAIL(err, RR_E_INVALID, "health: obs->lengths[%d] is %d; it must be in [1, %d]", i,
                     obs->lengths[i], obs->n_candidates);
        }
    }
    return RR_OK;
}

static rr_status check_obs(const rri_health_shape *watched, const rr_obs *obs, rr_error *err)
{
    if (obs->n < 1 || obs->states == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "health: obs has %s", obs->n < 1 ? "no rows" : "no states");
    }
    if (obs->state_dim < 0 || (size_t)obs->state_dim != watched->state_dim) {
        RRI_FAIL(err, RR_E_MISMATCH, "health: obs->state_dim is %d; the watched agent's is %zu",
                 obs->state_dim, watched->state_dim);
    }
    const int32_t width = obs->feature_dim;
    if (obs->features != NULL &&
        (width < 0 || (size_t)width != watched->feature_dim || obs->n_candidates < 1)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "health: obs->feature_dim is %d with lists of %d; the watched agent's is %zu",
                 width, obs->n_candidates, watched->feature_dim);
    }
    return check_lists(watched, obs, err);
}

static rr_status check_decision(const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    if (decision->n != obs->n) {
        RRI_FAIL(err, RR_E_INVALID, "health: obs has %d rows, decision %d", obs->n, decision->n);
    }
    if (decision->actions == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "health: decision->actions is NULL");
    }
    return RR_OK;
}

/* Mean of log(length) over the rows' lists; without lists that of the catalogue. */
static double even_entropy(const rri_health_shape *watched, const rr_obs *obs)
{
    if (!has_lists(obs)) {
        return rri_log_f64((double)watched->n_items);
    }
    double sum = 0.0;
    for (int32_t i = 0; i < obs->n; i++) {
        sum += rri_log_f64((double)(obs->lengths != NULL ? obs->lengths[i] : obs->n_candidates));
    }
    return sum / obs->n;
}

rr_status rri_health_rows_of(rri_health_rows *rows, const rri_health_shape *watched,
                             const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    RRI_TRY(check_obs(watched, obs, err));
    RRI_TRY(check_decision(obs, decision, err));
    const int32_t *const pool_items = has_lists(obs) ? NULL : decision->actions;
    *rows = (rri_health_rows){.n = (size_t)obs->n,
                              .states = obs->states,
                              .features = obs->features,
                              .k = (size_t)(obs->n_candidates > 0 ? obs->n_candidates : 0),
                              .lengths = obs->lengths,
                              .even_entropy = even_entropy(watched, obs),
                              .actions = decision->actions,
                              .items = decision->items != NULL ? decision->items : pool_items,
                              .keys = decision->items != NULL ? decision->item_keys : NULL};
    return RR_OK;
}
