/* SPDX-License-Identifier: MIT */
/* network_backward.c: from the slopes of queries and values back to those of every layer, and of
 * what an encoder gave. network.h. */
#include "model/network.h"

#include <string.h>

double rri_network_candidates_backward(const rri_network *net, rri_network_tape *slopes,
                                       const rri_network_tape *tape, size_t begin, size_t end,
                                       rri_stack *scratch)
{
    const size_t d = net->dim, last = rri_candidate_net_last(&net->candidate);
    const size_t mark = rri_stack_mark(scratch), n = end - begin;
    float *d_query = RRI_STACK_TAKE(scratch, float, n *d);
    rri_linear_backward_input(&net->candidate.query, d_query,
                              slopes->candidate_queries + begin * last, n, scratch);
    rri_vec_scale(net->kernels, d_query, net->scale, n * d);
    rri_vec_add(net->kernels, slopes->query + begin * d, d_query, n * d);
    double d_log_scale = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float *q = tape->query + (begin + i) * d;
        d_log_scale += (double)rri_dot(net->kernels, q, d_query + i * d, d);
    }
    rri_stack_rewind(scratch, mark);
    return d_log_scale;
}

/* Beside a reward model the dense head's MLP takes its part of the query's slope. */
static void shorten_slopes(const rri_network *net, rri_network_tape *slopes, size_t begin,
                           size_t end)
{
    const size_t width = net->item_width;
    float *d_last = rri_mlp_last(&net->actor, &slopes->actor);
    for (size_t i = begin; i < end; i++) {
        memcpy(d_last + i * width, slopes->query + i * net->dim, width * sizeof(float));
    }
}

/* slopes->seen of rows [begin, end) += dy W of a map that reads it, dy [rows, out]. */
static void add_seen_slopes(const rri_network *net, rri_network_tape *slopes, const rri_linear *map,
                            const float *dy, size_t begin, size_t end, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), n = end - begin, I = net->input_dim;
    float *part = RRI_STACK_TAKE(scratch, float, n *map->in); /* the critic's û has no slope */
    rri_linear_backward_input(map, part, dy + begin * map->out, n, scratch);
    for (size_t i = 0; i < n; i++) {
        rri_vec_add(net->kernels, slopes->seen + (begin + i) * I, part + i * map->in, I);
    }
    rri_stack_rewind(scratch, mark);
}

/* What an encoder is told by all that reads it for the actor but the MLP. */
static void add_map_slopes(const rri_network *net, rri_network_tape *slopes, size_t begin,
                           size_t end, rri_stack *scratch)
{
    if (net->has_skip) {
        add_seen_slopes(net, slopes, &net->skip, slopes->query, begin, end, scratch);
    }
    if (net->has_feature_query) {
        add_seen_slopes(net, slopes, &net->feature_query, slopes->feature_weights, begin, end,
                        scratch);
    }
    if (net->candidate.n_layers > 0) {
        add_seen_slopes(net, slopes, &net->candidate.states, slopes->candidate_rows, begin, end,
                        scratch);
    }
}

void rri_network_query_backward(const rri_network *net, rri_network_tape *slopes,
                                const rri_network_tape *tape, size_t begin, size_t end,
                                rri_stack *scratch)
{
    if (slopes->seen != NULL) {
        memset(slopes->seen + begin * net->input_dim, 0,
               (end - begin) * net->input_dim * sizeof(float));
    }
    if (net->is_dense && net->has_reward) {
        shorten_slopes(net, slopes, begin, end);
        rri_mlp_backward_input(&net->actor, NULL, &slopes->actor, &tape->actor, begin, end,
                               scratch);
        return;
    }
    if (rri_network_has_mlp(net)) {
        float *d_mlp = rri_mlp_last(&net->actor, &slopes->actor) + begin * net->dim;
        if (!rri_network_is_query_last(net)) {
            memcpy(d_mlp, slopes->query + begin * net->dim,
                   (end - begin) * net->dim * sizeof(float));
            rri_vec_scale(net->kernels, d_mlp, net->mlp_scale, (end - begin) * net->dim);
        }
        rri_mlp_backward_input(&net->actor, slopes->seen, &slopes->actor, &tape->actor, begin, end,
                               scratch);
    }
    if (slopes->seen != NULL) {
        add_map_slopes(net, slopes, begin, end, scratch);
    }
}

void rri_network_value_backward(const rri_network *net, rri_network_tape *slopes,
                                const rri_network_tape *tape, size_t begin, size_t end,
                                rri_stack *scratch)
{
    rri_mlp_backward_input(&net->critic, NULL, &slopes->critic, &tape->critic, begin, end, scratch);
    if (slopes->seen != NULL) {
        add_seen_slopes(net, slopes, &net->critic.layers[0], slopes->critic.outputs[0], begin, end,
                        scratch);
    }
}

void rri_network_encoder_backward(const rri_network *net, float *gradients,
                                  const rri_network_tape *slopes, const rri_inputs *in,
                                  size_t begin, size_t end, rri_stack *scratch)
{
    if (net->encoder.form != NULL) {
        rri_encoder_backward(&net->encoder, gradients, slopes->seen + net->state_dim,
                             net->input_dim, in, begin, end, scratch);
    }
}
