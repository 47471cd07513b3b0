/* SPDX-License-Identifier: MIT */
#include "model/network_norm.h"

#include <string.h>

#include "nn/init.h"
#include "nn/standardise.h"

static rr_status add(size_t *offset, rri_network *net, const char *name, size_t n, rr_error *err)
{
    size_t index;
    RRI_TRY(rri_params_add(&net->params, &index, name, n, 0, err));
    *offset = net->params.entries[index].offset;
    return RR_OK;
}

rr_status rri_network_norm_declare(rri_network *net, const rr_agent_config *config, rr_error *err)
{
    net->norm =
        (rri_norm_offsets){RRI_ABSENT, RRI_ABSENT, RRI_ABSENT, RRI_ABSENT, net->params.n_floats};
    if (config->normalize_returns != 0) {
        RRI_TRY(add(&net->norm.value_shift, net, "critic.shift", 1, err));
        RRI_TRY(add(&net->norm.value_scale, net, "critic.scale", 1, err));
    }
    if (config->normalize_states != 0) {
        RRI_TRY(add(&net->norm.state_means, net, "state.means", net->state_dim, err));
        RRI_TRY(add(&net->norm.state_inverses, net, "state.inverses", net->state_dim, err));
    }
    return RR_OK;
}

static bool has_states(const rri_network *net)
{
    return net->norm.state_means != RRI_ABSENT;
}

void rri_network_norm_layout(rri_network_tape *tape, rri_arena *arena, const rri_network *net,
                             size_t max_rows)
{
    tape->inputs = has_states(net)
                       ? RRI_TAKE(arena, float, rri_size_multiply(max_rows, net->state_dim))
                       : NULL;
}

void rri_network_norm_init(const rri_network *net, float *values)
{
    if (has_states(net)) {
        rri_init_constant(values + net->norm.state_inverses, 1.0f, net->state_dim);
    }
}

void rri_network_norm_pack(rri_network *net, const float *values)
{
    const bool has_values = net->norm.value_shift != RRI_ABSENT;
    net->value_shift = has_values ? values[net->norm.value_shift] : 0.0f;
    net->value_scale = has_values ? values[net->norm.value_scale] : 1.0f;
    net->state_means = has_states(net) ? values + net->norm.state_means : NULL;
    net->state_inverses = has_states(net) ? values + net->norm.state_inverses : NULL;
}

void rri_network_norm_zero(const rri_network *net, float *gradients)
{
    memset(gradients + net->norm.begin, 0,
           (net->params.n_floats - net->norm.begin) * sizeof(float));
}

const float *rri_network_norm_inputs(const rri_network *net, rri_network_tape *tape,
                                     const float *states, size_t begin, size_t end)
{
    if (!has_states(net)) {
        return states;
    }
    const size_t S = net->state_dim;
    rri_standardise_forward(tape->inputs + begin * S, states + begin * S, net->state_means,
                            net->state_inverses, end - begin, S);
    return tape->inputs;
}

void rri_network_norm_values(float *values, const rri_network *net, const rri_network_tape *tape,
                             size_t begin, size_t end)
{
    const float *v = rri_network_values_of(net, tape);
    memcpy(values, v + begin, (end - begin) * sizeof(float));
    for (size_t i = 0; net->norm.value_shift != RRI_ABSENT && i < end - begin; i++) {
        values[i] = net->value_shift + net->value_scale * values[i];
    }
}
