/* SPDX-License-Identifier: MIT */
#include "model/inputs.h"

rri_inputs rri_inputs_from(const rri_inputs *in, size_t first)
{
    rri_inputs part = *in;
    part.states = in->states + first * in->state_dim;
    if (in->rows != NULL) {
        part.rows = in->rows + first;
        return part;
    }
    part.history = in->history != NULL ? in->history + first * in->h : NULL;
    part.history_rewards = in->history_rewards != NULL ? in->history_rewards + first * in->h : NULL;
    part.features = in->features != NULL ? in->features + first * in->k * in->feature_dim : NULL;
    return part;
}
