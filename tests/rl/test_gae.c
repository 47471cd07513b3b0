/* SPDX-License-Identifier: MIT */
#include "rl/gae.h"

#include <math.h>

#include "check_run.h"
#include "gradcheck.h"

static const float HALF = 0.5f;

static void assert_close(float a, double b)
{
    ck_assert_msg(fabs((double)a - b) <= 1e-6 * (1.0 + fabs(b)), "%g is not %g", (double)a, b);
}

/* γ = λ = ½, two steps and the end of the rollout:
 *   δ_1 = 2 + ½·8 − 4 = 2, Â_1 = 2, R_1 = 6;   δ_0 = 1 + ½·4 − 2 = 1, Â_0 = 1 + ¼·2 = 1.5, R_0
 * = 3.5 */
START_TEST(test_gae_two_steps_by_hand)
{
    const float rewards[] = {1, 2}, values[] = {2, 4}, next_values[] = {4, 8};
    const uint8_t terminated[] = {0, 0}, is_end[] = {0, 1};
    float advantages[2], returns[2];
    rri_gae_compute(advantages, returns, rewards, values, next_values, terminated, is_end, HALF,
                    HALF, 2);
    ck_assert_float_eq(advantages[1], 2.0f);
    ck_assert_float_eq(returns[1], 6.0f);
    ck_assert_float_eq(advantages[0], 1.5f);
    ck_assert_float_eq(returns[0], 3.5f);
}
END_TEST

START_TEST(test_gae_terminated_step_does_not_bootstrap)
{
    const float rewards[] = {1, 3}, values[] = {2, 1}, next_values[] = {NAN, 10};
    const uint8_t terminated[] = {1, 0}, is_end[] = {1, 1};
    float advantages[2];
    rri_gae_compute(advantages, NULL, rewards, values, next_values, terminated, is_end, HALF, 1.0f,
                    2);
    ck_assert_float_eq(advantages[0], -1.0f); /* 1 − 2: neither the NaN nor the next session */
    ck_assert_float_eq(advantages[1], 7.0f);
}
END_TEST

START_TEST(test_gae_truncated_step_bootstraps_from_final_state)
{
    const float rewards[] = {1, 3}, values[] = {2, 100}, next_values[] = {6, 10};
    const uint8_t terminated[] = {0, 0}, is_end[] = {1, 1};
    float advantages[2];
    rri_gae_compute(advantages, NULL, rewards, values, next_values, terminated, is_end, HALF, 1.0f,
                    2);
    ck_assert_float_eq(advantages[0], 2.0f); /* 1 + ½·6 − 2, and nothing of the row behind it */
}
END_TEST

START_TEST(test_gae_terminated_row_ends_its_segment_unasked)
{
    const float rewards[] = {1, 3}, values[] = {2, 1}, next_values[] = {0, 10};
    const uint8_t terminated[] = {1, 0}, is_end[] = {0, 1};
    float advantages[2];
    rri_gae_compute(advantages, NULL, rewards, values, next_values, terminated, is_end, HALF, 1.0f,
                    2);
    ck_assert_float_eq(advantages[0], -1.0f);
}
END_TEST

START_TEST(test_gae_last_row_ends_its_segment_unasked)
{
    const float rewards[] = {1}, values[] = {2}, next_values[] = {4};
    const uint8_t none[] = {0};
    float advantage;
    rri_gae_compute(&advantage, NULL, rewards, values, next_values, none, none, HALF, HALF, 1);
    ck_assert_float_eq(advantage, 1.0f);
}
END_TEST

START_TEST(test_gae_no_rows_write_nothing)
{
    float advantage = 7.0f;
    rri_gae_compute(&advantage, NULL, NULL, NULL, NULL, NULL, NULL, HALF, HALF, 0);
    ck_assert_float_eq(advantage, 7.0f);
}
END_TEST

/* 40 random rows in segments; every third segment is terminated. */
enum { N = 40 };

typedef struct rows {
    float rewards[N], values[N], next_values[N];
    uint8_t terminated[N], is_end[N];
} rows;

static void draw_rows(rows *r)
{
    gradcheck_draw(r->rewards, N, -1, 1, 1);
    gradcheck_draw(r->values, N, -1, 1, 2);
    gradcheck_draw(r->next_values, N, -1, 1, 3);
    for (size_t t = 0; t < N; t++) {
        r->is_end[t] = t % 7 == 6 || t == N - 1;
        r->terminated[t] = r->is_end[t] && t % 3 == 0;
    }
    for (size_t t = 0; t + 1 < N; t++) {
        if (!r->is_end[t]) {
            r->next_values[t] = r->values[t + 1];
        }
    }
}

/* Spelt forwards: Â_t = Σ_l (γλ)^l δ_{t+l} to the end of the segment. */
START_TEST(test_gae_is_the_discounted_sum_of_deltas)
{
    rows r;
    draw_rows(&r);
    const double gamma = 0.75, lambda = 0.875;
    float advantages[N], returns[N];
    rri_gae_compute(advantages, returns, r.rewards, r.values, r.next_values, r.terminated, r.is_end,
                    (float)gamma, (float)lambda, N);
    for (size_t t = 0; t < N; t++) {
        double sum = 0.0, weight = 1.0;
        for (size_t s = t; s < N; s++) {
            const double next = r.terminated[s] ? 0.0 : (double)r.next_values[s];
            sum += weight * ((double)r.rewards[s] + gamma * next - (double)r.values[s]);
            weight *= gamma * lambda;
            if (r.is_end[s]) {
                break;
            }
        }
        assert_close(advantages[t], sum);
        assert_close(returns[t], sum + (double)r.values[t]);
    }
}
END_TEST

/* λ = 1: R_t is the discounted rewards to the end of the segment and the value there. */
START_TEST(test_gae_with_lambda_one_gives_n_step_returns)
{
    rows r;
    draw_rows(&r);
    float advantages[N], returns[N];
    rri_gae_compute(advantages, returns, r.rewards, r.values, r.next_values, r.terminated, r.is_end,
                    0.75f, 1.0f, N);
    for (size_t t = 0; t < N; t++) {
        size_t end = t;
        while (!r.is_end[end]) {
            end++;
        }
        double target = r.terminated[end] ? 0.0 : (double)r.next_values[end];
        for (size_t s = end + 1; s-- > t;) {
            target = (double)r.rewards[s] + 0.75 * target;
        }
        assert_close(returns[t], target);
    }
}
END_TEST

/* A segment's advantages do not depend on what stands before or behind it, in bits. */
START_TEST(test_gae_segments_do_not_see_one_another)
{
    rows r;
    draw_rows(&r);
    float whole[N], alone[7];
    rri_gae_compute(whole, NULL, r.rewards, r.values, r.next_values, r.terminated, r.is_end, 0.9f,
                    0.8f, N);
    rri_gae_compute(alone, NULL, r.rewards + 14, r.values + 14, r.next_values + 14,
                    r.terminated + 14, r.is_end + 14, 0.9f, 0.8f, 7);
    ck_assert_mem_eq(whole + 14, alone, sizeof alone);
}
END_TEST

START_TEST(test_gae_traces_cut_what_later_rows_hand_back)
{
    const float rewards[] = {1.0f, 2.0f, 4.0f}, values[] = {0.5f, 1.0f, 2.0f};
    const float next_values[] = {1.0f, 2.0f, 0.0f}, traces[] = {0.5f, 0.25f, 1.0f};
    const uint8_t terminated[] = {0, 0, 1}, is_end[] = {0, 0, 1};
    float advantages[3], returns[3];
    rri_gae_compute_traced(advantages, returns, rewards, values, next_values, terminated, is_end,
                           traces, HALF, HALF, 3);
    /* δ = 1, 2, 2;  Â₂ = 2;  Â₁ = 2 + ¼·1·2 = 2½;  Â₀ = 1 + ¼·¼·2½ */
    ck_assert_float_eq(advantages[2], 2.0f);
    ck_assert_float_eq(advantages[1], 2.5f);
    ck_assert_float_eq(advantages[0], 1.15625f);
    ck_assert_float_eq(returns[2], 4.0f);
    ck_assert_float_eq(returns[1], 1.0f + 0.25f * 2.5f);
    ck_assert_float_eq(returns[0], 0.5f + 0.5f * 1.15625f);
}
END_TEST

CHECK_MAIN("rl/gae", test_gae_two_steps_by_hand, test_gae_terminated_step_does_not_bootstrap,
           test_gae_truncated_step_bootstraps_from_final_state,
           test_gae_terminated_row_ends_its_segment_unasked,
           test_gae_last_row_ends_its_segment_unasked, test_gae_no_rows_write_nothing,
           test_gae_is_the_discounted_sum_of_deltas, test_gae_with_lambda_one_gives_n_step_returns,
           test_gae_segments_do_not_see_one_another, test_gae_traces_cut_what_later_rows_hand_back)
