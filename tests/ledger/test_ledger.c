/* SPDX-License-Identifier: MIT */
#include "ledger/ledger.h"

#include <math.h>
#include <stdio.h>

#include "crafted_keys.h"
#include "ledger_fixture.h"

START_TEST(test_ledger_rows_of_a_key_follow_one_another)
{
    scene t;
    scene_open_rows(&t, 8);
    ck_assert_int_eq(scene_record(&t, 50, 1, 0), RR_OK);
    ck_assert_int_eq(scene_record(&t, 40, 2, 0), RR_OK);
    ck_assert_int_eq(scene_record(&t, 50, 3, 0), RR_OK);
    ck_assert_uint_eq(t.ledger.n_sessions, 2);
    ck_assert_int_eq(t.ledger.session_of[2], t.ledger.session_of[0]);
    ck_assert_int_eq(t.ledger.before[2], 0);
    ck_assert_int_eq(t.ledger.before[1], -1);
    ck_assert_int_eq(t.ledger.last[0], 2);
    ck_assert_int_eq(t.ledger.lengths[0], 2);
    ck_assert_float_eq(t.rollout.states[2 * S], 3.0f);
    ck_assert_float_eq(t.rollout.values[2], 0.0f);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.recorded, 3);
    ck_assert_int_eq(c.open, 3);
    ck_assert_int_eq(c.open_sessions, 2);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_an_id_that_is_there_is_skipped_and_counted)
{
    scene t;
    scene_open_rows(&t, 8);
    ck_assert_int_eq(scene_record(&t, 1, 7, 0), RR_OK);
    ck_assert_int_eq(scene_record(&t, 2, 7, 0), RR_OK);
    ck_assert_uint_eq(t.rollout.n_rows, 1);
    ck_assert_uint_eq(t.ledger.n_sessions, 1);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.duplicate, 1);
    ck_assert_int_eq(c.recorded, 1);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_a_key_whose_session_ended_begins_another)
{
    scene t;
    scene_open_rows(&t, 8);
    ck_assert_int_eq(scene_record(&t, 5, 1, 0), RR_OK);
    ck_assert_int_eq(scene_end(&t, 5, RRI_END_TERMINATED), RR_OK);
    ck_assert_int_eq(scene_record(&t, 5, 2, 0), RR_OK);
    ck_assert_uint_eq(t.ledger.n_sessions, 2);
    ck_assert_int_eq(t.ledger.before[1], -1);
    scene_close(&t);
}
END_TEST

/* A batch of n rows with ids from first_id, sessions from first_session. */
typedef struct batch {
    float states[4 * S], log_probs[4];
    int32_t actions[4], statuses[4];
    bool is_each; /* statuses are asked for */
    uint64_t sessions[4], ids[4], versions[4];
    int64_t times[4];
    rr_obs obs;
    rr_decision decision;
} batch;

static void fill(batch *b, int32_t n, uint64_t first_session, uint64_t first_id)
{
    memset(b, 0, sizeof *b);
    for (uint64_t i = 0; i < 4; i++) {
        b->sessions[i] = first_session + i;
        b->ids[i] = first_id + i;
    }
    b->obs = (rr_obs){.struct_size = sizeof b->obs,
                      .n = n,
                      .state_dim = S,
                      .states = b->states,
                      .sessions = b->sessions,
                      .decisions = b->ids,
                      .times = b->times};
    b->decision = (rr_decision){.struct_size = sizeof b->decision,
                                .n = n,
                                .actions = b->actions,
                                .log_probs = b->log_probs,
                                .policy_versions = b->versions};
}

static rr_status tell(scene *t, batch *b, rr_error *err)
{
    return rri_ledger_record(&t->ledger, &t->rollout, &b->obs, &b->decision, 0,
                             b->is_each ? b->statuses : NULL, err);
}

START_TEST(test_ledger_is_not_flooded_by_crafted_ids_and_keys)
{
    enum { MANY = 4000 };
    for (uint64_t kind = 0; kind < CRAFTED_KINDS; kind += 24) {
        scene t;
        scene_open_rows(&t, MANY);
        for (uint64_t i = 0; i < MANY; i++) {
            const uint64_t id = crafted_key(kind, i);
            ck_assert_int_eq(scene_record(&t, id, id, 0), RR_OK);
        }
        const rri_ledger *ledger = &t.ledger;
        ck_assert_double_lt(crafted_mean_steps(&ledger->ids, ledger->decisions),
                            CRAFTED_MOST_STEPS);
        ck_assert_double_lt(crafted_mean_steps(&ledger->open, ledger->keys), CRAFTED_MOST_STEPS);
        scene_close(&t);
    }
}
END_TEST

START_TEST(test_ledger_what_does_not_fit_whole_leaves_no_trace)
{
    scene t, twin;
    rr_ledger_config config = scene_config(5);
    scene_open(&t, &config);
    scene_open(&twin, &config);
    batch b;
    rr_error err = {0};
    ck_assert_int_eq(scene_record(&t, 10, 1, 30), RR_OK);
    ck_assert_int_eq(scene_record(&t, 11, 2, 20), RR_OK);
    ck_assert_int_eq(scene_record(&twin, 10, 1, 30), RR_OK);
    ck_assert_int_eq(scene_record(&twin, 11, 2, 20), RR_OK);
    fill(&b, 4, 10, 3); /* goes on with both, begins two: one row too many */
    b.times[0] = b.times[1] = 99;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_FULL);
    ck_assert_ptr_nonnull(strstr(err.text, "row 3 does not fit; all 5 rows (max_rows) are taken"));
    ck_assert_uint_eq(t.rollout.n_rows, 2);
    ck_assert_uint_eq(t.ledger.n_sessions, 2);
    for (size_t s = 0; s < 2; s++) {
        ck_assert_int_eq(t.ledger.last[s], twin.ledger.last[s]);
        ck_assert_int_eq(t.ledger.lengths[s], 1);
        ck_assert_int_eq(rri_ledger_latest(&t.ledger, s), s == 0 ? 30 : 20);
    }
    for (uint64_t id = 1; id < 8; id++) {
        ck_assert_int_eq(rri_u64_table_find(&t.ledger.ids, t.ledger.decisions, id),
                         id < 3 ? (int32_t)id - 1 : -1);
        ck_assert_int_eq(rri_u64_table_find(&t.ledger.open, t.ledger.keys, 9 + id),
                         id < 3 ? (int32_t)id - 1 : -1);
    }
    ck_assert_int_eq(scene_count(&t).recorded, 2);
    fill(&b, 3, 10, 3);
    ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
    scene_close(&t);
    scene_close(&twin);
}
END_TEST

START_TEST(test_ledger_refused_first_record_leaves_an_empty_buffer_of_no_form)
{
    scene t;
    scene_open_rows(&t, 2);
    batch b;
    fill(&b, 3, 1, 1);
    ck_assert_int_eq(tell(&t, &b, NULL), RR_E_FULL);
    ck_assert_uint_eq(t.rollout.n_rows, 0);
    ck_assert_uint_eq(t.rollout.n_sessions, 0);
    ck_assert_uint_eq(t.ledger.n_sessions, 0);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_sessions_at_once_are_bounded)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.max_sessions = 2;
    scene_open(&t, &config);
    batch b;
    rr_error err = {0};
    fill(&b, 3, 1, 1);
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_FULL);
    ck_assert_ptr_nonnull(strstr(err.text, "row 2 begins a session; all 2 sessions are taken"));
    fill(&b, 2, 1, 1);
    ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
    fill(&b, 2, 1, 3); /* the same two go on */
    ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_with_statuses_each_row_is_for_itself)
{
    scene t;
    scene_open_rows(&t, 2);
    batch b;
    fill(&b, 4, 1, 1);
    b.is_each = true;
    b.states[0] = NAN;
    b.ids[2] = b.ids[1];
    ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
    ck_assert_int_eq(b.statuses[0], RR_E_NOT_FINITE);
    ck_assert_int_eq(b.statuses[1], RR_OK);
    ck_assert_int_eq(b.statuses[2], RR_E_DUPLICATE);
    ck_assert_int_eq(b.statuses[3], RR_OK);
    fill(&b, 1, 9, 9);
    b.is_each = true;
    ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
    ck_assert_int_eq(b.statuses[0], RR_E_FULL);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.recorded, 2);
    ck_assert_int_eq(c.duplicate, 1);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_a_bad_row_refuses_its_batch)
{
    scene t;
    scene_open_rows(&t, 8);
    batch b;
    rr_error err = {0};
    fill(&b, 3, 1, 1);
    b.actions[2] = -1;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "actions[2] is -1"));
    ck_assert_uint_eq(t.rollout.n_rows, 0);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_a_log_prob_is_that_of_a_probability)
{
    const float bad[] = {1e-7f, 3.0f, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 5; i++) {
        scene t;
        scene_open_rows(&t, 8);
        batch b;
        rr_error err = {0};
        const rr_status wanted = i < 2 ? RR_E_INVALID : RR_E_NOT_FINITE;
        fill(&b, 3, 1, 1);
        b.log_probs[1] = bad[i];
        ck_assert_int_eq(tell(&t, &b, &err), wanted);
        ck_assert_ptr_nonnull(strstr(err.text, "log_probs[1] is "));
        ck_assert_ptr_nonnull(strstr(err.text, i < 2 ? "it must be at most 0" : "be finite"));
        ck_assert_uint_eq(t.rollout.n_rows, 0);
        b.is_each = true;
        ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
        ck_assert_int_eq(b.statuses[1], wanted);
        ck_assert_uint_eq(t.rollout.n_rows, 2);
        scene_close(&t);
    }
}
END_TEST

START_TEST(test_ledger_names_what_a_record_needs)
{
    scene t;
    rr_ledger_config config = scene_config(8);
    config.idle_timeout = 5;
    scene_open(&t, &config);
    batch b;
    rr_error err = {0};
    fill(&b, 1, 1, 1);
    b.obs.sessions = NULL;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "obs sessions is NULL"));
    fill(&b, 1, 1, 1);
    b.obs.decisions = NULL;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "obs decisions is NULL"));
    fill(&b, 1, 1, 1);
    b.obs.times = NULL;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "obs times is NULL"));
    fill(&b, 1, 1, 1);
    b.decision.policy_versions = NULL;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "decision policy_versions is NULL"));
    const int32_t incumbent = -2;
    fill(&b, 1, 1, 1);
    b.obs.incumbents = &incumbent;
    ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "incumbents[0] is -2"));
    scene_close(&t);

    config.idle_timeout = 0;
    scene_open(&t, &config);
    fill(&b, 1, 1, 1);
    b.obs.times = NULL; /* nobody asks for them */
    ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_time_passes_without_overflow)
{
    ck_assert(rri_ledger_has_passed(5, 3, 8));
    ck_assert(!rri_ledger_has_passed(5, 3, 7));
    ck_assert(rri_ledger_has_passed(5, 0, 5));
    ck_assert(!rri_ledger_has_passed(5, 0, 4)); /* a clock that goes back */
    ck_assert(rri_ledger_has_passed(INT64_MIN + 1, INT64_MAX, INT64_MAX));
    ck_assert(!rri_ledger_has_passed(INT64_MAX, 1, INT64_MIN + 1));
    ck_assert(rri_ledger_has_passed(INT64_MIN, 10, INT64_MAX));
    ck_assert(!rri_ledger_has_passed(INT64_MIN, 0, RRI_CLOCK_NONE));
}
END_TEST

/* Rebuilding from what a checkpoint holds gives what recording gave. */
START_TEST(test_ledger_rebuild_finds_the_links_again)
{
    scene t;
    scene_open_rows(&t, 16);
    for (uint64_t i = 0; i < 12; i++) {
        ck_assert_int_eq(scene_record(&t, i % 3, i, (int64_t)(50 - i)), RR_OK);
        if (i == 6) {
            ck_assert_int_eq(scene_end(&t, 1, RRI_END_CUT), RR_OK);
        }
    }
    int32_t before[12], last[4], lengths[4];
    int64_t latest[12];
    ck_assert_uint_eq(t.ledger.n_sessions, 4);
    memcpy(before, t.ledger.before, sizeof before);
    memcpy(last, t.ledger.last, sizeof last);
    memcpy(lengths, t.ledger.lengths, sizeof lengths);
    memcpy(latest, t.ledger.latest, sizeof latest);
    memset(t.ledger.before, 0x55, sizeof before);
    memset(t.ledger.last, 0x55, sizeof last);
    memset(t.ledger.latest, 0x55, sizeof latest);
    ck_assert_int_eq(latest[0], 50); /* clocks go back here */
    ck_assert_int_eq(latest[3], 50);
    rri_ledger_rebuild(&t.ledger, &t.rollout);
    ck_assert_mem_eq(before, t.ledger.before, sizeof before);
    ck_assert_mem_eq(last, t.ledger.last, sizeof last);
    ck_assert_mem_eq(lengths, t.ledger.lengths, sizeof lengths);
    ck_assert_mem_eq(latest, t.ledger.latest, sizeof latest);
    ck_assert_int_eq(rri_u64_table_find(&t.ledger.open, t.ledger.keys, 1), 3);
    ck_assert_int_eq(rri_u64_table_find(&t.ledger.ids, t.ledger.decisions, 11), 11);
    scene_close(&t);
}
END_TEST

START_TEST(test_ledger_times_of_another_unit_are_refused_with_both_times)
{
    const int64_t now = 1700000000, bad[] = {now * 1000, now / 1000, now + 600001, now - 600001};
    for (size_t i = 0; i < 4; i++) {
        for (int has_clock = 0; has_clock < 2; has_clock++) {
            scene t;
            rr_ledger_config config = scene_config(8);
            config.idle_timeout = 60;
            scene_open(&t, &config);
            batch b;
            rr_error err = {0};
            char sentence[96];
            if (has_clock) {
                scene_settle(&t, now);
            } else {
                ck_assert_int_eq(scene_record(&t, 9, 9, now), RR_OK);
            }
            const size_t n = t.rollout.n_rows;
            fill(&b, 3, 1, 1);
            b.times[0] = now, b.times[1] = bad[i], b.times[2] = now;
            ck_assert_int_eq(tell(&t, &b, &err), RR_E_INVALID);
            snprintf(sentence, sizeof sentence, "record: times[1] is %lld, but %s 1700000000",
                     (long long)bad[i], has_clock ? "the clock is" : "the newest row is of");
            ck_assert_msg(strstr(err.text, sentence) != NULL, "%s", err.text);
            ck_assert_uint_eq(t.rollout.n_rows, n);
            ck_assert_int_eq(t.ledger.newest, has_clock ? RRI_CLOCK_NONE : now);
            b.is_each = true;
            ck_assert_int_eq(tell(&t, &b, NULL), RR_OK);
            ck_assert(b.statuses[0] == RR_OK && b.statuses[1] == RR_E_INVALID &&
                      b.statuses[2] == RR_OK);
            scene_close(&t);
        }
    }
}
END_TEST

CHECK_MAIN("ledger/ledger", test_ledger_is_not_flooded_by_crafted_ids_and_keys,
           test_ledger_rows_of_a_key_follow_one_another,
           test_ledger_an_id_that_is_there_is_skipped_and_counted,
           test_ledger_a_key_whose_session_ended_begins_another,
           test_ledger_what_does_not_fit_whole_leaves_no_trace,
           test_ledger_refused_first_record_leaves_an_empty_buffer_of_no_form,
           test_ledger_sessions_at_once_are_bounded,
           test_ledger_with_statuses_each_row_is_for_itself,
           test_ledger_a_bad_row_refuses_its_batch, test_ledger_a_log_prob_is_that_of_a_probability,
           test_ledger_names_what_a_record_needs, test_ledger_time_passes_without_overflow,
           test_ledger_rebuild_finds_the_links_again,
           test_ledger_times_of_another_unit_are_refused_with_both_times)
