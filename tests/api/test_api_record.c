/* SPDX-License-Identifier: MIT */
/* The log's blobs as a host sees them. What they are made of is in tests/io. */
#include <math.h>

#include "check_run.h"
#include "log/log_fixture.h"

enum { MOST = 1024 };

typedef struct scene {
    log_fixture log;
    uint64_t blob[MOST / 8], work[MOST / 8];
    size_t bytes;
    rr_obs obs, final_obs;
    rr_decision decision;
    rr_outcome outcome;
    rr_ending ending;
    rr_error err;
} scene;

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    log_open(&t->log);
    t->obs.struct_size = sizeof t->obs;
    t->final_obs.struct_size = sizeof t->final_obs;
    t->decision.struct_size = sizeof t->decision;
    t->outcome.struct_size = sizeof t->outcome;
    t->ending.struct_size = sizeof t->ending;
}

static void expect(scene *t, rr_status got, rr_status wanted, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, t->err.text);
    ck_assert_msg(strstr(t->err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", t->err.text,
                  sentence);
}

START_TEST(test_api_record_goes_round_through_the_front_door)
{
    scene t;
    open_scene(&t);
    ck_assert_int_eq(rr_record_encode(&t.log.obs, &t.log.decision, 1, NULL, 0, &t.bytes, NULL),
                     RR_OK);
    const size_t asked = t.bytes;
    ck_assert_int_eq(
        rr_record_encode(&t.log.obs, &t.log.decision, 1, t.blob, sizeof t.blob, &t.bytes, NULL),
        RR_OK);
    ck_assert_uint_eq(t.bytes, asked);
    ck_assert_int_eq(rr_record_decode(t.blob, t.bytes, t.log.items, t.work, sizeof t.work, &t.obs,
                                      &t.decision, NULL),
                     RR_OK);
    ck_assert_uint_eq(t.obs.decisions[0], 71);
    ck_assert_int_eq(t.decision.items[0], 1);
    rr_blob blob = {.struct_size = sizeof blob};
    ck_assert_int_eq(rr_blob_describe(t.blob, sizeof t.blob, &blob, NULL), RR_OK);
    ck_assert_int_eq(blob.kind, RR_BLOB_RECORD);
    ck_assert_uint_eq(blob.bytes, t.bytes);
    ck_assert_uint_eq(blob.decision, 71);
    ck_assert_int_eq(blob.time, t.log.times[1]);
    log_close(&t.log);
}
END_TEST

START_TEST(test_api_record_an_older_callers_shorter_structs_are_filled_as_far_as_they_reach)
{
    scene t;
    open_scene(&t);
    ck_assert_int_eq(
        rr_record_encode(&t.log.obs, &t.log.decision, 0, t.blob, sizeof t.blob, &t.bytes, NULL),
        RR_OK);
    t.obs.struct_size = offsetof(rr_obs, history);
    t.obs.history = t.log.history;
    ck_assert_int_eq(
        rr_record_decode(t.blob, t.bytes, NULL, t.work, sizeof t.work, &t.obs, &t.decision, NULL),
        RR_OK);
    ck_assert_uint_eq(t.obs.struct_size, offsetof(rr_obs, history));
    ck_assert_ptr_eq(t.obs.history, t.log.history);
    ck_assert_int_eq(t.obs.n_candidates, LOG_K);
    log_close(&t.log);
}
END_TEST

START_TEST(test_api_record_arguments_are_judged_by_name)
{
    scene t;
    open_scene(&t);
    rr_blob blob = {.struct_size = sizeof blob};
    expect(&t, rr_record_encode(&t.log.obs, &t.log.decision, 0, NULL, 0, NULL, &t.err),
           RR_E_INVALID, "bytes is NULL");
    expect(&t, rr_record_encode(&t.log.obs, &t.log.decision, -1, NULL, 0, &t.bytes, &t.err),
           RR_E_INVALID, "row is -1");
    expect(&t, rr_record_encode(&t.log.obs, NULL, 0, NULL, 0, &t.bytes, &t.err), RR_E_INVALID,
           "rr_decision is NULL");
    ck_assert_int_eq(
        rr_record_encode(&t.log.obs, &t.log.decision, 0, t.blob, sizeof t.blob, &t.bytes, NULL),
        RR_OK);
    expect(&t,
           rr_record_decode(t.blob, t.bytes, NULL, (char *)t.work + 4, MOST - 8, &t.obs,
                            &t.decision, &t.err),
           RR_E_INVALID, "multiple of 8");
    expect(
        &t,
        rr_record_decode(t.blob, t.bytes, NULL, t.work, t.bytes - 1, &t.obs, &t.decision, &t.err),
        RR_E_TOO_SMALL, "work has");
    expect(&t, rr_record_decode(t.blob, t.bytes, NULL, NULL, 0, &t.obs, &t.decision, &t.err),
           RR_E_INVALID, "work is NULL");
    expect(&t, rr_blob_describe(NULL, 0, &blob, &t.err), RR_E_INVALID, "data is NULL");
    expect(&t, rr_blob_describe(t.blob, t.bytes - 8, &blob, &t.err), RR_E_TOO_SMALL, "are left");
    ck_assert_uint_eq(blob.bytes, t.bytes);
    expect(&t, rr_blob_describe(t.work, 8, &blob, &t.err), RR_E_FORMAT, "no blob begins here");
    ck_assert_int_eq(blob.kind, -1);
    ck_assert_uint_eq(blob.bytes, 0);
    size_t offset = t.bytes + 1;
    expect(&t, rr_blob_next(t.blob, t.bytes, &offset, &blob, &t.err), RR_E_INVALID, "*offset is");
    expect(&t, rr_blob_next(t.blob, t.bytes, NULL, &blob, &t.err), RR_E_INVALID, "offset is NULL");
    expect(&t, rr_blob_next(NULL, 0, &offset, &blob, &t.err), RR_E_INVALID, "data is NULL");
    offset = t.bytes;
    expect(&t, rr_blob_next(t.blob, t.bytes, &offset, &blob, &t.err), RR_E_TOO_SMALL,
           "no whole blob");
    offset = 0;
    ck_assert_int_eq(rr_blob_next(t.blob, t.bytes, &offset, &blob, NULL), RR_OK);
    ck_assert_uint_eq(offset, 0);
    ck_assert_uint_eq(blob.decision, 70);
    log_close(&t.log);
}
END_TEST

START_TEST(test_api_record_an_outcome_keeps_reward_end_time_and_final_observation)
{
    scene t;
    open_scene(&t);
    const uint64_t ids[] = {5, 6};
    const float rewards[] = {0.5f, 2.0f};
    const uint8_t terminated[] = {1, 0}, truncated[] = {1, 1};
    rr_outcome given = {.struct_size = sizeof given,
                        .n = 2,
                        .decisions = ids,
                        .rewards = rewards,
                        .terminated = terminated,
                        .truncated = truncated,
                        .times = t.log.times,
                        .final_obs = &t.log.obs};
    for (int32_t row = 0; row < 2; row++) {
        ck_assert_int_eq(rr_outcome_encode(&given, row, t.blob, sizeof t.blob, &t.bytes, NULL),
                         RR_OK);
        ck_assert_int_eq(rr_outcome_decode(t.blob, t.bytes, t.work, sizeof t.work, &t.outcome,
                                           &t.final_obs, NULL),
                         RR_OK);
        ck_assert_int_eq(t.outcome.n, 1);
        ck_assert_uint_eq(t.outcome.decisions[0], ids[row]);
        ck_assert_float_eq(t.outcome.rewards[0], rewards[row]);
        ck_assert_int_eq(t.outcome.terminated[0], terminated[row]);
        ck_assert_int_eq(t.outcome.truncated[0], truncated[row]);
        ck_assert_int_eq(t.outcome.times[0], t.log.times[row]);
        /* terminated wins: then no final observation is read, and none is stored */
        ck_assert_ptr_eq(t.outcome.final_obs, row == 0 ? NULL : &t.final_obs);
    }
    ck_assert_mem_eq(t.final_obs.states, t.log.states + LOG_S, LOG_S * sizeof(float));
    rr_blob blob = {.struct_size = sizeof blob};
    ck_assert_int_eq(rr_blob_describe(t.blob, t.bytes, &blob, NULL), RR_OK);
    ck_assert_int_eq(blob.kind, RR_BLOB_OUTCOME);
    ck_assert_uint_eq(blob.decision, 6);
    expect(&t, rr_outcome_decode(t.blob, t.bytes, t.work, sizeof t.work, &t.outcome, NULL, &t.err),
           RR_E_INVALID, "final_obs is NULL; it must be an rr_obs");
    given.decisions = NULL;
    expect(&t, rr_outcome_encode(&given, 0, t.blob, sizeof t.blob, &t.bytes, &t.err), RR_E_INVALID,
           "decisions and rewards are required");
    log_close(&t.log);
}
END_TEST

START_TEST(test_api_record_a_reward_that_is_not_finite_is_refused_by_name)
{
    scene t;
    open_scene(&t);
    const uint64_t ids[] = {5, 6, 7, 8};
    const float rewards[] = {NAN, INFINITY, -INFINITY, 2.0f};
    const char *const said[] = {"rewards[0] is nan", "rewards[1] is inf", "rewards[2] is -inf"};
    const rr_outcome given = {
        .struct_size = sizeof given, .n = 4, .decisions = ids, .rewards = rewards};
    for (int32_t row = 0; row < 3; row++) {
        t.blob[0] = t.bytes = 99;
        expect(&t, rr_outcome_encode(&given, row, t.blob, sizeof t.blob, &t.bytes, &t.err),
               RR_E_NOT_FINITE, said[row]);
        ck_assert(t.bytes == 99 && t.blob[0] == 99);
    }
    ck_assert_int_eq(rr_outcome_encode(&given, 3, t.blob, sizeof t.blob, &t.bytes, &t.err), RR_OK);
    log_close(&t.log);
}
END_TEST

START_TEST(test_api_record_an_ending_keeps_session_and_manner)
{
    scene t;
    open_scene(&t);
    const uint8_t terminated[] = {1, 0};
    const rr_ending given = {.struct_size = sizeof given,
                             .n = 2,
                             .sessions = t.log.sessions,
                             .terminated = terminated,
                             .final_obs = &t.log.obs};
    for (int32_t row = 0; row < 2; row++) {
        ck_assert_int_eq(rr_ending_encode(&given, row, t.blob, sizeof t.blob, &t.bytes, NULL),
                         RR_OK);
        ck_assert_int_eq(
            rr_ending_decode(t.blob, t.bytes, t.work, sizeof t.work, &t.ending, &t.final_obs, NULL),
            RR_OK);
        ck_assert_uint_eq(t.ending.sessions[0], t.log.sessions[row]);
        ck_assert_int_eq(t.ending.terminated[0], terminated[row]);
        ck_assert_ptr_eq(t.ending.final_obs, row == 0 ? NULL : &t.final_obs);
    }
    rr_blob blob = {.struct_size = sizeof blob};
    ck_assert_int_eq(rr_blob_describe(t.blob, t.bytes, &blob, NULL), RR_OK);
    ck_assert_int_eq(blob.kind, RR_BLOB_ENDING);
    ck_assert_uint_eq(blob.session, t.log.sessions[1]);
    expect(&t, rr_ending_encode(&given, 2, t.blob, sizeof t.blob, &t.bytes, &t.err), RR_E_INVALID,
           "row is 2, n 2");
    log_close(&t.log);
}
END_TEST

CHECK_MAIN("api/api_record", test_api_record_goes_round_through_the_front_door,
           test_api_record_an_older_callers_shorter_structs_are_filled_as_far_as_they_reach,
           test_api_record_arguments_are_judged_by_name,
           test_api_record_an_outcome_keeps_reward_end_time_and_final_observation,
           test_api_record_a_reward_that_is_not_finite_is_refused_by_name,
           test_api_record_an_ending_keeps_session_and_manner)
