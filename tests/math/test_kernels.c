/* SPDX-License-Identifier: MIT */
#include "math/kernels.h"

#include "check_run.h"
#include "levels.h"

START_TEST(test_kernels_detect_takes_the_highest_level_there_is)
{
    int highest = RRI_LEVEL_PORTABLE;
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels != NULL) {
            ck_assert_int_eq(kernels->level, level);
            highest = level;
        }
    }
    ck_assert_int_eq(rri_kernels_detect()->level, highest);
    ck_assert_ptr_eq(rri_kernels_detect(), rri_kernels_at(highest));
    printf("detected %s%s\n", rri_kernels_detect()->name,
           rri_kernels_detect()->is_blis ? " with BLIS's micro-kernel" : "");
}
END_TEST

START_TEST(test_kernels_every_level_has_loops_of_its_own)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels; q++) {
        const rri_kernels *k = levels[q];
        const void *tables[] = {k->tiles,   k->elementwise, k->reduce,
                                k->softmax, k->large_pool,  k->descent};
        for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
            ck_assert_ptr_nonnull(tables[i]);
        }
        ck_assert_uint_le(k->wide, RRI_LARGE_POOL_PANEL);
        for (size_t p = 0; p < q; p++) {
            ck_assert_ptr_ne(k->softmax, levels[p]->softmax);
            ck_assert_ptr_ne(k->large_pool, levels[p]->large_pool);
            ck_assert_ptr_ne(k->descent, levels[p]->descent);
        }
    }
}
END_TEST

START_TEST(test_kernels_portable_is_always_there)
{
    ck_assert_ptr_nonnull(rri_kernels_at(RRI_LEVEL_PORTABLE));
    ck_assert_ptr_null(rri_kernels_at(-1));
    ck_assert_ptr_null(rri_kernels_at(RRI_N_LEVELS));
}
END_TEST

START_TEST(test_kernels_a_forced_level_is_detected_until_it_is_undone)
{
    const rri_kernels *before = rri_kernels_detect();
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels; q++) {
        ck_assert(rri_kernels_force(levels[q]->level));
        ck_assert_ptr_eq(rri_kernels_detect(), levels[q]);
    }
    ck_assert(!rri_kernels_force(RRI_N_LEVELS));
    ck_assert_ptr_eq(rri_kernels_detect(), levels[n_levels - 1]);
    ck_assert(rri_kernels_force(-1));
    ck_assert_ptr_eq(rri_kernels_detect(), before);
}
END_TEST

START_TEST(test_kernels_calls_on_the_table_reach_the_function_they_name)
{
    const rri_kernels *k = rri_kernels_detect();
    const float x[] = {0.5f, -2.0f, 1.0f};
    float y[3];
    rri_vec_exp(k, y, x, 3);
    ck_assert_double_eq_tol((double)y[1], exp(-2.0), 1e-6);
    rri_vec_exp_shifted(k, y, x, 1.0f, 3);
    ck_assert_double_eq_tol((double)y[1], exp(-3.0), 1e-6);
    rri_vec_log(k, y, x, 3);
    ck_assert_double_eq_tol((double)y[0], log(0.5), 1e-6);
    rri_vec_tanh(k, y, x, 3);
    ck_assert_double_eq_tol((double)y[1], tanh(-2.0), 1e-6);
    rri_vec_tanh_backward(k, y, x, x, 3);
    ck_assert_float_eq(y[1], -2.0f * (1.0f - 4.0f));
    rri_vec_add(k, y, x, 3);
    ck_assert_float_eq(y[1], 4.0f);
    rri_vec_axpy(k, y, 10.0f, x, 3);
    ck_assert_float_eq(y[1], -16.0f);
    rri_vec_scale(k, y, 0.5f, 3);
    ck_assert_float_eq(y[1], -8.0f);
    ck_assert_float_eq(rri_sum(k, x, 3), -0.5f);
    ck_assert_float_eq(rri_sum_squares(k, x, 3), 5.25f);
    ck_assert_float_eq(rri_dot(k, x, y, 3), x[0] * y[0] + 16.0f + x[2] * y[2]);
    ck_assert_float_eq(rri_max(k, x, 3), 1.0f);
    ck_assert(rri_sum_f64(k, x, 3) == -0.5);
    ck_assert(rri_sum_squares_f64(k, x, 3) == 5.25);
}
END_TEST

CHECK_MAIN("math/kernels", test_kernels_detect_takes_the_highest_level_there_is,
           test_kernels_every_level_has_loops_of_its_own, test_kernels_portable_is_always_there,
           test_kernels_a_forced_level_is_detected_until_it_is_undone,
           test_kernels_calls_on_the_table_reach_the_function_they_name)
