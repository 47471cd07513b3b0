/* SPDX-License-Identifier: MIT */
#include "policy/softmax.h"

#include <math.h>
#include <stdlib.h>

#include "check_run.h"
#include "gradcheck.h"

/* What a row's blocks give. */
typedef struct finished {
    float max, entropy;
    double log_sum, of_blocks;
} finished;

static finished run(const float *z, size_t n)
{
    finished f = {0};
    rri_softmax_row row;
    rri_softmax_begin(&row);
    for (size_t i = 0; i < n; i += RRI_SOFTMAX_BLOCK) {
        double sum = NAN;
        const size_t rest = n - i < RRI_SOFTMAX_BLOCK ? n - i : RRI_SOFTMAX_BLOCK;
        rri_softmax_add(&row, rri_kernels_detect(), z + i, rest, &sum, NULL);
        f.of_blocks += sum > 0.0 ? sum * exp((double)row.max) : 0.0;
    }
    rri_softmax_finish(&row, &f.max, &f.log_sum, &f.entropy);
    return f;
}

/* The same in double, over what is allowed. */
static finished naive(const float *z, size_t n)
{
    double max = -INFINITY, sum = 0.0, moment = 0.0;
    for (size_t i = 0; i < n; i++) {
        max = (double)z[i] > max ? (double)z[i] : max;
    }
    for (size_t i = 0; i < n; i++) {
        const double x = (double)z[i] - max;
        sum += exp(x);
        moment += x > -INFINITY ? x * exp(x) : 0.0;
    }
    return (finished){(float)max, (float)(log(sum) - moment / sum), log(sum), sum * exp(max)};
}

static void compare(const float *z, size_t n)
{
    const finished a = run(z, n), b = naive(z, n);
    ck_assert(a.max == b.max);
    ck_assert_double_eq_tol(a.log_sum, b.log_sum, 1e-6);
    ck_assert_double_eq_tol((double)a.entropy, (double)b.entropy, 1e-6);
    if (fabsf(b.max) < 80.0f) {
        ck_assert_double_eq_tol(a.of_blocks, b.of_blocks, 1e-6 * b.of_blocks);
    }
}

START_TEST(test_softmax_rows_agree_with_double_at_every_length)
{
    float z[600];
    for (size_t n = 1; n < 600; n += 13) {
        gradcheck_draw(z, n, -5.0f, 5.0f, n);
        compare(z, n);
    }
}
END_TEST

START_TEST(test_softmax_chunks_are_merged_whichever_has_the_maximum)
{
    const size_t n = 40000;
    float *z = malloc(n * sizeof *z);
    for (uint64_t seed = 0; seed < 4; seed++) {
        gradcheck_draw(z, n, -5.0f, 5.0f, seed);
        for (size_t i = 0; i < n; i++) { /* rising, falling, a peak in the second chunk, level */
            const float slopes[] = {4e-4f, -4e-4f, 0.0f, 0.0f};
            z[i] += slopes[seed] * (float)i;
        }
        z[20000] = seed == 2 ? 12.0f : z[20000];
        compare(z, n);
    }
    free(z);
}
END_TEST

START_TEST(test_softmax_holds_at_an_offset_of_ten_thousand)
{
    float z[1000];
    gradcheck_draw(z, 1000, 9998.0f, 10002.0f, 5);
    compare(z, 1000);
    gradcheck_draw(z, 1000, -10002.0f, -9998.0f, 6);
    compare(z, 1000);
}
END_TEST

START_TEST(test_softmax_blocks_and_chunks_of_excluded_positions_add_nothing)
{
    const size_t n = 3 * RRI_SOFTMAX_CHUNK;
    float *z = malloc(n * sizeof *z);
    gradcheck_draw(z, n, -5.0f, 5.0f, 7);
    for (size_t where = 0; where < 3; where++) {
        for (size_t i = 0; i < n; i++) {
            z[i] = i / RRI_SOFTMAX_CHUNK == where ? z[i] : -INFINITY;
        }
        z[where * RRI_SOFTMAX_CHUNK] = -INFINITY;
        compare(z, n);
        gradcheck_draw(z, n, -5.0f, 5.0f, 8 + where);
    }
    for (size_t i = 0; i < 700; i++) {
        z[i] = i < 600 ? -INFINITY : z[i];
    }
    compare(z, 700);
    z[0] = 3.0f;
    const finished one = run(z, 1);
    ck_assert(one.max == 3.0f && one.log_sum == 0.0 && one.entropy == 0.0f);
    free(z);
}
END_TEST

START_TEST(test_softmax_nan_and_infinity_come_out_as_nan)
{
    float z[600];
    for (size_t bad = 0; bad < 600; bad += 299) {
        gradcheck_draw(z, 600, -5.0f, 5.0f, 9);
        z[bad] = NAN;
        ck_assert(isnan(run(z, 600).log_sum));
        z[bad] = INFINITY;
        ck_assert(isnan(run(z, 600).log_sum));
    }
    for (size_t i = 0; i < 600; i++) {
        z[i] = NAN;
    }
    ck_assert(isnan(run(z, 600).log_sum));
}
END_TEST

CHECK_MAIN("policy/softmax", test_softmax_rows_agree_with_double_at_every_length,
           test_softmax_chunks_are_merged_whichever_has_the_maximum,
           test_softmax_holds_at_an_offset_of_ten_thousand,
           test_softmax_blocks_and_chunks_of_excluded_positions_add_nothing,
           test_softmax_nan_and_infinity_come_out_as_nan)
