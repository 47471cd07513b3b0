/* SPDX-License-Identifier: MIT */
/* The ledger as a host sees it. What rows are judged by is in tests/ledger. */
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 2, S = 2 };

typedef struct scene {
    rr_ledger *ledger;
    rr_obs obs;
    rr_decision decision;
    rr_outcome outcome;
    float states[N * S], log_probs[N], rewards[N];
    int32_t actions[N];
    uint64_t ids[N];
    int64_t times[N];
} scene;

static rr_ledger_config small_config(void)
{
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = 2 * N;
    config.state_dim = S;
    config.reward_wait = 10;
    return config;
}

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    const rr_ledger_config config = small_config();
    ck_assert_int_eq(rr_ledger_create(&t->ledger, &config, NULL, NULL), RR_OK);
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .state_dim = S,
                      .states = t->states,
                      .sessions = t->ids,
                      .decisions = t->ids,
                      .times = t->times};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .policy_versions = t->ids};
    t->outcome = (rr_outcome){
        .struct_size = sizeof t->outcome, .n = N, .decisions = t->ids, .rewards = t->rewards};
    for (uint64_t i = 0; i < N; i++) {
        t->ids[i] = 70 + i;
    }
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_int_eq(err->status, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

static rr_ledger_counts count(const scene *t)
{
    rr_ledger_counts c = {.struct_size = sizeof c};
    ck_assert_int_eq(rr_ledger_get_counts(t->ledger, &c, NULL), RR_OK);
    return c;
}

START_TEST(test_api_ledger_null_arguments_are_refused_by_name)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    size_t bytes = 0;
    const rr_ledger_config config = small_config();
    rr_ending ending = {.struct_size = sizeof ending, .n = 1, .sessions = t.ids};
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    expect(rr_ledger_create(NULL, &config, NULL, &err), RR_E_INVALID, &err,
           "rr_ledger_create: out is NULL");
    ck_assert_int_eq(rr_ledger_memory(NULL, &bytes, &err), RR_OK); /* the defaults */
    ck_assert_uint_gt(bytes, 0);
    expect(rr_ledger_memory(&config, NULL, &err), RR_E_INVALID, &err, "bytes is NULL");
    expect(rr_ledger_record(NULL, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "rr_ledger_record: ledger is NULL");
    expect(rr_ledger_reward(NULL, &t.outcome, NULL, &err), RR_E_INVALID, &err,
           "rr_ledger_reward: ledger is NULL");
    expect(rr_ledger_end(NULL, &ending, NULL, &err), RR_E_INVALID, &err, "ledger is NULL");
    expect(rr_ledger_settle(NULL, 0, NULL, &err), RR_E_INVALID, &err, "ledger is NULL");
    expect(rr_ledger_get_counts(NULL, &counts, &err), RR_E_INVALID, &err, "ledger is NULL");
    expect(rr_ledger_drop_ready(NULL, &err), RR_E_INVALID, &err, "ledger is NULL");
    const uint64_t key = 1;
    expect(rr_ledger_forget(NULL, &key, 1, NULL, &err), RR_E_INVALID, &err, "ledger is NULL");
    expect(rr_ledger_record(t.ledger, NULL, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "rr_obs is NULL");
    expect(rr_ledger_record(t.ledger, &t.obs, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_decision is NULL");
    expect(rr_ledger_reward(t.ledger, NULL, NULL, &err), RR_E_INVALID, &err, "rr_outcome is NULL");
    expect(rr_ledger_end(t.ledger, NULL, NULL, &err), RR_E_INVALID, &err, "rr_ending is NULL");
    expect(rr_ledger_get_counts(t.ledger, NULL, &err), RR_E_INVALID, &err,
           "rr_ledger_counts is NULL");
    counts.struct_size = 3;
    expect(rr_ledger_settle(t.ledger, 0, &counts, &err), RR_E_INVALID, &err,
           "rr_ledger_counts: struct_size is 3");
    ck_assert_int_eq(rr_ledger_is_full(NULL), 1); /* a loop that waits for it comes to its end */
    ck_assert_int_eq(rr_ledger_count(NULL), 0);
    rr_ledger_clear(NULL);
    rr_ledger_destroy(NULL);
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_names_what_is_missing)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    const rr_obs obs = t.obs;
    const rr_decision decision = t.decision;
    t.obs.states = NULL;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "obs states is NULL");
    t.obs = obs;
    t.obs.sessions = NULL;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "obs sessions is NULL");
    t.obs = obs;
    t.obs.times = NULL;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "obs times is NULL");
    t.obs = obs;
    t.decision.actions = NULL;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "decision actions is NULL");
    t.decision = decision;
    t.decision.policy_versions = NULL;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "decision policy_versions is NULL");
    t.decision = decision;
    t.decision.n = 1;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "obs n is 2 and decision n 1");
    t.outcome.decisions = NULL;
    expect(rr_ledger_reward(t.ledger, &t.outcome, NULL, &err), RR_E_INVALID, &err,
           "decisions is NULL");
    t.outcome.decisions = t.ids;
    t.outcome.rewards = NULL;
    expect(rr_ledger_reward(t.ledger, &t.outcome, NULL, &err), RR_E_INVALID, &err,
           "rewards is NULL");
    t.outcome.rewards = t.rewards;
    t.outcome.n = 0;
    expect(rr_ledger_reward(t.ledger, &t.outcome, NULL, &err), RR_E_INVALID, &err, "n is 0");
    expect(rr_ledger_forget(t.ledger, NULL, 1, NULL, &err), RR_E_INVALID, &err, "sessions is NULL");
    expect(rr_ledger_forget(t.ledger, t.ids, 0, NULL, &err), RR_E_INVALID, &err, "n is 0");
    rr_ending ending = {.struct_size = sizeof ending, .n = 1};
    expect(rr_ledger_end(t.ledger, &ending, NULL, &err), RR_E_INVALID, &err, "sessions is NULL");
    ending.sessions = t.ids;
    ending.n = 0;
    expect(rr_ledger_end(t.ledger, &ending, NULL, &err), RR_E_INVALID, &err, "n is 0");
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_dropping_what_is_ready_leaves_open_sessions)
{
    scene t;
    open_scene(&t);
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL), RR_OK);
    const uint8_t ended[N] = {1};
    t.outcome.terminated = ended;
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_drop_ready(t.ledger, NULL), RR_OK); /* it waits */
    rr_ledger_counts c = {.struct_size = sizeof c};
    ck_assert_int_eq(rr_ledger_settle(t.ledger, 10, &c, NULL), RR_OK);
    ck_assert_int_eq(c.ready, 1);
    ck_assert_int_eq(rr_ledger_drop_ready(t.ledger, NULL), RR_OK);
    c = count(&t);
    ck_assert_int_eq(c.open, N - 1);
    ck_assert_int_eq(c.dropped, 1);
    ck_assert_int_eq(c.rejected, 0);
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_a_forgotten_user_leaves_no_row_and_a_late_reward_is_unknown)
{
    scene t;
    open_scene(&t);
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL), RR_OK);
    int64_t n_rows = -1;
    const uint64_t keys[] = {t.obs.sessions[0], 4711};
    ck_assert_int_eq(rr_ledger_forget(t.ledger, keys, 2, &n_rows, NULL), RR_OK);
    ck_assert_int_eq(n_rows, 1);
    ck_assert_int_eq(rr_ledger_count(t.ledger), N - 1);
    ck_assert_int_eq(rr_ledger_forget(t.ledger, keys, 2, &n_rows, NULL), RR_OK);
    ck_assert_int_eq(n_rows, 0);
    int32_t statuses[N];
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, statuses, NULL), RR_OK);
    ck_assert_int_eq(statuses[0], RR_E_NOT_FOUND);
    ck_assert_int_eq(statuses[1], RR_OK);
    const rr_ledger_counts c = count(&t);
    ck_assert_int_eq(c.dropped, 1);
    ck_assert_int_eq(c.unknown, 1);
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_counts_all_that_came)
{
    scene t;
    open_scene(&t);
    rr_ledger_counts c;
    size_t bytes = 0;
    const rr_ledger_config config = small_config();
    ck_assert_int_eq(rr_ledger_memory(&config, &bytes, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, NULL, NULL), RR_OK); /* too early */
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL),
                     RR_OK); /* again */
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, NULL, NULL), RR_OK);
    c = count(&t);
    ck_assert_int_eq(c.max_rows, 2 * N);
    ck_assert_int_eq(c.rows, N);
    ck_assert_int_eq(c.open, N);
    ck_assert_int_eq(c.open_sessions, N);
    ck_assert_int_eq(c.recorded, N);
    ck_assert_int_eq(c.duplicate, N);
    ck_assert_int_eq(c.rewarded, N);
    ck_assert_int_eq(c.unknown, N);
    ck_assert_int_eq(c.bytes, (int64_t)bytes);
    const uint64_t key = 71;
    rr_ending ending = {.struct_size = sizeof ending, .n = 1, .sessions = &key};
    ck_assert_int_eq(rr_ledger_end(t.ledger, &ending, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_settle(t.ledger, 9, &c, NULL), RR_OK);
    ck_assert_int_eq(c.waiting, 1);
    ck_assert_int_eq(rr_ledger_settle(t.ledger, 10, &c, NULL), RR_OK);
    ck_assert_int_eq(c.ready, 1);
    ck_assert_int_eq(c.ready_sessions, 1);
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_settle(t.ledger, 0, &c, NULL), RR_OK); /* held */
    ck_assert_int_eq(c.late, N);
    ck_assert_int_eq(rr_ledger_count(t.ledger), N);
    ck_assert_int_eq(rr_ledger_is_full(t.ledger), 0);
    t.obs.decisions = t.obs.sessions = (const uint64_t[]){1, 2};
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_is_full(t.ledger), 1);
    rr_error err = {0};
    t.obs.decisions = t.obs.sessions = (const uint64_t[]){3, 4};
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_FULL, &err,
           "all 4 rows (max_rows) are taken: settle and update");
    rr_ledger_clear(t.ledger);
    c = count(&t);
    ck_assert_int_eq(c.rows + c.recorded + c.duplicate + c.rewarded + c.late + c.unknown, 0);
    ck_assert_int_eq(rr_ledger_is_full(t.ledger), 0);
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_counts_are_read_without_moving_the_clock)
{
    scene t;
    open_scene(&t);
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL), RR_OK);
    rr_ending ending = {.struct_size = sizeof ending, .n = N, .sessions = t.ids};
    ck_assert_int_eq(rr_ledger_end(t.ledger, &ending, NULL, NULL), RR_OK);
    for (int i = 0; i < 3; i++) {
        const rr_ledger_counts c = count(&t);
        ck_assert(c.waiting == N && c.ready == 0);
    }
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, NULL, NULL), RR_OK);
    ck_assert_int_eq(count(&t).rewarded, N); /* not late */
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_statuses_are_of_each_row_and_nothing_else_is_written)
{
    scene t;
    open_scene(&t);
    int32_t statuses[N] = {7, 7};
    t.log_probs[0] = 0.5f; /* the log of no probability */
    const rr_decision decision = t.decision;
    const rr_outcome outcome = t.outcome;
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, statuses, NULL), RR_OK);
    ck_assert(statuses[0] == RR_E_INVALID && statuses[1] == RR_OK);
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, statuses, NULL), RR_OK);
    ck_assert(statuses[0] == RR_E_NOT_FOUND && statuses[1] == RR_OK);
    const rr_ending ending = {.struct_size = sizeof ending, .n = N, .sessions = t.ids};
    ck_assert_int_eq(rr_ledger_end(t.ledger, &ending, statuses, NULL), RR_OK);
    ck_assert(statuses[0] == RR_E_NOT_FOUND && statuses[1] == RR_OK);
    ck_assert_mem_eq(&t.decision, &decision, sizeof decision);
    ck_assert_mem_eq(&t.outcome, &outcome, sizeof outcome);
    rr_ledger_destroy(t.ledger);
}
END_TEST

START_TEST(test_api_ledger_a_wrong_clock_is_refused_and_can_be_put_right)
{
    scene t;
    open_scene(&t);
    rr_error err = {0};
    const int64_t seconds = 1700000000, milliseconds = seconds * 1000;
    ck_assert_int_eq(count(&t).clock, INT64_MIN);
    ck_assert_int_eq(rr_ledger_settle(t.ledger, milliseconds, NULL, NULL), RR_OK); /* the first */
    expect(rr_ledger_settle(t.ledger, seconds, NULL, &err), RR_E_INVALID, &err,
           "now is 1700000000, but the clock is 1700000000000");
    t.times[0] = t.times[1] = seconds;
    expect(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID, &err,
           "times[0] is 1700000000, but the clock is 1700000000000");
    ck_assert_int_eq(rr_ledger_set_clock(t.ledger, seconds, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_settle(t.ledger, seconds + 5, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_reward(t.ledger, &t.outcome, NULL, NULL), RR_OK);
    ck_assert_int_eq(count(&t).rewarded, N); /* none is late */
    ck_assert_int_eq(count(&t).clock, seconds + 5);

    /* Whoever means a jump says so. */
    const int64_t year = 365 * 24 * 3600;
    expect(rr_ledger_settle(t.ledger, seconds + year, NULL, &err), RR_E_INVALID, &err, "but the");
    ck_assert_int_eq(rr_ledger_set_clock(t.ledger, seconds + year, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_settle(t.ledger, seconds + year, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_set_clock(t.ledger, INT64_MIN, NULL), RR_OK); /* as if never set */
    ck_assert_int_eq(rr_ledger_settle(t.ledger, seconds + 6, NULL, NULL), RR_OK);
    expect(rr_ledger_settle(t.ledger, INT64_MIN, NULL, &err), RR_E_INVALID, &err, "INT64_MIN");
    expect(rr_ledger_set_clock(NULL, 0, &err), RR_E_INVALID, &err, "ledger is NULL");
    rr_ledger_destroy(t.ledger);
}
END_TEST

typedef struct tally {
    size_t n_live, live_bytes, largest;
    int refuses;
} tally;

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    tally *l = user;
    l->largest = bytes > l->largest ? bytes : l->largest;
    void *block = l->refuses ? NULL : aligned_alloc(alignment, bytes);
    l->n_live += block != NULL;
    l->live_bytes += block != NULL ? bytes : 0;
    return block;
}

static void release(void *user, void *block, size_t bytes)
{
    ((tally *)user)->n_live--;
    ((tally *)user)->live_bytes -= bytes;
    free(block);
}

START_TEST(test_api_ledger_memory_is_what_create_takes_and_destroy_gives_back)
{
    tally l = {0};
    const rr_host host = {
        .struct_size = sizeof host, .allocate = allocate, .release = release, .user = &l};
    rr_ledger_config config = small_config();
    config.max_candidates = 7;
    config.feature_dim = 3;
    config.item_dim = 2;
    config.max_excluded = 4;
    config.max_history = 5;
    rr_error err = {0};
    size_t bytes = 0;
    rr_ledger *ledger = NULL;
    for (int32_t sessions = 0; sessions < 4; sessions++) {
        config.max_sessions = sessions;
        ck_assert_int_eq(rr_ledger_memory(&config, &bytes, NULL), RR_OK);
        ck_assert_int_eq(rr_ledger_create(&ledger, &config, &host, NULL), RR_OK);
        ck_assert_uint_eq(l.live_bytes, bytes);
        rr_ledger_counts c = {.struct_size = sizeof c};
        ck_assert_int_eq(rr_ledger_get_counts(ledger, &c, NULL), RR_OK);
        ck_assert_int_eq(c.bytes, (int64_t)bytes);
        rr_ledger_destroy(ledger);
        ck_assert(l.n_live == 0 && l.live_bytes == 0);
    }
    ledger = NULL;
    l.refuses = 1;
    expect(rr_ledger_create(&ledger, &config, &host, &err), RR_E_MEMORY, &err, "ledger:");
    ck_assert_ptr_null(ledger);
    config.max_rows = config.max_candidates = config.item_dim = config.feature_dim = INT32_MAX;
    expect(rr_ledger_memory(&config, &bytes, &err), RR_E_MEMORY, &err,
           "do not fit into the address space");
    config.max_rows = 0;
    expect(rr_ledger_memory(&config, &bytes, &err), RR_E_INVALID, &err,
           "ledger config: max_rows is 0");
}
END_TEST

CHECK_MAIN("api/api_ledger", test_api_ledger_null_arguments_are_refused_by_name,
           test_api_ledger_names_what_is_missing,
           test_api_ledger_dropping_what_is_ready_leaves_open_sessions,
           test_api_ledger_a_forgotten_user_leaves_no_row_and_a_late_reward_is_unknown,
           test_api_ledger_counts_all_that_came,
           test_api_ledger_counts_are_read_without_moving_the_clock,
           test_api_ledger_statuses_are_of_each_row_and_nothing_else_is_written,
           test_api_ledger_a_wrong_clock_is_refused_and_can_be_put_right,
           test_api_ledger_memory_is_what_create_takes_and_destroy_gives_back)
