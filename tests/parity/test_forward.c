/* SPDX-License-Identifier: MIT */
/* The same weights and observations give what PyTorch gives: log-probs, entropies, values. */
#include "check_run.h"

#include "parity/fixture.h"

#define TOLERANCE 1e-5

static void check_forward(const char *name)
{
    rr_error err = {0};
    fixture *f = fixture_load(name);
    rr_agent *agent = fixture_agent(f);
    fixture_check_names(f, agent);
    rr_obs obs = fixture_observation(f, "");
    const fixture_entry *all = fixture_get(f, "expected.", "all_log_probs");
    const size_t n = all->rows;
    float *all_log_probs = malloc(n * all->columns * sizeof(float));
    float *outputs = malloc(4 * n * sizeof(float));
    float *act_values = outputs, *log_probs = outputs + n, *entropies = outputs + 2 * n,
          *values = outputs + 3 * n;
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = (int32_t)n,
                            .values = act_values,
                            .all_log_probs = all_log_probs};
    ck_assert_msg(rr_agent_act(agent, &obs, &decision, &err) == RR_OK, "%s", err.text);
    ck_assert(fixture_is_close("all_log_probs", all_log_probs, all, TOLERANCE, 1.0));
    ck_assert(fixture_is_close("values", act_values, fixture_get(f, "expected.", "values"),
                               TOLERANCE, 1.0));

    int32_t *actions = fixture_ints(f, "", "actions");
    ck_assert_msg(rr_agent_evaluate(agent, &obs, actions, log_probs, entropies, values, &err) ==
                      RR_OK,
                  "%s", err.text);
    ck_assert(fixture_is_close("log_probs", log_probs, fixture_get(f, "expected.", "log_probs"),
                               TOLERANCE, 1.0));
    ck_assert(fixture_is_close("entropies", entropies, fixture_get(f, "expected.", "entropies"),
                               TOLERANCE, 1.0));
    ck_assert(
        fixture_is_close("values", values, fixture_get(f, "expected.", "values"), TOLERANCE, 1.0));

    free(actions);
    free(outputs);
    free(all_log_probs);
    fixture_release_observation(&obs);
    rr_agent_destroy(agent);
    fixture_free(f);
}

START_TEST(test_forward_of_the_pool_with_exclusions_and_history)
{
    check_forward("forward_pool");
}
END_TEST

START_TEST(test_forward_of_candidates_some_in_no_pool_with_features)
{
    check_forward("forward_lists");
}
END_TEST

START_TEST(test_forward_without_a_pool_with_given_counts)
{
    check_forward("forward_vectors");
}
END_TEST

START_TEST(test_forward_of_the_dense_head)
{
    check_forward("forward_dense");
}
END_TEST

START_TEST(test_forward_of_a_gru_and_of_a_transformer)
{
    check_forward("forward_gru");
    check_forward("forward_transformer");
}
END_TEST

START_TEST(test_forward_of_features_that_meet_the_state_by_a_matrix_and_a_network)
{
    check_forward("forward_crossed");
}
END_TEST

START_TEST(test_forward_of_a_tower_over_items)
{
    check_forward("forward_item_tower");
    check_forward("forward_item_tower_lists");
}
END_TEST

START_TEST(test_forward_comparison_notices_a_small_difference)
{
    double reference[] = {1.0, 2.0, -INFINITY};
    const fixture_entry expected = {.rows = 1, .columns = 3, .values = reference};
    const float good[] = {1.0f, 2.0f, -INFINITY}, off[] = {1.0f, 2.0001f, -INFINITY};
    const float is_nan[] = {NAN, 2.0f, -INFINITY}, finite[] = {1.0f, 2.0f, -80.0f};
    ck_assert(fixture_is_close("good", good, &expected, TOLERANCE, 1.0));
    ck_assert(!fixture_is_close("off on purpose", off, &expected, TOLERANCE, 1.0));
    ck_assert(!fixture_is_close("NaN on purpose", is_nan, &expected, TOLERANCE, 1.0));
    ck_assert(!fixture_is_close("finite on purpose", finite, &expected, TOLERANCE, 1.0));
}
END_TEST

CHECK_MAIN("parity/forward", test_forward_of_the_pool_with_exclusions_and_history,
           test_forward_of_candidates_some_in_no_pool_with_features,
           test_forward_without_a_pool_with_given_counts, test_forward_of_the_dense_head,
           test_forward_of_a_gru_and_of_a_transformer,
           test_forward_comparison_notices_a_small_difference,
           test_forward_of_features_that_meet_the_state_by_a_matrix_and_a_network,
           test_forward_of_a_tower_over_items)
