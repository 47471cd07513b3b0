/* SPDX-License-Identifier: MIT */
#include "eval/comparison.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "check_run.h"
#include "core/philox.h"
#include "eval/student.h"
#include "skewed.h"

enum { N = 40, ROUNDS = 4000 };

START_TEST(test_comparison_three_sessions_by_hand)
{
    /* Differences 1, 2, 6: mean 3, variance 7, t of two degrees 4.3027. */
    const float a[] = {3.0f, 5.0f, 7.0f}, b[] = {2.0f, 3.0f, 1.0f};
    rr_comparison out;
    rri_comparison_compute(&out, a, b, NULL, 3);
    ck_assert(out.n == 3 && out.n_groups == 3);
    ck_assert_double_eq_tol(out.mean_a, 5.0, 1e-14);
    ck_assert_double_eq_tol(out.mean_b, 2.0, 1e-14);
    ck_assert_double_eq_tol(out.difference, 3.0, 1e-14);
    ck_assert_double_eq_tol(out.difference_interval, 4.302652730 * sqrt(7.0 / 3.0), 1e-7);
    /* Not paired: variances 4 and 1, four degrees. */
    ck_assert_double_eq_tol(out.unpaired_interval, 2.776445105 * sqrt(5.0 / 3.0), 1e-7);
    ck_assert(out.n_won == 3 && out.n_tied == 0 && out.n_lost == 0);
}
END_TEST

START_TEST(test_comparison_groups_by_hand)
{
    /* Differences 1, 2 | 6: residuals −2 − 1 = −3 | 3; 2/1 · (9 + 9) / 9 = 4. */
    const float a[] = {3.0f, 5.0f, 7.0f}, b[] = {2.0f, 3.0f, 1.0f};
    const int32_t groups[] = {7, 7, 2};
    rr_comparison out;
    rri_comparison_compute(&out, a, b, groups, 3);
    ck_assert_int_eq(out.n_groups, 2);
    ck_assert_double_eq_tol(out.difference, 3.0, 1e-14);
    ck_assert_double_eq_tol(out.difference_interval, 12.706204736 * 2.0, 1e-7);
}
END_TEST

START_TEST(test_comparison_of_a_policy_with_itself_is_exactly_zero)
{
    float a[N];
    rri_philox_normals(a, N, 3, RRI_STREAM_USERS, 0);
    rr_comparison out;
    rri_comparison_compute(&out, a, a, NULL, N);
    ck_assert(out.difference == 0.0 && out.difference_interval == 0.0);
    ck_assert(out.difference_low == 0.0 && out.difference_high == 0.0 && out.n_unequal == 0);
    ck_assert(out.n_tied == N && out.n_won == 0 && out.n_lost == 0);
    ck_assert(out.unpaired_interval > 0.1);
}
END_TEST

START_TEST(test_comparison_the_other_way_round_changes_signs_alone)
{
    float a[N], b[N];
    rri_philox_normals(a, N, 4, RRI_STREAM_USERS, 0);
    rri_philox_normals(b, N, 5, RRI_STREAM_USERS, 0);
    a[3] = b[3];
    rr_comparison one, other;
    rri_comparison_compute(&one, a, b, NULL, N);
    rri_comparison_compute(&other, b, a, NULL, N);
    ck_assert(one.difference == -other.difference);
    ck_assert(one.difference_interval == other.difference_interval);
    ck_assert(one.difference_low == -other.difference_high);
    ck_assert(one.difference_high == -other.difference_low);
    ck_assert(one.unpaired_interval == other.unpaired_interval);
    ck_assert(one.n_won == other.n_lost && one.n_tied == 1 && other.n_tied == 1);
}
END_TEST

START_TEST(test_comparison_of_one_session_or_one_user_has_no_interval)
{
    const float a[] = {1.0f, 2.0f}, b[] = {3.0f, 3.0f};
    const int32_t one_user[] = {4, 4};
    rr_comparison out;
    rri_comparison_compute(&out, a, b, NULL, 1);
    ck_assert(out.difference == -2.0 && isnan(out.difference_interval));
    ck_assert(isnan(out.difference_low) && isnan(out.difference_high) && out.is_too_few == 1);
    rri_comparison_compute(&out, a, b, one_user, 2);
    ck_assert(out.difference == -1.5 && isnan(out.difference_interval) &&
              isnan(out.unpaired_interval));
}
END_TEST

/* Returns of a policy: what the user is worth to anybody (skewed: squares of normals), and luck. In
 * the difference of two what is skewed cancels, and luck, which is normal, is left. */
static void draw_returns(float *a, float *b, size_t n, float shift, uint64_t seed)
{
    float user[N], luck[2 * N];
    rri_philox_normals(user, n, seed, RRI_STREAM_USERS, 0);
    rri_philox_normals(luck, 2 * n, seed, RRI_STREAM_ITEMS, 0);
    for (size_t i = 0; i < n; i++) {
        a[i] = 5.0f * user[i] * user[i] + luck[i] + shift;
        b[i] = 5.0f * user[i] * user[i] + luck[n + i];
    }
}

/* Binomial: 95 % ± 3.5 standard errors of 4000 rounds is 93.8 … 96.2 %. */
static void check_cover(int n_covered)
{
    const double share = (double)n_covered / ROUNDS;
    ck_assert_msg(share > 0.938 && share < 0.962, "covered in %.2f %% of the rounds",
                  100.0 * share);
}

START_TEST(test_comparison_covers_the_true_difference_in_95_of_100)
{
    int n_covered = 0;
    double paired = 0.0, unpaired = 0.0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        float a[N], b[N];
        rr_comparison out;
        draw_returns(a, b, N, 0.75f, round);
        rri_comparison_compute(&out, a, b, NULL, N);
        n_covered += fabs(out.difference - 0.75) <= out.difference_interval ? 1 : 0;
        paired += out.difference_interval;
        unpaired += out.unpaired_interval;
    }
    check_cover(n_covered);
    printf("eval/comparison: covered %.2f %%; half width %.3f paired, %.3f not\n",
           100.0 * n_covered / ROUNDS, paired / ROUNDS, unpaired / ROUNDS);
    /* Variance of luck alone, 2, beside that of users and luck, 2 · 51: a seventh of the width. */
    ck_assert(paired < unpaired / 6.0 && paired > unpaired / 8.0);
}
END_TEST

/* Sessions of which policy a earned what skewed.h draws, and b nothing. */
static rr_comparison skewed_comparison(skewed_kind kind, size_t n, uint64_t seed)
{
    static float a[1000], b[1000];
    rr_comparison out;
    for (size_t i = 0; i < n; i++) {
        a[i] = (float)skewed_value(kind, seed, i);
    }
    rri_comparison_compute(&out, a, b, NULL, n);
    return out;
}

/* Of differences that are really skewed: the interval holds the truth in 93 of 100 rounds, or it is
 * said that there are too few; docs/evaluation.md has the table, tests/bench/intervals.c prints it.
 */
START_TEST(test_comparison_covers_skewed_differences_or_says_that_there_are_too_few)
{
    static const struct {
        size_t n;
        int rounds;
    } sizes[] = {{40, 3000}, {200, 1500}, {1000, 600}};
    for (int kind = 0; kind < SKEWED_KINDS; kind++) {
        for (size_t s = 0; s < 3; s++) {
            int n_covered = 0, n_said = 0, n_either = 0, n_by_student = 0;
            for (int round = 0; round < sizes[s].rounds; round++) {
                const rr_comparison out =
                    skewed_comparison((skewed_kind)kind, sizes[s].n, (uint64_t)round);
                const double truth = skewed_means[kind];
                const bool covers = out.difference_low <= truth && truth <= out.difference_high;
                n_covered += covers;
                n_said += out.is_too_few;
                n_either += covers || out.is_too_few != 0;
                n_by_student += fabs(out.difference - truth) <= out.difference_interval;
            }
            const double rounds = sizes[s].rounds, error = sqrt(0.95 * 0.05 / rounds);
            ck_assert_msg(n_either / rounds > 0.93 - 3.5 * error, "%s, %zu: %.2f %% of the rounds",
                          skewed_names[kind], sizes[s].n, 100.0 * n_either / rounds);
            if (n_said < sizes[s].rounds / 20) { /* where it is to be relied on, it holds */
                ck_assert_msg(n_covered / rounds > 0.93 - 3.5 * error &&
                                  n_covered / rounds < 0.97 + 3.5 * error,
                              "%s, %zu: %.2f %% of the rounds", skewed_names[kind], sizes[s].n,
                              100.0 * n_covered / rounds);
            }
            const bool is_normal = kind == SKEWED_NORMAL;
            ck_assert(!is_normal || n_said == 0);
            if (kind == SKEWED_LOG_NORMAL_15 && sizes[s].n <= 200) { /* what Student's is not */
                ck_assert(n_by_student < 0.9 * rounds && n_covered > n_by_student + 0.02 * rounds);
            }
        }
    }
}
END_TEST

/* Both ends, put through the transformation, are the points of Student's t. */
START_TEST(test_comparison_ends_are_halls_transformation_turned_round)
{
    for (int kind = 0; kind < SKEWED_KINDS; kind++) {
        for (size_t n = 2; n <= 1000; n += n < 10 ? 1 : 110) {
            float a[1000], b[1000] = {0};
            double mean = 0.0, second = 0.0, third = 0.0;
            for (size_t i = 0; i < n; i++) {
                a[i] = (float)skewed_value((skewed_kind)kind, 9, i);
                mean += (double)a[i] / (double)n;
            }
            for (size_t i = 0; i < n; i++) {
                const double e = (double)a[i] - mean;
                second += e * e / (double)n;
                third += e * e * e / (double)n;
            }
            rr_comparison out;
            rri_comparison_compute(&out, a, b, NULL, n);
            if (second == 0.0) {
                ck_assert(out.difference_low == mean && out.difference_high == mean);
                continue;
            }
            const double root = sqrt((double)n), skew = third / (second * sqrt(second)) / root;
            const double deviation = sqrt(second / ((double)n - 1.0));
            const double t = rri_student_point(n - 1);
            const double ends[] = {out.difference_low, out.difference_high};
            for (int end = 0; end < 2; end++) {
                const double x = (mean - ends[end]) / deviation;
                const double h =
                    x + skew * x * x / 3.0 + skew * skew * x * x * x / 27.0 + skew / 6.0;
                ck_assert_double_eq_tol(h, end == 0 ? t : -t, 1e-7 * (1.0 + t * t));
            }
            ck_assert(out.difference_low < out.difference_high);
        }
    }
}
END_TEST

/* Which of the three reasons speaks. */
START_TEST(test_comparison_says_that_there_are_too_few)
{
    float a[400], b[400] = {0};
    int32_t users[400];
    rr_comparison out;
    for (size_t i = 0; i < 400; i++) {
        a[i] = i % 2 == 0 ? 1.0f : -1.0f;
        users[i] = (int32_t)(i / 20);
    }
    rri_comparison_compute(&out, a, b, NULL, 19);
    ck_assert(out.is_too_few == 1 && out.n_unequal == 19);
    rri_comparison_compute(&out, a, b, NULL, 20);
    ck_assert(out.is_too_few == 0 && out.n_unequal == 20);
    for (int n_unequal = 0; n_unequal <= 9; n_unequal++) {
        float few[400] = {0};
        for (int i = 0; i < n_unequal; i++) {
            few[i] = i % 2 == 0 ? 1.0f : -1.0f;
        }
        rri_comparison_compute(&out, few, b, NULL, 400);
        ck_assert_int_eq(out.n_unequal, n_unequal);
        ck_assert_int_eq(out.is_too_few, n_unequal < 8);
    }
    a[0] = 100.0f; /* one session carries it all */
    rri_comparison_compute(&out, a, b, NULL, 400);
    ck_assert(out.is_too_few == 1 && out.n_unequal == 400);
    a[0] = 1.0f;
    for (size_t i = 0; i < 20; i++) { /* of 20 users 19 are left */
        users[i] = 1;
    }
    rri_comparison_compute(&out, a, b, users, 400);
    ck_assert(out.n_groups == 19 && out.is_too_few == 1);
}
END_TEST

START_TEST(test_comparison_of_few_sessions_covers_too)
{
    int n_covered = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        float a[N], b[N];
        rr_comparison out;
        draw_returns(a, b, 5, 0.0f, round);
        rri_comparison_compute(&out, a, b, NULL, 5);
        n_covered += fabs(out.difference) <= out.difference_interval ? 1 : 0;
    }
    check_cover(n_covered);
}
END_TEST

START_TEST(test_comparison_over_users_covers_where_their_sessions_are_alike)
{
    /* 40 users of 1, 2, 3 or 4 sessions that hardly differ. */
    int n_covered = 0, n_covered_as_sessions = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        float user[N], luck[4 * N], a[4 * N], b[4 * N];
        int32_t groups[4 * N];
        size_t n = 0;
        rri_philox_normals(user, N, round, RRI_STREAM_USERS, 0);
        rri_philox_normals(luck, 4 * N, round, RRI_STREAM_ITEMS, 0);
        for (int32_t u = 0; u < N; u++) {
            for (int32_t i = 0; i <= u % 4; i++, n++) {
                groups[n] = u;
                a[n] = user[u] + 0.1f * luck[n];
                b[n] = 0.0f;
            }
        }
        rr_comparison over_users, over_sessions;
        rri_comparison_compute(&over_users, a, b, groups, n);
        rri_comparison_compute(&over_sessions, a, b, NULL, n);
        n_covered += fabs(over_users.difference) <= over_users.difference_interval ? 1 : 0;
        n_covered_as_sessions +=
            fabs(over_sessions.difference) <= over_sessions.difference_interval ? 1 : 0;
    }
    const double share = (double)n_covered / ROUNDS;
    ck_assert_msg(share > 0.92 && share < 0.962, "covered in %.2f %% of the rounds", 100.0 * share);
    ck_assert(n_covered_as_sessions < ROUNDS * 85 / 100);
}
END_TEST

CHECK_MAIN("eval/comparison", test_comparison_three_sessions_by_hand,
           test_comparison_groups_by_hand, test_comparison_of_a_policy_with_itself_is_exactly_zero,
           test_comparison_the_other_way_round_changes_signs_alone,
           test_comparison_of_one_session_or_one_user_has_no_interval,
           test_comparison_covers_the_true_difference_in_95_of_100,
           test_comparison_covers_skewed_differences_or_says_that_there_are_too_few,
           test_comparison_ends_are_halls_transformation_turned_round,
           test_comparison_says_that_there_are_too_few, test_comparison_of_few_sessions_covers_too,
           test_comparison_over_users_covers_where_their_sessions_are_alike)
