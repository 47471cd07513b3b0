/* SPDX-License-Identifier: MIT */
/* agent_fixture.h: a small agent with a catalogue, observations that fit it, and a rollout, so that
 * a test says only what is special about it.
 *
 *     rig r;
 *     rig_shape shape = rig_usual();
 *     shape.k = 6;
 *     rig_open(&r, &shape);
 *     …
 *     rig_close(&r); */
#ifndef TESTS_AGENT_AGENT_FIXTURE_H
#define TESTS_AGENT_AGENT_FIXTURE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "buffer/rollout.h"
#include "check_run.h"
#include "core/hash.h"
#include "gradcheck.h"
#include "items/items.h"
#include "play/act.h"
#include "train/update.h"

typedef struct rig_shape {
    int32_t algo;
    rr_agent_config agent;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_reinforce_config reinforce;
    size_t n_items;        /* 0: no catalogue */
    size_t n, k, m, h;     /* of an observation */
    bool has_vectors;      /* some candidates are only in vectors … */
    bool has_only_vectors; /* … or all */
    bool has_lengths, has_counts;
    const rr_host *host;
} rig_shape;

typedef struct rig {
    rig_shape shape;
    rr_items *items;
    rr_agent *agent;
    rri_rollout rollout;
    rr_obs obs;           /* n rows; its arrays are the rig's own and may be written */
    rr_decision decision; /* n rows */
    void *blocks[64];
    size_t n_blocks;
    uint64_t random;
} rig;

/* Seven items of width 3, states of width 3, one hidden layer of 4. */
static inline rig_shape rig_usual(void)
{
    rig_shape s = {.n_items = 7, .n = 5};
    rr_agent_config_init(&s.agent, sizeof s.agent);
    rr_ppo_config_init(&s.ppo, sizeof s.ppo);
    rr_a2c_config_init(&s.a2c, sizeof s.a2c);
    rr_reinforce_config_init(&s.reinforce, sizeof s.reinforce);
    s.agent.state_dim = 3;
    s.agent.item_dim = 3;
    s.agent.hidden[0] = s.agent.critic_hidden[0] = 4;
    s.agent.hidden[1] = s.agent.critic_hidden[1] = 0;
    s.agent.max_rows = 64;
    s.agent.max_candidates = 8;
    s.agent.max_history = 8;
    s.agent.initial_scale = 2.0f;
    s.agent.seed = 11;
    s.ppo.n_steps = s.a2c.n_steps = s.reinforce.n_steps = 8;
    s.ppo.batch_size = 16;
    s.ppo.update_epochs = 2;
    return s;
}

static inline void *rig_take(rig *r, size_t count, size_t bytes)
{
    const size_t size = (count * bytes + 127) / 64 * 64;
    void *block = aligned_alloc(64, size);
    memset(block, 0, size);
    ck_assert_uint_lt(r->n_blocks, 64);
    r->blocks[r->n_blocks++] = block;
    return block;
}
#define RIG_TAKE(r, type, count) ((type *)rig_take((r), (count), sizeof(type)))

static inline double rig_uniform(rig *r)
{
    return (double)(rri_hash_mix(r->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

static inline size_t rig_below(rig *r, size_t n)
{
    return (size_t)(rig_uniform(r) * (double)n);
}

static inline void rig_fill(rig *r, float *x, size_t n, float spread)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = spread * (float)(2.0 * rig_uniform(r) - 1.0);
    }
}

/* Rows of a rollout become those of sessions as long as histories are wide: the j-th row of one has
 * its first j showings. */
static inline void rig_make_sessions(rig *r, size_t n)
{
    const size_t h = r->shape.h;
    for (size_t i = 0; i < n * h; i++) {
        const size_t session = i / h / h, step = i / h % h, place = i % h;
        const size_t shown = place + step - h; /* beyond h: before the first one */
        const bool is_there = place + step >= h;
        r->rollout.history[i] =
            is_there ? (int32_t)((session * 3 + shown * 5) % r->shape.n_items) : -1;
        r->rollout.history_rewards[i] = is_there ? 0.2f * (float)((session + shown) % 7) : 0.0f;
    }
}

/* n different items of the catalogue, in any order. */
static inline void rig_fill_distinct(rig *r, int32_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_new = false;
        while (!is_new) {
            out[i] = (int32_t)rig_below(r, r->shape.n_items);
            is_new = true;
            for (size_t j = 0; j < i; j++) {
                is_new = is_new && out[j] != out[i];
            }
        }
    }
}

static inline void rig_fill_lists(rig *r, size_t row)
{
    const size_t k = r->shape.k;
    int32_t *candidates = (int32_t *)r->obs.candidates;
    for (size_t j = 0; j < k; j++) {
        if (r->obs.counts != NULL) {
            ((int32_t *)r->obs.counts)[row * k + j] = (int32_t)rig_below(r, 3);
        }
    }
    if (candidates != NULL) {
        rig_fill_distinct(r, candidates + row * k, k);
        for (size_t j = 0; j < k; j++) {
            if (r->shape.has_vectors && rig_below(r, 2) == 0) {
                candidates[row * k + j] = -1;
            }
        }
    }
    if (r->obs.lengths != NULL) {
        ((int32_t *)r->obs.lengths)[row] = (int32_t)(2 + rig_below(r, k - 1));
    }
}

/* New content of the observation; it passes every check. At most one candidate of a row is
 * excluded, and never the first. */
static inline void rig_draw_obs(rig *r)
{
    const rig_shape *s = &r->shape;
    rig_fill(r, (float *)r->obs.states, s->n * (size_t)s->agent.state_dim, 1.0f);
    if (r->obs.features != NULL) {
        rig_fill(r, (float *)r->obs.features, s->n * s->k * (size_t)s->agent.feature_dim, 1.0f);
    }
    if (r->obs.vectors != NULL) {
        rig_fill(r, (float *)r->obs.vectors, s->n * s->k * (size_t)s->agent.item_dim, 1.0f);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->k > 0) {
            rig_fill_lists(r, i);
        }
        for (size_t j = 0; j < s->m; j++) {
            const bool is_padding = rig_below(r, 3) == 0;
            const int32_t item = s->k > 0 && r->obs.candidates != NULL
                                     ? r->obs.candidates[i * s->k + 1]
                                     : (int32_t)rig_below(r, s->n_items - 1);
            ((int32_t *)r->obs.excluded)[i * s->m + j] = is_padding ? -1 : item;
        }
        const size_t n_shown = s->h > 0 ? rig_below(r, s->h + 1) : 0;
        for (size_t j = 0; j < s->h; j++) {
            ((int32_t *)r->obs.history)[i * s->h + j] =
                j + n_shown < s->h ? -1 : (int32_t)rig_below(r, s->n_items);
        }
    }
    if (r->obs.history_rewards != NULL) {
        rig_fill(r, (float *)r->obs.history_rewards, s->n * s->h, 1.0f);
    }
}

static inline bool rig_reads_past(const rig_shape *s)
{
    return s->agent.has_fold_in != 0 || s->agent.encoder != RR_ENCODER_NONE;
}

static inline void rig_open_obs(rig *r)
{
    const rig_shape *s = &r->shape;
    const size_t lists = s->n * s->k;
    r->obs = (rr_obs){.struct_size = sizeof r->obs, .n = (int32_t)s->n};
    r->obs.state_dim = s->agent.state_dim;
    r->obs.states = RIG_TAKE(r, float, s->n *(size_t)s->agent.state_dim);
    if (s->k > 0) {
        r->obs.n_candidates = (int32_t)s->k;
        r->obs.lengths = s->has_lengths ? RIG_TAKE(r, int32_t, s->n) : NULL;
        r->obs.candidates = s->has_only_vectors ? NULL : RIG_TAKE(r, int32_t, lists);
        r->obs.counts = s->has_counts ? RIG_TAKE(r, int32_t, lists) : NULL;
        if (s->has_vectors || s->has_only_vectors) {
            r->obs.item_dim = s->agent.item_dim;
            r->obs.vectors = RIG_TAKE(r, float, lists *(size_t)s->agent.item_dim);
        }
        if (s->agent.feature_dim > 0) {
            r->obs.feature_dim = s->agent.feature_dim;
            r->obs.features = RIG_TAKE(r, float, lists *(size_t)s->agent.feature_dim);
        }
    }
    if (s->m > 0) {
        r->obs.n_excluded = (int32_t)s->m;
        r->obs.excluded = RIG_TAKE(r, int32_t, s->n * s->m);
    }
    if (s->h > 0) {
        r->obs.n_history = (int32_t)s->h;
        r->obs.history = RIG_TAKE(r, int32_t, s->n * s->h);
        r->obs.history_rewards = rig_reads_past(s) ? RIG_TAKE(r, float, s->n * s->h) : NULL;
    }
    r->decision = (rr_decision){.struct_size = sizeof r->decision, .n = (int32_t)s->n};
    r->decision.actions = RIG_TAKE(r, int32_t, s->n);
    r->decision.items = RIG_TAKE(r, int32_t, s->n);
    r->decision.log_probs = RIG_TAKE(r, float, s->n);
    r->decision.values = RIG_TAKE(r, float, s->n);
}

/* A rollout for max_rows of the agent × n_steps rows of the observation's shape. */
static inline void rig_open_rollout(rig *r)
{
    const rig_shape *s = &r->shape;
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = s->agent.max_rows * s->ppo.n_steps;
    config.state_dim = s->agent.state_dim;
    config.item_dim = s->has_vectors || s->has_only_vectors ? s->agent.item_dim : 0;
    config.feature_dim = s->agent.feature_dim;
    config.max_candidates = (int32_t)s->k;
    config.max_excluded = (int32_t)s->m;
    config.max_history = (int32_t)s->h;
    config.for_encoder = rig_reads_past(s);
    r->rollout = (rri_rollout){0};
    rri_arena arena = {0};
    rri_rollout_layout(&r->rollout, &arena, &config);
    arena = (rri_arena){.base = rig_take(r, arena.used, 1)};
    rri_rollout_layout(&r->rollout, &arena, &config);
}

/* Another catalogue; keys NULL: 0 … n−1. */
static inline rr_items *rig_items(rig *r, size_t n, size_t dim, const uint64_t *keys)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, r->shape.host, NULL), RR_OK);
    float *vectors = malloc(n * dim * sizeof *vectors);
    const size_t f = (size_t)r->shape.agent.item_feature_dim;
    float *features = malloc((n * f + 1) * sizeof *features);
    rig_fill(r, vectors, n * dim, 1.0f);
    rig_fill(r, features, n * f, 1.0f);
    rr_items *items = NULL;
    const rri_item_rows rows = {vectors, keys, features, n, f};
    ck_assert_int_eq(rri_items_create_rows(&items, &rows, (int32_t)dim, &allocator, NULL), RR_OK);
    free(vectors);
    free(features);
    return items;
}

static inline const rri_algorithm *rig_algorithm(const rig_shape *s)
{
    return rri_algorithms_at((size_t)s->algo);
}

static inline const void *rig_algo_config(const rig_shape *s)
{
    return s->algo == RR_ALGO_REINFORCE ? (const void *)&s->reinforce
           : s->algo == RR_ALGO_A2C     ? (const void *)&s->a2c
                                        : (const void *)&s->ppo;
}

/* Every parameter at random, log τ between 0 and 1. */
static inline void rig_randomise(rig *r)
{
    const rri_params *params = &r->agent->trainer.model.network.params;
    for (size_t p = 0; p < params->n_params; p++) {
        rig_fill(r, r->agent->trainer.model.values + params->entries[p].offset,
                 params->entries[p].size, 0.7f);
    }
    if (r->agent->trainer.model.network.at.log_scale != RRI_ABSENT) {
        r->agent->trainer.model.values[r->agent->trainer.model.network.at.log_scale] =
            (float)rig_uniform(r);
    }
    const rri_norm_offsets *norm = &r->agent->trainer.model.network.norm;
    if (norm->value_scale != RRI_ABSENT) {
        r->agent->trainer.model.values[norm->value_scale] = 1.5f + (float)rig_uniform(r);
    }
    for (size_t i = 0;
         norm->state_inverses != RRI_ABSENT && i < r->agent->trainer.model.network.state_dim; i++) {
        r->agent->trainer.model.values[norm->state_inverses + i] = 0.5f + (float)rig_uniform(r);
    }
    const rri_fold_in *fold = &r->agent->trainer.model.network.fold;
    for (size_t i = 0; i < fold->dim * fold->dim; i++) { /* positive definite */
        r->agent->trainer.model.values[fold->covariance_offset + i] =
            i % (fold->dim + 1) == 0 ? 1.3f : 0.1f;
    }
    if (fold->width > 0) {
        r->agent->trainer.model.values[fold->variance_offset] = 0.4f;
    }
    rri_model_pack(&r->agent->trainer.model);
}

static inline void rig_open(rig *r, const rig_shape *shape)
{
    *r = (rig){.shape = *shape, .random = 1};
    if (shape->n_items > 0) {
        r->items = rig_items(r, shape->n_items, (size_t)shape->agent.item_dim, NULL);
    }
    rr_error err = {0};
    const rr_status status = rri_agent_create(&r->agent, &shape->agent, rig_algorithm(shape),
                                              rig_algo_config(shape), r->items, shape->host, &err);
    ck_assert_msg(status == RR_OK, "%s", err.text);
    rig_randomise(r);
    rig_open_obs(r);
    rig_open_rollout(r);
    rig_draw_obs(r);
}

static inline void rig_close(rig *r)
{
    for (size_t i = 0;
         r->agent->trainer.stacks != NULL && i < rri_workers_count(r->agent->trainer.workers);
         i++) {
        ck_assert_uint_eq(r->agent->trainer.stacks[i].used, 0);
    }
    rri_agent_destroy(r->agent);
    rri_items_release(r->items);
    for (size_t i = 0; i < r->n_blocks; i++) {
        free(r->blocks[i]);
    }
}

/* V of states [n, S] by the agent as it is. */
static inline void rig_values(rig *r, float *values, const float *states, size_t n)
{
    const rri_workspace work = rri_trainer_workspace(&r->agent->trainer);
    const rri_inputs in = {.states = states, .state_dim = (size_t)r->shape.agent.state_dim};
    rri_act_values(&work, values, &in, n);
}

/* Draws and records n_steps steps with rewards at random; every fourth session terminates, every
 * fourth is truncated, and the observation that is left is the one to come. */
static inline void rig_play(rig *r, size_t n_steps)
{
    const size_t n = r->shape.n, S = (size_t)r->shape.agent.state_dim;
    float *rewards = calloc(n, sizeof *rewards), *final_states = calloc(n * S, sizeof(float));
    uint8_t *flags = calloc(2 * n, 1);
    for (size_t step = 0; step < n_steps; step++) {
        rr_error err = {0};
        ck_assert_msg(rri_agent_act(r->agent, &r->obs, &r->decision, &err) == RR_OK, "%s",
                      err.text);
        ck_assert_msg(rri_rollout_record(&r->rollout, &r->obs, &r->decision,
                                         r->decision.pool_fingerprint, &err) == RR_OK,
                      "%s", err.text);
        rig_fill(r, rewards, n, 1.0f);
        rig_fill(r, final_states, n * S, 1.0f);
        for (size_t i = 0; i < n; i++) {
            const size_t fate = rig_below(r, 4);
            flags[i] = fate == 0;
            flags[n + i] = fate == 1;
        }
        rr_obs final_obs = r->obs;
        final_obs.states = final_states;
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = (int32_t)n,
                                    .rewards = rewards,
                                    .terminated = flags,
                                    .truncated = flags + n,
                                    .final_obs = &final_obs};
        ck_assert_int_eq(rri_rollout_reward(&r->rollout, &outcome, &err), RR_OK);
        rig_draw_obs(r);
    }
    free(rewards);
    free(final_states);
    free(flags);
}

/* All that an agent is: parameters, moments, counters. */
static inline uint64_t rig_hash(const rig *r)
{
    const rr_agent *agent = r->agent;
    const size_t bytes = agent->trainer.model.network.params.n_floats * sizeof(float);
    const uint64_t counters[] = {
        (uint64_t)agent->trainer.n_updates, (uint64_t)agent->trainer.n_timesteps,
        (uint64_t)agent->trainer.n_optimizer_steps, agent->trainer.n_draws};
    rri_hash hash;
    rri_hash_init(&hash, agent->trainer.model.items != NULL
                             ? rri_items_fingerprint(agent->trainer.model.items)
                             : 0);
    rri_hash_update(&hash, agent->trainer.model.values, bytes);
    rri_hash_update(&hash, agent->trainer.first_moments, bytes);
    rri_hash_update(&hash, agent->trainer.second_moments, bytes);
    rri_hash_update(&hash, counters, sizeof counters);
    return rri_hash_final(&hash);
}

static inline void rig_expect(rr_status got, rr_status wanted, const rr_error *err,
                              const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

static inline const rri_param *rig_param(const rig *r, const char *name)
{
    const rri_param *param = rri_params_find(&r->agent->trainer.model.network.params, name);
    ck_assert_msg(param != NULL, "there is no %s", name);
    return param;
}

#endif
