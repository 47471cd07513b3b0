/* SPDX-License-Identifier: MIT */
/* blis_tiles.c: the one file that names BLIS. Its micro-kernels are called by name on our panels;
 * nothing of the BLIS around them is used: no start-up, no context, no memory of its own.
 *
 * They compute c = β c + α a b with C [m, n] at strides rs, cs; α is 1, β is 0 or 1. */
#include "math/blis_tiles.h"

#include <blis.h>

#if defined(RRI_HAVE_BLIS_AVX2)
void rri_blis_tiles_avx2(float *C, size_t ldc, const float *narrow_panel, const float *wide_panel,
                         size_t m, size_t n, size_t k, bool accumulate)
{
    float one = 1.0f, beta = accumulate ? 1.0f : 0.0f;
    float *a = (float *)(uintptr_t)narrow_panel; /* read only, but not declared so */
    float *b = (float *)(uintptr_t)wide_panel;
    auxinfo_t next = {0};
    bli_auxinfo_set_next_ab(a, b, &next);
    bli_sgemm_haswell_asm_6x16((dim_t)m, (dim_t)n, (dim_t)k, &one, a, b, &beta, C, (inc_t)ldc, 1,
                               &next, NULL);
}
#endif

#if defined(RRI_HAVE_BLIS_AVX512)
/* The kernel keeps columns in its registers, so it is given Cᵀ = Bᵀ Aᵀ. */
void rri_blis_tiles_avx512(float *C, size_t ldc, const float *narrow_panel, const float *wide_panel,
                           size_t m, size_t n, size_t k, bool accumulate)
{
    float one = 1.0f, beta = accumulate ? 1.0f : 0.0f;
    float *a = (float *)(uintptr_t)wide_panel;
    float *b = (float *)(uintptr_t)narrow_panel;
    auxinfo_t next = {0};
    bli_auxinfo_set_next_ab(a, b, &next);
    bli_sgemm_skx_asm_32x12_l2((dim_t)n, (dim_t)m, (dim_t)k, &one, a, b, &beta, C, 1, (inc_t)ldc,
                               &next, NULL);
}
#endif
