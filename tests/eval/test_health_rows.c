/* SPDX-License-Identifier: MIT */
#include "eval/health_rows.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

static const rri_health_shape watched = {.n_items = 8, .state_dim = 2, .feature_dim = 1};
static const float states[4] = {0.0f, 1.0f, 2.0f, 3.0f};
static const float features[6] = {0.0f};
static int32_t actions[2] = {0, 2};
static const int32_t candidates[6] = {4, 5, 6, 7, 1, 2}, lengths[2] = {1, 3};

static rr_obs obs_of(void)
{
    return (rr_obs){.struct_size = sizeof(rr_obs), .n = 2, .state_dim = 2, .states = states};
}

static rr_decision decision_of(void)
{
    return (rr_decision){.struct_size = sizeof(rr_decision), .n = 2, .actions = actions};
}

START_TEST(test_health_rows_without_lists_are_of_the_catalogue)
{
    rri_health_rows rows;
    const rr_obs obs = obs_of();
    const rr_decision decision = decision_of();
    ck_assert_int_eq(rri_health_rows_of(&rows, &watched, &obs, &decision, NULL), RR_OK);
    ck_assert(rows.n == 2 && rows.states == states && rows.items == actions);
    ck_assert_ptr_null(rows.features);
    ck_assert_double_eq_tol(rows.even_entropy, log(8.0), 1e-15);
}
END_TEST

START_TEST(test_health_rows_with_lists_are_as_even_as_these)
{
    rri_health_rows rows;
    rr_obs obs = obs_of();
    const rr_decision decision = decision_of();
    obs.n_candidates = 3;
    obs.candidates = candidates;
    ck_assert_int_eq(rri_health_rows_of(&rows, &watched, &obs, &decision, NULL), RR_OK);
    ck_assert_double_eq_tol(rows.even_entropy, log(3.0), 1e-15);
    ck_assert_ptr_null(rows.items); /* a position says nothing of the catalogue */
    obs.lengths = lengths;
    obs.features = features;
    obs.feature_dim = 1;
    ck_assert_int_eq(rri_health_rows_of(&rows, &watched, &obs, &decision, NULL), RR_OK);
    ck_assert_double_eq_tol(rows.even_entropy, log(3.0) / 2.0, 1e-15);
    ck_assert(rows.features == features && rows.k == 3);
}
END_TEST

static void refuse(const rri_health_shape *shape, const rr_obs *obs, const rr_decision *decision,
                   const char *sentence)
{
    rri_health_rows rows = {.n = 77};
    rr_error err = {0};
    ck_assert_int_ne(rri_health_rows_of(&rows, shape, obs, decision, &err), RR_OK);
    ck_assert_str_eq(err.text, sentence);
    ck_assert_uint_eq(rows.n, 77);
}

START_TEST(test_health_rows_that_the_agent_could_not_decide_are_refused_by_name)
{
    const rr_decision decision = decision_of();
    rr_obs obs = obs_of();
    obs.n = 0;
    refuse(&watched, &obs, &decision, "health: obs has no rows");
    obs = obs_of();
    obs.states = NULL;
    refuse(&watched, &obs, &decision, "health: obs has no states");
    obs = obs_of();
    obs.state_dim = 3;
    refuse(&watched, &obs, &decision, "health: obs->state_dim is 3; the watched agent's is 2");
    obs = obs_of();
    const rri_health_shape no_catalogue = {.state_dim = 2};
    refuse(&no_catalogue, &obs, &decision,
           "health: obs has no lists, and the watched agent no catalogue");
    obs.candidates = candidates;
    refuse(&watched, &obs, &decision, "health: obs->n_candidates is 0; it must be at least 1");
    obs.n_candidates = 2;
    obs.lengths = lengths;
    refuse(&watched, &obs, &decision, "health: obs->lengths[1] is 3; it must be in [1, 2]");
    obs = obs_of();
    obs.features = features;
    obs.feature_dim = 1;
    refuse(&watched, &obs, &decision,
           "health: obs->feature_dim is 1 with lists of 0; the watched agent's is 1");
    obs = obs_of();
    rr_decision other = decision_of();
    other.n = 1;
    refuse(&watched, &obs, &other, "health: obs has 2 rows, decision 1");
    other = decision_of();
    other.actions = NULL;
    refuse(&watched, &obs, &other, "health: decision->actions is NULL");
}
END_TEST

CHECK_MAIN("eval/health_rows", test_health_rows_without_lists_are_of_the_catalogue,
           test_health_rows_with_lists_are_as_even_as_these,
           test_health_rows_that_the_agent_could_not_decide_are_refused_by_name)
