/* SPDX-License-Identifier: MIT */
/* Candidates that are in no pool, known by their keys: chosen, counted, excluded, logged and
 * learned from as items of the pool are. Which item an entry means is worked out here a second
 * time, from keys alone. Everything goes through recrl.h. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/keys_scene.h"

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
