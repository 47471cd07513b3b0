/* SPDX-License-Identifier: MIT */
/* keys_scene.h: an agent over a pool whose items have keys, and rows of lists, histories and
 * exclusions in which some are known by their keys alone. */
#ifndef TESTS_LOOP_KEYS_SCENE_H
#define TESTS_LOOP_KEYS_SCENE_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

/* More rows than a published policy takes at once. */
enum { N = 80, K = 9, D = 4, S = 5, POOL = 24, M = 2, H = 6, OWN = 4, BLOB = 4096 };

typedef struct scene {
    rr_items *items; /* generation 1: the item of key 1000 is gone */
    rr_agent *agent;
    float states[N * S], vectors[N * OWN * D], log_probs[N], all[N * K];
    int32_t candidates[N * K], lengths[N], excluded[N * M], history[N * H], actions[N], items_of[N];
    uint64_t candidate_keys[N * K], excluded_keys[N * M], history_keys[N * H], item_keys[N];
    uint64_t sessions[N], decisions[N], versions[N];
    rr_obs obs;
    rr_decision decision;
    rr_error err;
} scene;

static inline void need(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static inline float number(uint64_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return (float)(x >> 40) * 0x1p-23f - 1.0f;
}

/* Keys of the pool are 1000 + index. Own ones are 1 … 5, and 1000, that of an item which is gone.
 */
static inline uint64_t own_key(size_t row, size_t own)
{
    const uint64_t keys[OWN] = {1 + row % 2, 3, 1000, 4 + row % 2};
    return keys[own];
}

/* Row i has i mod 5 candidates in no pool; entries mean items of the pool and others, some by a key
 * that the pool has too. */
static inline void fill(scene *t)
{
    for (size_t i = 0; i < N * S; i++) {
        t->states[i] = number(i);
    }
    for (size_t i = 0; i < N * OWN * D; i++) {
        t->vectors[i] = number(1000 + i);
    }
    for (size_t row = 0; row < N; row++) {
        t->lengths[row] = (int32_t)(K - row % 2);
        t->sessions[row] = 1 + row / 2;
        t->decisions[row] = 500 + row;
        for (size_t j = 0; j < K; j++) {
            t->candidates[row * K + j] = (int32_t)(1 + (row + 2 * j) % (POOL - 1));
            t->candidate_keys[row * K + j] = 77; /* beside an index nobody reads it */
        }
        for (size_t own = 0; own < row % (OWN + 1); own++) {
            t->candidates[row * K + 1 + 2 * own - own / 3] = -1;
            t->candidate_keys[row * K + 1 + 2 * own - own / 3] = own_key(row, own);
        }
        const struct {
            int32_t index;
            uint64_t key;
        } past[H] = {{-1, 0}, {-1, 3}, {(int32_t)(1 + row % (POOL - 1)), 12},
                     {-1, 1}, {0, 0},  {-1, row % 3 == 0 ? 1000 + 1 + row % (POOL - 1) : 3}};
        for (size_t i = 0; i < H; i++) {
            t->history[row * H + i] = past[i].index;
            t->history_keys[row * H + i] = past[i].key;
        }
        t->excluded[row * M] = row % 4 == 1 ? t->candidates[row * K + 4] : -1;
        t->excluded_keys[row * M] = 0;
        t->excluded[row * M + 1] = -1;
        t->excluded_keys[row * M + 1] = row % 3 == 0 ? 0 : row % 3 == 1 ? 4 : 1000 + 1 + row % 20;
    }
}

static inline rr_agent *make_agent(scene *t, int32_t reward_model)
{
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = S;
    config.item_dim = D;
    config.max_candidates = K;
    config.max_history = H + 1;
    config.max_rows = N;
    config.max_update_rows = N;
    config.hidden[0] = 8;
    config.hidden[1] = 0;
    config.repeat_step = 50.0f;
    config.unknown_versions = RR_UNKNOWN_WEIGH;
    config.reward_model = reward_model;
    ppo.batch_size = 8;
    need(rr_agent_create(&agent, &config, &ppo, t->items, NULL, &t->err), &t->err);
    return agent;
}

static inline rr_obs obs_of(const scene *t)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = N,
                    .n_candidates = K,
                    .n_excluded = M,
                    .n_history = H,
                    .state_dim = S,
                    .item_dim = D,
                    .states = t->states,
                    .lengths = t->lengths,
                    .candidates = t->candidates,
                    .vectors = t->vectors,
                    .n_vectors = OWN,
                    .excluded = t->excluded,
                    .history = t->history,
                    .candidate_keys = t->candidate_keys,
                    .excluded_keys = t->excluded_keys,
                    .history_keys = t->history_keys,
                    .sessions = t->sessions,
                    .decisions = t->decisions,
                    .pool = t->items};
}

static inline scene *begin(void)
{
    scene *t = calloc(1, sizeof *t);
    float vectors[POOL * D];
    uint64_t keys[POOL];
    const uint64_t gone = 1000;
    rr_items *first = NULL;
    ck_assert_ptr_nonnull(t);
    for (size_t i = 0; i < POOL * D; i++) {
        vectors[i] = number(7000 + i);
    }
    for (size_t i = 0; i < POOL; i++) {
        keys[i] = 1000 + i;
    }
    need(rr_items_create(&first, vectors, keys, POOL, D, NULL, NULL, &t->err), &t->err);
    need(rr_items_follow(&t->items, first, &gone, 1, NULL, NULL, 0, NULL, NULL, &t->err), &t->err);
    rr_items_release(first);
    fill(t);
    t->agent = make_agent(t, 0);
    t->obs = obs_of(t);
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .items = t->items_of,
                                .log_probs = t->log_probs,
                                .all_log_probs = t->all,
                                .policy_versions = t->versions,
                                .item_keys = t->item_keys};
    return t;
}

static inline void end(scene *t)
{
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
    free(t);
}

static inline void act(scene *t, const rr_obs *obs)
{
    need(rr_agent_act(t->agent, obs, &t->decision, &t->err), &t->err);
}

static inline rr_ledger *make_ledger(scene *t, int32_t max_vectors, int32_t has_keys)
{
    rr_ledger *ledger = NULL;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    need(rr_agent_fit_ledger_config(t->agent, &config, &t->err), &t->err);
    config.max_rows = N;
    config.item_dim = D;
    config.max_excluded = M + 1; /* wider than the rows are */
    config.max_history = H + 1;
    config.max_vectors = max_vectors;
    config.has_keys = has_keys;
    need(rr_ledger_create(&ledger, &config, NULL, &t->err), &t->err);
    return ledger;
}

/* Rewards and ends of all rows, and an update. */
static inline rr_stats learn_some(scene *t, rr_ledger *ledger)
{
    float rewards[N];
    uint64_t keys[N / 2];
    uint8_t over[N / 2];
    for (size_t row = 0; row < N; row++) {
        rewards[row] = t->candidates[row * K + (size_t)t->actions[row]] < 0 ? 1.0f : 0.0f;
    }
    for (size_t i = 0; i < N / 2; i++) {
        keys[i] = 1 + i;
        over[i] = 1;
    }
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .decisions = t->decisions, .rewards = rewards};
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = N / 2, .sessions = keys, .terminated = over};
    rr_stats stats = {.struct_size = sizeof stats};
    need(rr_ledger_reward(ledger, &outcome, NULL, &t->err), &t->err);
    need(rr_ledger_end(ledger, &ending, NULL, &t->err), &t->err);
    need(rr_agent_update_sessions(t->agent, ledger, &stats, &t->err), &t->err);
    return stats;
}

/* One that takes each of them. */
static inline rr_stats learn(scene *t, rr_ledger *ledger)
{
    const rr_stats stats = learn_some(t, ledger);
    ck_assert_int_eq(stats.n_rows, N);
    return stats;
}

/* Until counts weigh something. */
static inline void warm_up(scene *t)
{
    rr_ledger *ledger = make_ledger(t, 0, 1);
    act(t, &t->obs);
    need(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), &t->err);
    ck_assert_float_gt(fabsf(learn(t, ledger).repeat_weight), 0.05f);
    rr_ledger_destroy(ledger);
}

static inline void refused(rr_status got, rr_status status, const scene *t, const char *sentence)
{
    ck_assert_int_eq(got, status);
    ck_assert_msg(strstr(t->err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", t->err.text,
                  sentence);
}

static uint64_t blob[BLOB / 8], work[BLOB / 8];

static inline size_t encode(scene *t, const rr_obs *obs, int32_t row)
{
    size_t bytes = 0;
    need(rr_record_encode(obs, &t->decision, row, blob, sizeof blob, &bytes, &t->err), &t->err);
    return bytes;
}

#endif
