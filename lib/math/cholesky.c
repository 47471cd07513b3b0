/* SPDX-License-Identifier: MIT */
/* cholesky.c: U in blocks of four by four, each finished in registers before it is stored.
 *
 * A lane is a system. Row k of U begins at the column of its block, k / 4 · 4. */
#include "math/cholesky.h"

#include <math.h>
#include <stdbool.h>

#include "math/doubles.h"

enum { LANES = RRI_DOUBLES, SIDE = 4 };

#define UNROLL _Pragma("GCC unroll 4")

/* As many systems as there are lanes. */
typedef struct batch {
    size_t w, width;
    double *U;       /* rows from their block on, [·, LANES] */
    double *pivots;  /* [w, LANES] U_kk² */
    double *inverse; /* [w, LANES] 1 / U_kk */
    double *y;       /* [width, LANES] */
} batch;

typedef rri_doubles block[SIDE][SIDE];

/* Where row k of U has column j ≥ k / 4 · 4. */
static inline double *at(const batch *b, size_t k, size_t j)
{
    const size_t first = k / SIDE * SIDE; /* rows and columns before the block */
    const size_t before = first * b->width - first * (first - SIDE) / 2;
    return b->U + (before + (k - first) * (b->width - first) + (j - first)) * LANES;
}

static inline rri_doubles root_of(rri_doubles x)
{
    double y[LANES] __attribute__((aligned(64)));
    rri_doubles_store(y, x);
    for (size_t l = 0; l < LANES; l++) {
        y[l] = sqrt(y[l]);
    }
    return rri_doubles_load(y);
}

static void pack(const batch *b, const double *G)
{
    for (size_t k = 0; k < b->width && k < (b->w + SIDE - 1) / SIDE * SIDE; k++) {
        double *const row = at(b, k, k / SIDE * SIDE);
        for (size_t l = 0; l < LANES; l++) {
            const double *const from = G + (l * b->width + k) * b->width;
            for (size_t j = k / SIDE * SIDE; j < b->width; j++) {
                row[(j - k / SIDE * SIDE) * LANES + l] = from[j];
            }
        }
    }
}

/* The block at (i, j) less the products of the rows above. */
static inline void reduce(block a, const batch *b, size_t i, size_t j)
{
    UNROLL
    for (size_t p = 0; p < SIDE; p++) {
        UNROLL
        for (size_t q = 0; q < SIDE; q++) {
            a[p][q] = rri_doubles_load(at(b, i + p, j + q));
        }
    }
    for (size_t k = 0; k < i; k++) {
        const double *const left = at(b, k, i), *const right = at(b, k, j);
        rri_doubles r[SIDE];
        UNROLL
        for (size_t q = 0; q < SIDE; q++) {
            r[q] = rri_doubles_load(right + q * LANES);
        }
        UNROLL
        for (size_t p = 0; p < SIDE; p++) {
            const rri_doubles f = rri_doubles_load(left + p * LANES);
            UNROLL
            for (size_t q = 0; q < SIDE; q++) {
                a[p][q] -= f * r[q];
            }
        }
    }
}

static inline void store(block a, const batch *b, size_t i, size_t j)
{
    UNROLL
    for (size_t p = 0; p < SIDE; p++) {
        UNROLL
        for (size_t q = 0; q < SIDE; q++) {
            rri_doubles_store(at(b, i + p, j + q), a[p][q]);
        }
    }
}

/* The block on the diagonal at i, and what its pivots are. Column w is no pivot. */
static void factor_diagonal(const batch *b, size_t i)
{
    block a;
    reduce(a, b, i, i);
    UNROLL
    for (size_t p = 0; p < SIDE; p++) {
        if (i + p < b->w) {
            const rri_doubles inverse = 1.0 / root_of(a[p][p]);
            rri_doubles_store(b->pivots + (i + p) * LANES, a[p][p]);
            rri_doubles_store(b->inverse + (i + p) * LANES, inverse);
            UNROLL
            for (size_t q = p + 1; q < SIDE; q++) {
                a[p][q] *= inverse;
            }
            UNROLL
            for (size_t m = p + 1; m < SIDE; m++) {
                UNROLL
                for (size_t q = m; q < SIDE; q++) {
                    a[m][q] -= a[p][m] * a[p][q];
                }
            }
        }
    }
    store(a, b, i, i);
}

/* A block to the right of the diagonal one. */
static void factor_right(const batch *b, size_t i, size_t j)
{
    block a;
    reduce(a, b, i, j);
    UNROLL
    for (size_t p = 0; p < SIDE; p++) {
        if (i + p < b->w) {
            const rri_doubles inverse = rri_doubles_load(b->inverse + (i + p) * LANES);
            UNROLL
            for (size_t q = 0; q < SIDE; q++) {
                a[p][q] *= inverse;
            }
            UNROLL
            for (size_t m = p + 1; m < SIDE; m++) {
                const rri_doubles f = rri_doubles_load(at(b, i + p, i + m));
                UNROLL
                for (size_t q = 0; q < SIDE; q++) {
                    a[m][q] -= f * a[p][q];
                }
            }
        }
    }
    store(a, b, i, j);
}

/* U x = y from the last unknown to the first, each taken from the equations above it. */
static void substitute_back(const batch *b, double *x)
{
    for (size_t k = 0; k < b->w; k++) {
        rri_doubles_store(b->y + k * LANES, rri_doubles_load(at(b, k, b->w)));
    }
    for (size_t k = b->w; k-- > 0;) {
        const rri_doubles solved =
            rri_doubles_load(b->y + k * LANES) * rri_doubles_load(b->inverse + k * LANES);
        for (size_t i = 0; i < k; i++) {
            double *const y = b->y + i * LANES;
            rri_doubles_store(y, rri_doubles_load(y) - rri_doubles_load(at(b, i, k)) * solved);
        }
        for (size_t l = 0; l < LANES; l++) {
            x[l * b->w + k] = solved[l];
        }
    }
}

static bool is_definite(const batch *b, size_t lane)
{
    for (size_t k = 0; k < b->w; k++) {
        const double pivot = b->pivots[k * LANES + lane];
        if (!(pivot > 0.0) || !isfinite(pivot)) {
            return false;
        }
    }
    return true;
}

void RRI_AT_LEVEL(rri_cholesky)(double *x, uint8_t *has_failed, const double *G, double *scratch,
                                size_t w, size_t width)
{
    batch b = {.w = w, .width = width, .pivots = scratch};
    b.inverse = b.pivots + width * LANES;
    b.y = b.inverse + width * LANES;
    b.U = b.y + width * LANES;
    for (size_t s = 0; s < RRI_CHOLESKY_SYSTEMS; s += LANES) {
        pack(&b, G + s * width * width);
        for (size_t i = 0; i < w; i += SIDE) {
            factor_diagonal(&b, i);
            for (size_t j = i + SIDE; j <= w; j += SIDE) {
                factor_right(&b, i, j);
            }
        }
        substitute_back(&b, x + s * w);
        for (size_t l = 0; l < LANES; l++) {
            has_failed[s + l] = is_definite(&b, l) ? 0 : 1;
        }
    }
}
