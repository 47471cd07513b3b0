/* SPDX-License-Identifier: MIT */
#include "serve/proof.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/philox.h"
#include "core/status.h"
#include "items/items.h"

enum { MOST_LISTED = 16, MOST_SHOWN = 4, MOST_EXCLUDED = 2 };

/* One request: n = 1. Lanes of the stream go by the four kinds of numbers in it. */
typedef struct request_arrays {
    rr_obs obs;
    float *states, *features, *vectors;
    int32_t candidates[MOST_LISTED], history[MOST_SHOWN], excluded[MOST_EXCLUDED];
    float history_rewards[MOST_SHOWN];
    int32_t incumbent;
    uint64_t id;
} request_arrays;

/* Items that may be chosen: those of the policy's own generation, whatever came later. */
static size_t n_alive(const rr_policy *policy)
{
    const rr_items *items = policy->model.items;
    return items != NULL ? rri_items_alive(items) : policy->model.network.n_items;
}

/* The first of them at `item` or behind it, around the catalogue. There is one. */
static size_t alive_from(const rr_policy *policy, size_t item)
{
    const rr_items *items = policy->model.items;
    while (items != NULL && !rri_items_is_alive(items, item)) {
        item = (item + 1) % policy->model.network.n_items;
    }
    return item;
}

/* Length of the request's list; 0: the pool. */
static size_t list_length(const rr_policy *policy)
{
    const rri_network *net = &policy->model.network;
    if (net->n_items > 0 && net->feature_dim == 0) {
        return 0;
    }
    const size_t most = rri_size_smaller(MOST_LISTED, (size_t)policy->model.config.max_candidates);
    return net->n_items > 0 ? rri_size_smaller(most, n_alive(policy)) : most;
}

/* Whether requests can be made at all. */
static bool has_requests(const rr_policy *policy)
{
    const rri_network *net = &policy->model.network;
    return list_length(policy) > 0 || (n_alive(policy) > 0 && net->feature_dim == 0);
}

static void layout(request_arrays *r, rri_arena *arena, const rr_policy *policy)
{
    const rri_network *net = &policy->model.network;
    const size_t k = list_length(policy);
    r->states = RRI_TAKE(arena, float, net->state_dim);
    r->features = RRI_TAKE(arena, float, k * net->feature_dim);
    r->vectors = RRI_TAKE(arena, float, net->n_items == 0 ? k * net->dim : 0);
}

static int32_t draw_item(uint64_t decision, uint32_t lane, size_t n_items)
{
    return (int32_t)rri_philox_below(0, RRI_STREAM_PROOF, decision, lane, n_items);
}

/* Items of lists follow one another around the catalogue from a random one on, so that they differ;
 * what is gone is passed by. */
static void draw_lists(request_arrays *r, const rr_policy *policy, uint64_t decision)
{
    const rri_network *net = &policy->model.network;
    const size_t k = (size_t)r->obs.n_candidates;
    const uint64_t with_normals = decision + RRI_PROOF_DECISIONS;
    size_t item = k > 0 && net->n_items > 0 ? (size_t)draw_item(decision, 0, net->n_items) : 0;
    for (size_t j = 0; j < k && net->n_items > 0; j++) {
        item = alive_from(policy, item);
        r->candidates[j] = (int32_t)item;
        item = (item + 1) % net->n_items;
    }
    if (net->feature_dim > 0) {
        rri_philox_normals(r->features, k * net->feature_dim, 0, RRI_STREAM_PROOF, with_normals);
    }
    if (net->n_items == 0) {
        rri_philox_normals(r->vectors, k * net->dim, 0, RRI_STREAM_PROOF,
                           with_normals + RRI_PROOF_DECISIONS);
    }
    r->obs.candidates = net->n_items > 0 && k > 0 ? r->candidates : NULL;
    r->obs.features = net->feature_dim > 0 ? r->features : NULL;
    r->obs.feature_dim = (int32_t)net->feature_dim;
    r->obs.vectors = net->n_items == 0 ? r->vectors : NULL;
    r->obs.item_dim = net->n_items == 0 ? (int32_t)net->dim : 0;
}

/* Exclusions lie behind the first that may be chosen of a list or of the pool, which the incumbent
 * takes, and leave one. */
static void draw_shown(request_arrays *r, const rr_policy *policy, uint64_t decision)
{
    const size_t n_items = policy->model.network.n_items, k = (size_t)r->obs.n_candidates;
    const size_t width = k > 0 ? k : n_alive(policy);
    size_t item = k > 0 ? 0 : alive_from(policy, 0);
    r->incumbent = (int32_t)item;
    const size_t most = (size_t)policy->model.config.max_history;
    r->obs.history = n_items > 0 ? r->history : NULL;
    r->obs.n_history = n_items > 0 ? (int32_t)rri_size_smaller(most, MOST_SHOWN) : 0;
    for (uint32_t j = 0; j < (uint32_t)r->obs.n_history; j++) {
        r->history[j] = draw_item(decision, 1 + j, n_items);
    }
    if (rri_network_reads_past(&policy->model.network)) {
        r->obs.history_rewards = r->history_rewards;
        rri_philox_normals(r->history_rewards, MOST_SHOWN, 0, RRI_STREAM_PROOF,
                           decision + (uint64_t)3 * RRI_PROOF_DECISIONS);
    }
    r->obs.excluded = n_items > 0 ? r->excluded : NULL;
    r->obs.n_excluded = n_items > 0 ? (int32_t)rri_size_smaller(most, MOST_EXCLUDED) : 0;
    for (size_t j = 0; j < (size_t)r->obs.n_excluded; j++) {
        const size_t position = 1 + j;
        const bool is_there = position + 1 < width;
        item = k == 0 && is_there ? alive_from(policy, item + 1) : item;
        r->excluded[j] = !is_there ? -1 : k > 0 ? r->candidates[position] : (int32_t)item;
    }
    r->obs.incumbents = &r->incumbent;
}

static void draw_request(request_arrays *r, const rr_policy *policy, uint64_t decision)
{
    const size_t S = policy->model.network.state_dim;
    r->id = decision;
    r->obs = (rr_obs){.struct_size = sizeof r->obs,
                      .n = 1,
                      .n_candidates = (int32_t)list_length(policy),
                      .state_dim = (int32_t)S,
                      .states = r->states,
                      .sessions = &r->id,
                      .decisions = &r->id,
                      .schema = policy->model.config.schema};
    rri_philox_normals(r->states, S, 0, RRI_STREAM_PROOF, decision);
    draw_lists(r, policy, decision);
    draw_shown(r, policy, decision);
}

static rr_status play_all(rri_proof *out, const rr_policy *policy, rr_reader *reader,
                          request_arrays *r, rr_error *err)
{
    for (size_t i = 0; i < RRI_PROOF_DECISIONS; i++) {
        draw_request(r, policy, i);
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = 1,
                                .actions = out->actions + i,
                                .log_probs = out->log_probs + i,
                                .values = out->values + i};
        RRI_TRY(rri_snapshot_act(policy, reader, &r->obs, &decision, err));
    }
    return RR_OK;
}

rr_status rri_proof_play(rri_proof *out, const rr_policy *policy, const rri_allocator *allocator,
                         rr_error *err)
{
    memset(out, 0, sizeof *out);
    if (!has_requests(policy)) {
        return RR_OK;
    }
    /* The same policy, but a reader for it need not hold more than these requests. */
    rr_policy small = {.model = policy->model, .options = policy->options};
    small.model.config.max_candidates = (int32_t)list_length(policy);
    small.model.config.max_history =
        (int32_t)rri_size_smaller((size_t)policy->model.config.max_history, MOST_SHOWN);
    small.model.config.max_pool_items = 0;
    request_arrays r = {0};
    rri_arena arena = {0};
    layout(&r, &arena, &small);
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "proof decisions", err));
    layout(&r, &arena, &small);
    rr_reader *reader = NULL;
    rr_status status =
        rri_reader_create(&reader, &small, rri_snapshot_most_items(&small), 0, allocator, err);
    if (status == RR_OK) {
        status = play_all(out, &small, reader, &r, err);
        rri_reader_destroy(reader);
    }
    rri_memory_release(allocator, arena.base, arena.used);
    return status;
}

static bool is_same(float saved, float played, bool is_exact)
{
    if (is_exact) {
        return memcmp(&saved, &played, sizeof saved) == 0;
    }
    return fabsf(saved - played) <= 1e-4f * (1.0f + fabsf(saved));
}

rr_status rri_proof_compare(const rri_proof *saved, const rri_proof *played, bool is_exact,
                            rr_error *err)
{
    for (size_t i = 0; i < RRI_PROOF_DECISIONS; i++) {
        const bool is_same_action = saved->actions[i] == played->actions[i];
        if (is_exact && !is_same_action) {
            RRI_FAIL(err, RR_E_MISMATCH,
                     "policy: proof decision %zu chooses position %d here; when it was saved it "
                     "chose %d",
                     i, played->actions[i], saved->actions[i]);
        }
        if (is_same_action && !is_same(saved->log_probs[i], played->log_probs[i], is_exact)) {
            RRI_FAIL(err, RR_E_MISMATCH,
                     "policy: proof decision %zu has log-prob %.9g here; when it was saved, %.9g",
                     i, (double)played->log_probs[i], (double)saved->log_probs[i]);
        }
        if (!is_same(saved->values[i], played->values[i], is_exact)) {
            RRI_FAIL(err, RR_E_MISMATCH,
                     "policy: proof decision %zu has value %.9g here; when it was saved, %.9g", i,
                     (double)played->values[i], (double)saved->values[i]);
        }
    }
    return RR_OK;
}
