/* SPDX-License-Identifier: MIT */
#include "math/cholesky.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "levels.h"

enum { MOST = 128, SYSTEMS = RRI_CHOLESKY_SYSTEMS };

static _Alignas(64) double G[SYSTEMS * MOST * MOST];
static _Alignas(64) double scratch[SYSTEMS * (MOST * (MOST + 4) / 2 + 3 * MOST)];
static double x[SYSTEMS * MOST], twin_x[SYSTEMS * MOST];
static uint8_t has_failed[SYSTEMS];

static size_t width_of(size_t w)
{
    return (w + 1 + 7) / 8 * 8;
}

/* System s: A = HᵀH + I, symmetric positive definite, and b = A times a known solution. */
static void make_system(double *solution, size_t s, size_t w)
{
    static float h[MOST * MOST], values[MOST];
    const size_t width = width_of(w);
    double *const A = G + s * width * width;
    levels_fill(h, w * w, (uint32_t)(w + 1000 * s));
    levels_fill(values, w, (uint32_t)(w + 1000 * s) + 1);
    for (size_t i = 0; i < w; i++) {
        solution[i] = (double)values[i];
        for (size_t j = 0; j < w; j++) {
            double sum = i == j ? 1.0 : 0.0;
            for (size_t l = 0; l < w; l++) {
                sum += (double)h[l * w + i] * (double)h[l * w + j];
            }
            A[i * width + j] = sum;
        }
    }
    for (size_t i = 0; i < w; i++) {
        A[i * width + w] = 0.0;
        for (size_t j = 0; j < w; j++) {
            A[i * width + w] += A[i * width + j] * solution[j];
        }
    }
}

static void solve(const rri_kernels *kernels, size_t w)
{
    ck_assert_uint_le(rri_cholesky_scratch(width_of(w)), sizeof scratch / sizeof scratch[0]);
    memset(scratch, 0xff, sizeof scratch); /* NaN */
    kernels->cholesky(x, has_failed, G, scratch, w, width_of(w));
}

/* The formulas of the header, one element after the other. */
static void plain_solve(double *solution, const double *A, size_t w)
{
    static double U[MOST * MOST], inverse[MOST];
    const size_t width = width_of(w);
    for (size_t k = 0; k < w; k++) {
        for (size_t j = k; j <= w; j++) {
            double rest = A[k * width + j];
            for (size_t l = 0; l < k; l++) {
                rest -= U[l * MOST + k] * U[l * MOST + j];
            }
            if (j == k) {
                inverse[k] = 1.0 / sqrt(rest);
            } else {
                U[k * MOST + j] = rest * inverse[k];
            }
        }
    }
    for (size_t k = w; k-- > 0;) {
        double rest = U[k * MOST + w];
        for (size_t j = w; --j > k;) {
            rest -= U[k * MOST + j] * solution[j];
        }
        solution[k] = rest * inverse[k];
    }
}

START_TEST(test_cholesky_two_by_two_by_hand)
{
    static const double A[] = {4, 2, 10, 2, 5, 13}; /* U = [2 1; 0 2], x = [1.5 2] */
    memset(G, 0, sizeof G);
    for (size_t s = 0; s < SYSTEMS; s++) {
        memcpy(G + s * 64, A, 3 * sizeof A[0]);
        memcpy(G + s * 64 + 8, A + 3, 3 * sizeof A[0]);
        G[s * 64 + 10] *= (double)(s + 1);
        G[s * 64 + 2] *= (double)(s + 1);
    }
    solve(rri_kernels_detect(), 2);
    for (size_t s = 0; s < SYSTEMS; s++) {
        ck_assert(has_failed[s] == 0);
        ck_assert(x[2 * s] == 1.5 * (double)(s + 1) && x[2 * s + 1] == 2.0 * (double)(s + 1));
    }
}
END_TEST

START_TEST(test_cholesky_finds_the_known_solutions)
{
    static double solutions[SYSTEMS * MOST];
    for (size_t w = 1; w < MOST; w += w < 40 ? 1 : 22) {
        for (size_t s = 0; s < SYSTEMS; s++) {
            make_system(solutions + s * w, s, w);
        }
        solve(rri_kernels_detect(), w);
        for (size_t i = 0; i < SYSTEMS * w; i++) {
            ck_assert_double_le(fabs(x[i] - solutions[i]), 1e-10 * (1.0 + fabs(solutions[i])));
        }
    }
}
END_TEST

START_TEST(test_cholesky_is_the_plain_solution_in_bits_at_every_level)
{
    static double solution[MOST];
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t w = 1; w < 70; w += w < 35 ? 1 : 17) {
        for (size_t s = 0; s < SYSTEMS; s++) {
            make_system(solution, s, w);
            plain_solve(twin_x + s * w, G + s * width_of(w) * width_of(w), w);
        }
        for (size_t q = 0; q < n_levels; q++) {
            solve(levels[q], w);
            ck_assert_mem_eq(x, twin_x, SYSTEMS * w * sizeof x[0]);
        }
    }
}
END_TEST

START_TEST(test_cholesky_reads_only_the_upper_triangle)
{
    static double solution[MOST];
    const size_t w = 30, width = width_of(w);
    for (size_t s = 0; s < SYSTEMS; s++) {
        make_system(solution, s, w);
    }
    solve(rri_kernels_detect(), w);
    memcpy(twin_x, x, sizeof x);
    for (size_t s = 0; s < SYSTEMS; s++) {
        for (size_t i = 0; i < width; i++) {
            for (size_t j = 0; j < width; j++) {
                if (j < i || j > w || i >= w) {
                    G[(s * width + i) * width + j] = (double)NAN;
                }
            }
        }
    }
    solve(rri_kernels_detect(), w);
    ck_assert_mem_eq(x, twin_x, SYSTEMS * w * sizeof x[0]);
}
END_TEST

START_TEST(test_cholesky_tells_each_system_that_is_not_positive_definite)
{
    const double bad[6][3] = {{1, 2, 1}, {0, 0, 1},           {-1, 0, 1},
                              {1, 1, 1}, {(double)NAN, 0, 1}, {1, 0, (double)INFINITY}};
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels; q++) {
        memset(G, 0, sizeof G);
        for (size_t s = 0; s < SYSTEMS; s++) {
            const double fine[3] = {2, 1, 2};
            const double *const A = s < 6 ? bad[s] : fine;
            double *const g = G + s * 64;
            g[0] = A[0];
            g[1] = A[1];
            g[9] = A[2];
            g[2] = 3.0;
            g[10] = 3.0;
        }
        solve(levels[q], 2);
        for (size_t s = 0; s < SYSTEMS; s++) {
            ck_assert_int_eq(has_failed[s], s < 6 ? 1 : 0);
        }
        ck_assert_double_eq_tol(x[2 * 6], 1.0, 1e-15);
        ck_assert_double_eq_tol(x[2 * 7 + 1], 1.0, 1e-15);
    }
}
END_TEST

CHECK_MAIN("math/cholesky", test_cholesky_two_by_two_by_hand,
           test_cholesky_finds_the_known_solutions,
           test_cholesky_is_the_plain_solution_in_bits_at_every_level,
           test_cholesky_reads_only_the_upper_triangle,
           test_cholesky_tells_each_system_that_is_not_positive_definite)
