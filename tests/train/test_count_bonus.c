/* SPDX-License-Identifier: MIT */
/* The bonus of what is rarely shown, and a weight of the entropy that falls, through recrl.h. The
 * learning rate is so small that biases move by the bonus alone, where a test says so. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "recrl/recrl.h"

enum { N = 32, S = 3, D = 3, ITEMS = 12, K = 4 };
static const float BETA = 2.0f;

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    float states[N * S], log_probs[N], values[N], rewards[N], all[N * ITEMS];
    int32_t actions[N];
    uint64_t random;
} scene;

static float uniform(scene *t)
{
    return (float)((double)(rri_hash_mix(t->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-52 - 1.0);
}

static rr_agent_config config_of(int32_t head)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.head = head;
    config.hidden[0] = config.hidden[1] = 4;
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = N;
    config.max_update_rows = N;
    config.max_candidates = K;
    config.max_history = 1;
    config.has_bias = 1;
    config.count_bonus = BETA;
    return config;
}

static rr_ppo_config ppo(float lr, float ent_coef)
{
    rr_ppo_config config;
    rr_ppo_config_init(&config, sizeof config);
    config.batch_size = N;
    config.lr = lr;
    config.ent_coef = ent_coef;
    return config;
}

static void open_scene(scene *t, const rr_agent_config *config, const rr_ppo_config *algo)
{
    memset(t, 0, sizeof *t);
    ck_assert_int_eq(rr_items_create_random(&t->items, ITEMS, D, 5, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_create(&t->agent, config, algo, t->items, NULL, NULL), RR_OK);
    rr_buffer_config room;
    rr_buffer_config_init(&room, sizeof room);
    room.max_rows = N;
    room.state_dim = S;
    room.item_dim = D;
    room.max_candidates = K;
    room.max_history = room.max_excluded = 0;
    ck_assert_int_eq(rr_buffer_create(&t->buffer, &room, NULL, NULL), RR_OK);
}

static void close_scene(scene *t)
{
    rr_buffer_destroy(t->buffer);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

/* A tensor of the agent's, by its name. */
static rr_tensor tensor(const rr_agent *agent, const char *name)
{
    rr_tensor found = {.struct_size = sizeof found};
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        ck_assert_int_eq(rr_agent_tensor_at(agent, i, &found, NULL), RR_OK);
        if (strcmp(found.name, name) == 0) {
            return found;
        }
    }
    ck_abort_msg("no tensor %s", name);
    return found;
}

/* One decision a row, over the pool or lists [N, K], and one update of them. */
static void learn(scene *t, const int32_t *lists, const float *vectors)
{
    uint8_t terminated[N];
    for (size_t i = 0; i < N; i++) {
        t->rewards[i] = uniform(t);
        terminated[i] = 1;
        for (size_t j = 0; j < S; j++) {
            t->states[i * S + j] = uniform(t);
        }
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = N,
                        .n_candidates = lists != NULL ? K : 0,
                        .state_dim = S,
                        .states = t->states,
                        .candidates = lists,
                        .item_dim = vectors != NULL ? D : 0,
                        .vectors = vectors};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = t->actions,
                            .log_probs = t->log_probs,
                            .values = t->values,
                            .all_log_probs = t->all};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = t->rewards, .terminated = terminated};
    rr_error err = {0};
    ck_assert_msg(rr_agent_act(t->agent, &obs, &decision, &err) == RR_OK, "%s", err.text);
    ck_assert_msg(rr_buffer_record(t->buffer, &obs, &decision, &err) == RR_OK, "%s", err.text);
    ck_assert_int_eq(rr_buffer_reward(t->buffer, &outcome, NULL), RR_OK);
    ck_assert_msg(rr_agent_update(t->agent, t->buffer, NULL, NULL, &err) == RR_OK, "%s", err.text);
}

static void expect_bonus(const scene *t, const double *shown, size_t n)
{
    const rr_tensor bias = tensor(t->agent, "actor.item_bias");
    const rr_tensor counts = tensor(t->agent, "actor.shown");
    ck_assert_int_eq(bias.shape[0], (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_double_eq((double)counts.data[i], shown[i]);
        ck_assert_double_eq_tol((double)bias.data[i], (double)BETA / sqrt(1.0 + shown[i]), 1e-5);
    }
}

START_TEST(test_count_bonus_is_that_of_the_rows_trained_on)
{
    for (int32_t head = RR_HEAD_TOWER; head <= RR_HEAD_DENSE; head++) {
        scene t;
        double shown[ITEMS] = {0};
        const rr_agent_config config = config_of(head);
        const rr_ppo_config algo = ppo(1e-12f, 0.0f);
        open_scene(&t, &config, &algo);
        expect_bonus(&t, shown, ITEMS);
        for (int update = 0; update < 3; update++) {
            learn(&t, NULL, NULL);
            for (size_t i = 0; i < N; i++) {
                shown[t.actions[i]] += 1.0;
            }
            expect_bonus(&t, shown, ITEMS);
        }
        close_scene(&t);
    }
}
END_TEST

/* A list's positions are not the pool's indices, and what is in no pool has no count. */
START_TEST(test_count_bonus_of_lists_counts_items_of_the_pool)
{
    scene t;
    double shown[ITEMS] = {0};
    int32_t lists[N * K];
    float vectors[N * K * D];
    const rr_agent_config config = config_of(RR_HEAD_TOWER);
    const rr_ppo_config algo = ppo(1e-12f, 0.0f);
    open_scene(&t, &config, &algo);
    for (size_t i = 0; i < (size_t)N * K; i++) {
        lists[i] = i % K == 1 ? -1 : (int32_t)((i / K + 5 * (i % K)) % ITEMS);
    }
    for (size_t i = 0; i < (size_t)N * K * D; i++) {
        vectors[i] = uniform(&t);
    }
    size_t n_outside = 0;
    for (int update = 0; update < 3; update++) {
        learn(&t, lists, vectors);
        for (size_t i = 0; i < N; i++) {
            const int32_t item = lists[i * K + (size_t)t.actions[i]];
            n_outside += item < 0;
            if (item >= 0) {
                shown[item] += 1.0;
            }
        }
        expect_bonus(&t, shown, ITEMS);
    }
    ck_assert_uint_gt(n_outside, 0);
    close_scene(&t);
}
END_TEST

/* Two agents alike but for the bonus: log-probs differ by exactly what the bonus says, in a policy
 * that was published before by what it was then. */
START_TEST(test_count_bonus_is_in_the_log_probs_of_whoever_plays)
{
    scene t, plain;
    rr_agent_config config = config_of(RR_HEAD_TOWER);
    const rr_ppo_config algo = ppo(1e-12f, 0.0f);
    open_scene(&t, &config, &algo);
    config.count_bonus = 0.0f;
    open_scene(&plain, &config, &algo);
    learn(&t, NULL, NULL);
    double n[2][ITEMS] = {{0}};
    rr_policy *policy = NULL;
    ck_assert_int_eq(rr_agent_publish(t.agent, NULL, &policy, NULL), RR_OK);
    for (size_t i = 0; i < N; i++) {
        n[0][t.actions[i]] += 1.0;
        n[1][t.actions[i]] += 1.0;
    }
    learn(&t, NULL, NULL);
    for (size_t i = 0; i < N; i++) {
        n[1][t.actions[i]] += 1.0;
    }
    const rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = S, .states = t.states};
    rr_decision decision = {.struct_size = sizeof decision, .n = N, .actions = t.actions};
    static float all[2][N * ITEMS], without[N * ITEMS];
    rr_reader *reader = NULL;
    ck_assert_int_eq(rr_reader_create(&reader, policy, 1, NULL, NULL), RR_OK);
    decision.all_log_probs = all[0];
    ck_assert_int_eq(rr_policy_act(policy, reader, &obs, &decision, NULL), RR_OK);
    decision.all_log_probs = all[1];
    ck_assert_int_eq(rr_agent_act(t.agent, &obs, &decision, NULL), RR_OK);
    decision.all_log_probs = without;
    ck_assert_int_eq(rr_agent_act(plain.agent, &obs, &decision, NULL), RR_OK);
    for (size_t q = 0; q < 2; q++) {
        for (size_t row = 0; row < N; row++) {
            double sum = 0.0;
            for (size_t i = 0; i < ITEMS; i++) {
                sum += exp((double)without[row * ITEMS + i] + (double)BETA / sqrt(1.0 + n[q][i]));
            }
            for (size_t i = 0; i < ITEMS; i++) {
                const double z =
                    (double)without[row * ITEMS + i] + (double)BETA / sqrt(1.0 + n[q][i]);
                ck_assert_double_eq_tol((double)all[q][row * ITEMS + i], z - log(sum), 2e-5);
            }
        }
    }
    rr_reader_destroy(reader);
    rr_policy_release(policy);
    close_scene(&plain);
    close_scene(&t);
}
END_TEST

/* An item that is new begins with nothing shown; one that changed under its key goes on. */
START_TEST(test_count_bonus_goes_with_a_catalogue_that_moves)
{
    for (int32_t head = RR_HEAD_TOWER; head <= RR_HEAD_DENSE; head++) {
        scene t;
        double shown[ITEMS + 2] = {0};
        const rr_agent_config config = config_of(head);
        const rr_ppo_config algo = ppo(1e-12f, 0.0f);
        open_scene(&t, &config, &algo);
        learn(&t, NULL, NULL);
        for (size_t i = 0; i < N; i++) {
            shown[t.actions[i]] += 1.0;
        }
        uint64_t changed = 0;
        ck_assert_int_eq(rr_items_keys_of(t.items, &t.actions[0], 1, &changed, NULL), RR_OK);
        const uint64_t keys[] = {changed, 987654321};
        const float vectors[2 * D] = {0.1f, 0.2f, 0.3f, -0.1f, -0.2f, 0.3f};
        rr_items *next = NULL;
        rr_error err = {0};
        ck_assert_msg(
            rr_items_follow(&next, t.items, NULL, 0, keys, vectors, 2, NULL, NULL, &err) == RR_OK,
            "%s", err.text);
        ck_assert_int_eq(rr_agent_set_items(t.agent, next, &err), RR_OK);
        const size_t n = (size_t)rr_items_count(next);
        int32_t at = -1;
        ck_assert_int_eq(rr_items_find(next, &changed, 1, &at, NULL), RR_OK);
        ck_assert_int_ge(at, ITEMS); /* a new index */
        shown[at] = shown[t.actions[0]];
        expect_bonus(&t, shown, n);
        rr_items_release(next);
        close_scene(&t);
    }
}
END_TEST

START_TEST(test_count_bonus_stands_in_a_bias)
{
    rr_error err = {0};
    rr_agent *agent = NULL;
    rr_items *items = NULL;
    rr_agent_config config = config_of(RR_HEAD_TOWER);
    const rr_ppo_config algo = ppo(1e-3f, 0.0f);
    ck_assert_int_eq(rr_items_create_random(&items, ITEMS, D, 5, NULL, NULL), RR_OK);
    config.has_bias = 0;
    ck_assert_int_eq(rr_agent_create(&agent, &config, &algo, items, NULL, &err), RR_E_INVALID);
    ck_assert_msg(strstr(err.text, "count_bonus is 2 and has_bias is 0") != NULL, "\"%s\"",
                  err.text);
    config.has_bias = 1;
    config.count_bonus = -1.0f;
    ck_assert_int_eq(rr_agent_create(&agent, &config, &algo, items, NULL, &err), RR_E_INVALID);
    ck_assert_msg(strstr(err.text, "count_bonus") != NULL, "\"%s\"", err.text);
    rr_items_release(items);
}
END_TEST

/* The version of an agent after some updates of the same rows. */
static uint64_t version_after(int n_updates, float ent_coef, int32_t ent_updates)
{
    scene t;
    rr_agent_config config = config_of(RR_HEAD_TOWER);
    config.count_bonus = 0.0f;
    config.ent_updates = ent_updates;
    const rr_ppo_config algo = ppo(1e-2f, ent_coef);
    open_scene(&t, &config, &algo);
    for (int i = 0; i < n_updates; i++) {
        learn(&t, NULL, NULL);
    }
    const uint64_t version = rr_agent_version(t.agent);
    close_scene(&t);
    return version;
}

/* How far an agent goes in its next update, with ent_coef and a schedule, from where one without
 * entropy is after as many. */
static bool goes_on_alike(int n_before, int32_t ent_updates, float ent_coef)
{
    scene t, twin;
    rr_agent_config config = config_of(RR_HEAD_TOWER);
    config.count_bonus = 0.0f;
    config.ent_updates = ent_updates;
    const rr_ppo_config algo = ppo(1e-2f, 0.5f), other = ppo(1e-2f, ent_coef);
    open_scene(&t, &config, &algo);
    config.ent_updates = 0;
    open_scene(&twin, &config, &other);
    for (int i = 0; i < n_before; i++) {
        learn(&t, NULL, NULL);
    }
    static char file[1 << 16];
    size_t bytes = 0;
    const rr_checkpoint from = {.struct_size = sizeof from, .agent = t.agent};
    rr_checkpoint to = {.struct_size = sizeof to, .agent = twin.agent};
    rr_error err = {0};
    ck_assert_msg(rr_checkpoint_save_memory(&from, file, sizeof file, &bytes, &err) == RR_OK, "%s",
                  err.text);
    ck_assert_msg(rr_checkpoint_load_memory(&to, file, bytes, &err) == RR_OK, "%s", err.text);
    twin.random = t.random;
    learn(&t, NULL, NULL);
    learn(&twin, NULL, NULL);
    const bool is_alike = rr_agent_version(t.agent) == rr_agent_version(twin.agent);
    close_scene(&twin);
    close_scene(&t);
    return is_alike;
}

START_TEST(test_ent_updates_lets_the_weight_of_the_entropy_fall)
{
    ck_assert(version_after(1, 0.5f, 4) == version_after(1, 0.5f, 0));
    ck_assert(version_after(2, 0.5f, 4) != version_after(2, 0.5f, 0));
    ck_assert(goes_on_alike(0, 4, 0.5f));
    ck_assert(goes_on_alike(1, 4, 0.375f));
    ck_assert(goes_on_alike(3, 4, 0.125f));
    ck_assert(!goes_on_alike(3, 4, 0.25f));
    ck_assert(goes_on_alike(4, 4, 0.0f));
    ck_assert(goes_on_alike(6, 4, 0.0f));
    ck_assert(goes_on_alike(6, 0, 0.5f));
}
END_TEST

CHECK_MAIN("train/count_bonus", test_count_bonus_is_that_of_the_rows_trained_on,
           test_count_bonus_of_lists_counts_items_of_the_pool,
           test_count_bonus_is_in_the_log_probs_of_whoever_plays,
           test_count_bonus_goes_with_a_catalogue_that_moves, test_count_bonus_stands_in_a_bias,
           test_ent_updates_lets_the_weight_of_the_entropy_fall)
