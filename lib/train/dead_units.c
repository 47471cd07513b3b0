/* SPDX-License-Identifier: MIT */
#include "train/dead_units.h"

#include <math.h>

#include "math/scalar.h"
#include "nn/standardise.h"

static const float SAME = 1e-6f;

static size_t widest(const rri_mlp *mlp, size_t least)
{
    size_t width = least;
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        width = mlp->shape.widths[i] > width ? mlp->shape.widths[i] : width;
    }
    return width;
}

size_t rri_dead_units_work(const rri_network *net, size_t n)
{
    const size_t of_inputs = net->norm.state_means != RRI_ABSENT ? n * net->state_dim : 0;
    return 2 * n * widest(&net->critic, widest(&net->actor, net->state_dim)) + of_inputs;
}

/* y [n, out] ← x [n, in] W^T + b. */
static void apply(float *y, const float *x, const rri_linear *layer, const float *values, size_t n)
{
    const float *weights = values + layer->weight_offset;
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < layer->out; o++) {
            float sum = layer->has_bias ? values[layer->bias_offset + o] : 0.0f;
            for (size_t j = 0; j < layer->in; j++) {
                sum += weights[o * layer->in + j] * x[i * layer->in + j];
            }
            y[i * layer->out + o] = sum;
        }
    }
}

static size_t count_dead(const float *y, size_t n, size_t width)
{
    size_t n_dead = 0;
    for (size_t unit = 0; unit < width; unit++) {
        float low = y[unit];
        float high = y[unit];
        for (size_t i = 1; i < n; i++) {
            low = fminf(low, y[i * width + unit]);
            high = fmaxf(high, y[i * width + unit]);
        }
        n_dead += high - low <= SAME ? 1 : 0;
    }
    return n_dead;
}

/* Adds the units of one MLP's activated layers. */
static void visit(const rri_network *net, const rri_mlp *mlp, const float *values,
                  const float *states, size_t n, float *work, size_t *n_dead, size_t *n_units)
{
    const size_t half = n * widest(&net->critic, widest(&net->actor, net->state_dim));
    const float *x = states;
    for (size_t l = 0; l < mlp->shape.n_layers; l++) {
        const rri_linear *layer = &mlp->layers[l];
        float *y = work + (l % 2) * half;
        apply(y, x, layer, values, n);
        if (l + 1 == mlp->shape.n_layers && !mlp->shape.activates_last) {
            return;
        }
        for (size_t i = 0; i < n * layer->out; i++) {
            y[i] = mlp->shape.activation == RR_ACTIVATION_RELU ? fmaxf(y[i], 0.0f) : rri_tanh(y[i]);
        }
        *n_dead += count_dead(y, n, layer->out);
        *n_units += layer->out;
        x = y;
    }
}

double rri_dead_units_share(const rri_network *net, const float *values, const float *states,
                            size_t n, float *work)
{
    size_t n_dead = 0;
    size_t n_units = 0;
    const float *inputs = states;
    if (net->norm.state_means != RRI_ABSENT) {
        const size_t n_inputs = n * net->state_dim;
        float *seen = work + rri_dead_units_work(net, n) - n_inputs;
        rri_standardise_forward(seen, states, values + net->norm.state_means,
                                values + net->norm.state_inverses, n, net->state_dim);
        inputs = seen;
    }
    if (n >= 2) {
        visit(net, &net->actor, values, inputs, n, work, &n_dead, &n_units);
        visit(net, &net->critic, values, inputs, n, work, &n_dead, &n_units);
    }
    return n_units > 0 ? (double)n_dead / (double)n_units : NAN;
}
