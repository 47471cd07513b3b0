/* SPDX-License-Identifier: MIT */
/* Room that the header reserves: each field in turn, at every door that takes its struct, is
 * refused by name; the same call with the field unset is not. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 2, N_ITEMS = 5, DIM = 2 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    rr_policy *policy;
    rr_slot *slot;
    rr_reader *reader, *slot_reader;
    rr_buffer *buffer;
    rr_ledger *ledger;
    rr_health *health;
    rr_metrics *metrics;
    rr_obs obs;
    rr_decision decision;
    rr_outcome outcome;
    rr_error err;
} scene;

static const float states[N * DIM] = {0.5f, -0.5f, 1.0f, 0.25f};
static const float rewards[N] = {1.0f, 0.0f};
static const uint8_t truncated[N] = {1, 1};
static const uint64_t ids[N] = {1, 2};
static int32_t actions[N], chosen[N];
static float log_probs[N], values[N];

static void need(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static void open_handles(scene *s)
{
    rr_error *err = &s->err;
    const float vectors[N_ITEMS * DIM] = {1, 0, 0, 1, -1, 0, 0, -1, 1, 1};
    need(rr_items_create(&s->items, vectors, NULL, N_ITEMS, DIM, NULL, NULL, err), err);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = config.item_dim = DIM;
    need(rr_agent_create(&s->agent, &config, NULL, s->items, NULL, err), err);
    need(rr_agent_publish(s->agent, NULL, &s->policy, err), err);
    need(rr_reader_create(&s->reader, s->policy, 1, NULL, err), err);
    need(rr_slot_create(&s->slot, s->policy, 2, NULL, err), err);
    need(rr_reader_join(&s->slot_reader, s->slot, 1, NULL, err), err);
    rr_buffer_config buffer;
    rr_buffer_config_init(&buffer, sizeof buffer);
    buffer.state_dim = DIM;
    buffer.max_rows = 8;
    need(rr_buffer_create(&s->buffer, &buffer, NULL, err), err);
    rr_ledger_config ledger;
    rr_ledger_config_init(&ledger, sizeof ledger);
    ledger.state_dim = DIM;
    ledger.max_rows = 8;
    need(rr_ledger_create(&s->ledger, &ledger, NULL, err), err);
    need(rr_health_create(&s->health, NULL, s->agent, NULL, err), err);
    need(rr_metrics_create(&s->metrics, s->items, N, 4, 4, NULL, err), err);
}

static void open(scene *s)
{
    memset(s, 0, sizeof *s);
    open_handles(s);
    s->obs = (rr_obs){.struct_size = sizeof s->obs, .n = N, .state_dim = DIM, .states = states};
    s->decision = (rr_decision){.struct_size = sizeof s->decision,
                                .n = N,
                                .actions = actions,
                                .items = chosen,
                                .log_probs = log_probs,
                                .values = values};
    s->outcome = (rr_outcome){.struct_size = sizeof s->outcome,
                              .n = N,
                              .decisions = ids,
                              .rewards = rewards,
                              .truncated = truncated,
                              .final_obs = &s->obs};
}

static void close(scene *s)
{
    rr_metrics_destroy(s->metrics);
    rr_health_destroy(s->health);
    rr_ledger_destroy(s->ledger);
    rr_buffer_destroy(s->buffer);
    rr_reader_destroy(s->slot_reader);
    rr_slot_release(s->slot);
    rr_reader_destroy(s->reader);
    rr_policy_release(s->policy);
    rr_agent_destroy(s->agent);
    rr_items_release(s->items);
}

/* The doors. Each takes what it needs of the scene's three structs. */

static rr_status agent_act(scene *s)
{
    return rr_agent_act(s->agent, &s->obs, &s->decision, &s->err);
}

static rr_status policy_act(scene *s)
{
    return rr_policy_act(s->policy, s->reader, &s->obs, &s->decision, &s->err);
}

static rr_status reader_act(scene *s)
{
    return rr_reader_act(s->slot_reader, &s->obs, &s->decision, &s->err);
}

static rr_status agent_top_k(scene *s)
{
    return rr_agent_top_k(s->agent, &s->obs, 1, actions, NULL, NULL, &s->err);
}

static rr_status policy_top_k(scene *s)
{
    return rr_policy_top_k(s->policy, s->reader, &s->obs, 1, actions, NULL, NULL, &s->err);
}

static rr_status agent_evaluate(scene *s)
{
    return rr_agent_evaluate(s->agent, &s->obs, actions, log_probs, NULL, NULL, &s->err);
}

static rr_status policy_evaluate(scene *s)
{
    return rr_policy_evaluate(s->policy, s->reader, &s->obs, actions, log_probs, NULL, NULL,
                              &s->err);
}

static rr_status imitate(scene *s)
{
    return rr_agent_imitate(s->agent, &s->obs, actions, NULL, NULL, NULL, NULL, &s->err);
}

static rr_status update(scene *s)
{
    return rr_agent_update(s->agent, s->buffer, &s->obs, NULL, &s->err);
}

static rr_status record(scene *s)
{
    rr_buffer_clear(s->buffer);
    return rr_buffer_record(s->buffer, &s->obs, &s->decision, &s->err);
}

static rr_status reward(scene *s)
{
    rr_outcome outcome = s->outcome;
    outcome.decisions = NULL;
    return rr_buffer_reward(s->buffer, &outcome, &s->err);
}

static rr_status ledger_record(scene *s)
{
    rr_obs obs = s->obs;
    rr_decision decision = s->decision;
    obs.sessions = obs.decisions = ids;
    decision.policy_versions = (uint64_t *)ids;
    return rr_ledger_record(s->ledger, &obs, &decision, NULL, &s->err);
}

static rr_status ledger_reward(scene *s)
{
    return rr_ledger_reward(s->ledger, &s->outcome, NULL, &s->err);
}

static rr_status end(scene *s)
{
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = N, .sessions = ids, .final_obs = &s->obs};
    return rr_ledger_end(s->ledger, &ending, NULL, &s->err);
}

static rr_status record_encode(scene *s)
{
    size_t bytes = 0;
    return rr_record_encode(&s->obs, &s->decision, 0, NULL, 0, &bytes, &s->err);
}

static rr_status outcome_encode(scene *s)
{
    size_t bytes = 0;
    return rr_outcome_encode(&s->outcome, 0, NULL, 0, &bytes, &s->err);
}

static rr_status ending_encode(scene *s)
{
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = N, .sessions = ids, .final_obs = &s->obs};
    size_t bytes = 0;
    return rr_ending_encode(&ending, 0, NULL, 0, &bytes, &s->err);
}

static rr_status health_record(scene *s)
{
    return rr_health_record(s->health, &s->obs, &s->decision, &s->err);
}

static rr_status health_reward(scene *s)
{
    return rr_health_reward(s->health, &s->outcome, &s->err);
}

static rr_status metrics_add(scene *s)
{
    return rr_metrics_add(s->metrics, chosen, &s->outcome, &s->err);
}

enum { TAKES_OBS = 1, TAKES_DECISION = 2, TAKES_OUTCOME = 4 };

/* In an order in which each can succeed. */
static const struct {
    const char *name;
    rr_status (*call)(scene *s);
    int takes;
} doors[] = {
    {"agent_act", agent_act, TAKES_OBS | TAKES_DECISION},
    {"policy_act", policy_act, TAKES_OBS | TAKES_DECISION},
    {"reader_act", reader_act, TAKES_OBS | TAKES_DECISION},
    {"agent_top_k", agent_top_k, TAKES_OBS},
    {"policy_top_k", policy_top_k, TAKES_OBS},
    {"agent_evaluate", agent_evaluate, TAKES_OBS},
    {"policy_evaluate", policy_evaluate, TAKES_OBS},
    {"imitate", imitate, TAKES_OBS},
    {"record", record, TAKES_OBS | TAKES_DECISION},
    {"reward", reward, TAKES_OBS | TAKES_OUTCOME},
    {"update", update, TAKES_OBS},
    {"ledger record", ledger_record, TAKES_OBS | TAKES_DECISION},
    {"ledger reward", ledger_reward, TAKES_OBS | TAKES_OUTCOME},
    {"end", end, TAKES_OBS},
    {"record_encode", record_encode, TAKES_OBS | TAKES_DECISION},
    {"outcome_encode", outcome_encode, TAKES_OBS | TAKES_OUTCOME},
    {"ending_encode", ending_encode, TAKES_OBS},
    {"health_record", health_record, TAKES_OBS | TAKES_DECISION},
    {"health_reward", health_reward, TAKES_OUTCOME},
    {"metrics_add", metrics_add, TAKES_OUTCOME},
};
enum { N_DOORS = sizeof doors / sizeof doors[0] };

typedef struct field {
    const char *name;
    int of;
    size_t offset, bytes;
} field;
#define OBS(f)                                                                                     \
    {                                                                                              \
#f, TAKES_OBS, offsetof(rr_obs, f), sizeof((rr_obs *)0)->f                                 \
    }
#define DECISION(f)                                                                                \
    {                                                                                              \
#f, TAKES_DECISION, offsetof(rr_decision, f), sizeof((rr_decision *)0)->f                  \
    }
#define OUTCOME(f)                                                                                 \
    {                                                                                              \
#f, TAKES_OUTCOME, offsetof(rr_outcome, f), sizeof((rr_outcome *)0)->f                     \
    }

static const field fields[] = {
    OBS(history_feature_dim), OBS(history_vectors), OBS(history_features),
    DECISION(n_slots),    DECISION(reserved),
    DECISION(slot_actions),   DECISION(slot_items), DECISION(slot_log_probs),
    DECISION(slot_values),    DECISION(pool_line),  DECISION(pool_generation),
    OUTCOME(reward_kinds),    OUTCOME(slots),       OUTCOME(slots_seen),
};
enum { N_FIELDS = sizeof fields / sizeof fields[0] };

static unsigned char *begin_of(scene *s, int of)
{
    return of == TAKES_OBS        ? (unsigned char *)&s->obs
           : of == TAKES_DECISION ? (unsigned char *)&s->decision
                                  : (unsigned char *)&s->outcome;
}

/* The list above is whole: behind the first reserved field of a struct lies nothing else. */
START_TEST(test_reserved_fields_are_the_end_of_their_structs)
{
    const struct {
        int of;
        size_t size;
    } structs[] = {{TAKES_OBS, sizeof(rr_obs)},
                   {TAKES_DECISION, sizeof(rr_decision)},
                   {TAKES_OUTCOME, sizeof(rr_outcome)}};
    for (size_t i = 0; i < 3; i++) {
        size_t at = 0;
        for (size_t f = 0; f < N_FIELDS; f++) {
            if (fields[f].of == structs[i].of) {
                ck_assert_uint_eq(fields[f].offset, at == 0 ? fields[f].offset : at);
                at = fields[f].offset + fields[f].bytes;
            }
        }
        ck_assert_uint_eq(at, structs[i].size);
    }
}
END_TEST

START_TEST(test_reserved_field_is_refused_by_name_at_every_door)
{
    scene s;
    open(&s);
    for (size_t door = 0; door < N_DOORS; door++) {
        for (size_t f = 0; f < N_FIELDS; f++) {
            if ((doors[door].takes & fields[f].of) == 0) {
                continue;
            }
            unsigned char *begin = begin_of(&s, fields[f].of) + fields[f].offset;
            begin[fields[f].bytes - 1] = 1;
            const rr_status got = doors[door].call(&s);
            ck_assert_msg(got == RR_E_UNSUPPORTED, "%s with %s: %s", doors[door].name,
                          fields[f].name, rr_status_name(got));
            char sentence[64];
            snprintf(sentence, sizeof sentence, ": %s is set; it is reserved", fields[f].name);
            ck_assert_msg(strstr(s.err.text, sentence) != NULL, "%s: \"%s\" does not say \"%s\"",
                          doors[door].name, s.err.text, sentence);
            begin[fields[f].bytes - 1] = 0;
        }
        need(doors[door].call(&s), &s.err);
    }
    close(&s);
}
END_TEST

CHECK_MAIN("loop/reserved", test_reserved_fields_are_the_end_of_their_structs,
           test_reserved_field_is_refused_by_name_at_every_door)
