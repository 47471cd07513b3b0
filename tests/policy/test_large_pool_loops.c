/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_loops.h"

#include "check_run.h"

START_TEST(test_large_pool_loops_every_level_has_its_own)
{
    const rri_large_pool_block *before = NULL;
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels != NULL) {
            const rri_large_pool_block *loops = rri_large_pool_loops_of(kernels);
            ck_assert_ptr_nonnull(loops);
            ck_assert_ptr_ne(loops, before);
            ck_assert_uint_le(kernels->wide, RRI_LARGE_POOL_PANEL);
            before = loops;
        }
    }
}
END_TEST

CHECK_MAIN("policy/large_pool_loops", test_large_pool_loops_every_level_has_its_own)
