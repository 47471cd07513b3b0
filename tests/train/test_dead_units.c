/* SPDX-License-Identifier: MIT */
#include "train/dead_units.h"

#include <math.h>
#include <stdlib.h>

#include "agent_twin.h"
#include "train/normalise.h"

static double share_of(rig *r, size_t n)
{
    const rri_network *net = &r->agent->trainer.model.network;
    const size_t bytes = rri_dead_units_work(net, n) * sizeof(float);
    float *work = aligned_alloc(64, (bytes + 63) / 64 * 64);
    const rri_inputs in = {.states = r->obs.states, .state_dim = net->state_dim};
    rri_model_pack(&r->agent->trainer.model);
    const double share = rri_dead_units_share(net, &in, n, work);
    free(work);
    return share;
}

static float *values_of(rig *r, const char *name)
{
    return r->agent->trainer.model.values + rig_param(r, name)->offset;
}

static rig_shape shape_of(int32_t activation)
{
    rig_shape shape = rig_usual();
    shape.n = 20;
    shape.agent.max_rows = 20;
    shape.agent.activation = activation;
    shape.agent.hidden[0] = 6;
    shape.agent.hidden[1] = 0;
    shape.agent.critic_hidden[0] = 4;
    shape.agent.critic_hidden[1] = 0;
    return shape;
}

START_TEST(test_dead_units_of_a_fresh_network_are_none)
{
    const rig_shape shape = shape_of(RR_ACTIVATION_TANH);
    rig r;
    rig_open(&r, &shape);
    ck_assert_double_eq(share_of(&r, 20), 0.0);
    rig_close(&r);
}
END_TEST

START_TEST(test_dead_units_a_relu_that_is_never_positive_and_a_tanh_at_its_end_are_dead)
{
    rig_shape shape = shape_of(RR_ACTIVATION_RELU);
    rig r;
    rig_open(&r, &shape);
    const double before = share_of(&r, 20);
    values_of(&r, "actor.mlp.0.bias")[2] = -1e6f;
    values_of(&r, "actor.mlp.0.bias")[3] = -1e6f;
    values_of(&r, "critic.0.bias")[1] = -1e6f;
    ck_assert_double_ge(share_of(&r, 20), 0.3 - 1e-9); /* 3 of 6 + 4 */
    ck_assert_double_lt(before, 0.3);
    rig_close(&r);

    shape = shape_of(RR_ACTIVATION_TANH);
    rig_open(&r, &shape);
    values_of(&r, "critic.0.bias")[0] = 50.0f;
    ck_assert_double_eq_tol(share_of(&r, 20), 0.1, 1e-12);
    rig_close(&r);
}
END_TEST

/* States of 1000 and a little saturate every tanh, unless the units see them as the networks do. */
START_TEST(test_dead_units_see_states_as_the_networks_do)
{
    for (int32_t is_normalised = 0; is_normalised < 2; is_normalised++) {
        rig_shape shape = shape_of(RR_ACTIVATION_TANH);
        shape.agent.normalize_states = is_normalised;
        rig r;
        rig_open(&r, &shape);
        float *states = (float *)r.obs.states;
        for (size_t i = 0; i < 60; i++) {
            states[i] += 1000.0f;
        }
        rri_normalise_states(&r.agent->trainer, states, NULL, 20);
        if (is_normalised != 0) {
            ck_assert_double_eq(share_of(&r, 20), 0.0);
        } else {
            ck_assert_double_gt(share_of(&r, 20), 0.5);
        }
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_dead_units_nothing_to_look_at_is_nan)
{
    rig_shape shape = shape_of(RR_ACTIVATION_TANH);
    rig r;
    rig_open(&r, &shape);
    ck_assert(isnan(share_of(&r, 1)));
    rig_close(&r);
    shape.agent.hidden[0] = 0;
    shape.agent.critic_hidden[0] = 0;
    rig_open(&r, &shape);
    ck_assert(isnan(share_of(&r, 20)));
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/dead_units", test_dead_units_of_a_fresh_network_are_none,
           test_dead_units_a_relu_that_is_never_positive_and_a_tanh_at_its_end_are_dead,
           test_dead_units_see_states_as_the_networks_do, test_dead_units_nothing_to_look_at_is_nan)
