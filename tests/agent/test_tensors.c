/* SPDX-License-Identifier: MIT */
#include "agent/tensors.h"

#include <stdio.h>

#include "agent_fixture.h"

static rig_shape full_shape(void)
{
    rig_shape shape = rig_usual();
    shape.k = 4;
    shape.agent.feature_dim = 2;
    shape.agent.has_bias = 1;
    shape.agent.has_trained_items = 1;
    return shape;
}

START_TEST(test_tensors_are_views_with_name_and_shape)
{
    const rig_shape shape = full_shape();
    rig r;
    rig_open(&r, &shape);
    const struct {
        const char *name;
        int32_t n_dims;
        int64_t rows, cols;
    } wanted[] = {
        {"actor.mlp.0.weight", 2, 4, 3},    {"actor.mlp.0.bias", 1, 4, 1},
        {"actor.mlp.1.weight", 2, 3, 4},    {"actor.mlp.1.bias", 1, 3, 1},
        {"actor.skip.weight", 2, 3, 3},     {"actor.log_scale", 1, 1, 1},
        {"actor.feature_weights", 1, 2, 1}, {"actor.repeat_weight", 1, 1, 1},
        {"actor.items", 2, 7, 3},           {"actor.item_bias", 1, 7, 1},
        {"critic.0.weight", 2, 4, 3},       {"critic.0.bias", 1, 4, 1},
        {"critic.1.weight", 2, 1, 4},       {"critic.1.bias", 1, 1, 1},
    };
    const size_t n = sizeof wanted / sizeof wanted[0];
    ck_assert_uint_eq(rri_agent_tensor_count(r.agent), n);
    for (size_t i = 0; i < n; i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        rri_agent_tensor_at(&tensor, r.agent, i);
        ck_assert_str_eq(tensor.name, wanted[i].name);
        ck_assert_int_eq(tensor.n_dims, wanted[i].n_dims);
        ck_assert_int_eq(tensor.shape[0], wanted[i].rows);
        ck_assert_int_eq(tensor.shape[1], wanted[i].cols);
        ck_assert_ptr_eq(tensor.data,
                         r.agent->trainer.model.values + rig_param(&r, wanted[i].name)->offset);
    }
    rig_close(&r);
}
END_TEST

/* Each tensor set to other values: the version moves, and so does what the agent says. */
START_TEST(test_tensors_set_are_in_force_at_once_and_touch_nothing_else)
{
    rig_shape shape = full_shape();
    shape.has_counts = true;
    rig r;
    rig_open(&r, &shape);
    const rri_params *params = &r.agent->trainer.model.network.params;
    const size_t bytes = params->n_floats * sizeof(float);
    const int32_t actions[5] = {1, 1, 1, 1, 1};
    float *before = RIG_TAKE(&r, float, params->n_floats);
    for (size_t p = 0; p < params->n_params; p++) {
        const rri_param *param = &params->entries[p];
        float values[64], log_probs[2][5], states_values[2][5];
        memcpy(before, r.agent->trainer.model.values, bytes);
        const uint64_t version = rri_agent_version(r.agent);
        ck_assert_int_eq(rri_agent_evaluate(r.agent, &r.obs, actions, log_probs[0], NULL,
                                            states_values[0], NULL),
                         RR_OK);
        rig_fill(&r, values, param->size, 1.0f);
        ck_assert_int_eq(
            rri_agent_set_tensor(r.agent, param->name, values, (int64_t)param->size, NULL), RR_OK);
        ck_assert_int_eq(rri_agent_evaluate(r.agent, &r.obs, actions, log_probs[1], NULL,
                                            states_values[1], NULL),
                         RR_OK);
        ck_assert_uint_ne(rri_agent_version(r.agent), version);
        const bool is_critic = strncmp(param->name, "critic", 6) == 0;
        ck_assert_int_eq(memcmp(log_probs[0], log_probs[1], sizeof log_probs[0]) != 0, !is_critic);
        ck_assert_int_eq(memcmp(states_values[0], states_values[1], sizeof states_values[0]) != 0,
                         is_critic);
        memcpy(before + param->offset, values, param->size * sizeof(float));
        ck_assert_mem_eq(before, r.agent->trainer.model.values, bytes);
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_tensors_refused_change_nothing)
{
    const rig_shape shape = full_shape();
    rig r;
    rig_open(&r, &shape);
    const uint64_t before = rig_hash(&r);
    const float values[4] = {1.0f, 2.0f, NAN, 3.0f};
    rr_error err = {0};
    rig_expect(rri_agent_set_tensor(r.agent, "actor.mlp.7.weight", values, 4, &err), RR_E_NOT_FOUND,
               &err, "set_tensor: this agent has no tensor 'actor.mlp.7.weight'");
    rig_expect(rri_agent_set_tensor(r.agent, "critic.0.bias", values, 3, &err), RR_E_INVALID, &err,
               "n_values is 3; critic.0.bias has 4 values");
    rig_expect(rri_agent_set_tensor(r.agent, "critic.0.bias", values, -4, &err), RR_E_INVALID, &err,
               "n_values is -4");
    rig_expect(rri_agent_set_tensor(r.agent, "critic.0.bias", values, 4, &err), RR_E_NOT_FINITE,
               &err, "values[2] of critic.0.bias is nan");
    ck_assert_uint_eq(rig_hash(&r), before);
    rig_close(&r);
}
END_TEST

START_TEST(test_tensors_counters_come_back_as_they_were)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    r.agent->trainer.n_updates = 3;
    r.agent->trainer.n_timesteps = 400;
    r.agent->trainer.n_optimizer_steps = 50;
    r.agent->trainer.n_draws = 6000;
    int64_t counters[RRI_AGENT_COUNTERS];
    rri_agent_counters_get(counters, r.agent);
    ck_assert_int_eq(rri_agent_counters_check(counters, NULL), RR_OK);
    const uint64_t before = rig_hash(&r);
    r.agent->trainer.n_updates = r.agent->trainer.n_timesteps = r.agent->trainer.n_optimizer_steps =
        0;
    r.agent->trainer.n_draws = 0;
    ck_assert_uint_ne(rig_hash(&r), before);
    rri_agent_counters_set(r.agent, counters);
    ck_assert_uint_eq(rig_hash(&r), before);
    const int64_t wrongs[] = {-1, ((int64_t)1 << 62) + 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < RRI_AGENT_COUNTERS - 1; i++) {
        for (size_t w = 0; w < sizeof wrongs / sizeof wrongs[0]; w++) {
            int64_t bad[RRI_AGENT_COUNTERS] = {0, 1, 2, (int64_t)1 << 62};
            bad[i] = wrongs[w];
            char sentence[64];
            snprintf(sentence, sizeof sentence, "agent.counters[%zu] is %lld; it must be in", i,
                     (long long)wrongs[w]);
            rr_error err = {0};
            rig_expect(rri_agent_counters_check(bad, &err), RR_E_FORMAT, &err, sentence);
        }
    }
    for (size_t w = 0; w < sizeof wrongs / sizeof wrongs[0]; w++) {
        const int64_t of_draws[RRI_AGENT_COUNTERS] = {0, 1, 2, wrongs[w]};
        ck_assert_int_eq(rri_agent_counters_check(of_draws, NULL), RR_OK);
    }
    rig_close(&r);
}
END_TEST

CHECK_MAIN("agent/tensors", test_tensors_are_views_with_name_and_shape,
           test_tensors_set_are_in_force_at_once_and_touch_nothing_else,
           test_tensors_refused_change_nothing, test_tensors_counters_come_back_as_they_were)
