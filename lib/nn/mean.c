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

size_t rri_mean_scratch(const rri_mean *mean, size_t n, size_t n_tokens)
{
    (void)n_tokens;
    const size_t means = rri_stack_cost(rri_size_multiply(n, mean->map.in), sizeof(float));
    const size_t slopes = rri_stack_cost(rri_size_multiply(n, mean->map.out), sizeof(float));
    return rri_size_add(rri_size_add(means, slopes), rri_linear_scratch(&mean->map, n));
}

rri_mean_tape rri_mean_tape_take(const rri_mean *mean, const rri_histories *in, rri_stack *scratch)
{
    return (rri_mean_tape){.means = RRI_STACK_TAKE(scratch, float, in->n * mean->map.in)};
}

void rri_mean_forward(const rri_mean *mean, float *e, rri_mean_tape *tape, const rri_histories *in,
                      rri_stack *scratch)
{
    const rri_kernels *kernels = mean->map.kernels;
    const size_t D = mean->map.in, E = mean->map.out;
    const float *token = in->tokens;
    memset(tape->means, 0, in->n * D * sizeof(float));
    for (size_t i = 0; i < in->n; i++) {
        float *sum = tape->means + i * D;
        for (int32_t t = 0; t < in->lengths[i]; t++, token += D) {
            rri_vec_add(kernels, sum, token, D);
        }
        rri_vec_scale(kernels, sum, in->lengths[i] > 0 ? 1.0f / (float)in->lengths[i] : 1.0f, D);
    }
    rri_linear_forward(&mean->map, e, tape->means, in->n, false, scratch);
    for (size_t i = 0; i < in->n; i++) {
        if (in->lengths[i] == 0) {
            memcpy(e + i * E, mean->empty_values, E * sizeof(float));
        }
    }
}

void rri_mean_backward(const rri_mean *mean, float *gradients, const float *de,
                       const rri_mean_tape *tape, const rri_histories *in, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), E = mean->map.out;
    const rri_linear map = rri_linear_moved(&mean->map, mean->begin);
    float *of_map =
        RRI_STACK_TAKE(scratch, float, in->n *E); /* de where there are tokens, else 0 */
    memcpy(of_map, de, in->n * E * sizeof(float));
    for (size_t i = 0; i < in->n; i++) {
        if (in->lengths[i] == 0) {
            rri_vec_add(map.kernels, gradients + mean->empty - mean->begin, de + i * E, E);
            memset(of_map + i * E, 0, E * sizeof(float));
        }
    }
    rri_linear_backward_params(&map, gradients, of_map, tape->means, in->n, 0, E, scratch);
    rri_stack_rewind(scratch, mark);
}
