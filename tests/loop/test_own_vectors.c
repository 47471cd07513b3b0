/* SPDX-License-Identifier: MIT */
/* Lists of which some candidates are in no pool, and only they bring vectors: the same decisions,
 * the same log, the same learning as with a vector beside every candidate, in less memory.
 * Everything goes through recrl.h. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 96, K = 300, D = 6, S = 6, POOL = 500, MOST_OWN = 5, BLOB = 1 << 16 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    float states[N * S], features[N * K];
    float by_position[N * K * D], packed[N * MOST_OWN * D]; /* the vectors, in both forms */
    int32_t candidates[N * K], lengths[N], actions[N];
    float log_probs[N];
    uint64_t sessions[N], decisions[N], versions[N];
    int64_t times[N];
    rr_obs obs;
    rr_decision decision;
    rr_error err;
} scene;

static void need(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static float number(uint64_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return (float)(x >> 40) * 0x1p-23f - 1.0f;
}

/* Row i has i mod 6 candidates of -1 among its first 290; some beyond the first block of 256. */
static void fill(scene *t)
{
    for (size_t i = 0; i < N * S; i++) {
        t->states[i] = number(i);
    }
    for (size_t i = 0; i < N * K; i++) {
        t->features[i] = number(100000 + i);
        t->candidates[i] = (int32_t)((i % K * 7 + i / K) % POOL);
    }
    for (size_t i = 0; i < N * K * D; i++) {
        t->by_position[i] = NAN; /* beside a candidate of the pool nobody reads it */
    }
    for (size_t row = 0; row < N; row++) {
        t->lengths[row] = (int32_t)(K - row % 3);
        t->sessions[row] = row / 4;
        t->decisions[row] = 1000 + row;
        t->times[row] = (int64_t)row;
        for (size_t own = 0; own < row % (MOST_OWN + 1); own++) {
            const size_t position = 3 + own * 68 + row % 7;
            t->candidates[row * K + position] = -1;
            for (size_t c = 0; c < D; c++) {
                const float x = 2.0f * number(200000 + (row * K + position) * D + c);
                t->by_position[(row * K + position) * D + c] = x;
                t->packed[(row * MOST_OWN + own) * D + c] = x;
            }
        }
    }
}

static rr_agent *make_agent(scene *t)
{
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = 1;
    config.max_candidates = K;
    config.max_rows = N;
    config.max_update_rows = N;
    config.hidden[0] = 8;
    config.hidden[1] = 0;
    config.initial_scale = 2.0f;
    ppo.lr = 0.05f;
    ppo.batch_size = 32;
    need(rr_agent_create(&agent, &config, &ppo, t->items, NULL, &t->err), &t->err);
    return agent;
}

static scene *begin(void)
{
    scene *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    need(rr_items_create_random(&t->items, POOL, D, 3, NULL, &t->err), &t->err);
    fill(t);
    t->agent = make_agent(t);
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .item_dim = D,
                      .feature_dim = 1,
                      .states = t->states,
                      .lengths = t->lengths,
                      .candidates = t->candidates,
                      .features = t->features,
                      .vectors = t->packed,
                      .sessions = t->sessions,
                      .decisions = t->decisions,
                      .times = t->times,
                      .pool = t->items,
                      .n_vectors = MOST_OWN};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .policy_versions = t->versions};
    return t;
}

static void end(scene *t)
{
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
    free(t);
}

/* The same observation with a vector for each position. */
static rr_obs by_position(const scene *t)
{
    rr_obs obs = t->obs;
    obs.vectors = t->by_position;
    obs.n_vectors = 0;
    return obs;
}

static rr_ledger *make_ledger(scene *t, int32_t max_vectors, size_t *bytes)
{
    rr_ledger *ledger = NULL;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    need(rr_agent_fit_ledger_config(t->agent, &config, &t->err), &t->err);
    config.max_rows = N;
    config.item_dim = D;
    config.max_vectors = max_vectors;
    need(rr_ledger_memory(&config, bytes, &t->err), &t->err);
    need(rr_ledger_create(&ledger, &config, NULL, &t->err), &t->err);
    return ledger;
}

START_TEST(test_own_vectors_decide_as_vectors_of_every_position_do)
{
    scene *t = begin();
    float all[2][N * K], log_probs[N];
    int32_t actions[N], n_own = 0;
    rr_obs whole = by_position(t);
    t->decision.all_log_probs = all[0];
    need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
    rr_decision other = {.struct_size = sizeof other,
                         .n = N,
                         .actions = actions,
                         .log_probs = log_probs,
                         .all_log_probs = all[1]};
    need(rr_agent_act(t->agent, &whole, &other, &t->err), &t->err);
    ck_assert_mem_eq(actions, t->actions, sizeof actions);
    ck_assert_mem_eq(log_probs, t->log_probs, sizeof log_probs);
    ck_assert_mem_eq(all[0], all[1], sizeof all[0]);
    for (size_t row = 0; row < N; row++) {
        n_own += t->candidates[row * K + (size_t)t->actions[row]] < 0;
    }
    ck_assert_int_gt(n_own, 0); /* some of them were drawn */
    end(t);
}
END_TEST

/* What came of each row, and an update; the agent's version then. */
static uint64_t learn(scene *t, rr_ledger *ledger)
{
    float rewards[N];
    uint8_t over[N / 4];
    uint64_t keys[N / 4];
    for (size_t row = 0; row < N; row++) {
        rewards[row] = t->candidates[row * K + (size_t)t->actions[row]] < 0 ? 1.0f : 0.0f;
    }
    for (size_t i = 0; i < N / 4; i++) {
        keys[i] = i;
        over[i] = 1;
    }
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .decisions = t->decisions, .rewards = rewards};
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = N / 4, .sessions = keys, .terminated = over};
    rr_stats stats = {.struct_size = sizeof stats};
    need(rr_ledger_reward(ledger, &outcome, NULL, &t->err), &t->err);
    need(rr_ledger_end(ledger, &ending, NULL, &t->err), &t->err);
    need(rr_agent_update_sessions(t->agent, ledger, &stats, &t->err), &t->err);
    ck_assert_int_eq(stats.n_rows, N);
    return rr_agent_version(t->agent);
}

/* Into a ledger as the rows lie, or by way of a log. */
static void store(scene *t, rr_ledger *ledger, const rr_obs *obs, bool has_log)
{
    static uint64_t blob[BLOB / 8], work[BLOB / 8];
    if (!has_log) {
        need(rr_ledger_record(ledger, obs, &t->decision, NULL, &t->err), &t->err);
        return;
    }
    for (int32_t row = 0; row < N; row++) {
        size_t bytes = 0;
        int32_t status = -1;
        need(rr_record_encode(obs, &t->decision, row, blob, sizeof blob, &bytes, &t->err), &t->err);
        const uint64_t offsets[2] = {0, bytes};
        need(rr_ledger_import(ledger, blob, offsets, 1, t->items, work, sizeof work, &status, NULL,
                              &t->err),
             &t->err);
        ck_assert_int_eq(status, RR_OK);
    }
}

START_TEST(test_own_vectors_teach_the_same_to_the_bit_however_they_are_stored)
{
    uint64_t first = 0;
    for (int form = 0; form < 8; form++) { /* observation, ledger, log */
        scene *t = begin();
        size_t bytes = 0;
        const rr_obs whole = by_position(t);
        const rr_obs *obs = (form & 1) != 0 ? &whole : &t->obs;
        rr_ledger *ledger = make_ledger(t, (form & 2) != 0 ? MOST_OWN : 0, &bytes);
        need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
        store(t, ledger, obs, (form & 4) != 0);
        const uint64_t version = learn(t, ledger);
        first = form == 0 ? version : first;
        ck_assert_msg(version == first, "form %d leads elsewhere", form);
        rr_ledger_destroy(ledger);
        end(t);
    }
}
END_TEST

START_TEST(test_own_vectors_are_all_that_a_row_and_a_blob_store)
{
    scene *t = begin();
    size_t bytes[2], blob[2];
    rr_ledger_destroy(make_ledger(t, 0, &bytes[0]));
    rr_ledger_destroy(make_ledger(t, MOST_OWN, &bytes[1]));
    ck_assert_uint_eq(bytes[0] - bytes[1], (size_t)N * (K - MOST_OWN) * D * sizeof(float));
    need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
    const rr_obs whole = by_position(t);
    for (int32_t row = 3; row <= 6; row += 3) { /* three of their own, and none */
        need(rr_record_encode(&t->obs, &t->decision, row, NULL, 0, &blob[0], &t->err), &t->err);
        need(rr_record_encode(&whole, &t->decision, row, NULL, 0, &blob[1], &t->err), &t->err);
        ck_assert_uint_eq(blob[0], blob[1]);
        const size_t n_own = row == 3 ? 3 : 1;
        rr_obs without = t->obs;
        without.vectors = NULL;
        without.n_vectors = 0;
        without.item_dim = 0;
        need(rr_record_encode(&without, &t->decision, row, NULL, 0, &blob[1], &t->err), &t->err);
        ck_assert_uint_eq(blob[0] - blob[1], 16 + (n_own * D * sizeof(float) + 7) / 8 * 8);
    }
    end(t);
}
END_TEST

static void refused(rr_status got, const scene *t, const char *sentence)
{
    ck_assert_int_eq(got, RR_E_INVALID);
    ck_assert_msg(strstr(t->err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", t->err.text,
                  sentence);
}

START_TEST(test_own_vectors_that_do_not_fit_are_refused_with_both_numbers)
{
    scene *t = begin();
    size_t bytes = 0;
    rr_ledger *ledger = make_ledger(t, 3, &bytes);
    need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
    refused(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), t,
            "row 4 has 4 candidates of -1; this handle has room for 3 (max_vectors)");
    ck_assert_int_eq(rr_ledger_count(ledger), 0);
    int32_t statuses[N];
    need(rr_ledger_record(ledger, &t->obs, &t->decision, statuses, &t->err), &t->err);
    ck_assert_int_eq(statuses[3], RR_OK);
    ck_assert_int_eq(statuses[4], RR_E_INVALID);
    rr_obs obs = t->obs;
    obs.n_vectors = 2;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), t,
            "row 3: 3 candidates are -1; it must be at most n_vectors, 2");
    refused(rr_record_encode(&obs, &t->decision, 3, NULL, 0, &bytes, &t->err), t,
            "row 3 has 3 candidates of -1; it must be at most n_vectors, 2");
    rr_ledger_clear(ledger);
    refused(rr_ledger_record(ledger, &obs, &t->decision, NULL, &t->err), t,
            "row 3 has 3 candidates of -1; it must be at most n_vectors, 2");
    obs.n_vectors = K + 1;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), t, "n_vectors is 301; it must be");
    obs.n_vectors = -1;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), t, "n_vectors is -1; it must be");
    obs = t->obs;
    obs.candidates = NULL;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), t,
            "candidates and vectors are not both given");
    obs = by_position(t);
    obs.candidates = NULL;
    refused(rr_ledger_record(ledger, &obs, &t->decision, NULL, &t->err), t,
            "candidates is NULL, but this handle stores vectors beside candidates of -1 alone");
    t->packed[3 * MOST_OWN * D + 2 * D + 1] = INFINITY; /* the third of row 3 */
    ck_assert_int_eq(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(t->err.text, "vectors"));
    rr_ledger_destroy(ledger);
    end(t);
}
END_TEST

START_TEST(test_own_vectors_in_a_checkpoint_are_found_by_name_and_never_misread)
{
    const char *path = "own_vectors.safetensors";
    scene *t = begin();
    size_t bytes = 0;
    rr_ledger *ledger = make_ledger(t, K, &bytes), *again = make_ledger(t, K, &bytes);
    rr_ledger *other = make_ledger(t, 0, &bytes); /* as wide, and by position */
    need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
    store(t, ledger, &t->obs, false);
    rr_checkpoint all = {.struct_size = sizeof all, .agent = t->agent, .ledger = ledger};
    need(rr_checkpoint_save(&all, path, &t->err), &t->err);
    all.ledger = other;
    ck_assert_int_ne(rr_checkpoint_load(&all, path, &t->err), RR_OK);
    ck_assert_msg(strstr(t->err.text, "ledger.vectors") != NULL, "%s", t->err.text);
    all.ledger = again;
    need(rr_checkpoint_load(&all, path, &t->err), &t->err);
    const uint64_t version = learn(t, again);
    need(rr_checkpoint_load(&(rr_checkpoint){.struct_size = sizeof all, .agent = t->agent}, path,
                            &t->err),
         &t->err);
    ck_assert_uint_eq(learn(t, ledger), version);
    remove(path);
    rr_ledger_destroy(ledger);
    rr_ledger_destroy(again);
    rr_ledger_destroy(other);
    end(t);
}
END_TEST

CHECK_MAIN("loop/own_vectors", test_own_vectors_decide_as_vectors_of_every_position_do,
           test_own_vectors_teach_the_same_to_the_bit_however_they_are_stored,
           test_own_vectors_are_all_that_a_row_and_a_blob_store,
           test_own_vectors_that_do_not_fit_are_refused_with_both_numbers,
           test_own_vectors_in_a_checkpoint_are_found_by_name_and_never_misread)
