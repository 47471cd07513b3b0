/* SPDX-License-Identifier: MIT */
#include "model/inputs.h"

#include "check_run.h"

enum { S = 3, H = 4, K = 2, F = 5 };

START_TEST(test_inputs_from_a_row_on_move_every_array_of_rows)
{
    static const float states[6 * S], rewards[6 * H], features[6 * K * F], vectors[1];
    static const int32_t history[6 * H];
    const rri_inputs in = {.states = states,
                           .history = history,
                           .history_rewards = rewards,
                           .features = features,
                           .state_dim = S,
                           .h = H,
                           .k = K,
                           .feature_dim = F,
                           .vectors = vectors,
                           .n_items = 1};
    const rri_inputs part = rri_inputs_from(&in, 2);
    ck_assert_ptr_eq(part.states, states + 2 * S);
    ck_assert_ptr_eq(part.history, history + 2 * H);
    ck_assert_ptr_eq(part.history_rewards, rewards + 2 * H);
    ck_assert_ptr_eq(part.features, features + 2 * K * F);
    ck_assert_ptr_eq(part.vectors, vectors); /* of the catalogue, not of rows */
}
END_TEST

START_TEST(test_inputs_from_a_row_on_move_where_rows_lie_instead)
{
    static const float states[6 * S], rewards[6 * H];
    static const int32_t history[6 * H], rows[6];
    const rri_inputs in = {.states = states,
                           .rows = rows,
                           .history = history,
                           .history_rewards = rewards,
                           .state_dim = S,
                           .h = H};
    const rri_inputs part = rri_inputs_from(&in, 3);
    ck_assert_ptr_eq(part.states, states + 3 * S);
    ck_assert_ptr_eq(part.rows, rows + 3);
    ck_assert_ptr_eq(part.history, history);
    ck_assert_ptr_eq(part.history_rewards, rewards);
    ck_assert_ptr_null(part.features);
}
END_TEST

CHECK_MAIN("model/inputs", test_inputs_from_a_row_on_move_every_array_of_rows,
           test_inputs_from_a_row_on_move_where_rows_lie_instead)
