/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_loops.h"

const rri_large_pool_block *rri_large_pool_loops_of(const rri_kernels *kernels)
{
#if defined(RRI_HAVE_AVX512)
    if (kernels->level == RRI_LEVEL_AVX512) {
        return &rri_large_pool_block_avx512;
    }
#endif
#if defined(RRI_HAVE_AVX2)
    if (kernels->level == RRI_LEVEL_AVX2) {
        return &rri_large_pool_block_avx2;
    }
#endif
    (void)kernels;
    return &rri_large_pool_block_portable;
}
