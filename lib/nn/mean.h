/* SPDX-License-Identifier: MIT */
/* mean.h: an encoder that forgets order: e = W x̄ + b, x̄ the mean of a row's tokens; for a row
 * without any a learned vector. Letters as in histories.h. */
#ifndef RRI_NN_MEAN_H
#define RRI_NN_MEAN_H

#include "nn/histories.h"
#include "nn/linear.h"

typedef struct rri_mean {
    rri_linear map; /* W [E, D], b */
    size_t empty;   /* [E] in the flat arrays */
    size_t begin;   /* of all of them */
    const float *empty_values;
} rri_mean;

/* What forward leaves for backward. */
typedef struct rri_mean_tape {
    float *means; /* [R, D] x̄; 0 where there is no token */
} rri_mean_tape;

/* Registers "encoder.map.weight", "encoder.map.bias", "encoder.empty". */
rr_status rri_mean_declare(rri_mean *mean, rri_params *params, const rri_encoder_shape *shape,
                           rr_error *err);
void rri_mean_layout(rri_mean *mean, rri_arena *arena, const rri_kernels *kernels);
size_t rri_mean_init_scratch(const rri_mean *mean);
void rri_mean_init(const rri_mean *mean, float *values, uint64_t seed, void *scratch);
void rri_mean_pack(rri_mean *mean, const float *values);

/* Bytes of stack for a tape and a call of forward and of backward. After layout. */
size_t rri_mean_scratch(const rri_mean *mean, size_t n, size_t n_rows, size_t n_tokens);
rri_mean_tape rri_mean_tape_take(const rri_mean *mean, const rri_histories *in, rri_stack *scratch);

/* e ← the encodings, that of row i at e + i · stride; NULL: for the tape alone. */
void rri_mean_forward(const rri_mean *mean, float *e, size_t stride, rri_mean_tape *tape,
                      const rri_histories *in, rri_stack *scratch);

/* gradients: an array that begins at the encoder's first in the flat one; added, from de, which
 * lies as e does. */
void rri_mean_backward(const rri_mean *mean, float *gradients, const float *de, size_t stride,
                       const rri_mean_tape *tape, const rri_histories *in, rri_stack *scratch);

#endif
