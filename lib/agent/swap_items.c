/* SPDX-License-Identifier: MIT */
#include "agent/swap_items.h"

#include <string.h>

#include "core/status.h"
#include "items/items.h"
#include "train/reward_fit.h"

static bool has_item_rows(const rri_network *net, const rri_param *param)
{
    return param->offset == net->at.items || param->offset == net->at.item_bias ||
           (net->is_dense && param->offset == net->reward.query);
}

/* Rows of a tensor [N, width] from the old catalogue's place to the new one's, by key. A key that
 * is new keeps `to` as it was initialised, or becomes 0 where `clears_new`. */
static void carry_rows(float *to, const float *from, size_t width, const rr_agent *next,
                       const rr_agent *before, bool clears_new)
{
    const uint64_t *keys = rri_items_keys(next->trainer.model.items);
    for (size_t i = 0; i < next->trainer.model.network.n_items; i++) {
        const int32_t at = rri_items_find(before->trainer.model.items, keys[i]);
        if (at >= 0) {
            memcpy(to + i * width, from + (size_t)at * width, width * sizeof(float));
        } else if (clears_new) {
            memset(to + i * width, 0, width * sizeof(float));
        }
    }
}

static void carry_over(rr_agent *next, const rr_agent *before)
{
    const rri_params *params = &next->trainer.model.network.params;
    float *const to[] = {next->trainer.model.values, next->trainer.first_moments,
                         next->trainer.second_moments};
    const float *const from[] = {before->trainer.model.values, before->trainer.first_moments,
                                 before->trainer.second_moments};
    for (size_t p = 0; p < params->n_params; p++) {
        const rri_param *param = &params->entries[p];
        const rri_param *old = rri_params_find(&before->trainer.model.network.params, param->name);
        for (size_t a = 0; a < 3; a++) {
            const bool is_values = a == 0;
            if (has_item_rows(&next->trainer.model.network, param)) {
                const size_t width = param->size / next->trainer.model.network.n_items;
                carry_rows(to[a] + param->offset, from[a] + old->offset, width, next, before,
                           !is_values || next->trainer.model.network.is_dense);
            } else {
                memcpy(to[a] + param->offset, from[a] + old->offset, param->size * sizeof(float));
            }
        }
    }
}

/* What a reward model's fit remembers: in the dense head rows of items, by key; the rest as it is.
 */
static void carry_reward_fit(rr_agent *next, const rr_agent *before)
{
    rri_reward_fit *to = &next->trainer.reward;
    const rri_reward_fit *from = &before->trainer.reward;
    const rri_network *net = &next->trainer.model.network;
    const size_t width = net->state_dim + 1;
    const size_t n_to = net->is_dense ? net->n_items * width : 0;
    const size_t n_from = net->is_dense ? before->trainer.model.network.n_items * width : 0;
    if (to->n_state == 0) {
        return;
    }
    for (size_t tried = 0; tried < RRI_REWARD_TRIED; tried++) {
        float *model = to->state + tried * to->n_floats;
        const float *old = from->state + tried * from->n_floats;
        if (net->is_dense) {
            carry_rows(model, old, width, next, before, true);
        }
        memcpy(model + n_to, old + n_from, (to->n_floats - n_to) * sizeof(float));
    }
    const size_t n_rest = to->n_state - (size_t)(to->misses - to->state);
    memcpy(to->misses, from->misses, n_rest * sizeof(float));
    if (net->is_dense) {
        rri_reward_fit_forget_rows(&next->trainer);
    }
}

static rr_status check(const rr_agent *agent, const rr_items *items, rr_error *err)
{
    if (agent->trainer.model.items == NULL) {
        RRI_FAIL(err, RR_E_STATE,
                 "set_items: this agent was made without a catalogue, so it has none to exchange");
    }
    if (!agent->trainer.model.network.is_dense &&
        rri_items_dim(items) != agent->trainer.model.network.dim) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "set_items: the items have vectors of width %zu; this agent's "
                 "have %zu",
                 rri_items_dim(items), agent->trainer.model.network.dim);
    }
    return RR_OK;
}

rr_status rri_agent_set_items(rr_agent *agent, rr_items *items, rr_error *err)
{
    RRI_TRY(check(agent, items, err));
    rr_agent next = *agent;
    next.trainer.model.items = items;
    next.block = NULL;
    if (next.trainer.model.config.num_items != 0) {
        next.trainer.model.config.num_items = (int32_t)rri_items_count(items);
    }
    RRI_TRY(rri_agent_build(&next, err));
    if (next.trainer.model.network.at.items != RRI_ABSENT && !next.trainer.model.network.is_dense) {
        memcpy(next.trainer.model.values + next.trainer.model.network.at.items,
               rri_items_vectors(items),
               next.trainer.model.network.n_items * next.trainer.model.network.dim * sizeof(float));
    }
    carry_over(&next, agent);
    memcpy(next.trainer.normaliser.running, agent->trainer.normaliser.running,
           next.trainer.normaliser.n_running * sizeof(double));
    carry_reward_fit(&next, agent);
    rri_network_pack_items(&next.trainer.model.network, next.trainer.model.values,
                           rri_items_vectors(items));
    rri_network_pack(&next.trainer.model.network, next.trainer.model.values);
    rri_model_rehash(&next.trainer.model);

    rri_items_retain(items);
    rri_items_release(agent->trainer.model.items);
    rri_memory_release(&agent->allocator, agent->block, agent->block_bytes);
    *agent = next;
    return RR_OK;
}
