/* SPDX-License-Identifier: MIT */
#include "train/stay_near.h"

#include "core/status.h"
#include "items/items.h"
#include "optim/schedule.h"

static uint64_t fingerprint_of(const rri_model *model)
{
    return model->items != NULL ? rri_items_fingerprint(model->items) : 0;
}

rr_status rri_stay_near_begin(rri_trainer *trainer, rr_error *err)
{
    rri_reference_policy *reference = &trainer->reference;
    const rri_model *own = &trainer->model;
    if (trainer->recipe.ref_kl_coef == 0.0f) {
        return RR_OK;
    }
    if (reference->model == NULL) {
        RRI_FAIL(err, RR_E_STATE,
                 "update: ref_kl_coef is %g and no reference is set: rr_agent_set_reference gives "
                 "the policy to stay near",
                 (double)trainer->recipe.ref_kl_coef);
    }
    reference->coef = rri_schedule_lr(trainer->recipe.ref_kl_coef, trainer->n_updates,
                                      own->config.ref_kl_updates);
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
