/* SPDX-License-Identifier: MIT */
#include "eval/comparison.h"

#include <math.h>
#include <stdio.h>

#include "check_run.h"
#include "core/philox.h"

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
    rri_comparison_compute(&out, a, b, one_user, 2);
    ck_assert(out.difference == -1.5 && isnan(out.difference_interval) &&
              isnan(out.unpaired_interval));
}
END_TEST

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

START_TEST(test_comparison_student_leaves_two_and_a_half_percent_above)
{
    for (size_t freedom = 1; freedom < 200; freedom += freedom < 20 ? 1 : 20) {
        const double t = rri_comparison_student(freedom);
        ck_assert_double_eq_tol(student_below(t, (double)freedom), 0.975, 1e-6);
        ck_assert(t > rri_comparison_student(freedom + 1));
    }
    ck_assert_double_eq_tol(rri_comparison_student(100000000), 1.959963985, 1e-7);
}
END_TEST

/* Returns of a policy: what the user is worth to anybody (skewed: squares of normals), and luck. */
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
           test_comparison_student_leaves_two_and_a_half_percent_above,
           test_comparison_covers_the_true_difference_in_95_of_100,
           test_comparison_of_few_sessions_covers_too,
           test_comparison_over_users_covers_where_their_sessions_are_alike)
