/* SPDX-License-Identifier: MIT */
#include "learn.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

static ob_world world;
static ob_feed feed;
static ob_counts counts;
static ob_user user;

static void make(int32_t n_products, int32_t n_flips, uint32_t seed)
{
    const ob_config config = ob_config_default(n_products, n_flips, seed);
    rr_error err = {0};
    ck_assert_int_eq(ob_world_create(&world, &config), 0);
    ob_counts_gather(&counts, &world, 4000);
    ck_assert_msg(ob_feed_create(&feed, &world, 4000, 8, &err) == RR_OK, "%s", err.text);
}

static ob_result play(int32_t algo, int64_t n_rows, int is_greedy)
{
    rr_error err = {0};
    ob_recipe recipe;
    ob_learner *learner = NULL;
    ob_result result;
    ob_recipe_init(&recipe, algo);
    recipe.n_rows = n_rows;
    ck_assert_msg(ob_learner_create(&learner, &recipe, &world, &feed, &err) == RR_OK, "%s",
                  err.text);
    ck_assert_msg(ob_learner_train(learner, &err) == RR_OK, "%s", err.text);
    ck_assert_int_eq(ob_learner_play(learner, &result, is_greedy, 1000, &err), RR_OK);
    ob_learner_destroy(learner);
    return result;
}

static double chooser_rate(ob_chooser chooser)
{
    ob_result result;
    ob_chooser_play(&result, chooser, &world, &counts, 1000);
    return result.expected / result.n_shown;
}

START_TEST(test_features_are_the_views)
{
    float features[2 * 4];
    memset(&user, 0, sizeof user);
    user.views[1] = 3;
    user.n_views = 3;
    user.last_view = 1;
    feed.n_products = 4;
    ob_feed_features(features, &feed, &user);
    ck_assert_float_eq_tol(features[0], 0.0f, 1e-9f);
    ck_assert_float_eq_tol(features[2], 1.3862944f, 1e-6f);
    ck_assert_float_eq_tol(features[3], 1.0f, 1e-9f);
    ck_assert_float_eq_tol(features[5], 0.0f, 1e-9f);
}
END_TEST

/* Views of product 0, then of 1: the mean of both, and 0.8 : 1 for the later one. */
START_TEST(test_state_by_hand)
{
    float state[2 * 2 + 1 + 2];
    memset(&user, 0, sizeof user);
    user.views[0] = user.views[1] = 1;
    user.recent[1] = 1;
    user.n_views = 2;
    feed = (ob_feed){.n_products = 2, .dim = 2, .state_dim = 7};
    feed.vectors[0][0] = 1.0f;
    feed.vectors[1][1] = -2.0f;
    ob_feed_state(state, &feed, &user);
    const float expected[] = {0.5f, -1.0f, 0.8f / 1.8f, -2.0f / 1.8f, 0.25f * logf(3.0f),
                              0.0f, 0.0f};
    for (int i = 0; i < 7; i++) {
        ck_assert_float_eq_tol(state[i], expected[i], 1e-6f);
    }
}
END_TEST

/* Products that the same users view have vectors that point the same way: flip-free pairs by Γ are
 * the judge. */
START_TEST(test_vectors_know_which_products_are_alike)
{
    make(20, 0, 1);
    double with = 0.0, of_vectors = 0.0, of_taste = 0.0;
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < i; j++) {
            double a = 0.0, b = 0.0;
            for (int k = 0; k < feed.dim - 2; k++) {
                a += (double)feed.vectors[i][k] * (double)feed.vectors[j][k];
            }
            for (int k = 0; k < 5; k++) {
                b += world.organic[i][k] * world.organic[j][k];
            }
            with += a * b;
            of_vectors += a * a;
            of_taste += b * b;
        }
    }
    ck_assert_double_gt(with / sqrt(of_vectors * of_taste), 0.1);
}
END_TEST

START_TEST(test_everybody_is_played_to_the_end)
{
    make(10, 0, 1);
    int64_t n_shown = 0;
    const ob_result result = play(RR_ALGO_A2C, 5000, 1);
    for (uint64_t id = 0; id < 1000; id++) {
        ob_user_begin(&user, &world, id);
        n_shown += user.state == OB_BANDIT;
    }
    ck_assert_double_gt(result.n_shown, 60.0 * (double)n_shown);
    ck_assert_double_lt(result.n_shown, 100.0 * (double)n_shown);
    ck_assert_double_eq_tol(result.n_clicks / result.expected, 1.0, 0.15);
}
END_TEST

START_TEST(test_run_is_a_function_of_its_seed)
{
    make(10, 5, 1);
    const ob_result one = play(RR_ALGO_PPO, 10000, 0);
    const ob_result two = play(RR_ALGO_PPO, 10000, 0);
    ck_assert_mem_eq(&one, &two, sizeof one);
}
END_TEST

/* At the start: draws in proportion to 1 + own views, which beats an even choice where views can be
 * trusted. */
START_TEST(test_first_policy_is_the_softened_incumbent)
{
    make(10, 0, 0);
    const ob_result start = play(RR_ALGO_PPO, 0, 0);
    const double rate = start.expected / start.n_shown;
    ck_assert_double_gt(rate, 1.1 * chooser_rate(OB_RANDOM));
    ck_assert_double_lt(rate, chooser_rate(OB_VIEWED_SAMPLED));
}
END_TEST

START_TEST(test_learners_beat_random_and_flipped_views)
{
    make(10, 5, 0);
    const double best = chooser_rate(OB_BEST);
    const double viewed = chooser_rate(OB_VIEWED), random = chooser_rate(OB_RANDOM);
    const int32_t last = check_is_short() ? RR_ALGO_PPO : RR_ALGO_A2C;
    for (int32_t algo = RR_ALGO_PPO; algo <= last; algo++) {
        const ob_result result = play(algo, 150000, 1);
        const double rate = result.expected / result.n_shown;
        ck_assert_msg(rate > 1.25 * random && rate > 1.1 * viewed && rate < best,
                      "algo %d: %.5f; random %.5f, own most viewed %.5f, best %.5f", algo, rate,
                      random, viewed, best);
    }
}
END_TEST

CHECK_MAIN("worlds/organic_bandit_learn", test_features_are_the_views, test_state_by_hand,
           test_vectors_know_which_products_are_alike, test_everybody_is_played_to_the_end,
           test_run_is_a_function_of_its_seed, test_first_policy_is_the_softened_incumbent,
           test_learners_beat_random_and_flipped_views)
