/* SPDX-License-Identifier: MIT */
#include "rl/off_policy.h"

#include <math.h>

#include "check_run.h"
#include "core/hash.h"

START_TEST(test_off_policy_weights_by_hand)
{
    const float prox[] = {-1.0f, -2.0f, -1.0f, -3.0f};
    const float mu[] = {-1.0f, -1.0f, -3.0f, -3.0f};
    const uint8_t is_own[] = {1, 0, 0, 0};
    float w[4];
    const rri_off_policy_sums sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, 4);
    ck_assert_float_eq(w[0], 1.0f);
    ck_assert_float_eq_tol(w[1], 0.36787944f, 1e-6f);
    ck_assert_float_eq(w[2], 2.0f); /* e² capped */
    ck_assert_float_eq(w[3], 1.0f); /* exactly, since the log-probs are equal */
    ck_assert_uint_eq(sums.n_capped, 1);
    ck_assert_uint_eq(sums.n_other, 3);
    ck_assert_double_eq_tol(sums.raw_max, exp(2.0), 1e-5);
    ck_assert_double_eq_tol(sums.raw, exp(-1.0) + exp(2.0) + 1.0, 1e-5);
    const double a = 1.0 + exp(-1.0) + 2.0 + 1.0;
    const double b = 1.0 + exp(-2.0) + 4.0 + 1.0;
    ck_assert_double_eq_tol(rri_off_policy_ess(&sums), a * a / (4.0 * b), 1e-6);
}
END_TEST

START_TEST(test_off_policy_rows_of_the_present_version_weigh_exactly_one)
{
    enum { N = 97 };
    float prox[N], mu[N], w[N];
    uint8_t is_own[N];
    for (size_t i = 0; i < N; i++) {
        mu[i] = prox[i] = -0.1f * (float)(i + 1);
        is_own[i] = i % 2 == 0;
    }
    const rri_off_policy_sums sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, N);
    for (size_t i = 0; i < N; i++) {
        ck_assert_float_eq(w[i], 1.0f);
    }
    ck_assert_double_eq(rri_off_policy_ess(&sums), 1.0);
    ck_assert_double_le(rri_off_policy_evidence(&sums), 0.0);
}
END_TEST

START_TEST(test_off_policy_effective_share_falls_with_what_does_not_count)
{
    const float prox[] = {-1.0f, -200.0f, -200.0f, -200.0f}, mu[] = {-1.0f, -1.0f, -1.0f, -1.0f};
    const uint8_t is_own[4] = {0};
    float w[4];
    rri_off_policy_sums sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, 4);
    ck_assert_double_eq_tol(rri_off_policy_ess(&sums), 0.25, 1e-12);
    sums = rri_off_policy_weigh(w, prox + 1, mu + 1, is_own, 2.0f, 3);
    ck_assert_double_eq(rri_off_policy_ess(&sums), 0.0); /* e^−199 is 0 in float */
    sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, 0);
    ck_assert_double_eq(rri_off_policy_ess(&sums), 1.0);
}
END_TEST

/* One row of weight 3 by hand: the mean over λ = 1, ½ … 2⁻⁷ of 1 + 2λ is 1 + 2 · (2 − 2⁻⁷)/8. */
START_TEST(test_off_policy_evidence_by_hand)
{
    const float prox = logf(3.0f), mu = 0.0f;
    const uint8_t is_own = 0;
    float w;
    const rri_off_policy_sums sums = rri_off_policy_weigh(&w, &prox, &mu, &is_own, 2.0f, 1);
    ck_assert_double_eq_tol(rri_off_policy_evidence(&sums), log(1.0 + (2.0 - 0x1p-7) / 4.0), 1e-4);
}
END_TEST

/* A draw from p [n]. */
static int draw(const double *p, int n, uint64_t i)
{
    double u = (double)(rri_hash_mix(i * 77 + 5) >> 11) * 0x1p-53;
    int a = 0;
    while (a + 1 < n && u >= p[a]) {
        u -= p[a++];
    }
    return a;
}

/* Draws from μ over three actions, weighed by π: the mean is 1; with log-probs that are too small
 * by a seventh, or a π that is not normalised, it is more, and there is evidence of it. */
START_TEST(test_off_policy_evidence_tells_log_probs_that_are_too_small)
{
    enum { N = 4000 };
    static float prox[N], skewed[N], mu[N], w[N];
    static uint8_t is_own[N];
    const double m[] = {0.5, 0.3, 0.2}, p[] = {0.2, 0.35, 0.45};
    for (uint64_t i = 0; i < N; i++) {
        const int a = draw(m, 3, i);
        mu[i] = (float)log(m[a]);
        prox[i] = (float)log(p[a]);
        skewed[i] = (float)log(p[a] * 1.15);
    }
    rri_off_policy_sums sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, N);
    ck_assert_double_lt(rri_off_policy_evidence(&sums), log(1e4));
    sums = rri_off_policy_weigh(w, skewed, mu, is_own, 2.0f, N);
    ck_assert_double_gt(rri_off_policy_evidence(&sums), log(1e4));
    sums = rri_off_policy_weigh(w, skewed, mu, is_own, 2.0f, 8); /* too few to say */
    ck_assert_double_lt(rri_off_policy_evidence(&sums), log(1e4));
}
END_TEST

/* A greedy policy never plays what the present one likes, and a floor of 0.02 over 1000 items plays
 * it once in 50,000 rows, with a weight of 49,001 then: in 30,000 updates of 256 rows, however the
 * mean weight lies, no more than one in 10,000 has evidence against the host. */
START_TEST(test_off_policy_evidence_is_seldom_false_without_support_and_with_heavy_tails)
{
    enum { N = 256 };
    const uint64_t n_trials = 30000 / check_step(10);
    const int most = n_trials > 10000 ? (int)(n_trials / 10000) : 1;
    static float prox[N], mu[N], w[N];
    static uint8_t is_own[N];
    const struct {
        double mu[2], prox[2];
    } worlds[] = {
        {{1.0, 0.0}, {0.3, 0.7}}, {{1.0 - 2e-5, 2e-5}, {0.02, 0.98}}, {{0.9, 0.1}, {0.1, 0.9}}};
    for (size_t world = 0; world < 3; world++) {
        int n_false = 0;
        for (uint64_t trial = 0; trial < n_trials; trial++) {
            for (uint64_t i = 0; i < N; i++) {
                const int a = draw(worlds[world].mu, 2, (trial * N + i) * 3 + world);
                mu[i] = (float)log(worlds[world].mu[a]);
                prox[i] = (float)log(worlds[world].prox[a]);
            }
            const rri_off_policy_sums sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, N);
            n_false += rri_off_policy_evidence(&sums) > log(1e4);
        }
        ck_assert_int_le(n_false, most);
    }
}
END_TEST

/* Of rows whose weights are 1 but for the last bits, all off to one side. */
START_TEST(test_off_policy_rounding_is_no_skew_and_a_shift_of_all_is)
{
    enum { N = 100000 };
    static float prox[N], mu[N], w[N];
    static uint8_t is_own[N];
    for (size_t i = 0; i < N; i++) {
        mu[i] = -6.0f - (float)(i % 7);
        prox[i] = nextafterf(mu[i], 0.0f);
    }
    rri_off_policy_sums sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, N);
    ck_assert_double_ne(sums.raw, (double)N);
    ck_assert_double_lt(rri_off_policy_evidence(&sums), 1.0);
    for (size_t i = 0; i < N; i++) {
        mu[i] = -2.0f;
        prox[i] = -2.0f + 0x1p-10f; /* each weight the same, without any variance */
    }
    sums = rri_off_policy_weigh(w, prox, mu, is_own, 2.0f, N);
    ck_assert_double_gt(rri_off_policy_evidence(&sums), log(1e4));
}
END_TEST

CHECK_MAIN("rl/off_policy", test_off_policy_rounding_is_no_skew_and_a_shift_of_all_is,
           test_off_policy_weights_by_hand,
           test_off_policy_rows_of_the_present_version_weigh_exactly_one,
           test_off_policy_effective_share_falls_with_what_does_not_count,
           test_off_policy_evidence_by_hand,
           test_off_policy_evidence_tells_log_probs_that_are_too_small,
           test_off_policy_evidence_is_seldom_false_without_support_and_with_heavy_tails)
