/* SPDX-License-Identifier: MIT */
/* What the networks make of these constants is in test_network.c and test_gradient.c, beside the
 * twin. */
#include "model/network.h"

#include "agent_fixture.h"

static rig_shape normalised(void)
{
    rig_shape shape = rig_usual();
    shape.agent.normalize_returns = shape.agent.normalize_states = 1;
    return shape;
}

START_TEST(test_network_norm_tensors_are_there_when_asked_for_and_last)
{
    static const char *const names[] = {"critic.shift", "critic.scale", "state.means",
                                        "state.inverses"};
    rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    const rri_params *params = &r.agent->trainer.model.network.params;
    for (size_t i = 0; i < 4; i++) {
        const rri_param *param = &params->entries[params->n_params - 4 + i];
        ck_assert_str_eq(param->name, names[i]);
        ck_assert_uint_eq(param->size, i < 2 ? 1 : 3);
        ck_assert_uint_ge(param->offset, r.agent->trainer.model.network.norm.begin);
    }
    rig_close(&r);
    shape = rig_usual();
    rig_open(&r, &shape);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_null(rri_params_find(&r.agent->trainer.model.network.params, names[i]));
    }
    ck_assert_uint_eq(r.agent->trainer.model.network.norm.begin,
                      r.agent->trainer.model.network.params.n_floats);
    ck_assert_ptr_null(r.agent->trainer.slice.tape.seen);
    rig_close(&r);
}
END_TEST

START_TEST(test_network_norm_begins_with_value_zero_and_states_as_they_come)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    rri_network_init(&r.agent->trainer.model.network, r.agent->trainer.model.values, &shape.agent,
                     NULL, r.agent->trainer.stacks[0].base);
    rri_model_pack(&r.agent->trainer.model);
    float values[5] = {1, 1, 1, 1, 1};
    rig_values(&r, values, r.obs.states, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_float_eq(values[i], 0.0f);
    }
    const rri_inputs in = {.states = r.obs.states, .state_dim = 3};
    rri_network_see(&r.agent->trainer.model.network, &r.agent->trainer.slice.tape, &in, 0, 5,
                    r.agent->trainer.stacks);
    const float *inputs = r.agent->trainer.slice.tape.seen;
    ck_assert_mem_eq(inputs, r.obs.states, 15 * sizeof(float));
    rig_close(&r);
}
END_TEST

START_TEST(test_network_norm_values_are_shifted_and_scaled_in_their_rows_alone)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    rri_network *net = &r.agent->trainer.model.network;
    float *v = rri_network_values_of(net, &r.agent->trainer.slice.tape);
    v[2] = 3.0f;
    v[3] = -1.0f;
    net->value_shift = 100.0f;
    net->value_scale = 7.0f;
    float values[] = {8, 8, 8};
    rri_network_values(values, net, &r.agent->trainer.slice.tape, 2, 4);
    ck_assert_float_eq(values[0], 121.0f);
    ck_assert_float_eq(values[1], 93.0f);
    ck_assert_float_eq(values[2], 8.0f);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("model/network_norm", test_network_norm_tensors_are_there_when_asked_for_and_last,
           test_network_norm_begins_with_value_zero_and_states_as_they_come,
           test_network_norm_values_are_shifted_and_scaled_in_their_rows_alone)
