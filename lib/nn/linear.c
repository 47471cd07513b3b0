/* SPDX-License-Identifier: MIT */
#include "nn/linear.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/gemm.h"
#include "nn/init.h"

static rr_status add_tensor(rri_params *params, size_t *index, const char *layer,
                            const char *tensor, size_t rows, size_t cols, rr_error *err)
{
    char name[RRI_PARAM_NAME_MAX + 1];
    const int length = snprintf(name, sizeof name, "%s.%s", layer, tensor);
    if (length < 0 || (size_t)length >= sizeof name) {
        RRI_FAIL(err, RR_E_INVALID, "parameter table: %s.%s is longer than %zu characters", layer,
                 tensor, RRI_PARAM_NAME_MAX);
    }
    return rri_params_add(params, index, name, rows, cols, err);
}

rr_status rri_linear_declare(rri_linear *l, rri_params *params, const char *name, size_t in,
                             size_t out, bool has_bias, rr_error *err)
{
    *l = (rri_linear){.in = in, .out = out, .has_bias = has_bias};
    RRI_TRY(add_tensor(params, &l->weight_index, name, "weight", out, in, err));
    l->weight_offset = params->entries[l->weight_index].offset;
    if (has_bias) {
        size_t bias_index;
        RRI_TRY(add_tensor(params, &bias_index, name, "bias", out, 0, err));
        l->bias_offset = params->entries[bias_index].offset;
    }
    return RR_OK;
}

void rri_linear_layout(rri_linear *l, rri_arena *arena, const rri_kernels *kernels,
                       bool has_input_gradient)
{
    l->kernels = kernels;
    l->forward_panels = RRI_TAKE(arena, float, rri_panels_count(kernels, l->out, l->in));
    if (has_input_gradient) {
        l->backward_panels = RRI_TAKE(arena, float, rri_panels_count(kernels, l->in, l->out));
    }
    if (l->has_bias) {
        l->bias = RRI_TAKE(arena, float, l->out);
    }
}

void rri_linear_init(const rri_linear *l, float *values, float gain, uint64_t seed, void *scratch)
{
    float *W = values + l->weight_offset;
    if (gain == 0.0f) {
        rri_init_constant(W, 0.0f, l->out * l->in);
    } else {
        rri_init_orthogonal(W, l->out, l->in, gain, seed, l->weight_index, scratch);
    }
    if (l->has_bias) {
        rri_init_constant(values + l->bias_offset, 0.0f, l->out);
    }
}

size_t rri_linear_scratch(const rri_linear *l, size_t n)
{
    const size_t forward = rri_gemm_packed_scratch(l->kernels, n, l->in);
    const size_t backward_input = rri_gemm_packed_scratch(l->kernels, n, l->out);
    const size_t backward_weight = rri_gemm_scratch(l->kernels, l->out, l->in, n);
    const size_t backward_bias = rri_stack_cost(l->out, sizeof(float));
    return rri_size_larger(rri_size_larger(forward, backward_input),
                           rri_size_larger(backward_weight, backward_bias));
}

void rri_linear_pack_weights(rri_linear *l, const float *W)
{
    rri_panels_pack(l->kernels, l->forward_panels, rri_view_transposed(W, l->in), l->in, l->out);
    if (l->backward_panels != NULL) {
        rri_panels_pack(l->kernels, l->backward_panels, rri_view_rows(W, l->in), l->out, l->in);
    }
}

void rri_linear_pack(rri_linear *l, const float *values)
{
    rri_linear_pack_weights(l, values + l->weight_offset);
    if (l->has_bias) {
        memcpy(l->bias, values + l->bias_offset, l->out * sizeof(float));
    }
}

void rri_linear_forward(const rri_linear *l, float *y, const float *x, size_t n, bool is_added,
                        rri_stack *scratch)
{
    rri_gemm_packed(l->kernels, y, l->out, rri_view_rows(x, l->in), l->forward_panels, n, l->out,
                    l->in, is_added, scratch);
    if (l->has_bias) {
        for (size_t row = 0; row < n; row++) {
            rri_vec_add(l->kernels, y + row * l->out, l->bias, l->out);
        }
    }
}

void rri_linear_multiply(const rri_linear *l, float *y, const float *x, size_t n,
                         rri_stack *scratch)
{
    rri_gemm_packed(l->kernels, y, l->out, rri_view_rows(x, l->in), l->forward_panels, n, l->out,
                    l->in, false, scratch);
}

void rri_linear_backward_input(const rri_linear *l, float *dx, const float *dy, size_t n,
                               rri_stack *scratch)
{
    if (dx != NULL) {
        rri_gemm_packed(l->kernels, dx, l->in, rri_view_rows(dy, l->out), l->backward_panels, n,
                        l->in, l->out, false, scratch);
    }
}

/* db[j] += Σ_rows dy[:, j] for the outputs [out_begin, out_begin + width). */
static void backward_bias(const rri_linear *l, float *db, const float *dy, size_t n,
                          size_t out_begin, size_t width, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch);
    float *part = RRI_STACK_TAKE(scratch, float, width);
    for (size_t first = 0; first < n; first += RRI_K_CUT) {
        const size_t end = n - first < RRI_K_CUT ? n : first + RRI_K_CUT;
        memset(part, 0, width * sizeof(float));
        for (size_t row = first; row < end; row++) {
            rri_vec_add(l->kernels, part, dy + row * l->out + out_begin, width);
        }
        rri_vec_add(l->kernels, db + out_begin, part, width);
    }
    rri_stack_rewind(scratch, mark);
}

rri_linear rri_linear_moved(const rri_linear *l, size_t begin)
{
    rri_linear part = *l;
    part.weight_offset -= begin;
    part.bias_offset -= part.has_bias ? begin : 0;
    return part;
}

void rri_linear_zero_params(const rri_linear *l, float *gradients, size_t out_begin, size_t out_end)
{
    const size_t width = out_end - out_begin;
    memset(gradients + l->weight_offset + out_begin * l->in, 0, width * l->in * sizeof(float));
    if (l->has_bias) {
        memset(gradients + l->bias_offset + out_begin, 0, width * sizeof(float));
    }
}

void rri_linear_backward_params(const rri_linear *l, float *gradients, const float *dy,
                                const float *x, size_t n, size_t out_begin, size_t out_end,
                                rri_stack *scratch)
{
    const size_t width = out_end - out_begin;
    float *dW = gradients + l->weight_offset + out_begin * l->in;
    rri_gemm(l->kernels, dW, l->in, rri_view_transposed(dy + out_begin, l->out),
             rri_view_rows(x, l->in), width, l->in, n, true, scratch);
    if (l->has_bias) {
        backward_bias(l, gradients + l->bias_offset, dy, n, out_begin, width, scratch);
    }
}
