/* SPDX-License-Identifier: MIT */
/* transformer.h: a causal Transformer [Vaswani et al. 2017], normalised before each part, as
 * PyTorch's encoder layer with norm_first. Of tokens x, layer by layer from u = W x + b on,
 *
 *     u ← u + O attention(LN u)        u ← u + W₂ gelu(W₁ LN u)
 *
 * with the exact gelu, 2 E hidden units, and no normalisation behind the last layer. e is the u of
 * a row's last token, so the last layer is made for those alone; for a row without tokens a learned
 * vector. Letters as in histories.h; H heads; Q queries of a layer: T, of the last one the rows
 * that have tokens. */
#ifndef RRI_NN_TRANSFORMER_H
#define RRI_NN_TRANSFORMER_H

#include "nn/attention.h"
#include "nn/histories.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"

#define RRI_TRANSFORMER_LAYERS ((size_t)4)

typedef struct rri_transformer_layer {
    rri_layer_norm norm_attention, norm_feed;
    rri_linear query, keys_values, out; /* [E, E], [2 E, E], O [E, E]; each with a bias */
    rri_linear up, down;                /* W₁ [2 E, E], W₂ [E, 2 E]; each with a bias */
    size_t distance;                    /* c [H, window] in the flat arrays */
    const float *distance_values;
    rri_attention attention;
} rri_transformer_layer;

typedef struct rri_transformer {
    rri_linear input; /* W [E, D], b */
    rri_transformer_layer layers[RRI_TRANSFORMER_LAYERS];
    size_t n_layers, width;
    size_t empty; /* [E] in the flat arrays */
    size_t begin; /* of all of them */
    const float *empty_values;
} rri_transformer;

/* What one layer leaves for backward. */
typedef struct rri_transformer_tape_layer {
    float *attention_hat, *attention_inverse, *normal; /* [T, E], [T], [T, E] of LN u */
    float *normal_queries;                             /* [Q, E] its rows that ask */
    float *q, *kv, *p, *mixed;             /* [Q, E], [T, 2 E], [Q, H, room], [Q, E] */
    float *feed_hat, *feed_inverse, *feed; /* [Q, E], [Q], [Q, E] of the second LN u */
    float *hidden, *activated;             /* [Q, 2 E] before and behind gelu */
    size_t n_queries;
} rri_transformer_tape_layer;

typedef struct rri_transformer_tape {
    rri_transformer_tape_layer layers[RRI_TRANSFORMER_LAYERS];
} rri_transformer_tape;

/* Registers "encoder.input.…", "encoder.0.norm_attention.…", … and "encoder.empty". */
rr_status rri_transformer_declare(rri_transformer *net, rri_params *params,
                                  const rri_encoder_shape *shape, rr_error *err);
void rri_transformer_layout(rri_transformer *net, rri_arena *arena, const rri_kernels *kernels);
size_t rri_transformer_init_scratch(const rri_transformer *net);
void rri_transformer_init(const rri_transformer *net, float *values, uint64_t seed, void *scratch);
void rri_transformer_pack(rri_transformer *net, const float *values);

/* Bytes of stack for a tape and a call of forward and of backward. After layout. */
size_t rri_transformer_scratch(const rri_transformer *net, size_t n, size_t n_rows,
                               size_t n_tokens);
rri_transformer_tape rri_transformer_tape_take(const rri_transformer *net, const rri_histories *in,
                                               rri_stack *scratch);

/* e ← the encodings, that of row i at e + i · stride; NULL: for the tape alone. */
void rri_transformer_forward(const rri_transformer *net, float *e, size_t stride,
                             rri_transformer_tape *tape, const rri_histories *in,
                             rri_stack *scratch);

/* gradients: an array that begins at the encoder's first in the flat one; added, from de, which
 * lies as e does. */
void rri_transformer_backward(const rri_transformer *net, float *gradients, const float *de,
                              size_t stride, const rri_transformer_tape *tape,
                              const rri_histories *in, rri_stack *scratch);

#endif
