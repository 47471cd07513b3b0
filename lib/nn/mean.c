/* SPDX-License-Identifier: MIT */
#include "nn/mean.h"

#include <string.h>

#include "core/status.h"
#include "nn/init.h"

rr_status rri_mean_declare(rri_mean *mean, rri_params *params, const rri_encoder_shape *shape,
                           rr_error *err)
{
    size_t index;
    *mean = (rri_mean){.begin = params->n_floats};
    RRI_TRY(rri_linear_declare(&mean->map, params, "encoder.map", shape->token_width, shape->width,
                               true, err));
    RRI_TRY(rri_params_add(params, &index, "encoder.empty", shape->width, 0, err));
    mean->empty = params->entries[index].offset;
    return RR_OK;
}

void rri_mean_layout(rri_mean *mean, rri_arena *arena, const rri_kernels *kernels)
{
    rri_linear_layout(&mean->map, arena, kernels, false);
}

size_t rri_mean_init_scratch(const rri_mean *mean)
{
    return rri_init_scratch(mean->map.out, mean->map.in);
}

void rri_mean_init(const rri_mean *mean, float *values, uint64_t seed, void *scratch)
{
    rri_linear_init(&mean->map, values, 1.0f, seed, scratch);
    rri_init_constant(values + mean->empty, 0.0f, mean->map.out);
}

void rri_mean_pack(rri_mean *mean, const float *values)
{
    rri_linear_pack(&mean->map, values);
    mean->empty_values = values + mean->empty;
}

size_t rri_mean_scratch(const rri_mean *mean, size_t n, size_t n_rows, size_t n_tokens)
{
    (void)n;
    (void)n_tokens;
    const size_t D = mean->map.in, E = mean->map.out;
    size_t bytes = rri_linear_scratch(&mean->map, n_rows);
    bytes = rri_stack_add(bytes, D, sizeof(float));
    bytes = rri_stack_add(bytes, rri_size_multiply(n_rows, D), sizeof(float));
    return rri_stack_add(bytes, rri_size_multiply(n_rows, E), sizeof(float)); /* e, or de */
}

rri_mean_tape rri_mean_tape_take(const rri_mean *mean, const rri_histories *in, rri_stack *scratch)
{
    return (rri_mean_tape){.means = RRI_STACK_TAKE(scratch, float, in->n_rows * mean->map.in)};
}

/* means [R, D] ← x̄ of each row; sum [D] is scratch. */
static void average(float *means, float *sum, const rri_mean *mean, const rri_histories *in)
{
    const rri_kernels *kernels = mean->map.kernels;
    const size_t D = mean->map.in;
    const float *token = in->tokens;
    for (size_t i = 0; i < in->n; i++) {
        int32_t seen = 0;
        memset(sum, 0, D * sizeof(float));
        for (int32_t row = in->first_rows[i]; row < in->first_rows[i + 1]; row++, means += D) {
            for (; seen < in->row_lengths[row]; seen++, token += D) {
                rri_vec_add(kernels, sum, token, D);
            }
            memcpy(means, sum, D * sizeof(float));
            rri_vec_scale(kernels, means, seen > 0 ? 1.0f / (float)seen : 1.0f, D);
        }
    }
}

void rri_mean_forward(const rri_mean *mean, float *e, size_t stride, rri_mean_tape *tape,
                      const rri_histories *in, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), E = mean->map.out;
    float *sum = RRI_STACK_TAKE(scratch, float, mean->map.in);
    float *of_map = RRI_STACK_TAKE(scratch, float, in->n_rows *E);
    average(tape->means, sum, mean, in);
    rri_linear_forward(&mean->map, of_map, tape->means, in->n_rows, false, scratch);
    for (size_t row = 0; e != NULL && row < in->n_rows; row++) {
        const float *from = in->row_lengths[row] > 0 ? of_map + row * E : mean->empty_values;
        memcpy(e + row * stride, from, E * sizeof(float));
    }
    rri_stack_rewind(scratch, mark);
}

void rri_mean_backward(const rri_mean *mean, float *gradients, const float *de, size_t stride,
                       const rri_mean_tape *tape, const rri_histories *in, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), E = mean->map.out;
    const rri_linear map = rri_linear_moved(&mean->map, mean->begin);
    float *of_map = RRI_STACK_TAKE(scratch, float, in->n_rows *E); /* 0 where there is no token */
    for (size_t row = 0; row < in->n_rows; row++) {
        const float *slope = de + row * stride;
        if (in->row_lengths[row] > 0) {
            memcpy(of_map + row * E, slope, E * sizeof(float));
        } else {
            rri_vec_add(map.kernels, gradients + mean->empty - mean->begin, slope, E);
            memset(of_map + row * E, 0, E * sizeof(float));
        }
    }
    rri_linear_backward_params(&map, gradients, of_map, tape->means, in->n_rows, 0, E, scratch);
    rri_stack_rewind(scratch, mark);
}
