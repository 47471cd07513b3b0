/* SPDX-License-Identifier: MIT */
/* Imitation as a host sees it. What it learns is in tests/agent. */
#include <math.h>
#include <string.h>

#include "support/counting_host.h"

enum { N = 8, K = 3, S = 2 };

typedef struct scene {
    counting_host host;
    rr_agent *agent;
    rr_obs obs;
    float states[N * S], vectors[N * K], returns[N];
    int32_t actions[N];
    rr_imitate_report report;
    rr_error err;
} scene;

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    counting_host_init(&t->host);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = 1;
    config.max_rows = N;
    config.max_candidates = K;
    ck_assert_int_eq(rr_agent_create(&t->agent, &config, NULL, NULL, &t->host.host, NULL), RR_OK);
    for (int i = 0; i < N; i++) {
        t->states[i * S] = 1.0f;
        t->returns[i] = 3.0f;
        t->actions[i] = 2;
        for (int j = 0; j < K; j++) {
            t->vectors[i * K + j] = (float)j;
        }
    }
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .item_dim = 1,
                      .states = t->states,
                      .vectors = t->vectors};
    t->report.struct_size = sizeof t->report;
}

static void refused(scene *t, rr_status got, rr_status wanted, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, t->err.text);
    ck_assert_msg(strstr(t->err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", t->err.text,
                  sentence);
}

START_TEST(test_api_imitate_learns_choice_and_value_and_allocates_nothing)
{
    scene t;
    open_scene(&t);
    const size_t n_calls = t.host.n_calls;
    const uint64_t version = rr_agent_version(t.agent);
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.epochs = 200;
    config.until = 0.0f;
    ck_assert_int_eq(
        rr_agent_imitate(t.agent, &t.obs, t.actions, NULL, t.returns, &config, &t.report, NULL),
        RR_OK);
    ck_assert_uint_eq(t.host.n_calls, n_calls);
    ck_assert_uint_ne(rr_agent_version(t.agent), version);
    ck_assert_int_eq(rr_agent_updates(t.agent), 0);
    float log_probs[N], values[N];
    ck_assert_int_eq(rr_agent_evaluate(t.agent, &t.obs, t.actions, log_probs, NULL, values, NULL),
                     RR_OK);
    ck_assert_float_gt(log_probs[0], -0.05f);
    ck_assert_float_lt(fabsf(values[0] - 3.0f), 0.1f);
    ck_assert_int_eq(t.report.n_rows, N);
    ck_assert_float_eq(t.report.agreement, 1.0f);
    rr_agent_destroy(t.agent);
}
END_TEST

START_TEST(test_api_imitate_arguments_are_judged_by_name)
{
    scene t;
    open_scene(&t);
    const uint64_t version = rr_agent_version(t.agent);
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    refused(&t, rr_agent_imitate(NULL, &t.obs, t.actions, NULL, NULL, NULL, NULL, &t.err),
            RR_E_INVALID, "agent is NULL");
    refused(&t, rr_agent_imitate(t.agent, &t.obs, NULL, NULL, NULL, NULL, NULL, &t.err),
            RR_E_INVALID, "actions is NULL");
    refused(&t, rr_agent_imitate(t.agent, NULL, t.actions, NULL, NULL, NULL, NULL, &t.err),
            RR_E_INVALID, "rr_obs is NULL");
    config.lr = 0.0f;
    refused(&t, rr_agent_imitate(t.agent, &t.obs, t.actions, NULL, NULL, &config, NULL, &t.err),
            RR_E_INVALID, "imitate config: lr is 0");
    t.report.struct_size = 2;
    refused(&t, rr_agent_imitate(t.agent, &t.obs, t.actions, NULL, NULL, NULL, &t.report, &t.err),
            RR_E_INVALID, "rr_imitate_report");
    ck_assert_uint_eq(rr_agent_version(t.agent), version);
    rr_agent_destroy(t.agent);
}
END_TEST

CHECK_MAIN("api/api_imitate", test_api_imitate_learns_choice_and_value_and_allocates_nothing,
           test_api_imitate_arguments_are_judged_by_name)
