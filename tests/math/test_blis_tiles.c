/* SPDX-License-Identifier: MIT */
#include "math/blis_tiles.h"

#include <stdio.h>

#include "check_run.h"

#if defined(HAVE_WHOLE_BLIS)
#include <blis.h>

#include "levels.h"
#include "math/gemm.h"

static void *block_of(size_t bytes)
{
    void *block = NULL;
    ck_assert_int_eq(posix_memalign(&block, 64, bytes), 0);
    return block;
}

/* Our product at `level`, and BLIS's own: under the context of `arch`, or as it chooses (−1).
 * Differences count from `tolerance` of Σ |a b| on; 0 asks for the same bits. */
static void compare(int level, int arch, size_t m, size_t n, size_t k, double tolerance)
{
    const rri_kernels *kernels = rri_kernels_at(level);
    float *a = block_of(m * k * sizeof *a), *b = block_of(n * k * sizeof *b);
    float *ours = block_of(m * n * sizeof *ours), *theirs = block_of(m * n * sizeof *theirs);
    levels_fill(a, m * k, (uint32_t)m);
    levels_fill(b, n * k, (uint32_t)n);
    const size_t bytes = rri_gemm_scratch(kernels, m, n, k);
    rri_stack scratch = {.base = block_of(bytes), .size = bytes};
    rri_gemm(kernels, ours, n, rri_view_rows(a, k), rri_view_rows(b, n), m, n, k, false, &scratch);

    float one = 1.0f, zero = 0.0f;
    const dim_t M = (dim_t)m, N = (dim_t)n, K = (dim_t)k;
    if (arch < 0) {
        bli_sgemm(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, M, N, K, &one, a, K, 1, b, N, 1, &zero,
                  theirs, N, 1);
    } else {
        bli_init();
        cntx_t *context = bli_gks_lookup_nat_cntx((arch_t)arch);
        ck_assert_ptr_nonnull(context);
        rntm_t
            runtime; /* small products of BLIS skip the packed kernels and add in another order */
        bli_rntm_init_from_global(&runtime);
        bli_rntm_disable_l3_sup(&runtime);
        bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, M, N, K, &one, a, K, 1, b, N, 1, &zero,
                     theirs, N, 1, context, &runtime);
    }
    for (size_t q = 0; q < m * n; q++) {
        double scale = 0.0;
        for (size_t l = 0; l < k && tolerance > 0.0; l++) {
            scale += fabs((double)a[q / n * k + l] * (double)b[l * n + q % n]);
        }
        const double difference = fabs((double)ours[q] - (double)theirs[q]);
        ck_assert_msg(tolerance > 0.0 ? difference <= tolerance * scale
                                      : levels_bits(ours[q]) == levels_bits(theirs[q]),
                      "%s, arch %d, m %zu n %zu k %zu: %a, BLIS %a", kernels->name, arch, m, n, k,
                      (double)ours[q], (double)theirs[q]);
    }
    free(a);
    free(b);
    free(ours);
    free(theirs);
    free(scratch.base);
}

static const size_t shapes[][2] = {{64, 64}, {64, 1000}, {1, 100}, {5, 33}, {13, 257}, {200, 31}};

START_TEST(test_blis_tiles_equal_the_whole_of_blis_in_bits_to_k_256)
{
    static const int arches[][2] = {{RRI_LEVEL_AVX2, BLIS_ARCH_HASWELL},
                                    {RRI_LEVEL_AVX512, BLIS_ARCH_SKX}};
    static const size_t depths[] = {1, 5, 64, 255, 256};
    for (size_t q = 0; q < 2; q++) {
        const rri_kernels *kernels = rri_kernels_at(arches[q][0]);
        if (kernels == NULL || !kernels->is_blis) {
            printf("NOT TESTED: level %d is not on this CPU, or without BLIS's kernel\n",
                   arches[q][0]);
            continue;
        }
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
                compare(arches[q][0], arches[q][1], shapes[s][0], shapes[s][1], depths[d], 0.0);
            }
        }
    }
}
END_TEST

START_TEST(test_blis_tiles_agree_with_what_blis_chooses_to_1e_5_of_scale)
{
    const int level = rri_kernels_detect()->level;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        compare(level, -1, shapes[s][0], shapes[s][1], 64, 1e-5);
        compare(level, -1, shapes[s][0], shapes[s][1], 1000, 1e-5);
    }
}
END_TEST

CHECK_MAIN("math/blis_tiles", test_blis_tiles_equal_the_whole_of_blis_in_bits_to_k_256,
           test_blis_tiles_agree_with_what_blis_chooses_to_1e_5_of_scale)

#else

START_TEST(test_blis_tiles_are_not_in_this_build)
{
    printf("NOT TESTED: this build is without BLIS, so there is no outside twin to compare with\n");
}
END_TEST

CHECK_MAIN("math/blis_tiles", test_blis_tiles_are_not_in_this_build)

#endif
