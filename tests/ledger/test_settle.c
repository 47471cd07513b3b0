/* SPDX-License-Identifier: MIT */
#include "ledger/settle.h"

#include <float.h>
#include <math.h>

#include "ledger_fixture.h"

START_TEST(test_settle_rewards_of_one_decision_add_up)
{
    scene t;
    scene_open_rows(&t, 8);
    scene_record(&t, 1, 1, 0);
    scene_record(&t, 1, 2, 0);
    ck_assert_int_eq(scene_reward(&t, 1, 0.5f, RRI_END_NONE), RR_OK);
    ck_assert_int_eq(scene_reward(&t, 2, 4.0f, RRI_END_NONE), RR_OK);
    ck_assert_int_eq(scene_reward(&t, 1, 0.25f, RRI_END_NONE), RR_OK);
    ck_assert_float_eq(t.rollout.rewards[0], 0.75f);
    ck_assert_float_eq(t.rollout.rewards[1], 4.0f);
    ck_assert_int_eq(scene_count(&t).rewarded, 3);
    scene_close(&t);
}
END_TEST

/* In float, 1e8 + 1 − 1e8 is 0 and 1e8 − 1e8 + 1 is 1. */
START_TEST(test_settle_the_order_of_rewards_does_not_matter)
{
    scene t;
    scene_open_rows(&t, 8);
    const float told[] = {1e8f, 1.0f, -1e8f};
    scene_record(&t, 1, 1, 0);
    scene_record(&t, 1, 2, 0);
    for (size_t i = 0; i < 3; i++) {
        scene_reward(&t, 1, told[i], RRI_END_NONE);
        scene_reward(&t, 2, told[(2 * i + 1) % 3], RRI_END_NONE);
    }
    ck_assert_float_eq(t.rollout.rewards[0], 1.0f);
    ck_assert_float_eq(t.rollout.rewards[1], 1.0f);
    scene_reward(&t, 1, FLT_MAX, RRI_END_NONE);
    scene_reward(&t, 1, FLT_MAX, RRI_END_NONE);
    ck_assert_float_eq(t.rollout.rewards[0], FLT_MAX); /* and no infinity */
    scene_close(&t);
}
END_TEST

/* 24 orders of rewards whose sum no double can hold on the way. */
START_TEST(test_settle_rewards_of_very_different_sizes_add_up_exactly)
{
    scene t;
    scene_open_rows(&t, 24);
    const float told[] = {3e17f, 1e-3f, -3e17f, 2.5f};
    for (uint64_t order = 0; order < 24; order++) {
        scene_record(&t, 1, order, 0);
        uint64_t left = order;
        bool is_told[4] = {false};
        for (uint64_t n = 4; n > 0; n--) { /* the (left mod n)-th of those that are not told yet */
            size_t i = 0;
            for (uint64_t skip = left % n; is_told[i] || skip > 0; i++) {
                skip -= is_told[i] ? 0 : 1;
            }
            left /= n;
            is_told[i] = true;
            scene_reward(&t, order, told[i], RRI_END_NONE);
        }
        ck_assert_float_eq(t.rollout.rewards[order], (float)(2.5 + (double)1e-3f));
        ck_assert_double_eq(t.ledger.reward_sums[order], t.ledger.reward_sums[0]);
        ck_assert_double_eq(t.ledger.reward_rests[order], t.ledger.reward_rests[0]);
    }
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_a_reward_before_its_record_is_unknown_and_nothing_is_invented)
{
    scene t;
    scene_open_rows(&t, 8);
    ck_assert_int_eq(scene_reward(&t, 5, 1.0f, RRI_END_TERMINATED), RR_E_NOT_FOUND);
    scene_record(&t, 1, 5, 0);
    ck_assert_float_eq(t.rollout.rewards[0], 0.0f);
    ck_assert_int_eq(scene_end(&t, 2, RRI_END_CUT), RR_E_NOT_FOUND);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.unknown, 2);
    ck_assert_int_eq(c.open_sessions, 1);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_without_a_wait_a_session_that_ended_is_ready_and_earns_no_more)
{
    scene t;
    scene_open_rows(&t, 8);
    scene_record(&t, 1, 1, 0);
    scene_record(&t, 1, 2, 0);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_NONE), RR_OK);
    ck_assert_int_eq(scene_reward(&t, 2, 1.0f, RRI_END_TERMINATED), RR_OK);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_NONE), RR_E_STALE);
    ck_assert_float_eq(t.rollout.rewards[0], 1.0f);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.ready, 2);
    ck_assert_int_eq(c.ready_sessions, 1);
    ck_assert_int_eq(c.late, 1);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_rewards_are_final_when_the_wait_of_the_latest_row_is_over)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.reward_wait = 10;
    scene_open(&t, &config);
    scene_record(&t, 1, 1, 100);
    scene_record(&t, 1, 2, 105);
    ck_assert_int_eq(scene_end(&t, 1, RRI_END_TERMINATED), RR_OK);
    ck_assert_int_eq(scene_count(&t).waiting, 2); /* no time was told yet */
    scene_settle(&t, 110);
    ck_assert_int_eq(scene_count(&t).waiting, 2);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_NONE),
                     RR_E_STALE); /* its own wait is over */
    ck_assert_int_eq(scene_reward(&t, 2, 1.0f, RRI_END_NONE), RR_OK);
    scene_settle(&t, 50); /* goes back: held */
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_NONE), RR_E_STALE);
    ck_assert_int_eq(rri_settle_clock(&t.ledger, &t.rollout, RRI_CLOCK_NONE, NULL), RR_E_INVALID);
    ck_assert_int_eq(t.ledger.clock, 110);
    scene_settle(&t, 115);
    ck_assert_int_eq(scene_count(&t).ready, 2);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_a_reward_earned_too_late_is_late_whenever_settle_was_called)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.reward_wait = 10;
    scene_open(&t, &config);
    scene_record(&t, 1, 1, 100);
    const uint64_t ids[] = {1, 1};
    const float rewards[] = {1.0f, 2.0f};
    const int64_t times[] = {110, 109};
    int32_t statuses[2];
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 2,
                                .decisions = ids,
                                .rewards = rewards,
                                .times = times};
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, statuses, NULL), RR_OK);
    ck_assert_int_eq(statuses[0], RR_E_STALE);
    ck_assert_int_eq(statuses[1], RR_OK);
    ck_assert_float_eq(t.rollout.rewards[0], 2.0f);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_idle_sessions_end_and_others_not)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.idle_timeout = 30;
    config.idle_end = RR_IDLE_CUT;
    scene_open(&t, &config);
    scene_record(&t, 1, 1, 100);
    scene_record(&t, 2, 2, 100);
    scene_record(&t, 1, 3, 120);
    scene_record(&t, 1, 4, 90); /* a clock that went back makes no session older */
    scene_settle(&t, 129);
    ck_assert_int_eq(scene_count(&t).open_sessions, 2);
    scene_settle(&t, 130);
    ck_assert_int_eq(scene_count(&t).open_sessions, 1);
    ck_assert_int_eq(t.ledger.ends[1], RRI_END_CUT);
    ck_assert_int_eq(t.rollout.truncated[1], 0); /* no final observation */
    scene_settle(&t, 150);
    ck_assert_int_eq(t.ledger.ends[0], RRI_END_CUT);
    scene_close(&t);
}
END_TEST

/* One who stays away has left, unless the host says otherwise; then the last row is trained on. */
START_TEST(test_settle_an_idle_end_is_for_good_unless_it_is_called_a_cut)
{
    for (int32_t idle_end = RR_IDLE_LEFT; idle_end <= RR_IDLE_CUT; idle_end++) {
        scene t;
        rr_ledger_config config = scene_config(8);
        config.idle_timeout = 30;
        ck_assert_int_eq(config.idle_end, RR_IDLE_LEFT);
        config.idle_end = idle_end;
        scene_open(&t, &config);
        scene_record(&t, 1, 1, 100);
        scene_record(&t, 1, 2, 110);
        scene_settle(&t, 140);
        const bool has_left = idle_end == RR_IDLE_LEFT;
        ck_assert_int_eq(t.ledger.ends[0], has_left ? RRI_END_TERMINATED : RRI_END_CUT);
        ck_assert_int_eq(t.rollout.terminated[1], has_left ? 1 : 0);
        ck_assert_int_eq(t.rollout.terminated[0], 0);
        ck_assert_uint_eq(rri_settle_places(&t.ledger, 0), has_left ? 2 : 1);
        scene_close(&t);
    }
}
END_TEST

START_TEST(test_settle_an_end_belongs_to_the_last_row_of_its_session)
{
    scene t;
    scene_open_rows(&t, 8);
    scene_record(&t, 1, 1, 0);
    scene_record(&t, 1, 2, 0);
    const uint64_t id = 1;
    const float reward = 1.0f;
    const uint8_t yes = 1;
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &id,
                                .rewards = &reward,
                                .terminated = &yes};
    rr_error err = {0};
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, NULL, &err), RR_E_STATE);
    ck_assert_ptr_nonnull(
        strstr(err.text, "terminated[0] is 1, but decision 1 is not the last row of its session"));
    ck_assert_float_eq(t.rollout.rewards[0], 0.0f);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_TERMINATED), RR_E_STATE);
    ck_assert_int_eq(scene_reward(&t, 2, 1.0f, RRI_END_TRUNCATED), RR_OK);
    ck_assert_int_eq(t.ledger.ends[0], RRI_END_TRUNCATED);
    ck_assert_int_eq(t.rollout.truncated[1], 1);
    ck_assert_float_eq(t.rollout.final_states[S], -2.0f);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_a_doubled_ending_ends_once)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.reward_wait = 5;
    scene_open(&t, &config);
    scene_record(&t, 1, 1, 0);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_TERMINATED), RR_OK);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_TRUNCATED), RR_OK); /* two clicks are two */
    ck_assert_int_eq(t.ledger.ends[0], RRI_END_TERMINATED);
    ck_assert_float_eq(t.rollout.rewards[0], 2.0f);
    ck_assert_int_eq(scene_end(&t, 1, RRI_END_CUT), RR_E_NOT_FOUND);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_a_late_reward_still_tells_the_end)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.reward_wait = 5;
    scene_open(&t, &config);
    scene_record(&t, 1, 1, 0);
    scene_settle(&t, 5);
    ck_assert_int_eq(scene_reward(&t, 1, 1.0f, RRI_END_TERMINATED), RR_E_STALE);
    ck_assert_int_eq(t.ledger.ends[0], RRI_END_TERMINATED);
    ck_assert_float_eq(t.rollout.rewards[0], 0.0f);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_bad_outcomes_and_endings_refuse_their_batch)
{
    scene t;
    scene_open_rows(&t, 8);
    scene_record(&t, 1, 1, 0);
    scene_record(&t, 2, 2, 0);
    const uint64_t ids[] = {1, 2};
    float rewards[] = {1.0f, NAN};
    uint8_t flags[] = {0, 0};
    float states[2 * S] = {0.0f};
    rr_obs final_obs = {.struct_size = sizeof final_obs, .n = 2, .state_dim = S, .states = states};
    rr_outcome outcome = {.struct_size = sizeof outcome,
                          .n = 2,
                          .decisions = ids,
                          .rewards = rewards,
                          .truncated = flags,
                          .final_obs = &final_obs};
    rr_error err = {0};
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, NULL, &err),
                     RR_E_NOT_FINITE);
    ck_assert_float_eq(t.rollout.rewards[0], 0.0f);
    rewards[1] = 1.0f;
    flags[1] = 2;
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "truncated[1] is 2"));
    flags[1] = 1;
    states[S + 1] = INFINITY;
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, NULL, &err),
                     RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "reward: final_obs states[1][1] is inf"));
    final_obs.n = 1;
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "final_obs must hold 2 states of width 2"));
    final_obs.n = 2;
    rr_ending ending = {
        .struct_size = sizeof ending, .n = 2, .sessions = ids, .final_obs = &final_obs};
    ck_assert_int_eq(rri_settle_end(&t.ledger, &t.rollout, &ending, NULL, &err), RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "end: final_obs states[1][1] is inf"));
    flags[1] = 2;
    ending.terminated = flags;
    ck_assert_int_eq(rri_settle_end(&t.ledger, &t.rollout, &ending, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "terminated[1] is 2"));
    int32_t statuses[2];
    ck_assert_int_eq(rri_settle_end(&t.ledger, &t.rollout, &ending, statuses, NULL), RR_OK);
    ck_assert_int_eq(statuses[0], RR_OK);
    ck_assert_int_eq(statuses[1], RR_E_INVALID);
    ck_assert_int_eq(t.ledger.ends[0], RRI_END_TRUNCATED);
    ck_assert_int_eq(t.ledger.ends[1], RRI_END_NONE);
    final_obs.state_dim = 1;
    ck_assert_int_eq(rri_settle_end(&t.ledger, &t.rollout, &ending, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(scene_count(&t).rewarded, 0);
    scene_close(&t);
}
END_TEST

/* Refused, and nothing has changed. */
static void expect_jump(scene *t, int64_t now, const char *sentence)
{
    rr_error err = {0};
    const int64_t clock = t->ledger.clock;
    const rr_ledger_counts before = scene_count(t);
    ck_assert_int_eq(rri_settle_clock(&t->ledger, &t->rollout, now, &err), RR_E_INVALID);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "%s", err.text);
    ck_assert_int_eq(t->ledger.clock, clock);
    const rr_ledger_counts after = scene_count(t);
    ck_assert_mem_eq(&before, &after, sizeof after);
}

START_TEST(test_settle_in_another_unit_is_refused_with_both_times)
{
    const int64_t now = 1700000000, waits[] = {3600, 60, 1};
    for (int i = 0; i < 6; i++) { /* either is enough */
        scene t;
        rr_ledger_config config = scene_config(8);
        config.reward_wait = i % 2 == 0 ? waits[i / 2] : 1;
        config.idle_timeout = i % 2 == 0 ? 0 : waits[i / 2];
        scene_open(&t, &config);
        const int64_t most = 10000 * waits[i / 2];
        scene_settle(&t, now); /* the first: any */
        ck_assert_int_eq(scene_record(&t, 1, 1, now), RR_OK);
        expect_jump(&t, now * 1000, "settle: now is 1700000000000, but the clock is 1700000000");
        expect_jump(&t, now + most + 1, "the clock is 1700000000");
        expect_jump(&t, now - most - 1, "the clock is 1700000000");
        expect_jump(&t, INT64_MAX, "settle: now is 9223372036854775807");
        expect_jump(&t, INT64_MIN + 1, "the clock is 1700000000");
        scene_settle(&t, now - most);
        scene_settle(&t, now + most);
        ck_assert_int_eq(t.ledger.clock, now + most);
        scene_close(&t);
    }
}
END_TEST

/* A reward in another unit is refused, where it would be late for ever and nobody told. */
START_TEST(test_settle_rewards_in_another_unit_are_refused_with_both_times)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.reward_wait = 60;
    scene_open(&t, &config);
    const int64_t now = 1700000000;
    ck_assert_int_eq(scene_record(&t, 1, 1, now), RR_OK);
    const uint64_t ids[] = {1, 1};
    const float rewards[] = {1.0f, 2.0f};
    const int64_t elsewhere[] = {now * 1000, now / 1000, INT64_MAX, INT64_MIN, now + 600001};
    for (int i = 0; i < 5; i++) {
        const int64_t times[] = {now + 5, elsewhere[i]};
        const rr_outcome outcome = {.n = 2, .decisions = ids, .rewards = rewards, .times = times};
        rr_error err = {0};
        ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, NULL, &err),
                         RR_E_INVALID);
        ck_assert_msg(strstr(err.text, "reward: times[1] is ") != NULL, "%s", err.text);
        ck_assert_msg(strstr(err.text, "the newest row is of 1700000000") != NULL, "%s", err.text);
        ck_assert_int_eq(scene_count(&t).rewarded, 0);
        ck_assert_int_eq(scene_count(&t).late, 0);
    }
    const int64_t times[] = {now + 5, now * 1000};
    const rr_outcome outcome = {.n = 2, .decisions = ids, .rewards = rewards, .times = times};
    int32_t statuses[2];
    ck_assert_int_eq(rri_settle_reward(&t.ledger, &t.rollout, &outcome, statuses, NULL), RR_OK);
    ck_assert_int_eq(statuses[0], RR_OK);
    ck_assert_int_eq(statuses[1], RR_E_INVALID);
    ck_assert_int_eq(scene_count(&t).rewarded, 1);
    scene_close(&t);
}
END_TEST

START_TEST(test_settle_before_the_first_the_newest_row_stands_for_the_clock)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.reward_wait = 60;
    scene_open(&t, &config);
    ck_assert_int_eq(scene_record(&t, 1, 1, 1700000000), RR_OK);
    ck_assert_int_eq(scene_record(&t, 2, 2, 1700000007), RR_OK);
    expect_jump(&t, 1700000000000, "but the newest row is of 1700000007");
    scene_settle(&t, 1700000100);
    scene_close(&t);
    config.reward_wait = 0; /* no clock is needed */
    scene_open(&t, &config);
    scene_settle(&t, 5);
    scene_settle(&t, 1700000000000);
    scene_close(&t);
    config.reward_wait = INT64_MAX; /* whose ten thousandfold is no number */
    scene_open(&t, &config);
    scene_settle(&t, INT64_MIN + 1);
    scene_settle(&t, INT64_MAX);
    scene_close(&t);
}
END_TEST

CHECK_MAIN("ledger/settle", test_settle_rewards_of_one_decision_add_up,
           test_settle_the_order_of_rewards_does_not_matter,
           test_settle_rewards_of_very_different_sizes_add_up_exactly,
           test_settle_a_reward_before_its_record_is_unknown_and_nothing_is_invented,
           test_settle_without_a_wait_a_session_that_ended_is_ready_and_earns_no_more,
           test_settle_rewards_are_final_when_the_wait_of_the_latest_row_is_over,
           test_settle_a_reward_earned_too_late_is_late_whenever_settle_was_called,
           test_settle_idle_sessions_end_and_others_not,
           test_settle_an_idle_end_is_for_good_unless_it_is_called_a_cut,
           test_settle_an_end_belongs_to_the_last_row_of_its_session,
           test_settle_a_doubled_ending_ends_once, test_settle_a_late_reward_still_tells_the_end,
           test_settle_bad_outcomes_and_endings_refuse_their_batch,
           test_settle_in_another_unit_is_refused_with_both_times,
           test_settle_rewards_in_another_unit_are_refused_with_both_times,
           test_settle_before_the_first_the_newest_row_stands_for_the_clock)
