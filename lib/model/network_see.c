/* SPDX-License-Identifier: MIT */
/* network_see.c: what networks read of rows: states, beside them what an encoder makes of the past,
 * and behind both what a fold-in does. network.h. */
#include "model/network.h"

#include <string.h>

#include "nn/standardise.h"

/* û and P of one row, and what the critic reads of it. */
static void fold_row(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                     size_t row, rri_stack *scratch)
{
    const size_t W = net->fold.width, I = net->input_dim, d = net->dim;
    const size_t at = (in->rows != NULL ? (size_t)in->rows[row] : row) * in->h;
    const bool has_past = in->history != NULL && in->history_rewards != NULL;
    const rri_showings showings = {.items = has_past ? in->history + at : NULL,
                                   .rewards = has_past ? in->history_rewards + at : NULL,
                                   .vectors = in->vectors,
                                   .n_items = in->n_items,
                                   .h = has_past ? in->h : 0};
    float *folded = tape->folded + row * W, *judged = tape->judged + row * (I + d);
    rri_fold_in_posterior(&net->fold, folded, tape->covariances + row * W * W, &showings, scratch);
    memcpy(judged, rri_network_seen(tape, in) + row * I, I * sizeof(float));
    memcpy(judged + I, folded, d * sizeof(float));
}

void rri_network_see_past(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                          size_t begin, size_t end, rri_stack *scratch)
{
    if (net->encoder.form != NULL) {
        rri_encoder_forward(&net->encoder, tape->seen + net->state_dim, net->input_dim, in, begin,
                            end, scratch);
    }
}

void rri_network_see_rest(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                          size_t begin, size_t end, rri_stack *scratch)
{
    const size_t S = net->state_dim, I = net->input_dim;
    for (size_t row = begin; tape->seen != NULL && row < end; row++) {
        const float *state = in->states + row * S;
        float *seen = tape->seen + row * I;
        if (net->state_means != NULL) {
            rri_standardise_forward(seen, state, net->state_means, net->state_inverses, 1, S);
        } else {
            memcpy(seen, state, S * sizeof(float));
        }
    }
    for (size_t row = begin; rri_network_has_fold(net) && row < end; row++) {
        fold_row(net, tape, in, row, scratch);
    }
}

void rri_network_see(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                     size_t begin, size_t end, rri_stack *scratch)
{
    rri_network_see_past(net, tape, in, begin, end, scratch);
    rri_network_see_rest(net, tape, in, begin, end, scratch);
}
