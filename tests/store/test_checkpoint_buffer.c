/* SPDX-License-Identifier: MIT */
/* A ledger in a checkpoint: what is restored goes on as what was saved. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "check_run.h"
#include "checkpoint_parts.h"
#include "core/hash.h"
#include "ledger/ledger.h"
#include "recrl/recrl.h"

enum { S = 3, D = 3, ITEMS = 12, ROWS = 64 };

typedef struct server {
    rr_items *items;
    rr_agent *agent;
    rr_ledger *ledger;
    uint64_t random, n_decisions;
    int64_t now;
} server;

static size_t below(server *s, size_t n)
{
    return (size_t)(rri_hash_mix(s->random += 0x9e3779b97f4a7c15u) % n);
}

static rr_ledger_config ledger_config(void)
{
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = ROWS;
    config.state_dim = S;
    config.max_history = 0;
    config.reward_wait = 10;
    config.idle_timeout = 15;
    return config;
}

static void server_open(server *s)
{
    memset(s, 0, sizeof *s);
    ck_assert_int_eq(rr_items_create_random(&s->items, ITEMS, D, 5, NULL, NULL), RR_OK);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = ROWS;
    config.max_skew = 1.0f;
    ck_assert_int_eq(rr_agent_create(&s->agent, &config, NULL, s->items, NULL, NULL), RR_OK);
    const rr_ledger_config ledger = ledger_config();
    ck_assert_int_eq(rr_ledger_create(&s->ledger, &ledger, NULL, NULL), RR_OK);
}

static void server_close(server *s)
{
    rr_ledger_destroy(s->ledger);
    rr_agent_destroy(s->agent);
    rr_items_release(s->items);
}

/* One tick: a request of some user, a reward for some decision, now and then an end or an update.
 */
static void tick(server *s)
{
    float state[S], log_prob, reward = (float)below(s, 9) / 8.0f;
    for (size_t i = 0; i < S; i++) {
        state[i] = (float)below(s, 1000) / 500.0f - 1.0f;
    }
    int32_t action;
    uint64_t version;
    const uint64_t session = below(s, 7), decision = s->n_decisions++;
    const int64_t time = s->now++;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .state_dim = S,
                        .states = state,
                        .sessions = &session,
                        .decisions = &decision,
                        .times = &time};
    rr_decision made = {.struct_size = sizeof made,
                        .n = 1,
                        .actions = &action,
                        .log_probs = &log_prob,
                        .policy_versions = &version};
    ck_assert_int_eq(rr_agent_act(s->agent, &obs, &made, NULL), RR_OK);
    if (below(s, 40) == 0) {
        log_prob -= 0.25f; /* skew, which is seen as long as the version is kept */
    }
    (void)rr_ledger_record(s->ledger, &obs, &made, NULL, NULL); /* full is fine */
    const uint64_t rewarded = decision - below(s, 13);
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = 1, .decisions = &rewarded, .rewards = &reward};
    ck_assert_int_eq(rr_ledger_reward(s->ledger, &outcome, NULL, NULL), RR_OK);
    if (below(s, 4) == 0) {
        const uint64_t ended = below(s, 7);
        const uint8_t terminated = below(s, 2) == 0;
        const rr_obs final_obs = {
            .struct_size = sizeof final_obs, .n = 1, .state_dim = S, .states = state};
        const rr_ending ending = {.struct_size = sizeof ending,
                                  .n = 1,
                                  .sessions = &ended,
                                  .terminated = &terminated,
                                  .final_obs = below(s, 2) == 0 ? &final_obs : NULL};
        ck_assert_int_eq(rr_ledger_end(s->ledger, &ending, NULL, NULL), RR_OK);
    }
    ck_assert_int_eq(rr_ledger_settle(s->ledger, s->now, NULL, NULL), RR_OK);
    if (below(s, 24) == 0) {
        (void)rr_agent_update_sessions(s->agent, s->ledger, NULL,
                                       NULL); /* may have nothing ready */
    }
}

static rr_checkpoint *parts_of(rr_agent *agent, rr_ledger *ledger)
{
    rr_checkpoint *parts = checkpoint_parts(agent, NULL, NULL);
    parts->ledger = ledger;
    return parts;
}

static unsigned char *save(const server *s, size_t *bytes)
{
    ck_assert_int_eq(rr_checkpoint_save_memory(parts_of(s->agent, s->ledger), NULL, 0, bytes, NULL),
                     RR_OK);
    unsigned char *block = malloc(*bytes);
    ck_assert_int_eq(
        rr_checkpoint_save_memory(parts_of(s->agent, s->ledger), block, *bytes, bytes, NULL),
        RR_OK);
    return block;
}

static void assert_same_file(const server *a, const server *b)
{
    size_t of_a, of_b;
    unsigned char *file_a = save(a, &of_a), *file_b = save(b, &of_b);
    ck_assert_uint_eq(of_a, of_b);
    ck_assert_mem_eq(file_a, file_b, of_a);
    free(file_a);
    free(file_b);
}

START_TEST(test_checkpoint_buffer_restored_goes_on_to_the_byte)
{
    for (int when = 0; when < 400; when += 37) {
        server going, resumed;
        server_open(&going);
        server_open(&resumed);
        for (int i = 0; i < when; i++) {
            tick(&going);
        }
        going.ledger->ledger.n_imitation = when + 1; /* which no tick counts */
        size_t bytes;
        unsigned char *file = save(&going, &bytes);
        for (int i = 0; i < 50; i++) {
            tick(&resumed); /* something else, to be written over */
        }
        rr_error err = {0};
        ck_assert_msg(rr_checkpoint_load_memory(parts_of(resumed.agent, resumed.ledger), file,
                                                bytes, &err) == RR_OK,
                      "%s", err.text);
        resumed.random = going.random;
        resumed.n_decisions = going.n_decisions;
        resumed.now = going.now;
        assert_same_file(&going, &resumed);
        for (int i = 0; i < 200; i++) {
            tick(&going);
            tick(&resumed);
        }
        assert_same_file(&going, &resumed);
        rr_ledger_counts a = {.struct_size = sizeof a}, b = {.struct_size = sizeof b};
        ck_assert_int_eq(rr_ledger_get_counts(going.ledger, &a, NULL), RR_OK);
        ck_assert_int_eq(rr_ledger_get_counts(resumed.ledger, &b, NULL), RR_OK);
        ck_assert_mem_eq(&a, &b, sizeof a);
        ck_assert_int_gt(rr_agent_updates(going.agent), 0);
        ck_assert_int_gt(a.rejected, 0);
        ck_assert_uint_gt(going.agent->trainer.earlier.n, 1);
        free(file);
        server_close(&going);
        server_close(&resumed);
    }
}
END_TEST

/* What is loaded goes on counting, is saved, and loaded again. */
START_TEST(test_checkpoint_buffer_counters_at_their_limits_go_on_and_are_saved)
{
    const int64_t limits[] = {(int64_t)1 << 62, ((int64_t)1 << 62) - 1};
    for (size_t i = 0; i < 2; i++) {
        server going, resumed;
        server_open(&going);
        server_open(&resumed);
        rri_ledger *l = &going.ledger->ledger;
        l->n_recorded = l->n_trained = l->n_dropped = l->n_duplicate = l->n_rewarded = limits[i];
        l->n_late = l->n_unknown = l->n_rejected = l->n_rejected_sessions = limits[i];
        for (int round = 0; round < 3; round++) {
            size_t bytes;
            unsigned char *file = save(&going, &bytes);
            rr_error err = {0};
            const rr_status status = rr_checkpoint_load_memory(
                parts_of(resumed.agent, resumed.ledger), file, bytes, &err);
            ck_assert_msg(status == RR_OK, "%s", err.text);
            free(file);
            resumed.random = going.random;
            resumed.n_decisions = going.n_decisions;
            resumed.now = going.now;
            for (int t = 0; t < 100; t++) {
                tick(&going);
                tick(&resumed);
            }
            assert_same_file(&going, &resumed);
        }
        server_close(&going);
        server_close(&resumed);
    }
}
END_TEST

static void expect_refusal(const server *s, const unsigned char *file, size_t bytes,
                           rr_ledger *ledger, rr_status wanted, const char *sentence)
{
    rr_error err = {0};
    const rr_status got = rr_checkpoint_load_memory(parts_of(s->agent, ledger), file, bytes, &err);
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err.text);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", err.text,
                  sentence);
}

START_TEST(test_checkpoint_buffer_of_another_size_is_refused)
{
    server s;
    server_open(&s);
    for (int i = 0; i < 40; i++) {
        tick(&s);
    }
    size_t bytes;
    unsigned char *file = save(&s, &bytes);
    rr_ledger_config config = ledger_config();
    rr_ledger *other = NULL;
    config.max_sessions = 1;
    ck_assert_int_eq(rr_ledger_create(&other, &config, NULL, NULL), RR_OK);
    expect_refusal(&s, file, bytes, other, RR_E_MISMATCH, "sessions; the one given holds 1");
    ck_assert_int_eq(rr_ledger_count(other), 0);
    rr_ledger_destroy(other);
    config.max_sessions = 0;
    config.max_rows = 2;
    ck_assert_int_eq(rr_ledger_create(&other, &config, NULL, NULL), RR_OK);
    expect_refusal(&s, file, bytes, other, RR_E_MISMATCH, "rows; the one given holds 2");
    rr_ledger_destroy(other);
    rr_error err = {0};
    rr_buffer *rollout = NULL; /* there is a ledger, and no buffer */
    ck_assert_int_eq(rr_buffer_create(&rollout, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rr_checkpoint_load_memory(checkpoint_parts(s.agent, NULL, rollout), file, bytes, &err),
        RR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "it holds no buffer"));
    rr_buffer_destroy(rollout);
    free(file);
    server_close(&s);
}
END_TEST

/* Saved from a buffer that lies; the checksum is right, so only what is read tells. */
START_TEST(test_checkpoint_buffer_whose_sessions_contradict_its_rows_is_refused)
{
    enum { LIES = 5 };
    static const char *const sentences[LIES] = {
        "ledger.session_of[0] is 3", "ledger.session_of[1] is -1", "its rows",
        "ledger.session_ends[0] is 9", "ledger.counters[2] is -1"};
    for (int lie = 0; lie < LIES; lie++) {
        server s;
        server_open(&s);
        for (int i = 0; i < 20; i++) {
            tick(&s);
        }
        rri_ledger *ledger = &s.ledger->ledger;
        switch (lie) {
        case 0:
            ledger->session_of[0] = 3;
            break;
        case 1:
            ledger->session_of[1] = -1;
            break;
        case 2:
            memset(ledger->session_of, 0, s.ledger->rollout.n_rows * sizeof(int32_t));
            break;
        case 3:
            ledger->ends[0] = 9;
            break;
        default:
            ledger->n_recorded = -1;
        }
        size_t bytes;
        unsigned char *file = save(&s, &bytes);
        expect_refusal(&s, file, bytes, s.ledger, RR_E_FORMAT, sentences[lie]);
        free(file);
        server_close(&s);
    }
}
END_TEST

START_TEST(test_checkpoint_buffer_versions_of_the_agent_are_judged)
{
    server s;
    server_open(&s);
    while (s.agent->trainer.versions.n == 0) {
        tick(&s);
    }
    s.agent->trainer.versions.entries[0].temperature = 0.0f;
    size_t bytes;
    unsigned char *file = save(&s, &bytes);
    expect_refusal(&s, file, bytes, NULL, RR_E_FORMAT, "agent.versions[0]");
    free(file);
    s.agent->trainer.versions.entries[0].temperature = 1.0f;
    s.agent->trainer.versions.entries[0].update = s.agent->trainer.n_updates + 1;
    file = save(&s, &bytes);
    expect_refusal(&s, file, bytes, NULL, RR_E_FORMAT, "agent.versions[0]");
    free(file);
    server_close(&s);
}
END_TEST

START_TEST(test_checkpoint_buffer_kept_parameters_that_are_not_their_versions_are_refused)
{
    server s;
    server_open(&s);
    while (s.agent->trainer.earlier.n < 2) {
        tick(&s);
    }
    rri_earlier *earlier = &s.agent->trainer.earlier;
    size_t bytes;
    earlier->values[earlier->n_floats] += 0.5f;
    unsigned char *file = save(&s, &bytes);
    expect_refusal(&s, file, bytes, NULL, RR_E_FORMAT, "agent.kept_values[1]");
    free(file);
    earlier->values[earlier->n_floats] -= 0.5f;
    earlier->next = 9;
    file = save(&s, &bytes);
    expect_refusal(&s, file, bytes, NULL, RR_E_FORMAT, "agent.kept_values[0]");
    free(file);
    server_close(&s);
}
END_TEST

CHECK_MAIN("store/checkpoint_buffer", test_checkpoint_buffer_restored_goes_on_to_the_byte,
           test_checkpoint_buffer_counters_at_their_limits_go_on_and_are_saved,
           test_checkpoint_buffer_of_another_size_is_refused,
           test_checkpoint_buffer_whose_sessions_contradict_its_rows_is_refused,
           test_checkpoint_buffer_versions_of_the_agent_are_judged,
           test_checkpoint_buffer_kept_parameters_that_are_not_their_versions_are_refused)
