/* SPDX-License-Identifier: MIT */
#include "model/axes.h"

#include <string.h>

#include "check_run.h"

enum { S = 5, F = 3, ITEMS = 11 };

/* Configs in which, together, every tensor is there. */
static rr_agent_config config_of(int which)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.feature_dim = F;
    config.item_dim = 4;
    config.hidden[0] = config.critic_hidden[0] = 7;
    config.hidden[1] = config.critic_hidden[1] = 6;
    config.has_feature_query = config.normalize_states = config.normalize_returns = 1;
    config.has_bias = config.has_trained_items = which == 0;
    config.candidate_hidden[0] = which == 1 ? 9 : 0;
    config.candidate_hidden[1] = which == 1 ? 8 : 0;
    config.encoder = which == 1 ? RR_ENCODER_GRU : RR_ENCODER_NONE;
    config.reward_model = which == 0 || which == 3;
    config.head = which >= 2 ? RR_HEAD_DENSE : RR_HEAD_TOWER;
    return config;
}

/* How long an axis is in a network of these widths; OWN: no width says. */
static size_t length_of(rri_axis axis, const rri_network *net, size_t own)
{
    return axis == RRI_AXIS_STATES         ? net->state_dim
           : axis == RRI_AXIS_STATES_FIRST ? own + net->state_dim - S
           : axis == RRI_AXIS_FEATURES     ? net->feature_dim
           : axis == RRI_AXIS_ITEMS        ? net->n_items
                                           : own;
}

/* Each width is turned alone: just the axes that stand for it change their length. So a tensor that
 * is added without its line is found. */
START_TEST(test_axes_say_of_every_tensor_what_its_shape_follows)
{
    for (int which = 0; which < 4; which++) {
        for (int turned = 0; turned < 4; turned++) {
            rri_network before, now;
            rr_agent_config config = config_of(which);
            ck_assert_int_eq(rri_network_declare(&before, &config, ITEMS, NULL), RR_OK);
            config.state_dim += turned == 1;
            config.feature_dim += turned == 2;
            ck_assert_int_eq(rri_network_declare(&now, &config, ITEMS + (turned == 3), NULL),
                             RR_OK);
            for (size_t i = 0; i < before.params.n_params; i++) {
                const rri_param *a = &before.params.entries[i];
                const rri_param *b = rri_params_find(&now.params, a->name);
                ck_assert_ptr_nonnull(b);
                const rri_axes axes = rri_axes_of(&before, a), again = rri_axes_of(&now, b);
                ck_assert(axes.rows == again.rows && axes.columns == again.columns);
                ck_assert_msg(b->shape[0] == length_of(axes.rows, &now, a->shape[0]), "%s: rows",
                              a->name);
                ck_assert_msg(a->shape[0] == length_of(axes.rows, &before, a->shape[0]), "%s: rows",
                              a->name);
                if (a->n_dims == 2) {
                    ck_assert_msg(b->shape[1] == length_of(axes.columns, &now, a->shape[1]),
                                  "%s: columns", a->name);
                }
            }
        }
    }
}
END_TEST

CHECK_MAIN("model/axes", test_axes_say_of_every_tensor_what_its_shape_follows)
