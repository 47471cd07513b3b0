/* SPDX-License-Identifier: MIT */
#include "train/algorithms.h"

#include "agent_twin.h"
#include "check_run.h"
#include "core/config_tables.h"
#include "train/gradient.h"
#include "train/update.h"

START_TEST(test_algorithms_recipe_of_ppo_says_what_its_config_says)
{
    rr_ppo_config config;
    rr_ppo_config_init(&config, sizeof config);
    config.n_steps = 3;
    config.batch_size = 17;
    config.update_epochs = 5;
    config.has_advantage_norm = 0;
    config.optimizer = RR_OPTIMIZER_RMSPROP;
    config.lr = 0.25f;
    config.gamma = 0.5f;
    config.gae_lambda = 0.75f;
    config.clip_eps = 0.125f;
    config.value_clip_eps = 0.375f;
    config.ent_coef = 0.0625f;
    config.vf_coef = 2.0f;
    config.max_grad_norm = 3.0f;
    config.target_kl = 4.0f;
    config.optimizer_eps = 5.0f;
    config.rms_alpha = 0.875f;
    const rri_recipe recipe = rri_algorithms_at(RR_ALGO_PPO)->recipe(&config);
    ck_assert(recipe.has_critic);
    ck_assert_int_eq(recipe.optimizer, RR_OPTIMIZER_RMSPROP);
    ck_assert_uint_eq(recipe.n_steps, 3);
    ck_assert_uint_eq(recipe.batch_size, 17);
    ck_assert_uint_eq(recipe.n_epochs, 5);
    ck_assert(!recipe.has_advantage_norm);
    ck_assert_float_eq(recipe.lr, 0.25f);
    ck_assert_float_eq(recipe.gamma, 0.5f);
    ck_assert_float_eq(recipe.gae_lambda, 0.75f);
    ck_assert_float_eq(recipe.clip_eps, 0.125f);
    ck_assert_float_eq(recipe.value_clip_eps, 0.375f);
    ck_assert_float_eq(recipe.ent_coef, 0.0625f);
    ck_assert_float_eq(recipe.vf_coef, 2.0f);
    ck_assert_float_eq(recipe.max_grad_norm, 3.0f);
    ck_assert_float_eq(recipe.target_kl, 4.0f);
    ck_assert_float_eq(recipe.optimizer_eps, 5.0f);
    ck_assert_float_eq(recipe.rms_alpha, 0.875f);
}
END_TEST

START_TEST(test_algorithms_recipe_of_a2c_is_one_pass_over_all_rows)
{
    rr_a2c_config config;
    rr_a2c_config_init(&config, sizeof config);
    config.n_steps = 3;
    config.has_advantage_norm = 1;
    config.optimizer = RR_OPTIMIZER_ADAM;
    config.lr = 0.25f;
    config.gamma = 0.5f;
    config.gae_lambda = 0.75f;
    config.ent_coef = 0.0625f;
    config.vf_coef = 2.0f;
    config.max_grad_norm = 3.0f;
    config.optimizer_eps = 5.0f;
    config.rms_alpha = 0.875f;
    const rri_recipe recipe = rri_algorithms_at(RR_ALGO_A2C)->recipe(&config);
    ck_assert(recipe.has_critic);
    ck_assert_uint_eq(recipe.n_epochs, 1);
    ck_assert_uint_eq(recipe.batch_size, 0);
    ck_assert_float_eq(recipe.target_kl, 0.0f);
    ck_assert_float_eq(recipe.value_clip_eps, 0.0f);
    ck_assert_int_eq(recipe.optimizer, RR_OPTIMIZER_ADAM);
    ck_assert_uint_eq(recipe.n_steps, 3);
    ck_assert(recipe.has_advantage_norm);
    ck_assert_float_eq(recipe.lr, 0.25f);
    ck_assert_float_eq(recipe.gamma, 0.5f);
    ck_assert_float_eq(recipe.gae_lambda, 0.75f);
    ck_assert_float_eq(recipe.ent_coef, 0.0625f);
    ck_assert_float_eq(recipe.vf_coef, 2.0f);
    ck_assert_float_eq(recipe.max_grad_norm, 3.0f);
    ck_assert_float_eq(recipe.optimizer_eps, 5.0f);
    ck_assert_float_eq(recipe.rms_alpha, 0.875f);
}
END_TEST

START_TEST(test_algorithms_recipe_of_reinforce_reads_whole_returns)
{
    rr_reinforce_config config;
    rr_reinforce_config_init(&config, sizeof config);
    config.n_steps = 3;
    config.page_size = 4;
    config.has_advantage_norm = 1;
    config.optimizer = RR_OPTIMIZER_ADAM;
    config.lr = 0.25f;
    config.gamma = 0.5f;
    config.ent_coef = 0.0625f;
    config.vf_coef = 2.0f;
    config.max_grad_norm = 3.0f;
    config.optimizer_eps = 5.0f;
    config.rms_alpha = 0.875f;
    rri_recipe recipe = rri_algorithms_at(RR_ALGO_REINFORCE)->recipe(&config);
    ck_assert(recipe.has_critic);
    ck_assert_float_eq(recipe.gae_lambda, 1.0f);
    ck_assert_float_eq(recipe.page_size, 4.0f);
    ck_assert_float_eq(recipe.vf_coef, 2.0f);
    ck_assert_float_eq(recipe.lr, 0.25f);
    ck_assert_float_eq(recipe.gamma, 0.5f);
    ck_assert_float_eq(recipe.ent_coef, 0.0625f);
    ck_assert_float_eq(recipe.max_grad_norm, 3.0f);
    ck_assert_float_eq(recipe.optimizer_eps, 5.0f);
    ck_assert_float_eq(recipe.rms_alpha, 0.875f);
    ck_assert_int_eq(recipe.optimizer, RR_OPTIMIZER_ADAM);
    ck_assert(recipe.has_advantage_norm);
    ck_assert_uint_eq(recipe.n_steps, 3);
    ck_assert_uint_eq(recipe.n_epochs, 1);
    config.has_baseline = 0;
    recipe = rri_algorithms_at(RR_ALGO_REINFORCE)->recipe(&config);
    ck_assert(!recipe.has_critic);
    ck_assert_float_eq(recipe.vf_coef, 0.0f);
}
END_TEST

/* The table's order is the header's, each row has a config table of its name, and what an agent
 * keeps of a config has room for it. */
START_TEST(test_algorithms_rows_are_whole)
{
    const int32_t kinds[] = {[RR_ALGO_PPO] = RR_CONFIG_PPO,
                             [RR_ALGO_A2C] = RR_CONFIG_A2C,
                             [RR_ALGO_REINFORCE] = RR_CONFIG_REINFORCE};
    ck_assert_uint_eq(rri_algorithms_count(), sizeof kinds / sizeof kinds[0]);
    ck_assert_ptr_null(rri_algorithms_at(rri_algorithms_count()));
    for (size_t i = 0; i < rri_algorithms_count(); i++) {
        const rri_algorithm *algorithm = rri_algorithms_at(i);
        ck_assert_int_eq(algorithm->config_kind, kinds[i]);
        ck_assert_int_eq(rri_algorithms_index(algorithm), (int32_t)i);
        ck_assert_ptr_eq(rri_algorithms_of_kind(kinds[i]), algorithm);
        ck_assert_ptr_eq(rri_algorithms_of_name(algorithm->name), algorithm);
        const rri_config_table *table = rri_config_table_of(algorithm->config_kind);
        ck_assert_ptr_nonnull(table);
        ck_assert_uint_le(table->size, RRI_ALGORITHM_CONFIG);
        char title[64];
        snprintf(title, sizeof title, "%s config", algorithm->name);
        ck_assert_str_eq(table->title, title);
        ck_assert(algorithm->policy_loss != NULL && algorithm->update != NULL);
        ck_assert_uint_ge(algorithm->min_rows, 1);
    }
    ck_assert_ptr_null(rri_algorithms_of_kind(RR_CONFIG_AGENT));
    ck_assert_ptr_null(rri_algorithms_of_name("sarsa"));
    ck_assert_ptr_null(rri_algorithms_of_name(NULL));
    char list[RRI_ALGORITHMS_TEXT];
    rri_algorithms_list(list);
    ck_assert_str_eq(list, "ppo, a2c or reinforce");
}
END_TEST

/* The algorithm of an agent is not that of its imitation, and comes back to it unharmed. */
START_TEST(test_algorithms_imitation_is_a_recipe_of_its_own)
{
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    const rri_recipe own = rri_algorithms_at(RR_ALGO_PPO)->recipe(&ppo);
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.vf_coef = 3.0f;
    const rri_recipe with = rri_algorithms_imitation(&own, &config, true);
    const rri_recipe without = rri_algorithms_imitation(&own, &config, false);
    for (size_t i = 0; i < rri_algorithms_count(); i++) {
        ck_assert_ptr_ne(with.algorithm, rri_algorithms_at(i));
    }
    ck_assert(!with.has_advantage_norm && with.value_clip_eps == 0.0f && with.clip_eps == 0.0f);
    ck_assert(with.has_critic && with.vf_coef == 3.0f);
    ck_assert(!without.has_critic && without.vf_coef == 0.0f);
    ck_assert_float_eq(with.max_grad_norm, own.max_grad_norm);
    ck_assert_int_eq(with.optimizer, own.optimizer);
}
END_TEST

/* Without a baseline an advantage is the return itself, from the rewards alone. */
START_TEST(test_algorithms_reinforce_without_baseline_leaves_the_critic_alone)
{
    for (int has_baseline = 0; has_baseline < 2; has_baseline++) {
        rig_shape shape = rig_usual();
        shape.algo = RR_ALGO_REINFORCE;
        shape.n = 8;
        shape.reinforce.has_baseline = has_baseline;
        rig r;
        rig_open(&r, &shape);
        rig_play(&r, 6);
        const rri_param *critic = rig_param(&r, "critic.1.weight");
        float before[64];
        ck_assert_uint_le(critic->size, 64);
        const float *weights = r.agent->trainer.model.values + critic->offset;
        memcpy(before, weights, critic->size * sizeof(float));
        ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL),
                         RR_OK);
        const bool is_same = memcmp(before, weights, critic->size * sizeof(float)) == 0;
        ck_assert_int_eq(is_same, !has_baseline);
        const rri_update_rows *update = &r.agent->trainer.update;
        for (size_t place = 0; place < 48 && !has_baseline; place++) {
            const bool is_end = update->is_segment_end[place] || update->terminated[place];
            const float next = is_end ? 0.0f : update->returns[place + 1];
            const float wanted = update->rewards[place] + shape.reinforce.gamma * next;
            ck_assert_float_eq_tol(update->returns[place], wanted, 1e-6f);
            ck_assert_float_eq(update->advantages[place], update->returns[place]);
        }
        rig_close(&r);
    }
}
END_TEST

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

START_TEST(test_algorithms_a2c_is_one_step_on_all_rows)
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
START_TEST(test_algorithms_of_one_step_go_along_the_gradient_of_the_twin)
{
    for (int which = 0; which < 4; which++) {
        const bool has_norm = which % 2 == 1;
        rig_shape shape = usual();
        shape.algo = which < 2 ? RR_ALGO_A2C : RR_ALGO_REINFORCE;
        shape.reinforce.ent_coef = 0.1f;
        shape.reinforce.lr = 0.01f;
        shape.reinforce.page_size = 3;
        shape.a2c.has_advantage_norm = shape.reinforce.has_advantage_norm = has_norm;
        shape.a2c.max_grad_norm = shape.reinforce.max_grad_norm = 100.0f;
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

START_TEST(test_algorithms_a2c_says_what_a_failing_gradient_says)
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

CHECK_MAIN("train/algorithms", test_algorithms_recipe_of_ppo_says_what_its_config_says,
           test_algorithms_recipe_of_a2c_is_one_pass_over_all_rows,
           test_algorithms_recipe_of_reinforce_reads_whole_returns, test_algorithms_rows_are_whole,
           test_algorithms_imitation_is_a_recipe_of_its_own,
           test_algorithms_reinforce_without_baseline_leaves_the_critic_alone,
           test_algorithms_a2c_is_one_step_on_all_rows,
           test_algorithms_of_one_step_go_along_the_gradient_of_the_twin,
           test_algorithms_a2c_says_what_a_failing_gradient_says)
