/* SPDX-License-Identifier: MIT */
/* That sessions of the present version train as in lock step is in tests/loop/test_interleaving.c;
 * here are rows of other versions, and what is refused. */
#include "train/session_update.h"

#include "session_fixture.h"
#include "train/evaluate_rows.h"

START_TEST(test_session_update_rows_of_the_present_version_weigh_one)
{
    scene t;
    scene_open(&t, usual());
    play(&t, STEPS, false);
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_float_eq(t.r.agent->trainer.update.weights[i], 1.0f);
        ck_assert_float_eq(t.r.agent->trainer.update.traces[i], 1.0f);
    }
    ck_assert(
        !t.r.agent->trainer.update.has_weights); /* they are no business of the next to train */
    ck_assert_int_eq(stats.n_rows, ROWS);
    ck_assert_int_eq(stats.n_refused, 0);
    ck_assert_int_eq(stats.staleness_max, 0);
    ck_assert_float_eq(stats.ess, 1.0f);
    ck_assert_float_eq(stats.weight_mean, 1.0f);
    ck_assert_float_eq(stats.weight_max, 1.0f);
    ck_assert_float_eq(stats.capped_fraction, 0.0f);
    ck_assert_int_eq(t.ledger.n_trained, ROWS);
    ck_assert_uint_eq(t.r.rollout.n_rows, 0);
    rig_close(&t.r);
}
END_TEST

/* Each session on its own, in double, as maths §4 and §5 have it. */
START_TEST(test_session_update_stale_rows_are_weighed_and_their_traces_cut)
{
    scene t;
    rig_shape shape = usual();
    shape.ppo.update_epochs = 1;
    shape.ppo.batch_size = 2 * ROWS; /* one step: ratios are those that it begins with */
    shape.agent.max_weight = 2.0f;   /* so that a trace is cut where a weight is not */
    scene_open(&t, shape);
    play(&t, STEPS, false);
    t.r.agent->trainer.n_updates = 5;
    move_on(&t, 2, 0.9f);
    play(&t, 1, false); /* N rows of the present version */

    const rr_agent *agent = t.r.agent;
    const rri_rollout *rollout = &t.r.rollout;
    const size_t n = rollout->n_rows;
    ck_assert_uint_eq(n, ROWS + N);
    int32_t rows[ROWS + N];
    float prox[ROWS + N], values[ROWS + N], mu[ROWS + N], rewards[ROWS + N];
    for (size_t i = 0; i < n; i++) {
        rows[i] = (int32_t)i;
    }
    memcpy(mu, rollout->log_probs, n * sizeof(float));
    memcpy(rewards, rollout->rewards, n * sizeof(float));
    rri_evaluate_rows_compute(&t.r.agent->trainer, prox, values, rollout, rows, n);
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);

    double sum = 0.0, squares = 0.0, raw = 0.0, raw_max = 0.0, n_capped = 0.0;
    for (size_t place = 0; place < n; place++) {
        const size_t row = (size_t)agent->trainer.update.order[place];
        const double ratio = exp((double)prox[row] - (double)mu[row]);
        const double w = ratio < 2.0 ? ratio : 2.0;
        ck_assert_float_eq_tol(agent->trainer.update.weights[place], (float)w, 1e-5f);
        sum += w;
        squares += w * w;
        n_capped += ratio > 2.0;
        if (row < ROWS) {
            raw += ratio;
            raw_max = ratio > raw_max ? ratio : raw_max;
        }
        double advantage = 0.0, factor = 1.0;
        for (size_t r = row; r < (row < ROWS ? (size_t)ROWS : n); r += N) {
            const bool is_last = r + N >= (row < ROWS ? (size_t)ROWS : n);
            const double next = is_last ? 0.0 : (double)values[r + N];
            const double c = fmin(1.0, exp((double)prox[r] - (double)mu[r]));
            factor *= r == row ? 1.0 : (double)shape.ppo.gamma * (double)shape.ppo.gae_lambda * c;
            advantage +=
                factor * ((double)rewards[r] + (double)shape.ppo.gamma * next - (double)values[r]);
        }
        ck_assert_double_eq_tol((double)agent->trainer.update.advantages[place], advantage, 1e-5);
        ck_assert_double_eq_tol((double)agent->trainer.update.returns[place],
                                (double)values[row] + fmin(1.0, ratio) * advantage, 1e-5);
    }
    ck_assert_double_gt(n_capped, 0.0);
    ck_assert_float_eq_tol(stats.ess, (float)(sum * sum / ((double)n * squares)), 1e-5f);
    ck_assert_float_eq_tol(stats.weight_mean, (float)(raw / ROWS), 1e-4f);
    ck_assert_float_eq_tol(stats.weight_max, (float)raw_max, 1e-4f * (float)raw_max);
    ck_assert_float_eq_tol(stats.capped_fraction, (float)(n_capped / (double)n), 1e-6f);
    ck_assert_float_eq(stats.approx_kl, 0.0f); /* against the policy of now */
    ck_assert_float_eq(stats.clip_fraction, 0.0f);
    ck_assert_int_eq(stats.staleness_max, 3);
    ck_assert_float_eq_tol(stats.staleness_mean, 3.0f * ROWS / (float)n, 1e-5f);
    rig_close(&t.r);
}
END_TEST

/* One step of A2C without critic or entropy: the gradient is Σ −w Â ∇log π / n, so a row that
 * weighs nothing moves nothing. */
START_TEST(test_session_update_a_row_without_weight_does_not_move_the_policy)
{
    rig_shape shape = usual();
    shape.algo = RR_ALGO_A2C;
    shape.a2c.vf_coef = 0.0f;
    shape.agent.min_ess = 0.0f;
    scene t;
    scene_open(&t, shape);
    play(&t, 2, false);
    move_on(&t, 0, 0.0f);
    for (size_t row = 0; row < t.r.rollout.n_rows; row++) {
        t.r.rollout.log_probs[row] = 500.0f; /* so the weights are e^−500 */
        t.ledger.versions[row] = 77;
    }
    const rri_version named = rri_version_of(77, 77, 0, NULL);
    rri_versions_note(&t.r.agent->trainer.versions, &named);
    float *before = RIG_TAKE(&t.r, float, t.r.agent->trainer.model.network.params.n_floats);
    memcpy(before, t.r.agent->trainer.model.values,
           t.r.agent->trainer.model.network.params.n_floats * sizeof(float));
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    ck_assert_mem_eq(before, t.r.agent->trainer.model.values,
                     t.r.agent->trainer.model.network.params.n_floats * sizeof(float));
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_unknown_and_too_old_versions_are_refused_and_counted)
{
    rig_shape shape = usual();
    shape.agent.max_staleness = 2;
    scene t;
    scene_open(&t, shape);
    play(&t, 1, false); /* too old */
    t.r.agent->trainer.n_updates = 5;
    move_on(&t, 2, 0.01f);
    play(&t, 1, false); /* just fresh enough */
    move_on(&t, 3, 0.01f);
    play(&t, 1, false); /* own, but for one that nobody knows */
    t.ledger.versions[2 * N + 3] = 12345;
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_refused, N + 1);
    ck_assert_int_eq(stats.n_rows, 2 * N - 1);
    ck_assert_int_eq(stats.staleness_max, 2);
    ck_assert_int_eq(t.ledger.n_dropped, N + 1);
    ck_assert_int_eq(t.ledger.n_trained, 2 * N - 1);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_of_which_every_row_is_refused_is_none_and_is_logged)
{
    scene t;
    scene_open(&t, usual());
    play(&t, 2, false);
    for (size_t row = 0; row < t.r.rollout.n_rows; row++) {
        t.ledger.versions[row] = 1;
    }
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_refused, 2 * N);
    ck_assert_int_eq(stats.n_rows, 0);
    ck_assert_int_eq(stats.n_updates, 0);
    ck_assert_int_eq(t.r.agent->trainer.n_updates, 0);
    ck_assert_uint_eq(t.r.rollout.n_rows, 0);
    ck_assert_int_eq(t.n_warnings, 1);
    ck_assert_ptr_nonnull(strstr(t.warning, "none of the 12 rows that were ready"));
    ck_assert_ptr_nonnull(strstr(t.warning, "12 of an unknown version"));
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_knows_the_version_before_this_update)
{
    scene t;
    scene_open(&t, usual());
    play(&t, STEPS, false);
    play(&t, 1, false);              /* the same keys again */
    for (size_t s = 0; s < N; s++) { /* … which come a little later */
        t.ledger.ends[N + s] = RRI_END_NONE;
    }
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    ck_assert_uint_eq(t.r.rollout.n_rows, N);
    for (size_t s = 0; s < N; s++) {
        t.ledger.ends[s] = RRI_END_TERMINATED;
    }
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.staleness_max, 1);
    ck_assert_int_eq(stats.n_rows, N);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_a_session_cut_off_leads_to_its_last_state)
{
    scene t;
    scene_open(&t, usual());
    play(&t, 3, true);
    float values[3 * N];
    int32_t rows[3 * N];
    for (size_t i = 0; i < 3 * N; i++) {
        rows[i] = (int32_t)i;
    }
    rri_evaluate_rows_compute(&t.r.agent->trainer, NULL, values, &t.r.rollout, rows, 3 * N);
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 2 * N);
    ck_assert_int_eq(t.ledger.n_dropped, N);
    for (size_t place = 0; place < 2 * N; place++) {
        const size_t row = (size_t)t.r.agent->trainer.update.order[place];
        ck_assert_float_eq(t.r.agent->trainer.update.next_values[place], values[row + N]);
    }
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_reward_mean_is_of_all_rows_that_leave)
{
    scene t;
    scene_open(&t, usual());
    play(&t, 3, true);
    double sum = 0.0;
    for (size_t row = 0; row < 3 * N; row++) {
        sum += (double)t.r.rollout.rewards[row];
    }
    rr_stats stats;
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_float_eq_tol(stats.reward_mean, (float)(sum / (3.0 * N)), 1e-6f);
    play(&t, 1, true); /* rows that are cut off at once, and nothing else */
    sum = 0.0;
    for (size_t row = 0; row < N; row++) {
        sum += (double)t.r.rollout.rewards[row];
    }
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 0);
    ck_assert_float_eq_tol(stats.reward_mean, (float)(sum / N), 1e-6f);
    rig_close(&t.r);
}
END_TEST

static void spoil_length(scene *t, size_t row)
{
    t->r.rollout.lengths[row]--;
}

static void spoil_feature(scene *t, size_t row)
{
    t->r.rollout.features[row * t->r.rollout.k * 2] *= 1.01f;
}

static void spoil_state(scene *t, size_t row)
{
    t->r.rollout.states[row * t->r.rollout.state_dim] += 0.001f;
}

static void spoil_log_prob(scene *t, size_t row)
{
    t->r.rollout.log_probs[row] = nextafterf(t->r.rollout.log_probs[row], 0.0f);
}

START_TEST(test_session_update_rows_that_do_not_give_their_log_prob_again_are_caught)
{
    void (*const spoilers[])(scene *, size_t) = {spoil_length, spoil_feature, spoil_state,
                                                 spoil_log_prob};
    for (size_t s = 0; s < sizeof spoilers / sizeof spoilers[0]; s++) {
        scene t;
        rig_shape shape = usual();
        shape.agent.max_skew = 0.0f;
        scene_open(&t, shape);
        play(&t, STEPS, false);
        size_t row = 20;
        while (t.r.rollout.lengths[row] < 3 ||
               t.r.rollout.actions[row] == t.r.rollout.lengths[row] - 1) {
            row++;
        }
        spoilers[s](&t, row);
        char sentence[64];
        snprintf(sentence, sizeof sentence, "row %zu, decision %llu was recorded with log-prob",
                 row, (unsigned long long)t.ledger.decisions[row]);
        expect_refusal(&t, RR_E_SKEW, sentence);
        rig_close(&t.r);
    }
}
END_TEST

START_TEST(test_session_update_whose_rows_are_worth_too_little_is_refused)
{
    rig_shape shape = usual();
    shape.agent.min_ess = 0.0f;
    rr_stats stats = {.struct_size = sizeof stats};
    scene t;
    scene_open(&t, shape);
    play(&t, STEPS, false);
    move_on(&t, 0, 1.0f);
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    rig_close(&t.r);
    ck_assert(stats.ess > 0.0f && stats.ess < 0.999f);
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "update: the ess of %d rows, the share of them that their weights are worth, is %.4g; "
             "it must be at least min_ess, 0.999",
             ROWS, (double)stats.ess);

    shape.agent.min_ess = 0.999f;
    scene_open(&t, shape);
    play(&t, STEPS, false);
    move_on(&t, 0, 1.0f);
    expect_refusal(&t, RR_E_STALE, sentence);
    expect_refusal(&t, RR_E_STALE, "rr_ledger_drop_ready goes on without them");
    t.r.agent->trainer.model.config.min_ess = 0.0f;
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_mean_weight_far_from_one_is_told_to_the_log)
{
    scene t;
    scene_open(&t, usual());
    play(&t, STEPS, false);
    move_on(&t, 0, 0.1f);
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    ck_assert_int_eq(t.n_warnings, 0);
    play(&t, STEPS, false);
    move_on(&t, 1, 0.1f);
    for (size_t row = 0; row < ROWS; row++) {
        t.r.rollout.log_probs[row] -= 0.5f; /* so every weight is e^½ too large */
    }
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    ck_assert_int_eq(t.n_warnings, 1);
    ck_assert_ptr_nonnull(
        strstr(t.warning, "the weights of 48 rows of earlier versions have mean"));
    rig_close(&t.r);
}
END_TEST

/* Sessions of so many rows each, which time out: none has a final observation. */
static void time_out(scene *t, const size_t *lengths, size_t n)
{
    for (size_t s = 0; s < n; s++) {
        rig *r = &t->r;
        for (size_t step = 0; step < lengths[s]; step++) {
            uint64_t session = 500 + s, id = t->n_decisions++;
            rr_obs obs = r->obs;
            obs.n = 1;
            obs.sessions = &session;
            obs.decisions = &id;
            r->decision.n = 1;
            ck_assert_int_eq(rri_agent_act(r->agent, &obs, &r->decision, NULL), RR_OK);
            ck_assert_int_eq(rri_ledger_record(&t->ledger, &r->rollout, &obs, &r->decision,
                                               r->decision.pool_fingerprint, NULL, NULL),
                             RR_OK);
            r->decision.n = N;
        }
        const uint64_t session = 500 + s;
        const rr_ending ending = {.struct_size = sizeof ending, .n = 1, .sessions = &session};
        ck_assert_int_eq(rri_settle_end(&t->ledger, &r->rollout, &ending, NULL, NULL), RR_OK);
    }
}

static rr_ledger_counts count(const scene *t)
{
    rr_ledger_counts c = {0};
    rri_settle_count(&c, &t->ledger, &t->r.rollout);
    return c;
}

/* What counts call trainable is trained on, for every few sessions of a few rows and each
 * algorithm; what is not waits, or is dropped, and no update fails. */
START_TEST(test_session_update_trains_on_what_counts_call_trainable)
{
    for (size_t code = 1; code < 4 * 4 * 4 * 2; code++) {
        const size_t lengths[] = {code % 4, code / 4 % 4, code / 16 % 4};
        rig_shape shape = usual();
        shape.algo = code / 64 == 0 ? RR_ALGO_PPO : RR_ALGO_A2C;
        scene t;
        scene_open(&t, shape);
        t.ledger.min_rows = shape.algo == RR_ALGO_PPO ? 2 : 1;
        size_t n_sessions = 0, used[3];
        for (size_t s = 0; s < 3; s++) {
            used[n_sessions] = lengths[s];
            n_sessions += lengths[s] > 0;
        }
        time_out(&t, used, n_sessions);
        const rr_ledger_counts before = count(&t);
        rr_stats stats = {0};
        rr_error err = {0};
        if (before.ready == 0) {
            ck_assert_int_eq(update(&t, &stats, &err), RR_E_STATE);
            rig_close(&t.r);
            continue;
        }
        ck_assert_msg(update(&t, &stats, &err) == RR_OK, "%s", err.text);
        ck_assert_int_eq(stats.n_rows, (int32_t)before.trainable);
        ck_assert_int_eq(t.r.agent->trainer.n_updates, before.trainable > 0);
        const rr_ledger_counts after = count(&t);
        ck_assert_int_eq(after.trained, before.trainable);
        ck_assert_int_eq(after.recorded, after.rows + after.trained + after.dropped);
        rig_close(&t.r);
    }
}
END_TEST

START_TEST(test_session_update_of_no_rows_leaves_the_agent_as_it_was)
{
    scene t;
    scene_open(&t, usual());
    play(&t, STEPS, false);
    ck_assert_int_eq(update(&t, NULL, NULL), RR_OK);
    const uint64_t before = rig_hash(&t.r);
    const size_t lengths[] = {2, 1}; /* three ready rows of two sessions that timed out */
    time_out(&t, lengths, 2);
    rr_stats stats = {0};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
        ck_assert_int_eq(stats.n_rows, 0);
        ck_assert_int_eq(stats.n_updates, 1);
        ck_assert_int_eq(t.r.agent->trainer.n_updates, 1);
        ck_assert_uint_eq(t.r.rollout.n_rows, 2); /* one waits, with what it leads to */
        ck_assert_uint_eq(rig_hash(&t.r), before);
    }
    ck_assert_int_eq(t.n_warnings, 1); /* of the row that waits for nothing */
    time_out(&t, lengths, 1);
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 2);
    ck_assert_int_eq(stats.n_updates, 2);
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_min_rows_of_one_is_not_for_an_agent_that_needs_two)
{
    scene t;
    scene_open(&t, usual());
    t.ledger.min_rows = 1;
    play(&t, 2, false);
    expect_refusal(&t, RR_E_MISMATCH, "min_rows of the ledger is 1");
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_one_row_left_of_several_is_dropped_with_them)
{
    scene t;
    scene_open(&t, usual());
    play(&t, 2, false);
    for (size_t row = 1; row < 2 * N; row++) {
        t.ledger.versions[row] = 1;
    }
    rr_stats stats = {0};
    ck_assert_int_eq(update(&t, &stats, NULL), RR_OK);
    ck_assert(stats.n_rows == 0 && stats.n_refused == 2 * N - 1 && stats.n_dropped == 1);
    ck_assert_uint_eq(t.r.rollout.n_rows, 0);
    ck_assert_ptr_nonnull(strstr(t.warning, "1 of another catalogue or left alone"));
    rig_close(&t.r);
}
END_TEST

START_TEST(test_session_update_refuses_what_cannot_be_trained_on)
{
    scene t;
    scene_open(&t, usual());
    expect_refusal(&t, RR_E_STATE, "no session of the ledger has ended");
    play(&t, 1, false);
    for (size_t s = 1; s < N; s++) {
        t.ledger.ends[s] = RRI_END_NONE;
    }
    t.r.rollout.state_dim--;
    expect_refusal(&t, RR_E_MISMATCH, "state_dim");
    t.r.rollout.state_dim++;
    for (size_t s = 1; s < N; s++) {
        t.ledger.ends[s] = RRI_END_TERMINATED;
    }
    for (size_t row = 0; row < N; row++) {
        t.r.rollout.candidates[row * t.r.rollout.k] = 999;
    }
    expect_refusal(&t, RR_E_INVALID, "candidates");
    rig_close(&t.r);
}
END_TEST

CHECK_MAIN("train/session_update", test_session_update_rows_of_the_present_version_weigh_one,
           test_session_update_stale_rows_are_weighed_and_their_traces_cut,
           test_session_update_a_row_without_weight_does_not_move_the_policy,
           test_session_update_unknown_and_too_old_versions_are_refused_and_counted,
           test_session_update_of_which_every_row_is_refused_is_none_and_is_logged,
           test_session_update_knows_the_version_before_this_update,
           test_session_update_a_session_cut_off_leads_to_its_last_state,
           test_session_update_reward_mean_is_of_all_rows_that_leave,
           test_session_update_rows_that_do_not_give_their_log_prob_again_are_caught,
           test_session_update_whose_rows_are_worth_too_little_is_refused,
           test_session_update_mean_weight_far_from_one_is_told_to_the_log,
           test_session_update_refuses_what_cannot_be_trained_on,
           test_session_update_trains_on_what_counts_call_trainable,
           test_session_update_of_no_rows_leaves_the_agent_as_it_was,
           test_session_update_min_rows_of_one_is_not_for_an_agent_that_needs_two,
           test_session_update_one_row_left_of_several_is_dropped_with_them)
