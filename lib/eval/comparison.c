/* SPDX-License-Identifier: MIT */
/* comparison.c: in double, one session after the other. */
#include "eval/comparison.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "eval/student.h"

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

/* Groups, each its sum of deviations from the mean. */
typedef struct moments {
    size_t n_groups, n_unequal; /* unequal: sessions of theirs differ */
    double second, third;       /* Σ over groups of the sum's square, and of its cube */
} moments;

static moments moments_of(const float *a, const float *b, const int32_t *groups, size_t n, int what)
{
    const double mean = mean_of(a, b, n, what);
    moments m = {0};
    double of_group = 0.0;
    bool is_unequal = false;
    for (size_t i = 0; i < n; i++) {
        of_group += value_at(a, b, i, what) - mean;
        is_unequal = is_unequal || a[i] != b[i];
        if (groups == NULL || i + 1 == n || groups[i + 1] != groups[i]) {
            m.second += of_group * of_group;
            m.third += of_group * of_group * of_group;
            m.n_groups++;
            m.n_unequal += is_unequal;
            of_group = 0.0;
            is_unequal = false;
        }
    }
    return m;
}

/* Var(mean) over two or more groups. */
static double variance_of(const moments *m, size_t n)
{
    const double n_groups = (double)m->n_groups;
    return n_groups / (n_groups - 1.0) * m->second / ((double)n * (double)n);
}

/* ∛v by Halley's steps, which come from any side: arithmetic alone, so the same bits everywhere. */
static double cube_root(double v)
{
    const double of = fabs(v);
    double x = 1.0;
    for (int step = 0; of > 0.0 && step < 100; step++) {
        const double cube = x * x * x;
        x *= (cube + 2.0 * of) / (2.0 * cube + of);
    }
    return of == 0.0 ? 0.0 : copysign(x, v);
}

/* The t that Hall's transformation turns into y: t + a t²/3 + a² t³/27 + a/6 = y. */
static double untransformed(double y, double a)
{
    if (fabs(a) < 1e-6) { /* the root's difference from 1 would be nothing but rounding */
        return y - a / 6.0 - a * y * y / 3.0;
    }
    return 3.0 / a * (cube_root(1.0 + a * (y - a / 6.0)) - 1.0);
}

enum { FEW_GROUPS = 20, FEW_UNEQUAL = 8 };
#define MOST_SKEW 0.3 /* of γ/√G: beyond it a handful of groups carries the difference */

/* Both ends, and whether they can be relied on. */
static void fill_interval(rr_comparison *out, const moments *m, double deviation)
{
    const double n_groups = (double)m->n_groups;
    const double t = rri_student_point(m->n_groups - 1);
    const double second = m->second / n_groups;
    const double skewness = second > 0.0 ? m->third / n_groups / (second * sqrt(second)) : 0.0;
    const double a = skewness / sqrt(n_groups);
    out->difference_low = out->difference - deviation * untransformed(t, a);
    out->difference_high = out->difference - deviation * untransformed(-t, a);
    out->is_too_few = m->n_groups < FEW_GROUPS || m->n_unequal < FEW_UNEQUAL || fabs(a) > MOST_SKEW;
}

void rri_comparison_compute(rr_comparison *out, const float *a, const float *b,
                            const int32_t *groups, size_t n)
{
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    out->n = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        out->n_won += a[i] > b[i] ? 1 : 0;
        out->n_tied += a[i] == b[i] ? 1 : 0;
        out->n_lost += a[i] < b[i] ? 1 : 0;
    }
    out->mean_a = mean_of(a, b, n, OF_A);
    out->mean_b = mean_of(a, b, n, OF_B);
    out->difference = mean_of(a, b, n, OF_DIFFERENCE);
    const moments m = moments_of(a, b, groups, n, OF_DIFFERENCE);
    out->n_groups = (int32_t)m.n_groups;
    out->n_unequal = (int32_t)m.n_unequal;
    out->difference_interval = out->unpaired_interval = (double)NAN;
    out->difference_low = out->difference_high = (double)NAN;
    out->is_too_few = 1;
    if (m.n_groups >= 2) {
        const moments of_a = moments_of(a, b, groups, n, OF_A);
        const moments of_b = moments_of(a, b, groups, n, OF_B);
        const double deviation = sqrt(variance_of(&m, n));
        out->difference_interval = rri_student_point(m.n_groups - 1) * deviation;
        out->unpaired_interval = rri_student_point(2 * (m.n_groups - 1)) *
                                 sqrt(variance_of(&of_a, n) + variance_of(&of_b, n));
        fill_interval(out, &m, deviation);
    }
}
