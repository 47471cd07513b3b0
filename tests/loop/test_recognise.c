/* SPDX-License-Identifier: MIT */
/* Rows of others: another arm's, an earlier life's of this trainer, a stranger's log. Through
 * recrl.h, one decision a session. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "recrl/recrl.h"

enum { N = 32, S = 3, D = 3, K = 5, ITEMS = 40 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent, *arm; /* the learner, and who served */
    rr_ledger *ledger;
    rr_policy *policy; /* the arm's */
    char said[512];
    float states[N * S], log_probs[N], rewards[N];
    int32_t candidates[N * K], actions[N];
    uint64_t keys[N], versions[N], n_decisions, random;
    uint8_t terminated[N];
    rr_obs obs;
    rr_decision decision;
} scene;

static void hear(void *user, int32_t level, const char *sentence)
{
    scene *t = user;
    ck_assert_int_eq(level, RR_LOG_WARNING);
    snprintf(t->said, sizeof t->said, "%s", sentence);
}

static float uniform(scene *t)
{
    return (float)((double)(rri_hash_mix(t->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-52 - 1.0);
}

static rr_agent_config config_of(uint64_t seed)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = N;
    config.max_candidates = K;
    config.max_history = 1;
    config.initial_scale = 2.0f;
    config.seed = seed;
    return config;
}

static void scene_open(scene *t, int32_t unknown_versions, const rr_serving_options *options)
{
    memset(t, 0, sizeof *t);
    const rr_host host = {.struct_size = sizeof host, .log = hear, .user = t};
    ck_assert_int_eq(rr_items_create_random(&t->items, ITEMS, D, 5, NULL, NULL), RR_OK);
    rr_agent_config config = config_of(1);
    config.unknown_versions = unknown_versions;
    ck_assert_int_eq(rr_agent_create(&t->agent, &config, NULL, t->items, &host, NULL), RR_OK);
    config = config_of(2);
    ck_assert_int_eq(rr_agent_create(&t->arm, &config, NULL, t->items, NULL, NULL), RR_OK);
    const float skip[D * S] = {0.9f, -0.4f, 0.2f, 0.3f, 0.8f, -0.7f, -0.6f, 0.1f, 1.1f};
    ck_assert_int_eq(rr_agent_set_tensor(t->arm, "actor.skip.weight", skip, D * S, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_publish(t->arm, options, &t->policy, NULL), RR_OK);
    rr_ledger_config room;
    rr_ledger_config_init(&room, sizeof room);
    ck_assert_int_eq(rr_agent_fit_ledger_config(t->agent, &room, NULL), RR_OK);
    room.max_rows = 4 * N;
    room.max_history = 0;
    ck_assert_int_eq(rr_ledger_create(&t->ledger, &room, NULL, NULL), RR_OK);
}

static void scene_close(scene *t)
{
    rr_policy_release(t->policy);
    rr_ledger_destroy(t->ledger);
    rr_agent_destroy(t->arm);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

/* N requests, decided by a policy. */
static void serve(scene *t, const rr_policy *policy)
{
    for (size_t i = 0; i < N; i++) {
        t->keys[i] = ++t->n_decisions;
        t->rewards[i] = uniform(t);
        t->terminated[i] = 1;
        for (size_t j = 0; j < K; j++) {
            t->candidates[i * K + j] = (int32_t)(j * (ITEMS / K) + i % (ITEMS / K));
        }
        for (size_t j = 0; j < S; j++) {
            t->states[i * S + j] = uniform(t);
        }
    }
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .states = t->states,
                      .candidates = t->candidates,
                      .sessions = t->keys,
                      .decisions = t->keys};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .policy_versions = t->versions};
    rr_reader *reader = NULL;
    ck_assert_int_eq(rr_reader_create(&reader, policy, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_policy_act(policy, reader, &t->obs, &t->decision, NULL), RR_OK);
    rr_reader_destroy(reader);
}

static void record(scene *t)
{
    ck_assert_int_eq(rr_ledger_record(t->ledger, &t->obs, &t->decision, NULL, NULL), RR_OK);
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = N,
                                .decisions = t->keys,
                                .rewards = t->rewards,
                                .terminated = t->terminated};
    ck_assert_int_eq(rr_ledger_reward(t->ledger, &outcome, NULL, NULL), RR_OK);
}

static rr_stats update(scene *t, rr_status wanted, const char *sentence)
{
    rr_stats stats = {.struct_size = sizeof stats};
    rr_error err = {0};
    t->said[0] = 0;
    ck_assert_int_eq(rr_agent_update_sessions(t->agent, t->ledger, &stats, &err), wanted);
    ck_assert_msg(wanted == RR_OK || strstr(err.text, sentence) != NULL, "\"%s\"", err.text);
    return stats;
}

static float mean_weight(scene *t)
{
    float now[N];
    ck_assert_int_eq(rr_agent_evaluate(t->agent, &t->obs, t->actions, now, NULL, NULL, NULL),
                     RR_OK);
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += exp((double)now[i] - (double)t->log_probs[i]);
    }
    return (float)(sum / N);
}

START_TEST(test_recognise_rows_of_another_arm_are_refused_until_its_policy_is_known)
{
    scene t;
    scene_open(&t, RR_UNKNOWN_REFUSE, NULL);
    serve(&t, t.policy);
    record(&t);
    rr_stats stats = update(&t, RR_OK, "");
    ck_assert_int_eq(stats.n_rows, 0);
    ck_assert_int_eq(stats.n_refused, N);
    ck_assert_ptr_nonnull(strstr(t.said, "32 of an unknown version"));

    ck_assert_int_eq(rr_agent_recognise(t.agent, t.policy, NULL), RR_OK);
    serve(&t, t.policy);
    const float weight = mean_weight(&t);
    record(&t);
    stats = update(&t, RR_OK, "");
    ck_assert_int_eq(stats.n_rows, N);
    ck_assert_int_eq(stats.n_refused, 0);
    ck_assert_int_eq(stats.staleness_max, 0);
    ck_assert_float_eq_tol(stats.weight_mean, weight, 1e-4f);
    ck_assert_float_lt(stats.ess, 1.0f);

    serve(&t, t.policy); /* it ages with each update */
    record(&t);
    ck_assert_int_eq(update(&t, RR_OK, "").staleness_max, 1);
    scene_close(&t);
}
END_TEST

START_TEST(test_recognise_rows_of_another_arm_are_checked_for_skew)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.2f;
    options.temperature = 1.5f;
    for (int fault = 0; fault < 3; fault++) {
        scene t;
        scene_open(&t, RR_UNKNOWN_REFUSE, &options);
        ck_assert_int_eq(rr_agent_recognise(t.agent, t.policy, NULL), RR_OK);
        serve(&t, t.policy);
        record(&t);
        ck_assert_int_eq(update(&t, RR_OK, "").n_rows, N);
        serve(&t, t.policy);
        for (size_t i = 0; i < N; i++) {
            t.log_probs[i] -= fault == 0 ? 0.01f : 0.0f;
            t.states[i * S] *= fault == 1 ? -1.0f : 1.0f;
        }
        if (fault == 2) { /* two candidates changed places */
            for (size_t i = 0; i < N; i++) {
                const int32_t first = t.candidates[i * K];
                t.candidates[i * K] = t.candidates[i * K + 1];
                t.candidates[i * K + 1] = first;
            }
        }
        record(&t);
        update(&t, RR_E_SKEW, "are not what was seen");
        scene_close(&t);
    }
}
END_TEST

START_TEST(test_recognise_a_trainer_that_was_rolled_back_knows_what_was_served_between)
{
    scene t;
    scene_open(&t, RR_UNKNOWN_REFUSE, NULL);
    size_t bytes = 0;
    char saved[1 << 18];
    rr_checkpoint what = {.struct_size = sizeof what, .agent = t.agent};
    ck_assert_int_eq(rr_checkpoint_save_memory(&what, saved, sizeof saved, &bytes, NULL), RR_OK);
    rr_policy *first = NULL, *between = NULL;
    ck_assert_int_eq(rr_agent_publish(t.agent, NULL, &first, NULL), RR_OK);
    serve(&t, first);
    record(&t);
    update(&t, RR_OK, "");
    ck_assert_int_eq(rr_agent_publish(t.agent, NULL, &between, NULL), RR_OK);
    ck_assert_int_eq(rr_checkpoint_load_memory(&what, saved, bytes, NULL), RR_OK);
    serve(&t, between);
    record(&t);
    ck_assert_int_eq(update(&t, RR_OK, "").n_refused, N);
    ck_assert_int_eq(rr_agent_recognise(t.agent, between, NULL), RR_OK);
    serve(&t, between);
    record(&t);
    ck_assert_int_eq(update(&t, RR_OK, "").n_rows, N);
    rr_policy_release(first);
    rr_policy_release(between);
    scene_close(&t);
}
END_TEST

START_TEST(test_recognise_unknown_versions_are_weighed_where_the_config_says_so)
{
    scene t;
    scene_open(&t, RR_UNKNOWN_WEIGH, NULL);
    serve(&t, t.policy);
    memset(t.versions, 0, sizeof t.versions); /* a log that knows no versions */
    const float weight = mean_weight(&t);
    record(&t);
    const rr_stats stats = update(&t, RR_OK, "");
    ck_assert_int_eq(stats.n_rows, N);
    ck_assert_float_eq_tol(stats.weight_mean, weight, 1e-4f);
    scene_close(&t);
}
END_TEST

START_TEST(test_recognise_choices_that_were_certain_are_pointed_to_imitation)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.is_greedy = 1;
    scene t;
    scene_open(&t, RR_UNKNOWN_REFUSE, &options);
    ck_assert_int_eq(rr_agent_recognise(t.agent, t.policy, NULL), RR_OK);
    serve(&t, t.policy);
    record(&t);
    ck_assert_int_eq(update(&t, RR_OK, "").n_rows, N);
    ck_assert_ptr_nonnull(strstr(t.said, "32 of 32 rows were drawn with probability 1"));
    ck_assert_ptr_nonnull(strstr(t.said, "rr_agent_imitate"));
    scene_close(&t);
}
END_TEST

START_TEST(test_recognise_a_policy_of_another_shape_or_meaning_is_named)
{
    scene t;
    scene_open(&t, RR_UNKNOWN_REFUSE, NULL);
    rr_error err;
    ck_assert_int_eq(rr_agent_recognise(NULL, t.policy, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_agent_recognise(t.agent, NULL, &err), RR_E_INVALID);
    for (int i = 0; i < 4; i++) {
        static const char *const named[] = {"activation is relu; it must be the agent's, tanh",
                                            "hidden is 64,32; it must be the agent's, 64,64",
                                            "mlp_scale is 0.25; it must be the agent's, 0.125",
                                            "has_repeat_weight is 0"};
        rr_agent_config config = config_of(3);
        config.activation = i == 0 ? RR_ACTIVATION_RELU : config.activation;
        config.hidden[1] = i == 1 ? 32 : config.hidden[1];
        config.mlp_scale = i == 2 ? 0.25f : config.mlp_scale;
        config.has_repeat_weight = i == 3 ? 0 : 1;
        rr_agent *other = NULL;
        rr_policy *policy = NULL;
        ck_assert_int_eq(rr_agent_create(&other, &config, NULL, t.items, NULL, NULL), RR_OK);
        ck_assert_int_eq(rr_agent_publish(other, NULL, &policy, NULL), RR_OK);
        ck_assert_int_eq(rr_agent_recognise(t.agent, policy, &err), RR_E_MISMATCH);
        ck_assert_msg(strstr(err.text, named[i]) != NULL, "\"%s\"", err.text);
        rr_policy_release(policy);
        rr_agent_destroy(other);
    }
    scene_close(&t);
}
END_TEST

CHECK_MAIN("loop/recognise",
           test_recognise_rows_of_another_arm_are_refused_until_its_policy_is_known,
           test_recognise_rows_of_another_arm_are_checked_for_skew,
           test_recognise_a_trainer_that_was_rolled_back_knows_what_was_served_between,
           test_recognise_unknown_versions_are_weighed_where_the_config_says_so,
           test_recognise_choices_that_were_certain_are_pointed_to_imitation,
           test_recognise_a_policy_of_another_shape_or_meaning_is_named)
