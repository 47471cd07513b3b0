/* SPDX-License-Identifier: MIT */
/* fold_in.h: a user's vector from what was shown and what it earned, in closed form. maths §15.
 *
 *     u ~ N(μ, Σ)     r_t = x_t·u + noise of variance σ²     x_t = ρ^c_t v_t
 *
 * c_t: earlier showings of the same item, where r_t ≥ 0; else ρ^c is 1. û and P are mean and
 * covariance of u given the history, √(v_iᵀ P v_i) is the standard error of a first showing of
 * item i. μ, Σ and σ² are constants among the parameters: no gradient moves them.
 *
 * A history that is a prefix of another leaves what the other goes on from, in every bit.
 *
 * d width of item vectors · W d in whole sixteens, zeros behind · h history */
#ifndef RRI_NN_FOLD_IN_H
#define RRI_NN_FOLD_IN_H

#include "core/memory.h"
#include "math/kernels.h"
#include "nn/params.h"

enum { RRI_FOLD_IN_MOST = 128 }; /* d */

/* Starts as {0}, which is: there is none. */
typedef struct rri_fold_in {
    size_t dim, width; /* d, W */
    float decay;       /* ρ */
    float variance;    /* σ² */
    size_t mean_offset, covariance_offset, variance_offset; /* in the flat values */
    const rri_kernels *kernels;
    float *mean, *covariance; /* μ [W], Σ [W, W]; slices of the arena */
} rri_fold_in;

/* What is known of one user; borrowed. */
typedef struct rri_showings {
    const int32_t *items;  /* [h] pool indices, the oldest first; −1 is no showing */
    const float *rewards;  /* [h] */
    const float *vectors;  /* [n_items, d] of the pool; an index beyond it is no showing */
    size_t n_items, h;
} rri_showings;

/* Registers "fold_in.mean" [d], "fold_in.covariance" [d, d] and "fold_in.variance" [1]. */
rr_status rri_fold_in_declare(rri_fold_in *fold, rri_params *params, size_t dim, float decay,
                              rr_error *err);
void rri_fold_in_layout(rri_fold_in *fold, rri_arena *arena, const rri_kernels *kernels);
/* μ ← 0, Σ ← I, σ² ← 1. */
void rri_fold_in_init(const rri_fold_in *fold, float *values);
/* μ ← mean and Σ ← covariance + 10⁻⁶ I of users [n ≥ 2, d], σ² ← variance. */
void rri_fold_in_fit(const rri_fold_in *fold, float *values, const float *users, size_t n,
                     float variance);
void rri_fold_in_pack(rri_fold_in *fold, const float *values);

/* û [W] and P [W, W]. */
void rri_fold_in_posterior(const rri_fold_in *fold, float *mean, float *covariance,
                           const rri_showings *showings, rri_stack *scratch);

/* errors [n] ← √(v_iᵀ P v_i) of vectors [n] of width d. */
void rri_fold_in_errors(const rri_fold_in *fold, float *errors, const float *covariance,
                        const float *const *vectors, size_t n, rri_stack *scratch);

/* Bytes of stack that a call above takes, for errors of at most n vectors. After layout, counting
 * or carving. */
size_t rri_fold_in_scratch(const rri_fold_in *fold, size_t n);

#endif
