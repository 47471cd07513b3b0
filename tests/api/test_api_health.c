/* SPDX-License-Identifier: MIT */
/* The front door of rr_health: what it refuses, and that a refused call changes nothing. */
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 3, D = 4 };

static rr_agent *agent_with_features(int32_t num_items, int32_t state_dim, int32_t feature_dim)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create_random(&items, num_items, 2, 0, NULL, NULL), RR_OK);
    config.item_dim = 2;
    config.state_dim = state_dim;
    config.feature_dim = feature_dim;
    config.hidden[0] = config.critic_hidden[0] = 4;
    config.hidden[1] = config.critic_hidden[1] = 0;
    rr_agent *agent = NULL;
    ck_assert_int_eq(rr_agent_create(&agent, &config, NULL, items, NULL, NULL), RR_OK);
    rr_items_release(items);
    return agent;
}

static rr_agent *agent_of(int32_t num_items, int32_t state_dim)
{
    return agent_with_features(num_items, state_dim, 0);
}

static float states[N * D];
static int32_t actions[N] = {0, 1, 4};
static float rewards[N] = {1.0f, 2.0f, 3.0f};

static rr_obs obs_of(void)
{
    for (int i = 0; i < N * D; i++) {
        states[i] = 0.1f * (float)i;
    }
    return (rr_obs){.struct_size = sizeof(rr_obs), .n = N, .state_dim = D, .states = states};
}

static rr_decision decision_of(void)
{
    return (rr_decision){.struct_size = sizeof(rr_decision), .n = N, .actions = actions};
}

START_TEST(test_api_health_a_window_through_the_door)
{
    rr_agent *agent = agent_of(5, D);
    rr_health_config config;
    rr_health_config_init(&config, sizeof config);
    config.window = 3;
    rr_health *health = NULL;
    ck_assert_int_eq(rr_health_create(&health, &config, agent, NULL, NULL), RR_OK);
    const rr_obs obs = obs_of();
    const rr_decision decision = decision_of();
    const rr_outcome outcome = {.struct_size = sizeof outcome, .n = N, .rewards = rewards};
    const rr_stats stats = {.struct_size = sizeof stats, .n_updates = 7, .entropy = 1.0f};
    rr_health_report report = {.struct_size = sizeof report};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(rr_health_record(health, &obs, &decision, NULL), RR_OK);
        ck_assert_int_eq(rr_health_reward(health, &outcome, NULL), RR_OK);
        ck_assert_int_eq(rr_health_update(health, agent, &stats, &report, NULL), RR_OK);
        ck_assert_int_eq(report.is_judged, i);
    }
    ck_assert_int_eq(report.n_updates, 7);
    ck_assert_int_eq(report.n_rows, N);
    ck_assert_double_eq_tol((double)report.effective_items, 3.0, 1e-5);
    ck_assert_double_eq_tol((double)report.entropy_share, 1.0 / log(5.0), 1e-6);
    ck_assert_double_eq_tol((double)report.reward_deviation, 1.0, 1e-6);
    ck_assert(report.dead_units >= 0.0f && report.dead_units <= 1.0f);
    ck_assert_str_eq(rr_health_sentence(NULL, 1), "");
    rr_health_destroy(health);
    rr_health_destroy(NULL);
    rr_agent_destroy(agent);
}
END_TEST

START_TEST(test_api_health_what_does_not_fit_is_refused_by_name)
{
    rr_error err = {0};
    rr_agent *agent = agent_of(5, D);
    rr_health *health = NULL;
    ck_assert_int_eq(rr_health_create(NULL, NULL, agent, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_health_create(&health, NULL, NULL, NULL, &err), RR_E_INVALID);
    rr_health_config config;
    rr_health_config_init(&config, sizeof config);
    config.max_top_share = 1.5f;
    ck_assert_int_eq(rr_health_create(&health, &config, agent, NULL, &err), RR_E_INVALID);
    ck_assert(strstr(err.text, "max_top_share is 1.5") != NULL);
    ck_assert_int_eq(rr_health_create(&health, NULL, agent, NULL, &err), RR_OK);

    rr_obs obs = obs_of();
    rr_decision decision = decision_of();
    ck_assert_int_eq(rr_health_record(NULL, &obs, &decision, &err), RR_E_INVALID);
    obs.state_dim = D - 1;
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_E_MISMATCH);
    ck_assert(strstr(err.text, "state_dim is 3") != NULL);
    obs = obs_of();
    decision.n = N + 1;
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_E_INVALID);
    decision = decision_of();
    decision.actions = NULL;
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_E_INVALID);
    const rr_outcome nothing = {.struct_size = sizeof nothing, .n = N};
    ck_assert_int_eq(rr_health_reward(health, &nothing, &err), RR_E_INVALID);

    const rr_stats stats = {.struct_size = sizeof stats};
    rr_agent *other = agent_of(6, D);
    ck_assert_int_eq(rr_health_update(health, other, &stats, NULL, &err), RR_E_MISMATCH);
    ck_assert(strstr(err.text, "6 items") != NULL);
    ck_assert_int_eq(rr_health_update(health, agent, &stats, NULL, &err), RR_OK);
    rr_health_destroy(health);
    rr_agent_destroy(other);
    rr_agent_destroy(agent);
}
END_TEST

/* The next generation has one item more: its watch goes on, and counts it. */
START_TEST(test_api_health_follows_a_catalogue_that_grows)
{
    rr_error err = {0};
    rr_agent *agent = agent_of(5, D), *other = agent_of(7, D);
    rr_health *health = NULL;
    rr_items *later = NULL;
    const uint64_t key = 99, gone = 0;
    const float vector[2] = {0.5f, -0.5f};
    int32_t shown[N] = {5, 5, 1};
    rr_health_config config;
    rr_health_config_init(&config, sizeof config);
    config.window = N;
    ck_assert_int_eq(rr_health_create(&health, &config, agent, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rr_items_follow(&later, rr_agent_items(agent), &gone, 1, &key, vector, 1, NULL, NULL, NULL),
        RR_OK);
    ck_assert_int_eq(rr_agent_set_items(agent, later, NULL), RR_OK);
    const rr_obs obs = obs_of();
    rr_decision decision = decision_of();
    const rr_stats stats = {.struct_size = sizeof stats, .entropy = 1.0f};
    rr_health_report report = {.struct_size = sizeof report};
    for (int i = 0; i < 2; i++) {
        decision.items = shown;
        decision.actions = shown;
        ck_assert_int_eq(rr_health_record(health, &obs, &decision, NULL), RR_OK);
        ck_assert_int_eq(rr_health_update(health, agent, &stats, &report, &err), RR_OK);
    }
    ck_assert_int_eq(report.is_judged, 1);
    ck_assert_int_eq(report.top_item, 5);
    ck_assert_double_eq_tol((double)report.coverage, 2.0 / 6.0, 1e-6);
    ck_assert_int_eq(rr_health_update(health, other, &stats, NULL, &err), RR_E_MISMATCH);
    rr_health_destroy(health);
    rr_items_release(later);
    rr_agent_destroy(other);
    rr_agent_destroy(agent);
}
END_TEST

START_TEST(test_api_health_refuses_rows_whose_lists_are_not_what_they_say)
{
    rr_error err = {0};
    rr_agent *agent = agent_with_features(5, D, 64);
    rr_health *health = NULL;
    ck_assert_int_eq(rr_health_create(&health, NULL, agent, NULL, NULL), RR_OK);
    const int32_t candidates[2 * N] = {0, 1, 0, 1, 0, 1};
    int32_t chosen[N] = {0, 1, 1};
    const int32_t lengths[N] = {2, 0, 2};
    const float no_features[1] = {0.0f};
    rr_obs obs = obs_of();
    rr_decision decision = decision_of();
    decision.actions = chosen;
    obs.n_candidates = 2;
    obs.candidates = candidates;
    obs.features = no_features; /* of width 0: there is nothing to be read */
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_E_MISMATCH);
    ck_assert(strstr(err.text, "feature_dim is 0") != NULL);
    obs.features = NULL;
    obs.lengths = lengths;
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_E_INVALID);
    ck_assert(strstr(err.text, "lengths[1] is 0") != NULL);
    obs.lengths = NULL;
    obs.n_candidates = 0;
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_E_INVALID);
    ck_assert(strstr(err.text, "n_candidates is 0") != NULL);
    obs.n_candidates = 2;
    ck_assert_int_eq(rr_health_record(health, &obs, &decision, &err), RR_OK);
    rr_health_destroy(health);
    rr_agent_destroy(agent);
}
END_TEST

CHECK_MAIN("api/api_health", test_api_health_a_window_through_the_door,
           test_api_health_what_does_not_fit_is_refused_by_name,
           test_api_health_follows_a_catalogue_that_grows,
           test_api_health_refuses_rows_whose_lists_are_not_what_they_say)
