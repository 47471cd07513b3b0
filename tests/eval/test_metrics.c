/* SPDX-License-Identifier: MIT */
#include "eval/metrics.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

/* Four items: right, up, left, right again. */
static const float vectors[] = {1.0f, 0.0f, 0.0f, 1.0f, -1.0f, 0.0f, 2.0f, 0.0f};

static rr_metrics *make(size_t n_envs, size_t max_sessions, size_t max_steps)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_items *items = NULL;
    ck_assert_int_eq(rri_items_create(&items, vectors, NULL, 4, 2, &allocator, NULL), RR_OK);
    rr_metrics *metrics = NULL;
    ck_assert_int_eq(
        rri_metrics_create(&metrics, items, n_envs, max_sessions, max_steps, &allocator, NULL),
        RR_OK);
    rri_items_release(items); /* the metrics hold a reference of their own */
    return metrics;
}

static void add(rr_metrics *metrics, int32_t n, const int32_t *items, const float *rewards,
                const uint8_t *terminated, const uint8_t *truncated)
{
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = n,
                                .rewards = rewards,
                                .terminated = terminated,
                                .truncated = truncated};
    rr_error err;
    ck_assert_int_eq(rri_metrics_add(metrics, items, &outcome, &err), RR_OK);
}

/* Two rows, three counted sessions:
 *   row 0: items 0 1 (1, 2), terminated | item 3 (5), truncated: session 2 | not counted
 *   row 1: items 2 2 0 (−1, 0, 4), terminated and truncated: session 1 | not counted */
static rr_metrics *played(void)
{
    rr_metrics *metrics = make(2, 3, 3);
    const uint8_t none[] = {0, 0};
    add(metrics, 2, (int32_t[]){0, 2}, (float[]){1.0f, -1.0f}, NULL, NULL);
    add(metrics, 2, (int32_t[]){1, 2}, (float[]){2.0f, 0.0f}, (uint8_t[]){1, 0}, none);
    ck_assert(!rri_metrics_is_complete(metrics));
    ck_assert_uint_eq(rri_metrics_count(metrics), 1);
    add(metrics, 2, (int32_t[]){3, 0}, (float[]){5.0f, 4.0f}, (uint8_t[]){0, 1}, (uint8_t[]){1, 1});
    ck_assert(rri_metrics_is_complete(metrics));
    for (int t = 0; t < 9; t++) { /* sessions 3 and 4 are not counted, and may be longer */
        add(metrics, 2, (int32_t[]){3, 3}, (float[]){100.0f, 100.0f}, none, none);
    }
    return metrics;
}

/* 97.5 % points of Student's t of one and of two degrees of freedom. */
static const double T1 = 12.706204736, T2 = 4.302652730;

START_TEST(test_metrics_by_hand)
{
    rr_metrics *metrics = played();
    rr_metrics_summary out;
    const float popularity[] = {0.5f, 0.25f, 0.125f, 0.125f};
    ck_assert_int_eq(rri_metrics_summarize(metrics, popularity, NULL, &out, NULL), RR_OK);
    const double tol = 1e-12;
    ck_assert_int_eq(out.n_sessions, 3);
    ck_assert_double_eq_tol(out.reward_per_step, 11.0 / 6.0, tol);
    ck_assert_double_eq_tol(out.return_per_session, 11.0 / 3.0, tol);
    ck_assert_double_eq_tol(out.session_length, 2.0, tol);
    ck_assert_double_eq_tol(out.session_length_interval, T2 * sqrt(1.0 / 3.0), tol);
    /* Returns 3, 3, 5: variance 4/3. */
    ck_assert_double_eq_tol(out.return_per_session_interval, T2 * sqrt(4.0 / 9.0), tol);
    ck_assert_double_eq_tol(out.repeats_per_session, 1.0 / 3.0, tol);
    /* Session 0: one pair at distance 1. Session 1: 2-2 at 0, 2-0 at 2, twice: 4/3. */
    ck_assert_double_eq_tol(out.intra_list_distance, (1.0 + 4.0 / 3.0) / 2.0, tol);
    /* Bits 1, 2, 3, 3 of the items: sessions 3/2, 7/3, 3. */
    ck_assert_double_eq_tol(out.novelty, (1.5 + 7.0 / 3.0 + 3.0) / 3.0, 1e-6);
    /* Showings 2, 1, 2, 1. Ascending 1 1 2 2: Σ (2j − 5) x = −3 − 1 + 2 + 6 = 4; (N − 1) Σ x = 18.
     */
    ck_assert_double_eq_tol(out.coverage, 1.0, tol);
    ck_assert_double_eq_tol(out.gini, 4.0 / 18.0, tol);
    ck_assert_double_eq_tol(out.entropy, 2.0 / 3.0 * log(3.0) + 1.0 / 3.0 * log(6.0), 1e-6);

    /* Residuals R − r L of (3, 2), (3, 3), (5, 1); their mean is 0. */
    const double ratio = 11.0 / 6.0;
    const double a = 3.0 - 2.0 * ratio, b = 3.0 - 3.0 * ratio, c = 5.0 - ratio;
    ck_assert_double_eq_tol(out.reward_per_step_interval,
                            T2 * sqrt((a * a + b * b + c * c) / 2.0 / 3.0) / 2.0, tol);

    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, NULL, &out, NULL), RR_OK);
    ck_assert(isnan(out.novelty) && isnan(out.novelty_interval));
    rri_metrics_destroy(metrics);
}
END_TEST

START_TEST(test_metrics_returns_are_in_the_order_sessions_began)
{
    rr_metrics *metrics = played();
    float returns[3];
    ck_assert_uint_eq(rri_metrics_count(metrics), 3);
    ck_assert_int_eq(rri_metrics_returns(metrics, returns, NULL), RR_OK);
    ck_assert(returns[0] == 3.0f && returns[1] == 3.0f && returns[2] == 5.0f);
    rri_metrics_destroy(metrics);
}
END_TEST

START_TEST(test_metrics_do_not_prefer_short_sessions)
{
    /* Row 0's sessions last one step and earn 0, row 1's last ten and earn 1 a step. With four
     * counted the first ten steps see sessions 0 1 2 3: three short ones and the long one, whole.
     */
    rr_metrics *metrics = make(2, 4, 10);
    for (int t = 0; t < 10; t++) {
        ck_assert(!rri_metrics_is_complete(metrics));
        const uint8_t ended[] = {1, t == 9 ? 1 : 0};
        add(metrics, 2, (int32_t[]){0, 1}, (float[]){0.0f, 1.0f}, NULL, ended);
    }
    ck_assert(rri_metrics_is_complete(metrics));
    rr_metrics_summary out;
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, NULL, &out, NULL), RR_OK);
    ck_assert_double_eq_tol(out.return_per_session, 10.0 / 4.0, 1e-12);
    ck_assert_double_eq_tol(out.session_length, 13.0 / 4.0, 1e-12);
    rri_metrics_destroy(metrics);
}
END_TEST

static void refuse(rr_metrics *metrics, int32_t n, const int32_t *items, const float *rewards,
                   rr_status status, const char *sentence)
{
    const rr_outcome outcome = {.struct_size = sizeof outcome, .n = n, .rewards = rewards};
    rr_error err = {0};
    ck_assert_int_eq(rri_metrics_add(metrics, items, &outcome, &err), status);
    ck_assert_ptr_nonnull(strstr(err.text, sentence));
}

START_TEST(test_metrics_refuse_a_bad_step_and_are_unchanged)
{
    rr_metrics *metrics = make(2, 2, 1);
    const int32_t items[] = {0, 1};
    const float rewards[] = {1.0f, 2.0f};
    refuse(metrics, 3, items, rewards, RR_E_INVALID, "outcome has 3 rows; it must have 2");
    refuse(metrics, 2, (int32_t[]){0, 4}, rewards, RR_E_INVALID, "items[1] is 4");
    refuse(metrics, 2, (int32_t[]){0, -1}, rewards, RR_E_INVALID, "items[1] is -1");
    refuse(metrics, 2, items, (float[]){1.0f, NAN}, RR_E_NOT_FINITE, "rewards[1]");
    add(metrics, 2, items, rewards, NULL, (uint8_t[]){1, 0});
    refuse(metrics, 2, items, rewards, RR_E_INVALID, "row 1 has more than 1 steps");
    float returns[1];
    ck_assert_uint_eq(rri_metrics_count(metrics), 1);
    ck_assert_int_eq(rri_metrics_returns(metrics, returns, NULL), RR_OK);
    ck_assert(returns[0] == 1.0f);

    rr_metrics_summary out;
    rr_error err = {0};
    const float short_of_one[] = {0.5f, 0.25f, 0.0f, 0.0f};
    const float negative[] = {1.5f, -0.5f, 0.0f, 0.0f};
    ck_assert_int_eq(rri_metrics_summarize(metrics, short_of_one, NULL, &out, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "adds up to 0.75"));
    ck_assert_int_eq(rri_metrics_summarize(metrics, negative, NULL, &out, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "popularity[0] is 1.5"));
    rri_metrics_destroy(metrics);
}
END_TEST

/* Rows of seven, two and three steps; rewards 1, 2, 3 … from the start of each. */
static rr_metrics *played_long(void)
{
    rr_metrics *metrics = make(3, 3, 7);
    for (int t = 1; t <= 7; t++) {
        const float r = (float)t;
        add(metrics, 3, (int32_t[]){t % 2, 2, 3}, (float[]){r, 10.0f * r, 100.0f * r},
            (uint8_t[]){t == 7, t == 2, 0}, (uint8_t[]){0, 0, t == 3});
    }
    return metrics;
}

START_TEST(test_metrics_thirds_are_rounded_down_and_leave_short_sessions_out)
{
    rr_metrics *metrics = played_long();
    rr_metrics_summary out;
    const double tol = 1e-12;
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, NULL, &out, NULL), RR_OK);
    /* Two of seven steps: 1 + 2 and 6 + 7; one of three: 100 and 300. */
    ck_assert_double_eq_tol(out.first_third_reward, 103.0 / 3.0, tol);
    ck_assert_double_eq_tol(out.last_third_reward, 313.0 / 3.0, tol);
    const double a = 13.0 - 2.0 * 313.0 / 3.0, b = 300.0 - 313.0 / 3.0;
    ck_assert_double_eq_tol(out.last_third_reward_interval, T1 * sqrt((a * a + b * b) / 2.0) / 1.5,
                            1e-6);
    ck_assert_int_eq(out.n_sessions, 3);
    const uint8_t the_short_one[] = {0, 1, 0};
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, the_short_one, &out, NULL), RR_OK);
    ck_assert_int_eq(out.n_sessions, 1);
    ck_assert_double_eq_tol(out.reward_per_step, 15.0, tol);
    ck_assert(isnan(out.first_third_reward) && isnan(out.last_third_reward_interval));
    rri_metrics_destroy(metrics);
}
END_TEST

START_TEST(test_metrics_of_a_segment_are_those_of_its_sessions_alone)
{
    rr_metrics *metrics = played();
    rr_metrics_summary out, whole;
    const uint8_t first_and_last[] = {1, 0, 255};
    const double tol = 1e-12;
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, first_and_last, &out, NULL), RR_OK);
    ck_assert_int_eq(out.n_sessions, 2);
    ck_assert_double_eq_tol(out.reward_per_step, 8.0 / 3.0, tol);
    ck_assert_double_eq_tol(out.return_per_session, 4.0, tol);
    ck_assert_double_eq_tol(out.repeats_per_session, 0.0, tol);
    ck_assert_double_eq_tol(out.coverage, 3.0 / 4.0, tol);
    const uint8_t all[] = {1, 1, 1};
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, all, &out, NULL), RR_OK);
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, NULL, &whole, NULL), RR_OK);
    ck_assert_double_eq(out.reward_per_step, whole.reward_per_step);
    ck_assert_double_eq(out.reward_per_step_interval, whole.reward_per_step_interval);
    ck_assert_double_eq(out.gini, whole.gini);
    const uint8_t none[] = {0, 0, 0};
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, none, &out, NULL), RR_OK);
    ck_assert(out.n_sessions == 0 && isnan(out.reward_per_step));
    rri_metrics_destroy(metrics);
}
END_TEST

START_TEST(test_metrics_before_any_session_has_ended_are_nan)
{
    rr_metrics *metrics = make(1, 5, 5);
    rr_metrics_summary out;
    ck_assert_int_eq(rri_metrics_summarize(metrics, NULL, NULL, &out, NULL), RR_OK);
    ck_assert_int_eq(out.n_sessions, 0);
    ck_assert(isnan(out.reward_per_step) && isnan(out.return_per_session) && isnan(out.coverage));
    rri_metrics_destroy(metrics);
    rri_metrics_destroy(NULL);
}
END_TEST

CHECK_MAIN("eval/metrics", test_metrics_by_hand,
           test_metrics_returns_are_in_the_order_sessions_began,
           test_metrics_do_not_prefer_short_sessions,
           test_metrics_refuse_a_bad_step_and_are_unchanged,
           test_metrics_thirds_are_rounded_down_and_leave_short_sessions_out,
           test_metrics_of_a_segment_are_those_of_its_sessions_alone,
           test_metrics_before_any_session_has_ended_are_nan)
