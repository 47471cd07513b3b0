/* SPDX-License-Identifier: MIT */
#include "math/gram.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "levels.h"

enum { MOST_WIDTH = 40, MOST_ROWS = 70, BLOCK = RRI_GRAM_BLOCK };

static _Alignas(64) double F[MOST_ROWS * MOST_WIDTH], G[MOST_WIDTH * MOST_WIDTH];
static double plain[MOST_WIDTH * MOST_WIDTH];

static void fill(double *x, size_t n, uint32_t seed)
{
    static float values[MOST_ROWS * MOST_WIDTH];
    levels_fill(values, n, seed);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)values[i];
    }
}

/* The same chains, an element at a time. */
static void plain_gram(double *sums, size_t n, size_t width)
{
    for (size_t p = 0; p < width; p++) {
        for (size_t q = p / BLOCK * BLOCK; q < width; q++) {
            for (size_t r = 0; r < n; r++) {
                const double product = F[r * width + p] * F[r * width + q];
                sums[p * width + q] += product;
            }
        }
    }
}

START_TEST(test_gram_two_rows_by_hand)
{
    const rri_kernels *const kernels = rri_kernels_detect();
    memset(F, 0, sizeof F);
    memset(G, 0, sizeof G);
    F[0] = 1.0;
    F[1] = 2.0;
    F[8] = 3.0;
    F[9] = -1.0;
    G[0] = 0.5;
    kernels->gram(G, F, 2, 8);
    ck_assert(G[0] == 10.5 && G[1] == -1.0 && G[9] == 5.0);
}
END_TEST

START_TEST(test_gram_is_the_plain_sum_in_bits_at_every_level)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t width = 8; width <= MOST_WIDTH; width += 8) {
        for (size_t n = 0; n <= MOST_ROWS; n += n < 5 ? 1 : 13) {
            fill(F, n * width, (uint32_t)(n + width));
            for (size_t q = 0; q < n_levels; q++) {
                fill(G, width * width, (uint32_t)width);
                fill(plain, width * width, (uint32_t)width);
                levels[q]->gram(G, F, n, width);
                plain_gram(plain, n, width);
                ck_assert_mem_eq(G, plain, width * width * sizeof G[0]);
            }
        }
    }
}
END_TEST

START_TEST(test_gram_leaves_blocks_below_the_diagonal_alone)
{
    fill(F, MOST_ROWS * 24, 3);
    memset(G, 0, sizeof G);
    for (size_t p = 0; p < 24; p++) {
        for (size_t q = 0; q < p / BLOCK * BLOCK; q++) {
            G[p * 24 + q] = (double)NAN;
        }
    }
    rri_kernels_detect()->gram(G, F, MOST_ROWS, 24);
    for (size_t p = 0; p < 24; p++) {
        for (size_t q = 0; q < 24; q++) {
            ck_assert(isnan(G[p * 24 + q]) == (q < p / BLOCK * BLOCK));
        }
    }
}
END_TEST

CHECK_MAIN("math/gram", test_gram_two_rows_by_hand,
           test_gram_is_the_plain_sum_in_bits_at_every_level,
           test_gram_leaves_blocks_below_the_diagonal_alone)
