/* SPDX-License-Identifier: MIT */
/* The buffer as a host sees it. What rows are judged by is in tests/rl. */
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 2, S = 2 };

typedef struct scene {
    rr_buffer *buffer;
    rr_obs obs, final_obs;
    rr_decision decision;
    rr_outcome outcome;
    float states[N * S], final_states[N * S], log_probs[N], values[N], rewards[N];
    int32_t actions[N];
    uint8_t terminated[N], truncated[N];
    uint64_t ids[N];
    int64_t times[N];
} scene;

static rr_buffer_config small_config(void)
{
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = 2 * N;
    config.state_dim = S;
    return config;
}

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    const rr_buffer_config config = small_config();
    ck_assert_int_eq(rr_buffer_create(&t->buffer, &config, NULL, NULL), RR_OK);
    t->obs = (rr_obs){.struct_size = sizeof t->obs, .n = N, .state_dim = S, .states = t->states};
    t->final_obs = t->obs;
    t->final_obs.states = t->final_states;
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .values = t->values};
    t->outcome = (rr_outcome){.struct_size = sizeof t->outcome,
                              .n = N,
                              .rewards = t->rewards,
                              .terminated = t->terminated,
                              .truncated = t->truncated,
                              .final_obs = &t->final_obs};
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_int_eq(err->status, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

START_TEST(test_api_buffer_null_arguments_are_refused_by_name)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    rr_buffer *buffer = NULL;
    size_t bytes = 0;
    const rr_buffer_config config = small_config();
    expect(rr_buffer_create(NULL, &config, NULL, &err), RR_E_INVALID, &err,
           "rr_buffer_create: out is NULL");
    ck_assert_int_eq(rr_buffer_memory(NULL, &bytes, &err), RR_OK); /* the defaults */
    ck_assert_uint_gt(bytes, 0);
    expect(rr_buffer_memory(&config, NULL, &err), RR_E_INVALID, &err, "bytes is NULL");
    expect(rr_buffer_record(NULL, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "rr_buffer_record: buffer is NULL");
    expect(rr_buffer_record(t.buffer, NULL, &t.decision, &err), RR_E_INVALID, &err,
           "rr_obs is NULL");
    expect(rr_buffer_record(t.buffer, &t.obs, NULL, &err), RR_E_INVALID, &err,
           "rr_decision is NULL");
    expect(rr_buffer_reward(NULL, &t.outcome, &err), RR_E_INVALID, &err,
           "rr_buffer_reward: buffer is NULL");
    expect(rr_buffer_reward(t.buffer, NULL, &err), RR_E_INVALID, &err, "rr_outcome is NULL");
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(rr_buffer_is_full(NULL), 1); /* a loop that waits for it comes to its end */
    ck_assert_int_eq(rr_buffer_count(NULL), 0);
    rr_buffer_clear(NULL);
    rr_buffer_destroy(NULL);
    rr_buffer_destroy(t.buffer);
}
END_TEST

START_TEST(test_api_buffer_record_needs_its_four_arrays_and_one_n)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    rr_obs obs = t.obs;
    obs.states = NULL;
    expect(rr_buffer_record(t.buffer, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "obs states is NULL");
    const rr_decision decision = t.decision;
    t.decision.actions = NULL;
    expect(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "decision actions is NULL");
    t.decision = decision;
    t.decision.log_probs = NULL;
    expect(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "decision log_probs is NULL");
    t.decision = decision;
    t.decision.values = NULL;
    expect(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "decision values is NULL");
    t.decision = decision;
    t.decision.n = 1;
    expect(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "obs n is 2 and decision n 1");
    obs = t.obs;
    obs.n = t.decision.n = 0;
    expect(rr_buffer_record(t.buffer, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "must be equal and at least 1");
    t.decision = decision;
    ck_assert_int_eq(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL), RR_OK);
    t.outcome.rewards = NULL;
    expect(rr_buffer_reward(t.buffer, &t.outcome, &err), RR_E_INVALID, &err, "rewards is NULL");
    rr_buffer_destroy(t.buffer);
}
END_TEST

START_TEST(test_api_buffer_fields_not_served_yet_are_refused)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    const int32_t incumbents[N] = {0};
    const uint64_t ids[N] = {0};
    const int64_t times[N] = {0};
    rr_obs obs = t.obs;
    obs.incumbents = incumbents;
    expect(rr_buffer_record(t.buffer, &obs, &t.decision, &err), RR_E_UNSUPPORTED, &err,
           "obs incumbents is set");
    obs = t.obs;
    obs.sessions = ids;
    expect(rr_buffer_record(t.buffer, &obs, &t.decision, &err), RR_E_UNSUPPORTED, &err,
           "obs sessions is set");
    obs = t.obs;
    obs.decisions = ids;
    expect(rr_buffer_record(t.buffer, &obs, &t.decision, &err), RR_E_UNSUPPORTED, &err,
           "obs decisions is set");
    obs = t.obs;
    obs.times = times;
    expect(rr_buffer_record(t.buffer, &obs, &t.decision, &err), RR_E_UNSUPPORTED, &err,
           "obs times is set");
    ck_assert_int_eq(rr_buffer_count(t.buffer), 0);
    ck_assert_int_eq(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL), RR_OK);
    rr_outcome outcome = t.outcome;
    outcome.decisions = ids;
    expect(rr_buffer_reward(t.buffer, &outcome, &err), RR_E_UNSUPPORTED, &err, "decisions is set");
    outcome = t.outcome;
    outcome.times = times;
    expect(rr_buffer_reward(t.buffer, &outcome, &err), RR_E_UNSUPPORTED, &err, "times is set");
    ck_assert_int_eq(rr_buffer_reward(t.buffer, &t.outcome, NULL), RR_OK);
    rr_buffer_destroy(t.buffer);
}
END_TEST

START_TEST(test_api_buffer_fills_and_is_cleared)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    ck_assert_int_eq(rr_buffer_is_full(t.buffer), 0);
    for (int32_t i = 1; i <= 2; i++) {
        ck_assert_int_eq(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL), RR_OK);
        ck_assert_int_eq(rr_buffer_count(t.buffer), i * N);
        expect(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), RR_E_STATE, &err,
               "no reward yet");
        ck_assert_int_eq(rr_buffer_reward(t.buffer, &t.outcome, NULL), RR_OK);
        expect(rr_buffer_reward(t.buffer, &t.outcome, &err), RR_E_STATE, &err, "no record");
    }
    ck_assert_int_eq(rr_buffer_is_full(t.buffer), 1);
    expect(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), RR_E_FULL, &err, "do not fit");
    rr_buffer_clear(t.buffer);
    ck_assert_int_eq(rr_buffer_count(t.buffer), 0);
    ck_assert_int_eq(rr_buffer_is_full(t.buffer), 0);
    rr_buffer_destroy(t.buffer);
}
END_TEST

START_TEST(test_api_buffer_structs_of_other_releases_are_understood)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    t.obs.struct_size = offsetof(rr_obs, lengths);
    t.decision.struct_size = offsetof(rr_decision, all_log_probs);
    t.outcome.struct_size = offsetof(rr_outcome, times);
    ck_assert_int_eq(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL), RR_OK);
    t.truncated[0] = 1; /* but this release did not know final_obs */
    expect(rr_buffer_reward(t.buffer, &t.outcome, &err), RR_E_INVALID, &err, "final_obs must hold");
    t.outcome.struct_size = sizeof t.outcome;
    t.final_obs.struct_size = offsetof(rr_obs, states); /* what it does not know is not there */
    expect(rr_buffer_reward(t.buffer, &t.outcome, &err), RR_E_INVALID, &err, "final_obs must hold");
    t.final_obs.struct_size = offsetof(rr_obs, lengths);
    ck_assert_int_eq(rr_buffer_reward(t.buffer, &t.outcome, NULL), RR_OK);

    struct {
        rr_outcome outcome;
        uint32_t more[2];
    } newer = {t.outcome, {0, 1}};
    newer.outcome.struct_size = sizeof newer;
    ck_assert_int_eq(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL), RR_OK);
    expect(rr_buffer_reward(t.buffer, &newer.outcome, &err), RR_E_UNSUPPORTED, &err,
           "rr_outcome: byte");
    newer.more[1] = 0;
    t.final_obs.struct_size = 5;
    expect(rr_buffer_reward(t.buffer, &newer.outcome, &err), RR_E_INVALID, &err,
           "final_obs: struct_size is 5");
    t.final_obs.struct_size = sizeof t.final_obs;
    ck_assert_int_eq(rr_buffer_reward(t.buffer, &newer.outcome, NULL), RR_OK);
    rr_buffer_destroy(t.buffer);
}
END_TEST

typedef struct tally {
    size_t n_live, largest;
    int refuses;
} tally;

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    tally *l = user;
    l->largest = bytes > l->largest ? bytes : l->largest;
    void *block = l->refuses ? NULL : aligned_alloc(alignment, bytes);
    l->n_live += block != NULL;
    return block;
}

static void release(void *user, void *block, size_t bytes)
{
    (void)bytes;
    ((tally *)user)->n_live--;
    free(block);
}

START_TEST(test_api_buffer_memory_is_what_create_takes)
{
    tally l = {0};
    const rr_host host = {
        .struct_size = sizeof host, .allocate = allocate, .release = release, .user = &l};
    rr_buffer_config config = small_config();
    config.max_candidates = 7;
    config.feature_dim = 3;
    config.item_dim = 2;
    config.max_history = 5;
    size_t bytes = 0;
    rr_buffer *buffer = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_buffer_memory(&config, &bytes, NULL), RR_OK);
    ck_assert_int_eq(rr_buffer_create(&buffer, &config, &host, NULL), RR_OK);
    ck_assert_uint_eq(l.largest, bytes);
    ck_assert_uint_eq(l.n_live, 1);
    rr_buffer_destroy(buffer);
    ck_assert_uint_eq(l.n_live, 0);

    buffer = NULL;
    l.refuses = 1;
    expect(rr_buffer_create(&buffer, &config, &host, &err), RR_E_MEMORY, &err, "buffer:");
    ck_assert_ptr_null(buffer);
    config.max_rows = config.max_candidates = config.item_dim = config.feature_dim = INT32_MAX;
    expect(rr_buffer_memory(&config, &bytes, &err), RR_E_MEMORY, &err,
           "do not fit into the address space");
    expect(rr_buffer_create(&buffer, &config, &host, &err), RR_E_MEMORY, &err,
           "do not fit into the address space");
    config.max_rows = 0;
    expect(rr_buffer_memory(&config, &bytes, &err), RR_E_INVALID, &err,
           "buffer config: max_rows is 0");
}
END_TEST

START_TEST(test_api_buffer_counts_are_those_of_its_rows)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    size_t bytes = 0;
    const rr_buffer_config config = small_config();
    rr_buffer_counts c = {.struct_size = sizeof c};
    ck_assert_int_eq(rr_buffer_memory(&config, &bytes, NULL), RR_OK);
    ck_assert_int_eq(rr_buffer_get_counts(t.buffer, &c, NULL), RR_OK);
    ck_assert(c.max_rows == 2 * N && c.rows == 0 && c.record_rows == 0 && c.records == 0);
    ck_assert_int_eq(c.bytes, (int64_t)bytes);
    for (int32_t i = 1; i <= 2; i++) {
        ck_assert_int_eq(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL), RR_OK);
        ck_assert_int_eq(rr_buffer_get_counts(t.buffer, &c, NULL), RR_OK);
        ck_assert(c.rows == i * N && c.record_rows == N && c.records == i && c.awaits_reward == 1);
        ck_assert_int_eq(rr_buffer_reward(t.buffer, &t.outcome, NULL), RR_OK);
        ck_assert_int_eq(rr_buffer_get_counts(t.buffer, &c, NULL), RR_OK);
        ck_assert_int_eq(c.awaits_reward, 0);
    }
    expect(rr_buffer_get_counts(NULL, &c, &err), RR_E_INVALID, &err, "buffer is NULL");
    expect(rr_buffer_get_counts(t.buffer, NULL, &err), RR_E_INVALID, &err,
           "rr_buffer_counts is NULL");
    rr_buffer_destroy(t.buffer);
}
END_TEST

CHECK_MAIN("api/api_buffer", test_api_buffer_null_arguments_are_refused_by_name,
           test_api_buffer_record_needs_its_four_arrays_and_one_n,
           test_api_buffer_fields_not_served_yet_are_refused, test_api_buffer_fills_and_is_cleared,
           test_api_buffer_structs_of_other_releases_are_understood,
           test_api_buffer_memory_is_what_create_takes,
           test_api_buffer_counts_are_those_of_its_rows)
