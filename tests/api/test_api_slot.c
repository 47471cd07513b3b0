/* SPDX-License-Identifier: MIT */
/* The slot as a host sees it: recrl.h alone. Many threads on one: tests/loop/test_publish.c. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"

enum { S = 4, D = 2, N_ITEMS = 9 };

typedef struct table {
    rr_items *items;
    rr_agent *agent;
    rr_policy *first;
    rr_slot *slot;
    rr_reader *reader;
    float states[S];
    int32_t action;
    uint64_t version;
    rr_obs obs;
    rr_decision decision;
} table;

static void must(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static void open_table(table *t)
{
    *t = (table){0};
    rr_error err = {0};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = 1;
    config.max_candidates = 0;
    config.max_history = 4;
    must(rr_items_create_random(&t->items, N_ITEMS, D, 1, NULL, &err), &err);
    must(rr_agent_create(&t->agent, &config, NULL, t->items, NULL, &err), &err);
    must(rr_agent_publish(t->agent, NULL, &t->first, &err), &err);
    must(rr_slot_create(&t->slot, t->first, 2, NULL, &err), &err);
    must(rr_reader_join(&t->reader, t->slot, 0, NULL, &err), &err);
    t->obs = (rr_obs){.struct_size = sizeof t->obs, .n = 1, .state_dim = S, .states = t->states};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = 1,
                                .actions = &t->action,
                                .policy_versions = &t->version};
}

static void close_table(table *t)
{
    rr_reader_destroy(t->reader);
    rr_slot_release(t->slot);
    rr_policy_release(t->first);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void learn(table *t, float x)
{
    rr_error err = {0};
    const float kappa[1] = {x};
    must(rr_agent_set_tensor(t->agent, "actor.repeat_weight", kappa, 1, &err), &err);
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

START_TEST(test_api_slot_null_arguments_are_refused_by_name)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_slot *slot = NULL;
    rr_reader *reader = NULL;
    rr_policy *held = NULL;
    expect(rr_slot_create(NULL, t.first, 1, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_slot_create(&slot, NULL, 1, NULL, &err), RR_E_INVALID, &err, "first is NULL");
    expect(rr_slot_create(&slot, t.first, 0, NULL, &err), RR_E_INVALID, &err,
           "max_readers is 0; it must be in [1, 4096]");
    expect(rr_slot_create(&slot, t.first, 4097, NULL, &err), RR_E_INVALID, &err, "max_readers");
    expect(rr_reader_join(&reader, NULL, 0, NULL, &err), RR_E_INVALID, &err, "slot is NULL");
    expect(rr_reader_join(NULL, t.slot, 0, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_slot_swap(NULL, t.first, &err), RR_E_INVALID, &err, "slot is NULL");
    expect(rr_slot_swap(t.slot, NULL, &err), RR_E_INVALID, &err, "policy is NULL");
    expect(rr_slot_publish(NULL, t.agent, NULL, &err), RR_E_INVALID, &err, "slot is NULL");
    expect(rr_slot_publish(t.slot, NULL, NULL, &err), RR_E_INVALID, &err, "agent is NULL");
    expect(rr_reader_acquire(NULL, &held, &err), RR_E_INVALID, &err, "reader is NULL");
    expect(rr_reader_acquire(t.reader, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_reader_release(NULL, &err), RR_E_INVALID, &err, "reader is NULL");
    expect(rr_reader_act(NULL, &t.obs, &t.decision, &err), RR_E_INVALID, &err, "reader is NULL");
    ck_assert_ptr_null(rr_slot_get(NULL));
    rr_slot_release(NULL);
    close_table(&t);
}
END_TEST

START_TEST(test_api_slot_serves_what_was_published_last_and_rolls_back)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_policy_version(t.first));
    learn(&t, 0.5f);
    must(rr_slot_publish(t.slot, t.agent, NULL, &err), &err);
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_agent_version(t.agent));
    must(rr_slot_swap(t.slot, t.first, &err), &err);
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_policy_version(t.first));
    rr_policy *present = rr_slot_get(t.slot);
    ck_assert_ptr_eq(present, t.first);
    rr_policy_release(present);
    close_table(&t);
}
END_TEST

START_TEST(test_api_slot_a_held_policy_is_one_version_over_several_calls)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *held = NULL;
    int32_t best[3];
    must(rr_reader_acquire(t.reader, &held, &err), &err);
    learn(&t, 0.5f);
    must(rr_slot_publish(t.slot, t.agent, NULL, &err), &err);
    must(rr_policy_act(held, t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_policy_version(t.first));
    must(rr_policy_top_k(held, t.reader, &t.obs, 3, best, NULL, NULL, &err), &err);
    expect(rr_reader_acquire(t.reader, &held, &err), RR_E_STATE, &err, "holds a policy already");
    expect(rr_reader_act(t.reader, &t.obs, &t.decision, &err), RR_E_STATE, &err,
           "holds a policy already");
    must(rr_reader_release(t.reader, &err), &err);
    expect(rr_reader_release(t.reader, &err), RR_E_STATE, &err, "holds no policy");
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_agent_version(t.agent));
    close_table(&t);
}
END_TEST

static void *count_taken(void *user, size_t bytes, size_t alignment)
{
    ++*(int *)user;
    return aligned_alloc(alignment < 64 ? 64 : alignment, (bytes + 63) / 64 * 64);
}

static void count_given_back(void *user, void *block, size_t bytes)
{
    (void)bytes;
    --*(int *)user;
    free(block);
}

/* What acquire gives can be kept beyond its release; what a slot is to others, it is as long as one
 * of them holds it. */
START_TEST(test_api_slot_what_was_acquired_and_the_slot_itself_can_be_retained)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *held = NULL;
    rr_reader *late = NULL;
    must(rr_reader_acquire(t.reader, &held, &err), &err);
    const uint64_t version = rr_policy_version(held);
    ck_assert_ptr_eq(rr_policy_retain(held), held);
    must(rr_reader_release(t.reader, &err), &err);
    learn(&t, 0.5f);
    must(rr_slot_publish(t.slot, t.agent, NULL, &err), &err);
    must(rr_slot_publish(t.slot, t.agent, NULL, &err), &err); /* over what nobody holds */
    must(rr_policy_act(held, t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, version);
    rr_policy_release(held);

    int n_blocks = 0;
    rr_slot *slot = NULL;
    const rr_host host = {.struct_size = sizeof host,
                          .allocate = count_taken,
                          .release = count_given_back,
                          .user = &n_blocks};
    must(rr_slot_create(&slot, t.first, 1, &host, &err), &err);
    ck_assert_ptr_eq(rr_slot_retain(slot), slot);
    rr_slot_release(slot);
    ck_assert_int_eq(n_blocks, 1); /* one reference is left */
    must(rr_reader_join(&late, slot, 1, NULL, &err), &err);
    rr_slot_release(slot);
    must(rr_reader_act(late, &t.obs, &t.decision, &err), &err); /* its reader holds another */
    ck_assert_int_eq(n_blocks, 1);
    rr_reader_destroy(late);
    ck_assert_int_eq(n_blocks, 0);
    ck_assert_ptr_null(rr_slot_retain(NULL));
    close_table(&t);
}
END_TEST

START_TEST(test_api_slot_wants_a_reader_that_has_joined)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_reader *alone = NULL;
    must(rr_reader_create(&alone, t.first, 0, NULL, &err), &err);
    expect(rr_reader_act(alone, &t.obs, &t.decision, &err), RR_E_STATE, &err, "rr_reader_join");
    must(rr_policy_act(t.first, alone, &t.obs, &t.decision, &err), &err);
    rr_reader_destroy(alone);
    close_table(&t);
}
END_TEST

START_TEST(test_api_slot_a_request_that_is_refused_leaves_the_reader_free)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    t.obs.n = 2;
    expect(rr_reader_act(t.reader, &t.obs, &t.decision, &err), RR_E_INVALID, &err, "max_rows");
    t.obs.n = 1;
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    close_table(&t);
}
END_TEST

START_TEST(test_api_slot_refuses_options_out_of_range_and_keeps_its_policy)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = -1.0f;
    expect(rr_slot_publish(t.slot, t.agent, &options, &err), RR_E_INVALID, &err,
           "serving options: temperature is -1");
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_policy_version(t.first));
    close_table(&t);
}
END_TEST

static rr_slot_info describe(const table *t)
{
    rr_slot_info info = {.struct_size = sizeof info};
    ck_assert_int_eq(rr_slot_describe(t->slot, &info, NULL), RR_OK);
    return info;
}

START_TEST(test_api_slot_a_rollback_holds_until_it_is_let_go)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    learn(&t, 0.5f);
    must(rr_slot_publish(t.slot, t.agent, NULL, &err), &err);
    must(rr_slot_swap(t.slot, t.first, &err), &err);
    expect(rr_slot_hold(t.slot, 2, &err), RR_E_INVALID, &err, "is_held is 2; it must be 0 or 1");
    expect(rr_slot_hold(NULL, 1, &err), RR_E_INVALID, &err, "slot is NULL");
    must(rr_slot_hold(t.slot, 1, &err), &err);
    for (int i = 1; i <= 3; i++) {
        learn(&t, 0.5f);
        expect(rr_slot_publish(t.slot, t.agent, NULL, &err), RR_E_STATE, &err, "the slot is held");
        must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
        ck_assert_uint_eq(t.version, rr_policy_version(t.first));
        ck_assert_int_eq(describe(&t).age, i);
        ck_assert_int_eq(describe(&t).is_held, 1);
    }
    must(rr_slot_swap(t.slot, t.first, &err), &err); /* an operator still can */
    must(rr_slot_hold(t.slot, 0, &err), &err);
    must(rr_slot_publish(t.slot, t.agent, NULL, &err), &err);
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_uint_eq(t.version, rr_agent_version(t.agent));
    const rr_slot_info info = describe(&t);
    ck_assert_int_eq(info.n_swaps, 4);
    ck_assert_int_eq(info.n_publishes, 2);
    ck_assert_int_eq(info.age, 0);
    ck_assert_int_eq(info.is_held, 0);
    ck_assert_uint_eq(info.version, rr_agent_version(t.agent));
    close_table(&t);
}
END_TEST

START_TEST(test_api_slot_says_what_its_readers_did_also_those_that_left)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    ck_assert_int_eq(rr_slot_describe(NULL, &(rr_slot_info){0}, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_slot_describe(t.slot, NULL, &err), RR_E_INVALID);
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    must(rr_reader_act(t.reader, &t.obs, &t.decision, &err), &err);
    t.states[1] = NAN;
    ck_assert_int_eq(rr_reader_act(t.reader, &t.obs, &t.decision, &err), RR_E_NOT_FINITE);
    t.states[1] = 0.0f;
    t.obs.n = 0;
    ck_assert_int_eq(rr_reader_act(t.reader, &t.obs, &t.decision, &err), RR_E_INVALID);
    t.obs.n = 1;
    rr_items *wide = NULL;
    must(rr_items_create_random(&wide, 3, D + 1, 1, NULL, &err), &err);
    t.obs.pool = wide;
    const rr_status other = rr_reader_act(t.reader, &t.obs, &t.decision, &err);
    ck_assert_int_ne(other, RR_OK);
    t.obs.pool = NULL;
    rr_items_release(wide);
    rr_slot_info info = describe(&t);
    ck_assert_int_eq(info.n_readers, 1);
    ck_assert_int_eq(info.max_readers, 2);
    rr_reader_destroy(t.reader);
    t.reader = NULL;
    info = describe(&t);
    ck_assert_int_eq(info.n_readers, 0);
    ck_assert_int_eq(info.n_acts, 2);
    ck_assert_int_eq(info.n_rows, 2);
    ck_assert_int_eq(info.n_not_finite, 1);
    ck_assert_int_eq(info.n_invalid + info.n_mismatched, 2);
    ck_assert_int_eq(info.n_mismatched, other == RR_E_MISMATCH);
    ck_assert_int_eq(info.n_other, 0);
    close_table(&t);
}
END_TEST

CHECK_MAIN("api/api_slot", test_api_slot_null_arguments_are_refused_by_name,
           test_api_slot_serves_what_was_published_last_and_rolls_back,
           test_api_slot_a_held_policy_is_one_version_over_several_calls,
           test_api_slot_what_was_acquired_and_the_slot_itself_can_be_retained,
           test_api_slot_wants_a_reader_that_has_joined,
           test_api_slot_a_request_that_is_refused_leaves_the_reader_free,
           test_api_slot_refuses_options_out_of_range_and_keeps_its_policy,
           test_api_slot_a_rollback_holds_until_it_is_let_go,
           test_api_slot_says_what_its_readers_did_also_those_that_left)
