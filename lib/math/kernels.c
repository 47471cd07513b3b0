/* SPDX-License-Identifier: MIT */
/* kernels.c: the table of levels and the rule that picks one. The build says which levels it
 * compiled (RRI_HAVE_…) and which of BLIS's kernels it found (RRI_HAVE_BLIS_…). */
#include "math/kernels.h"

#include <stdatomic.h>

#include "math/blis_tiles.h"

#define LEVEL(number, suffix, tile_is_blis, best_tile)                                             \
    {                                                                                              \
        .name = #suffix, .level = (number), .is_blis = (tile_is_blis), .wide = RRI_WIDE_##suffix,  \
        .narrow = RRI_NARROW_##suffix, .tile = (best_tile), .tiles = &rri_tiles_##suffix,          \
        .lying_rows = rri_lying_rows_##suffix, .elementwise = &rri_elementwise_##suffix,           \
        .reduce = &rri_reduce_##suffix, .sequence = &rri_sequence_##suffix,                        \
        .softmax = &rri_softmax_block_##suffix, .large_pool = &rri_large_pool_block_##suffix,      \
        .descent = &rri_descent_##suffix, .gram = rri_gram_##suffix,                               \
        .cholesky = rri_cholesky_##suffix, .posterior = rri_posterior_##suffix                     \
    }

static const rri_kernels portable = LEVEL(RRI_LEVEL_PORTABLE, portable, false, rri_tile_portable);

#if defined(RRI_HAVE_AVX2)
#if defined(RRI_HAVE_BLIS_AVX2)
static const rri_kernels avx2 = LEVEL(RRI_LEVEL_AVX2, avx2, true, rri_blis_tiles_avx2);
#else
static const rri_kernels avx2 = LEVEL(RRI_LEVEL_AVX2, avx2, false, rri_tile_avx2);
#endif
#endif

#if defined(RRI_HAVE_AVX512)
#if defined(RRI_HAVE_BLIS_AVX512)
static const rri_kernels avx512 = LEVEL(RRI_LEVEL_AVX512, avx512, true, rri_blis_tiles_avx512);
#else
static const rri_kernels avx512 = LEVEL(RRI_LEVEL_AVX512, avx512, false, rri_tile_avx512);
#endif
#endif

/* −1: none is forced. */
static _Atomic int forced_level = -1;

const rri_kernels *rri_kernels_at(int level)
{
#if defined(RRI_HAVE_AVX512)
    if (level == RRI_LEVEL_AVX512 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")) {
        return &avx512;
    }
#endif
#if defined(RRI_HAVE_AVX2)
    if (level == RRI_LEVEL_AVX2 && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
        return &avx2;
    }
#endif
    return level == RRI_LEVEL_PORTABLE ? &portable : NULL;
}

const rri_kernels *rri_kernels_detect(void)
{
    const int forced = atomic_load_explicit(&forced_level, memory_order_relaxed);
    if (forced >= 0) {
        return rri_kernels_at(forced);
    }
    for (int level = RRI_N_LEVELS - 1; level > RRI_LEVEL_PORTABLE; level--) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels != NULL) {
            return kernels;
        }
    }
    return &portable;
}

bool rri_kernels_force(int level)
{
    if (level != -1 && rri_kernels_at(level) == NULL) {
        return false;
    }
    atomic_store_explicit(&forced_level, level, memory_order_relaxed);
    return true;
}
