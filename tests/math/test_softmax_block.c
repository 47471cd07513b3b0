/* SPDX-License-Identifier: MIT */
#include "math/softmax_block.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "math/scalar.h"
#include "policy/softmax.h"

enum { N = 256 };

/* Logits of a spread that reaches underflow, every seventh excluded. */
static void draw_logits(float *z, uint64_t seed)
{
    gradcheck_draw(z, N, -60.0f, 20.0f, seed);
    for (size_t i = 3; i < N; i += 7) {
        z[i] = -INFINITY;
    }
}

START_TEST(test_softmax_block_sums_are_lane_sums_of_what_is_allowed)
{
    float z[N];
    draw_logits(z, 1);
    z[0] = 20.0f;
    for (size_t n = 1; n <= N; n += 17) {
        double sums[16] = {0}, moments[16] = {0};
        float max = -INFINITY, running[2][16] = {{0}};
        for (size_t i = 0; i < n; i++) {
            if (z[i] > -INFINITY) {
                sums[i % 16] += exp((double)z[i] - 20.0);
                moments[i % 16] += exp((double)z[i] - 20.0) * ((double)z[i] - 20.0);
            }
        }
        const double sum =
            rri_kernels_detect()->softmax->add(&max, running[0], running[1], z, n, z);
        ck_assert(sum == rri_softmax_fold(running[0]));
        ck_assert(max == 20.0f);
        for (size_t l = 0; l < 16; l++) {
            ck_assert_double_eq_tol((double)running[0][l], sums[l], 2e-6 * (1e-3 + sums[l]));
            ck_assert_double_eq_tol((double)running[1][l], moments[l], 4e-6 * (1e-3 - moments[l]));
        }
    }
}
END_TEST

/* A block that comes second, below and above the first. */
START_TEST(test_softmax_block_running_sums_go_below_the_higher_maximum)
{
    float z[2][N];
    draw_logits(z[0], 8);
    for (int by = -1; by <= 1; by++) {
        double sums[16] = {0}, moments[16] = {0}, highest = -INFINITY;
        for (size_t i = 0; i < N; i++) {
            z[1][i] = z[0][i] + 9.0f * (float)by;
            const double higher = (double)(by < 0 ? z[0][i] : z[1][i]);
            highest = higher > highest ? higher : highest;
        }
        for (size_t i = 0; i < (size_t)2 * N; i++) {
            const double below = (double)z[i / N][i % N] - highest;
            sums[i % 16] += exp(below);
            moments[i % 16] += below > -INFINITY ? exp(below) * below : 0.0;
        }
        float max = -INFINITY, running[2][16] = {{0}};
        rri_kernels_detect()->softmax->add(&max, running[0], running[1], z[0], N, NULL);
        rri_kernels_detect()->softmax->add(&max, running[0], running[1], z[1], N, NULL);
        ck_assert_double_eq((double)max, highest);
        for (size_t l = 0; l < 16; l++) {
            ck_assert_double_eq_tol((double)running[0][l], sums[l], 4e-6 * (1e-3 + sums[l]));
            ck_assert_double_eq_tol((double)running[1][l], moments[l], 8e-6 * (1e-3 - moments[l]));
        }
    }
}
END_TEST

START_TEST(test_softmax_block_keeping_gives_the_bits_of_the_sum_and_leaves_exponentials)
{
    float z[N], kept[N];
    draw_logits(z, 7);
    z[0] = 20.0f;
    const rri_softmax_block *loops = rri_kernels_detect()->softmax;
    for (size_t n = 1; n <= N; n += 15) {
        float max[2] = {-INFINITY, -INFINITY};
        float a[2][16] = {{0}}, b[2][16] = {{0}};
        memcpy(kept, z, sizeof z);
        loops->add(&max[0], a[0], a[1], z, n, NULL);
        loops->add_keeping(&max[1], b[0], b[1], kept, n);
        ck_assert(max[0] == max[1]);
        ck_assert_mem_eq(a, b, sizeof a);
        for (size_t i = 0; i < N; i++) {
            const float expected = i < n ? rri_exp(z[i] - 20.0f) : z[i];
            ck_assert_mem_eq(&kept[i], &expected, sizeof expected);
        }
        loops->scaled(kept, kept, -3.0f, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_float_eq(kept[i], -3.0f * rri_exp(z[i] - 20.0f));
        }
    }
}
END_TEST

START_TEST(test_softmax_block_slope_is_the_formula_and_zero_where_excluded)
{
    float z[N], dz[N];
    draw_logits(z, 2);
    const float m = 20.0f, log_sum = 2.5f, g = 0.75f, e = -0.5f, entropy = 3.0f;
    rri_kernels_detect()->softmax->slope(dz, z, m, log_sum, g, e, entropy, N);
    for (size_t i = 0; i < N; i++) {
        const double log_p = (double)z[i] - 22.5, p = exp(log_p);
        const double expected = -0.75 * p + 0.5 * p * (log_p + 3.0);
        if (z[i] == -INFINITY) {
            ck_assert(dz[i] == 0.0f);
        } else {
            ck_assert_double_eq_tol((double)dz[i], expected, 3e-5 * (fabs(expected) + p));
        }
    }
}
END_TEST

START_TEST(test_softmax_block_affine_rounds_twice_and_log_prob_once)
{
    float z[N], bias[N], y[N];
    gradcheck_draw(z, N, -2.0f, 2.0f, 3);
    gradcheck_draw(bias, N, -2.0f, 2.0f, 4);
    const rri_softmax_block *loops = rri_kernels_detect()->softmax;
    memcpy(y, z, sizeof y);
    loops->affine(y, 1.7f, bias, N);
    for (size_t i = 0; i < N; i++) {
        volatile float product = 1.7f * z[i];
        ck_assert(y[i] == product + bias[i]);
    }
    loops->affine(z, 1.0f, NULL, N);
    loops->log_prob(y, z, 1.5f, 0.1, N);
    for (size_t i = 0; i < N; i++) {
        ck_assert(y[i] == rri_softmax_log_prob(z[i], 1.5f, 0.1));
    }
}
END_TEST

START_TEST(test_softmax_block_levels_agree_in_bits)
{
    float z[N], bias[N];
    draw_logits(z, 5);
    gradcheck_draw(bias, N, -2.0f, 2.0f, 6);
    const rri_softmax_block *plain = rri_kernels_at(RRI_LEVEL_PORTABLE)->softmax;
    for (int level = 1; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) == NULL) {
            printf("math/softmax_block: level %d is not on this machine; not compared\n", level);
            continue;
        }
        const rri_softmax_block *quick = rri_kernels_at(level)->softmax;
        ck_assert_ptr_ne(plain, quick);
        for (size_t n = 1; n <= N; n++) {
            float a[4][N] = {{0}}, b[4][N] = {{0}};
            memcpy(a[0], z, sizeof z);
            memcpy(b[0], z, sizeof z);
            plain->affine(a[0], 1.3f, bias, n);
            quick->affine(b[0], 1.3f, bias, n);
            a[1][0] = b[1][0] = 3.0f;
            const double sum = plain->add(&a[1][0], a[1] + 16, a[1] + 32, z, n, NULL);
            ck_assert(quick->add(&b[1][0], b[1] + 16, b[1] + 32, z, n, NULL) == sum);
            plain->slope(a[2], z, 19.0f, 1.2f, 0.7f, -0.1f, 2.0f, n);
            quick->slope(b[2], z, 19.0f, 1.2f, 0.7f, -0.1f, 2.0f, n);
            plain->log_prob(a[3], z, 19.0f, 1.2, n);
            quick->log_prob(b[3], z, 19.0f, 1.2, n);
            ck_assert_mem_eq(a, b, sizeof a);
        }
    }
}
END_TEST

CHECK_MAIN("math/softmax_block",
           test_softmax_block_keeping_gives_the_bits_of_the_sum_and_leaves_exponentials,
           test_softmax_block_sums_are_lane_sums_of_what_is_allowed,
           test_softmax_block_running_sums_go_below_the_higher_maximum,
           test_softmax_block_slope_is_the_formula_and_zero_where_excluded,
           test_softmax_block_affine_rounds_twice_and_log_prob_once,
           test_softmax_block_levels_agree_in_bits)
