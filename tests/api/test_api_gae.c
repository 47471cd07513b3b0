/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

/* Two sessions: the first terminates, the second is cut off with a final value of 4. */
static const float rewards[] = {1, 2, 3, 4};
static const float values[] = {0.5f, 1, 2, 3};
static const float next_values[] = {1, NAN, 3, 4};
static const uint8_t terminated[] = {0, 1, 0, 0};
static const uint8_t ends[] = {0, 1, 0, 1};

START_TEST(test_gae_by_hand_terminated_and_cut_off)
{
    float advantages[4], returns[4];
    ck_assert_int_eq(rr_gae(rewards, values, next_values, terminated, ends, 0.5f, 0.5f, 4,
                            advantages, returns, NULL),
                     RR_OK);
    /* δ = 1, 1, 2.5, 3;  Â_0 = 1 + ¼ · 1, Â_2 = 2.5 + ¼ · 3 */
    const float want[] = {1.25f, 1, 3.25f, 3};
    for (int t = 0; t < 4; t++) {
        ck_assert_float_eq(advantages[t], want[t]);
        ck_assert_float_eq(returns[t], want[t] + values[t]);
    }
}
END_TEST

START_TEST(test_gae_returns_may_be_null)
{
    float advantages[4];
    ck_assert_int_eq(
        rr_gae(rewards, values, next_values, terminated, ends, 1, 1, 4, advantages, NULL, NULL),
        RR_OK);
}
END_TEST

/* What a call with these numbers answers; the sentence in err. */
static rr_status gae_of(float gamma, float gae_lambda, int64_t n, const float *given_rewards,
                        const uint8_t *given_ends, rr_error *err)
{
    float advantages[4];
    return rr_gae(given_rewards, values, next_values, terminated, given_ends, gamma, gae_lambda, n,
                  advantages, NULL, err);
}

START_TEST(test_gae_refusals_name_the_field)
{
    rr_error err;
    ck_assert_int_eq(gae_of(1.5f, 1, 4, rewards, ends, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_gae: gamma is 1.5; it must be in [0, 1]");
    ck_assert_int_eq(gae_of(1, NAN, 4, rewards, ends, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "gae_lambda"));
    ck_assert_int_eq(gae_of(1, 1, 0, rewards, ends, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_gae: n is 0; it must be at least 1");
    ck_assert_int_eq(gae_of(1, 1, 4, NULL, ends, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_gae: rewards is NULL");
    const float infinite[] = {1, INFINITY, 3, 4};
    ck_assert_int_eq(gae_of(1, 1, 4, infinite, ends, &err), RR_E_NOT_FINITE);
    ck_assert_str_eq(err.text, "rr_gae: rewards[1] is not finite");
    const uint8_t wrong[] = {0, 1, 7, 1};
    ck_assert_int_eq(gae_of(1, 1, 4, rewards, wrong, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_gae: is_segment_end[2] is 7; it must be 0 or 1");
}
END_TEST

START_TEST(test_gae_next_value_of_a_cut_off_row_must_be_finite)
{
    float advantages[4];
    rr_error err;
    const uint8_t none[] = {0, 0, 0, 0};
    ck_assert_int_eq(
        rr_gae(rewards, values, next_values, none, ends, 1, 1, 4, advantages, NULL, &err),
        RR_E_NOT_FINITE);
    ck_assert_str_eq(err.text, "rr_gae: next_values[1] is not finite");
}
END_TEST

/* Finite inputs whose sums no float holds: nothing is written. */
START_TEST(test_gae_that_no_float_holds_is_refused_with_its_row)
{
    rr_error err = {0};
    const float large[] = {1, 2, 3e38f, 3e38f}, nothing[4] = {0}, much[] = {0, 0, 0, -3e38f};
    const uint8_t none[4] = {0}, last[] = {0, 0, 0, 1};
    float advantages[4] = {7, 7, 7, 7}, returns[4] = {7, 7, 7, 7};
    ck_assert_int_eq(
        rr_gae(large, nothing, nothing, none, last, 1, 1, 4, advantages, returns, &err),
        RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "advantage or return of row 2 is beyond a float"));
    ck_assert_int_eq(rr_gae(large, much, nothing, none, last, 0, 0, 4, advantages, NULL, &err),
                     RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "row 3"));
    for (int t = 0; t < 4; t++) {
        ck_assert(advantages[t] == 7.0f && returns[t] == 7.0f);
    }
    ck_assert_int_eq(
        rr_gae(large, nothing, nothing, none, last, 0, 1, 4, advantages, returns, &err), RR_OK);
    ck_assert(advantages[3] == 3e38f && returns[2] == 3e38f);
}
END_TEST

CHECK_MAIN("api/api_gae", test_gae_that_no_float_holds_is_refused_with_its_row,
           test_gae_by_hand_terminated_and_cut_off, test_gae_returns_may_be_null,
           test_gae_refusals_name_the_field, test_gae_next_value_of_a_cut_off_row_must_be_finite)
