/* SPDX-License-Identifier: MIT */
#include "math/cholesky.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "levels.h"

enum { MOST = 128 };

/* A = GᵀG + I, symmetric positive definite, with a known solution. */
static void system_of(double *A, double *b, double *solution, size_t n)
{
    static float g[MOST * MOST], s[MOST];
    levels_fill(g, n * n, (uint32_t)n);
    levels_fill(s, n, (uint32_t)n + 1);
    for (size_t i = 0; i < n; i++) {
        solution[i] = (double)s[i];
        for (size_t j = 0; j < n; j++) {
            double sum = i == j ? 1.0 : 0.0;
            for (size_t l = 0; l < n; l++) {
                sum += (double)g[l * n + i] * (double)g[l * n + j];
            }
            A[i * n + j] = sum;
        }
    }
    for (size_t i = 0; i < n; i++) {
        b[i] = 0.0;
        for (size_t j = 0; j < n; j++) {
            b[i] += A[i * n + j] * solution[j];
        }
    }
}

START_TEST(test_cholesky_two_by_two_by_hand)
{
    double A[] = {4, 2, 2, 5}, b[] = {10, 13}; /* U = [2 1; 0 2], x = [1.5 2] */
    ck_assert(rri_cholesky_solve(A, b, 2));
    ck_assert(b[0] == 1.5 && b[1] == 2.0);
    ck_assert(A[0] == 2.0 && A[1] == 1.0 && A[3] == 2.0);
}
END_TEST

START_TEST(test_cholesky_finds_the_known_solution)
{
    static double A[MOST * MOST], b[MOST], solution[MOST];
    for (size_t n = 1; n <= MOST; n += n < 40 ? 1 : 22) {
        system_of(A, b, solution, n);
        ck_assert(rri_cholesky_solve(A, b, n));
        for (size_t i = 0; i < n; i++) {
            ck_assert_double_le(fabs(b[i] - solution[i]), 1e-10 * (1.0 + fabs(solution[i])));
        }
    }
}
END_TEST

START_TEST(test_cholesky_reads_only_the_upper_triangle)
{
    static double A[30 * 30], B[30 * 30], b[30], c[30], solution[30];
    system_of(A, b, solution, 30);
    memcpy(B, A, sizeof B);
    memcpy(c, b, sizeof c);
    for (size_t i = 0; i < 30; i++) {
        for (size_t j = 0; j < i; j++) {
            B[i * 30 + j] = (double)NAN;
        }
    }
    ck_assert(rri_cholesky_solve(A, b, 30));
    ck_assert(rri_cholesky_solve(B, c, 30));
    ck_assert_mem_eq(b, c, sizeof b);
}
END_TEST

START_TEST(test_cholesky_refuses_what_is_not_positive_definite)
{
    static const double bad[][4] = {{1, 2, 2, 1}, {0, 0, 0, 1}, {-1, 0, 0, 1}, {1, 1, 1, 1}};
    for (size_t q = 0; q < 4; q++) {
        double A[4], b[] = {3, 4};
        memcpy(A, bad[q], sizeof A);
        ck_assert(!rri_cholesky_solve(A, b, 2));
        ck_assert(b[0] == 3 && b[1] == 4);
    }
    double A[] = {(double)NAN, 0, 0, 1}, B[] = {1, 0, 0, (double)INFINITY}, b[] = {3, 4};
    ck_assert(!rri_cholesky_solve(A, b, 2));
    ck_assert(!rri_cholesky_solve(B, b, 2));
    ck_assert(b[0] == 3 && b[1] == 4);
}
END_TEST

CHECK_MAIN("math/cholesky", test_cholesky_two_by_two_by_hand,
           test_cholesky_finds_the_known_solution, test_cholesky_reads_only_the_upper_triangle,
           test_cholesky_refuses_what_is_not_positive_definite)
