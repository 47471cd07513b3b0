/* SPDX-License-Identifier: MIT */
#include "train/minibatch.h"

#include "agent_fixture.h"
#include "train/returns.h"

/* A rollout of 24 rows whose returns are known to the agent. */
static void open_rig(rig *r, bool has_advantage_norm)
{
    rig_shape shape = rig_usual();
    shape.n = 4;
    shape.ppo.has_advantage_norm = has_advantage_norm;
    rig_open(r, &shape);
    rig_play(r, 6);
    rri_update_rows *update = &r->agent->trainer.update;
    rri_rollout_order(update->order, update->is_segment_end, &r->rollout,
                      r->agent->trainer.recipe.n_steps);
    rri_returns_compute(&r->agent->trainer, &r->rollout, &r->obs);
}

static const int32_t places[] = {3, 17, 8, 0, 21};

START_TEST(test_minibatch_advantages_are_normalised_over_its_own_rows)
{
    rig r;
    open_rig(&r, true);
    double mean = 0.0, variance = 0.0;
    for (size_t i = 0; i < 5; i++) {
        mean += (double)r.agent->trainer.update.advantages[places[i]] / 5.0;
    }
    for (size_t i = 0; i < 5; i++) {
        variance += pow((double)r.agent->trainer.update.advantages[places[i]] - mean, 2.0) / 4.0;
    }
    rri_train_sums sums = {0};
    ck_assert_int_eq(
        rri_minibatch_train(&sums, &r.agent->trainer, &r.rollout, places, 5, 1e-3f, NULL), RR_OK);
    for (size_t i = 0; i < 5; i++) {
        const double want = ((double)r.agent->trainer.update.advantages[places[i]] - mean) /
                            (sqrt(variance) + 1e-8);
        ck_assert_double_eq_tol((double)r.agent->trainer.update.normalised[i], want, 1e-5);
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_minibatch_advantages_stay_as_they_are_without_the_norm)
{
    rig r;
    open_rig(&r, false);
    rri_train_sums sums = {0};
    ck_assert_int_eq(
        rri_minibatch_train(&sums, &r.agent->trainer, &r.rollout, places, 5, 1e-3f, NULL), RR_OK);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_float_eq(r.agent->trainer.update.normalised[i],
                           r.agent->trainer.update.advantages[places[i]]);
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_minibatch_sums_add_up_over_steps)
{
    rig r;
    open_rig(&r, true);
    rri_train_sums one = {0}, two = {0};
    ck_assert_int_eq(
        rri_minibatch_train(&one, &r.agent->trainer, &r.rollout, places, 5, 1e-9f, NULL), RR_OK);
    two = one;
    ck_assert_int_eq(
        rri_minibatch_train(&two, &r.agent->trainer, &r.rollout, places, 3, 1e-9f, NULL), RR_OK);
    ck_assert_uint_eq(one.n_rows, 5);
    ck_assert_uint_eq(two.n_rows, 8);
    ck_assert_uint_eq(two.n_last_rows, 8);
    ck_assert_uint_eq(two.n_steps, 2);
    ck_assert_double_gt(two.norm, one.norm);
    ck_assert_double_gt(two.loss.entropy, one.loss.entropy);
    ck_assert_double_eq(two.loss.value_loss, two.last_epoch.value_loss);
    rig_close(&r);
}
END_TEST

START_TEST(test_minibatch_gradient_that_is_not_finite_counts_no_step)
{
    rig r;
    open_rig(&r, false);
    r.agent->trainer.update.returns[8] = INFINITY;
    rri_train_sums sums = {0};
    rr_error err = {0};
    const uint64_t before = rri_agent_version(r.agent);
    ck_assert_int_eq(
        rri_minibatch_train(&sums, &r.agent->trainer, &r.rollout, places, 5, 1e-3f, &err),
        RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "critic."));
    ck_assert_uint_eq(sums.n_steps, 0);
    ck_assert_uint_eq(sums.n_rows, 0);
    ck_assert(rri_agent_version(r.agent) == before);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/minibatch", test_minibatch_advantages_are_normalised_over_its_own_rows,
           test_minibatch_advantages_stay_as_they_are_without_the_norm,
           test_minibatch_sums_add_up_over_steps,
           test_minibatch_gradient_that_is_not_finite_counts_no_step)
