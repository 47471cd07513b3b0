/* SPDX-License-Identifier: MIT */
#include "train/recipe.h"

#include "check_run.h"
#include "train/algorithms.h"

/* As the table and the default config of each algorithm have it. */
START_TEST(test_recipe_ppo_needs_two_rows_and_the_others_one)
{
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_reinforce_config reinforce;
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_reinforce_config_init(&reinforce, sizeof reinforce);
    ppo.has_advantage_norm = a2c.has_advantage_norm = reinforce.has_advantage_norm = 0;
    const void *const configs[] = {&ppo, &a2c, &reinforce};
    const size_t algorithms[] = {RR_ALGO_PPO, RR_ALGO_A2C, RR_ALGO_REINFORCE};
    for (size_t i = 0; i < 3; i++) {
        const rri_algorithm *algorithm = rri_algorithms_at(algorithms[i]);
        rri_recipe recipe = algorithm->recipe(configs[i]);
        recipe.algorithm = algorithm;
        ck_assert_msg(rri_recipe_needs_two(&recipe) == (i == 0), "%s", algorithm->name);
    }
}
END_TEST

/* The deviation of one row is that of nothing. */
START_TEST(test_recipe_a_normalised_advantage_needs_two_rows)
{
    const rri_algorithm one = {.name = "one", .min_rows = 1}, two = {.name = "two", .min_rows = 2};
    const struct {
        const rri_algorithm *algorithm;
        bool is_normalised, needs_two;
    } cases[] = {{&one, false, false}, {&one, true, true}, {&two, false, true}, {&two, true, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rri_recipe recipe = {.algorithm = cases[i].algorithm,
                                   .has_advantage_norm = cases[i].is_normalised};
        ck_assert_msg(rri_recipe_needs_two(&recipe) == cases[i].needs_two, "case %zu", i);
    }
}
END_TEST

CHECK_MAIN("train/recipe", test_recipe_ppo_needs_two_rows_and_the_others_one,
           test_recipe_a_normalised_advantage_needs_two_rows)
