/* SPDX-License-Identifier: MIT */
#include "train/update.h"

#include "agent_twin.h"
#include "train/gradient.h"

static rig_shape usual(void)
{
    rig_shape shape = rig_usual();
    shape.n = 8;
    shape.h = 5;
    shape.m = 2;
    shape.ppo.ent_coef = 0.1f;
    shape.ppo.gae_lambda = 0.5f;
    return shape;
}

static rr_status update(rig *r, rr_stats *stats, rr_error *err)
{
    return rri_trainer_update(&r->agent->trainer, &r->rollout, &r->obs, stats, err);
}

/* What each row is, but for its widths, with which a test may lie. */
static uint64_t hash_of_rollout(const rri_rollout *rollout)
{
    const size_t n = rollout->n_rows;
    rri_hash hash;
    rri_hash_init(&hash, n);
    rri_hash_update(&hash, rollout->actions, n * sizeof(int32_t));
    rri_hash_update(&hash, rollout->log_probs, n * sizeof(float));
    rri_hash_update(&hash, rollout->values, n * sizeof(float));
    rri_hash_update(&hash, rollout->rewards, n * sizeof(float));
    rri_hash_update(&hash, rollout->terminated, n);
    rri_hash_update(&hash, rollout->truncated, n);
    rri_hash_update(&hash, rollout->fingerprints, n * sizeof(uint64_t));
    return rri_hash_final(&hash);
}

static void expect_refusal(rig *r, const rr_obs *obs, rr_status status, const char *sentence)
{
    const uint64_t agent = rig_hash(r), rollout = hash_of_rollout(&r->rollout);
    rr_error err = {0};
    rr_stats stats = {0};
    rig_expect(rri_trainer_update(&r->agent->trainer, &r->rollout, obs, &stats, &err), status, &err,
               sentence);
    ck_assert_uint_eq(rig_hash(r), agent);
    ck_assert_uint_eq(hash_of_rollout(&r->rollout), rollout);
    ck_assert_uint_eq(r->agent->trainer.stacks[0].used, 0);
}

START_TEST(test_update_moves_every_tensor_of_actor_and_critic)
{
    const rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    const rri_params *params = &r.agent->trainer.model.network.params;
    float *before = RIG_TAKE(&r, float, params->n_floats);
    for (int i = 0; i < 3; i++) {
        memcpy(before, r.agent->trainer.model.values, params->n_floats * sizeof(float));
        rig_play(&r, 8);
        ck_assert_int_eq(update(&r, NULL, NULL), RR_OK);
        for (size_t p = 0; p < params->n_params; p++) {
            const rri_param *param = &params->entries[p];
            ck_assert_msg(memcmp(before + param->offset,
                                 r.agent->trainer.model.values + param->offset,
                                 param->size * sizeof(float)) != 0,
                          "%s did not move in update %d", param->name, i);
        }
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_update_empties_the_rollout_and_counts)
{
    const rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    rr_stats stats = {0};
    rig_play(&r, 8);
    ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);
    ck_assert_uint_eq(r.rollout.n_rows, 0);
    ck_assert_int_eq(r.agent->trainer.n_updates, 1);
    ck_assert_int_eq(r.agent->trainer.n_timesteps, 64);
    ck_assert_int_eq(stats.n_updates, 1);
    ck_assert_int_eq(stats.n_timesteps, 64);
    ck_assert_int_eq(stats.n_rows, 64);
    ck_assert_int_eq(stats.n_dropped, 0);
    ck_assert_int_eq(stats.n_epochs, 2);
    ck_assert_int_eq(stats.n_minibatches, 8);
    rig_play(&r, 3); /* a rollout need not be full */
    ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_timesteps, 88);
    ck_assert_int_eq(stats.n_updates, 2);
    rig_close(&r);
}
END_TEST

/* One minibatch of all rows in one epoch: every statistic is one of the twin's before the step. */
START_TEST(test_update_statistics_are_those_of_the_twin)
{
    rig_shape shape = usual();
    shape.ppo.update_epochs = 1;
    shape.ppo.batch_size = 64;
    shape.ppo.vf_coef = 0.5f;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 8);
    for (size_t i = 0; i < 64; i++) {
        r.rollout.log_probs[i] += i % 4 == 0 ? 0.5f : -0.05f; /* some ratios are clipped */
    }
    twin t;
    twin_open(&t, &r);
    double reward = 0.0;
    for (size_t i = 0; i < 64; i++) {
        reward += (double)r.rollout.rewards[i] / 64.0;
    }
    rr_stats stats = {0};
    ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);

    const rri_update_rows *rows = &r.agent->trainer.update; /* still there, in the order of time */
    float *advantages = RIG_TAKE(&r, float, 64), *returns = RIG_TAKE(&r, float, 64);
    double mean = 0.0, variance = 0.0, mean_return = 0.0, var_return = 0.0, mean_error = 0.0,
           var_error = 0.0;
    for (size_t i = 0; i < 64; i++) {
        mean += (double)rows->advantages[i] / 64.0;
        mean_return += (double)rows->returns[i] / 64.0;
        mean_error += (double)(rows->returns[i] - rows->values[i]) / 64.0;
    }
    for (size_t i = 0; i < 64; i++) {
        variance += pow((double)rows->advantages[i] - mean, 2.0) / 63.0;
        var_return += pow((double)rows->returns[i] - mean_return, 2.0);
        var_error += pow((double)(rows->returns[i] - rows->values[i]) - mean_error, 2.0);
    }
    for (size_t place = 0; place < 64; place++) {
        const size_t row = (size_t)rows->order[place];
        advantages[row] = (float)(((double)rows->advantages[place] - mean) / sqrt(variance));
        returns[row] = rows->returns[place];
    }
    r.rollout.form = rri_rollout_form_of(&r.obs);
    t.rows = (twin_rows){.n = 64,
                         .states = r.rollout.states,
                         .menu = rri_gradient_menu(&r.rollout, NULL, 64),
                         .actions = r.rollout.actions,
                         .old_log_probs = r.rollout.log_probs,
                         .old_values = r.rollout.values,
                         .returns = returns,
                         .advantages = advantages};
    const twin_terms wanted = twin_evaluate(&t);
    twin_assert_close((double)stats.policy_loss, wanted.policy_loss, 1e-5, "policy_loss");
    twin_assert_close((double)stats.value_loss, wanted.value_loss, 1e-5, "value_loss");
    twin_assert_close((double)stats.entropy, wanted.entropy, 1e-5, "entropy");
    twin_assert_close((double)stats.approx_kl, wanted.approx_kl, 1e-5, "approx_kl");
    twin_assert_close((double)stats.clip_fraction, 0.25, 1e-6, "clip_fraction");
    twin_assert_close((double)stats.explained_variance, 1.0 - var_error / var_return, 1e-5,
                      "explained_variance");
    twin_assert_close((double)stats.reward_mean, reward, 1e-6, "reward_mean");
    double norm = 0.0;
    for (size_t i = 0; i < r.agent->trainer.model.network.params.n_floats; i++) {
        norm += pow((double)r.agent->trainer.gradients[i], 2.0);
    }
    twin_assert_close((double)stats.grad_norm, sqrt(norm), 1e-6, "grad_norm");
    ck_assert_float_eq(stats.learning_rate, 0.01f);
    ck_assert_float_eq(stats.scale, r.agent->trainer.model.network.head.scale);
    ck_assert_float_eq(
        stats.repeat_weight,
        r.agent->trainer.model.values[r.agent->trainer.model.network.at.repeat_weight]);
    ck_assert_int_eq(stats.is_stopped_early, 0);
    twin_close(&t);
    rig_close(&r);
}
END_TEST

START_TEST(test_update_first_minibatch_of_own_rows_has_ratio_one)
{
    rig_shape shape = usual();
    shape.ppo.update_epochs = 1;
    shape.ppo.batch_size = 64;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 8);
    rr_stats stats = {0};
    ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);
    ck_assert_float_eq(stats.approx_kl, 0.0f); /* old and new log-probs are the same bits */
    ck_assert_float_eq(stats.clip_fraction, 0.0f);
    rig_close(&r);
}
END_TEST

START_TEST(test_update_learning_rate_falls_with_planned_updates)
{
    rig_shape shape = usual();
    shape.agent.planned_updates = 4;
    rig r;
    rig_open(&r, &shape);
    const float wanted[] = {0.01f, 0.0075f, 0.005f, 0.0025f, 0.0f};
    for (size_t i = 0; i < 5; i++) {
        rr_stats stats = {0};
        rig_play(&r, 2);
        ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);
        ck_assert_float_eq_tol(stats.learning_rate, wanted[i], 1e-9f);
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_update_refused_leaves_agent_and_rows_as_they_were)
{
    const rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    expect_refusal(&r, &r.obs, RR_E_STATE, "update: the buffer is empty");
    rig_play(&r, 2);
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    ck_assert_int_eq(rri_rollout_record(&r.rollout, &r.obs, &r.decision, 0, NULL), RR_OK);
    expect_refusal(&r, &r.obs, RR_E_STATE, "update: the buffer's last record has no reward yet");
    const float rewards[8] = {0};
    const rr_outcome outcome = {.struct_size = sizeof outcome, .n = 8, .rewards = rewards};
    ck_assert_int_eq(rri_rollout_reward(&r.rollout, &outcome, NULL), RR_OK);

    expect_refusal(&r, NULL, RR_E_INVALID, "update: obs is NULL, but sessions are still open");
    rr_obs obs = r.obs;
    obs.n = 7;
    expect_refusal(&r, &obs, RR_E_INVALID, "update: obs has n 7; the records have 8 rows");
    obs = r.obs;
    obs.state_dim = 4;
    expect_refusal(&r, &obs, RR_E_INVALID, "update obs: state_dim is 4");
    ((float *)r.obs.states)[4] = NAN;
    expect_refusal(&r, &r.obs, RR_E_NOT_FINITE, "update obs: states[1][1] is nan");
    ((float *)r.obs.states)[4] = 0.0f;

    const int32_t kept = r.rollout.actions[3];
    r.rollout.actions[3] = 7; /* no such item */
    expect_refusal(&r, &r.obs, RR_E_INVALID, "actions[");
    r.rollout.actions[3] = kept;
    r.rollout.history[2 * 5 + 4] = 7;
    expect_refusal(&r, &r.obs, RR_E_INVALID, "row 2: history[4] is 7");
    r.rollout.history[2 * 5 + 4] = -1;
    ck_assert_int_eq(update(&r, NULL, NULL), RR_OK);
    rig_close(&r);
}
END_TEST

START_TEST(test_update_of_a_rollout_of_another_shape_is_refused)
{
    const rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 2);
    rri_rollout *rollout = &r.rollout;
    rollout->state_dim = 4;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH, "the buffer's state_dim is 4; this agent's is 3");
    rollout->state_dim = 3;
    rollout->h = 9;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH,
                   "max_history is 9; this agent was made for at most 8");
    rollout->h = 5;
    rollout->m = 9;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH, "max_excluded is 9");
    rollout->m = 2;
    rollout->form.has_features = 1;
    rollout->feature_dim = 2;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH, "2 features of each candidate; this agent scores 0");
    rollout->feature_dim = 0;
    rollout->form.has_features = 0;
    rollout->form.has_vectors = 1;
    rollout->item_dim = 2;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH, "vectors of width 2");
    rollout->form.has_vectors = 0;
    rollout->form.has_lists = 1;
    rollout->k = 9;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH, "max_candidates is 9");
    rollout->form.has_lists = 0;
    rollout->k = 0;
    r.agent->trainer.update.max_rows = 15;
    expect_refusal(&r, &r.obs, RR_E_MISMATCH, "holds 16 rows; this agent was made for at most 15");
    rig_close(&r);
}
END_TEST

START_TEST(test_update_needs_no_states_when_every_session_is_over)
{
    const rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 2);
    for (size_t i = 8; i < 16; i++) {
        r.rollout.terminated[i] = 1;
        r.rollout.truncated[i] = 0;
    }
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, NULL, NULL, NULL), RR_OK);
    rig_close(&r);
}
END_TEST

START_TEST(test_update_of_one_row_alone_is_refused_by_ppo_and_made_by_a2c)
{
    for (int32_t algo = 0; algo < 2; algo++) {
        rig_shape shape = usual();
        shape.n = 1;
        shape.algo = algo;
        rig r;
        rig_open(&r, &shape);
        rig_play(&r, 1);
        if (algo == RR_ALGO_PPO) {
            expect_refusal(&r, &r.obs, RR_E_INVALID, "one row alone cannot be trained on");
        } else {
            ck_assert_int_eq(update(&r, NULL, NULL), RR_OK);
        }
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_update_drops_and_counts_rows_of_another_catalogue)
{
    rig_shape shape = usual();
    shape.ppo.update_epochs = 1;
    shape.ppo.batch_size = 64;
    rig r, whole;
    rig_open(&r, &shape);
    rig_play(&r, 4);
    for (size_t i = 8; i < 16; i++) {
        r.rollout.fingerprints[i] = 123;
    }
    r.rollout.fingerprints[17] = 0; /* unknown: trained on */
    r.rollout.actions[9] = 1000;    /* rows that are dropped are not judged */
    r.rollout.history[9 * 5] = 77;
    rr_stats stats = {0};
    rr_error err = {0};
    ck_assert_msg(update(&r, &stats, &err) == RR_OK, "%s", err.text);
    ck_assert_int_eq(stats.n_rows, 24);
    ck_assert_int_eq(stats.n_dropped, 8);
    ck_assert_int_eq(stats.n_timesteps, 24);
    ck_assert_uint_eq(r.rollout.n_rows, 0);

    rig_open(&whole, &shape); /* with those rows the step is another one */
    rig_play(&whole, 4);
    ck_assert_int_eq(update(&whole, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 32);
    ck_assert_mem_ne(whole.agent->trainer.model.values, r.agent->trainer.model.values, 64);
    rig_close(&whole);
    rig_close(&r);
}
END_TEST

START_TEST(test_update_with_every_row_dropped_empties_the_buffer_and_counts_as_none)
{
    const rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 2);
    for (size_t i = 0; i < 16; i++) {
        r.rollout.fingerprints[i] = 123;
    }
    const uint64_t version = rri_agent_version(r.agent);
    rr_stats stats = {0};
    ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);
    ck_assert_uint_eq(rri_agent_version(r.agent), version);
    ck_assert_int_eq(stats.n_dropped, 16);
    ck_assert_int_eq(stats.n_rows, 0);
    ck_assert_int_eq(stats.n_minibatches, 0);
    ck_assert_int_eq(stats.n_updates, 0);
    ck_assert_int_eq(r.agent->trainer.n_updates, 0);
    ck_assert_uint_eq(r.rollout.n_rows, 0);
    ck_assert(isnan(stats.policy_loss));
    rig_close(&r);
}
END_TEST

START_TEST(test_update_trains_on_rows_that_read_no_catalogue_whatever_their_fingerprint)
{
    rig_shape shape = usual();
    shape.h = 0;
    shape.m = 0;
    shape.k = 4;
    shape.has_only_vectors = true;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 2);
    for (size_t i = 0; i < 16; i++) {
        r.rollout.fingerprints[i] = 123;
    }
    rr_stats stats = {0};
    ck_assert_int_eq(update(&r, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, 16);
    rig_close(&r);
}
END_TEST

/* Rewards of 1e20 are learned from; their loss squared is 1e40. */
START_TEST(test_update_figures_that_no_float_holds_are_nan)
{
    for (int32_t is_normalised = 0; is_normalised < 2; is_normalised++) {
        rig_shape shape = usual();
        shape.agent.normalize_returns = is_normalised;
        rig r;
        rig_open(&r, &shape);
        rig_play(&r, 4);
        for (size_t i = 0; i < r.rollout.n_rows; i++) {
            r.rollout.rewards[i] *= 1e20f;
        }
        rr_stats stats = {0};
        rr_error err = {0};
        ck_assert_msg(update(&r, &stats, &err) == RR_OK, "%s", err.text);
        ck_assert(isnan(stats.value_loss));
        const float figures[] = {stats.policy_loss,        stats.entropy,   stats.approx_kl,
                                 stats.explained_variance, stats.grad_norm, stats.reward_mean,
                                 stats.return_deviation};
        for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
            ck_assert_msg(!isinf(figures[i]), "figure %zu", i);
        }
        ck_assert_float_gt(stats.return_deviation, 1e18f);
        rig_close(&r);
    }
}
END_TEST

/* A return that overflows makes a gradient that is not finite in the minibatch that it lies in. */
START_TEST(test_update_stopped_by_a_gradient_keeps_earlier_steps_and_empties_the_rows)
{
    rig_shape shape = usual();
    shape.ppo.batch_size = 2;
    shape.ppo.update_epochs = 1;
    shape.ppo.gae_lambda = 0.0f;
    shape.ppo.has_advantage_norm = 0;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 4);
    const uint64_t version = rri_agent_version(r.agent);
    r.rollout.rewards[13] = 3e38f;
    r.rollout.terminated[13] = 1;
    r.rollout.values[13] = -3e38f;
    rr_stats stats = {0};
    rr_error err = {0};
    const rr_status status = update(&r, &stats, &err);
    const int64_t n_steps = r.agent->trainer.n_optimizer_steps;
    char sentence[64];
    snprintf(sentence, sizeof sentence, "not finite at optimiser step %d", (int)n_steps + 1);
    rig_expect(status, RR_E_NOT_FINITE, &err, sentence);
    ck_assert_int_gt(n_steps, 0);
    ck_assert_int_lt(n_steps, 16);
    ck_assert_uint_ne(rri_agent_version(r.agent), version);
    ck_assert_int_eq(stats.n_minibatches, n_steps);
    ck_assert_int_eq(stats.n_epochs, 0);
    ck_assert(isfinite(stats.approx_kl));
    ck_assert(isfinite(stats.grad_norm));
    ck_assert_int_eq(r.agent->trainer.n_updates, 1);
    ck_assert_uint_eq(r.rollout.n_rows, 0);
    for (size_t i = 0; i < r.agent->trainer.model.network.params.n_floats; i++) {
        ck_assert(isfinite(r.agent->trainer.model.values[i]));
    }
    rig_play(&r, 8); /* and the agent goes on */
    ck_assert_int_eq(update(&r, &stats, &err), RR_OK);
    rig_close(&r);
}
END_TEST

/* The same rows, as one agent that acts and trains anew. */
static uint64_t train(const rig_shape *shape, size_t n_updates)
{
    rig r;
    rig_open(&r, shape);
    for (size_t i = 0; i < n_updates; i++) {
        rig_play(&r, 8);
        ck_assert_int_eq(update(&r, NULL, NULL), RR_OK);
    }
    const uint64_t hash = rig_hash(&r);
    rig_close(&r);
    return hash;
}

START_TEST(test_update_is_the_same_bits_twice_and_on_any_number_of_threads)
{
    for (int which = 0; which < 3; which++) {
        rig_shape shape = usual();
        shape.n = 64;
        shape.ppo.batch_size = 200;
        shape.algo = which == 1 ? RR_ALGO_A2C : RR_ALGO_PPO;
        shape.agent.head = which == 2 ? RR_HEAD_DENSE : RR_HEAD_TOWER;
        const uint64_t once = train(&shape, 3);
        ck_assert_uint_eq(train(&shape, 3), once);
        shape.agent.num_threads = 2;
        ck_assert_uint_eq(train(&shape, 3), once);
        shape.agent.num_threads = 4;
        ck_assert_uint_eq(train(&shape, 3), once);
        shape.agent.seed++;
        ck_assert_uint_ne(train(&shape, 3), once);
    }
}
END_TEST

CHECK_MAIN("train/update", test_update_figures_that_no_float_holds_are_nan,
           test_update_moves_every_tensor_of_actor_and_critic,
           test_update_empties_the_rollout_and_counts, test_update_statistics_are_those_of_the_twin,
           test_update_first_minibatch_of_own_rows_has_ratio_one,
           test_update_learning_rate_falls_with_planned_updates,
           test_update_refused_leaves_agent_and_rows_as_they_were,
           test_update_of_a_rollout_of_another_shape_is_refused,
           test_update_needs_no_states_when_every_session_is_over,
           test_update_of_one_row_alone_is_refused_by_ppo_and_made_by_a2c,
           test_update_drops_and_counts_rows_of_another_catalogue,
           test_update_with_every_row_dropped_empties_the_buffer_and_counts_as_none,
           test_update_trains_on_rows_that_read_no_catalogue_whatever_their_fingerprint,
           test_update_stopped_by_a_gradient_keeps_earlier_steps_and_empties_the_rows,
           test_update_is_the_same_bits_twice_and_on_any_number_of_threads)
