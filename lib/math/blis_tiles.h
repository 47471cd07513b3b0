/* SPDX-License-Identifier: MIT */
/* blis_tiles.h: BLIS's micro-kernels as tiles; each only where the build found it in the archive.
 */
#ifndef RRI_MATH_BLIS_TILES_H
#define RRI_MATH_BLIS_TILES_H

#include "math/tile.h"

rri_tile rri_blis_tiles_avx2;   /* 6 × 16, bli_sgemm_haswell_asm_6x16 */
rri_tile rri_blis_tiles_avx512; /* 12 × 32, bli_sgemm_skx_asm_32x12_l2 on Cᵀ */

#endif
