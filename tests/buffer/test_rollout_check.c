/* SPDX-License-Identifier: MIT */
#include "buffer/rollout_check.h"

#include "core/hash.h"
#include "rollout_fixture.h"

/* Every byte of the rollout, its counters included. */
static uint64_t hash_of(const sample *s)
{
    rri_rollout_part parts[RRI_ROLLOUT_PARTS];
    rri_rollout_parts(parts, &s->rollout);
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, &s->rollout, sizeof s->rollout);
    for (size_t i = 0; i < RRI_ROLLOUT_PARTS; i++) {
        rri_hash_update(&hash, parts[i].data, ROWS * parts[i].row_bytes);
    }
    return rri_hash_final(&hash);
}

static void expect_record(sample *s, rr_status status, const char *sentence)
{
    const uint64_t before = hash_of(s);
    rr_error err = {0};
    sample_expect(rri_rollout_record(&s->rollout, &s->obs, &s->decision, 77, &err), status, &err,
                  sentence);
    sample_expect(rri_rollout_check_record(&s->rollout, &s->obs, &s->decision, &err), status, &err,
                  sentence);
    ck_assert_uint_eq(hash_of(s), before);
}

static void expect_reward(sample *s, rr_status status, const char *sentence)
{
    const uint64_t before = hash_of(s);
    rr_error err = {0};
    sample_expect(rri_rollout_reward(&s->rollout, &s->outcome, &err), status, &err, sentence);
    sample_expect(rri_rollout_check_reward(&s->rollout, &s->outcome, &err), status, &err, sentence);
    ck_assert_uint_eq(hash_of(s), before);
}

START_TEST(test_rollout_check_record_and_reward_take_turns)
{
    sample s;
    sample_open(&s);
    expect_reward(&s, RR_E_STATE, "there is no record that waits for a reward");
    ck_assert_int_eq(sample_record(&s), RR_OK);
    expect_record(&s, RR_E_STATE, "the last record has no reward yet");
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    expect_reward(&s, RR_E_STATE, "there is no record that waits for a reward");
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_record_needs_room_and_the_same_rows)
{
    sample s;
    sample_open(&s);
    s.rollout.max_rows = 3;
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    expect_record(&s, RR_E_FULL, "2 rows of at most 3 are taken; 2 more do not fit");
    s.obs.n = s.decision.n = 1;
    expect_record(&s, RR_E_STATE, "n is 1, but the records before had 2 rows");
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_record_of_lists_that_were_forgotten_is_no_record_of_the_pool)
{
    sample s;
    sample_open(&s);
    s.obs.candidates = NULL;
    s.obs.vectors = NULL;
    expect_record(&s, RR_E_INVALID, "but candidates and vectors are NULL");
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_record_names_the_shape_that_does_not_fit)
{
    sample fresh;
    sample_open(&fresh);
    sample s = fresh;
    const rr_obs obs = s.obs;
    s.obs.state_dim = 4;
    expect_record(&s, RR_E_INVALID, "state_dim is 4; this handle was made for 3");
    s.obs.state_dim = -3;
    expect_record(&s, RR_E_INVALID, "state_dim is -3; this handle was made for 3");
    s.obs = obs;
    s.obs.n_candidates = 5;
    expect_record(&s, RR_E_INVALID, "n_candidates is 5; this handle was made for at most 4");
    s.obs.n_candidates = -1;
    expect_record(&s, RR_E_INVALID, "n_candidates is -1");
    s.obs = obs;
    s.obs.n_excluded = 4;
    expect_record(&s, RR_E_INVALID, "n_excluded is 4; this handle was made for at most 3");
    s.obs = obs;
    s.obs.n_history = 6;
    expect_record(&s, RR_E_INVALID, "n_history is 6; this handle was made for at most 5");
    s.obs = obs;
    s.obs.feature_dim = 1;
    expect_record(&s, RR_E_INVALID, "feature_dim is 1; this handle was made for 2");
    s.obs = obs;
    s.obs.item_dim = 3;
    expect_record(&s, RR_E_INVALID, "item_dim is 3; this handle was made for 2");
    sample_close(&fresh);
}
END_TEST

START_TEST(test_rollout_check_record_rows_of_a_rollout_are_alike)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    const rr_obs obs = s.obs;
    for (int field = 0; field < 6; field++) {
        s.obs = obs;
        s.obs.candidates = field == 0 ? NULL : obs.candidates;
        s.obs.vectors = field == 1 ? NULL : obs.vectors;
        s.obs.features = field == 2 ? NULL : obs.features;
        s.obs.counts = field == 3 ? NULL : obs.counts;
        s.obs.excluded = field == 4 ? NULL : obs.excluded;
        s.obs.history = field == 5 ? NULL : obs.history;
        expect_record(&s, RR_E_INVALID,
                      field == 1 ? "row 0: candidates[2] is -1; without vectors it must be a pool "
                                   "index"
                                 : "a rollout's rows must be alike");
    }
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_record_names_row_and_place_of_what_is_not_finite)
{
    sample s;
    sample_open(&s);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        s.states[S + 2] = bad[i];
        expect_record(&s, RR_E_NOT_FINITE, "record: states[1][2] is");
        s.states[S + 2] = 0.0f;
        s.log_probs[1] = bad[i];
        expect_record(&s, RR_E_NOT_FINITE, "record: log_probs[1] is");
        s.log_probs[1] = 0.0f;
        s.values[0] = bad[i];
        expect_record(&s, RR_E_NOT_FINITE, "record: values[0] is");
        s.values[0] = 0.0f;
        s.features[(LESS_K + 1) * F + 1] = bad[i];
        expect_record(&s, RR_E_NOT_FINITE, "record: features[1][1][1] is");
        s.features[(LESS_K + 1) * F + 1] = 0.0f;
        s.vectors[2 * D] = bad[i]; /* candidate 2 of row 0 is only in vectors */
        expect_record(&s, RR_E_NOT_FINITE, "record: vectors[0][2][0] is");
        s.vectors[2 * D] = 0.0f;
    }
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_record_does_not_judge_what_nobody_reads)
{
    sample s;
    sample_open(&s);
    s.features[(LESS_K + 2) * F] = NAN; /* behind the length of row 1 */
    s.vectors[(LESS_K + 2) * D] = NAN;
    s.vectors[0] = NAN; /* beside a pool index */
    rr_error err = {0};
    ck_assert_msg(rri_rollout_check_record(&s.rollout, &s.obs, &s.decision, &err) == RR_OK, "%s",
                  err.text);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_float_eq(s.rollout.features[(K + 2) * F], 0.0f);
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_record_names_lengths_and_actions_out_of_range)
{
    sample s;
    sample_open(&s);
    s.lengths[1] = 0;
    expect_record(&s, RR_E_INVALID, "lengths[1] is 0; it must be in [1, 3]");
    s.lengths[1] = 4;
    expect_record(&s, RR_E_INVALID, "lengths[1] is 4");
    s.lengths[1] = 2;
    s.actions[1] = 2;
    expect_record(&s, RR_E_INVALID, "actions[1] is 2; it must be a position in the row's list");
    s.actions[1] = -1;
    expect_record(&s, RR_E_INVALID, "actions[1] is -1");
    s.actions[1] = 0;
    s.obs.lengths = NULL;
    s.actions[0] = 3;
    expect_record(&s, RR_E_INVALID, "actions[0] is 3");
    s.obs.n_candidates = 0;
    expect_record(&s, RR_E_INVALID, "lengths[0] is 0");
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_reward_names_what_is_wrong)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    s.outcome.n = 3;
    expect_reward(&s, RR_E_INVALID, "n is 3; the last record had 2 rows");
    s.outcome.n = -2;
    expect_reward(&s, RR_E_INVALID, "n is -2");
    s.outcome.n = N;
    s.rewards[1] = NAN;
    expect_reward(&s, RR_E_NOT_FINITE, "reward: rewards[1] is nan");
    s.rewards[1] = 0.0f;
    s.terminated[1] = 2;
    expect_reward(&s, RR_E_INVALID, "terminated[1] is 2; it must be 0 or 1");
    s.terminated[1] = 0;
    s.truncated[0] = 255;
    expect_reward(&s, RR_E_INVALID, "truncated[0] is 255");
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_check_reward_of_a_truncated_row_needs_its_final_state)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    s.truncated[1] = 1;
    const rr_obs final_obs = s.final_obs;
    s.outcome.final_obs = NULL;
    expect_reward(&s, RR_E_INVALID,
                  "truncated[1] is 1, so final_obs must hold 2 states of width 3");
    s.outcome.final_obs = &s.final_obs;
    s.final_obs.states = NULL;
    expect_reward(&s, RR_E_INVALID, "final_obs must hold");
    s.final_obs = final_obs;
    s.final_obs.n = 1;
    expect_reward(&s, RR_E_INVALID, "final_obs must hold");
    s.final_obs = final_obs;
    s.final_obs.state_dim = 2;
    expect_reward(&s, RR_E_INVALID, "final_obs must hold");
    s.final_obs = final_obs;
    s.final_states[S + 1] = INFINITY;
    expect_reward(&s, RR_E_NOT_FINITE, "final_obs states[1][1] is inf");
    s.final_states[S + 1] = 0.0f;
    s.final_states[0] = NAN; /* row 0 goes on: not read */
    rr_error err = {0};
    ck_assert_msg(rri_rollout_check_reward(&s.rollout, &s.outcome, &err) == RR_OK, "%s", err.text);
    sample_close(&s);
}
END_TEST

CHECK_MAIN("buffer/rollout_check", test_rollout_check_record_and_reward_take_turns,
           test_rollout_check_record_needs_room_and_the_same_rows,
           test_rollout_check_record_of_lists_that_were_forgotten_is_no_record_of_the_pool,
           test_rollout_check_record_names_the_shape_that_does_not_fit,
           test_rollout_check_record_rows_of_a_rollout_are_alike,
           test_rollout_check_record_names_row_and_place_of_what_is_not_finite,
           test_rollout_check_record_does_not_judge_what_nobody_reads,
           test_rollout_check_record_names_lengths_and_actions_out_of_range,
           test_rollout_check_reward_names_what_is_wrong,
           test_rollout_check_reward_of_a_truncated_row_needs_its_final_state)
