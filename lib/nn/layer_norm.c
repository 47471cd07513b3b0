/* SPDX-License-Identifier: MIT */
#include "nn/layer_norm.h"

#include <math.h>
#include <stdio.h>

#include "core/status.h"
#include "nn/init.h"

static const float EPS = 1e-5f;

static rr_status add(size_t *offset, rri_params *params, const char *norm, const char *tensor,
                     size_t width, rr_error *err)
{
    char name[RRI_PARAM_NAME_MAX + 1];
    size_t index;
    (void)snprintf(name, sizeof name, "%s.%s", norm, tensor);
    RRI_TRY(rri_params_add(params, &index, name, width, 0, err));
    *offset = params->entries[index].offset;
    return RR_OK;
}

rr_status rri_layer_norm_declare(rri_layer_norm *norm, rri_params *params, const char *name,
                                 size_t width, rr_error *err)
{
    *norm = (rri_layer_norm){.width = width};
    RRI_TRY(add(&norm->gain, params, name, "weight", width, err));
    return add(&norm->bias, params, name, "bias", width, err);
}

void rri_layer_norm_init(const rri_layer_norm *norm, float *values)
{
    rri_init_constant(values + norm->gain, 1.0f, norm->width);
    rri_init_constant(values + norm->bias, 0.0f, norm->width);
}

void rri_layer_norm_pack(rri_layer_norm *norm, const float *values, const rri_kernels *kernels)
{
    norm->gain_values = values + norm->gain;
    norm->bias_values = values + norm->bias;
    norm->kernels = kernels;
}

void rri_layer_norm_forward(const rri_layer_norm *norm, float *y, float *x_hat, float *inverse,
                            const float *x, size_t n)
{
    const size_t E = norm->width;
    for (size_t i = 0; i < n; i++, y += E, x_hat += E, x += E) {
        const float mean = rri_sum(norm->kernels, x, E) / (float)E;
        for (size_t j = 0; j < E; j++) {
            x_hat[j] = x[j] - mean;
        }
        const float variance = rri_sum_squares(norm->kernels, x_hat, E) / (float)E;
        inverse[i] = 1.0f / sqrtf(variance + EPS);
        for (size_t j = 0; j < E; j++) {
            x_hat[j] *= inverse[i];
            y[j] = norm->gain_values[j] * x_hat[j] + norm->bias_values[j];
        }
    }
}

/* With dx̂ = g ⊙ dy:  dx = (dx̂ − mean dx̂ − x̂ mean(x̂ ⊙ dx̂)) / √(var + ε) */
void rri_layer_norm_backward(const rri_layer_norm *norm, float *dx, float *gradients, size_t begin,
                             const float *dy, const float *x_hat, const float *inverse, size_t n)
{
    const size_t E = norm->width;
    float *d_gain = gradients + norm->gain - begin, *d_bias = gradients + norm->bias - begin;
    for (size_t i = 0; i < n; i++, dx += E, dy += E, x_hat += E) {
        for (size_t j = 0; j < E; j++) {
            d_gain[j] += dy[j] * x_hat[j];
            d_bias[j] += dy[j];
            dx[j] = norm->gain_values[j] * dy[j]; /* dx̂ */
        }
        const float mean = rri_sum(norm->kernels, dx, E) / (float)E;
        const float along = rri_dot(norm->kernels, dx, x_hat, E) / (float)E;
        for (size_t j = 0; j < E; j++) {
            dx[j] = (dx[j] - mean - x_hat[j] * along) * inverse[i];
        }
    }
}
