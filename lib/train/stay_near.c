/* SPDX-License-Identifier: MIT */
#include "train/stay_near.h"

#include "core/status.h"
#include "items/items.h"
#include "math/scalar.h"
#include "optim/schedule.h"

enum { MOST_DOUBLINGS = 20 };

static uint64_t fingerprint_of(const rri_model *model)
{
    return model->items != NULL ? rri_items_fingerprint(model->items) : 0;
}

static float weight_of(const rri_trainer *trainer)
{
    const float coef = trainer->recipe.ref_kl_coef;
    return trainer->model.config.ref_kl_target > 0.0f
               ? coef * rri_scalar_power_of_two((int32_t)trainer->reference.n_doublings)
               : rri_schedule_lr(coef, trainer->n_updates, trainer->model.config.ref_kl_updates);
}

void rri_stay_near_steer(rri_trainer *trainer, double kl)
{
    const double target = (double)trainer->model.config.ref_kl_target;
    int64_t *n = &trainer->reference.n_doublings;
    if (target > 0.0 && kl > 1.5 * target && *n < MOST_DOUBLINGS) {
        (*n)++;
    }
    if (target > 0.0 && kl < target / 1.5 && *n > -MOST_DOUBLINGS) {
        (*n)--;
    }
}

rr_status rri_stay_near_check(int64_t n_doublings, rr_error *err)
{
    if (n_doublings < -MOST_DOUBLINGS || n_doublings > MOST_DOUBLINGS) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "checkpoint: agent.ref_kl_doublings is %lld; it must be in "
                 "[-%d, %d]",
                 (long long)n_doublings, MOST_DOUBLINGS, MOST_DOUBLINGS);
    }
    return RR_OK;
}

/* Without lists a row has a score for each item, of which there may be more today. */
static rr_status check_scores(const rri_trainer *trainer, const rri_rollout *rollout, rr_error *err)
{
    const size_t n_items = trainer->model.network.n_items;
    if (!rollout->form.has_lists && rollout->r != n_items) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: rows have reference_log_probs of %zu items (max_reference), and the "
                 "catalogue has %zu",
                 rollout->r, n_items);
    }
    return RR_OK;
}

rr_status rri_stay_near_begin(rri_trainer *trainer, const rri_rollout *rollout, rr_error *err)
{
    rri_reference_policy *reference = &trainer->reference;
    const rri_model *own = &trainer->model;
    if (trainer->recipe.ref_kl_coef == 0.0f) {
        return RR_OK;
    }
    reference->coef = weight_of(trainer);
    if (rollout->form.has_reference) {
        return check_scores(trainer, rollout, err);
    }
    if (reference->model == NULL) {
        RRI_FAIL(err, RR_E_STATE,
                 "update: ref_kl_coef is %g and no reference is set: rr_agent_set_reference gives "
                 "the policy to stay near, or the rows do (max_reference)",
                 (double)trainer->recipe.ref_kl_coef);
    }
    reference->network = reference->model->network;
    if (fingerprint_of(reference->model) == fingerprint_of(own) &&
        reference->network.n_items == own->network.n_items) {
        return RR_OK;
    }
    if (rri_trainer_learns_of_items(trainer) || rri_network_learns_items(&own->network)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "update: the reference learned something of each of its %zu items, and the agent "
                 "has another catalogue now, of %zu: set a reference of this one "
                 "(rr_agent_set_reference)",
                 reference->network.n_items, own->network.n_items);
    }
    /* Also of another line: the vectors are the agent's own, and the reference is a function of
     * vectors. What it kept of its own pool is not of these. */
    rri_network *network = &reference->network;
    network->n_items = own->network.n_items;
    network->pool = own->network.pool;
    rri_network_lend_items(network, own->network.catalogue.panels);
    network->catalogue.candidate_products = NULL;
    return RR_OK;
}
