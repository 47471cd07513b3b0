/* SPDX-License-Identifier: MIT */
/* Agents with a fold-in through recrl.h: what is refused, and that whoever scores a request scores
 * it alike. Gradients are tests/train/test_gradient.c, and what is learned is
 * examples/hosts/strangers.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "recrl/recrl.h"

enum { N = 12, S = 3, D = 5, H = 6, ITEMS = 30, USERS = 20 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    float states[N * S], rewards[N * H], users[USERS * D];
    int32_t history[N * H];
    rr_obs obs;
    uint64_t random;
} scene;

static float uniform(scene *t)
{
    return (float)((double)(rri_hash_mix(t->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-52 - 1.0);
}

static rr_agent_config config_of(void)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = N;
    config.max_candidates = 4;
    config.max_history = H;
    config.has_fold_in = 1;
    config.fold_in_decay = 0.8f;
    return config;
}

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    const rr_agent_config config = config_of();
    ck_assert_int_eq(rr_items_create_random(&t->items, ITEMS, D, 5, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_create(&t->agent, &config, NULL, t->items, NULL, NULL), RR_OK);
    for (size_t i = 0; i < USERS * D; i++) {
        t->users[i] = uniform(t);
    }
    for (size_t i = 0; i < N * S; i++) {
        t->states[i] = uniform(t);
    }
    for (size_t i = 0; i < N * H; i++) {
        const size_t row = i / H, place = i % H;
        t->history[i] = place < row % H ? -1 : (int32_t)((i * 7) % ITEMS);
        t->rewards[i] = uniform(t);
    }
    const float weight[] = {0.7f, -0.3f};
    ck_assert_int_eq(rr_agent_fit_prior(t->agent, t->users, USERS, 0.1f, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_set_tensor(t->agent, "actor.error_weight", weight, 2, NULL), RR_OK);
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_history = H,
                      .state_dim = S,
                      .states = t->states,
                      .history = t->history,
                      .history_rewards = t->rewards};
}

static void close_scene(scene *t)
{
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void refuse(const rr_agent_config *config, rr_items *items, rr_status wanted,
                   const char *sentence)
{
    rr_error err = {0};
    rr_agent *agent = NULL;
    ck_assert_int_eq(rr_agent_create(&agent, config, NULL, items, NULL, &err), wanted);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\"", err.text);
}

START_TEST(test_fold_in_is_refused_where_it_cannot_be)
{
    scene t;
    rr_error err = {0};
    open_scene(&t);
    rr_agent_config config = config_of();
    refuse(&config, NULL, RR_E_UNSUPPORTED, "has_fold_in is 1 with no items");
    config.head = RR_HEAD_DENSE;
    refuse(&config, t.items, RR_E_UNSUPPORTED, "has_fold_in is 1 with the dense head");
    config = config_of();
    config.has_trained_items = 1;
    refuse(&config, t.items, RR_E_UNSUPPORTED, "has_fold_in is 1 with has_trained_items 1");
    config = config_of();
    config.reward_model = 1;
    refuse(&config, t.items, RR_E_UNSUPPORTED, "has_fold_in is 1 with reward_model 1");
    config = config_of();
    config.max_history = 0;
    refuse(&config, t.items, RR_E_INVALID, "max_history is 0; with has_fold_in");
    config = config_of();
    config.item_dim = 129;
    rr_items *wide;
    ck_assert_int_eq(rr_items_create_random(&wide, 3, 129, 5, NULL, NULL), RR_OK);
    refuse(&config, wide, RR_E_INVALID, "item_dim is 129; with has_fold_in it must be at most 128");
    rr_items_release(wide);
    config = config_of();
    config.has_fold_in = 0;
    rr_agent *plain;
    ck_assert_int_eq(rr_agent_create(&plain, &config, NULL, t.items, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_fit_prior(plain, t.users, USERS, 0.1f, &err), RR_E_UNSUPPORTED);
    rr_agent_destroy(plain);
    close_scene(&t);
}
END_TEST

START_TEST(test_fold_in_prior_is_refused_and_then_as_it_was)
{
    scene t;
    rr_error err = {0};
    open_scene(&t);
    const uint64_t version = rr_agent_version(t.agent);
    ck_assert_int_eq(rr_agent_fit_prior(t.agent, t.users, 1, 0.1f, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "n is 1"));
    ck_assert_int_eq(rr_agent_fit_prior(t.agent, t.users, USERS, 0.0f, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "variance is 0"));
    ck_assert_int_eq(rr_agent_fit_prior(t.agent, NULL, USERS, 0.1f, &err), RR_E_INVALID);
    t.users[2 * D + 1] = NAN;
    ck_assert_int_eq(rr_agent_fit_prior(t.agent, t.users, USERS, 0.1f, &err), RR_E_NOT_FINITE);
    ck_assert_uint_eq(rr_agent_version(t.agent), version);
    t.users[2 * D + 1] = 0.5f;
    ck_assert_int_eq(rr_agent_fit_prior(t.agent, t.users, USERS, 0.2f, &err), RR_OK);
    ck_assert_uint_ne(rr_agent_version(t.agent), version);
    close_scene(&t);
}
END_TEST

static void draw(scene *t, float *all, rr_status wanted, const char *sentence)
{
    rr_error err = {0};
    int32_t actions[N];
    rr_decision decision = {
        .struct_size = sizeof decision, .n = N, .actions = actions, .all_log_probs = all};
    ck_assert_int_eq(rr_agent_act(t->agent, &t->obs, &decision, &err), wanted);
    ck_assert_msg(wanted == RR_OK || strstr(err.text, sentence) != NULL, "\"%s\"", err.text);
}

START_TEST(test_fold_in_wants_history_and_what_it_earned)
{
    scene t;
    static float all[N * ITEMS], other[N * ITEMS];
    open_scene(&t);
    draw(&t, all, RR_OK, "");
    t.obs.history_rewards = NULL;
    draw(&t, all, RR_E_INVALID, "history_rewards is NULL; this agent's fold-in reads it");
    t.obs.history_rewards = t.rewards;
    t.obs.history = NULL;
    draw(&t, all, RR_E_INVALID, "history is NULL; this agent's fold-in reads it");
    t.obs.history = t.history;
    t.rewards[N * H - 1] += 1.0f; /* of the last row alone */
    draw(&t, other, RR_OK, "");
    ck_assert_mem_eq(all, other, (N - 1) * ITEMS * sizeof *all);
    ck_assert(memcmp(all + (N - 1) * ITEMS, other + (N - 1) * ITEMS, ITEMS * sizeof *all) != 0);
    close_scene(&t);
}
END_TEST

static void play(const rr_policy *policy, const scene *t, float *all)
{
    rr_reader *reader;
    int32_t actions[N];
    rr_decision decision = {
        .struct_size = sizeof decision, .n = N, .actions = actions, .all_log_probs = all};
    ck_assert_int_eq(rr_reader_create(&reader, policy, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_policy_act(policy, reader, &t->obs, &decision, NULL), RR_OK);
    rr_reader_destroy(reader);
}

/* Agent, snapshot, policy file and checkpoint tell the same bits; a temperature divides it all. */
START_TEST(test_fold_in_travels)
{
    scene t, again;
    static float all[N * ITEMS], other[N * ITEMS];
    char path[] = "/tmp/fold_in_XXXXXX";
    ck_assert_int_ge(mkstemp(path), 0);
    open_scene(&t);
    draw(&t, all, RR_OK, "");
    rr_policy *policy;
    ck_assert_int_eq(rr_agent_publish(t.agent, NULL, &policy, NULL), RR_OK);
    play(policy, &t, other);
    ck_assert_mem_eq(all, other, sizeof all);
    ck_assert_int_eq(rr_policy_save(policy, path, NULL), RR_OK);
    rr_policy_release(policy);
    ck_assert_int_eq(rr_policy_load(&policy, path, t.items, NULL, NULL), RR_OK);
    play(policy, &t, other);
    ck_assert_mem_eq(all, other, sizeof all);
    rr_policy_release(policy);

    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = 2.0f;
    ck_assert_int_eq(rr_agent_publish(t.agent, &options, &policy, NULL), RR_OK);
    play(policy, &t, other);
    for (size_t i = 1; i < ITEMS; i++) { /* differences of scores are half as large */
        ck_assert_float_eq_tol(other[i] - other[0], 0.5f * (all[i] - all[0]), 2e-5f);
    }
    rr_policy_release(policy);

    rr_checkpoint checkpoint = {.struct_size = sizeof checkpoint, .agent = t.agent};
    ck_assert_int_eq(rr_checkpoint_save(&checkpoint, path, NULL), RR_OK);
    open_scene(&again);
    checkpoint.agent = again.agent;
    ck_assert_int_eq(rr_agent_fit_prior(again.agent, t.users, 3, 0.9f, NULL), RR_OK);
    ck_assert_int_eq(rr_checkpoint_load(&checkpoint, path, NULL), RR_OK);
    draw(&again, other, RR_OK, "");
    ck_assert_mem_eq(all, other, sizeof all);
    remove(path);
    close_scene(&again);
    close_scene(&t);
}
END_TEST

/* A whole pool of at most 8192 items; lists of any. A buffer that keeps no rewards is refused. */
START_TEST(test_fold_in_names_its_limits)
{
    scene t;
    rr_error err = {0};
    enum { MANY = 8193 };
    open_scene(&t);
    rr_items *many;
    rr_agent *agent;
    const rr_agent_config config = config_of();
    ck_assert_int_eq(rr_items_create_random(&many, MANY, D, 5, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_create(&agent, &config, NULL, many, NULL, NULL), RR_OK);
    int32_t actions[N], lists[N * 4];
    rr_decision decision = {.struct_size = sizeof decision, .n = N, .actions = actions};
    ck_assert_int_eq(rr_agent_act(agent, &t.obs, &decision, &err), RR_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "a whole pool of at most 8192"));
    for (int32_t i = 0; i < N * 4; i++) {
        lists[i] = i * 100;
    }
    t.obs.candidates = lists;
    t.obs.n_candidates = 4;
    ck_assert_int_eq(rr_agent_act(agent, &t.obs, &decision, NULL), RR_OK);
    rr_agent_destroy(agent);
    rr_items_release(many);

    t.obs.candidates = NULL;
    t.obs.n_candidates = 0;
    rr_buffer *buffer;
    rr_buffer_config room;
    rr_buffer_config_init(&room, sizeof room);
    ck_assert_int_eq(rr_agent_fit_buffer_config(t.agent, N, &room, NULL), RR_OK);
    ck_assert_int_eq(room.for_encoder, 1);
    room.for_encoder = 0;
    ck_assert_int_eq(rr_buffer_create(&buffer, &room, NULL, NULL), RR_OK);
    float log_probs[N], values[N], rewards[N] = {0};
    uint8_t terminated[N];
    memset(terminated, 1, sizeof terminated);
    decision.log_probs = log_probs;
    decision.values = values;
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = N,
                                .rewards = rewards,
                                .terminated = terminated};
    ck_assert_int_eq(rr_agent_act(t.agent, &t.obs, &decision, NULL), RR_OK);
    ck_assert_int_eq(rr_buffer_record(buffer, &t.obs, &decision, NULL), RR_OK);
    ck_assert_int_eq(rr_buffer_reward(buffer, &outcome, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_update(t.agent, buffer, NULL, NULL, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "an encoder or a fold-in"));
    rr_buffer_destroy(buffer);
    close_scene(&t);
}
END_TEST

CHECK_MAIN("loop/fold_in", test_fold_in_is_refused_where_it_cannot_be,
           test_fold_in_prior_is_refused_and_then_as_it_was,
           test_fold_in_wants_history_and_what_it_earned, test_fold_in_travels,
           test_fold_in_names_its_limits)
