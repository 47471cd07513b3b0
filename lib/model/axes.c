/* SPDX-License-Identifier: MIT */
#include "model/axes.h"

/* Whether this is the weight of a layer that is there. */
static bool is_weight(const rri_linear *layer, bool is_there, const rri_param *param)
{
    return is_there && param->offset == layer->weight_offset;
}

static bool reads_states(const rri_network *net, const rri_param *param)
{
    return is_weight(&net->actor.layers[0], net->actor.shape.n_layers > 0, param) ||
           is_weight(&net->critic.layers[0], net->critic.shape.n_layers > 0, param) ||
           is_weight(&net->skip, net->has_skip, param) ||
           is_weight(&net->candidate.states, net->candidate.n_layers > 0, param);
}

rri_axes rri_axes_of(const rri_network *net, const rri_param *param)
{
    const size_t at = param->offset;
    if (reads_states(net, param)) {
        return (rri_axes){RRI_AXIS_OWN, RRI_AXIS_STATES_FIRST};
    }
    if (is_weight(&net->feature_query, net->has_feature_query, param)) {
        return (rri_axes){RRI_AXIS_FEATURES, RRI_AXIS_STATES_FIRST};
    }
    if (is_weight(&net->candidate.features, net->candidate.n_layers > 0, param)) {
        return (rri_axes){RRI_AXIS_OWN, RRI_AXIS_FEATURES};
    }
    if (at == net->at.feature_weights || at == net->reward.features) {
        return (rri_axes){RRI_AXIS_FEATURES, RRI_AXIS_OWN};
    }
    if (at == net->at.items || at == net->at.item_bias || at == net->at.shown) {
        return (rri_axes){RRI_AXIS_ITEMS, RRI_AXIS_OWN};
    }
    if (at == net->norm.state_means || at == net->norm.state_inverses) {
        return (rri_axes){RRI_AXIS_STATES, RRI_AXIS_OWN};
    }
    if (at == net->reward.query) {
        return (rri_axes){net->is_dense ? RRI_AXIS_ITEMS : RRI_AXIS_OWN, RRI_AXIS_STATES_FIRST};
    }
    return (rri_axes){RRI_AXIS_OWN, RRI_AXIS_OWN};
}
