/* SPDX-License-Identifier: MIT */
/* encoder.h: what a session was shown, as one vector e beside the state. maths §14.
 *
 * A token is (v of an item shown, what it earned); the latest `window` of a row's history are read,
 * and −1 is not there. Each encoder is one file in nn/ and one row of the table in encoder.c.
 * E width of an encoding, D of a token. */
#ifndef RRI_MODEL_ENCODER_H
#define RRI_MODEL_ENCODER_H

#include "model/inputs.h"
#include "nn/gru.h"
#include "nn/mean.h"
#include "nn/params.h"
#include "nn/transformer.h"

typedef struct rri_encoder_form rri_encoder_form;

/* Starts as {0}, which is: there is none. */
typedef struct rri_encoder {
    const rri_encoder_form *form; /* the row of the table; NULL: none */
    union {
        rri_mean mean;
        rri_gru gru;
        rri_transformer transformer;
    } of;
    rri_encoder_shape shape;
    size_t item_dim;
    bool has_rewards;
    float reward_unit; /* by which rewards of tokens are multiplied; the network sets it */
    size_t begin, end; /* of its parameters in the flat arrays */
} rri_encoder;

/* RR_ENCODER_NONE registers nothing. item_dim: width of the catalogue's vectors. */
rr_status rri_encoder_declare(rri_encoder *encoder, rri_params *params,
                              const rr_agent_config *config, size_t item_dim, rr_error *err);
void rri_encoder_layout(rri_encoder *encoder, rri_arena *arena, const rri_kernels *kernels);
size_t rri_encoder_init_scratch(const rri_encoder *encoder);
void rri_encoder_init(const rri_encoder *encoder, float *values, uint64_t seed, void *scratch);
void rri_encoder_pack(rri_encoder *encoder, const float *values);

/* Bytes of stack that either call below takes, for any number of rows. After layout. */
size_t rri_encoder_scratch(const rri_encoder *encoder);

/* Rows of a share, at least, but for the last one. */
#define RRI_ENCODER_SHARE ((size_t)32)

/* Whether the past of `row` ≥ 1 is that of the row before and more, so that it is encoded with it.
 */
bool rri_encoder_goes_on(const rri_encoder *encoder, const rri_inputs *in, size_t row);

/* The row behind the share that begins at `begin`, of rows up to `end`: whole runs of rows that
 * share their past (nn/histories.h), which are encoded once where they are encoded together. */
size_t rri_encoder_share(const rri_encoder *encoder, const rri_inputs *in, size_t begin,
                         size_t end);

/* e of rows [begin, end), row i at e + i · stride. Neighbours that share their past are encoded
 * together, which changes no bit of e. */
void rri_encoder_forward(const rri_encoder *encoder, float *e, size_t stride, const rri_inputs *in,
                         size_t begin, size_t end, rri_stack *scratch);

/* gradients: an array that begins at the encoder's first in the flat one; added, from the slopes of
 * rows [begin, end), which lie as e does, run after run of rows that share their past. Makes
 * forward again, so that no tape outlives a call. */
void rri_encoder_backward(const rri_encoder *encoder, float *gradients, const float *de,
                          size_t stride, const rri_inputs *in, size_t begin, size_t end,
                          rri_stack *scratch);

#endif
