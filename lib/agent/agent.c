/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"

#include <string.h>

#include "core/hash.h"
#include "core/memory.h"
#include "core/status.h"
#include "items/items.h"
#include "optim/clip.h"
#include "play/player.h"
#include "play/serving.h"
#include "policy/large_pool.h"
#include "policy/sweep.h"
#include "train/normalise.h"

static size_t n_items_of(const rr_agent *agent)
{
    if (agent->items != NULL) {
        return rri_items_count(agent->items);
    }
    return agent->config.head == RR_HEAD_DENSE ? (size_t)agent->config.num_items : 0;
}

static void layout_slice(rr_agent *agent, rri_arena *arena)
{
    rri_slice *slice = &agent->slice;
    const rri_network *net = &agent->network;
    const size_t rows = RRI_SLICE_ROWS;
    slice->kept_width = rri_size_larger((size_t)agent->config.max_candidates,
                                        net->n_items <= RRI_KEPT_WIDTH ? net->n_items : 0);

    rri_network_tape_layout(&slice->tape, arena, net, rows);
    rri_network_tape_layout(&slice->slopes, arena, net, rows);
    slice->policy.maxima = RRI_TAKE(arena, float, rows);
    slice->policy.log_sums = RRI_TAKE(arena, double, rows);
    slice->policy.entropies = RRI_TAKE(arena, float, rows);
    slice->states = RRI_TAKE(arena, float, rows * net->state_dim);
    slice->logits = RRI_TAKE(arena, float, rri_size_multiply(rows, slice->kept_width));
    slice->block_maxima =
        RRI_TAKE(arena, float, rri_size_multiply(rows, rri_sweep_blocks(slice->kept_width)));
    slice->rows = RRI_TAKE(arena, int32_t, rows);
    slice->actions = RRI_TAKE(arena, int32_t, rows);
    slice->log_probs = RRI_TAKE(arena, float, rows);
    slice->old_log_probs = RRI_TAKE(arena, float, rows);
    slice->old_values = RRI_TAKE(arena, float, rows);
    slice->advantages = RRI_TAKE(arena, float, rows);
    slice->returns = RRI_TAKE(arena, float, rows);
    slice->d_log_probs = RRI_TAKE(arena, float, rows);
    slice->uniforms = RRI_TAKE(arena, double, rows);
    for (size_t i = 0; i < RRI_SLICE_TILES; i++) {
        slice->tiles[i].policy.d_feature_weights = RRI_TAKE(arena, double, net->feature_dim);
    }
}

static void layout_update(rr_agent *agent, rri_arena *arena)
{
    rri_update_rows *update = &agent->update;
    const size_t rows = rri_size_multiply((size_t)agent->config.max_rows, agent->recipe.n_steps);
    update->max_rows = rows;
    update->order = RRI_TAKE(arena, int32_t, rows);
    update->is_segment_end = RRI_TAKE(arena, uint8_t, rows);
    update->terminated = RRI_TAKE(arena, uint8_t, rows);
    update->rewards = RRI_TAKE(arena, float, rows);
    update->values = RRI_TAKE(arena, float, rows);
    update->next_values = RRI_TAKE(arena, float, rows);
    update->advantages = RRI_TAKE(arena, float, rows);
    update->returns = RRI_TAKE(arena, float, rows);
    update->normalised = RRI_TAKE(arena, float, rows);
    update->weights = RRI_TAKE(arena, float, rows);
    update->traces = RRI_TAKE(arena, float, rows);
    update->is_own = RRI_TAKE(arena, uint8_t, rows);
    update->trained = RRI_TAKE(arena, int32_t, rows);
    update->permutation = RRI_TAKE(arena, int32_t, rows);
    update->minibatch = RRI_TAKE(arena, int32_t, rows);
    update->tempered_weights = RRI_TAKE(arena, float, agent->network.feature_dim);
    update->tempered_bias = agent->network.at.item_bias != RRI_ABSENT
                                ? RRI_TAKE(arena, float, agent->network.n_items)
                                : NULL;
    update->shards = RRI_TAKE(arena, double, rri_clip_n_shards(agent->network.params.n_floats));
}

/* The deepest use of a stack: a slice through the networks, the policy over its widest list, or
 * training over a large pool, for which the first stack has a part that all threads read. The first
 * one serves the initialisation too. */
static size_t stack_bytes(const rr_agent *agent, bool is_first)
{
    const rri_network *net = &agent->network;
    size_t bytes = rri_player_scratch(&agent->config, net, RRI_SLICE_ROWS);
    if (net->n_items > agent->slice.kept_width) {
        const rri_logits_limits limits = {.n = RRI_SLICE_ROWS,
                                          .n_items = net->n_items,
                                          .dim = net->dim,
                                          .m = (size_t)agent->config.max_history,
                                          .h = (size_t)agent->config.max_history};
        const size_t shared = is_first ? rri_large_pool_shared_scratch(agent->kernels, &limits) : 0;
        bytes = rri_size_larger(bytes, shared + rri_large_pool_scratch(agent->kernels, &limits));
    }
    return is_first ? rri_size_larger(bytes, rri_network_init_scratch(net)) : bytes;
}

/* Run twice, as core/memory.h says. */
static void layout(rr_agent *agent, rri_arena *arena)
{
    const size_t n_floats = agent->network.params.n_floats;
    agent->values = RRI_TAKE(arena, float, n_floats);
    agent->gradients = RRI_TAKE(arena, float, n_floats);
    agent->first_moments = RRI_TAKE(arena, float, n_floats);
    agent->second_moments = RRI_TAKE(arena, float, n_floats);
    rri_kept_layout(&agent->kept, arena, &agent->config, n_floats);
    rri_network_layout(&agent->network, arena, agent->kernels);
    layout_slice(agent, arena);
    layout_update(agent, arena);
    rri_normalise_layout(agent, arena);

    const size_t n_threads = rri_workers_count(agent->workers);
    agent->stacks = RRI_TAKE(arena, rri_stack, n_threads);
    for (size_t i = 0; i < n_threads; i++) {
        const size_t size = stack_bytes(agent, i == 0);
        char *base = RRI_TAKE(arena, char, size);
        if (agent->stacks != NULL) {
            agent->stacks[i] = (rri_stack){.base = base, .size = size, .used = 0};
        }
    }
}

rr_status rri_agent_build(rr_agent *agent, rr_error *err)
{
    RRI_TRY(rri_network_declare(&agent->network, &agent->config, n_items_of(agent), err));
    rri_arena arena = {0};
    layout(agent, &arena);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "agent: its arrays do not fit into the address space");
    }
    RRI_TRY(rri_memory_allocate(&agent->block, &agent->allocator, arena.used, "agent", err));
    agent->block_bytes = arena.used;
    arena = (rri_arena){.base = agent->block};
    layout(agent, &arena);
    return RR_OK;
}

static void init_values(rr_agent *agent)
{
    const float *pool = agent->items != NULL ? rri_items_vectors(agent->items) : NULL;
    rri_network_init(&agent->network, agent->values, &agent->config, pool, agent->stacks[0].base);
    rri_network_pack_items(&agent->network, agent->values, pool);
    rri_network_pack(&agent->network, agent->values);
}

static rr_status check_tower(const rr_agent_config *config, const rr_items *items, rr_error *err)
{
    if (config->num_items != 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: num_items is %d; it must be 0 with the two-tower head, whose items "
                 "come from rr_items or with each request",
                 config->num_items);
    }
    if (config->hidden[0] == 0 && config->has_skip == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: has_skip is 0 and hidden is empty; the query needs one of them");
    }
    if (items != NULL && rri_items_dim(items) != (size_t)config->item_dim) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: item_dim is %d; it must be the width of the items, %zu",
                 config->item_dim, rri_items_dim(items));
    }
    if (items == NULL && (config->has_trained_items != 0 || config->has_bias != 0)) {
        RRI_FAIL(err, RR_E_INVALID, "agent config: %s is 1; without items it must be 0",
                 config->has_bias != 0 ? "has_bias" : "has_trained_items");
    }
    return RR_OK;
}

static rr_status check_dense(const rr_agent_config *config, const rr_items *items, rr_error *err)
{
    if (config->hidden[0] == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: hidden is empty; the dense head needs at least one layer");
    }
    if (items == NULL && config->num_items < 1) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: num_items is %d; without items the dense head needs at least 1",
                 config->num_items);
    }
    if (items != NULL && config->num_items != 0 &&
        (size_t)config->num_items != rri_items_count(items)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "agent config: num_items is %d; it must be 0 or the number of items, %zu",
                 config->num_items, rri_items_count(items));
    }
    return RR_OK;
}

rr_status rri_agent_check_config(const rr_agent_config *config, const rr_items *items,
                                 rr_error *err)
{
    return config->head == RR_HEAD_DENSE ? check_dense(config, items, err)
                                         : check_tower(config, items, err);
}

static size_t versions_bytes(const rr_agent *agent)
{
    return agent->versions.capacity * sizeof(rri_version);
}

/* Outlives the large block. */
static rr_status create_versions(rr_agent *agent, rr_error *err)
{
    agent->versions.capacity = rri_versions_capacity(agent->config.max_staleness);
    void *entries;
    RRI_TRY(rri_memory_allocate(&entries, &agent->allocator, versions_bytes(agent), "agent", err));
    agent->versions.entries = entries;
    return RR_OK;
}

rr_status rri_agent_create(rr_agent **out, const rr_agent_config *config, const rri_recipe *recipe,
                           rr_items *items, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_agent_check_config(config, items, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    void *block;
    RRI_TRY(rri_memory_allocate(&block, &allocator, sizeof(rr_agent), "agent", err));

    rr_agent *agent = block;
    agent->allocator = allocator;
    agent->config = *config;
    agent->recipe = *recipe;
    agent->kernels = rri_kernels_detect();
    if (items != NULL) {
        agent->items = items;
        rri_items_retain(items);
    }
    agent->log = rri_host_log_of(host);
    rr_status status = create_versions(agent, err);
    if (status != RR_OK) {
        rri_agent_destroy(agent);
        return status;
    }
    status = rri_workers_create(&agent->workers, config->num_threads, &allocator, err);
    if (status == RR_OK) {
        status = rri_agent_build(agent, err);
    }
    if (status != RR_OK) {
        rri_agent_destroy(agent);
        return status;
    }
    init_values(agent);
    *out = agent;
    return RR_OK;
}

void rri_agent_destroy(rr_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    const rri_allocator allocator = agent->allocator;
    rri_memory_release(&allocator, agent->block, agent->block_bytes);
    rri_workers_destroy(agent->workers);
    rri_memory_release(&allocator, agent->versions.entries, versions_bytes(agent));
    rri_shelf_release(agent->shelf);
    rri_items_release(agent->items);
    rri_memory_release(&allocator, agent, sizeof *agent);
}

void rri_agent_pack(rr_agent *agent)
{
    rri_agent_pack_from(agent, agent->values);
}

void rri_agent_pack_from(rr_agent *agent, const float *values)
{
    rri_network_pack(&agent->network, values);
    if (rri_network_learns_items(&agent->network)) {
        rri_network_pack_items(&agent->network, values, NULL);
    }
}

static uint64_t own_fingerprint(const rr_agent *agent)
{
    return agent->items != NULL ? rri_items_fingerprint(agent->items) : 0;
}

void rri_agent_note_version(rr_agent *agent, uint64_t parameters, const rr_serving_options *options)
{
    const uint64_t fingerprint = own_fingerprint(agent);
    const rri_version version = rri_version_of(
        rri_serving_version(parameters, fingerprint, options),
        rri_serving_version(parameters, fingerprint, NULL), agent->n_updates, options);
    rri_versions_note(&agent->versions, &version);
}

uint64_t rri_agent_parameters_hash(const rr_agent_config *config, const void *values,
                                   size_t n_floats)
{
    const int32_t meaning[] = {config->head, config->activation, config->has_skip};
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, meaning, sizeof meaning);
    rri_hash_update(&hash, config->hidden, sizeof config->hidden);
    rri_hash_update(&hash, config->critic_hidden, sizeof config->critic_hidden);
    rri_hash_update(&hash, &config->mlp_scale, sizeof config->mlp_scale);
    if (config->normalize_returns != 0 || config->normalize_states != 0) {
        const int32_t normalised[] = {config->normalize_returns, config->normalize_states};
        rri_hash_update(&hash, normalised, sizeof normalised);
    }
    rri_hash_update(&hash, values, n_floats * sizeof(float));
    return rri_hash_final(&hash);
}

uint64_t rri_agent_version_over(const rr_agent *agent, uint64_t fingerprint)
{
    const uint64_t parameters =
        rri_agent_parameters_hash(&agent->config, agent->values, agent->network.params.n_floats);
    return rri_serving_version(parameters, fingerprint, NULL);
}

uint64_t rri_agent_version(const rr_agent *agent)
{
    return rri_agent_version_over(agent, own_fingerprint(agent));
}
