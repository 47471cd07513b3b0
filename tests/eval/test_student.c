/* SPDX-License-Identifier: MIT */
#include "eval/student.h"

#include <math.h>

#include "check_run.h"
#include "core/philox.h"
#include "recrl/recrl.h"

/* Simpson's rule over the density, whose constant is Γ((ν + 1)/2) / (Γ(ν/2) √(νπ)). */
static double student_below(double t, double freedom)
{
    enum { STEPS = 2000 };
    const double c = exp(lgamma((freedom + 1.0) / 2.0) - lgamma(freedom / 2.0)) /
                     sqrt(freedom * 3.14159265358979323846);
    double sum = 0.0;
    for (int i = 0; i <= STEPS; i++) {
        const double x = t * i / STEPS;
        const double weight = i == 0 || i == STEPS ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
        sum += weight * c * pow(1.0 + x * x / freedom, -(freedom + 1.0) / 2.0);
    }
    return 0.5 + sum * t / STEPS / 3.0;
}

START_TEST(test_student_leaves_two_and_a_half_percent_above)
{
    for (size_t freedom = 1; freedom < 200; freedom += freedom < 20 ? 1 : 20) {
        const double t = rri_student_point(freedom);
        ck_assert_double_eq_tol(student_below(t, (double)freedom), 0.975, 1e-6);
        ck_assert(t > rri_student_point(freedom + 1));
    }
    ck_assert_double_eq_tol(rri_student_point(100000000), 1.959963985, 1e-7);
}
END_TEST

START_TEST(test_student_half_width_by_hand)
{
    /* 1, 2, 6: mean 3, squared deviations 14, variance 7. */
    ck_assert_double_eq_tol(rri_student_half_width(14.0, 3), 4.302652730 * sqrt(7.0 / 3.0), 1e-8);
    ck_assert_double_eq_tol(rr_mean_interval(9.0, 41.0, 3), 4.302652730 * sqrt(7.0 / 3.0), 1e-8);
    ck_assert(rr_mean_interval(6.0, 12.0, 3) == 0.0); /* three times the same */
    ck_assert(isnan(rri_student_half_width(0.0, 0)) && isnan(rri_student_half_width(0.0, 1)));
    ck_assert(isnan(rr_mean_interval(3.0, 9.0, 1)) && isnan(rr_mean_interval(0.0, 0.0, -1)));
    ck_assert(isnan(rr_mean_interval((double)NAN, 1.0, 4)));
    ck_assert(isnan(rr_mean_interval(1.0, (double)INFINITY, 4)));
}
END_TEST

/* What 1.96 standard errors are not: 95 in 100, of any number of seeds. */
START_TEST(test_student_covers_means_of_few_seeds_95_times_in_100)
{
    enum { ROUNDS = 20000 };
    static const int seeds[] = {2, 3, 5, 10};
    for (size_t q = 0; q < 4; q++) {
        int n_covered = 0, n_by_196 = 0;
        for (uint64_t round = 0; round < ROUNDS; round++) {
            float x[10];
            double sum = 0.0, squares = 0.0;
            rri_philox_normals(x, 10, round, RRI_STREAM_USERS, 0);
            for (int i = 0; i < seeds[q]; i++) {
                sum += 3.0 + (double)x[i];
                squares += (3.0 + (double)x[i]) * (3.0 + (double)x[i]);
            }
            const double off = fabs(sum / seeds[q] - 3.0);
            const double half = rr_mean_interval(sum, squares, seeds[q]);
            n_covered += off <= half;
            n_by_196 += off <= half / rri_student_point((size_t)seeds[q] - 1) * 1.96;
        }
        /* 95 % ± 4 standard errors of 20,000 rounds */
        const double share = 100.0 * n_covered / ROUNDS;
        ck_assert_msg(fabs(share - 95.0) < 0.62, "%d seeds: %.2f %%", seeds[q], share);
        ck_assert(n_by_196 < ROUNDS * 93 / 100);
    }
}
END_TEST

CHECK_MAIN("eval/student", test_student_leaves_two_and_a_half_percent_above,
           test_student_half_width_by_hand, test_student_covers_means_of_few_seeds_95_times_in_100)
