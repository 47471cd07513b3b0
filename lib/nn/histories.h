/* SPDX-License-Identifier: MIT */
/* histories.h: what an encoder reads: the pasts of n rows, and what each of its calls works with.
 *
 * Each encoder is one file of this folder: mean.h, gru.h, transformer.h. It turns a row's tokens,
 * of which there may be none, into one vector e [E]. A row's bits depend on its own tokens alone,
 * not on the rows beside it.
 *
 * n rows · T tokens in all · D width of a token · E width of an encoding. */
#ifndef RRI_NN_HISTORIES_H
#define RRI_NN_HISTORIES_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed. */
typedef struct rri_histories {
    size_t n, n_tokens;
    const float *tokens;    /* [T, D] one row's after the other's, each the oldest first */
    const int32_t *lengths; /* [n] tokens of each row, ≥ 0 */
} rri_histories;

/* The shapes that an encoder is made for. */
typedef struct rri_encoder_shape {
    size_t token_width, width; /* D, E */
    size_t window;             /* most tokens of a row */
    size_t n_layers, n_heads;  /* of a Transformer; heads divide the width */
} rri_encoder_shape;

#endif
