/* SPDX-License-Identifier: MIT */
/* histories.h: what an encoder reads: the pasts of R rows, and what each of its calls works with.
 *
 * Each encoder is one file of this folder: mean.h, gru.h, transformer.h. It turns a row's tokens,
 * of which there may be none, into one vector e [E]. A row's bits depend on its own tokens alone,
 * not on the rows beside it.
 *
 * Rows of one session share their past: a row whose tokens begin with those of the row before is
 * of the same run, whose tokens are there once, those of its last row. What encoders make of the
 * first tokens does not depend on those behind, so each row reads its e at its own length:
 *
 *     run      x₁ x₂ x₃ x₄      rows of lengths 0, 2, 3, 4
 *     e        ↑     ↑  ↑  ↑
 *
 * n runs · R rows · T tokens in all · D width of a token · E width of an encoding. */
#ifndef RRI_NN_HISTORIES_H
#define RRI_NN_HISTORIES_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed. */
typedef struct rri_histories {
    size_t n, n_rows, n_tokens;
    const float *tokens;        /* [T, D] one run's after the other's, each the oldest first */
    const int32_t *lengths;     /* [n] tokens of each run, ≥ 0 */
    const int32_t *first_rows;  /* [n + 1] run i has the rows from first_rows[i] up to, without it,
                                   first_rows[i + 1] */
    const int32_t *row_lengths; /* [R] tokens that each row has seen; they rise within a run, up to
                                   the length of the run */
} rri_histories;

/* The shapes that an encoder is made for. */
typedef struct rri_encoder_shape {
    size_t token_width, width; /* D, E */
    size_t window;             /* most tokens of a row */
    size_t n_layers, n_heads;  /* of a Transformer; heads divide the width */
} rri_encoder_shape;

#endif
