/* SPDX-License-Identifier: MIT */
#include "optim/clip.h"

#include <math.h>
#include <stdio.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 2 * 4096 + 100, MOST_SHARDS = 3 };

static double norm_of(const rri_kernels *kernels, const float *gradients, size_t n)
{
    double shards[MOST_SHARDS];
    const size_t n_shards = rri_clip_n_shards(n);
    ck_assert_uint_le(n_shards, MOST_SHARDS);
    for (size_t i = n_shards; i-- > 0;) { /* whoever is first, the sum goes in order */
        shards[i] = rri_clip_shard(kernels, gradients, n, i);
    }
    return rri_clip_norm(shards, n_shards);
}

START_TEST(test_clip_norm_and_scale_by_hand)
{
    const float gradients[] = {3.0f, -4.0f};
    const double norm = norm_of(rri_kernels_detect(), gradients, 2);
    ck_assert_double_eq(norm, 5.0);
    ck_assert_float_eq(rri_clip_scale(norm, 0.5f), (float)(0.5 / (5.0 + 1e-6)));
}
END_TEST

START_TEST(test_clip_leaves_small_gradients_alone)
{
    ck_assert_float_eq(rri_clip_scale(0.4, 0.5f), 1.0f);
    ck_assert_float_eq(rri_clip_scale(0.0, 0.5f), 1.0f);
    ck_assert_float_eq_tol(rri_clip_scale(0.0, 1e-9f), 1e-3f, 1e-9f); /* no division by 0 */
}
END_TEST

START_TEST(test_clip_norm_is_that_of_all_elements_at_every_level)
{
    static float gradients[N];
    gradcheck_draw(gradients, N, -1.0f, 1.0f, 1);
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += (double)gradients[i] * (double)gradients[i];
    }
    const double norm = norm_of(rri_kernels_at(RRI_LEVEL_PORTABLE), gradients, N);
    ck_assert_double_eq_tol(norm, sqrt(sum), 1e-12 * sqrt(sum));
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) == NULL) {
            printf("optim/clip: level %d is not here\n", level);
            continue;
        }
        ck_assert_double_eq(norm_of(rri_kernels_at(level), gradients, N), norm);
    }
}
END_TEST

START_TEST(test_clip_shards_cover_every_length)
{
    ck_assert_uint_eq(rri_clip_n_shards(0), 0);
    ck_assert_uint_eq(rri_clip_n_shards(1), 1);
    ck_assert_uint_eq(rri_clip_n_shards(4096), 1);
    ck_assert_uint_eq(rri_clip_n_shards(4097), 2);
    ck_assert_double_eq(rri_clip_norm(NULL, 0), 0.0);
}
END_TEST

START_TEST(test_clip_huge_gradients_do_not_overflow)
{
    const float gradients[] = {3e38f, 3e38f, 3e38f, 3e38f};
    const double norm = norm_of(rri_kernels_detect(), gradients, 4);
    ck_assert_double_eq_tol(norm, 6e38, 1e32);
    ck_assert(rri_clip_scale(norm, 0.5f) > 0.0f);
}
END_TEST

START_TEST(test_clip_norm_tells_what_is_not_finite)
{
    static float gradients[N];
    gradients[N - 1] = NAN;
    ck_assert(isnan(norm_of(rri_kernels_detect(), gradients, N)));
    gradients[N - 1] = -INFINITY;
    ck_assert(isinf(norm_of(rri_kernels_detect(), gradients, N)));
    ck_assert(isnan(rri_clip_scale(NAN, 0.5f)));
}
END_TEST

CHECK_MAIN("optim/clip", test_clip_norm_and_scale_by_hand, test_clip_leaves_small_gradients_alone,
           test_clip_norm_is_that_of_all_elements_at_every_level,
           test_clip_shards_cover_every_length, test_clip_huge_gradients_do_not_overflow,
           test_clip_norm_tells_what_is_not_finite)
