/* SPDX-License-Identifier: MIT */
/* The host's number for what columns mean: it travels with all that has columns, and what is of
 * another number is refused at every door, though its widths are right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 4, S = 4, D = 3, F = 3, K = 5, ITEMS = 20, BLOB = 2048 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_ledger *ledger;
    rr_policy *policy;
    rr_reader *reader;
    float states[N * S], features[N * K * F], log_probs[N], values[N], rewards[N];
    int32_t candidates[N * K], actions[N];
    uint64_t ids[N], versions[N];
    uint8_t terminated[N];
    rr_obs obs;
    rr_decision decision;
} scene;

static void must(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

/* Refused, with both numbers. */
static void refused(rr_status status, const rr_error *err, const char *first, const char *second)
{
    ck_assert_msg(status == RR_E_MISMATCH, "%s", rr_status_name(status));
    ck_assert_msg(strstr(err->text, first) != NULL && strstr(err->text, second) != NULL, "\"%s\"",
                  err->text);
}

static rr_agent *create_agent(rr_items *items, uint64_t schema)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = F;
    config.hidden[0] = config.critic_hidden[0] = 6;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = N;
    config.max_candidates = K;
    config.max_history = 0;
    config.schema = schema;
    must(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
    return agent;
}

static void fill_rows(scene *t)
{
    for (size_t i = 0; i < N; i++) {
        t->ids[i] = 100 + i;
        t->rewards[i] = (float)i;
        t->terminated[i] = 1;
        for (size_t j = 0; j < S; j++) {
            t->states[i * S + j] = 0.1f * (float)((i * 7 + j * 3) % 11) - 0.5f;
        }
        for (size_t j = 0; j < K; j++) {
            t->candidates[i * K + j] = (int32_t)((i + j * 3) % ITEMS);
            for (size_t k = 0; k < F; k++) {
                t->features[(i * K + j) * F + k] = 0.2f * (float)((i + j * 5 + k * 2) % 7);
            }
        }
    }
}

static void open_scene(scene *t, uint64_t schema)
{
    rr_error err;
    memset(t, 0, sizeof *t);
    must(rr_items_create_random(&t->items, ITEMS, D, 3, NULL, &err), &err);
    t->agent = create_agent(t->items, schema);
    must(rr_agent_publish(t->agent, NULL, &t->policy, &err), &err);
    must(rr_reader_create(&t->reader, t->policy, 1, NULL, &err), &err);
    rr_buffer_config buffer;
    rr_buffer_config_init(&buffer, sizeof buffer);
    must(rr_agent_fit_buffer_config(t->agent, N, &buffer, &err), &err);
    ck_assert_uint_eq(buffer.schema, schema);
    must(rr_buffer_create(&t->buffer, &buffer, NULL, &err), &err);
    rr_ledger_config ledger;
    rr_ledger_config_init(&ledger, sizeof ledger);
    must(rr_agent_fit_ledger_config(t->agent, &ledger, &err), &err);
    ck_assert_uint_eq(ledger.schema, schema);
    must(rr_ledger_create(&t->ledger, &ledger, NULL, &err), &err);
    fill_rows(t);
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .feature_dim = F,
                      .states = t->states,
                      .candidates = t->candidates,
                      .features = t->features,
                      .schema = schema};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .values = t->values,
                                .policy_versions = t->versions};
}

static void close_scene(scene *t)
{
    rr_ledger_destroy(t->ledger);
    rr_buffer_destroy(t->buffer);
    rr_reader_destroy(t->reader);
    rr_policy_release(t->policy);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static rr_outcome outcome_of(scene *t, const uint64_t *ids)
{
    return (rr_outcome){.struct_size = sizeof(rr_outcome),
                        .n = N,
                        .decisions = ids,
                        .rewards = t->rewards,
                        .terminated = t->terminated};
}

static void with_keys(scene *t)
{
    t->obs.sessions = t->obs.decisions = t->ids;
}

START_TEST(test_schema_requests_of_another_are_refused_at_every_door)
{
    scene t;
    rr_error err;
    rr_slot *slot = NULL;
    rr_reader *joined = NULL;
    open_scene(&t, 2);
    must(rr_slot_create(&slot, t.policy, 1, NULL, &err), &err);
    must(rr_reader_join(&joined, slot, 1, NULL, &err), &err);
    for (uint64_t other = 0; other < 3; other++) { /* 0 is a number as the others are */
        char said[64];
        snprintf(said, sizeof said, "schema is %d", (int)other);
        t.obs.schema = other;
        const rr_status got[] = {
            rr_agent_act(t.agent, &t.obs, &t.decision, &err),
            rr_agent_top_k(t.agent, &t.obs, 1, t.actions, NULL, NULL, &err),
            rr_agent_evaluate(t.agent, &t.obs, t.actions, t.log_probs, NULL, NULL, &err),
            rr_agent_imitate(t.agent, &t.obs, t.actions, NULL, NULL, NULL, NULL, &err),
            rr_policy_act(t.policy, t.reader, &t.obs, &t.decision, &err),
            rr_reader_act(joined, &t.obs, &t.decision, &err),
        };
        for (size_t i = 0; i < sizeof got / sizeof got[0]; i++) {
            if (other == 2) {
                must(got[i], &err);
            } else {
                refused(got[i], &err, said, "this agent's is 2");
            }
        }
    }
    rr_slot_info info = {.struct_size = sizeof info};
    must(rr_slot_describe(slot, &info, &err), &err);
    ck_assert_int_eq(info.n_mismatched, 2);
    rr_reader_destroy(joined);
    rr_slot_release(slot);
    close_scene(&t);
}
END_TEST

START_TEST(test_schema_rows_of_another_are_refused_and_counted)
{
    scene t;
    rr_error err;
    open_scene(&t, 2);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    t.obs.schema = 1;
    refused(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), &err, "schema is 1",
            "this handle's is 2");
    with_keys(&t);
    int32_t statuses[N];
    refused(rr_ledger_record(t.ledger, &t.obs, &t.decision, statuses, &err), &err, "schema is 1",
            "rr_ledger_map_schema");
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    must(rr_ledger_get_counts(t.ledger, &counts, &err), &err);
    ck_assert_int_eq(counts.other_schema, N);
    ck_assert_int_eq(counts.recorded, 0);
    t.obs.schema = 2;
    must(rr_ledger_record(t.ledger, &t.obs, &t.decision, statuses, &err), &err);

    /* Final states have columns, too. */
    const rr_obs final = {
        .struct_size = sizeof final, .n = N, .state_dim = S, .states = t.states, .schema = 1};
    rr_outcome outcome = outcome_of(&t, t.ids);
    uint8_t truncated[N] = {1, 1, 1, 1};
    outcome.terminated = NULL;
    outcome.truncated = truncated;
    outcome.final_obs = &final;
    refused(rr_ledger_reward(t.ledger, &outcome, statuses, &err), &err, "final_obs schema is 1",
            "is 2");
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = N, .sessions = t.ids, .final_obs = &final};
    refused(rr_ledger_end(t.ledger, &ending, statuses, &err), &err, "final_obs schema is 1",
            "is 2");
    t.obs.sessions = t.obs.decisions = NULL;
    must(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), &err);
    outcome.decisions = NULL;
    refused(rr_buffer_reward(t.buffer, &outcome, &err), &err, "final_obs schema is 1", "is 2");
    close_scene(&t);
}
END_TEST

START_TEST(test_schema_of_a_buffer_and_of_a_ledger_must_be_the_agents)
{
    scene t, other;
    rr_error err;
    open_scene(&t, 1);
    open_scene(&other, 2);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    must(rr_buffer_record(t.buffer, &t.obs, &t.decision, &err), &err);
    rr_outcome outcome = outcome_of(&t, NULL);
    must(rr_buffer_reward(t.buffer, &outcome, &err), &err);
    refused(rr_agent_update(other.agent, t.buffer, NULL, NULL, &err), &err, "schema 1", "is 2");
    with_keys(&t);
    must(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), &err);
    outcome = outcome_of(&t, t.ids);
    must(rr_ledger_reward(t.ledger, &outcome, NULL, &err), &err);
    refused(rr_agent_update_sessions(other.agent, t.ledger, NULL, &err), &err, "schema 1", "is 2");
    must(rr_agent_update_sessions(t.agent, t.ledger, NULL, &err), &err);
    must(rr_agent_update(t.agent, t.buffer, NULL, NULL, &err), &err);
    close_scene(&other);
    close_scene(&t);
}
END_TEST

START_TEST(test_schema_travels_in_blobs)
{
    scene t, other;
    rr_error err;
    uint64_t blobs[N * BLOB / 8], work[BLOB / 8], offsets[N + 1] = {0};
    int32_t statuses[N], n_taken = 0;
    open_scene(&t, 1);
    open_scene(&other, 2);
    with_keys(&t);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    for (int32_t i = 0; i < N; i++) {
        size_t bytes;
        must(rr_record_encode(&t.obs, &t.decision, i, (char *)blobs + offsets[i],
                              sizeof blobs - offsets[i], &bytes, &err),
             &err);
        offsets[i + 1] = offsets[i] + bytes;
    }
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {.struct_size = sizeof decision};
    must(rr_record_decode(blobs, offsets[1], t.items, work, sizeof work, &obs, &decision, &err),
         &err);
    ck_assert_uint_eq(obs.schema, 1);
    must(rr_ledger_import(other.ledger, blobs, offsets, N, t.items, work, sizeof work, statuses,
                          NULL, &err),
         &err);
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(statuses[i], RR_E_MISMATCH);
    }
    refused(rr_ledger_import(other.ledger, blobs, offsets, N, t.items, work, sizeof work, NULL,
                             &n_taken, &err),
            &err, "schema is 1", "this handle's is 2");
    ck_assert_int_eq(n_taken, 0);
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    must(rr_ledger_get_counts(other.ledger, &counts, &err), &err);
    ck_assert_int_eq(counts.other_schema, N + 1); /* the first was offered twice */
    ck_assert_int_eq(rr_ledger_count(other.ledger), 0);
    must(
        rr_ledger_import(t.ledger, blobs, offsets, N, t.items, work, sizeof work, NULL, NULL, &err),
        &err);
    ck_assert_int_eq(rr_ledger_count(t.ledger), N);
    close_scene(&other);
    close_scene(&t);
}
END_TEST

START_TEST(test_schema_travels_in_policies_and_checkpoints)
{
    scene t, other;
    rr_error err;
    char file[1 << 16];
    size_t bytes;
    open_scene(&t, 1);
    open_scene(&other, 2);
    /* The same weights mean another policy. */
    ck_assert_uint_ne(rr_agent_version(t.agent), rr_agent_version(other.agent));
    refused(rr_agent_recognise(other.agent, t.policy, &err), &err, "schema is 1", "agent's, 2");
    rr_slot *slot = NULL;
    must(rr_slot_create(&slot, other.policy, 1, NULL, &err), &err);
    refused(rr_slot_swap(slot, t.policy, &err), &err, "schema is 1", "must be 2");
    refused(rr_slot_publish(slot, t.agent, NULL, &err), &err, "schema is 1", "must be 2");
    rr_slot_release(slot);

    rr_policy *loaded = NULL;
    rr_agent_config config = {.struct_size = sizeof config};
    must(rr_policy_save_memory(t.policy, file, sizeof file, &bytes, &err), &err);
    must(rr_policy_load_memory(&loaded, file, bytes, t.items, NULL, &err), &err);
    must(rr_policy_get_config(loaded, &config, &err), &err);
    ck_assert_uint_eq(config.schema, 1);
    t.obs.schema = 2;
    refused(rr_policy_act(loaded, t.reader, &t.obs, &t.decision, &err), &err, "schema is 2",
            "is 1");
    rr_policy_release(loaded);

    t.obs.schema = 1;
    with_keys(&t);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    must(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), &err);
    rr_checkpoint all = {
        .struct_size = sizeof all, .agent = t.agent, .buffer = t.buffer, .ledger = t.ledger};
    must(rr_checkpoint_save_memory(&all, file, sizeof file, &bytes, &err), &err);
    for (int part = 0; part < 3; part++) {
        rr_checkpoint into = {.struct_size = sizeof into,
                              .agent = part == 0 ? other.agent : NULL,
                              .buffer = part == 1 ? other.buffer : NULL,
                              .ledger = part == 2 ? other.ledger : NULL};
        refused(rr_checkpoint_load_memory(&into, file, bytes, &err), &err, "schema is 1",
                "the handle given is 2");
        ck_assert(part > 0 || strstr(err.text, "rr_agent_inherit") != NULL);
    }
    must(rr_checkpoint_load_memory(&all, file, bytes, &err), &err);
    close_scene(&other);
    close_scene(&t);
}
END_TEST

/* Rows of the earlier schema, final states among them, are learned from by the agent that took
 * over: their log-probs come out again, so all weights are 1. */
START_TEST(test_schema_rows_of_an_earlier_one_are_learned_from_by_a_map)
{
    static const int32_t states[S] = {2, 0, 3, 1}, features[F] = {1, -1, 2};
    const rr_schema_map map = {.struct_size = sizeof map,
                               .n_states = S,
                               .n_features = F,
                               .schema = 1,
                               .states = states,
                               .features = features};
    scene t;
    rr_error err;
    uint64_t blobs[3 * N * BLOB / 8], work[BLOB / 8], offsets[2 * N + 1] = {0};
    size_t bytes;
    open_scene(&t, 1);
    const float weights[F] = {0.9f, 0.0f, -0.7f};
    must(rr_agent_set_feature_weights(t.agent, weights, F, &err), &err);
    const char *path = "loop_schema.safetensors";
    const rr_checkpoint all = {.struct_size = sizeof all, .agent = t.agent};
    must(rr_checkpoint_save(&all, path, &err), &err);
    with_keys(&t);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    rr_outcome outcome = outcome_of(&t, t.ids);
    const uint8_t truncated[N] = {1, 1, 1, 1};
    outcome.terminated = NULL;
    outcome.truncated = truncated;
    outcome.final_obs = &t.obs;
    for (int32_t i = 0; i < 2 * N; i++) {
        char *end = (char *)blobs + offsets[i];
        const size_t left = sizeof blobs - offsets[i];
        must(i < N ? rr_record_encode(&t.obs, &t.decision, i, end, left, &bytes, &err)
                   : rr_outcome_encode(&outcome, i - N, end, left, &bytes, &err),
             &err);
        offsets[i + 1] = offsets[i] + bytes;
    }

    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S + 1;
    config.item_dim = D;
    config.feature_dim = F;
    config.hidden[0] = config.critic_hidden[0] = 6;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = N;
    config.max_candidates = K;
    config.max_history = 0;
    config.schema = 2;
    rr_agent *agent = NULL;
    rr_ledger *ledger = NULL;
    rr_ledger_config room;
    must(rr_agent_create(&agent, &config, NULL, t.items, NULL, &err), &err);
    rr_inheritance took = {.struct_size = sizeof took};
    must(rr_agent_inherit(agent, path, &map, &took, &err), &err);
    ck_assert_int_eq(took.n_versions, 2); /* the one that was published, and the one that drew */
    (void)remove(path);
    rr_ledger_config_init(&room, sizeof room);
    must(rr_agent_fit_ledger_config(agent, &room, &err), &err);
    must(rr_ledger_create(&ledger, &room, NULL, &err), &err);
    must(rr_ledger_map_schema(ledger, &map, &err), &err);
    must(rr_ledger_map_schema(ledger, &map, &err), &err); /* in place of the first */
    must(rr_ledger_import(ledger, blobs, offsets, 2 * N, t.items, work, sizeof work, NULL, NULL,
                          &err),
         &err);
    rr_stats stats = {.struct_size = sizeof stats};
    must(rr_agent_update_sessions(agent, ledger, &stats, &err), &err);
    ck_assert_int_eq(stats.n_rows, N);
    ck_assert_int_eq(stats.n_refused, 0);
    ck_assert_float_eq_tol(stats.weight_mean, 1.0f, 1e-5f);
    ck_assert_float_eq_tol(stats.weight_max, 1.0f, 1e-5f);
    ck_assert_float_ge(stats.ess, 0.9999f);
    rr_ledger_destroy(ledger);
    rr_agent_destroy(agent);
    close_scene(&t);
}
END_TEST

START_TEST(test_schema_map_that_a_ledger_cannot_use_is_refused)
{
    scene t;
    rr_error err;
    open_scene(&t, 2);
    const int32_t items[1] = {0};
    rr_schema_map map = {.struct_size = sizeof map, .n_states = S, .n_features = F, .schema = 2};
    ck_assert_int_eq(rr_ledger_map_schema(t.ledger, &map, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "schema 2, which is the ledger's own"));
    map.schema = 1;
    map.n_states = S + 1;
    ck_assert_int_eq(rr_ledger_map_schema(t.ledger, &map, &err), RR_E_INVALID);
    map.n_states = S;
    map.items = items;
    map.n_items = 1;
    ck_assert_int_eq(rr_ledger_map_schema(t.ledger, &map, &err), RR_E_UNSUPPORTED);
    ck_assert_int_eq(rr_ledger_map_schema(NULL, &map, &err), RR_E_INVALID);
    /* Rows of the mapped schema have its widths, whatever the ledger's are. */
    map.items = NULL;
    map.n_items = 0;
    map.n_states = S - 1;
    must(rr_ledger_map_schema(t.ledger, &map, &err), &err);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    with_keys(&t);
    t.obs.schema = 1;
    ck_assert_int_eq(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "state_dim is 4; this handle was made for 3"));
    t.obs.state_dim = S - 1;
    must(rr_ledger_record(t.ledger, &t.obs, &t.decision, NULL, &err), &err);
    close_scene(&t);
}
END_TEST

/* A number of 64 bits, all of them. */
START_TEST(test_schema_is_compared_whole)
{
    scene t;
    rr_error err;
    open_scene(&t, UINT64_C(1) << 63);
    t.obs.schema = 0;
    refused(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err, "schema is 0",
            "9223372036854775808");
    t.obs.schema = UINT64_C(1) << 63;
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    close_scene(&t);
}
END_TEST

CHECK_MAIN("loop/schema", test_schema_requests_of_another_are_refused_at_every_door,
           test_schema_rows_of_another_are_refused_and_counted,
           test_schema_of_a_buffer_and_of_a_ledger_must_be_the_agents, test_schema_travels_in_blobs,
           test_schema_travels_in_policies_and_checkpoints,
           test_schema_rows_of_an_earlier_one_are_learned_from_by_a_map,
           test_schema_map_that_a_ledger_cannot_use_is_refused, test_schema_is_compared_whole)
