/* SPDX-License-Identifier: MIT */
/* Every loss and every gradient against PyTorch's autograd.
 *
 * The gradient is read off one optimiser step: RMSProp with α = 0 and ε far above |g| moves a
 * parameter by lr g / (|g| + ε), which is inverted exactly; lr / ε = 16 keeps the step well above
 * the rounding of the parameter. */
#include "check_run.h"

#include "parity/rollouts.h"

#define TOLERANCE 1e-5

static void check_gradients(const char *name)
{
    rr_error err = {0};
    fixture *f = fixture_load(name);
    rr_agent *agent = fixture_agent(f);
    fixture_check_names(f, agent);
    rollouts_train(f, agent, TOLERANCE);

    const double lr = 16e6, eps = 1e6;
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        ck_assert_int_eq(rr_agent_tensor_at(agent, i, &tensor, &err), RR_OK);
        const fixture_entry *before = fixture_get(f, "before.", tensor.name);
        const size_t n = before->rows * before->columns;
        float *gradient = malloc(n * sizeof *gradient);
        for (size_t e = 0; e < n; e++) {
            const double step = (before->values[e] - (double)tensor.data[e]) / lr;
            gradient[e] = (float)(step * eps / (1.0 - fabs(step)));
        }
        ck_assert_msg(fixture_is_close(tensor.name, gradient,
                                       fixture_get(f, "gradient.", tensor.name), TOLERANCE, 0.0),
                      "%s: the gradient of %s differs", name, tensor.name);
        free(gradient);
    }
    rr_agent_destroy(agent);
    fixture_free(f);
}

START_TEST(test_gradients_of_ppo_over_the_pool_with_trained_items)
{
    check_gradients("gradient_ppo_pool");
}
END_TEST

START_TEST(test_gradients_of_ppo_over_candidates_with_features_and_exclusions)
{
    check_gradients("gradient_ppo_lists");
}
END_TEST

START_TEST(test_gradients_of_ppo_without_a_pool_with_given_counts)
{
    check_gradients("gradient_ppo_vectors");
}
END_TEST

START_TEST(test_gradients_of_ppo_with_the_dense_head)
{
    check_gradients("gradient_ppo_dense");
}
END_TEST

START_TEST(test_gradients_of_ppo_with_a_gru)
{
    check_gradients("gradient_ppo_gru");
}
END_TEST

START_TEST(test_gradients_of_ppo_with_a_transformer)
{
    check_gradients("gradient_ppo_transformer");
}
END_TEST

START_TEST(test_gradients_of_ppo_without_entropy_or_normalisation_with_clipped_values)
{
    check_gradients("gradient_ppo_bare");
}
END_TEST

START_TEST(test_gradients_of_a2c)
{
    check_gradients("gradient_a2c_lists");
}
END_TEST

START_TEST(test_gradients_of_features_that_meet_the_state)
{
    check_gradients("gradient_ppo_crossed");
}
END_TEST

START_TEST(test_gradients_of_a_tower_over_items)
{
    check_gradients("gradient_ppo_item_tower");
    check_gradients("gradient_ppo_item_tower_lists");
}
END_TEST

CHECK_MAIN("parity/gradients", test_gradients_of_ppo_over_the_pool_with_trained_items,
           test_gradients_of_ppo_over_candidates_with_features_and_exclusions,
           test_gradients_of_ppo_without_a_pool_with_given_counts,
           test_gradients_of_ppo_with_the_dense_head, test_gradients_of_ppo_with_a_gru,
           test_gradients_of_ppo_with_a_transformer,
           test_gradients_of_ppo_without_entropy_or_normalisation_with_clipped_values,
           test_gradients_of_a2c, test_gradients_of_features_that_meet_the_state,
           test_gradients_of_a_tower_over_items)
