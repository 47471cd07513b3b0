/* SPDX-License-Identifier: MIT */
/* params.h: the parameter table, which says where each tensor lies in the flat arrays.
 *
 * Values, gradients and the optimiser's moments are each one flat array of n_floats, all in this
 * one order. Each tensor starts at a multiple of 16 floats; the gaps between tensors hold zeros, so
 * that a sweep or a norm over the whole array needs no table. */
#ifndef RRI_NN_PARAMS_H
#define RRI_NN_PARAMS_H

#include <stddef.h>

#include "recrl/recrl.h"

#define RRI_PARAMS_MAX     ((size_t)128)
#define RRI_PARAM_NAME_MAX ((size_t)63)

typedef struct rri_param {
    char name[RRI_PARAM_NAME_MAX + 1]; /* "critic.0.weight" */
    size_t n_dims;                     /* 1 or 2 */
    size_t shape[2];                   /* [size] or [rows, cols] */
    size_t offset;                     /* first float in the flat arrays, a multiple of 16 */
    size_t size;                       /* floats */
} rri_param;

/* Starts as {0}. */
typedef struct rri_params {
    rri_param entries[RRI_PARAMS_MAX]; /* in order of declaration */
    size_t n_params;
    size_t n_floats; /* of the flat arrays, a multiple of 16 */
} rri_params;

/* Appends a tensor [rows, cols], or a vector [rows] when cols is 0, and writes its index. Fails for
 * an empty or a used name, one longer than 63 characters, rows 0, a size that does not fit and a
 * full table; then the table is unchanged. */
rr_status rri_params_add(rri_params *params, size_t *index, const char *name, size_t rows,
                         size_t cols, rr_error *err);

/* NULL when there is no such name. */
const rri_param *rri_params_find(const rri_params *params, const char *name);

#endif
