/* SPDX-License-Identifier: MIT */
/* als_side.h: one half of a sweep of alternating least squares: every user given the items, or
 * every item given the users. maths §9.
 *
 * k factors, w = k + 1 unknowns a row: p = (x, b). With the other side's q = (y, c) fixed and μ the
 * mean rating, row r with ratings t₁ … t_n of others o₁ … o_n solves
 *
 *     min over p  Σ_j (t_j − μ − c_{o_j} − p·(y_{o_j}, 1))² + m λ |x|² + β b²
 *     (Σ_j f_j f_jᵀ + diag(m λ, …, m λ, β)) p = Σ_j (t_j − μ − c_{o_j}) f_j,   f_j = (y_{o_j}, 1)
 *
 * in double, sums in the order of the ratings; m = n + 20, so that a row of few ratings is held
 * closer to its bias. A row without ratings becomes 0. Eight rows are one task: their equations are
 * sums of outer products (math/gram.h) and solved side by side (math/cholesky.h).
 *
 * Implicit feedback [Hu, Koren, Volinsky 2008]: every pair is a row, one that was met is preferred
 * with confidence 1 + a_j, a_j = α t_j (t_j > 0), every other is not, with confidence 1:
 *
 *     (Σ_o y_o y_oᵀ + Σ_j a_j y_{o_j} y_{o_j}ᵀ + m λ I) x = Σ_j (1 + a_j) y_{o_j},   b = 0
 *
 * where the first sum, over all others, is the same for all rows. */
#ifndef RRI_DATA_ALS_SIDE_H
#define RRI_DATA_ALS_SIDE_H

#include <stdbool.h>

#include "core/memory.h"
#include "core/workers.h"
#include "data/ratings_by.h"
#include "math/kernels.h"

typedef struct rri_als_side {
    rri_ratings_by ratings;
    double *unknowns;    /* [n_rows, w]: factors, then bias */
    uint8_t *has_failed; /* [n_rows] 1: the row's equations could not be solved */
    double bias_ridge;   /* β */
} rri_als_side;

typedef struct rri_als_half_sweep {
    rri_als_side *solved;
    const rri_als_side *fixed;
    const rri_kernels *kernels;
    size_t n_factors;
    double mean;     /* μ */
    double ridge;    /* λ */
    double alpha;    /* α of implicit feedback; 0: explicit */
    double *base;    /* [width, width] of gram.h's form: Σ_o y_o y_oᵀ, made anew by each solve */
    double *scratch; /* [threads, rri_als_side_scratch] */
} rri_als_half_sweep;

void rri_als_side_layout(rri_als_side *side, rri_arena *arena, size_t n_rows, size_t n_entries,
                         size_t n_factors);

/* Doubles that each worker needs, and of the base. */
size_t rri_als_side_scratch(size_t n_factors);
size_t rri_als_side_base(size_t n_factors);

/* False when a row's equations were not positive definite or not finite: see has_failed. */
bool rri_als_side_solve(const rri_als_half_sweep *half, rri_workers *workers);

#endif
