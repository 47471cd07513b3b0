/* SPDX-License-Identifier: MIT */
#include "train/recipe.h"

#include "check_run.h"

START_TEST(test_recipe_of_ppo_says_what_its_config_says)
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
    const rri_recipe recipe = rri_recipe_of_ppo(&config);
    ck_assert_int_eq(recipe.algo, RR_ALGO_PPO);
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

START_TEST(test_recipe_of_a2c_is_one_pass_over_all_rows)
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
    const rri_recipe recipe = rri_recipe_of_a2c(&config);
    ck_assert_int_eq(recipe.algo, RR_ALGO_A2C);
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

CHECK_MAIN("train/recipe", test_recipe_of_ppo_says_what_its_config_says,
           test_recipe_of_a2c_is_one_pass_over_all_rows)
