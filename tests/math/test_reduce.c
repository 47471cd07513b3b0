/* SPDX-License-Identifier: MIT */
#include "math/reduce.h"

#include "check_run.h"
#include "levels.h"

enum { MOST = 1100 };

/* The order of reduce.h in its slowest form: which = 0 sum, 1 dot, 2 maximum. */
static float plain(int which, const float *x, const float *y, size_t n)
{
    float lane[16];
    for (size_t l = 0; l < 16; l++) {
        lane[l] = which == 2 ? -INFINITY : 0.0f;
        for (size_t i = l; i < n; i += 16) {
            lane[l] = which == 0   ? lane[l] + x[i]
                      : which == 1 ? fmaf(x[i], y[i], lane[l])
                                   : (x[i] > lane[l] ? x[i] : lane[l]);
        }
    }
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            lane[l] = which == 2 ? (lane[l + half] > lane[l] ? lane[l + half] : lane[l])
                                 : lane[l] + lane[l + half];
        }
    }
    return lane[0];
}

static double plain_f64(const float *x, size_t n, bool is_squared)
{
    double lane[16] = {0};
    for (size_t i = 0; i < n; i++) {
        lane[i % 16] += is_squared ? (double)x[i] * (double)x[i] : (double)x[i];
    }
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            lane[l] += lane[l + half];
        }
    }
    return lane[0];
}

START_TEST(test_reduce_every_level_adds_in_the_same_order)
{
    static float x[MOST], y[MOST];
    levels_fill(x, MOST, 1);
    levels_fill(y, MOST, 2);
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels; q++) {
        const rri_reduce *r = levels[q]->reduce;
        for (size_t n = 0; n <= MOST; n += n < 70 ? 1 : 103) {
            for (size_t at = 0; at < 2 && at + n <= MOST; at++) { /* aligned or not */
                const float *a = x + at, *b = y + at;
                ck_assert_msg(levels_same(r->sum(a, n), plain(0, a, NULL, n)) &&
                                  levels_same(r->dot(a, b, n), plain(1, a, b, n)) &&
                                  levels_same(r->sum_squares(a, n), plain(1, a, a, n)) &&
                                  levels_same(r->max(a, n), plain(2, a, NULL, n)) &&
                                  r->sum_f64(a, n) == plain_f64(a, n, false) &&
                                  r->sum_squares_f64(a, n) == plain_f64(a, n, true),
                              "%s, n %zu", levels[q]->name, n);
            }
        }
    }
}
END_TEST

START_TEST(test_reduce_empty_is_zero_and_minus_infinity)
{
    const rri_reduce *r = rri_kernels_detect()->reduce;
    ck_assert_float_eq(r->sum(NULL, 0), 0.0f);
    ck_assert_float_eq(r->dot(NULL, NULL, 0), 0.0f);
    ck_assert_float_eq(r->max(NULL, 0), -INFINITY);
    ck_assert(r->sum_f64(NULL, 0) == 0.0);
}
END_TEST

START_TEST(test_reduce_a_maximum_passes_over_nan_and_a_sum_does_not)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t at = 0; at < 40; at++) {
        float x[40];
        levels_fill(x, 40, 3);
        x[at] = NAN;
        x[(at + 16) % 40] = 2.0f;
        for (size_t q = 0; q < n_levels; q++) {
            ck_assert_float_eq(levels[q]->reduce->max(x, 40), 2.0f);
            ck_assert(isnan(levels[q]->reduce->sum(x, 40)));
            ck_assert(isnan(levels[q]->reduce->sum_squares_f64(x, 40)));
        }
    }
}
END_TEST

/* A single element above, at every place, among ones that equal the bound, are NaN or below. */
START_TEST(test_reduce_find_above_finds_the_first_that_is_strictly_above)
{
    enum { N = 150 };
    float x[N];
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels; q++) {
        for (size_t above = 0; above < N; above++) {
            for (size_t i = 0; i < N; i++) {
                x[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? 1.5f : -INFINITY;
            }
            x[above] = x[N - 1] = 1.75f;
            for (size_t begin = 0; begin < N; begin++) {
                const size_t expected = begin <= above ? above : N - 1;
                ck_assert_uint_eq(levels[q]->reduce->find_above(x, 1.5f, begin, N), expected);
            }
            ck_assert_uint_eq(levels[q]->reduce->find_above(x, 1.5f, 0, above), above);
        }
        ck_assert_uint_eq(levels[q]->reduce->find_above(x, INFINITY, 3, N), N);
    }
}
END_TEST

/* Rows that overlap and lie anywhere; every count of rows around the eight that go together. */
START_TEST(test_reduce_dots_are_the_dot_products_of_each_row)
{
    enum { ROWS = 21, N = 80 };
    static float x[N], block[ROWS * 31 + N];
    const float *rows[ROWS];
    float y[ROWS + 1];
    levels_fill(x, N, 5);
    levels_fill(block, ROWS * 31 + N, 6);
    for (size_t r = 0; r < ROWS; r++) {
        rows[r] = block + (r * 17 % ROWS) * 31;
    }
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels; q++) {
        for (size_t n = 0; n <= N; n += n == 48 ? 16 : 4) {
            for (size_t n_rows = 0; n_rows <= ROWS; n_rows++) {
                y[n_rows] = 7.0f;
                levels[q]->reduce->dots(y, x, rows, n_rows, n);
                for (size_t r = 0; r < n_rows; r++) {
                    ck_assert_uint_eq(levels_bits(y[r]), levels_bits(plain(1, x, rows[r], n)));
                }
                ck_assert_float_eq(y[n_rows], 7.0f);
            }
        }
    }
}
END_TEST

START_TEST(test_reduce_all_finite_sees_one_that_is_not_at_every_place)
{
    enum { N = 150 };
    static float x[N];
    levels_fill(x, N, 7);
    x[0] = 3.4e38f;
    x[1] = -3.4e38f;
    x[2] = 1e-45f;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    for (size_t q = 0; q < n_levels * 3; q++) {
        const rri_reduce *r = levels[q / 3]->reduce;
        for (size_t n = 0; n <= N; n += n < 70 ? 1 : 16) {
            ck_assert(r->all_finite(x, n));
            for (size_t at = 0; at < n; at++) {
                const float kept = x[at];
                x[at] = bad[q % 3];
                ck_assert(!r->all_finite(x, n));
                x[at] = kept;
            }
        }
    }
}
END_TEST

CHECK_MAIN("math/reduce", test_reduce_every_level_adds_in_the_same_order,
           test_reduce_empty_is_zero_and_minus_infinity,
           test_reduce_a_maximum_passes_over_nan_and_a_sum_does_not,
           test_reduce_find_above_finds_the_first_that_is_strictly_above,
           test_reduce_dots_are_the_dot_products_of_each_row,
           test_reduce_all_finite_sees_one_that_is_not_at_every_place)
