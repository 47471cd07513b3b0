/* SPDX-License-Identifier: MIT */
/* What differs between act and update is caught. Through recrl.h, as a server does it: one decision
 * a session, served by a published policy, recorded later. */
#include "train/skew.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "recrl/recrl.h"

enum { N = 24, S = 3, D = 3, K = 6, F = 2, ITEMS = 30, MOST = 30 * N };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    rr_ledger *ledger;
    rr_policy *policy; /* NULL: the agent acts */
    float states[N * S], features[N * K * F], log_probs[N], rewards[N];
    int32_t candidates[N * K], lengths[N], incumbents[N], actions[N];
    uint64_t sessions[N], decisions[N], versions[N], n_decisions, random;
    uint8_t terminated[N];
    rr_obs obs;
    rr_decision decision;
} scene;

static double uniform(scene *t)
{
    return (double)(rri_hash_mix(t->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

static void scene_open(scene *t, int32_t keep_versions)
{
    memset(t, 0, sizeof *t);
    ck_assert_int_eq(rr_items_create_random(&t->items, ITEMS, D, 5, NULL, NULL), RR_OK);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = F;
    config.has_bias = 1;
    config.has_feature_query = 1; /* F is 0 until the first update */
    config.candidate_hidden[0] = 7;
    config.candidate_hidden[1] = 5;
    config.max_rows = MOST;
    config.max_candidates = K;
    config.max_history = 1;
    config.keep_versions = keep_versions;
    config.max_skew = 0.0f;
    ck_assert_int_eq(rr_agent_create(&t->agent, &config, NULL, t->items, NULL, NULL), RR_OK);
    const float weights[F] = {1.0f, -0.5f};
    ck_assert_int_eq(rr_agent_set_feature_weights(t->agent, weights, F, NULL), RR_OK);
    rr_ledger_config ledger;
    rr_ledger_config_init(&ledger, sizeof ledger);
    ledger.max_rows = MOST;
    ledger.state_dim = S;
    ledger.feature_dim = F;
    ledger.max_candidates = K;
    ledger.max_history = 0;
    ck_assert_int_eq(rr_ledger_create(&t->ledger, &ledger, NULL, NULL), RR_OK);
}

static void scene_close(scene *t)
{
    rr_policy_release(t->policy);
    rr_ledger_destroy(t->ledger);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void publish(scene *t, const rr_serving_options *options)
{
    rr_policy_release(t->policy);
    ck_assert_int_eq(rr_agent_publish(t->agent, options, &t->policy, NULL), RR_OK);
}

/* Requests, and the decisions that the policy, or the agent, makes. */
static void act(scene *t)
{
    for (size_t i = 0; i < N; i++) {
        t->sessions[i] = t->decisions[i] = t->n_decisions++;
        t->lengths[i] = K;
        t->incumbents[i] = (int32_t)(i % K);
        t->rewards[i] = (float)uniform(t);
        t->terminated[i] = 1;
        for (size_t j = 0; j < K; j++) {
            t->candidates[i * K + j] = (int32_t)(j * (ITEMS / K) + i % (ITEMS / K));
        }
    }
    for (size_t i = 0; i < N * S; i++) {
        t->states[i] = (float)(2.0 * uniform(t) - 1.0);
    }
    for (size_t i = 0; i < N * K * F; i++) {
        t->features[i] = (float)(2.0 * uniform(t) - 1.0);
    }
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .feature_dim = F,
                      .states = t->states,
                      .lengths = t->lengths,
                      .candidates = t->candidates,
                      .features = t->features,
                      .sessions = t->sessions,
                      .decisions = t->decisions};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .policy_versions = t->versions};
    if (t->policy == NULL) {
        ck_assert_int_eq(rr_agent_act(t->agent, &t->obs, &t->decision, NULL), RR_OK);
        return;
    }
    rr_reader *reader = NULL;
    t->obs.incumbents = t->incumbents;
    ck_assert_int_eq(rr_reader_create(&reader, t->policy, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_policy_act(t->policy, reader, &t->obs, &t->decision, NULL), RR_OK);
    rr_reader_destroy(reader);
}

static void record(scene *t)
{
    ck_assert_int_eq(rr_ledger_record(t->ledger, &t->obs, &t->decision, NULL, NULL), RR_OK);
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = N,
                                .decisions = t->decisions,
                                .rewards = t->rewards,
                                .terminated = t->terminated};
    ck_assert_int_eq(rr_ledger_reward(t->ledger, &outcome, NULL, NULL), RR_OK);
}

static rr_stats update(scene *t, rr_status wanted)
{
    rr_stats stats = {.struct_size = sizeof stats};
    rr_error err = {0};
    const rr_status got = rr_agent_update_sessions(t->agent, t->ledger, &stats, &err);
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err.text);
    if (wanted == RR_E_SKEW) {
        ck_assert_ptr_nonnull(strstr(err.text, "was recorded with log-prob"));
        ck_assert_int_eq(rr_ledger_count(t->ledger), N);
        rr_ledger_clear(t->ledger);
    }
    return stats;
}

static rr_serving_options mixed(void)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = 0.7f;
    options.floor = 0.1f;
    options.incumbent_share = 0.3f;
    return options;
}

START_TEST(test_skew_rows_of_serving_options_are_reproduced_and_weighed)
{
    scene t;
    scene_open(&t, 1);
    const rr_serving_options options = mixed();
    publish(&t, &options);
    act(&t);
    float plain[N];
    rr_obs obs = t.obs;
    obs.incumbents = NULL;
    ck_assert_int_eq(rr_agent_evaluate(t.agent, &obs, t.actions, plain, NULL, NULL, NULL), RR_OK);
    record(&t);
    const rr_stats stats = update(&t, RR_OK);
    double largest = 0.0, mean = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double w = exp((double)plain[i] - (double)t.log_probs[i]);
        largest = w > largest ? w : largest;
        mean += w / N;
    }
    ck_assert_int_eq(stats.n_rows, N);
    ck_assert_int_eq(stats.staleness_max, 0);
    ck_assert_float_eq_tol(stats.weight_max, (float)largest, 1e-4f);
    ck_assert_float_eq_tol(stats.weight_mean, (float)mean, 1e-4f);
    ck_assert_float_lt(stats.ess, 1.0f);
    scene_close(&t);
}
END_TEST

START_TEST(test_skew_plain_options_are_the_agents_own_rows)
{
    scene t;
    scene_open(&t, 1);
    publish(&t, NULL);
    act(&t);
    ck_assert_uint_eq(t.versions[0], rr_agent_version(t.agent));
    record(&t);
    const rr_stats stats = update(&t, RR_OK);
    ck_assert_float_eq(stats.ess, 1.0f);
    ck_assert_float_eq(stats.weight_max, 1.0f);
    scene_close(&t);
}
END_TEST

/* Each of these happens between act and record. */
static void drop_candidate(scene *t)
{
    t->actions[4] = t->actions[4] < K - 1 ? t->actions[4] : 0;
    t->lengths[4]--; /* the incumbent of this row is not the last */
}

static void scale_feature(scene *t)
{
    for (size_t i = 0; i < N * K; i++) {
        t->features[i * F] *= 0.01f;
    }
}

static void move_state(scene *t)
{
    t->states[7] += 0.01f;
}

static void lose_incumbents(scene *t)
{
    t->obs.incumbents = NULL;
}

static void shift_incumbents(scene *t)
{
    for (size_t i = 0; i < N; i++) {
        t->incumbents[i] = (t->incumbents[i] + 1) % K;
    }
}

static void take_logits_for_log_probs(scene *t)
{
    for (size_t i = 0; i < N; i++) {
        t->log_probs[i] += 0.25f;
    }
}

START_TEST(test_skew_what_changes_between_act_and_record_is_caught)
{
    void (*const changes[])(scene *) = {drop_candidate,   scale_feature,
                                        move_state,       lose_incumbents,
                                        shift_incumbents, take_logits_for_log_probs};
    scene t;
    scene_open(&t, 1);
    act(&t); /* gives the query something to score by */
    record(&t);
    update(&t, RR_OK);
    const rr_serving_options options = mixed();
    for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++) {
        publish(&t, &options);
        act(&t);
        changes[c](&t);
        record(&t);
        update(&t, RR_E_SKEW);
    }
    scene_close(&t);
}
END_TEST

/* The server says that it plays one way, and plays another. */
START_TEST(test_skew_other_serving_options_are_caught)
{
    rr_serving_options said = mixed();
    for (int which = 0; which < 4; which++) {
        scene t;
        scene_open(&t, 1);
        rr_serving_options played = mixed();
        played.temperature = which == 0 ? 0.8f : played.temperature;
        played.floor = which == 1 ? 0.0f : played.floor;
        played.incumbent_share = which == 2 ? 0.5f : played.incumbent_share;
        played.is_greedy = which == 3;
        publish(&t, &said);
        const uint64_t version = rr_policy_version(t.policy);
        publish(&t, &played);
        act(&t);
        for (size_t i = 0; i < N; i++) {
            t.versions[i] = version;
        }
        record(&t);
        update(&t, RR_E_SKEW);
        scene_close(&t);
    }
}
END_TEST

/* A server whose item table was not exchanged with the trainer's. */
START_TEST(test_skew_a_stale_item_table_is_caught_or_dropped)
{
    scene t;
    scene_open(&t, 1);
    act(&t); /* gives the query something to score by */
    record(&t);
    update(&t, RR_OK);
    rr_items *newer = NULL;
    ck_assert_int_eq(rr_items_create_random(&newer, ITEMS, D, 6, NULL, NULL), RR_OK);
    publish(&t, NULL);
    act(&t);
    ck_assert_int_eq(rr_agent_set_items(t.agent, newer, NULL), RR_OK);
    const uint64_t fingerprint = t.decision.pool_fingerprint;
    record(&t);
    const rr_stats stats = update(&t, RR_OK); /* it says which table it used: dropped, counted */
    ck_assert_int_eq(stats.n_dropped, N);
    ck_assert_int_eq(stats.n_rows, 0);
    act(&t); /* it says that it used the newer one */
    ck_assert_uint_eq(t.decision.pool_fingerprint, fingerprint);
    t.decision.pool_fingerprint = rr_items_fingerprint(newer);
    for (size_t i = 0; i < N; i++) {
        t.versions[i] = rr_agent_version(t.agent);
    }
    record(&t);
    update(&t, RR_E_SKEW);
    scene_close(&t);
    rr_items_release(newer);
}
END_TEST

/* Rows of the version before: reproduced where its parameters are kept, with its options too. */
START_TEST(test_skew_versions_that_are_kept_are_checked_and_others_are_not)
{
    for (int32_t keep = 1; keep <= 2; keep++) {
        for (int is_skewed = 0; is_skewed < 2; is_skewed++) {
            scene t;
            scene_open(&t, keep);
            const rr_serving_options options = mixed();
            publish(&t, &options);
            act(&t);
            record(&t);
            update(&t, RR_OK);
            act(&t); /* still by the policy of before */
            if (is_skewed) {
                scale_feature(&t);
            }
            record(&t);
            const float before = rr_agent_version(t.agent) == t.versions[0] ? 1.0f : 0.0f;
            ck_assert_float_eq(before, 0.0f);
            const uint64_t version = rr_agent_version(t.agent);
            rr_obs obs = t.obs;
            obs.incumbents = NULL;
            float before_update[N], after[N];
            ck_assert_int_eq(
                rr_agent_evaluate(t.agent, &obs, t.actions, before_update, NULL, NULL, NULL),
                RR_OK);
            const rr_stats stats = update(&t, keep == 2 && is_skewed ? RR_E_SKEW : RR_OK);
            if (keep == 2 && is_skewed) {
                ck_assert_uint_eq(rr_agent_version(t.agent), version);
                ck_assert_int_eq(
                    rr_agent_evaluate(t.agent, &obs, t.actions, after, NULL, NULL, NULL), RR_OK);
                ck_assert_mem_eq(before_update, after, sizeof after);
                act(&t); /* and the agent is packed as it was */
                record(&t);
                update(&t, RR_OK);
            } else {
                ck_assert_int_eq(stats.staleness_max, 1);
            }
            scene_close(&t);
        }
    }
}
END_TEST

/* More of them than a slice holds. */
START_TEST(test_skew_each_of_many_rows_of_a_kept_version_is_checked)
{
    enum { REQUESTS = 25 };
    ck_assert_uint_gt((size_t)REQUESTS * N, RRI_SLICE_ROWS + N);
    for (int skewed = -1; skewed < REQUESTS; skewed += 13) { /* none, the middle, the last */
        scene t;
        scene_open(&t, 2);
        const rr_serving_options options = mixed();
        publish(&t, &options);
        act(&t);
        record(&t);
        update(&t, RR_OK);
        uint64_t decision = 0;
        for (int i = 0; i < REQUESTS; i++) {
            act(&t);
            if (i == skewed) {
                t.log_probs[N - 1] += 0.25f;
                decision = t.decisions[N - 1];
            }
            record(&t);
        }
        rr_error err = {0};
        const rr_status status = rr_agent_update_sessions(t.agent, t.ledger, NULL, &err);
        ck_assert_msg(status == (skewed < 0 ? RR_OK : RR_E_SKEW), "%d: %s", skewed, err.text);
        if (skewed >= 0) {
            char named[64];
            snprintf(named, sizeof named, "decision %llu was", (unsigned long long)decision);
            ck_assert_msg(strstr(err.text, named) != NULL, "%s", err.text);
        }
        scene_close(&t);
    }
}
END_TEST

CHECK_MAIN("train/skew", test_skew_rows_of_serving_options_are_reproduced_and_weighed,
           test_skew_plain_options_are_the_agents_own_rows,
           test_skew_what_changes_between_act_and_record_is_caught,
           test_skew_other_serving_options_are_caught,
           test_skew_a_stale_item_table_is_caught_or_dropped,
           test_skew_versions_that_are_kept_are_checked_and_others_are_not,
           test_skew_each_of_many_rows_of_a_kept_version_is_checked)
