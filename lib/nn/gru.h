/* SPDX-License-Identifier: MIT */
/* gru.h: a gated recurrent unit [Cho et al. 2014], in PyTorch's form, so that weights travel.
 *
 *     r = σ(W_ir x + b_ir + W_hr h + b_hr)        z likewise
 *     n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
 *     h ← (1 − z) ⊙ n + z ⊙ h
 *
 * from a learned h₀ on; e is the h behind the last token, h₀ where there is none. The rows of W_i
 * and W_h are those of r, z and n. Letters as in histories.h. */
#ifndef RRI_NN_GRU_H
#define RRI_NN_GRU_H

#include "nn/histories.h"
#include "nn/linear.h"

typedef struct rri_gru {
    rri_linear input;  /* W_i [3 E, D], b_i */
    rri_linear hidden; /* W_h [3 E, E], b_h */
    size_t start;      /* h₀ [E] in the flat arrays */
    size_t begin;      /* of all of them */
    size_t window;
    const float *start_values;
} rri_gru;

/* What forward leaves for backward. Runs are taken in falling order of their lengths, so those that
 * have a t-th token are the first ones; tokens lie step by step, and so do the arrays of [T, ·]. */
typedef struct rri_gru_tape {
    int32_t *order;   /* [n] the run at each place */
    int32_t *counts;  /* [window] runs that have a t-th token */
    float *tokens;    /* [T, D] x */
    float *before;    /* [T, E] h that the step begins with */
    float *gates;     /* [T, 3 E] r, z, n */
    float *candidate; /* [T, E] W_hn h + b_hn */
} rri_gru_tape;

/* Registers "encoder.input.…", "encoder.hidden.…" and "encoder.start". */
rr_status rri_gru_declare(rri_gru *gru, rri_params *params, const rri_encoder_shape *shape,
                          rr_error *err);
void rri_gru_layout(rri_gru *gru, rri_arena *arena, const rri_kernels *kernels);
size_t rri_gru_init_scratch(const rri_gru *gru);
void rri_gru_init(const rri_gru *gru, float *values, uint64_t seed, void *scratch);
void rri_gru_pack(rri_gru *gru, const float *values);

/* Bytes of stack for a tape and a call of forward and of backward. After layout. */
size_t rri_gru_scratch(const rri_gru *gru, size_t n, size_t n_rows, size_t n_tokens);
rri_gru_tape rri_gru_tape_take(const rri_gru *gru, const rri_histories *in, rri_stack *scratch);

/* e ← the encodings, that of row i at e + i · stride; NULL: for the tape alone. */
void rri_gru_forward(const rri_gru *gru, float *e, size_t stride, rri_gru_tape *tape,
                     const rri_histories *in, rri_stack *scratch);

/* gradients: an array that begins at the encoder's first in the flat one; added, from de, which
 * lies as e does. */
void rri_gru_backward(const rri_gru *gru, float *gradients, const float *de, size_t stride,
                      const rri_gru_tape *tape, const rri_histories *in, rri_stack *scratch);

#endif
