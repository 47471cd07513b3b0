/* SPDX-License-Identifier: MIT */
/* Whole optimiser steps and whole updates against PyTorch: the change of all parameters,
 *     ‖Δ − Δref‖ ≤ 3e-5 ‖Δref‖.
 * A reference with a biased standard deviation, or with an entropy coefficient off by 1 %, is
 * rejected by the same bound, so the bound is tight enough to mean something. */
#include "check_run.h"

#include "parity/rollouts.h"

#define BOUND 3e-5

static void check_update(const char *name, const char *const *wrongs, size_t n_wrongs)
{
    fixture *f = fixture_load(name);
    rr_agent *agent = fixture_agent(f);
    fixture_check_names(f, agent);
    rollouts_train(f, agent, 1e-4);
    const double distance = rollouts_distance(f, agent, "delta.");
    ck_assert_msg(distance <= BOUND, "%s: the change differs by %.2e of its norm", name, distance);
    for (size_t i = 0; i < n_wrongs; i++) {
        const double wrong = rollouts_distance(f, agent, wrongs[i]);
        ck_assert_msg(wrong > 2.0 * BOUND, "%s: %s would pass, at %.2e", name, wrongs[i], wrong);
    }
    rr_agent_destroy(agent);
    fixture_free(f);
}

START_TEST(test_updates_one_adam_step)
{
    check_update("step_adam", NULL, 0);
}
END_TEST

START_TEST(test_updates_one_rmsprop_step)
{
    check_update("step_rmsprop", NULL, 0);
}
END_TEST

static const char *const wrong_ppo[] = {"biased_std.", "entropy_off."};

START_TEST(test_updates_two_ppo_updates_of_several_epochs)
{
    check_update("update_ppo_tower", wrong_ppo, 2);
}
END_TEST

START_TEST(test_updates_ppo_with_uneven_minibatches_and_the_dense_head)
{
    check_update("update_ppo_dense", wrong_ppo, 2);
}
END_TEST

START_TEST(test_updates_ppo_with_a_gru_and_with_a_transformer)
{
    check_update("update_ppo_gru", wrong_ppo + 1, 1);
    check_update("update_ppo_transformer", wrong_ppo + 1, 1);
}
END_TEST

START_TEST(test_updates_two_a2c_updates)
{
    check_update("update_a2c", wrong_ppo + 1, 1);
}
END_TEST

START_TEST(test_updates_where_features_meet_the_state)
{
    check_update("update_ppo_crossed", wrong_ppo + 1, 1);
}
END_TEST

START_TEST(test_updates_of_a_tower_over_items)
{
    check_update("update_ppo_item_tower", wrong_ppo + 1, 1);
}
END_TEST

CHECK_MAIN("parity/updates", test_updates_one_adam_step, test_updates_one_rmsprop_step,
           test_updates_two_ppo_updates_of_several_epochs,
           test_updates_ppo_with_uneven_minibatches_and_the_dense_head,
           test_updates_ppo_with_a_gru_and_with_a_transformer,
           test_updates_two_a2c_updates, test_updates_where_features_meet_the_state,
           test_updates_of_a_tower_over_items)
