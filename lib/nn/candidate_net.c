/* SPDX-License-Identifier: MIT */
#include "nn/candidate_net.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "nn/activation.h"
#include "nn/init.h"

/* √(2/3): three maps add up to the first layer, which together have the gain √2. */
static const float FIRST_GAIN = 0x1.a20bd7p-1f;
static const float HIDDEN_GAIN = 0x1.6a09e6p+0f; /* √2 */

rr_status rri_candidate_net_declare(rri_candidate_net *net, rri_params *params,
                                    const int32_t hidden[4], size_t feature_dim, size_t dim,
                                    size_t state_dim, int32_t activation, rr_error *err)
{
    *net = (rri_candidate_net){.activation = activation, .begin = params->n_floats};
    const size_t first = (size_t)hidden[0];
    RRI_TRY(rri_linear_declare(&net->features, params, "actor.candidate.features", feature_dim,
                               first, false, err));
    RRI_TRY(rri_linear_declare(&net->vectors, params, "actor.candidate.vectors", dim, first, false,
                               err));
    size_t width = first;
    for (net->n_layers = 1; net->n_layers < RRI_CANDIDATE_LAYERS && hidden[net->n_layers] > 0;
         net->n_layers++) {
        char name[32];
        (void)snprintf(name, sizeof name, "actor.candidate.%zu", net->n_layers);
        RRI_TRY(rri_linear_declare(&net->layers[net->n_layers - 1], params, name, width,
                                   (size_t)hidden[net->n_layers], true, err));
        width = (size_t)hidden[net->n_layers];
    }
    net->end = params->n_floats;
    RRI_TRY(rri_linear_declare(&net->states, params, "actor.candidate.states", state_dim, first,
                               true, err));
    return rri_linear_declare(&net->query, params, "actor.candidate.query", dim, width, true, err);
}

void rri_candidate_net_layout(rri_candidate_net *net, rri_arena *arena, const rri_kernels *kernels,
                              bool has_input_gradient)
{
    if (net->n_layers == 0) {
        return;
    }
    rri_linear_layout(&net->features, arena, kernels, false);
    rri_linear_layout(&net->vectors, arena, kernels, false);
    for (size_t i = 0; i + 1 < net->n_layers; i++) {
        rri_linear_layout(&net->layers[i], arena, kernels, true);
    }
    rri_linear_layout(&net->states, arena, kernels, has_input_gradient);
    rri_linear_layout(&net->query, arena, kernels, true);
}

size_t rri_candidate_net_first(const rri_candidate_net *net)
{
    return net->vectors.out;
}

size_t rri_candidate_net_last(const rri_candidate_net *net)
{
    return net->query.out;
}

static size_t larger_init(size_t bytes, const rri_linear *l)
{
    return rri_size_larger(bytes, rri_init_scratch(l->out, l->in));
}

size_t rri_candidate_net_init_scratch(const rri_candidate_net *net)
{
    if (net->n_layers == 0) {
        return 0;
    }
    size_t bytes = larger_init(0, &net->features);
    bytes = larger_init(bytes, &net->vectors);
    bytes = larger_init(bytes, &net->states);
    for (size_t i = 0; i + 1 < net->n_layers; i++) {
        bytes = larger_init(bytes, &net->layers[i]);
    }
    return bytes;
}

void rri_candidate_net_init(const rri_candidate_net *net, float *values, uint64_t seed,
                            void *scratch)
{
    if (net->n_layers == 0) {
        return;
    }
    rri_linear_init(&net->features, values, FIRST_GAIN, seed, scratch);
    rri_linear_init(&net->vectors, values, FIRST_GAIN, seed, scratch);
    rri_linear_init(&net->states, values, FIRST_GAIN, seed, scratch);
    for (size_t i = 0; i + 1 < net->n_layers; i++) {
        rri_linear_init(&net->layers[i], values, HIDDEN_GAIN, seed, scratch);
    }
    rri_linear_init(&net->query, values, 0.0f, seed, scratch);
}

void rri_candidate_net_pack(rri_candidate_net *net, const float *values)
{
    if (net->n_layers == 0) {
        return;
    }
    rri_linear_pack(&net->features, values);
    rri_linear_pack(&net->vectors, values);
    for (size_t i = 0; i + 1 < net->n_layers; i++) {
        rri_linear_pack(&net->layers[i], values);
    }
    rri_linear_pack(&net->states, values);
    rri_linear_pack(&net->query, values);
}

static size_t width_of(const rri_candidate_net *net, size_t layer)
{
    return layer == 0 ? net->vectors.out : net->layers[layer - 1].out;
}

rri_candidate_tape rri_candidate_tape_take(const rri_candidate_net *net, size_t room,
                                           rri_stack *scratch)
{
    rri_candidate_tape tape = {.vectors = RRI_STACK_TAKE(scratch, float, room * net->vectors.in)};
    for (size_t i = 0; i < net->n_layers; i++) {
        tape.outputs[i] = RRI_STACK_TAKE(scratch, float, room *width_of(net, i));
    }
    return tape;
}

size_t rri_candidate_tape_bytes(const rri_candidate_net *net, size_t room)
{
    size_t bytes = rri_stack_cost(rri_size_multiply(room, net->vectors.in), sizeof(float));
    for (size_t i = 0; i < net->n_layers; i++) {
        bytes = rri_stack_add(bytes, rri_size_multiply(room, width_of(net, i)), sizeof(float));
    }
    return bytes;
}

rri_candidate_tape rri_candidate_tape_at(const rri_candidate_net *net,
                                         const rri_candidate_tape *tape, size_t first)
{
    rri_candidate_tape rest = {.vectors = tape->vectors + first * net->vectors.in};
    for (size_t i = 0; i < net->n_layers; i++) {
        rest.outputs[i] = tape->outputs[i] + first * width_of(net, i);
    }
    return rest;
}

void rri_candidate_tape_move(const rri_candidate_net *net, rri_candidate_tape *tape, size_t to,
                             size_t from)
{
    const size_t d = net->vectors.in;
    memcpy(tape->vectors + to * d, tape->vectors + from * d, d * sizeof(float));
    for (size_t i = 0; i < net->n_layers; i++) {
        const size_t width = width_of(net, i);
        float *outputs = tape->outputs[i];
        memcpy(outputs + to * width, outputs + from * width, width * sizeof(float));
    }
}

/* Candidates that pass all layers while their outputs lie in the first cache; a whole number of the
 * kernels' panels of rows. */
enum { STEP = 48 };

/* Asks for the products that the step from `first` on will add. */
static void ask_for_kept(const rri_candidate_net *net, const rri_candidate_block *block,
                         size_t first)
{
    const size_t end = rri_size_smaller(first + STEP, block->n);
    for (size_t i = first; i < end; i++) {
        for (size_t j = 0; block->kept[i] != NULL && j < net->vectors.out; j += 16) {
            __builtin_prefetch(block->kept[i] + j);
        }
    }
}

/* h [n, H1] of n candidates from `first` on. tape->vectors has n_made before and gets those whose
 * C v_i is made here; returns how many it has then. */
static size_t first_layer(const rri_candidate_net *net, rri_candidate_tape *tape,
                          const rri_candidate_block *block, size_t first, size_t n, size_t n_made,
                          float *products, rri_stack *scratch)
{
    const size_t d = net->vectors.in, f = net->features.in, width = net->vectors.out;
    float *h = tape->outputs[0] + first * width, *made = tape->vectors + n_made * d;
    const float *added[STEP];
    size_t n_here = 0;
    for (size_t i = 0; i < n; i++) {
        added[i] = block->kept[first + i];
        if (added[i] == NULL) {
            memcpy(made + n_here * d, block->vectors[first + i], d * sizeof(float));
            added[i] = products + n_here++ * width;
        }
    }
    rri_linear_multiply(&net->vectors, products, made, n_here, scratch);
    rri_linear_multiply(&net->features, h, block->features + first * f, n, scratch);
    rri_activation_forward_summed(net->vectors.kernels, net->activation, h, added,
                                  block->rows + first, n, width);
    return n_made + n_here;
}

void rri_candidate_net_forward(const rri_candidate_net *net, rri_candidate_tape *tape,
                               const rri_candidate_block *block, rri_stack *scratch)
{
    const rri_kernels *kernels = net->vectors.kernels;
    const size_t mark = rri_stack_mark(scratch);
    float *products = RRI_STACK_TAKE(scratch, float, STEP * net->vectors.out);
    size_t n_made = 0;
    ask_for_kept(net, block, 0);
    for (size_t first = 0; first < block->n; first += STEP) {
        const size_t n = rri_size_smaller(STEP, block->n - first);
        ask_for_kept(net, block, first + STEP);
        n_made = first_layer(net, tape, block, first, n, n_made, products, scratch);
        for (size_t i = 1; i < net->n_layers; i++) {
            const rri_linear *layer = &net->layers[i - 1];
            float *y = tape->outputs[i] + first * layer->out;
            rri_linear_multiply(layer, y, tape->outputs[i - 1] + first * layer->in, n, scratch);
            rri_activation_forward_biased(kernels, net->activation, y, layer->bias, n, layer->out);
        }
    }
    rri_stack_rewind(scratch, mark);
}

static void backward_params(const rri_candidate_net *net, float *params, const rri_linear *map,
                            const float *dy, const float *x, size_t n, rri_stack *scratch)
{
    const rri_linear part = rri_linear_moved(map, net->begin);
    rri_linear_backward_params(&part, params, dy, x, n, 0, part.out, scratch);
}

/* dg of each row += Σ_i dz_i h_i, and dr of each row += Σ_i of the first layer's slopes: runs of
 * one row's candidates at a time, sums [n] weighed by `weights`. */
static void add_to_rows(const rri_kernels *kernels, float *const *sums, const float *weights,
                        const float *x, size_t n, size_t width)
{
    const float *rows[RRI_CANDIDATE_BLOCK];
    for (size_t i = 0; i < n; i++) {
        rows[i] = x + i * width;
    }
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && sums[end] == sums[i]) {
            end++;
        }
        rri_vec_axpys(kernels, sums[i], weights + i, rows + i, end - i, width);
    }
}

void rri_candidate_net_backward(const rri_candidate_net *net, const rri_candidate_slopes *slopes,
                                const float *dz, const rri_candidate_tape *tape,
                                const rri_candidate_block *block, rri_stack *scratch)
{
    const rri_kernels *kernels = net->vectors.kernels;
    const size_t mark = rri_stack_mark(scratch), n = block->n;
    const size_t top = net->n_layers - 1;
    float ones[RRI_CANDIDATE_BLOCK], *d[RRI_CANDIDATE_LAYERS];
    for (size_t i = 0; i <= top; i++) {
        d[i] = RRI_STACK_TAKE(scratch, float, n *width_of(net, i));
    }
    for (size_t i = 0; i < n; i++) {
        ones[i] = 1.0f;
    }
    add_to_rows(kernels, slopes->d_queries, dz, tape->outputs[top], n, net->query.out);
    rri_activation_backward_scaled(kernels, net->activation, d[top], dz, block->queries,
                                   tape->outputs[top], n, net->query.out);
    for (size_t i = top; i > 0; i--) {
        const rri_linear *layer = &net->layers[i - 1];
        backward_params(net, slopes->params, layer, d[i], tape->outputs[i - 1], n, scratch);
        rri_linear_backward_input(layer, d[i - 1], d[i], n, scratch);
        rri_activation_backward(kernels, net->activation, d[i - 1], d[i - 1], tape->outputs[i - 1],
                                n * layer->in);
    }
    backward_params(net, slopes->params, &net->features, d[0], block->features, n, scratch);
    backward_params(net, slopes->params, &net->vectors, d[0], tape->vectors, n, scratch);
    add_to_rows(kernels, slopes->d_rows, ones, d[0], n, net->vectors.out);
    rri_stack_rewind(scratch, mark);
}

size_t rri_candidate_net_scratch(const rri_candidate_net *net)
{
    if (net->n_layers == 0) {
        return 0;
    }
    const size_t n = RRI_CANDIDATE_BLOCK;
    size_t slopes = 0;
    size_t products = rri_size_larger(rri_linear_scratch(&net->features, n),
                                      rri_linear_scratch(&net->vectors, n));
    for (size_t i = 0; i < net->n_layers; i++) {
        slopes = rri_stack_add(slopes, rri_size_multiply(n, width_of(net, i)), sizeof(float));
        if (i > 0) {
            products = rri_size_larger(products, rri_linear_scratch(&net->layers[i - 1], n));
        }
    }
    const size_t made = rri_stack_cost(rri_size_multiply(STEP, net->vectors.out), sizeof(float));
    return rri_size_add(rri_size_larger(slopes, made), products);
}
