/* SPDX-License-Identifier: MIT */
/* The metrics as a host sees them; what they mean is tested in tests/eval. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

static rr_items *three_items(void)
{
    const float vectors[] = {1.0f, 0.0f, 0.0f, 1.0f, 1.0f, 1.0f};
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create(&items, vectors, NULL, 3, 2, NULL, NULL, NULL), RR_OK);
    return items;
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_int_eq(got, wanted);
    ck_assert_int_eq(err->status, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

START_TEST(test_api_metrics_refuse_arguments_with_a_sentence)
{
    rr_items *items = three_items();
    rr_metrics *metrics = NULL;
    rr_error err = {0};
    expect(rr_metrics_create(NULL, items, 1, 1, 1, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_metrics_create(&metrics, NULL, 1, 1, 1, NULL, &err), RR_E_INVALID, &err,
           "items is NULL");
    expect(rr_metrics_create(&metrics, items, 0, 1, 1, NULL, &err), RR_E_INVALID, &err,
           "n_envs is 0; it must be at least 1");
    expect(rr_metrics_create(&metrics, items, 1, -1, 1, NULL, &err), RR_E_INVALID, &err,
           "max_sessions is -1");
    expect(rr_metrics_create(&metrics, items, 1, 1, 0, NULL, &err), RR_E_INVALID, &err,
           "max_episode_steps is 0");
    ck_assert_ptr_null(metrics);
    ck_assert_int_eq(rr_metrics_create(&metrics, items, 1, 1, 1, NULL, &err), RR_OK);

    const rr_outcome empty = {.struct_size = sizeof empty, .n = 1};
    expect(rr_metrics_add(NULL, &(int32_t){0}, &empty, &err), RR_E_INVALID, &err,
           "metrics is NULL");
    expect(rr_metrics_add(metrics, NULL, &empty, &err), RR_E_INVALID, &err, "items is NULL");
    expect(rr_metrics_add(metrics, &(int32_t){0}, NULL, &err), RR_E_INVALID, &err,
           "rr_outcome is NULL");
    expect(rr_metrics_add(metrics, &(int32_t){0}, &empty, &err), RR_E_INVALID, &err,
           "outcome->rewards is NULL");
    expect(rr_metrics_summarize(metrics, NULL, NULL, 0, NULL, &err), RR_E_INVALID, &err, "NULL");
    float returns[1];
    expect(rr_metrics_returns(metrics, returns, 1, &err), RR_E_INVALID, &err,
           "n is 1; it must be 0, the sessions that have ended");
    ck_assert_int_eq(rr_metrics_is_complete(NULL), 0);
    rr_metrics_destroy(metrics);
    rr_metrics_destroy(NULL);
    rr_items_release(items);
}
END_TEST

START_TEST(test_api_metrics_outlive_the_host_s_reference_to_the_items)
{
    rr_items *items = three_items();
    rr_metrics *metrics = NULL;
    ck_assert_int_eq(rr_metrics_create(&metrics, items, 1, 1, 2, NULL, NULL), RR_OK);
    rr_items_release(items);
    const float reward = 1.5f;
    const uint8_t is_last = 1;
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = 1, .rewards = &reward};
    ck_assert_int_eq(rr_metrics_add(metrics, &(int32_t){0}, &outcome, NULL), RR_OK);
    outcome.truncated = &is_last;
    ck_assert_int_eq(rr_metrics_is_complete(metrics), 0);
    ck_assert_int_eq(rr_metrics_add(metrics, &(int32_t){2}, &outcome, NULL), RR_OK);
    ck_assert_int_eq(rr_metrics_is_complete(metrics), 1);
    rr_metrics_summary summary = {.struct_size = sizeof summary};
    ck_assert_int_eq(rr_metrics_summarize(metrics, NULL, NULL, 0, &summary, NULL), RR_OK);
    ck_assert_uint_eq(summary.struct_size, sizeof summary);
    ck_assert_int_eq(summary.n_sessions, 1);
    ck_assert_double_eq_tol(summary.return_per_session, 3.0, 1e-12);
    ck_assert_double_eq_tol(summary.intra_list_distance, 1.0 - sqrt(0.5), 1e-12);
    float returns[1];
    ck_assert_int_eq(rr_metrics_returns(metrics, returns, 1, NULL), RR_OK);
    ck_assert(returns[0] == 3.0f);
    rr_metrics_destroy(metrics);
}
END_TEST

START_TEST(test_api_metrics_of_a_segment_want_a_mark_a_session)
{
    rr_items *items = three_items();
    rr_metrics *metrics = NULL;
    rr_error err = {0};
    rr_metrics_summary out = {.struct_size = sizeof out};
    const uint8_t marks[2] = {1, 0};
    ck_assert_int_eq(rr_metrics_create(&metrics, items, 2, 2, 1, NULL, NULL), RR_OK);
    const uint8_t ended[] = {1, 1};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 2,
                                .rewards = (float[]){2.0f, 5.0f},
                                .truncated = ended};
    ck_assert_int_eq(rr_metrics_add(metrics, (int32_t[]){0, 1}, &outcome, NULL), RR_OK);
    expect(rr_metrics_summarize(metrics, NULL, marks, 1, &out, &err), RR_E_INVALID, &err,
           "n is 1; it must be 2, the max_sessions of create");
    expect(rr_metrics_summarize(metrics, NULL, NULL, 2, &out, &err), RR_E_INVALID, &err,
           "n is 2; it must be 0, since is_included is NULL");
    ck_assert_int_eq(rr_metrics_summarize(metrics, NULL, marks, 2, &out, &err), RR_OK);
    ck_assert(out.n_sessions == 1 && out.return_per_session == 2.0);
    /* A host of an older release has a shorter summary. */
    rr_metrics_summary old = {.struct_size = offsetof(rr_metrics_summary, first_third_reward)};
    old.last_third_reward = -7.0;
    ck_assert_int_eq(rr_metrics_summarize(metrics, NULL, NULL, 0, &old, &err), RR_OK);
    ck_assert(old.n_sessions == 2 && old.last_third_reward == -7.0);
    rr_metrics_destroy(metrics);
    rr_items_release(items);
}
END_TEST

/* Rewards are finite, their sum is beyond a float. */
START_TEST(test_api_metrics_returns_that_no_float_holds_are_refused)
{
    rr_items *items = three_items();
    rr_metrics *metrics = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_metrics_create(&metrics, items, 2, 2, 2, NULL, NULL), RR_OK);
    const uint8_t ended[] = {1, 1};
    rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = 2, .rewards = (float[]){2.0f, -3e38f}};
    ck_assert_int_eq(rr_metrics_add(metrics, (int32_t[]){0, 1}, &outcome, NULL), RR_OK);
    outcome.truncated = ended;
    ck_assert_int_eq(rr_metrics_add(metrics, (int32_t[]){0, 1}, &outcome, NULL), RR_OK);
    float returns[2] = {7.0f, 7.0f};
    expect(rr_metrics_returns(metrics, returns, 2, &err), RR_E_NOT_FINITE, &err,
           "the return of session 1 is -6e+38, which is beyond a float");
    ck_assert(returns[0] == 7.0f && returns[1] == 7.0f);
    rr_metrics_summary out = {.struct_size = sizeof out}; /* doubles hold it */
    ck_assert_int_eq(rr_metrics_summarize(metrics, NULL, NULL, 0, &out, NULL), RR_OK);
    ck_assert(isfinite(out.return_per_session) && isfinite(out.return_per_session_interval));
    ck_assert(isfinite(out.reward_per_step_interval));
    rr_metrics_destroy(metrics);
    rr_items_release(items);
}
END_TEST

/* An item that nobody met is infinite news. */
START_TEST(test_api_metrics_novelty_of_an_item_that_nobody_met_is_infinite)
{
    rr_items *items = three_items();
    rr_metrics *metrics = NULL;
    const float popularity[3] = {0.5f, 0.0f, 0.5f};
    const uint8_t ended[] = {1, 1, 1};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = 3, .rewards = (float[3]){0}, .truncated = ended};
    ck_assert_int_eq(rr_metrics_create(&metrics, items, 3, 3, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_metrics_add(metrics, (int32_t[]){0, 1, 2}, &outcome, NULL), RR_OK);
    rr_metrics_summary out = {.struct_size = sizeof out};
    ck_assert_int_eq(rr_metrics_summarize(metrics, popularity, NULL, 0, &out, NULL), RR_OK);
    ck_assert(isinf(out.novelty) && isnan(out.novelty_interval));
    const uint8_t met[] = {1, 0, 1};
    ck_assert_int_eq(rr_metrics_summarize(metrics, popularity, met, 3, &out, NULL), RR_OK);
    ck_assert_double_eq_tol(out.novelty, 1.0, 1e-6);
    rr_metrics_destroy(metrics);
    rr_items_release(items);
}
END_TEST

START_TEST(test_api_compare_returns_refuses_and_compares)
{
    rr_comparison out = {.struct_size = sizeof out};
    rr_error err = {0};
    const float a[] = {1.0f, 2.0f}, b[] = {1.0f, 0.0f}, bad[] = {1.0f, NAN};
    expect(rr_compare_returns(a, b, NULL, 0, &out, &err), RR_E_INVALID, &err,
           "n is 0; it must be at least 1");
    expect(rr_compare_returns(NULL, b, NULL, 2, &out, &err), RR_E_INVALID, &err, "a is NULL");
    expect(rr_compare_returns(a, bad, NULL, 2, &out, &err), RR_E_NOT_FINITE, &err,
           "b[1] is nan; it must be finite");
    ck_assert_int_eq(out.n, 0);
    ck_assert_int_eq(rr_compare_returns(a, b, NULL, 2, &out, &err), RR_OK);
    ck_assert(out.n == 2 && out.n_won == 1 && out.n_tied == 1 && out.difference == 1.0);
}
END_TEST

CHECK_MAIN("api/api_metrics", test_api_metrics_refuse_arguments_with_a_sentence,
           test_api_metrics_outlive_the_host_s_reference_to_the_items,
           test_api_metrics_of_a_segment_want_a_mark_a_session,
           test_api_metrics_returns_that_no_float_holds_are_refused,
           test_api_metrics_novelty_of_an_item_that_nobody_met_is_infinite,
           test_api_compare_returns_refuses_and_compares)
