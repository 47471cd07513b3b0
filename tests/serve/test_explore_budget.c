/* SPDX-License-Identifier: MIT */
/* A floor within a budget (rr_budget), through recrl.h, beside what its formula says. */
#include "serve/explore_budget.h"

#include <math.h>

#include "check_run.h"

static rr_budget fresh(float max_share, float max_cost)
{
    rr_budget budget;
    rr_budget_init(&budget, sizeof budget);
    budget.max_share = max_share;
    budget.max_cost = max_cost;
    return budget;
}

/* n rows of one part whose rewards have this mean, half of them `apart` above and half below. */
static void add(rr_budget *budget, int32_t part, int n, float mean, float apart)
{
    for (int i = 0; i < n; i++) {
        const float reward = i % 2 == 0 ? mean + apart : mean - apart;
        ck_assert_int_eq(rr_budget_add(budget, &part, &reward, 1, NULL), RR_OK);
    }
}

static float floor_of(const rr_budget *budget)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = 0.5f;
    options.incumbent_share = 0.25f;
    ck_assert_int_eq(rr_budget_set_floor(budget, &options, NULL), RR_OK);
    ck_assert_float_eq(options.temperature, 0.5f);
    ck_assert_float_eq(options.incumbent_share, 0.25f);
    return options.floor;
}

START_TEST(test_budget_until_much_was_seen_the_floor_is_taken_to_earn_nothing)
{
    rr_budget budget = fresh(0.05f, 0.02f);
    ck_assert_float_eq(floor_of(&budget), 0.02f);
    add(&budget, RR_PART_POLICY, 1000, 1.0f, 0.5f);
    add(&budget, RR_PART_FLOOR, RRI_EXPLORE_FEW - 1, 0.9f, 0.1f);
    ck_assert_float_eq(floor_of(&budget), 0.02f);
    add(&budget, RR_PART_FLOOR, 1, 0.9f, 0.1f);
    ck_assert_float_gt(floor_of(&budget), 0.02f);
    rr_budget other = fresh(0.01f, 0.02f);
    ck_assert_float_eq(floor_of(&other), 0.01f);
}
END_TEST

/* ε (m_p − m_f) = x m_p where intervals are points; between, by hand. */
START_TEST(test_budget_keeps_to_what_may_be_lost)
{
    rr_budget budget = fresh(1.0f, 0.02f);
    add(&budget, RR_PART_POLICY, 1000, 2.0f, 0.0f);
    add(&budget, RR_PART_FLOOR, 1000, 1.5f, 0.0f);
    ck_assert_float_eq_tol(floor_of(&budget), 0.02f * 2.0f / 0.5f, 1e-6f);

    budget = fresh(1.0f, 0.02f);
    add(&budget, RR_PART_POLICY, 400, 2.0f, 1.0f);
    add(&budget, RR_PART_FLOOR, 100, 1.0f, 0.5f);
    const double policy = 1.0 / 399.0, floor = 0.25 / 99.0, z = 1.6448536269514722;
    const double expected = 0.02 * (2.0 - z * sqrt(policy)) / (1.0 + z * sqrt(policy + floor));
    ck_assert_float_eq_tol(floor_of(&budget), (float)expected, 1e-6f);
    ck_assert_float_lt(floor_of(&budget), 0.04f); /* below what the means alone would say */
}
END_TEST

START_TEST(test_budget_share_is_the_other_limit)
{
    rr_budget budget = fresh(0.1f, 0.02f);
    add(&budget, RR_PART_POLICY, 100, 2.0f, 0.1f);
    add(&budget, RR_PART_FLOOR, 100, 1.9f, 0.1f);
    ck_assert_float_eq(floor_of(&budget), 0.1f);
    add(&budget, RR_PART_FLOOR, 10000, 5.0f, 0.1f); /* the floor earns more: it costs nothing */
    ck_assert_float_eq(floor_of(&budget), 0.1f);
    rr_budget any = fresh(0.3f, 1.0f);
    add(&any, RR_PART_POLICY, 100, -2.0f, 0.1f);
    add(&any, RR_PART_FLOOR, 100, -5.0f, 0.1f);
    ck_assert_float_eq(floor_of(&any), 0.3f);
}
END_TEST

START_TEST(test_budget_of_a_policy_that_earns_nothing_is_nothing)
{
    rr_budget budget = fresh(0.1f, 0.5f);
    add(&budget, RR_PART_POLICY, 100, 0.0f, 1.0f);
    add(&budget, RR_PART_FLOOR, 100, -1.0f, 1.0f);
    ck_assert_float_eq(floor_of(&budget), 0.0f);
}
END_TEST

START_TEST(test_budget_draws_of_the_incumbent_count_for_neither)
{
    rr_budget budget = fresh(1.0f, 0.02f);
    add(&budget, RR_PART_POLICY, 1000, 2.0f, 0.0f);
    add(&budget, RR_PART_FLOOR, 1000, 1.0f, 0.0f);
    const float before = floor_of(&budget);
    add(&budget, RR_PART_INCUMBENT, 1000, 9.0f, 0.0f);
    ck_assert_float_eq(floor_of(&budget), before);
    ck_assert_int_eq(budget.n[RR_PART_INCUMBENT], 1000);
}
END_TEST

CHECK_MAIN("serve/explore_budget",
           test_budget_until_much_was_seen_the_floor_is_taken_to_earn_nothing,
           test_budget_keeps_to_what_may_be_lost, test_budget_share_is_the_other_limit,
           test_budget_of_a_policy_that_earns_nothing_is_nothing,
           test_budget_draws_of_the_incumbent_count_for_neither)
