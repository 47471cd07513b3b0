/* SPDX-License-Identifier: MIT */
/* Agents with an encoder, through recrl.h: what they read, what they refuse, and what a final
 * history is worth. That they keep the promises of bytes, threads, memory and files is tried with
 * all machines, of which three have an encoder. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 4, S = 3, D = 8, H = 6, ITEMS = 20, BLOB = 4096 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    float states[N * S], rewards[N * H];
    int32_t history[N * H], actions[N];
    float log_probs[N], values[N];
    uint64_t versions[N], sessions[N], decisions[N];
    rr_obs obs;
    rr_decision decision;
    rr_error err;
} scene;

static void need(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static void refuse(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d: %s", got, err->text);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

static rr_agent_config config_of(int32_t encoder)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = N;
    config.max_history = H;
    config.max_update_rows = 64;
    config.encoder = encoder;
    config.encoder_width = 4;
    config.has_repeat_weight = 0; /* which reads the history too */
    config.encoder_history = H;
    return config;
}

static scene *begin(int32_t encoder)
{
    scene *t = calloc(1, sizeof *t);
    const rr_agent_config config = config_of(encoder);
    rr_ppo_config ppo;
    rr_buffer_config buffer;
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_buffer_config_init(&buffer, sizeof buffer);
    ppo.n_steps = 4;
    ppo.batch_size = 64; /* one step, so that its loss is that of the present values */
    ppo.update_epochs = 1;
    need(rr_items_create_random(&t->items, ITEMS, D, 3, NULL, &t->err), &t->err);
    need(rr_agent_create(&t->agent, &config, &ppo, t->items, NULL, &t->err), &t->err);
    need(rr_agent_fit_buffer_config(t->agent, N, &buffer, &t->err), &t->err);
    ck_assert_int_eq(buffer.for_encoder, encoder != RR_ENCODER_NONE);
    need(rr_buffer_create(&t->buffer, &buffer, NULL, &t->err), &t->err);
    for (int32_t i = 0; i < N * H; i++) {
        t->history[i] = i % H < i / H ? -1 : (i * 5) % ITEMS;
        t->rewards[i] = t->history[i] < 0 ? 0.0f : 0.1f * (float)(i % 7) - 0.3f;
    }
    for (int32_t i = 0; i < N * S; i++) {
        t->states[i] = 0.2f * (float)(i % 5) - 0.4f;
    }
    for (uint64_t i = 0; i < N; i++) {
        t->sessions[i] = i + 1;
        t->decisions[i] = i + 100;
    }
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_history = H,
                      .state_dim = S,
                      .states = t->states,
                      .history = t->history,
                      .history_rewards = t->rewards,
                      .pool = t->items};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .values = t->values,
                                .policy_versions = t->versions};
    return t;
}

static void end(scene *t)
{
    rr_buffer_destroy(t->buffer);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
    free(t);
}

/* So that nothing that reads an encoding is at 0. */
static void stir(scene *t)
{
    for (int32_t i = 0; i < rr_agent_tensor_count(t->agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        need(rr_agent_tensor_at(t->agent, i, &tensor, &t->err), &t->err);
        const int64_t n = tensor.shape[0] * (tensor.n_dims == 2 ? tensor.shape[1] : 1);
        float *values = malloc((size_t)n * sizeof *values);
        for (int64_t j = 0; j < n; j++) {
            values[j] = 0.05f * (float)((j * 7 + i * 3) % 19) - 0.4f;
        }
        need(rr_agent_set_tensor(t->agent, tensor.name, values, n, &t->err), &t->err);
        free(values);
    }
}

static void values_of(scene *t, float values[N])
{
    static const int32_t actions[N] = {0};
    need(rr_agent_evaluate(t->agent, &t->obs, actions, NULL, NULL, values, &t->err), &t->err);
}

START_TEST(test_encoder_refuses_a_config_that_says_what_it_has_not)
{
    static const struct {
        const char *field, *value, *sentence;
        rr_status status;
    } cases[] = {
        {"head", "dense", "with the dense head", RR_E_UNSUPPORTED},
        {"has_trained_items", "1", "with has_trained_items 1", RR_E_UNSUPPORTED},
        {"reward_model", "1", "with reward_model 1", RR_E_UNSUPPORTED},
        {"item_feature_dim", "2", "item_feature_dim", RR_E_UNSUPPORTED},
        {"encoder_layers", "2", "encoder_layers is 2; it must be 1", RR_E_INVALID},
        {"encoder_heads", "2", "encoder_heads is 2; it must be 1", RR_E_INVALID},
        {"max_history", "0", "max_history is 0; with an encoder", RR_E_INVALID},
    };
    scene *t = begin(RR_ENCODER_GRU);
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_agent *agent = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rr_agent_config config = config_of(RR_ENCODER_GRU);
        need(rr_config_set(&config, cases[i].field, cases[i].value, &t->err), &t->err);
        refuse(rr_agent_create(&agent, &config, &ppo, t->items, NULL, &t->err), cases[i].status,
               &t->err, cases[i].sentence);
    }
    rr_agent_config config = config_of(RR_ENCODER_TRANSFORMER);
    config.encoder_heads = 3;
    refuse(rr_agent_create(&agent, &config, &ppo, t->items, NULL, &t->err), RR_E_INVALID, &t->err,
           "encoder_heads is 3; it must divide encoder_width, 4");
    config.encoder_heads = 1;
    refuse(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &t->err), RR_E_UNSUPPORTED, &t->err,
           "with no items");
    end(t);
}
END_TEST

/* A host that forgets the history would play without memory and never hear of it. */
START_TEST(test_encoder_refuses_a_request_without_history)
{
    scene *t = begin(RR_ENCODER_MEAN);
    rr_obs obs = t->obs;
    obs.history = NULL;
    refuse(rr_agent_act(t->agent, &obs, &t->decision, &t->err), RR_E_INVALID, &t->err,
           "obs: history is NULL; this agent's encoder reads it");
    obs = t->obs;
    obs.history_rewards = NULL;
    refuse(rr_agent_act(t->agent, &obs, &t->decision, &t->err), RR_E_INVALID, &t->err,
           "obs: history_rewards is NULL");
    obs = t->obs;
    obs.n_history = 0;
    obs.history_rewards = NULL;
    need(rr_agent_act(t->agent, &obs, &t->decision, &t->err), &t->err);
    t->rewards[H + 2] = NAN;
    refuse(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), RR_E_NOT_FINITE, &t->err,
           "obs: history_rewards[1][2] is nan");
    end(t);
}
END_TEST

START_TEST(test_encoder_refuses_rows_that_do_not_keep_what_it_learns_from)
{
    scene *t = begin(RR_ENCODER_GRU);
    rr_buffer_config config;
    rr_buffer *bare = NULL;
    static const uint8_t truncated[N] = {0, 1, 0, 0};
    rr_obs final_obs = t->obs;
    rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = t->states, .final_obs = &final_obs};
    rr_buffer_config_init(&config, sizeof config);
    need(rr_agent_fit_buffer_config(t->agent, N, &config, &t->err), &t->err);
    config.for_encoder = 0;
    need(rr_buffer_create(&bare, &config, NULL, &t->err), &t->err);
    need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
    need(rr_buffer_record(bare, &t->obs, &t->decision, &t->err), &t->err);
    need(rr_buffer_reward(bare, &outcome, &t->err), &t->err);
    refuse(rr_agent_update(t->agent, bare, &t->obs, NULL, &t->err), RR_E_MISMATCH, &t->err,
           "for_encoder of the buffer is 0");
    rr_buffer_destroy(bare);

    rr_obs forgetful = t->obs;
    forgetful.history_rewards = NULL;
    refuse(rr_buffer_record(t->buffer, &forgetful, &t->decision, &t->err), RR_E_INVALID, &t->err,
           "record: history_rewards is NULL beside history");
    need(rr_buffer_record(t->buffer, &t->obs, &t->decision, &t->err), &t->err);
    outcome.truncated = truncated;
    final_obs.history = NULL;
    refuse(rr_buffer_reward(t->buffer, &outcome, &t->err), RR_E_INVALID, &t->err,
           "reward: final_obs history is NULL; this handle was made with for_encoder 1");
    final_obs = t->obs;
    final_obs.n_history = H + 1;
    refuse(rr_buffer_reward(t->buffer, &outcome, &t->err), RR_E_INVALID, &t->err,
           "final_obs n_history is 7");
    final_obs = t->obs;
    need(rr_buffer_reward(t->buffer, &outcome, &t->err), &t->err);
    refuse(rr_agent_update(t->agent, t->buffer, &forgetful, NULL, &t->err), RR_E_INVALID, &t->err,
           "update obs: history_rewards is NULL");
    need(rr_agent_update(t->agent, t->buffer, &t->obs, NULL, &t->err), &t->err);
    end(t);
}
END_TEST

static const float EARNED[N] = {0.3f, -0.2f, 0.1f, 0.5f};
static const uint8_t CUT[N] = {1, 1, 1, 1};

/* ½ mean (V − R)² of a step after which each session is cut off: R = r + γ V(final), with V of the
 * history that final_obs has. */
static double expected_loss(scene *t, const rr_obs *final_obs)
{
    float now[N], final_values[N];
    const rr_obs before = t->obs;
    values_of(t, now);
    t->obs = *final_obs;
    values_of(t, final_values);
    t->obs = before;
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double target = (double)EARNED[i] + 0.9 * (double)final_values[i];
        loss += 0.5 * ((double)now[i] - target) * ((double)now[i] - target) / N;
    }
    return loss;
}

/* The history after one more item, which is another in each row. */
static rr_obs final_of(const scene *t, int32_t history[N * H])
{
    for (int32_t i = 0; i < N * H; i++) {
        history[i] = i % H == H - 1 ? 9 + i / H : t->history[i + 1];
    }
    rr_obs final_obs = t->obs;
    final_obs.history = history;
    return final_obs;
}

START_TEST(test_encoder_a_session_cut_off_is_bootstrapped_from_its_final_history)
{
    for (int32_t encoder = RR_ENCODER_MEAN; encoder <= RR_ENCODER_TRANSFORMER; encoder++) {
        scene *t = begin(encoder);
        int32_t history[N * H];
        const rr_obs final_obs = final_of(t, history);
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = N,
                                    .rewards = EARNED,
                                    .truncated = CUT,
                                    .final_obs = &final_obs};
        rr_stats stats = {.struct_size = sizeof stats};
        stir(t);
        const double expected = expected_loss(t, &final_obs);
        ck_assert_double_gt(fabs(expected - expected_loss(t, &t->obs)), 1e-4); /* it matters */
        need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
        need(rr_buffer_record(t->buffer, &t->obs, &t->decision, &t->err), &t->err);
        need(rr_buffer_reward(t->buffer, &outcome, &t->err), &t->err);
        need(rr_agent_update(t->agent, t->buffer, NULL, &stats, &t->err), &t->err);
        ck_assert_double_eq_tol((double)stats.value_loss, expected, 1e-5);
        end(t);
    }
}
END_TEST

static rr_ledger *ledger_of(scene *t)
{
    rr_ledger_config config;
    rr_ledger *ledger = NULL;
    rr_ledger_config_init(&config, sizeof config);
    need(rr_agent_fit_ledger_config(t->agent, &config, &t->err), &t->err);
    ck_assert_int_eq(config.for_encoder, 1);
    config.max_rows = 2 * N;
    need(rr_ledger_create(&ledger, &config, NULL, &t->err), &t->err);
    return ledger;
}

/* Acts with a snapshot, so that the rows are of a version that the agent knows. */
static void act_with_snapshot(scene *t)
{
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    float log_probs[N];
    need(rr_agent_publish(t->agent, NULL, &policy, &t->err), &t->err);
    need(rr_reader_create(&reader, policy, 1, NULL, &t->err), &t->err);
    t->obs.sessions = t->sessions;
    t->obs.decisions = t->decisions;
    need(rr_policy_act(policy, reader, &t->obs, &t->decision, &t->err), &t->err);
    memcpy(log_probs, t->log_probs, sizeof log_probs);
    need(rr_agent_act(t->agent, &t->obs, &t->decision, &t->err), &t->err);
    ck_assert_mem_eq(log_probs, t->log_probs, sizeof log_probs);
    rr_reader_destroy(reader);
    rr_policy_release(policy);
}

/* The rows and their endings by blobs, whose final observations are of the first catalogue; in the
 * second one the same keys stand elsewhere. */
static void import_all(scene *t, rr_ledger *ledger, const rr_outcome *outcome, rr_items *pool)
{
    static _Alignas(8) unsigned char blobs[2 * N * BLOB], work[BLOB];
    uint64_t offsets[2 * N + 1] = {0};
    int32_t n_taken = 0;
    for (int32_t i = 0; i < 2 * N; i++) {
        size_t bytes = 0;
        unsigned char *at = blobs + offsets[i];
        need(i < N ? rr_record_encode(&t->obs, &t->decision, i, at, BLOB, &bytes, &t->err)
                   : rr_outcome_encode(outcome, i - N, at, BLOB, &bytes, &t->err),
             &t->err);
        offsets[i + 1] = offsets[i] + bytes;
    }
    need(rr_ledger_import(ledger, blobs, offsets, 2 * N, pool, work, sizeof work, NULL, &n_taken,
                          &t->err),
         &t->err);
    ck_assert_int_eq(n_taken, 2 * N);
}

START_TEST(test_encoder_a_ledger_and_a_log_keep_final_histories)
{
    for (int is_imported = 0; is_imported < 2; is_imported++) {
        scene *t = begin(RR_ENCODER_GRU);
        int32_t history[N * H];
        const rr_obs final_obs = final_of(t, history);
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = N,
                                    .decisions = t->decisions,
                                    .rewards = EARNED,
                                    .truncated = CUT,
                                    .final_obs = &final_obs};
        rr_stats stats = {.struct_size = sizeof stats};
        stir(t);
        rr_ledger *ledger = ledger_of(t);
        act_with_snapshot(t);
        const double expected = expected_loss(t, &final_obs);
        if (is_imported != 0) {
            import_all(t, ledger, &outcome, t->items);
        } else {
            need(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), &t->err);
            need(rr_ledger_reward(ledger, &outcome, NULL, &t->err), &t->err);
        }
        need(rr_agent_update_sessions(t->agent, ledger, &stats, &t->err), &t->err);
        ck_assert_int_eq(stats.n_rows, N);
        ck_assert_double_eq_tol((double)stats.value_loss, expected, 1e-5);
        rr_ledger_destroy(ledger);
        end(t);
    }
}
END_TEST

START_TEST(test_encoder_a_history_that_was_not_the_one_seen_is_skew)
{
    for (int is_reward = 0; is_reward < 2; is_reward++) {
        scene *t = begin(RR_ENCODER_TRANSFORMER);
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = N,
                                    .decisions = t->decisions,
                                    .rewards = EARNED,
                                    .terminated = CUT};
        stir(t);
        rr_ledger *ledger = ledger_of(t);
        act_with_snapshot(t);
        if (is_reward != 0) {
            t->rewards[2 * H + 4] += 0.125f;
        } else {
            t->history[2 * H + 4] = 19;
        }
        need(rr_ledger_record(ledger, &t->obs, &t->decision, NULL, &t->err), &t->err);
        need(rr_ledger_reward(ledger, &outcome, NULL, &t->err), &t->err);
        refuse(rr_agent_update_sessions(t->agent, ledger, NULL, &t->err), RR_E_SKEW, &t->err,
               "decision 102");
        rr_ledger_destroy(ledger);
        end(t);
    }
}
END_TEST

/* What was shown and what it earned decide alone: states are all the same, and two rows of each
 * pair were shown one item, which earned the opposite. */
START_TEST(test_encoder_imitation_learns_from_history)
{
    for (int32_t encoder = RR_ENCODER_NONE; encoder <= RR_ENCODER_TRANSFORMER; encoder++) {
        static const int32_t shown[N] = {2, 2, 12, 12}, next[N] = {7, 12, 17, 2};
        scene *t = begin(encoder);
        rr_imitate_config config;
        rr_imitate_config_init(&config, sizeof config);
        config.epochs = 300;
        config.until = 0.0f;
        config.batch_size = 4;
        memset(t->states, 0, sizeof t->states);
        for (size_t i = 0; i < N * H; i++) {
            t->history[i] = i % H == H - 1 ? shown[i / H] : -1;
            t->rewards[i] = t->history[i] < 0 ? 0.0f : i / H % 2 == 0 ? 1.0f : -1.0f;
        }
        need(rr_agent_imitate(t->agent, &t->obs, next, NULL, NULL, &config, NULL, &t->err),
             &t->err);
        float log_probs[N];
        double mean = 0.0;
        need(rr_agent_evaluate(t->agent, &t->obs, next, log_probs, NULL, NULL, &t->err), &t->err);
        for (size_t i = 0; i < N; i++) {
            mean += (double)log_probs[i] / N;
        }
        if (encoder == RR_ENCODER_NONE) {
            ck_assert_double_lt(mean, -1.3); /* at best one of four */
        } else {
            ck_assert_double_gt(mean, -0.2);
        }
        end(t);
    }
}
END_TEST

/* The log-probs of what two sessions of two rows did, after it was imitated in one or more passes.
 */
static void imitate_sessions(float log_probs[N], int32_t batch_size, int32_t whole_sessions)
{
    static const int32_t shown[N] = {-1, 2, -1, 12}, next[N] = {2, 7, 12, 17};
    scene *t = begin(RR_ENCODER_GRU);
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    ck_assert_int_eq(config.whole_sessions, 1);
    config.whole_sessions = whole_sessions;
    config.batch_size = batch_size;
    config.until = 0.0f;
    config.epochs = batch_size < N ? 8 : 1; /* of all rows the order is one of additions alone */
    for (size_t i = 0; i < N * H; i++) {
        t->history[i] = i % H == H - 1 ? shown[i / H] : -1;
    }
    stir(t);
    need(rr_agent_imitate(t->agent, &t->obs, next, NULL, NULL, &config, NULL, &t->err), &t->err);
    need(rr_agent_evaluate(t->agent, &t->obs, next, log_probs, NULL, NULL, &t->err), &t->err);
    end(t);
}

START_TEST(test_encoder_imitates_whole_sessions_or_rows)
{
    for (int32_t batch_size = 2; batch_size <= N; batch_size += 2) {
        float rows[N], sessions[N];
        double apart = 0.0;
        imitate_sessions(rows, batch_size, 0);
        imitate_sessions(sessions, batch_size, 1);
        for (size_t i = 0; i < N; i++) {
            apart = fmax(apart, fabs((double)(rows[i] - sessions[i])));
        }
        if (batch_size < N) {
            ck_assert_double_gt(apart, 1e-3);
        } else {
            ck_assert_double_lt(apart, 1e-5);
        }
    }
}
END_TEST

CHECK_MAIN("loop/encoder", test_encoder_refuses_a_config_that_says_what_it_has_not,
           test_encoder_refuses_a_request_without_history,
           test_encoder_refuses_rows_that_do_not_keep_what_it_learns_from,
           test_encoder_a_session_cut_off_is_bootstrapped_from_its_final_history,
           test_encoder_a_ledger_and_a_log_keep_final_histories,
           test_encoder_a_history_that_was_not_the_one_seen_is_skew,
           test_encoder_imitation_learns_from_history, test_encoder_imitates_whole_sessions_or_rows)
