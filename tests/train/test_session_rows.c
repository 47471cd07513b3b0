/* SPDX-License-Identifier: MIT */
/* Sessions that cannot be trained on are rejected, and the others are trained on as if these had
 * never been. */
#include "train/session_rows.h"

#include <float.h>

#include "ledger/harvest.h"
#include "session_fixture.h"
#include "train/evaluate_rows.h"

/* Rows of session s of the only play: its steps. */
static size_t row_of(size_t session, size_t step)
{
    return step * N + session;
}

/* The session is as if it had never come. */
static void take_out(scene *t, size_t session)
{
    rri_harvest_begin(&t->ledger);
    t->ledger.picked[0] = (int32_t)session;
    t->ledger.n_picked = 1;
    rri_harvest_forget(&t->ledger, &t->r.rollout, 0);
}

static void spoil_action(scene *t, size_t row)
{
    t->r.rollout.actions[row] = t->r.rollout.lengths[row];
}

static void spoil_candidate(scene *t, size_t row)
{
    t->r.rollout.candidates[row * t->r.rollout.k] = 999;
}

static void spoil_twice(scene *t, size_t row)
{
    int32_t *list = t->r.rollout.candidates + row * t->r.rollout.k;
    list[1] = list[0];
}

static void spoil_log_prob(scene *t, size_t row)
{
    t->r.rollout.log_probs[row] = nextafterf(t->r.rollout.log_probs[row], -9.0f);
}

static void spoil_feature(scene *t, size_t row)
{
    t->r.rollout.features[row * t->r.rollout.k * 2] += 0.01f;
}

/* Finite, and yet no score can be made of it. */
static void spoil_size(scene *t, size_t row)
{
    for (size_t i = 0; i < t->r.rollout.k * 2; i++) {
        t->r.rollout.features[row * t->r.rollout.k * 2 + i] = i % 4 < 2 ? 3e38f : -3e38f;
    }
}

typedef struct illness {
    void (*spoil)(scene *, size_t);
    const char *sentence;
} illness;

static const illness ILLNESSES[] = {
    {spoil_action, "it must be in [0, "},
    {spoil_candidate, "candidates[0] is 999; it must be -1 or below the pool's 7 items"},
    {spoil_twice, "a candidate may occur once"},
    {spoil_log_prob, "was recorded with log-prob"},
    {spoil_feature, "was recorded with log-prob"},
    {spoil_size, "are too large"},
};

/* What was trained on is the same; what is told of a session that was rejected is told of one. */
static void check_same(const rr_stats *stats, const rr_stats *wanted)
{
    ck_assert_int_eq(stats->n_due, wanted->n_due + STEPS);
    ck_assert_int_eq(stats->n_rejected, STEPS);
    rr_stats rest = *stats;
    rest.n_due = wanted->n_due;
    rest.n_rejected = wanted->n_rejected;
    ck_assert_mem_eq(&rest, wanted, sizeof rest);
}

static void open_weighted(scene *t, float max_skew)
{
    rig_shape shape = usual();
    shape.agent.max_skew = max_skew;
    scene_open(t, shape);
    for (size_t i = 0; i < t->r.agent->trainer.model.network.params.n_floats; i++) {
        t->r.agent->trainer.model.values[i] += 0.1f; /* so features count */
    }
    rri_model_pack(&t->r.agent->trainer.model);
}

START_TEST(test_session_rows_rejects_a_session_with_a_bad_row_and_trains_on_the_rest)
{
    for (size_t i = 0; i < sizeof ILLNESSES / sizeof ILLNESSES[0]; i++) {
        scene t, twin;
        open_weighted(&t, 0.05f);
        open_weighted(&twin, 0.05f);
        play(&t, STEPS, false);
        play(&twin, STEPS, false);
        take_out(&twin, 2);
        ILLNESSES[i].spoil(&t, row_of(2, 5));
        const uint64_t decision = t.ledger.decisions[row_of(2, 5)];
        rr_stats stats, wanted;
        ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
        ck_assert_int_eq(update(&twin, &wanted, NULL), RR_OK);
        ck_assert_uint_eq(rig_hash(&t.r), rig_hash(&twin.r));
        ck_assert_int_eq(stats.n_rows, ROWS - STEPS);
        check_same(&stats, &wanted);
        ck_assert_uint_eq(t.r.rollout.n_rows, 0);
        ck_assert_int_eq(t.ledger.n_rejected, STEPS);
        ck_assert_int_eq(t.ledger.n_rejected_sessions, 1);
        ck_assert_int_eq(t.ledger.n_dropped, 0);
        ck_assert_int_eq(t.ledger.n_trained, ROWS - STEPS);
        char named[64];
        snprintf(named, sizeof named, "decision %llu", (unsigned long long)decision);
        ck_assert_int_eq(t.n_warnings, 1);
        ck_assert_msg(strstr(t.warning, ILLNESSES[i].sentence) != NULL, "%s", t.warning);
        ck_assert_msg(strstr(t.warning, named) != NULL, "%s", t.warning);
        ck_assert_ptr_nonnull(strstr(t.warning, "1 sessions (8 rows)"));
        ck_assert_ptr_nonnull(strstr(t.warning, "the first is session 98:"));
        rig_close(&t.r);
        rig_close(&twin.r);
    }
}
END_TEST

START_TEST(test_session_rows_what_is_not_ready_stays_whatever_is_rejected)
{
    scene t;
    open_weighted(&t, 0.05f);
    play(&t, STEPS, false);
    for (size_t s = 4; s < N; s++) {
        t.ledger.ends[s] = RRI_END_NONE;
        rri_u64_table_add(&t.ledger.open, t.ledger.keys, (int32_t)s);
    }
    spoil_action(&t, row_of(1, 0));
    spoil_action(&t, row_of(5, 0)); /* it is open: nothing is known of it yet */
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    ck_assert_uint_eq(t.r.rollout.n_rows, 2 * STEPS);
    ck_assert_uint_eq(t.ledger.n_sessions, 2);
    ck_assert_uint_eq(t.ledger.keys[0], 96);
    ck_assert_int_eq(rri_u64_table_find(&t.ledger.open, t.ledger.keys, 95), 1);
    ck_assert_int_eq(t.ledger.n_rejected_sessions, 1);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_rows_of_which_all_is_rejected_is_an_error_and_changes_nothing)
{
    scene t;
    open_weighted(&t, 1.0f);
    play(&t, 2, false);
    for (size_t row = 0; row < 2 * N; row++) {
        spoil_candidate(&t, row);
    }
    expect_refusal(&t, RR_E_INVALID,
                   "none of 6 sessions that are ready can be trained on; the first: decision");
    ck_assert_int_eq(t.ledger.n_rejected, 0);
    ck_assert_int_eq(t.n_warnings, 0);
    play(&t, 2, false); /* what is good comes through as soon as it is there */
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 2 * N);
    ck_assert_int_eq(t.ledger.n_rejected_sessions, N);
    rig_close(&t.r);
}
END_TEST

/* Room that a session leaves is another's in the same update. */
START_TEST(test_session_rows_rejected_sessions_take_no_room)
{
    scene t;
    open_weighted(&t, 1.0f);
    play(&t, STEPS, false);
    spoil_log_prob(&t, row_of(0, 1));
    spoil_twice(&t, row_of(1, 1));
    spoil_log_prob(&t, row_of(4, 7));
    t.r.agent->trainer.update.max_rows = 3 * STEPS;
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 3 * STEPS); /* sessions 2, 3 and 5 */
    ck_assert_int_eq(t.ledger.n_rejected_sessions, 3);
    ck_assert_uint_eq(t.r.rollout.n_rows, 0);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_rows_a_session_longer_than_the_agent_holds_does_not_stop_the_others)
{
    scene t;
    open_weighted(&t, 0.0f);
    play(&t, STEPS, false);
    for (size_t row = 0; row < ROWS; row++) { /* session 0 has taken over the rows of 1 and 2 */
        t.ledger.session_of[row] = (int32_t)(row % N < 3 ? 0 : row % N - 2);
    }
    for (size_t s = 0; s < 4; s++) {
        t.ledger.keys[s] = s == 0 ? 100 : 98 - s;
    }
    t.ledger.n_sessions = 4;
    rri_ledger_rebuild(&t.ledger, &t.r.rollout);
    t.r.agent->trainer.update.max_rows = 3 * STEPS - 1;
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 2 * STEPS);
    ck_assert_int_eq(t.ledger.n_rejected, 3 * STEPS);
    ck_assert_ptr_nonnull(strstr(t.warning, "session 100 has 24 rows; this agent was made for at "
                                            "most 23 (max_update_rows)"));
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, STEPS);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_rows_more_skew_than_max_skew_is_an_error_that_names_the_first)
{
    scene t;
    open_weighted(&t, 2.0f / ROWS);
    play(&t, STEPS, false);
    spoil_log_prob(&t, row_of(0, 3));
    spoil_log_prob(&t, row_of(2, 3));
    spoil_log_prob(&t, row_of(4, 3));
    char sentence[96];
    snprintf(sentence, sizeof sentence,
             "3 of 48 rows that can be checked are not what was seen, and max_skew is");
    expect_refusal(&t, RR_E_SKEW, sentence);
    t.r.rollout.log_probs[row_of(4, 3)] = nextafterf(t.r.rollout.log_probs[row_of(4, 3)], 9.0f);
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    ck_assert_int_eq(t.ledger.n_rejected_sessions, 2);
    rig_close(&t.r);
}
END_TEST

/* Two of the 32 rows that were looked at, in sessions that were picked one after the other. */
START_TEST(test_session_rows_skew_is_a_share_of_all_rows_that_were_checked)
{
    for (int i = 0; i < 2; i++) {
        scene t;
        open_weighted(&t, i == 0 ? 1.99f / 32.0f : 2.01f / 32.0f);
        play(&t, STEPS, false);
        spoil_log_prob(&t, row_of(0, 3));
        spoil_log_prob(&t, row_of(3, 3));
        t.r.agent->trainer.update.max_rows = 3 * STEPS;
        if (i == 0) {
            expect_refusal(&t, RR_E_SKEW, "2 of 32 rows that can be checked");
        } else {
            ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
            ck_assert_int_eq(t.ledger.n_rejected_sessions, 2);
        }
        rig_close(&t.r);
    }
}
END_TEST

/* An agent that is ill is not the rows' fault. */
START_TEST(test_session_rows_an_agent_without_finite_numbers_rejects_no_session)
{
    scene t;
    open_weighted(&t, 1.0f);
    play(&t, 2, false);
    for (size_t i = 0; i < t.r.agent->trainer.model.network.params.n_floats; i++) {
        t.r.agent->trainer.model.values[i] = NAN;
    }
    rri_model_pack(&t.r.agent->trainer.model);
    for (size_t row = 0; row < 2 * N; row++) {
        t.ledger.versions[row] = rri_agent_version(t.r.agent);
    }
    expect_refusal(&t, RR_E_NOT_FINITE, "update: decision ");
    expect_refusal(&t, RR_E_NOT_FINITE, "the agent's parameters, or the row's numbers");
    rig_close(&t.r);
}
END_TEST

/* A row that is not trained on itself is a state on the way. */
START_TEST(test_session_rows_a_session_with_a_value_that_overflows_is_rejected)
{
    scene t;
    rig_shape shape = usual();
    shape.agent.activation = RR_ACTIVATION_RELU;
    scene_open(&t, shape);
    for (size_t i = 0; i < t.r.agent->trainer.model.network.params.n_floats; i++) {
        t.r.agent->trainer.model.values[i] *= 8.0f;
    }
    rri_model_pack(&t.r.agent->trainer.model);
    play(&t, STEPS, false);
    const size_t row = row_of(3, 4);
    for (size_t i = 0; i < 3; i++) {
        t.r.rollout.states[row * 3 + i] = 3e38f;
    }
    t.ledger.versions[row] = 1; /* unknown */
    float value;
    const int32_t which = (int32_t)row;
    rri_evaluate_rows_compute(&t.r.agent->trainer, NULL, &value, &t.r.rollout, &which, 1);
    ck_assert(!isfinite(value));
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, ROWS - STEPS);
    ck_assert_int_eq(t.ledger.n_rejected, STEPS);
    ck_assert(isfinite(stats.value_loss));
    rig_close(&t.r);
}
END_TEST

/* The last row of a session that is cut off is no place, but the state after the one before. */
START_TEST(test_session_rows_a_session_whose_final_value_overflows_is_rejected)
{
    scene t;
    rig_shape shape = usual();
    shape.agent.activation = RR_ACTIVATION_RELU;
    scene_open(&t, shape);
    for (size_t i = 0; i < t.r.agent->trainer.model.network.params.n_floats; i++) {
        t.r.agent->trainer.model.values[i] *= 8.0f;
    }
    rri_model_pack(&t.r.agent->trainer.model);
    play(&t, STEPS, true);
    for (size_t i = 0; i < 3; i++) {
        t.r.rollout.states[row_of(3, STEPS - 1) * 3 + i] = 3e38f;
    }
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, (N - 1) * (STEPS - 1));
    ck_assert_int_eq(t.ledger.n_rejected, STEPS);
    ck_assert(isfinite(stats.value_loss));
    char named[64];
    snprintf(named, sizeof named, "session 97: decision %zu has return", row_of(3, STEPS - 2));
    ck_assert_msg(strstr(t.warning, named) != NULL, "%s", t.warning);
    rig_close(&t.r);
}
END_TEST

/* Each is a float, and their sum is none. */
START_TEST(test_session_rows_a_session_whose_return_overflows_is_rejected)
{
    scene t, twin;
    open_weighted(&t, 0.05f);
    open_weighted(&twin, 0.05f);
    play(&t, STEPS, false);
    play(&twin, STEPS, false);
    take_out(&twin, 2);
    t.r.rollout.rewards[row_of(2, 4)] = t.r.rollout.rewards[row_of(2, 5)] = FLT_MAX;
    rr_stats stats, wanted;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(update(&twin, &wanted, NULL), RR_OK);
    check_same(&stats, &wanted);
    ck_assert_uint_eq(rig_hash(&t.r), rig_hash(&twin.r));
    ck_assert_int_eq(t.ledger.n_rejected, STEPS);
    char named[64];
    snprintf(named, sizeof named, "session 98: decision %zu has return", row_of(2, 4));
    ck_assert_msg(strstr(t.warning, named) != NULL, "%s", t.warning);
    rig_close(&t.r);
    rig_close(&twin.r);
}
END_TEST

CHECK_MAIN("train/session_rows",
           test_session_rows_rejects_a_session_with_a_bad_row_and_trains_on_the_rest,
           test_session_rows_what_is_not_ready_stays_whatever_is_rejected,
           test_session_rows_of_which_all_is_rejected_is_an_error_and_changes_nothing,
           test_session_rows_rejected_sessions_take_no_room,
           test_session_rows_a_session_longer_than_the_agent_holds_does_not_stop_the_others,
           test_session_rows_more_skew_than_max_skew_is_an_error_that_names_the_first,
           test_session_rows_skew_is_a_share_of_all_rows_that_were_checked,
           test_session_rows_an_agent_without_finite_numbers_rejects_no_session,
           test_session_rows_a_session_with_a_value_that_overflows_is_rejected,
           test_session_rows_a_session_whose_final_value_overflows_is_rejected,
           test_session_rows_a_session_whose_return_overflows_is_rejected)
