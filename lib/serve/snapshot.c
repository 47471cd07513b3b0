/* SPDX-License-Identifier: MIT */
#include "serve/snapshot.h"

#include <string.h>

#include "core/status.h"
#include "items/items.h"
#include "model/likeness.h"
#include "model/versions.h"
#include "play/act.h"
#include "play/serving.h"

/* ── the policy ── */

/* Whether items are taken as they come. */
static bool has_given_items(const rri_network *net)
{
    return net->n_items > 0 && !rri_network_learns_items(net);
}

static void layout(rr_policy *policy, rri_arena *arena)
{
    rri_network *net = &policy->model.network;
    policy->model.values = RRI_TAKE(arena, float, net->params.n_floats);
    rri_network_layout(net, arena, rri_kernels_detect());
    policy->tempered_weights = RRI_TAKE(arena, float, net->feature_dim);
    policy->tempered_bias =
        net->at.item_bias != RRI_ABSENT ? RRI_TAKE(arena, float, net->n_items) : NULL;
}

static rr_status build(rr_policy *policy, size_t n_items, rr_error *err)
{
    RRI_TRY(rri_network_declare(&policy->model.network, &policy->model.config, n_items, err));
    policy->model.network.borrows_panels = has_given_items(&policy->model.network);
    rri_arena arena = {0};
    layout(policy, &arena);
    RRI_TRY(rri_arena_create(&arena, arena.used, &policy->allocator, "policy", err));
    layout(policy, &arena);
    policy->block = arena.base;
    policy->block_bytes = arena.used;
    return RR_OK;
}

/* Everything that is read while serving. */
static void fill(rr_policy *policy, const rr_serving_options *options, rr_items *items,
                 rri_shared_items *shared, const float *values, uint64_t hash)
{
    rri_network *net = &policy->model.network;
    rri_items_retain(items);
    rri_items_release(policy->model.items);
    policy->model.items = items;
    (void)rri_shared_items_retain(shared);
    rri_shared_items_release(policy->shared);
    policy->shared = shared;
    policy->options = *options;
    policy->options.struct_size = sizeof policy->options;
    policy->model.hash = hash;
    policy->model.is_hashed = true;
    memcpy(policy->model.values, values, net->params.n_floats * sizeof(float));
    rri_network_set_pool(net, items);
    if (has_given_items(net)) {
        net->n_items = rri_items_count(items);
        rri_network_lend_items(net, rri_shared_items_panels(shared));
    } else {
        rri_network_pack_items(net, policy->model.values);
    }
    rri_network_pack(net, policy->model.values);
    rri_network_keep_products(net);
    rri_serving_temper(&net->head, &net->catalogue, policy->tempered_weights, policy->tempered_bias,
                       options->temperature);
}

rr_status rri_snapshot_memory(size_t *bytes, const rr_agent_config *config, const rr_items *items,
                              rr_error *err)
{
    rr_policy sized = {.model.config = *config};
    rri_network *const net = &sized.model.network;
    RRI_TRY(rri_network_declare(net, config, rri_model_n_items(config, items), err));
    net->borrows_panels = has_given_items(net);
    rri_arena arena = {0};
    layout(&sized, &arena);
    const size_t handle = rri_memory_size(sizeof sized);
    const size_t shared =
        has_given_items(net) ? rri_shared_items_memory(items, rri_kernels_detect()) : 0;
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "policy: its arrays do not fit into the address space");
    }
    *bytes = rri_size_add(rri_size_add(handle, rri_memory_size(arena.used)), shared);
    return RR_OK;
}

rr_status rri_snapshot_create(rr_policy **out, const rr_agent_config *config,
                              const rr_serving_options *options, rr_items *items,
                              rri_shared_items *shared, const float *values,
                              const rri_allocator *allocator, rr_error *err)
{
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, sizeof(rr_policy), "policy", err));
    rr_policy *policy = block;
    rri_refs_init(&policy->refs);
    policy->allocator = *allocator;
    policy->model.config = *config;
    rri_shared_items *own = NULL;
    rr_status status = build(policy, rri_model_n_items(config, items), err);
    if (status == RR_OK && has_given_items(&policy->model.network) && shared == NULL) {
        status =
            rri_shared_items_create(&own, items, policy->model.network.kernels, allocator, err);
    }
    if (status != RR_OK) {
        rri_snapshot_release(policy);
        return status;
    }
    fill(policy, options, items, shared != NULL ? shared : own, values,
         rri_model_hash(config, values, policy->model.network.params.n_floats));
    rri_shared_items_release(own);
    *out = policy;
    return RR_OK;
}

/* Whether a model's values fit into this policy's arrays as they lie. */
static bool fits(const rr_policy *policy, const rri_model *model)
{
    if (policy == NULL) {
        return false;
    }
    const rri_network *net = &policy->model.network;
    const bool has_rows = rri_network_learns_items(net) || net->at.item_bias != RRI_ABSENT ||
                          net->candidate_products != NULL;
    return (net->n_items == model->network.n_items || (!has_rows && net->n_items > 0)) &&
           policy->model.network.kernels == model->kernels &&
           memcmp(&policy->model.config, &model->config, sizeof policy->model.config) == 0;
}

/* The model's catalogue as snapshots share it, packed when one is first asked for. */
static rr_status share_items(rri_shared_items **shared, const rri_model *model,
                             const rri_allocator *allocator, rr_error *err)
{
    if (rri_shared_items_holds(*shared, model->items, model->kernels)) {
        return RR_OK;
    }
    rri_shared_items *fresh = NULL;
    RRI_TRY(rri_shared_items_create(&fresh, model->items, model->kernels, allocator, err));
    rri_shared_items_release(*shared);
    *shared = fresh;
    return RR_OK;
}

rr_status rri_snapshot_publish(rr_policy **out, const rri_model *model, rri_shared_items **shared,
                               const rr_serving_options *options, rr_policy *retired,
                               const rri_allocator *allocator, rr_error *err)
{
    rri_shared_items *given = NULL;
    if (has_given_items(&model->network)) {
        RRI_TRY(share_items(shared, model, allocator, err));
        given = *shared;
    }
    if (!fits(retired, model)) {
        return rri_snapshot_create(out, &model->config, options, model->items, given, model->values,
                                   allocator, err);
    }
    fill(retired, options, model->items, given, model->values, model->hash);
    *out = retired;
    return RR_OK;
}

rr_policy *rri_snapshot_retain(rr_policy *policy)
{
    if (policy != NULL) {
        rri_refs_retain(&policy->refs);
    }
    return policy;
}

void rri_snapshot_release(rr_policy *policy)
{
    if (policy == NULL || !rri_refs_release(&policy->refs)) {
        return;
    }
    const rri_allocator allocator = policy->allocator;
    rri_shared_items_release(policy->shared);
    rri_items_release(policy->model.items);
    rri_memory_release(&allocator, policy->block, policy->block_bytes);
    rri_memory_release(&allocator, policy, sizeof *policy);
}

uint64_t rri_snapshot_version(const rr_policy *policy)
{
    return rri_model_version(&policy->model, rri_model_line(&policy->model), &policy->options);
}

/* ── the reader ── */

rr_status rri_snapshot_check_shape(const rr_agent_config *given, size_t given_items,
                                   const rr_agent_config *config, size_t n_items, const char *what,
                                   rr_error *err)
{
    const char *field = rri_likeness_difference(given, config, RRI_LIKE_SHAPE);
    if (field != NULL) {
        char has[RRI_CONFIG_TEXT_CAPACITY], needs[RRI_CONFIG_TEXT_CAPACITY];
        rri_likeness_text(has, given, field);
        rri_likeness_text(needs, config, field);
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: this policy's %s is %s; it must be %s, as that of the policy that the %s "
                 "was made for",
                 what, field, has, needs, what);
    }
    if (given_items > n_items) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: it was made for at most %zu items (half as many again as the first policy's "
                 "and 1024, or max_pool_items); this policy has %zu",
                 what, n_items, given_items);
    }
    return RR_OK;
}

static void layout_reader(rr_reader *s, rri_arena *arena, const rri_network *net,
                          size_t stack_bytes)
{
    const size_t rows = RRI_TILE_ROWS;
    (void)RRI_TAKE(arena, rr_reader, 1);
    rri_network_tape_layout(&s->tape, arena, net, rows);
    s->policy.maxima = RRI_TAKE(arena, float, rows);
    s->policy.log_sums = RRI_TAKE(arena, double, rows);
    s->policy.entropies = RRI_TAKE(arena, float, rows);
    s->actions = RRI_TAKE(arena, int32_t, rows);
    s->log_probs = RRI_TAKE(arena, float, rows);
    s->uniforms = RRI_TAKE(arena, double, rows);
    s->parts = RRI_TAKE(arena, double, rows);
    s->stack =
        (rri_stack){.base = RRI_TAKE(arena, char, stack_bytes), .size = stack_bytes, .used = 0};
}

size_t rri_snapshot_most_items(const rr_policy *policy)
{
    const size_t most = (size_t)policy->model.config.max_pool_items;
    const size_t n_items = policy->model.network.n_items;
    return rri_size_larger(most, n_items > 0 ? rri_items_room(n_items) : 0);
}

/* One whose sizes are known, of no memory yet; the bytes of its stack. */
static size_t describe_reader(rr_reader *fresh, const rr_policy *policy, size_t n_items)
{
    rr_agent_config sized = policy->model.config; /* the stack is for the largest catalogue */
    sized.max_pool_items = (int32_t)n_items;
    *fresh = (rr_reader){.config = policy->model.config, .n_items = n_items};
    return rri_workspace_scratch(&sized, &policy->model.network, RRI_TILE_ROWS);
}

static rr_status measure_reader(rr_reader *fresh, const rri_network *net, size_t stack_bytes,
                                rr_error *err)
{
    rri_arena arena = {0};
    layout_reader(fresh, &arena, net, stack_bytes);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "reader: its arrays do not fit into the address space");
    }
    fresh->bytes = arena.used;
    return RR_OK;
}

rr_status rri_reader_memory(size_t *bytes, const rr_policy *policy, size_t n_items, rr_error *err)
{
    rr_reader fresh;
    const size_t stack_bytes = describe_reader(&fresh, policy, n_items);
    RRI_TRY(measure_reader(&fresh, &policy->model.network, stack_bytes, err));
    *bytes = fresh.bytes;
    return RR_OK;
}

rr_status rri_reader_create(rr_reader **out, const rr_policy *policy, size_t n_items, uint64_t seed,
                            const rri_allocator *allocator, rr_error *err)
{
    const rri_network *net = &policy->model.network;
    rr_reader fresh;
    const size_t stack_bytes = describe_reader(&fresh, policy, n_items);
    fresh.allocator = *allocator;
    fresh.seed = seed;
    RRI_TRY(measure_reader(&fresh, net, stack_bytes, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, fresh.bytes, allocator, "reader", err));
    layout_reader(&fresh, &arena, net, stack_bytes);
    *out = (rr_reader *)(void *)arena.base;
    **out = fresh;
    return RR_OK;
}

void rri_reader_destroy(rr_reader *reader)
{
    if (reader != NULL) {
        const rri_allocator allocator = reader->allocator;
        rri_memory_release(&allocator, reader, reader->bytes);
    }
}

/* ── both ── */

static rr_status workspace_of(rri_workspace *work, const rr_policy *policy, rr_reader *reader,
                              rr_error *err)
{
    RRI_TRY(rri_snapshot_check_shape(&policy->model.config, policy->model.network.n_items,
                                     &reader->config, reader->n_items, "reader", err));
    *work = (rri_workspace){
        .model = &policy->model,
        .options = &policy->options,
        .max_rows = RRI_TILE_ROWS,
        .tape = &reader->tape,
        .policy = &reader->policy,
        .actions = reader->actions,
        .log_probs = reader->log_probs,
        .uniforms = reader->uniforms,
        .parts = reader->parts,
        .stacks = &reader->stack,
        .seed = reader->seed,
        .n_draws = &reader->n_draws,
    };
    return RR_OK;
}

rr_status rri_snapshot_act(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                           rr_decision *decision, rr_error *err)
{
    rri_workspace work;
    RRI_TRY(workspace_of(&work, policy, reader, err));
    return rri_act_draw(&work, obs, decision, err);
}

rr_status rri_snapshot_top_k(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                             size_t k, int32_t *positions, int32_t *items, float *log_probs,
                             rr_error *err)
{
    rri_workspace work;
    RRI_TRY(workspace_of(&work, policy, reader, err));
    return rri_act_top_k(&work, obs, k, positions, items, log_probs, err);
}

rr_status rri_snapshot_evaluate(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                                const int32_t *actions, float *log_probs, float *entropies,
                                float *values, rr_error *err)
{
    rri_workspace work;
    RRI_TRY(workspace_of(&work, policy, reader, err));
    return rri_act_evaluate(&work, obs, actions, log_probs, entropies, values, err);
}
