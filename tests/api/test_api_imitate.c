/* SPDX-License-Identifier: MIT */
/* Imitation as a host sees it. What it learns is in tests/agent. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
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
    config.epochs = 1;
    for (int call = 0; call < 200; call++) {
        ck_assert_int_eq(
            rr_agent_imitate(t.agent, &t.obs, t.actions, NULL, t.returns, &config, &t.report, NULL),
            RR_OK);
    }
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

/* ── the simulated world, with the defaults ── */

enum { SESSIONS = 50, STEPS = 10, LIST = 50, DIM = 16, DRAWN = 5000, JUDGED = 200 };

typedef struct drawn_world {
    rr_env *env;
    rr_agent *agent;
    float states[DRAWN * 2 * DIM];
    int32_t lists[DRAWN * LIST], actions[DRAWN];
} drawn_world;

/* A ranker that shows the most similar item, and an agent that has only its log. */
static drawn_world *open_world(uint64_t seed)
{
    drawn_world *w = calloc(1, sizeof *w);
    rr_env_config world;
    rr_agent_config config;
    rr_env_config_init(&world, sizeof world);
    rr_agent_config_init(&config, sizeof config);
    world.n_envs = SESSIONS;
    world.num_items = 1000;
    world.num_candidates = LIST;
    world.state_dim = config.state_dim = 2 * DIM;
    world.max_episode_steps = STEPS;
    world.history_length = 0;
    world.world_seed = world.seed = config.seed = seed;
    ck_assert_int_eq(rr_env_create(&w->env, &world, NULL, NULL, 0, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_env_reset(w->env, NULL), RR_OK);
    config.item_dim = DIM;
    config.max_candidates = LIST;
    config.max_history = 0;
    config.has_repeat_weight = 0;
    config.hidden[0] = config.hidden[1] = 0;
    config.max_update_rows = DRAWN;
    ck_assert_int_eq(rr_agent_create(&w->agent, &config, NULL, rr_env_items(w->env), NULL, NULL),
                     RR_OK);
    for (size_t at = 0; at < DRAWN; at += SESSIONS) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        ck_assert_int_eq(rr_env_observe(w->env, &obs, NULL), RR_OK);
        memcpy(w->states + at * 2 * DIM, obs.states, sizeof(float) * SESSIONS * 2 * DIM);
        memcpy(w->lists + at * LIST, obs.candidates, sizeof(int32_t) * SESSIONS * LIST);
        ck_assert_int_eq(
            rr_env_choose(w->env, RR_CHOOSER_SIMILAR, NULL, 0.0f, w->actions + at, NULL), RR_OK);
        ck_assert_int_eq(rr_env_step(w->env, w->actions + at, &outcome, NULL), RR_OK);
    }
    return w;
}

/* Mean return of sessions of a seed that no log has: the agent's best item, or the ranker's. */
static double earned(drawn_world *w, bool is_agent)
{
    rr_metrics *metrics = NULL;
    float returns[JUDGED];
    int32_t actions[SESSIONS];
    double sum = 0.0;
    ck_assert_int_eq(
        rr_metrics_create(&metrics, rr_env_items(w->env), SESSIONS, JUDGED, STEPS, NULL, NULL),
        RR_OK);
    ck_assert_int_eq(rr_env_seed(w->env, 1000, NULL), RR_OK);
    ck_assert_int_eq(rr_env_reset(w->env, NULL), RR_OK);
    while (!rr_metrics_is_complete(metrics)) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        ck_assert_int_eq(rr_env_observe(w->env, &obs, NULL), RR_OK);
        ck_assert_int_eq(is_agent
                             ? rr_agent_top_k(w->agent, &obs, 1, actions, NULL, NULL, NULL)
                             : rr_env_choose(w->env, RR_CHOOSER_SIMILAR, NULL, 0.0f, actions, NULL),
                         RR_OK);
        ck_assert_int_eq(rr_env_step(w->env, actions, &outcome, NULL), RR_OK);
        ck_assert_int_eq(rr_metrics_add(metrics, actions, &outcome, NULL), RR_OK);
    }
    ck_assert_int_eq(rr_metrics_returns(metrics, returns, JUDGED, NULL), RR_OK);
    rr_metrics_destroy(metrics);
    for (int i = 0; i < JUDGED; i++) {
        sum += (double)returns[i] / JUDGED;
    }
    return sum;
}

START_TEST(test_api_imitate_with_its_defaults_reaches_the_incumbent_of_the_drawn_world)
{
    drawn_world *w = open_world(3);
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = DRAWN,
                        .n_candidates = LIST,
                        .state_dim = 2 * DIM,
                        .states = w->states,
                        .candidates = w->lists};
    rr_imitate_report report = {.struct_size = sizeof report};
    ck_assert_int_eq(rr_agent_imitate(w->agent, &obs, w->actions, NULL, NULL, NULL, &report, NULL),
                     RR_OK);
    ck_assert_int_eq(report.is_converged, 1);
    ck_assert_float_gt(report.agreement, 0.92f);
    ck_assert_float_lt(report.loss, 0.25f);
    const double ranker = earned(w, false), clone = earned(w, true);
    ck_assert_msg(clone > 0.995 * ranker, "%g, and the ranker %g", clone, ranker);
    rr_agent_destroy(w->agent);
    rr_env_destroy(w->env);
    free(w);
}
END_TEST

CHECK_MAIN("api/api_imitate", test_api_imitate_learns_choice_and_value_and_allocates_nothing,
           test_api_imitate_arguments_are_judged_by_name,
           test_api_imitate_with_its_defaults_reaches_the_incumbent_of_the_drawn_world)
