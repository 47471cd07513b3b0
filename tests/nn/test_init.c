/* SPDX-License-Identifier: MIT */
#include "nn/init.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

/* Allocated: the caller frees. */
static float *draw(size_t rows, size_t cols, float gain, uint64_t seed, uint64_t ordinal)
{
    float *W = malloc(rows * cols * sizeof *W);
    void *scratch = aligned_alloc(64, (rri_init_scratch(rows, cols) + 63) / 64 * 64);
    rri_init_orthogonal(W, rows, cols, gain, seed, ordinal, scratch);
    free(scratch);
    return W;
}

/* Largest |⟨vector i, vector j⟩ − gain² [i = j]| along the shorter side. */
static double worst_product(const float *W, size_t rows, size_t cols, double gain)
{
    const bool is_tall = rows >= cols;
    const size_t count = is_tall ? cols : rows, length = is_tall ? rows : cols;
    const size_t vector_stride = is_tall ? 1 : cols, element_stride = is_tall ? cols : 1;
    double worst = 0.0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            double product = i == j ? -gain * gain : 0.0;
            for (size_t l = 0; l < length; l++) {
                product += (double)W[i * vector_stride + l * element_stride] *
                           (double)W[j * vector_stride + l * element_stride];
            }
            worst = fmax(worst, fabs(product));
        }
    }
    return worst;
}

START_TEST(test_init_orthogonal_has_orthonormal_shorter_side_times_gain)
{
    static const size_t shapes[][2] = {{64, 64},  {64, 7},   {7, 64},    {1, 64},
                                       {64, 1},   {1, 1},    {500, 32},  {65, 65},
                                       {200, 65}, {64, 300}, {150, 300}, {256, 256}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const size_t rows = shapes[s][0], cols = shapes[s][1];
        float *W = draw(rows, cols, 1.5f, 7, s);
        ck_assert_msg(worst_product(W, rows, cols, 1.5) < 1e-6, "[%zu, %zu] %g", rows, cols,
                      worst_product(W, rows, cols, 1.5));
        free(W);
    }
}
END_TEST

/* The first vector is the first column of the normals, scaled: its direction is not chosen by a
 * sign convention, so that the matrix is uniformly distributed. */
START_TEST(test_init_orthogonal_starts_along_its_normals)
{
    enum { ROWS = 5, COLS = 3 };
    float normals[ROWS * COLS];
    rri_philox_normals(normals, ROWS * COLS, 11, RRI_STREAM_INIT, 4);
    float *W = draw(ROWS, COLS, 2.0f, 11, 4);
    double norm = 0.0;
    for (size_t l = 0; l < ROWS; l++) {
        norm += pow((double)normals[l * COLS], 2.0);
    }
    for (size_t l = 0; l < ROWS; l++) {
        ck_assert_double_eq_tol((double)W[l * COLS], 2.0 * (double)normals[l * COLS] / sqrt(norm),
                                1e-6);
    }
    free(W);
}
END_TEST

START_TEST(test_init_orthogonal_is_a_function_of_seed_and_ordinal)
{
    float *first = draw(16, 16, 1.0f, 1, 0);
    float *again = draw(16, 16, 1.0f, 1, 0);
    float *other_seed = draw(16, 16, 1.0f, 2, 0);
    float *other_ordinal = draw(16, 16, 1.0f, 1, 1);
    const size_t bytes = 256 * sizeof(float);
    ck_assert_mem_eq(first, again, bytes);
    ck_assert_mem_ne(first, other_seed, bytes);
    ck_assert_mem_ne(first, other_ordinal, bytes);
    free(first);
    free(again);
    free(other_seed);
    free(other_ordinal);
}
END_TEST

/* Entries of many matrices: mean 0 and variance 1 / n, as a uniform rotation has. */
START_TEST(test_init_orthogonal_prefers_no_direction)
{
    enum { N = 8, N_MATRICES = 2000 };
    double sum = 0.0, diagonal = 0.0, corner = 0.0;
    for (uint64_t seed = 0; seed < N_MATRICES; seed++) {
        float *W = draw(N, N, 1.0f, seed, 0);
        for (size_t i = 0; i < N; i++) {
            diagonal += (double)W[i * N + i];
        }
        sum += (double)W[3];
        corner += pow((double)W[N * N - 1], 2.0);
        free(W);
    }
    /* one standard deviation: √(1/8/2000) = 0.008; of the mean trace √(1/2000) = 0.022 */
    ck_assert_double_eq_tol(sum / N_MATRICES, 0.0, 0.04);
    ck_assert_double_eq_tol(diagonal / N_MATRICES, 0.0, 0.12);
    ck_assert_double_eq_tol(corner / N_MATRICES, 1.0 / N, 0.02);
}
END_TEST

START_TEST(test_init_constant_fills_what_it_is_given)
{
    float x[4] = {1, 1, 1, 1};
    rri_init_constant(x + 1, 2.5f, 2);
    ck_assert_float_eq(x[0], 1.0f);
    ck_assert_float_eq(x[1], 2.5f);
    ck_assert_float_eq(x[2], 2.5f);
    ck_assert_float_eq(x[3], 1.0f);
}
END_TEST

START_TEST(test_init_scratch_of_an_absurd_shape_saturates)
{
    ck_assert_uint_eq(rri_init_scratch(SIZE_MAX / 2, 3), SIZE_MAX);
}
END_TEST

CHECK_MAIN("nn/init", test_init_orthogonal_has_orthonormal_shorter_side_times_gain,
           test_init_orthogonal_starts_along_its_normals,
           test_init_orthogonal_is_a_function_of_seed_and_ordinal,
           test_init_orthogonal_prefers_no_direction, test_init_constant_fills_what_it_is_given,
           test_init_scratch_of_an_absurd_shape_saturates)
