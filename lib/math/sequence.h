/* SPDX-License-Identifier: MIT */
/* sequence.h: the inner loops of encoders: the gates of a GRU's step, layer normalisation, and one
 * head of attention over one run of tokens. Sums go over sixteen lanes, folded by one tree, as in
 * reduce.h. maths §14.
 *
 * n rows or tokens · E width of an encoding · d width of a head · Q queries. */
#ifndef RRI_MATH_SEQUENCE_H
#define RRI_MATH_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"

/* Room for n floats that loops fill in whole sixteens. */
static inline size_t rri_sequence_room(size_t n)
{
    return (n + 15) / 16 * 16;
}

/* One head over the tokens of one run. Query i stands at place places[i] (NULL: i), and sees the
 * tokens up to it; places rise. */
typedef struct rri_head_view {
    size_t n, n_queries, d;     /* n ≥ 1 tokens */
    const int32_t *places;      /* [Q] */
    const float *q;             /* [Q, d] */
    const float *keys, *values; /* [n, d] */
    size_t ld_q, ld_kv;         /* floats from one row to the next; also of what lies as they do */
    const float *c;             /* [n] by distance */
    const float *p;             /* [Q, room(n)] p of each query, 0 behind it; backward reads it */
    size_t ld_p;
    float *scratch; /* rri_sequence_scratch floats, 64-byte aligned */
} rri_head_view;

typedef struct rri_sequence {
    /* h [n, E] moves on by one token. gates [n, 3 E]: W_i x on entry, r, z and n on return; bias
     * [3 E] is b_i, and of_hidden [n, 3 E] is W_h h, whose third part, with hidden_bias [3 E], is
     * left in candidate [n, E]. */
    void (*gru_step)(float *h, float *gates, float *candidate, const float *of_hidden,
                     const float *bias, const float *hidden_bias, size_t n, size_t E);
    /* Slopes of what went into the gates, as W_i sees them and as W_h does, [n, 3 E] each; dh [n,
     * E], of the h behind the step, becomes its direct part of that before it. */
    void (*gru_step_backward)(float *d_input, float *d_hidden, float *dh, const float *gates,
                              const float *candidate, const float *before, size_t n, size_t E);
    /* y = gain ⊙ x̂ + bias, x̂ = (x − mean)/√(var + 1e-5); inverse [n] is the factor. */
    void (*norm)(float *y, float *x_hat, float *inverse, const float *x, const float *gain,
                 const float *bias, size_t n, size_t E);
    /* dx [n, E] written, d_gain and d_bias [E] added. */
    void (*norm_backward)(float *dx, float *d_gain, float *d_bias, const float *dy,
                          const float *x_hat, const float *inverse, const float *gain, size_t n,
                          size_t E);
    /* y [Q, d], which lies as q does, and p: p = softmax(q·k/√d + c), y = Σ p v. */
    void (*attend)(float *y, float *p, const rri_head_view *head);
    /* dq as q lies, d_keys and d_values as keys and values do, all written; dc [n] added; dy lies
     * as q does. */
    void (*attend_backward)(float *dq, float *d_keys, float *d_values, float *dc, const float *dy,
                            const rri_head_view *head);
} rri_sequence;

/* Floats of scratch for runs of at most n tokens and Q queries; SIZE_MAX where there are too many.
 */
static inline size_t rri_sequence_scratch(size_t n, size_t n_queries, size_t d)
{
    const size_t R = rri_sequence_room(n);
    return rri_size_add(R + 16, rri_size_multiply(R, rri_size_add(d, n_queries)));
}

extern const rri_sequence rri_sequence_portable, rri_sequence_avx2, rri_sequence_avx512;

#endif
