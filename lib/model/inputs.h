/* SPDX-License-Identifier: MIT */
/* inputs.h: what is known of n rows when networks read them: everything that an encoder may need,
 * whoever asks for a query or a value. */
#ifndef RRI_MODEL_INPUTS_H
#define RRI_MODEL_INPUTS_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed. What is NULL is not there: an encoder takes it for empty. */
typedef struct rri_inputs {
    const float *states; /* [n, state_dim] */
    /* Of each row at `rows`, or, where that is NULL, at its own number: */
    const int32_t *rows;          /* [n] */
    const int32_t *history;       /* [·, h] pool indices, the oldest first, −1 in front */
    const float *history_rewards; /* [·, h] */
    const float *features;        /* [·, k, feature_dim] of the candidates */
    size_t state_dim, h, k, feature_dim;
    /* The pool that history is of. An index beyond it, as a row of another catalogue may have that
     * is not trained on, is read as −1. */
    const float *vectors; /* [n_items, item_dim] */
    size_t n_items;
} rri_inputs;

/* Rows from `first` on. */
rri_inputs rri_inputs_from(const rri_inputs *in, size_t first);

#endif
