/* SPDX-License-Identifier: MIT */
/* gram.c: tiles of ROWS by eight columns, held in registers over all rows of F. */
#include "math/gram.h"

#include "math/doubles.h"

enum { COLUMNS = 8, PARTS = COLUMNS / RRI_DOUBLES };
enum { ROWS = RRI_DOUBLES == 8 ? 8 : 4 };

#define UNROLL _Pragma("GCC unroll 16")

/* G [ROWS, COLUMNS] of a matrix of this width += Σ f[p … p + ROWS) f[q … q + COLUMNS)ᵀ; G and both
 * parts of F begin at the tile. */
static inline void add_tile(double *G, const double *Fp, const double *Fq, size_t n, size_t width)
{
    rri_doubles sum[ROWS][PARTS];
    UNROLL
    for (size_t i = 0; i < ROWS; i++) {
        UNROLL
        for (size_t c = 0; c < PARTS; c++) {
            sum[i][c] = rri_doubles_load(G + i * width + c * RRI_DOUBLES);
        }
    }
    for (size_t r = 0; r < n; r++) {
        rri_doubles f[PARTS];
        UNROLL
        for (size_t c = 0; c < PARTS; c++) {
            f[c] = rri_doubles_load(Fq + r * width + c * RRI_DOUBLES);
        }
        UNROLL
        for (size_t i = 0; i < ROWS; i++) {
            const rri_doubles a = rri_doubles_all(Fp[r * width + i]);
            UNROLL
            for (size_t c = 0; c < PARTS; c++) {
                sum[i][c] += a * f[c];
            }
        }
    }
    UNROLL
    for (size_t i = 0; i < ROWS; i++) {
        UNROLL
        for (size_t c = 0; c < PARTS; c++) {
            rri_doubles_store(G + i * width + c * RRI_DOUBLES, sum[i][c]);
        }
    }
}

void RRI_AT_LEVEL(rri_gram)(double *G, const double *F, size_t n, size_t width)
{
    for (size_t p = 0; p < width; p += ROWS) {
        for (size_t q = p / COLUMNS * COLUMNS; q < width; q += COLUMNS) {
            add_tile(G + p * width + q, F + p, F + q, n, width);
        }
    }
}
