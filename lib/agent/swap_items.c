/* SPDX-License-Identifier: MIT */
#include "agent/swap_items.h"

#include <string.h>

#include "core/status.h"
#include "items/items.h"
#include "model/axes.h"
#include "nn/init.h"
#include "train/reward_fit.h"

static bool has_item_rows(const rri_network *net, const rri_param *param)
{
    return rri_axes_of(net, param).rows == RRI_AXIS_ITEMS;
}

/* Whether an index means the same in both catalogues. */
static bool is_of_line(const rr_items *a, const rr_items *b)
{
    uint32_t generation;
    return rri_items_generation_of(&generation, a, rri_items_fingerprint(b));
}

/* What becomes of a tensor's rows of items that the old catalogue did not have. */
typedef struct carry {
    bool is_line;     /* rows that were there stay where they are */
    bool clears_new;  /* a key that is new has 0; else what `to` was initialised with */
    bool follows_key; /* within a line, a key under a new index goes on with its row */
} carry;

/* Rows of a tensor [N, width] from the old catalogue's place to the new one's. */
static void carry_rows(float *to, const float *from, size_t width, const rr_agent *next,
                       const rr_agent *before, carry how)
{
    const rr_items *old = before->trainer.model.items;
    const uint64_t *keys = rri_items_keys(next->trainer.model.items);
    const size_t n_old = rri_items_count(old);
    for (size_t i = 0; i < next->trainer.model.network.n_items; i++) {
        const bool is_there = how.is_line && i < n_old;
        const bool is_asked = !how.is_line || how.follows_key;
        const int32_t at = is_there ? (int32_t)i : is_asked ? rri_items_find(old, keys[i]) : -1;
        if (at >= 0) {
            memcpy(to + i * width, from + (size_t)at * width, width * sizeof(float));
        } else if (how.clears_new) {
            memset(to + i * width, 0, width * sizeof(float));
        }
    }
}

static void carry_over(rr_agent *next, const rr_agent *before, bool is_line)
{
    const bool is_dense = next->trainer.model.network.is_dense;
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
                const rri_head_offsets *at = &next->trainer.model.network.at;
                const bool is_vector = param->offset == at->items;
                const bool is_bias = param->offset == at->item_bias;
                const carry how = {is_line, !is_values || (is_dense && !is_bias),
                                   !is_values || !is_vector || is_dense};
                carry_rows(to[a] + param->offset, from[a] + old->offset, width, next, before, how);
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
    const carry how = {is_of_line(before->trainer.model.items, next->trainer.model.items), true,
                       true};
    if (to->n_state == 0) {
        return;
    }
    for (size_t tried = 0; tried < RRI_REWARD_TRIED; tried++) {
        float *model = to->state + tried * to->n_floats;
        const float *old = from->state + tried * from->n_floats;
        if (net->is_dense) {
            carry_rows(model, old, width, next, before, how);
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
    const size_t wanted = (size_t)agent->trainer.model.config.item_feature_dim;
    if (wanted > 0 && rri_items_feature_dim(items) != wanted) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "set_items: the items have %zu features of their own; this agent reads %zu "
                 "(item_feature_dim)",
                 rri_items_feature_dim(items), wanted);
    }
    return RR_OK;
}

/* Whether nothing of the agent but the catalogue itself changes with the number of items. */
static bool has_room(const rr_agent *agent, const rr_items *items)
{
    const rri_network *net = &agent->trainer.model.network;
    const size_t n = rri_items_count(items);
    return agent->trainer.item_room > net->n_items && n <= agent->trainer.item_room &&
           rri_trainer_has_room(&agent->trainer, n) &&
           is_of_line(agent->trainer.model.items, items);
}

/* Costs what a reference costs. */
static void exchange(rr_agent *agent, rr_items *items)
{
    rri_model *model = &agent->trainer.model;
    rri_items_retain(items);
    rri_items_release(model->items);
    model->items = items;
    model->network.n_items = rri_items_count(items);
    rri_network_set_pool(&model->network, items);
    rri_network_pack_items(&model->network, model->values);
}

/* Parameters of earlier versions, where none of them belongs to an item. */
static void carry_earlier(rr_agent *next, const rr_agent *before)
{
    const rri_earlier *old = &before->trainer.earlier;
    rri_earlier *earlier = &next->trainer.earlier;
    if (earlier->most == old->most && earlier->n_floats == old->n_floats) {
        memcpy(earlier->values, old->values, old->most * old->n_floats * sizeof(float));
        memcpy(earlier->plain, old->plain, old->most * sizeof *old->plain);
        earlier->n = old->n;
        earlier->next = old->next;
    }
}

rr_status rri_agent_set_items(rr_agent *agent, rr_items *items, rr_error *err)
{
    RRI_TRY(check(agent, items, err));
    const bool is_line = is_of_line(agent->trainer.model.items, items);
    if (has_room(agent, items)) {
        exchange(agent, items);
        return RR_OK;
    }
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
    if (next.trainer.model.network.at.shown != RRI_ABSENT) {
        rri_init_constant(next.trainer.model.values + next.trainer.model.network.at.item_bias,
                          next.trainer.model.config.count_bonus,
                          next.trainer.model.network.n_items);
    }
    carry_over(&next, agent, is_line);
    if (is_line && !rri_trainer_learns_of_items(&next.trainer)) {
        carry_earlier(&next, agent);
    }
    memcpy(next.trainer.normaliser.running, agent->trainer.normaliser.running,
           next.trainer.normaliser.n_running * sizeof(double));
    carry_reward_fit(&next, agent);
    rri_network_set_pool(&next.trainer.model.network, items);
    rri_network_pack_items(&next.trainer.model.network, next.trainer.model.values);
    rri_network_pack(&next.trainer.model.network, next.trainer.model.values);
    rri_model_rehash(&next.trainer.model);

    rri_items_retain(items);
    rri_items_release(agent->trainer.model.items);
    rri_memory_release(&agent->allocator, agent->block, agent->block_bytes);
    *agent = next;
    return RR_OK;
}
