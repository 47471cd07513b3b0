/* SPDX-License-Identifier: MIT */
/* init.h: initial weights, computed with + − · / √ and fmaf alone, so that every compiler agrees.
 *
 * Orthogonal [Saxe et al. 2014]: a matrix of normals, orthonormalised by Gram–Schmidt along its
 * shorter side, times a gain. rows ≥ cols: WᵀW = gain² I; else WWᵀ = gain² I, to 1e-6. Up to 64
 * vectors are worked on in double; more of them in blocks of 64, whose part along the blocks before
 * is a product of matrices. Time: 4 · longer · shorter² multiplications and additions at the speed
 * of gemm. */
#ifndef RRI_NN_INIT_H
#define RRI_NN_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "nn/params.h"

/* Bytes of scratch that one matrix needs. */
size_t rri_init_scratch(size_t rows, size_t cols);

/* W [rows, cols] ← gain · orthogonal. The normals are those of (seed, RRI_STREAM_INIT, ordinal):
 * give each tensor its index in the parameter table. scratch: rri_init_scratch bytes, aligned
 * to 64.
 */
void rri_init_orthogonal(float *W, size_t rows, size_t cols, float gain, uint64_t seed,
                         uint64_t ordinal, void *scratch);

void rri_init_constant(float *x, float value, size_t n);

#endif
