/* SPDX-License-Identifier: MIT */
#include "env/user_model.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

START_TEST(test_user_model_counts_only_the_item)
{
    const int32_t shown[] = {4, 7, 4, 0, 4};
    ck_assert_uint_eq(rri_user_model_count(shown, 5, 4), 3);
    ck_assert_uint_eq(rri_user_model_count(shown, 3, 4), 2);
    ck_assert_uint_eq(rri_user_model_count(shown, 5, 1), 0);
    ck_assert_uint_eq(rri_user_model_count(shown, 0, 4), 0);
}
END_TEST

START_TEST(test_user_model_powers_are_those_of_pow)
{
    float powers[400];
    rri_user_model_powers(powers, 0.9f, 400);
    ck_assert(powers[0] == 1.0f);
    for (int c = 0; c < 400; c++) {
        const double expected = pow((double)0.9f, (double)c);
        ck_assert_double_le(fabs((double)powers[c] - expected), 1e-7 * expected);
    }
    rri_user_model_powers(powers, 1.0f, 400);
    ck_assert(powers[399] == 1.0f);
}
END_TEST

START_TEST(test_user_model_decays_only_what_is_not_negative)
{
    ck_assert(rri_user_model_reward(2.0f, 0.81f) == 2.0f * 0.81f);
    ck_assert(rri_user_model_reward(-2.0f, 0.81f) == -2.0f);
    ck_assert(rri_user_model_reward(0.0f, 0.81f) == 0.0f);
}
END_TEST

/* Drift spelt otherwise: by unit vectors, with the new length from Pythagoras instead of measured.
 *   û = u/|u|,  p = v − û (û·v),  u' = |u| (u + drift p) / √(|u|² + drift² |p|²) */
static void drift_by_units(double *moved, const float *user, const float *item, double drift,
                           size_t n)
{
    double length = 0.0;
    for (size_t i = 0; i < n; i++) {
        length = hypot(length, (double)user[i]);
    }
    double along = 0.0;
    for (size_t i = 0; i < n; i++) {
        along += (double)user[i] / length * (double)item[i];
    }
    double across = 0.0;
    for (size_t i = 0; i < n; i++) {
        across = hypot(across, (double)item[i] - (double)user[i] / length * along);
    }
    const double longer = hypot(length, drift * across);
    for (size_t i = 0; i < n; i++) {
        const double p = (double)item[i] - (double)user[i] / length * along;
        moved[i] = ((double)user[i] + drift * p) / longer * length;
    }
}

START_TEST(test_user_model_drift_agrees_with_its_second_spelling)
{
    const rri_kernels *kernels = rri_kernels_detect();
    for (uint64_t trial = 0; trial < 200; trial++) {
        const size_t n = 1 + (size_t)trial % 40;
        float user[40], item[40];
        rri_philox_normals(user, n, 7, RRI_STREAM_USERS, trial);
        rri_philox_normals(item, n, 7, RRI_STREAM_ITEMS, trial);
        const float drift = (float)(trial % 11) / 10.0f;
        double expected[40];
        drift_by_units(expected, user, item, (double)drift, n);
        rri_user_model_drift(kernels, user, item, drift, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_double_le(fabs((double)user[i] - expected[i]),
                                2e-6 * (1.0 + fabs(expected[i])));
        }
    }
}
END_TEST

START_TEST(test_user_model_drift_by_hand)
{
    /* u = (3, 0), v = (5, 4): the part of v across u is (0, 4); u + ½ (0, 4) = (3, 2), scaled to 3.
     */
    float user[2] = {3.0f, 0.0f};
    const float item[2] = {5.0f, 4.0f};
    rri_user_model_drift(rri_kernels_detect(), user, item, 0.5f, 2);
    ck_assert_double_le(fabs((double)user[0] - 3.0 * 3.0 / sqrt(13.0)), 1e-6);
    ck_assert_double_le(fabs((double)user[1] - 3.0 * 2.0 / sqrt(13.0)), 1e-6);
}
END_TEST

START_TEST(test_user_model_drift_leaves_other_coordinates_and_null_users_alone)
{
    const float item[4] = {1.0f, -2.0f, 3.0f, 4.0f};
    float user[4] = {0.5f, 0.25f, 1.0f, -3.0f};
    rri_user_model_drift(rri_kernels_detect(), user, item, 0.7f, 2);
    ck_assert(user[2] == 1.0f && user[3] == -3.0f);
    ck_assert(user[0] != 0.5f);

    float nobody[4] = {0.0f, 0.0f, 1.0f, 1.0f};
    rri_user_model_drift(rri_kernels_detect(), nobody, item, 0.7f, 2);
    ck_assert(nobody[0] == 0.0f && nobody[1] == 0.0f);

    float kept[1] = {2.0f};
    rri_user_model_drift(rri_kernels_detect(), kept, item, 0.7f, 0);
    ck_assert(kept[0] == 2.0f);
}
END_TEST

START_TEST(test_user_model_drift_keeps_the_length_over_many_steps)
{
    const rri_kernels *kernels = rri_kernels_detect();
    float user[32], item[32];
    rri_philox_normals(user, 32, 1, RRI_STREAM_USERS, 0);
    const double before = rri_sum_squares_f64(kernels, user, 32);
    for (uint64_t step = 0; step < 10000; step++) {
        rri_philox_normals(item, 32, 1, RRI_STREAM_ITEMS, step);
        rri_user_model_drift(kernels, user, item, 0.3f, 32);
    }
    const double after = rri_sum_squares_f64(kernels, user, 32);
    ck_assert_double_le(fabs(after - before), 1e-4 * before);
}
END_TEST

START_TEST(test_user_model_drift_of_extreme_lengths_is_finite)
{
    const float item[3] = {1.0f, -1.0f, 0.5f};
    const float lengths[] = {1e30f, 1e-30f, 1e-44f};
    for (int i = 0; i < 3; i++) {
        float user[3] = {lengths[i], 0.0f, lengths[i]};
        rri_user_model_drift(rri_kernels_detect(), user, item, 1.0f, 3);
        for (int j = 0; j < 3; j++) {
            ck_assert(isfinite(user[j]));
        }
    }
}
END_TEST

CHECK_MAIN("env/user_model", test_user_model_counts_only_the_item,
           test_user_model_powers_are_those_of_pow,
           test_user_model_decays_only_what_is_not_negative, test_user_model_drift_by_hand,
           test_user_model_drift_agrees_with_its_second_spelling,
           test_user_model_drift_leaves_other_coordinates_and_null_users_alone,
           test_user_model_drift_keeps_the_length_over_many_steps,
           test_user_model_drift_of_extreme_lengths_is_finite)
