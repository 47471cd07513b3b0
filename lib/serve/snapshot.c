/* SPDX-License-Identifier: MIT */
#include "serve/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "items/items.h"
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
    rri_network *net = &policy->network;
    policy->values = RRI_TAKE(arena, float, net->params.n_floats);
    rri_network_layout(net, arena, rri_kernels_detect());
    policy->tempered_weights = RRI_TAKE(arena, float, net->feature_dim);
    policy->tempered_bias =
        net->at.item_bias != RRI_ABSENT ? RRI_TAKE(arena, float, net->n_items) : NULL;
}

static rr_status build(rr_policy *policy, size_t n_items, rr_error *err)
{
    RRI_TRY(rri_network_declare(&policy->network, &policy->config, n_items, err));
    policy->network.borrows_panels = has_given_items(&policy->network);
    rri_arena arena = {0};
    layout(policy, &arena);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "policy: its arrays do not fit into the address space");
    }
    RRI_TRY(rri_memory_allocate(&policy->block, &policy->allocator, arena.used, "policy", err));
    policy->block_bytes = arena.used;
    arena = (rri_arena){.base = policy->block};
    layout(policy, &arena);
    return RR_OK;
}

/* Everything that is read while serving. */
static void fill(rr_policy *policy, const rr_serving_options *options, rr_items *items,
                 rri_shelf *shelf, const float *values, uint64_t parameters)
{
    rri_network *net = &policy->network;
    rri_items_retain(items);
    rri_items_release(policy->items);
    policy->items = items;
    (void)rri_shelf_retain(shelf);
    rri_shelf_release(policy->shelf);
    policy->shelf = shelf;
    policy->options = *options;
    policy->options.struct_size = sizeof policy->options;
    policy->parameters = parameters;
    memcpy(policy->values, values, net->params.n_floats * sizeof(float));
    if (has_given_items(net)) {
        rri_network_lend_items(net, rri_shelf_panels(shelf), rri_items_vectors(items));
    } else {
        rri_network_pack_items(net, policy->values, NULL);
    }
    rri_network_pack(net, policy->values);
    rri_serving_temper(&net->head, &net->catalogue, policy->tempered_weights, policy->tempered_bias,
                       options->temperature);
}

rr_status rri_snapshot_create(rr_policy **out, const rr_agent_config *config,
                              const rr_serving_options *options, rr_items *items, rri_shelf *shelf,
                              const float *values, const rri_allocator *allocator, rr_error *err)
{
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, sizeof(rr_policy), "policy", err));
    rr_policy *policy = block;
    atomic_init(&policy->n_references, 1);
    policy->allocator = *allocator;
    policy->config = *config;
    rri_shelf *own = NULL;
    rr_status status = build(policy, rri_model_n_items(config, items), err);
    if (status == RR_OK && has_given_items(&policy->network) && shelf == NULL) {
        status = rri_shelf_create(&own, items, policy->network.kernels, allocator, err);
    }
    if (status != RR_OK) {
        rri_snapshot_release(policy);
        return status;
    }
    fill(policy, options, items, shelf != NULL ? shelf : own, values,
         rri_model_hash(config, values, policy->network.params.n_floats));
    rri_shelf_release(own);
    *out = policy;
    return RR_OK;
}

/* Whether a model's values fit into this policy's arrays as they lie. */
static bool fits(const rr_policy *policy, const rri_model *model)
{
    return policy != NULL && policy->network.n_items == model->network.n_items &&
           policy->network.kernels == model->kernels &&
           memcmp(&policy->config, &model->config, sizeof policy->config) == 0;
}

/* The model's catalogue as snapshots share it, packed when one is first asked for. */
static rr_status stock_shelf(rri_shelf **shelf, const rri_model *model,
                             const rri_allocator *allocator, rr_error *err)
{
    if (rri_shelf_holds(*shelf, model->items, model->kernels)) {
        return RR_OK;
    }
    rri_shelf *fresh = NULL;
    RRI_TRY(rri_shelf_create(&fresh, model->items, model->kernels, allocator, err));
    rri_shelf_release(*shelf);
    *shelf = fresh;
    return RR_OK;
}

rr_status rri_snapshot_publish(rr_policy **out, const rri_model *model, rri_shelf **shared,
                               const rr_serving_options *options, rr_policy *retired,
                               const rri_allocator *allocator, rr_error *err)
{
    rri_shelf *shelf = NULL;
    if (has_given_items(&model->network)) {
        RRI_TRY(stock_shelf(shared, model, allocator, err));
        shelf = *shared;
    }
    if (!fits(retired, model)) {
        return rri_snapshot_create(out, &model->config, options, model->items, shelf, model->values,
                                   allocator, err);
    }
    fill(retired, options, model->items, shelf, model->values,
         rri_model_hash(&model->config, model->values, model->network.params.n_floats));
    *out = retired;
    return RR_OK;
}

rr_policy *rri_snapshot_retain(rr_policy *policy)
{
    if (policy != NULL) {
        atomic_fetch_add_explicit(&policy->n_references, 1, memory_order_relaxed);
    }
    return policy;
}

void rri_snapshot_release(rr_policy *policy)
{
    if (policy == NULL ||
        atomic_fetch_sub_explicit(&policy->n_references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    const rri_allocator allocator = policy->allocator;
    rri_shelf_release(policy->shelf);
    rri_items_release(policy->items);
    rri_memory_release(&allocator, policy->block, policy->block_bytes);
    rri_memory_release(&allocator, policy, sizeof *policy);
}

/* Over the catalogue with this fingerprint. */
static uint64_t version_over(const rr_policy *policy, uint64_t fingerprint)
{
    return rri_version_hash(policy->parameters, fingerprint, &policy->options);
}

uint64_t rri_snapshot_version(const rr_policy *policy)
{
    return version_over(policy, policy->items != NULL ? rri_items_fingerprint(policy->items) : 0);
}

/* ── the desk ── */

/* A field that arrays and stack are sized by. */
typedef struct shape_field {
    const char *name;
    const int32_t *given, *wanted;
    size_t n; /* numbers */
} shape_field;

static bool differs(const shape_field *field)
{
    return memcmp(field->given, field->wanted, field->n * sizeof *field->given) != 0;
}

/* "64,64,0,0" */
static void list_numbers(char out[64], const int32_t *numbers, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(out + at, 64 - at, "%s%d", i == 0 ? "" : ",", (int)numbers[i]);
    }
}

rr_status rri_snapshot_check_shape(const rr_agent_config *given, size_t given_items,
                                   const rr_agent_config *config, size_t n_items, const char *what,
                                   rr_error *err)
{
    const shape_field fields[] = {
        {"head", &given->head, &config->head, 1},
        {"hidden", given->hidden, config->hidden, 4},
        {"critic_hidden", given->critic_hidden, config->critic_hidden, 4},
        {"state_dim", &given->state_dim, &config->state_dim, 1},
        {"item_dim", &given->item_dim, &config->item_dim, 1},
        {"feature_dim", &given->feature_dim, &config->feature_dim, 1},
        {"normalize_states", &given->normalize_states, &config->normalize_states, 1},
        {"max_candidates", &given->max_candidates, &config->max_candidates, 1},
        {"max_history", &given->max_history, &config->max_history, 1},
        {"max_pool_items", &given->max_pool_items, &config->max_pool_items, 1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (differs(&fields[i])) {
            char has[64], wanted[64];
            list_numbers(has, fields[i].given, fields[i].n);
            list_numbers(wanted, fields[i].wanted, fields[i].n);
            RRI_FAIL(err, RR_E_MISMATCH,
                     "%s: this policy's %s is %s; it must be %s, as that of the policy that the %s "
                     "was made for",
                     what, fields[i].name, has, wanted, what);
        }
    }
    if (given_items > n_items) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: it was made for at most %zu items (the larger of the first policy's and "
                 "max_pool_items); this policy has %zu",
                 what, n_items, given_items);
    }
    return RR_OK;
}

static void layout_desk(rr_reader *s, rri_arena *arena, const rri_network *net, size_t stack_bytes)
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
    const size_t most = (size_t)policy->config.max_pool_items;
    return policy->network.n_items > most ? policy->network.n_items : most;
}

rr_status rri_snapshot_create_desk(rr_reader **out, const rr_policy *policy, size_t n_items,
                                   uint64_t seed, const rri_allocator *allocator, rr_error *err)
{
    const rri_network *net = &policy->network;
    rr_agent_config sized = policy->config; /* the stack is for the largest catalogue */
    sized.max_pool_items = (int32_t)n_items;
    const size_t stack_bytes = rri_player_scratch(&sized, net, RRI_TILE_ROWS);
    rr_reader desk = {
        .allocator = *allocator, .config = policy->config, .n_items = n_items, .seed = seed};
    rri_arena arena = {0};
    layout_desk(&desk, &arena, net, stack_bytes);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "scratch: its arrays do not fit into the address space");
    }
    void *block;
    desk.bytes = arena.used;
    RRI_TRY(rri_memory_allocate(&block, allocator, arena.used, "scratch", err));
    arena = (rri_arena){.base = block};
    layout_desk(&desk, &arena, net, stack_bytes);
    *out = block;
    **out = desk;
    return RR_OK;
}

void rri_snapshot_destroy_desk(rr_reader *scratch)
{
    if (scratch != NULL) {
        const rri_allocator allocator = scratch->allocator;
        rri_memory_release(&allocator, scratch, scratch->bytes);
    }
}

/* ── both ── */

static rr_status player_of(rri_player *player, const rr_policy *policy, rr_reader *scratch,
                           rr_error *err)
{
    RRI_TRY(rri_snapshot_check_shape(&policy->config, policy->network.n_items, &scratch->config,
                                     scratch->n_items, "scratch", err));
    *player = (rri_player){
        .config = &policy->config,
        .network = &policy->network,
        .items = policy->items,
        .options = &policy->options,
        .max_rows = RRI_TILE_ROWS,
        .tape = &scratch->tape,
        .policy = &scratch->policy,
        .actions = scratch->actions,
        .log_probs = scratch->log_probs,
        .uniforms = scratch->uniforms,
        .parts = scratch->parts,
        .stacks = &scratch->stack,
        .seed = scratch->seed,
        .n_draws = &scratch->n_draws,
    };
    return RR_OK;
}

rr_status rri_snapshot_act(const rr_policy *policy, rr_reader *scratch, const rr_obs *obs,
                           rr_decision *decision, rr_error *err)
{
    rri_player player;
    RRI_TRY(player_of(&player, policy, scratch, err));
    RRI_TRY(rri_act_draw(&player, obs, decision, err));
    if (decision->policy_versions != NULL) {
        const uint64_t version = version_over(policy, decision->pool_fingerprint);
        for (int32_t i = 0; i < decision->n; i++) {
            decision->policy_versions[i] = version;
        }
    }
    return RR_OK;
}

rr_status rri_snapshot_top_k(const rr_policy *policy, rr_reader *scratch, const rr_obs *obs,
                             size_t k, int32_t *positions, int32_t *items, float *log_probs,
                             rr_error *err)
{
    rri_player player;
    RRI_TRY(player_of(&player, policy, scratch, err));
    return rri_act_top_k(&player, obs, k, positions, items, log_probs, err);
}

rr_status rri_snapshot_evaluate(const rr_policy *policy, rr_reader *scratch, const rr_obs *obs,
                                const int32_t *actions, float *log_probs, float *entropies,
                                float *values, rr_error *err)
{
    rri_player player;
    RRI_TRY(player_of(&player, policy, scratch, err));
    return rri_act_evaluate(&player, obs, actions, log_probs, entropies, values, err);
}
