/* SPDX-License-Identifier: MIT */
/* comparison.c: in double, one session after the other. */
#include "eval/comparison.h"

#include <math.h>
#include <string.h>

/* From nine degrees on the expansion in 1/ν [Abramowitz and Stegun 26.7.5] is near enough. */
double rri_comparison_student(size_t freedom)
{
    static const double few[] = {12.706204736, 4.302652730, 3.182446305, 2.776445105,
                                 2.570581836,  2.446911851, 2.364624252, 2.306004135};
    if (freedom <= sizeof few / sizeof few[0]) {
        return few[freedom - 1];
    }
    const double z = 1.959963984540054;
    const double s = z * z;
    const double v = 1.0 / (double)freedom;
    const double g1 = z * (s + 1.0) / 4.0;
    const double g2 = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    const double g3 = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    const double g4 = z * ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0;
    return z + v * (g1 + v * (g2 + v * (g3 + v * g4)));
}

/* What a variance is taken of. */
enum { OF_A = 0, OF_B = 1, OF_DIFFERENCE = 2 };

static double value_at(const float *a, const float *b, size_t i, int what)
{
    return what == OF_A ? (double)a[i] : what == OF_B ? (double)b[i] : (double)a[i] - (double)b[i];
}

static double mean_of(const float *a, const float *b, size_t n, int what)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += value_at(a, b, i, what);
    }
    return sum / (double)n;
}

/* Var(mean) over groups; NaN for fewer than two. */
static double variance_of(const float *a, const float *b, const int32_t *groups, size_t n, int what)
{
    const double mean = mean_of(a, b, n, what);
    double squares = 0.0, of_group = 0.0;
    double n_groups = 0.0;
    for (size_t i = 0; i < n; i++) {
        of_group += value_at(a, b, i, what) - mean;
        if (groups == NULL || i + 1 == n || groups[i + 1] != groups[i]) {
            squares += of_group * of_group;
            n_groups += 1.0;
            of_group = 0.0;
        }
    }
    return n_groups < 2.0 ? (double)NAN
                          : n_groups / (n_groups - 1.0) * squares / ((double)n * (double)n);
}

static size_t count_groups(const int32_t *groups, size_t n)
{
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        n_groups += groups == NULL || i + 1 == n || groups[i + 1] != groups[i] ? 1 : 0;
    }
    return n_groups;
}

void rri_comparison_compute(rr_comparison *out, const float *a, const float *b,
                            const int32_t *groups, size_t n)
{
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    out->n = (int32_t)n;
    const size_t n_groups = count_groups(groups, n);
    out->n_groups = (int32_t)n_groups;
    for (size_t i = 0; i < n; i++) {
        out->n_won += a[i] > b[i] ? 1 : 0;
        out->n_tied += a[i] == b[i] ? 1 : 0;
        out->n_lost += a[i] < b[i] ? 1 : 0;
    }
    out->mean_a = mean_of(a, b, n, OF_A);
    out->mean_b = mean_of(a, b, n, OF_B);
    out->difference = mean_of(a, b, n, OF_DIFFERENCE);
    out->difference_interval = out->unpaired_interval = (double)NAN;
    if (n_groups >= 2) {
        out->difference_interval = rri_comparison_student(n_groups - 1) *
                                   sqrt(variance_of(a, b, groups, n, OF_DIFFERENCE));
        out->unpaired_interval =
            rri_comparison_student(2 * (n_groups - 1)) *
            sqrt(variance_of(a, b, groups, n, OF_A) + variance_of(a, b, groups, n, OF_B));
    }
}
