/* SPDX-License-Identifier: MIT */
/* Candidates that are in no pool, known by their keys: chosen, counted, excluded, logged and
 * learned from as items of the pool are. Which item an entry means is worked out here a second
 * time, from keys alone. Everything goes through recrl.h. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
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

/* Keys of the pool are 1000 + index. Own ones are 1 … 5, and 1000, that of an item which is gone.
 */
static uint64_t own_key(size_t row, size_t own)
{
    const uint64_t keys[OWN] = {1 + row % 2, 3, 1000, 4 + row % 2};
    return keys[own];
}

/* Row i has i mod 5 candidates in no pool; entries mean items of the pool and others, some by a key
 * that the pool has too. */
static void fill(scene *t)
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

static rr_agent *make_agent(scene *t, int32_t reward_model)
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
    config.reward_model = reward_model;
    ppo.batch_size = 8;
    need(rr_agent_create(&agent, &config, &ppo, t->items, NULL, &t->err), &t->err);
    return agent;
}

static rr_obs obs_of(const scene *t)
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

static scene *begin(void)
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

static void end(scene *t)
{
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
    free(t);
}

static void act(scene *t, const rr_obs *obs)
{
    need(rr_agent_act(t->agent, obs, &t->decision, &t->err), &t->err);
}

static rr_ledger *make_ledger(scene *t, int32_t max_vectors, int32_t has_keys)
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

/* Rewards and ends of all rows, and an update that takes each of them. */
static rr_stats learn(scene *t, rr_ledger *ledger)
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
    ck_assert_int_eq(stats.n_rows, N);
    return stats;
}

/* Until counts weigh something. */
static void warm_up(scene *t)
{
    rr_ledger *ledger = make_ledger(t, 0, 1);
    act(t, &t->obs);
    need(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), &t->err);
    ck_assert_float_gt(fabsf(learn(t, ledger).repeat_weight), 0.05f);
    rr_ledger_destroy(ledger);
}

/* ── the same a second time: from keys alone ── */

static uint64_t key_of(const scene *t, int32_t index, uint64_t key)
{
    uint64_t of_pool = 0;
    need(rr_items_keys_of(t->items, &index, 1, &of_pool, NULL), &t->err);
    return index >= 0 ? of_pool : key;
}

static uint64_t candidate_key(const scene *t, size_t at)
{
    return key_of(t, t->candidates[at], t->candidate_keys[at]);
}

static int32_t times(const scene *t, uint64_t key, const int32_t *indices, const uint64_t *keys,
                     size_t n)
{
    int32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += key != 0 && key_of(t, indices[i], keys[i]) == key;
    }
    return count;
}

static int32_t count_of(const scene *t, size_t row, size_t position)
{
    return times(t, candidate_key(t, row * K + position), t->history + row * H,
                 t->history_keys + row * H, H);
}

START_TEST(test_keys_of_what_was_chosen_are_those_of_the_pool_or_of_the_candidate)
{
    scene *t = begin();
    int32_t n_own = 0;
    act(t, &t->obs);
    for (size_t row = 0; row < N; row++) {
        ck_assert_uint_eq(t->item_keys[row], candidate_key(t, row * K + (size_t)t->actions[row]));
        ck_assert_uint_ne(t->item_keys[row], 0);
        n_own += t->items_of[row] < 0;
    }
    ck_assert_int_gt(n_own, 0);
    rr_obs obs = t->obs; /* without keys a cold item has none */
    obs.candidate_keys = NULL;
    act(t, &obs);
    for (size_t row = 0; row < N; row++) {
        ck_assert_int_eq(t->item_keys[row] == 0, t->items_of[row] < 0);
    }
    end(t);
}
END_TEST

/* As a snapshot scores the rows, a few at a time. */
static void check_published(scene *t, const float *by_keys)
{
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    need(rr_agent_publish(t->agent, NULL, &policy, &t->err), &t->err);
    need(rr_reader_create(&reader, policy, N, NULL, &t->err), &t->err);
    need(rr_policy_act(policy, reader, &t->obs, &t->decision, &t->err), &t->err);
    ck_assert_mem_eq(by_keys, t->all, N * K * sizeof *by_keys);
    rr_reader_destroy(reader);
    rr_policy_release(policy);
}

START_TEST(test_keys_in_history_count_as_showings_of_whatever_has_the_key)
{
    scene *t = begin();
    float by_keys[N * K];
    int32_t counts[N * K] = {0}, n_own = 0, n_pool = 0, n_gone = 0;
    warm_up(t);
    act(t, &t->obs);
    memcpy(by_keys, t->all, sizeof by_keys);
    check_published(t, by_keys);
    for (size_t row = 0; row < N; row++) {
        for (size_t j = 0; j < (size_t)t->lengths[row]; j++) {
            const uint64_t key = candidate_key(t, row * K + j);
            counts[row * K + j] = count_of(t, row, j);
            const bool is_own = t->candidates[row * K + j] < 0;
            n_own += is_own && counts[row * K + j] > 1;
            n_gone += is_own && key == 1000 && counts[row * K + j] == 1;
            n_pool += !is_own && counts[row * K + j] > 1; /* by its index, and by its key */
        }
    }
    ck_assert_int_gt(n_own, 0);
    ck_assert_int_gt(n_gone, 0);
    ck_assert_int_gt(n_pool, 0);
    rr_obs obs = t->obs;
    obs.counts = counts;
    act(t, &obs);
    ck_assert_mem_eq(by_keys, t->all, sizeof by_keys);
    obs.counts = NULL;
    obs.history_keys = NULL;
    act(t, &obs);
    ck_assert_mem_ne(by_keys, t->all, sizeof by_keys);
    end(t);
}
END_TEST

START_TEST(test_keys_that_are_excluded_are_never_chosen_in_the_list_or_in_the_pool)
{
    scene *t = begin();
    int32_t n_own = 0, n_pool = 0;
    act(t, &t->obs);
    for (size_t row = 0; row < N; row++) {
        for (size_t j = 0; j < (size_t)t->lengths[row]; j++) {
            const bool is_out = times(t, candidate_key(t, row * K + j), t->excluded + row * M,
                                      t->excluded_keys + row * M, M) > 0;
            ck_assert_int_eq(is_out, t->all[row * K + j] == -INFINITY);
            n_own += is_out && t->candidates[row * K + j] < 0;
            n_pool += is_out && t->candidates[row * K + j] >= 0 && t->excluded[row * M] < 0;
        }
    }
    ck_assert_int_gt(n_own, 0);
    ck_assert_int_gt(n_pool, 0);

    float all[POOL]; /* the whole pool, where it is by key alone */
    const int32_t none = -1, action = 5;
    const uint64_t key = 1005;
    rr_obs obs = {.struct_size = sizeof obs, .n = 1, .n_excluded = 1, .state_dim = S};
    obs.states = t->states;
    obs.excluded = &none;
    obs.excluded_keys = &key;
    int32_t chosen;
    rr_decision decision = {.struct_size = sizeof decision, .n = 1, .actions = &chosen};
    decision.all_log_probs = all;
    need(rr_agent_act(t->agent, &obs, &decision, &t->err), &t->err);
    for (size_t i = 0; i < POOL; i++) {
        ck_assert_int_eq(all[i] == -INFINITY, i == 5 || i == 0);
    }
    ck_assert_int_eq(rr_agent_evaluate(t->agent, &obs, &action, all, NULL, NULL, &t->err),
                     RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(t->err.text, "is excluded"));
    end(t);
}
END_TEST

/* A published policy with a floor: the floor is under what is not excluded alone. */
START_TEST(test_keys_that_are_excluded_have_no_floor_and_are_no_incumbent)
{
    scene *t = begin();
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.3f;
    options.incumbent_share = 0.5f;
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    need(rr_agent_publish(t->agent, &options, &policy, &t->err), &t->err);
    need(rr_reader_create(&reader, policy, N, NULL, &t->err), &t->err);
    need(rr_policy_act(policy, reader, &t->obs, &t->decision, &t->err), &t->err);
    for (size_t row = 0; row < N; row++) {
        double sum = 0.0;
        for (size_t j = 0; j < (size_t)t->lengths[row]; j++) {
            const bool is_out = times(t, candidate_key(t, row * K + j), t->excluded + row * M,
                                      t->excluded_keys + row * M, M) > 0;
            ck_assert_int_eq(is_out, t->all[row * K + j] == -INFINITY);
            sum += exp((double)t->all[row * K + j]);
        }
        ck_assert_double_eq_tol(sum, 1.0, 1e-6);
    }
    int32_t incumbents[N];
    for (size_t row = 0; row < N; row++) {
        incumbents[row] = -1;
    }
    incumbents[4] = 6; /* of key 4, which is excluded */
    ck_assert_uint_eq(candidate_key(t, 4 * K + 6), 4);
    t->obs.incumbents = incumbents;
    ck_assert_int_eq(rr_policy_act(policy, reader, &t->obs, &t->decision, &t->err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(t->err.text, "a position that is not excluded"));
    rr_reader_destroy(reader);
    rr_policy_release(policy);
    end(t);
}
END_TEST

static void refused(rr_status got, rr_status status, const scene *t, const char *sentence)
{
    ck_assert_int_eq(got, status);
    ck_assert_msg(strstr(t->err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", t->err.text,
                  sentence);
}

START_TEST(test_keys_that_occur_twice_or_belong_to_nothing_are_refused)
{
    scene *t = begin();
    t->candidate_keys[4 * K + 3] = own_key(4, 0);
    refused(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), RR_E_INVALID, t,
            "row 4: candidate_keys[3] is 1, the key of candidate 1; a candidate may occur once");
    t->candidate_keys[4 * K + 3] = 1000 + (uint64_t)t->candidates[4 * K + 8];
    refused(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), RR_E_INVALID, t,
            "row 4: candidate_keys[3] is 1021, the key of candidate 8");
    t->candidate_keys[4 * K + 3] = 0; /* none: two without a key are two */
    t->candidate_keys[4 * K + 1] = 0;
    act(t, &t->obs);
    for (size_t i = 0; i < M; i++) { /* all that row 0 may choose from */
        t->excluded[i] = -1;
    }
    const int32_t length = 2;
    t->lengths[4] = length;
    t->candidate_keys[4 * K + 1] = 3;
    t->excluded[4 * M] = t->candidates[4 * K];
    t->excluded_keys[4 * M + 1] = 3;
    refused(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), RR_E_INVALID, t,
            "row 4: all 2 items are excluded");
    rr_obs obs = t->obs;
    obs.excluded = NULL;
    obs.n_excluded = 0;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), RR_E_INVALID, t,
            "excluded_keys is set, but nothing that it belongs to");
    obs = t->obs;
    obs.history = NULL;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), RR_E_INVALID, t,
            "history_keys is set, but nothing that it belongs to");
    obs = t->obs;
    obs.candidates = NULL;
    obs.vectors = NULL;
    obs.n_vectors = 0;
    refused(rr_agent_act(t->agent, &obs, &t->decision, &t->err), RR_E_INVALID, t,
            "candidate_keys is set, but nothing that it belongs to");
    end(t);
}
END_TEST

/* ── a row's way into an update ── */

static uint64_t blob[BLOB / 8], work[BLOB / 8];

static size_t encode(scene *t, const rr_obs *obs, int32_t row)
{
    size_t bytes = 0;
    need(rr_record_encode(obs, &t->decision, row, blob, sizeof blob, &bytes, &t->err), &t->err);
    return bytes;
}

static void store(scene *t, rr_ledger *ledger, bool has_log)
{
    for (int32_t row = 0; has_log && row < N; row++) {
        const uint64_t offsets[2] = {0, encode(t, &t->obs, row)};
        need(rr_ledger_import(ledger, blob, offsets, 1, t->items, work, sizeof work, NULL, NULL,
                              &t->err),
             &t->err);
    }
    if (!has_log) {
        need(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), &t->err);
    }
}

/* max_skew is 0: a row that is scored otherwise than by act stops the update. */
START_TEST(test_keys_teach_the_same_to_the_bit_however_rows_are_stored)
{
    uint64_t first = 0;
    for (int form = 0; form < 8; form++) { /* ledger, log, checkpoint */
        scene *t = begin();
        warm_up(t);
        act(t, &t->obs);
        rr_ledger *ledger = make_ledger(t, (form & 1) != 0 ? OWN : 0, 1);
        store(t, ledger, (form & 2) != 0);
        if ((form & 4) != 0) {
            const char *path = "keys.safetensors";
            rr_checkpoint all = {.struct_size = sizeof all, .agent = t->agent, .ledger = ledger};
            need(rr_checkpoint_save(&all, path, &t->err), &t->err);
            rr_ledger_clear(ledger);
            need(rr_checkpoint_load(&all, path, &t->err), &t->err);
            (void)remove(path);
        }
        learn(t, ledger);
        const uint64_t version = rr_agent_version(t->agent);
        first = form == 0 ? version : first;
        ck_assert_msg(version == first, "form %d leads elsewhere", form);
        rr_ledger_destroy(ledger);
        end(t);
    }
}
END_TEST

/* A model of rewards takes the first showing of each item, so it has to know which one is. */
START_TEST(test_keys_say_what_a_reward_model_takes_for_a_first_showing)
{
    static int32_t counts[N * K];
    uint64_t versions[2];
    for (int form = 0; form < 2; form++) {
        scene *t = begin();
        rr_agent_destroy(t->agent);
        t->agent = make_agent(t, 1);
        for (size_t i = 0; i < N * K; i++) {
            counts[i] = i % K < (size_t)t->lengths[i / K] ? count_of(t, i / K, i % K) : 0;
        }
        t->obs.counts = form == 1 ? counts : NULL;
        act(t, &t->obs);
        rr_ledger *ledger = make_ledger(t, OWN, 1);
        store(t, ledger, false);
        learn(t, ledger);
        versions[form] = rr_agent_version(t->agent);
        rr_ledger_destroy(ledger);
        end(t);
    }
    ck_assert_uint_eq(versions[0], versions[1]);
}
END_TEST

START_TEST(test_keys_that_a_ledger_does_not_store_are_refused_and_those_nobody_reads_are_not)
{
    scene *t = begin();
    rr_ledger *ledger = make_ledger(t, 0, 0);
    int32_t statuses[N];
    act(t, &t->obs);
    refused(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), RR_E_INVALID, t,
            "record: history_keys[0][1] is 3; this handle stores no keys (has_keys)");
    rr_obs obs = t->obs;
    obs.history_keys = NULL;
    need(rr_ledger_record(ledger, &obs, &t->decision, statuses, &t->err), &t->err);
    for (size_t row = 0; row < N; row++) {
        const bool needs_keys = row % (OWN + 1) > 0 || row % 3 != 0;
        ck_assert_int_eq(statuses[row], needs_keys ? RR_E_INVALID : RR_OK);
    }
    rr_ledger_destroy(ledger);
    end(t);
}
END_TEST

START_TEST(test_keys_come_back_from_a_log_with_the_key_of_what_was_chosen)
{
    scene *t = begin();
    act(t, &t->obs);
    for (int32_t row = 0; row < N; row++) {
        const size_t at = (size_t)row, bytes = encode(t, &t->obs, row);
        rr_obs obs = {.struct_size = sizeof obs};
        rr_decision decision = {.struct_size = sizeof decision};
        need(rr_record_decode(blob, bytes, t->items, work, sizeof work, &obs, &decision, &t->err),
             &t->err);
        ck_assert_uint_eq(decision.item_keys[0], t->item_keys[at]);
        ck_assert_int_eq(obs.candidate_keys != NULL, at % (OWN + 1) > 0);
        for (size_t j = 0; obs.candidate_keys != NULL && j < (size_t)obs.n_candidates; j++) {
            ck_assert_uint_eq(obs.candidate_keys[j], candidate_key(t, at * K + j));
        }
        for (size_t i = 0; i < H; i++) {
            ck_assert_uint_eq(obs.history_keys[i],
                              key_of(t, t->history[at * H + i], t->history_keys[at * H + i]));
        }
        ck_assert_int_eq(obs.excluded_keys != NULL, at % 3 != 0);
    }
    /* Nothing is claimed of keys that are not read: a host of an older header is handed what it
     * knows. */
    rr_obs plain = t->obs;
    plain.candidate_keys = plain.excluded_keys = plain.history_keys = NULL;
    const size_t bytes = encode(t, &plain, 4);
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {.struct_size = sizeof decision};
    need(rr_record_decode(blob, bytes, t->items, work, sizeof work, &obs, &decision, &t->err),
         &t->err);
    ck_assert_ptr_null(obs.candidate_keys);
    ck_assert_ptr_null(obs.excluded_keys);
    ck_assert_ptr_null(obs.history_keys);
    end(t);
}
END_TEST

START_TEST(test_keys_that_are_excluded_are_not_imitated_and_others_are)
{
    scene *t = begin();
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    uint64_t versions[4];
    for (int form = 0; form < 4; form++) { /* each array of keys says something */
        rr_agent_destroy(t->agent);
        t->agent = make_agent(t, 0);
        warm_up(t);
        rr_obs obs = t->obs;
        obs.excluded_keys = form == 1 ? NULL : obs.excluded_keys;
        obs.history_keys = form == 2 ? NULL : obs.history_keys;
        obs.candidate_keys = form == 3 ? NULL : obs.candidate_keys;
        act(t, &t->obs);
        need(rr_agent_imitate(t->agent, &obs, t->actions, NULL, NULL, &config, NULL, &t->err),
             &t->err);
        versions[form] = rr_agent_version(t->agent);
        ck_assert(form == 0 || versions[form] != versions[0]);
    }
    t->actions[4] = 6; /* of key 4, which is excluded */
    refused(rr_agent_imitate(t->agent, &t->obs, t->actions, NULL, NULL, &config, NULL, &t->err),
            RR_E_INVALID, t, "actions[4] is 6, whose item -1 is excluded");
    end(t);
}
END_TEST

CHECK_MAIN("loop/keys", test_keys_of_what_was_chosen_are_those_of_the_pool_or_of_the_candidate,
           test_keys_in_history_count_as_showings_of_whatever_has_the_key,
           test_keys_that_are_excluded_are_never_chosen_in_the_list_or_in_the_pool,
           test_keys_that_are_excluded_have_no_floor_and_are_no_incumbent,
           test_keys_that_occur_twice_or_belong_to_nothing_are_refused,
           test_keys_teach_the_same_to_the_bit_however_rows_are_stored,
           test_keys_say_what_a_reward_model_takes_for_a_first_showing,
           test_keys_that_a_ledger_does_not_store_are_refused_and_those_nobody_reads_are_not,
           test_keys_come_back_from_a_log_with_the_key_of_what_was_chosen,
           test_keys_that_are_excluded_are_not_imitated_and_others_are)
