/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "flips.h"

static ob_world world, other;
static ob_user user, twin;

#define near(a, b, tolerance) ck_assert_msg(fabs((a) - (b)) <= (tolerance), "%.9g, not %.9g", a, b)

START_TEST(test_numbers_are_those_of_numpys_random_state)
{
    ob_twister twister;
    ob_twister_seed(&twister, 0);
    near(ob_twister_uniform(&twister), 0.5488135039, 1e-10);
    near(ob_twister_uniform(&twister), 0.7151893664, 1e-10);
    ob_twister_seed(&twister, 7);
    for (int i = 0; i < 1000; i++) {
        ob_twister_normal(&twister);
    }
    near(ob_twister_normal(&twister), 0.8848879535077754, 1e-12);
}
END_TEST

START_TEST(test_catalogue_is_the_one_of_the_published_code)
{
    const double taste[] = {-0.71984421, -0.46063877, 1.05712223, 0.34361829, -1.76304016};
    const ob_config config = ob_config_default(10, 0, 42);
    ck_assert_int_eq(ob_world_create(&world, &config), 0);
    for (int k = 0; k < 5; k++) {
        near(world.organic[9][k], taste[k], 1e-8);
    }
    near(world.organic_mean[0], 0.97225191, 1e-8);
    near(world.organic_mean[9], 2.92663538, 1e-8);
    ck_assert_mem_eq(world.bandit, world.organic, sizeof world.organic);
    ck_assert_mem_eq(world.bandit_mean, world.organic_mean, sizeof world.organic_mean);
}
END_TEST

/* Partners as numpy finds them from the same Γ. */
START_TEST(test_flips_change_the_places_of_similar_pairs)
{
    static const int32_t expected[][10] = {{0, 1, 3, 2, 4, 5, 6, 7, 8, 9},
                                           {0, 6, 3, 2, 8, 5, 1, 7, 4, 9},
                                           {9, 6, 3, 2, 8, 5, 1, 7, 4, 0}};
    static const int32_t n_flips[] = {1, 3, 5};
    for (int c = 0; c < 3; c++) {
        const ob_config config = ob_config_default(10, n_flips[c], 42);
        ck_assert_int_eq(ob_world_create(&world, &config), 0);
        ck_assert_mem_eq(world.place_of, expected[c], sizeof expected[c]);
        for (int i = 0; i < 10; i++) {
            const int32_t place = world.place_of[i];
            ck_assert_mem_eq(world.bandit[i], world.organic[place], sizeof world.bandit[i]);
            near(world.bandit_mean[i], world.organic_mean[place], 0.0);
            ck_assert_int_eq(world.place_of[place], i);
        }
    }
}
END_TEST

START_TEST(test_flips_leave_products_without_a_likeness_where_they_are)
{
    const double opposite[3][OB_MOST_FACTORS] = {{1.0}, {-1.0}, {0.5}};
    int32_t places[3];
    ck_assert_int_eq(ob_flips_choose(places, opposite, 3, 1, 1), 0);
    ck_assert(places[0] == 2 && places[1] == 1 && places[2] == 0);
    const double strangers[2][OB_MOST_FACTORS] = {{1.0}, {-1.0}};
    ck_assert_int_eq(ob_flips_choose(places, strangers, 2, 1, 2), 0);
    ck_assert(places[0] == 0 && places[1] == 1);
}
END_TEST

START_TEST(test_transition_rows_sum_to_one_and_nobody_returns)
{
    const double expected[3][3] = {{0.74, 0.25, 0.01}, {0.05, 0.94, 0.01}, {0.0, 0.0, 1.0}};
    const ob_config config = ob_config_default(10, 0, 1);
    ob_world_create(&world, &config);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            near(world.transition[i][j], expected[i][j], 1e-15);
        }
    }
}
END_TEST

/* Values of the formula in numpy. */
START_TEST(test_click_curve_rises_within_its_bounds)
{
    near(ob_click_curve(-8.0), 0.00491281824232147, 1e-15);
    near(ob_click_curve(-1.0), 0.008190663137401794, 1e-15);
    near(ob_click_curve(0.0), 0.009421517836464272, 1e-15);
    near(ob_click_curve(1.5), 0.011808900798081823, 1e-15);
    near(ob_click_curve(7.0), 0.022495994670934053, 1e-15);
    near(ob_click_curve(-1000.0), 0.004478469511646293, 1e-15);
    near(ob_click_curve(1000.0), 0.02931223075135632, 1e-15);
    for (double x = -20.0; x < 20.0; x += 0.25) {
        ck_assert(ob_click_curve(x + 0.25) > ob_click_curve(x));
    }
}
END_TEST

/* β is not Γ where there are flips, so that the click is the partner's. */
START_TEST(test_click_probability_is_of_the_place_that_was_flipped_to)
{
    const ob_config config = ob_config_default(10, 1, 42); /* 2 and 3 */
    ob_world_create(&world, &config);
    ob_user_begin(&user, &world, 5);
    double x = world.organic_mean[3];
    for (int k = 0; k < 5; k++) {
        x += world.organic[3][k] * user.omega[k];
    }
    near(ob_user_click_probability(&user, &world, 2), ob_click_curve(x), 1e-15);
}
END_TEST

/* Everybody clicks with Φ(0) and nothing drifts: a Markov chain whose visits are (I − Q)⁻¹. */
START_TEST(test_lengths_are_those_of_the_chain)
{
    enum { USERS = 40000 };
    ob_config config = ob_config_default(10, 0, 3);
    config.sigma_omega_initial = config.sigma_omega = config.sigma_mu = 0.0;
    ob_world_create(&world, &config);
    const double c = ob_click_curve(0.0);
    const double back = c + (1.0 - c) * 0.05, stay = (1.0 - c) * 0.94;
    const double determinant = 0.26 * (1.0 - stay) - 0.25 * back;
    double views = 0.0, shown = 0.0, square = 0.0, clicks = 0.0, nobody = 0.0;
    for (uint64_t id = 0; id < USERS; id++) {
        ob_user_begin(&user, &world, id);
        for (int32_t i = 0; user.state == OB_BANDIT; i++) {
            ob_user_show(&user, &world, i % 10);
        }
        views += user.n_views;
        shown += user.n_shown;
        square += (double)user.n_shown * user.n_shown;
        clicks += user.n_clicks;
        nobody += user.n_shown == 0;
    }
    const double error = sqrt(square / USERS) / sqrt(USERS);
    near(views / USERS, (1.0 - stay) / determinant, error);
    near(shown / USERS, 0.25 / determinant, 4.0 * error);
    near(clicks / shown, c, 4.0 * sqrt(c / shown));
    near(nobody / USERS, 0.01 / 0.26, 4.0 * sqrt(0.04 / USERS));
}
END_TEST

START_TEST(test_views_follow_the_softmax)
{
    enum { USERS = 20000 };
    double expected[10], total = 0.0, views[10] = {0}, n_views = 0.0;
    ob_config config = ob_config_default(10, 0, 42);
    config.sigma_omega_initial = config.sigma_omega = 0.0;
    ob_world_create(&world, &config);
    for (int i = 0; i < 10; i++) {
        expected[i] = exp(world.organic_mean[i]);
        total += expected[i];
    }
    for (uint64_t id = 0; id < USERS; id++) {
        ob_user_begin(&user, &world, id);
        for (int i = 0; i < 10; i++) {
            views[i] += user.views[i];
        }
        n_views += user.n_views;
    }
    for (int i = 0; i < 10; i++) {
        const double share = expected[i] / total;
        near(views[i] / n_views, share, 4.5 * sqrt(share / n_views));
    }
}
END_TEST

/* All returns are by clicks and each session is one view: ω has nothing to drift on. */
START_TEST(test_click_leads_to_a_view_and_does_not_drift)
{
    ob_config config = ob_config_default(10, 0, 4);
    config.sigma_omega = 1.0;
    config.organic_to_bandit = 1.0;
    config.organic_to_stop = config.bandit_to_organic = config.bandit_to_stop = 0.0;
    ob_world_create(&world, &config);
    ob_user_begin(&user, &world, 0);
    twin = user;
    for (int i = 0; i < 5000; i++) {
        const int32_t before = user.n_views;
        const int is_click = ob_user_show(&user, &world, i % 10);
        ck_assert_int_eq(user.n_views, before + is_click);
        ck_assert_int_eq(user.state, OB_BANDIT);
    }
    ck_assert_int_gt(user.n_clicks, 10);
    ck_assert_mem_eq(user.omega, twin.omega, sizeof user.omega);
}
END_TEST

/* Each way that the matrix leads to organic adds σ_ω² to the variance of a coordinate; the first
 * view and returns by a click alone do not. */
START_TEST(test_drift_is_one_step_for_each_organic_transition)
{
    enum { USERS = 4000, FACTORS = 8 };
    ob_config config = ob_config_default(10, 0, 5);
    config.n_factors = FACTORS;
    config.sigma_omega_initial = 0.0;
    config.bandit_to_stop = 0.2;
    ob_world_create(&world, &config);
    double square = 0.0, steps = 0.0;
    for (uint64_t id = 0; id < USERS; id++) {
        ob_user_begin(&user, &world, id);
        while (user.state == OB_BANDIT) {
            ob_user_show(&user, &world, 0);
        }
        for (int k = 0; k < FACTORS; k++) {
            square += user.omega[k] * user.omega[k];
        }
        steps += user.n_views - 1 - user.n_clicks;
    }
    near(square / (FACTORS * 0.01 * steps), 1.0, 0.05);
}
END_TEST

START_TEST(test_user_is_a_function_of_seed_and_id)
{
    ob_config config = ob_config_default(10, 0, 6);
    ob_world_create(&world, &config);
    config.user_seed = 7;
    ob_world_create(&other, &config);
    ob_user_begin(&user, &world, 11);
    for (uint64_t neighbour = 10; neighbour <= 12; neighbour += 2) {
        ob_user_begin(&twin, &world, neighbour);
        ck_assert_mem_ne(user.omega, twin.omega, sizeof user.omega);
    }
    ob_user_begin(&twin, &other, 11);
    ck_assert_mem_ne(user.omega, twin.omega, sizeof user.omega);
    ob_user_begin(&twin, &world, 11);
    ck_assert_mem_eq(user.omega, twin.omega, sizeof user.omega);
    for (int i = 0; i < 20 && user.state == OB_BANDIT; i++) {
        ck_assert_int_eq(ob_user_show(&user, &world, i % 10), ob_user_show(&twin, &world, i % 10));
    }
    ck_assert_mem_eq(user.views, twin.views, sizeof user.views);
    ck_assert_int_eq(user.n_shown, twin.n_shown);
}
END_TEST

CHECK_MAIN(
    "worlds/organic_bandit_world", test_numbers_are_those_of_numpys_random_state,
    test_catalogue_is_the_one_of_the_published_code, test_flips_change_the_places_of_similar_pairs,
    test_flips_leave_products_without_a_likeness_where_they_are,
    test_transition_rows_sum_to_one_and_nobody_returns, test_click_curve_rises_within_its_bounds,
    test_click_probability_is_of_the_place_that_was_flipped_to, test_lengths_are_those_of_the_chain,
    test_views_follow_the_softmax, test_click_leads_to_a_view_and_does_not_drift,
    test_drift_is_one_step_for_each_organic_transition, test_user_is_a_function_of_seed_and_id)
