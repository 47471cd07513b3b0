/* SPDX-License-Identifier: MIT */
/* machine.h: the whole machine for a test: a world, an agent and a buffer from one plan, the loop
 * of recrl.h around them, and a hash of all that it did. Everything goes through recrl.h.
 *
 * A plan with `is_own` has a world of its own and no catalogue: requests bring their vectors, and
 * the generator that makes them travels through a checkpoint as the host's blob. */
#ifndef TESTS_LOOP_MACHINE_H
#define TESTS_LOOP_MACHINE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

typedef struct machine_plan {
    const char *name;
    int32_t algo, head;
    int32_t n_envs, n_steps, n_updates;
    int32_t num_items, item_dim;        /* states are twice as wide; in an own world as wide */
    int32_t num_candidates, n_features; /* features of candidates: 0 or 2, counts beside them */
    int32_t n_excluded;                 /* the last items shown, excluded */
    int32_t hidden[4];
    int32_t has_bias, has_trained_items;
    int32_t batch_size, update_epochs;
    int32_t max_episode_steps;
    float drift, tire, gamma, gae_lambda, lr, ent_coef, value_clip_eps;
    int64_t planned_updates;
    bool is_own, is_normalised; /* returns and states; remembers three rollouts */
    bool is_crossed;            /* features of candidates meet the state, by F and by a network */
    bool has_reward_model;
    int32_t n_item_features; /* of the items' own, from which a tower makes vectors */
    int32_t encoder, encoder_layers, encoder_heads; /* RR_ENCODER_…, of width 12; 0 layers: 1 */
} machine_plan;

/* Small machines that between them use every part: widths that fill no vector, rollouts longer than
 * a slice of rows, both heads, both algorithms, every kind of list. */
static const machine_plan machine_plans[] = {
    {.name = "ppo-tower",
     .n_envs = 12,
     .n_steps = 10,
     .n_updates = 4,
     .num_items = 131,
     .item_dim = 7,
     .hidden = {20, 12},
     .batch_size = 32,
     .update_epochs = 3,
     .max_episode_steps = 6,
     .gamma = 0.9f,
     .gae_lambda = 0.8f,
     .lr = 0.01f,
     .ent_coef = 0.01f,
     .value_clip_eps = 0.2f},
    {.name = "ppo-wide",
     .n_envs = 64,
     .n_steps = 16,
     .n_updates = 2,
     .num_items = 1000,
     .item_dim = 32,
     .hidden = {64, 64},
     .batch_size = 700,
     .update_epochs = 2,
     .max_episode_steps = 20,
     .gamma = 0.9f,
     .lr = 0.01f},
    {.name = "ppo-dense",
     .head = RR_HEAD_DENSE,
     .n_envs = 10,
     .n_steps = 12,
     .n_updates = 4,
     .num_items = 50,
     .item_dim = 6,
     .hidden = {24, 9},
     .batch_size = 40,
     .update_epochs = 3,
     .max_episode_steps = 8,
     .gamma = 0.95f,
     .gae_lambda = 0.9f,
     .lr = 0.003f},
    {.name = "a2c-tower",
     .algo = RR_ALGO_A2C,
     .n_envs = 130,
     .n_steps = 5,
     .n_updates = 5,
     .num_items = 90,
     .item_dim = 9,
     .hidden = {16},
     .max_episode_steps = 7,
     .gamma = 0.9f,
     .gae_lambda = 1.0f,
     .lr = 0.01f,
     .ent_coef = 0.02f,
     .planned_updates = 8},
    {.name = "ppo-tiring",
     .n_envs = 16,
     .n_steps = 8,
     .n_updates = 4,
     .num_items = 77,
     .item_dim = 5,
     .hidden = {12, 12},
     .batch_size = 50,
     .update_epochs = 2,
     .max_episode_steps = 12,
     .gamma = 0.97f,
     .gae_lambda = 0.95f,
     .lr = 0.01f,
     .tire = 0.3f},
    {.name = "ppo-lists-drift",
     .n_envs = 16,
     .n_steps = 8,
     .n_updates = 4,
     .num_items = 60,
     .item_dim = 8,
     .num_candidates = 13,
     .n_features = 2,
     .n_excluded = 3,
     .hidden = {16, 8},
     .has_bias = 1,
     .batch_size = 33,
     .update_epochs = 2,
     .max_episode_steps = 9,
     .gamma = 0.8f,
     .gae_lambda = 0.5f,
     .lr = 0.01f,
     .drift = 0.1f},
    {.name = "ppo-trained-items",
     .n_envs = 9,
     .n_steps = 9,
     .n_updates = 4,
     .num_items = 70,
     .item_dim = 10,
     .n_excluded = 2,
     .hidden = {0},
     .has_bias = 1,
     .has_trained_items = 1,
     .batch_size = 27,
     .update_epochs = 3,
     .max_episode_steps = 5,
     .gamma = 0.5f,
     .lr = 0.02f,
     .ent_coef = 0.05f},
    {.name = "a2c-own-vectors",
     .algo = RR_ALGO_A2C,
     .n_envs = 11,
     .n_steps = 6,
     .n_updates = 6,
     .item_dim = 6,
     .num_candidates = 9,
     .hidden = {10},
     .max_episode_steps = 3,
     .gamma = 0.9f,
     .gae_lambda = 1.0f,
     .lr = 0.01f,
     .is_own = true},
    {.name = "ppo-large-pool",
     .n_envs = 7,
     .n_steps = 6,
     .n_updates = 2,
     .num_items = 17000, /* more than one chunk */
     .item_dim = 5,
     .n_excluded = 2,
     .hidden = {8},
     .has_bias = 1,
     .has_trained_items = 1,
     .batch_size = 20,
     .update_epochs = 2,
     .max_episode_steps = 4,
     .gamma = 0.5f,
     .lr = 0.01f,
     .ent_coef = 0.01f},
    {.name = "ppo-normalised",
     .n_envs = 12,
     .n_steps = 10,
     .n_updates = 6,
     .num_items = 83,
     .item_dim = 7,
     .hidden = {20, 12},
     .batch_size = 32,
     .update_epochs = 3,
     .max_episode_steps = 6,
     .gamma = 0.9f,
     .gae_lambda = 0.8f,
     .lr = 0.01f,
     .ent_coef = 0.01f,
     .value_clip_eps = 0.2f,
     .is_normalised = true,
     .has_reward_model = true},
    {.name = "a2c-normalised",
     .algo = RR_ALGO_A2C,
     .n_envs = 24,
     .n_steps = 5,
     .n_updates = 6,
     .num_items = 40,
     .item_dim = 6,
     .num_candidates = 9,
     .n_features = 2,
     .hidden = {16},
     .max_episode_steps = 7,
     .gamma = 0.9f,
     .gae_lambda = 0.5f,
     .lr = 0.01f,
     .tire = 0.2f,
     .is_normalised = true,
     .has_reward_model = true},
    {.name = "ppo-crossed",
     .n_envs = 14,
     .n_steps = 8,
     .n_updates = 4,
     .num_items = 60,
     .item_dim = 6,
     .num_candidates = 11,
     .n_features = 2,
     .n_excluded = 2,
     .hidden = {12},
     .has_bias = 1,
     .batch_size = 30,
     .update_epochs = 2,
     .max_episode_steps = 9,
     .gamma = 0.8f,
     .lr = 0.01f,
     .ent_coef = 0.02f,
     .drift = 0.1f,
     .is_crossed = true},
    {.name = "ppo-item-tower",
     .n_envs = 12,
     .n_steps = 7,
     .n_updates = 4,
     .num_items = 700,
     .item_dim = 5,
     .hidden = {12},
     .batch_size = 30,
     .update_epochs = 2,
     .max_episode_steps = 9,
     .gamma = 0.8f,
     .lr = 0.01f,
     .ent_coef = 0.02f,
     .drift = 0.1f,
     .n_item_features = 3},
    {.name = "ppo-gru",
     .n_envs = 12,
     .n_steps = 10,
     .n_updates = 5,
     .num_items = 71,
     .item_dim = 7,
     .hidden = {20, 12},
     .batch_size = 32,
     .update_epochs = 3,
     .max_episode_steps = 7, /* more than an encoder reads */
     .gamma = 0.9f,
     .gae_lambda = 0.8f,
     .lr = 0.01f,
     .ent_coef = 0.01f,
     .is_normalised = true,
     .encoder = RR_ENCODER_GRU},
    {.name = "a2c-transformer",
     .algo = RR_ALGO_A2C,
     .n_envs = 40,
     .n_steps = 5,
     .n_updates = 5,
     .num_items = 60,
     .item_dim = 6,
     .hidden = {16},
     .max_episode_steps = 6,
     .gamma = 0.9f,
     .gae_lambda = 1.0f,
     .lr = 0.01f,
     .encoder = RR_ENCODER_TRANSFORMER,
     .encoder_layers = 2,
     .encoder_heads = 3},
    {.name = "ppo-mean-crossed",
     .n_envs = 14,
     .n_steps = 8,
     .n_updates = 4,
     .num_items = 60,
     .item_dim = 6,
     .num_candidates = 11,
     .n_features = 2,
     .hidden = {12},
     .batch_size = 30,
     .update_epochs = 2,
     .max_episode_steps = 4,
     .gamma = 0.8f,
     .lr = 0.01f,
     .is_crossed = true,
     .encoder = RR_ENCODER_MEAN},
};
enum { MACHINE_PLANS = sizeof machine_plans / sizeof machine_plans[0] };

typedef struct machine {
    machine_plan plan;
    rr_env *env; /* NULL in an own world */
    rr_agent *agent;
    rr_buffer *buffer;
    rr_obs obs;         /* of the present */
    rr_stats stats;     /* of the last update */
    uint64_t generator; /* of an own world */
    uint64_t hash;      /* of everything decided and earned since create */
    int32_t *actions, *items, *counts, *excluded, *lengths;            /* [n] … */
    float *log_probs, *values, *rewards, *states, *features, *vectors; /* [n] … */
    uint8_t *terminated;                                               /* [n] */
} machine;

/* Where each instruction costs many, costly loops take fewer cases: under sanitizers, and under
 * valgrind, which says so in LD_PRELOAD. */
static inline bool machine_is_slow(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
#endif
}

/* The plans that a test tries: all, or those that are quick. */
static inline bool machine_is_tried(const machine_plan *plan)
{
    return !machine_is_slow() || plan->num_items < 500;
}

/* What a test cannot go on without. */
static inline void machine_require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "machine: %s: %s\n", rr_status_name(status), err->text);
        exit(EXIT_FAILURE);
    }
}

/* FNV-1a: nothing of the library's own judges it. */
static inline uint64_t machine_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static inline float machine_uniform(machine *m)
{
    m->generator = m->generator * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(m->generator >> 40) / 16777216.0f;
}

static inline void *machine_array(size_t n, size_t bytes)
{
    void *array = calloc(n > 0 ? n : 1, bytes);
    if (array == NULL) {
        fprintf(stderr, "machine: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return array;
}

/* Items as a world of the plan has them, NULL where it has none: random, some with features of
 * their own. */
static inline rr_items *machine_items(const machine_plan *plan)
{
    if (plan->is_own) {
        return NULL;
    }
    rr_items *plain = NULL, *items = NULL;
    rr_items_segment segment = {.struct_size = sizeof segment};
    rr_error err;
    const size_t n = (size_t)plan->num_items, f = (size_t)plan->n_item_features;
    machine_require(rr_items_create_random(&plain, plan->num_items, plan->item_dim, 1, NULL, &err),
                    &err);
    if (f == 0) {
        return plain;
    }
    machine_require(rr_items_segment_at(plain, 0, &segment, &err), &err);
    float *features = machine_array(n * f, sizeof *features);
    for (size_t i = 0; i < n * f; i++) {
        features[i] = (float)(i * 7 % 11) / 11.0f - 0.5f;
    }
    const rr_items_options options = {sizeof options, plan->n_item_features, features};
    machine_require(rr_items_create(&items, segment.vectors, NULL, plan->num_items, plan->item_dim,
                                    &options, NULL, &err),
                    &err);
    free(features);
    rr_items_release(plain);
    return items;
}

static inline void machine_create_env(machine *m, uint64_t seed, const rr_host *host)
{
    const machine_plan *plan = &m->plan;
    rr_error err;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = plan->n_envs;
    config.num_items = plan->num_items;
    config.state_dim = 2 * plan->item_dim;
    config.max_episode_steps = plan->max_episode_steps;
    config.num_candidates = plan->num_candidates;
    config.drift = plan->drift;
    config.tire = plan->tire;
    config.seed = seed;
    rr_items *items = plan->n_item_features > 0 ? machine_items(plan) : NULL;
    machine_require(rr_env_create(&m->env, &config, items, NULL, 0, host, &err), &err);
    rr_items_release(items);
    machine_require(rr_env_reset(m->env, &err), &err);
}

static inline rr_agent_config machine_agent_config(const machine_plan *plan, uint64_t seed,
                                                   int32_t num_threads)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    memcpy(config.hidden, plan->hidden, sizeof config.hidden);
    config.critic_hidden[0] = 18;
    config.critic_hidden[1] = 10;
    config.head = plan->head;
    config.state_dim = plan->is_own ? plan->item_dim : 2 * plan->item_dim;
    config.item_dim = plan->item_dim;
    config.feature_dim = plan->n_features;
    config.has_bias = plan->has_bias;
    config.has_trained_items = plan->has_trained_items;
    config.max_rows = plan->n_envs;
    config.max_candidates = plan->num_candidates;
    config.max_history = plan->max_episode_steps;
    config.planned_updates = plan->planned_updates;
    config.num_threads = num_threads;
    config.seed = seed;
    config.normalize_returns = config.normalize_states = plan->is_normalised;
    config.reward_model = plan->has_reward_model;
    config.item_feature_dim = plan->n_item_features;
    config.tower_hidden[0] = plan->n_item_features > 0 ? 9 : 0;
    config.has_feature_query = plan->is_crossed;
    config.candidate_hidden[0] = plan->is_crossed ? 9 : 0;
    config.candidate_hidden[1] = plan->is_crossed ? 7 : 0;
    config.encoder = plan->encoder;
    config.encoder_width = 12;
    config.encoder_layers = plan->encoder_layers > 0 ? plan->encoder_layers : 1;
    config.encoder_heads = plan->encoder_heads > 0 ? plan->encoder_heads : 1;
    config.encoder_history = 5;
    config.norm_rows = (int64_t)3 * plan->n_envs * plan->n_steps;
    return config;
}

static inline rr_status machine_create_agent(rr_agent **agent, const machine_plan *plan,
                                             uint64_t seed, int32_t num_threads, rr_items *items,
                                             const rr_host *host, rr_error *err)
{
    const rr_agent_config config = machine_agent_config(plan, seed, num_threads);
    if (plan->algo == RR_ALGO_A2C) {
        rr_a2c_config a2c;
        rr_a2c_config_init(&a2c, sizeof a2c);
        a2c.n_steps = plan->n_steps;
        a2c.lr = plan->lr;
        a2c.gamma = plan->gamma;
        a2c.gae_lambda = plan->gae_lambda;
        a2c.ent_coef = plan->ent_coef;
        return rr_agent_create(agent, &config, &a2c, items, host, err);
    }
    if (plan->algo == RR_ALGO_REINFORCE) {
        rr_reinforce_config reinforce;
        rr_reinforce_config_init(&reinforce, sizeof reinforce);
        reinforce.n_steps = plan->n_steps;
        reinforce.lr = plan->lr;
        reinforce.gamma = plan->gamma;
        reinforce.ent_coef = plan->ent_coef;
        return rr_agent_create(agent, &config, &reinforce, items, host, err);
    }
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = plan->n_steps;
    ppo.batch_size = plan->batch_size;
    ppo.update_epochs = plan->update_epochs;
    ppo.lr = plan->lr;
    ppo.gamma = plan->gamma;
    ppo.gae_lambda = plan->gae_lambda;
    ppo.ent_coef = plan->ent_coef;
    ppo.value_clip_eps = plan->value_clip_eps;
    return rr_agent_create(agent, &config, &ppo, items, host, err);
}

/* What rr_agent_memory says of the agent above. */
static inline rr_status machine_agent_memory(size_t *bytes, const machine_plan *plan,
                                             int32_t num_threads, const rr_items *items,
                                             rr_error *err)
{
    const rr_agent_config config = machine_agent_config(plan, 1, num_threads);
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_reinforce_config reinforce;
    rr_reinforce_config_init(&reinforce, sizeof reinforce);
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = a2c.n_steps = reinforce.n_steps = plan->n_steps;
    const void *const algo_configs[] = {&ppo, &a2c, &reinforce};
    return rr_agent_memory(&config, algo_configs[plan->algo], items, bytes, err);
}

static inline rr_buffer_config machine_buffer_config(const machine_plan *plan)
{
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = plan->n_envs * plan->n_steps;
    config.state_dim = plan->is_own ? plan->item_dim : 2 * plan->item_dim;
    config.item_dim = plan->is_own ? plan->item_dim : 0;
    config.feature_dim = plan->n_features;
    config.max_candidates = plan->num_candidates;
    config.max_excluded = plan->n_excluded;
    config.max_history = plan->is_own ? 0 : plan->max_episode_steps;
    config.for_encoder = plan->encoder != RR_ENCODER_NONE;
    return config;
}

static inline rr_ledger_config machine_ledger_config(const machine_plan *plan)
{
    const rr_buffer_config rows = machine_buffer_config(plan);
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = rows.max_rows;
    config.state_dim = rows.state_dim;
    config.item_dim = rows.item_dim;
    config.feature_dim = rows.feature_dim;
    config.max_candidates = rows.max_candidates;
    config.max_excluded = rows.max_excluded;
    config.max_history = rows.max_history;
    config.for_encoder = rows.for_encoder;
    return config;
}

static inline void machine_create(machine *m, const machine_plan *plan, uint64_t seed,
                                  int32_t num_threads, const rr_host *host)
{
    *m = (machine){.plan = *plan, .generator = seed + 1, .hash = UINT64_C(0xcbf29ce484222325)};
    rr_error err;
    if (!plan->is_own) {
        machine_create_env(m, seed, host);
    }
    machine_require(machine_create_agent(&m->agent, plan, seed, num_threads,
                                         plan->is_own ? NULL : rr_env_items(m->env), host, &err),
                    &err);
    const rr_buffer_config rollout = machine_buffer_config(plan);
    machine_require(rr_buffer_create(&m->buffer, &rollout, host, &err), &err);

    const size_t n = (size_t)plan->n_envs, k = (size_t)plan->num_candidates;
    m->actions = machine_array(n, sizeof(int32_t));
    m->items = machine_array(n, sizeof(int32_t));
    m->lengths = machine_array(n, sizeof(int32_t));
    m->counts = machine_array(n * k, sizeof(int32_t));
    m->excluded = machine_array(n * (size_t)plan->n_excluded, sizeof(int32_t));
    m->log_probs = machine_array(n, sizeof(float));
    m->values = machine_array(n, sizeof(float));
    m->rewards = machine_array(n, sizeof(float));
    m->states = machine_array(n * (size_t)plan->item_dim, sizeof(float));
    m->features = machine_array(n * k * (size_t)plan->n_features, sizeof(float));
    m->vectors = machine_array(n * k * (size_t)plan->item_dim, sizeof(float));
    m->terminated = machine_array(n, sizeof(uint8_t));
}

static inline void machine_destroy(machine *m)
{
    rr_buffer_destroy(m->buffer);
    rr_agent_destroy(m->agent);
    rr_env_destroy(m->env);
    void *const arrays[] = {m->actions,  m->items,     m->lengths, m->counts,
                            m->excluded, m->log_probs, m->values,  m->rewards,
                            m->states,   m->features,  m->vectors, m->terminated};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        free(arrays[i]);
    }
}

/* Requests of an own world: new ones at every step. */
static inline void machine_observe_own(machine *m)
{
    const machine_plan *plan = &m->plan;
    const size_t n = (size_t)plan->n_envs, k = (size_t)plan->num_candidates;
    const size_t d = (size_t)plan->item_dim;
    for (size_t i = 0; i < n * d; i++) {
        m->states[i] = 2.0f * machine_uniform(m) - 1.0f;
    }
    for (size_t i = 0; i < n * k * d; i++) {
        m->vectors[i] = 2.0f * machine_uniform(m) - 1.0f;
    }
    for (size_t i = 0; i < n; i++) {
        m->lengths[i] = 2 + (int32_t)(machine_uniform(m) * (float)(k - 1));
    }
    m->obs = (rr_obs){.struct_size = sizeof m->obs,
                      .n = plan->n_envs,
                      .n_candidates = plan->num_candidates,
                      .state_dim = plan->item_dim,
                      .item_dim = plan->item_dim,
                      .states = m->states,
                      .lengths = m->lengths,
                      .vectors = m->vectors};
}

/* Two features of each candidate, and how often it was shown. */
static inline void machine_add_features(machine *m)
{
    const size_t n = (size_t)m->obs.n, k = (size_t)m->obs.n_candidates,
                 h = (size_t)m->obs.n_history;
    for (size_t c = 0; c < n * k; c++) {
        const int32_t item = m->obs.candidates[c];
        const size_t row = c / k;
        m->features[2 * c] = (float)(item % 7) / 7.0f - 0.5f;
        m->features[2 * c + 1] = m->obs.states[row * (size_t)m->obs.state_dim] * (float)(item % 3);
        m->counts[c] = 0;
        for (size_t t = 0; t < h; t++) {
            m->counts[c] += m->obs.history[row * h + t] == item;
        }
    }
    m->obs.feature_dim = m->plan.n_features;
    m->obs.features = m->features;
    m->obs.counts = m->counts;
}

static inline void machine_add_excluded(machine *m)
{
    const size_t n = (size_t)m->obs.n, h = (size_t)m->obs.n_history,
                 most = (size_t)m->plan.n_excluded;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < most; j++) {
            m->excluded[i * most + j] = m->obs.history[i * h + h - 1 - j];
        }
    }
    m->obs.n_excluded = m->plan.n_excluded;
    m->obs.excluded = m->excluded;
}

/* m->obs is the present. In an own world a call makes the next requests. */
static inline void machine_observe(machine *m)
{
    if (m->plan.is_own) {
        machine_observe_own(m);
        return;
    }
    rr_error err;
    m->obs = (rr_obs){.struct_size = sizeof m->obs};
    machine_require(rr_env_observe(m->env, &m->obs, &err), &err);
    if (m->plan.n_features > 0) {
        machine_add_features(m);
    }
    if (m->plan.n_excluded > 0) {
        machine_add_excluded(m);
    }
}

static inline rr_decision machine_decision(machine *m)
{
    return (rr_decision){.struct_size = sizeof(rr_decision),
                         .n = m->plan.n_envs,
                         .actions = m->actions,
                         .items = m->items,
                         .log_probs = m->log_probs,
                         .values = m->values};
}

/* What the world says to the actions. */
static inline rr_outcome machine_move(machine *m)
{
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = m->plan.n_envs};
    if (!m->plan.is_own) {
        rr_error err;
        machine_require(rr_env_step(m->env, m->actions, &outcome, &err), &err);
        return outcome;
    }
    const size_t k = (size_t)m->plan.num_candidates, d = (size_t)m->plan.item_dim;
    for (size_t i = 0; i < (size_t)m->plan.n_envs; i++) {
        const float *vector = m->vectors + (i * k + (size_t)m->actions[i]) * d;
        m->rewards[i] = 0.0f;
        for (size_t j = 0; j < d; j++) {
            m->rewards[i] += m->states[i * d + j] * vector[j];
        }
        m->terminated[i] = machine_uniform(m) < 0.4f;
    }
    outcome.rewards = m->rewards;
    outcome.terminated = m->terminated;
    return outcome;
}

/* One step of every session, recorded and rewarded. The sum of rewards. */
static inline double machine_step(machine *m)
{
    rr_error err;
    rr_decision decision = machine_decision(m);
    machine_observe(m);
    machine_require(rr_agent_act(m->agent, &m->obs, &decision, &err), &err);
    machine_require(rr_buffer_record(m->buffer, &m->obs, &decision, &err), &err);
    const rr_outcome outcome = machine_move(m);
    machine_require(rr_buffer_reward(m->buffer, &outcome, &err), &err);

    const size_t n = (size_t)m->plan.n_envs;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)outcome.rewards[i];
    }
    m->hash = machine_hash(m->hash, m->actions, n * sizeof *m->actions);
    m->hash = machine_hash(m->hash, m->items, n * sizeof *m->items);
    m->hash = machine_hash(m->hash, m->log_probs, n * sizeof *m->log_probs);
    m->hash = machine_hash(m->hash, m->values, n * sizeof *m->values);
    m->hash = machine_hash(m->hash, outcome.rewards, n * sizeof *outcome.rewards);
    return sum;
}

/* Fills the buffer and trains on it. */
static inline void machine_update(machine *m)
{
    rr_error err;
    while (!rr_buffer_is_full(m->buffer)) {
        machine_step(m);
    }
    machine_observe(m);
    m->stats = (rr_stats){.struct_size = sizeof m->stats};
    machine_require(rr_agent_update(m->agent, m->buffer, &m->obs, &m->stats, &err), &err);
    m->hash = machine_hash(m->hash, &m->stats, sizeof m->stats);
}

/* A checkpoint of all of it; the caller frees the block. */
/* All of a machine, and its generator as the blob. */
static inline rr_checkpoint machine_checkpoint(const machine *m)
{
    return (rr_checkpoint){.struct_size = sizeof(rr_checkpoint),
                           .agent = m->agent,
                           .env = m->env,
                           .buffer = m->buffer,
                           .blob = (void *)&m->generator,
                           .blob_bytes = sizeof m->generator,
                           .blob_capacity = sizeof m->generator};
}

static inline unsigned char *machine_save(const machine *m, size_t *bytes)
{
    rr_error err;
    const rr_checkpoint all = machine_checkpoint(m);
    machine_require(rr_checkpoint_save_memory(&all, NULL, 0, bytes, &err), &err);
    unsigned char *block = machine_array(*bytes, 1);
    machine_require(rr_checkpoint_save_memory(&all, block, *bytes, bytes, &err), &err);
    return block;
}

static inline rr_status machine_load(machine *m, const void *block, size_t bytes, rr_error *err)
{
    rr_checkpoint all = machine_checkpoint(m);
    return rr_checkpoint_load_memory(&all, block, bytes, err);
}

/* The hash of everything that a plan does, and of the checkpoint at its end. */
static inline uint64_t machine_run(const machine_plan *plan, uint64_t seed, int32_t num_threads)
{
    machine m;
    machine_create(&m, plan, seed, num_threads, NULL);
    for (int32_t i = 0; i < plan->n_updates; i++) {
        machine_update(&m);
    }
    size_t bytes;
    unsigned char *block = machine_save(&m, &bytes);
    const uint64_t hash = machine_hash(m.hash, block, bytes);
    free(block);
    machine_destroy(&m);
    return hash;
}

#endif
