/* SPDX-License-Identifier: MIT */
/* The doors of rr_budget: what they refuse, and that nothing is counted then. */
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

static rr_budget fresh(float max_share, float max_cost)
{
    rr_budget budget;
    rr_budget_init(&budget, sizeof budget);
    budget.max_share = max_share;
    budget.max_cost = max_cost;
    return budget;
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_int_eq(got, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\"", err->text);
}

START_TEST(test_budget_refuses_what_is_none_and_counts_nothing_then)
{
    rr_error err = {0};
    rr_budget budget = fresh(0.1f, 0.1f);
    const int32_t parts[] = {0, 2, 3};
    const float rewards[] = {1.0f, INFINITY, 2.0f};
    expect(rr_budget_add(&budget, parts, rewards, 2, &err), RR_E_NOT_FINITE, &err,
           "rewards[1] is inf");
    const float finite[] = {1.0f, 2.0f, 3.0f};
    expect(rr_budget_add(&budget, parts, finite, 3, &err), RR_E_INVALID, &err, "parts[2] is 3");
    expect(rr_budget_add(&budget, NULL, finite, 3, &err), RR_E_INVALID, &err, "parts");
    expect(rr_budget_add(&budget, parts, finite, -1, &err), RR_E_INVALID, &err, "n is -1");
    ck_assert_int_eq(budget.n[0] + budget.n[1] + budget.n[2], 0);
    ck_assert_int_eq(rr_budget_add(&budget, NULL, NULL, 0, NULL), RR_OK);

    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.125f;
    const float bad[] = {-0.1f, 1.5f, NAN};
    for (int i = 0; i < 3; i++) {
        budget = fresh(bad[i], 0.1f);
        expect(rr_budget_set_floor(&budget, &options, &err), RR_E_INVALID, &err, "max_share is");
        budget = fresh(0.1f, bad[i]);
        expect(rr_budget_set_floor(&budget, &options, &err), RR_E_INVALID, &err, "max_cost is");
    }
    budget = fresh(0.1f, 0.1f);
    budget.n[2] = -4;
    expect(rr_budget_set_floor(&budget, &options, &err), RR_E_INVALID, &err, "part 2 has n -4");
    budget = fresh(0.1f, 0.1f);
    options.temperature = 0.0f;
    expect(rr_budget_set_floor(&budget, &options, &err), RR_E_INVALID, &err, "temperature is 0");
    ck_assert_float_eq(options.floor, 0.125f);
    expect(rr_budget_set_floor(NULL, &options, &err), RR_E_INVALID, &err, "rr_budget");
    expect(rr_budget_set_floor(&budget, NULL, &err), RR_E_INVALID, &err, "options");
    rr_budget_init(NULL, sizeof budget);
}
END_TEST

/* A host built against a header with fewer fields, or more. */
START_TEST(test_budget_of_an_older_or_newer_host)
{
    struct {
        rr_budget budget;
        uint64_t later;
    } newer;
    memset(&newer, 0xAA, sizeof newer);
    rr_budget_init(&newer.budget, sizeof newer);
    ck_assert_uint_eq(newer.budget.struct_size, sizeof newer);
    ck_assert_uint_eq(newer.later, 0);
    const int32_t part = RR_PART_FLOOR;
    const float reward = 1.0f;
    ck_assert_int_eq(rr_budget_add(&newer.budget, &part, &reward, 1, NULL), RR_OK);
    ck_assert_int_eq(newer.budget.n[RR_PART_FLOOR], 1);
    rr_error err = {0};
    newer.budget.struct_size = 12;
    expect(rr_budget_add(&newer.budget, &part, &reward, 1, &err), RR_E_INVALID, &err,
           "struct_size is 12");
}
END_TEST

CHECK_MAIN("api/api_budget", test_budget_refuses_what_is_none_and_counts_nothing_then,
           test_budget_of_an_older_or_newer_host)
