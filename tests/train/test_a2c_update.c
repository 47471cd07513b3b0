/* SPDX-License-Identifier: MIT */
#include "train/a2c_update.h"

#include "agent_twin.h"

static rig_shape usual(void)
{
    rig_shape shape = rig_usual();
    shape.algo = RR_ALGO_A2C;
    shape.n = 8;
    shape.h = 5;
    shape.a2c.ent_coef = 0.1f;
    shape.a2c.lr = 0.01f;
    return shape;
}

START_TEST(test_a2c_update_is_one_step_on_all_rows)
{
    rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 6);
    rr_stats stats = {0};
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, &stats, NULL),
                     RR_OK);
    ck_assert_int_eq(stats.n_minibatches, 1);
    ck_assert_int_eq(stats.n_epochs, 1);
    ck_assert_int_eq(stats.n_rows, 48);
    ck_assert_int_eq(r.agent->trainer.n_optimizer_steps, 1);
    rig_close(&r);
}
END_TEST

/* θ ← θ − lr g / (√((1 − α) g²) + ε) with g the clipped gradient of the twin's loss. */
START_TEST(test_a2c_update_steps_along_the_gradient_of_the_twin)
{
    for (int has_norm = 0; has_norm < 2; has_norm++) {
        rig_shape shape = usual();
        shape.a2c.has_advantage_norm = has_norm;
        shape.a2c.max_grad_norm = 100.0f;
        rig r;
        rig_open(&r, &shape);
        rig_play(&r, 6);
        twin t;
        twin_open(&t, &r);
        const rri_params *params = &r.agent->trainer.model.network.params;
        float *before = RIG_TAKE(&r, float, params->n_floats);
        memcpy(before, r.agent->trainer.model.values, params->n_floats * sizeof(float));
        ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL),
                         RR_OK);

        const rri_update_rows *rows = &r.agent->trainer.update;
        float *advantages = RIG_TAKE(&r, float, 48), *returns = RIG_TAKE(&r, float, 48);
        double mean = 0.0, variance = 0.0;
        for (size_t i = 0; i < 48; i++) {
            mean += (double)rows->advantages[i] / 48.0;
        }
        for (size_t i = 0; i < 48; i++) {
            variance += pow((double)rows->advantages[i] - mean, 2.0) / 47.0;
        }
        for (size_t place = 0; place < 48; place++) {
            const double plain = (double)rows->advantages[place];
            const size_t row = (size_t)rows->order[place];
            advantages[row] = (float)(has_norm ? (plain - mean) / sqrt(variance) : plain);
            returns[row] = rows->returns[place];
        }
        r.rollout.form = rri_rollout_form_of(&r.obs);
        t.rows = (twin_rows){.n = 48,
                             .states = r.rollout.states,
                             .menu = rri_gradient_menu(&r.rollout, NULL, 48),
                             .actions = r.rollout.actions,
                             .old_log_probs = r.rollout.log_probs,
                             .old_values = r.rollout.values,
                             .returns = returns,
                             .advantages = advantages};
        for (size_t p = 0; p < params->n_params; p++) {
            const rri_param *param = &params->entries[p];
            for (size_t i = param->offset; i < param->offset + param->size; i++) {
                const double at = t.theta[i], h = 1e-5;
                t.theta[i] = at + h;
                const double above = twin_loss(&t);
                t.theta[i] = at - h;
                const double g = (above - twin_loss(&t)) / (2.0 * h);
                t.theta[i] = at;
                const double step = 0.01 * g / (sqrt(0.01 * g * g) + 1e-5);
                const double got = (double)before[i] - (double)r.agent->trainer.model.values[i];
                if (fabs(g) > 1e-2) { /* elsewhere ε and rounding rule */
                    ck_assert_msg(fabs(got - step) <= 1e-4 * fabs(step), "%s: %g is not %g",
                                  param->name, got, step);
                }
            }
        }
        twin_close(&t);
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_a2c_update_says_what_a_failing_gradient_says)
{
    rig_shape shape = usual();
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 6);
    r.rollout.rewards[5] = 3e38f;
    r.rollout.values[5] = -3e38f;
    const uint64_t version = rri_agent_version(r.agent);
    rr_error err = {0};
    rr_stats stats = {0};
    rig_expect(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, &stats, &err),
               RR_E_NOT_FINITE, &err, "optimiser step 1");
    ck_assert_uint_eq(rri_agent_version(r.agent), version);
    ck_assert_int_eq(stats.n_epochs, 0);
    ck_assert_uint_eq(r.rollout.n_rows, 0);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/a2c_update", test_a2c_update_is_one_step_on_all_rows,
           test_a2c_update_steps_along_the_gradient_of_the_twin,
           test_a2c_update_says_what_a_failing_gradient_says)
