/* SPDX-License-Identifier: MIT */
/* rr_host.is_cancelled, asked before each minibatch of an update and of imitation: what was done
 * before is kept and counted, and a ledger's rows are not lost. */
#include "train/imitate.h"

#include "session_fixture.h"

/* Says yes at the question `at`, from 1 on. */
typedef struct wish {
    int at, n_asked;
} wish;

static int32_t ask(void *user)
{
    wish *w = user;
    return ++w->n_asked >= w->at;
}

static void make_a_wish(rr_agent *agent, wish *w)
{
    agent->trainer.cancel = (rri_host_cancel){.is_cancelled = ask, .user = w};
}

START_TEST(test_cancel_reaches_the_trainer_from_the_host)
{
    wish w = {.at = 1};
    const rr_host host = {.struct_size = sizeof host, .user = &w, .is_cancelled = ask};
    rig_shape shape = rig_usual();
    shape.host = &host;
    rig r;
    rig_open(&r, &shape);
    ck_assert(rri_host_cancel_asked(&r.agent->trainer.cancel));
    ck_assert_int_eq(w.n_asked, 1);
    rig_close(&r);
}
END_TEST

/* Three epochs of two minibatches. */
static rig_shape six_steps(void)
{
    rig_shape shape = rig_usual();
    shape.ppo.update_epochs = 3;
    shape.ppo.batch_size = 20;
    return shape;
}

/* The values after n steps of an update that nobody cancels; the seventh question has no step. */
START_TEST(test_cancel_of_an_update_keeps_the_steps_before_it_and_empties_the_rollout)
{
    for (int at = 1; at <= 7; at++) {
        rig_shape shape = six_steps();
        rig r;
        rig_open(&r, &shape);
        rig_play(&r, 8);
        wish w = {.at = at};
        make_a_wish(r.agent, &w);
        const uint64_t version = rri_agent_version(r.agent);
        rr_error err = {0};
        rr_stats stats = {0};
        const rr_status status =
            rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, &stats, &err);
        const rri_trainer *trainer = &r.agent->trainer;
        if (at <= 6) {
            char sentence[64];
            snprintf(sentence, sizeof sentence, "cancelled after %d optimiser steps", at - 1);
            rig_expect(status, RR_E_CANCELLED, &err, sentence);
        } else {
            ck_assert_int_eq(status, RR_OK);
        }
        ck_assert_int_eq(trainer->n_optimizer_steps, at - 1);
        ck_assert_int_eq(stats.n_minibatches, at - 1);
        ck_assert_int_eq(trainer->n_updates, 1);
        ck_assert_int_eq(trainer->n_timesteps, at == 1 ? 0 : 40);
        ck_assert_uint_eq(r.rollout.n_rows, 0);
        ck_assert_int_eq(rri_agent_version(r.agent) == version, at == 1);
        const uint64_t hash = rri_model_hash(&trainer->model.config, trainer->model.values,
                                             trainer->model.network.params.n_floats);
        ck_assert_uint_eq(rri_agent_version(r.agent),
                          rri_version_hash(hash, rri_model_line(&trainer->model), NULL));
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_cancel_of_an_update_from_a_ledger_leaves_its_rows_as_they_were)
{
    for (int at = 1; at <= 3; at++) {
        rig_shape shape = usual();
        shape.ppo.batch_size = ROWS / 2;
        scene t;
        scene_open(&t, shape);
        play(&t, STEPS, false);
        t.r.agent->trainer.n_updates = 5;
        move_on(&t, 4, 0.3f); /* so that what was recorded is not what the present policy says */
        wish w = {.at = at};
        make_a_wish(t.r.agent, &w);
        const uint64_t rows = hash_of_rows(&t);
        rr_error err = {0};
        rr_stats stats = {0};
        rig_expect(update(&t, &stats, &err), RR_E_CANCELLED, &err, "the host cancelled after");
        ck_assert_int_eq(stats.n_minibatches, at - 1);
        ck_assert_int_eq(t.r.agent->trainer.n_updates, 6);
        ck_assert_uint_eq(hash_of_rows(&t), rows);
        ck_assert(!t.r.agent->trainer.update.has_weights);

        w.at = 1000; /* the next goes through, on the same rows */
        ck_assert_msg(update(&t, &stats, &err) == RR_OK, "%s", err.text);
        ck_assert_int_eq(stats.n_rows, ROWS);
        ck_assert_int_eq(stats.staleness_max, 2);
        ck_assert_float_lt(stats.ess, 1.0f); /* weighed: another version drew them */
        ck_assert_uint_eq(t.r.rollout.n_rows, 0);
        rig_close(&t.r);
    }
}
END_TEST

START_TEST(test_cancel_of_imitation_keeps_the_steps_before_it)
{
    rig_shape shape = rig_usual();
    shape.n = 40;
    rig r;
    rig_open(&r, &shape);
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.batch_size = 10;
    config.epochs = 2;
    wish w = {.at = 6};
    make_a_wish(r.agent, &w);
    rr_error err = {0};
    rr_imitate_report report = {0};
    rig_expect(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL, NULL,
                                   &config, &r.agent->allocator, &report, &err),
               RR_E_CANCELLED, &err, "cancelled after 5 optimiser steps");
    ck_assert_int_eq(r.agent->trainer.n_optimizer_steps, 5);
    ck_assert_int_eq(report.n_minibatches, 5);
    ck_assert_ptr_eq(r.agent->trainer.recipe.algorithm, rri_algorithms_at(RR_ALGO_PPO));
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/cancel", test_cancel_reaches_the_trainer_from_the_host,
           test_cancel_of_an_update_keeps_the_steps_before_it_and_empties_the_rollout,
           test_cancel_of_an_update_from_a_ledger_leaves_its_rows_as_they_were,
           test_cancel_of_imitation_keeps_the_steps_before_it)
