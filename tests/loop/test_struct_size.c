/* SPDX-License-Identifier: MIT */
/* Every door that reads a struct refuses a struct_size that ends inside a field, before it reads
 * the half pointer; a shorter struct that ends between fields is read with zeros behind. */
#include <stddef.h>

#include "check_run.h"
#include "loop/machine.h"

typedef struct scene {
    machine m;
    rr_ledger *ledger;
    rr_health *health;
    rr_policy *policy;
    rr_reader *reader;
    rr_obs obs, final_obs;
    rr_decision decision;
    rr_outcome outcome, late_outcome;
    rr_ending ending;
    rr_stats stats;
    rr_imitate_report report;
    rr_error err;
    float others[64];
    int32_t positions[64];
    uint64_t ids[64], versions[64];
    uint8_t truncated[64], blob[4096];
} scene;

static void begin(scene *s)
{
    memset(s, 0, sizeof *s);
    machine *m = &s->m;
    machine_create(m, &machine_plans[0], 11, 1, NULL);
    const rr_ledger_config config = machine_ledger_config(&m->plan);
    machine_require(rr_ledger_create(&s->ledger, &config, NULL, &s->err), &s->err);
    machine_require(rr_health_create(&s->health, NULL, m->agent, NULL, &s->err), &s->err);
    machine_require(rr_agent_publish(m->agent, NULL, &s->policy, &s->err), &s->err);
    machine_require(rr_reader_create(&s->reader, s->policy, 1, NULL, &s->err), &s->err);
    machine_observe(m);
    s->obs = s->final_obs = m->obs;
    s->obs.sessions = s->obs.decisions = s->ids;
    s->decision = machine_decision(m);
    s->decision.policy_versions = s->versions;
    for (uint64_t i = 0; i < 64; i++) {
        s->ids[i] = i;
        s->truncated[i] = 1;
    }
    machine_require(rr_agent_act(m->agent, &s->obs, &s->decision, &s->err), &s->err);
    s->outcome = (rr_outcome){.struct_size = sizeof s->outcome,
                              .n = m->plan.n_envs,
                              .decisions = s->ids,
                              .rewards = m->rewards,
                              .truncated = s->truncated,
                              .final_obs = &s->final_obs};
    s->ending = (rr_ending){.struct_size = sizeof s->ending,
                            .n = m->plan.n_envs,
                            .sessions = s->ids,
                            .final_obs = &s->final_obs};
    s->stats.struct_size = sizeof s->stats;
    s->report.struct_size = sizeof s->report;
}

static void end(scene *s)
{
    rr_reader_destroy(s->reader);
    rr_policy_release(s->policy);
    rr_health_destroy(s->health);
    rr_ledger_destroy(s->ledger);
    machine_destroy(&s->m);
}

static rr_status act(scene *s)
{
    return rr_agent_act(s->m.agent, &s->obs, &s->decision, &s->err);
}

static rr_status top_k(scene *s)
{
    return rr_agent_top_k(s->m.agent, &s->obs, 2, s->positions, NULL, NULL, &s->err);
}

static rr_status evaluate(scene *s)
{
    return rr_agent_evaluate(s->m.agent, &s->obs, s->m.actions, s->others, NULL, NULL, &s->err);
}

static rr_status policy_act(scene *s)
{
    return rr_policy_act(s->policy, s->reader, &s->obs, &s->decision, &s->err);
}

static rr_status policy_top_k(scene *s)
{
    return rr_policy_top_k(s->policy, s->reader, &s->obs, 2, s->positions, NULL, NULL, &s->err);
}

static rr_status policy_evaluate(scene *s)
{
    return rr_policy_evaluate(s->policy, s->reader, &s->obs, s->m.actions, s->others, NULL, NULL,
                              &s->err);
}

static rr_status record(scene *s)
{
    return rr_ledger_record(s->ledger, &s->obs, &s->decision, NULL, &s->err);
}

static rr_status reward(scene *s)
{
    return rr_ledger_reward(s->ledger, &s->outcome, NULL, &s->err);
}

static rr_status end_sessions(scene *s)
{
    return rr_ledger_end(s->ledger, &s->ending, NULL, &s->err);
}

static rr_status update(scene *s)
{
    return rr_agent_update(s->m.agent, s->m.buffer, &s->obs, &s->stats, &s->err);
}

static rr_status imitate(scene *s)
{
    return rr_agent_imitate(s->m.agent, &s->obs, s->m.actions, NULL, NULL, NULL, &s->report,
                            &s->err);
}

static rr_status watch(scene *s)
{
    return rr_health_record(s->health, &s->obs, &s->decision, &s->err);
}

static rr_status watch_reward(scene *s)
{
    return rr_health_reward(s->health, &s->outcome, &s->err);
}

static rr_status watch_update(scene *s)
{
    return rr_health_update(s->health, s->m.agent, &s->stats, NULL, &s->err);
}

static rr_status encode_record(scene *s)
{
    size_t bytes;
    return rr_record_encode(&s->obs, &s->decision, 0, s->blob, sizeof s->blob, &bytes, &s->err);
}

static rr_status encode_outcome(scene *s)
{
    size_t bytes;
    return rr_outcome_encode(&s->outcome, 0, s->blob, sizeof s->blob, &bytes, &s->err);
}

static rr_status encode_ending(scene *s)
{
    size_t bytes;
    return rr_ending_encode(&s->ending, 0, s->blob, sizeof s->blob, &bytes, &s->err);
}

#define OBS       offsetof(scene, obs), sizeof(rr_obs)
#define DECISION  offsetof(scene, decision), sizeof(rr_decision)
#define OUTCOME   offsetof(scene, outcome), sizeof(rr_outcome)
#define ENDING    offsetof(scene, ending), sizeof(rr_ending)
#define FINAL_OBS offsetof(scene, final_obs), sizeof(rr_obs)
#define STATS     offsetof(scene, stats), sizeof(rr_stats)
#define REPORT    offsetof(scene, report), sizeof(rr_imitate_report)

/* Each struct that each door reads. */
static const struct door {
    const char *name;
    rr_status (*pass)(scene *s);
    size_t offset, bytes;
} doors[] = {
    {"act: obs", act, OBS},
    {"act: decision", act, DECISION},
    {"top k: obs", top_k, OBS},
    {"evaluate: obs", evaluate, OBS},
    {"policy act: obs", policy_act, OBS},
    {"policy act: decision", policy_act, DECISION},
    {"policy top k: obs", policy_top_k, OBS},
    {"policy evaluate: obs", policy_evaluate, OBS},
    {"record: obs", record, OBS},
    {"record: decision", record, DECISION},
    {"reward: outcome", reward, OUTCOME},
    {"reward: final obs", reward, FINAL_OBS},
    {"end: ending", end_sessions, ENDING},
    {"end: final obs", end_sessions, FINAL_OBS},
    {"update: obs", update, OBS},
    {"update: stats", update, STATS},
    {"imitate: obs", imitate, OBS},
    {"imitate: report", imitate, REPORT},
    {"health record: obs", watch, OBS},
    {"health record: decision", watch, DECISION},
    {"health reward: outcome", watch_reward, OUTCOME},
    {"health update: stats", watch_update, STATS},
    {"encode record: obs", encode_record, OBS},
    {"encode record: decision", encode_record, DECISION},
    {"encode outcome: outcome", encode_outcome, OUTCOME},
    {"encode outcome: final obs", encode_outcome, FINAL_OBS},
    {"encode ending: ending", encode_ending, ENDING},
    {"encode ending: final obs", encode_ending, FINAL_OBS},
};
enum { DOORS = sizeof doors / sizeof doors[0] };

static void set_size(scene *s, const struct door *door, uint32_t size)
{
    memcpy((char *)s + door->offset, &size, sizeof size);
}

START_TEST(test_struct_size_that_ends_inside_a_field_is_refused_at_every_door)
{
    scene s;
    begin(&s);
    for (size_t d = 0; d < DOORS; d++) {
        for (uint32_t size = 0; size < doors[d].bytes + 16; size++) {
            if (size % 8 == 0 && size > 0) {
                continue;
            }
            char sentence[64];
            snprintf(sentence, sizeof sentence, "struct_size is %u;", size);
            set_size(&s, &doors[d], size);
            s.err = (rr_error){0};
            const rr_status status = doors[d].pass(&s);
            ck_assert_msg(status == RR_E_INVALID && strstr(s.err.text, sentence) != NULL,
                          "%s, %u bytes: %s: %s", doors[d].name, size, rr_status_name(status),
                          s.err.text);
        }
        set_size(&s, &doors[d], (uint32_t)doors[d].bytes);
    }
    ck_assert_int_eq(rr_ledger_count(s.ledger), 0);
    end(&s);
}
END_TEST

/* What an older header may have been: whether a door can do without the rest is its own affair, but
 * no pointer that it follows was cut. The bytes behind are made a trap. */
START_TEST(test_struct_size_that_ends_between_fields_is_read_up_to_there)
{
    for (size_t d = 0; d < DOORS; d++) {
        scene s;
        begin(&s);
        for (uint32_t size = 8; size < doors[d].bytes; size += 8) {
            scene *shorter = machine_array(1, sizeof s);
            memcpy(shorter, &s, sizeof s);
            shorter->outcome.final_obs = &shorter->final_obs;
            shorter->ending.final_obs = &shorter->final_obs;
            memset((char *)shorter + doors[d].offset + size, 0xa5, doors[d].bytes - size);
            set_size(shorter, &doors[d], size);
            const rr_status status = doors[d].pass(shorter);
            ck_assert_msg(status == RR_OK || strstr(shorter->err.text, "struct_size") == NULL,
                          "%s, %u bytes: %s", doors[d].name, size, shorter->err.text);
            free(shorter);
        }
        end(&s);
    }
}
END_TEST

CHECK_MAIN("loop/struct_size", test_struct_size_that_ends_inside_a_field_is_refused_at_every_door,
           test_struct_size_that_ends_between_fields_is_read_up_to_there)
