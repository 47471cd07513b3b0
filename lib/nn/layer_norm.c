/* SPDX-License-Identifier: MIT */
#include "nn/layer_norm.h"

#include <stdio.h>

#include "core/status.h"
#include "nn/init.h"

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
    norm->kernels->sequence->norm(y, x_hat, inverse, x, norm->gain_values, norm->bias_values, n,
                                  norm->width);
}

void rri_layer_norm_backward(const rri_layer_norm *norm, float *dx, float *gradients, size_t begin,
                             const float *dy, const float *x_hat, const float *inverse, size_t n)
{
    norm->kernels->sequence->norm_backward(dx, gradients + norm->gain - begin,
                                           gradients + norm->bias - begin, dy, x_hat, inverse,
                                           norm->gain_values, n, norm->width);
}
