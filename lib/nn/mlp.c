/* SPDX-License-Identifier: MIT */
#include "nn/mlp.h"

#include <stdio.h>

#include "core/status.h"
#include "nn/activation.h"
#include "nn/init.h"

static const float HIDDEN_GAIN = 0x1.6a09e6p+0f; /* √2 */

static rr_status check_shape(const char *prefix, const rri_mlp_shape *shape, rr_error *err)
{
    if (shape->n_layers > RRI_MLP_MAX_LAYERS) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "%s: %zu layers; it must be at most %zu", prefix,
                 shape->n_layers, RRI_MLP_MAX_LAYERS);
    }
    if (shape->n_layers > 0 && shape->in == 0) {
        RRI_FAIL(err, RR_E_INVALID, "%s: 0 inputs; it must have at least 1", prefix);
    }
    for (size_t i = 0; i < shape->n_layers; i++) {
        if (shape->widths[i] == 0) {
            RRI_FAIL(err, RR_E_INVALID, "%s: layer %zu has width 0; it must be at least 1", prefix,
                     i);
        }
    }
    return RR_OK;
}

rr_status rri_mlp_declare(rri_mlp *mlp, rri_params *params, const char *prefix,
                          const rri_mlp_shape *shape, rr_error *err)
{
    RRI_TRY(check_shape(prefix, shape, err));
    *mlp = (rri_mlp){.shape = *shape};
    for (size_t i = 0; i < shape->n_layers; i++) {
        char name[RRI_PARAM_NAME_MAX + 1];
        const int length = snprintf(name, sizeof name, "%s.%zu", prefix, i);
        if (length < 0 || (size_t)length >= sizeof name) {
            RRI_FAIL(err, RR_E_INVALID, "parameter table: %s.%zu is longer than %zu characters",
                     prefix, i, RRI_PARAM_NAME_MAX);
        }
        const size_t in = i == 0 ? shape->in : shape->widths[i - 1];
        const bool has_bias = i + 1 < shape->n_layers || !shape->lacks_last_bias;
        RRI_TRY(
            rri_linear_declare(&mlp->layers[i], params, name, in, shape->widths[i], has_bias, err));
    }
    return RR_OK;
}

void rri_mlp_layout(rri_mlp *mlp, rri_arena *arena, const rri_kernels *kernels,
                    bool has_input_gradient)
{
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        rri_linear_layout(&mlp->layers[i], arena, kernels, i > 0 || has_input_gradient);
    }
}

void rri_mlp_tape_layout(rri_mlp_tape *tape, rri_arena *arena, const rri_mlp *mlp, size_t max_rows)
{
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        const size_t size = rri_size_multiply(max_rows, mlp->shape.widths[i]);
        tape->outputs[i] = RRI_TAKE(arena, float, size);
    }
}

size_t rri_mlp_init_scratch(const rri_mlp *mlp)
{
    size_t most = 0;
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        const size_t bytes = rri_init_scratch(mlp->layers[i].out, mlp->layers[i].in);
        most = bytes > most ? bytes : most;
    }
    return most;
}

void rri_mlp_init(const rri_mlp *mlp, float *values, float last_gain, uint64_t seed, void *scratch)
{
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        const float gain = i + 1 == mlp->shape.n_layers ? last_gain : HIDDEN_GAIN;
        rri_linear_init(&mlp->layers[i], values, gain, seed, scratch);
    }
}

size_t rri_mlp_scratch(const rri_mlp *mlp, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        const size_t bytes = rri_linear_scratch(&mlp->layers[i], n);
        most = bytes > most ? bytes : most;
    }
    return most;
}

void rri_mlp_pack(rri_mlp *mlp, const float *values)
{
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        rri_linear_pack(&mlp->layers[i], values);
    }
}

float *rri_mlp_last(const rri_mlp *mlp, const rri_mlp_tape *tape)
{
    return tape->outputs[mlp->shape.n_layers - 1];
}

static bool is_activated(const rri_mlp *mlp, size_t layer)
{
    return layer + 1 < mlp->shape.n_layers || mlp->shape.activates_last;
}

void rri_mlp_forward(const rri_mlp *mlp, rri_mlp_tape *tape, const float *x, size_t row_begin,
                     size_t row_end, rri_stack *scratch)
{
    const size_t n = row_end - row_begin;
    const float *h = x + row_begin * mlp->shape.in;
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        const rri_linear *layer = &mlp->layers[i];
        float *y = tape->outputs[i] + row_begin * layer->out;
        if (is_activated(mlp, i) && layer->has_bias) {
            rri_linear_multiply(layer, y, h, n, scratch);
            rri_activation_forward_biased(layer->kernels, mlp->shape.activation, y, layer->bias, n,
                                          layer->out);
        } else {
            rri_linear_forward(layer, y, h, n, false, scratch);
        }
        if (is_activated(mlp, i) && !layer->has_bias) {
            rri_activation_forward(layer->kernels, mlp->shape.activation, y, y, n * layer->out);
        }
        h = y;
    }
}

void rri_mlp_backward_input(const rri_mlp *mlp, float *dx, rri_mlp_tape *slopes,
                            const rri_mlp_tape *tape, size_t row_begin, size_t row_end,
                            rri_stack *scratch)
{
    const size_t n = row_end - row_begin;
    for (size_t i = mlp->shape.n_layers; i-- > 0;) {
        const rri_linear *layer = &mlp->layers[i];
        const size_t first = row_begin * layer->out;
        float *dy = slopes->outputs[i] + first;
        if (is_activated(mlp, i)) {
            rri_activation_backward(layer->kernels, mlp->shape.activation, dy, dy,
                                    tape->outputs[i] + first, n * layer->out);
        }
        float *below = i > 0 ? slopes->outputs[i - 1] : dx;
        float *d_input = below == NULL ? NULL : below + row_begin * layer->in;
        rri_linear_backward_input(layer, d_input, dy, n, scratch);
    }
}

static size_t layer_tasks(const rri_linear *layer)
{
    return (layer->out + RRI_LINEAR_BLOCK - 1) / RRI_LINEAR_BLOCK;
}

size_t rri_mlp_n_tasks(const rri_mlp *mlp)
{
    size_t n_tasks = 0;
    for (size_t i = 0; i < mlp->shape.n_layers; i++) {
        n_tasks += layer_tasks(&mlp->layers[i]);
    }
    return n_tasks;
}

/* The layer that a task works on, and its outputs. */
typedef struct layer_part {
    size_t layer, begin, end;
} layer_part;

static layer_part part_of(const rri_mlp *mlp, size_t task)
{
    layer_part part = {0};
    while (task >= layer_tasks(&mlp->layers[part.layer])) {
        task -= layer_tasks(&mlp->layers[part.layer]);
        part.layer++;
    }
    const size_t out = mlp->layers[part.layer].out;
    part.begin = task * RRI_LINEAR_BLOCK;
    part.end = out - part.begin < RRI_LINEAR_BLOCK ? out : part.begin + RRI_LINEAR_BLOCK;
    return part;
}

void rri_mlp_zero_params(const rri_mlp *mlp, float *gradients, size_t task)
{
    const layer_part part = part_of(mlp, task);
    rri_linear_zero_params(&mlp->layers[part.layer], gradients, part.begin, part.end);
}

void rri_mlp_backward_params(const rri_mlp *mlp, float *gradients, const rri_mlp_tape *slopes,
                             const rri_mlp_tape *tape, const float *x, size_t n, size_t task,
                             rri_stack *scratch)
{
    const layer_part part = part_of(mlp, task);
    const size_t i = part.layer;
    const float *h = i == 0 ? x : tape->outputs[i - 1];
    rri_linear_backward_params(&mlp->layers[i], gradients, slopes->outputs[i], h, n, part.begin,
                               part.end, scratch);
}
