/* SPDX-License-Identifier: MIT */
#include "learner.h"

#include <stdlib.h>
#include <string.h>

#include "driver/stop.h"
#include "driver/text.h"

enum { SIDE_BY_SIDE = 64, NIGHT_CHUNK = 128 };
static const uint64_t NIGHT_IDS = UINT64_C(1) << 41, MARCH_IDS = 1;

rr_agent *learner_make(const world *w, const learner_options *options)
{
    rr_error err;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent *agent = NULL;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = config.item_dim = WORLD_DIM;
    config.feature_dim = world_features(w->schema);
    config.schema = (uint64_t)w->schema;
    config.max_candidates = options->candidates;
    config.max_history = 0;
    config.max_pool_items = options->most_items;
    config.has_repeat_weight = 0;
    config.hidden[0] = 32;
    config.hidden[1] = 0;
    config.critic_hidden[0] = 32;
    config.critic_hidden[1] = 0;
    config.initial_scale = 1.0f;
    config.max_rows = NIGHT_CHUNK;
    config.max_update_rows = 2 * options->rows; /* sessions are whole */
    if (config.max_update_rows < NIGHT_CHUNK) {
        config.max_update_rows = NIGHT_CHUNK; /* what the first night imitates at once */
    }
    config.max_weight = 2.0f; /* as the figures of docs/serving.md were measured */
    config.seed = options->seed + ((uint64_t)options->arm << 32);
    ppo.n_steps = options->rows; /* a session is one segment, however long */
    ppo.gamma = options->gamma;
    ppo.gae_lambda = 0.5f;
    ppo.lr = 0.03f;
    ppo.batch_size = 128;
    text_require(rr_agent_create(&agent, &config, &ppo, w->items, NULL, &err), &err);
    return agent;
}

/* The policy that f₀ alone gives: softmax of the ranker's log-scores. */
static void follow_the_ranker(rr_agent *agent)
{
    rr_error err;
    const float weights[WORLD_FEATURES] = {1.0f};
    const float none[WORLD_DIM * WORLD_DIM] = {0.0f};
    text_require(rr_agent_set_feature_weights(agent, weights, WORLD_FEATURES, &err), &err);
    text_require(rr_agent_set_tensor(agent, "actor.skip.weight", none, WORLD_DIM * WORLD_DIM, &err),
                 &err);
}

/* Discounted sums of what followed, backwards through rows [n_steps, n]. */
static void sum_returns(float *returns, const float *rewards, const uint8_t *terminated,
                        int32_t n_steps, int32_t n, float gamma)
{
    for (int32_t row = 0; row < n; row++) {
        float following = 0.0f;
        for (int32_t step = n_steps - 1; step >= 0; step--) {
            const size_t at = (size_t)step * (size_t)n + (size_t)row;
            following = rewards[at] + (terminated[at] != 0 ? 0.0f : gamma * following);
            returns[at] = following;
        }
    }
}

/* The night's rows, one step of NIGHT_CHUNK sessions behind the other. */
typedef struct night {
    batch *steps;
    int32_t *actions;
    float *rewards, *returns;
    uint8_t *terminated;
    int32_t n_steps;
} night;

static void play_night(night *t, const world *w, float gamma)
{
    march m;
    const player ranker = {.chooser = CHOOSE_INCUMBENT};
    march_open(&m, w, NIGHT_CHUNK, NIGHT_IDS);
    for (int32_t step = 0; step < t->n_steps; step++) {
        const size_t at = (size_t)step * NIGHT_CHUNK;
        player_choose(&ranker, &m);
        memcpy(t->actions + at, m.actions, NIGHT_CHUNK * sizeof(int32_t));
        batch *kept = &t->steps[step];
        batch_open(kept, NIGHT_CHUNK, w->k);
        memcpy(kept->requests, m.b.requests, NIGHT_CHUNK * sizeof(request));
        for (int32_t row = 0; row < NIGHT_CHUNK; row++) {
            world_show(w, kept, row);
        }
        march_answer(&m);
        memcpy(t->rewards + at, m.rewards, NIGHT_CHUNK * sizeof(float));
        memcpy(t->terminated + at, m.terminated, NIGHT_CHUNK);
    }
    march_close(&m);
    sum_returns(t->returns, t->rewards, t->terminated, t->n_steps, NIGHT_CHUNK, gamma);
}

void learner_first_night(rr_agent *agent, const world *w, const learner_options *options)
{
    rr_error err;
    rr_imitate_config config;
    const int32_t n_steps = options->night_rows / NIGHT_CHUNK;
    const size_t n = (size_t)n_steps * NIGHT_CHUNK;
    night t = {.n_steps = n_steps};
    t.steps = text_allocate((size_t)n_steps, sizeof *t.steps);
    t.actions = text_allocate(n, sizeof(int32_t));
    t.rewards = text_allocate(n, sizeof(float));
    t.returns = text_allocate(n, sizeof(float));
    t.terminated = text_allocate(n, 1);
    follow_the_ranker(agent);
    play_night(&t, w, options->gamma);
    rr_imitate_config_init(&config, sizeof config);
    config.lr = 0.003f;
    config.epochs = 1; /* of each step of the night */
    for (int32_t step = 0; step < n_steps; step++) {
        const size_t at = (size_t)step * NIGHT_CHUNK;
        const rr_obs obs = batch_obs(&t.steps[step]);
        rr_imitate_report report = {.struct_size = sizeof report};
        text_require(rr_agent_imitate(agent, &obs, t.actions + at, NULL, t.returns + at, &config,
                                      &report, &err),
                     &err);
        if (report.n_rows != obs.n) {
            text_fail("the first night: imitation left out %d of %d rows of the log",
                      obs.n - report.n_rows, obs.n);
        }
        batch_close(&t.steps[step]);
    }
    free(t.steps);
    free(t.actions);
    free(t.rewards);
    free(t.returns);
    free(t.terminated);
}

static rr_buffer *make_buffer(const rr_agent *agent, const learner_options *options)
{
    rr_error err;
    rr_buffer_config config;
    rr_buffer *buffer = NULL;
    rr_buffer_config_init(&config, sizeof config);
    text_require(rr_agent_fit_buffer_config(agent, 1, &config, &err), &err);
    config.max_rows = options->rows;
    text_require(rr_buffer_create(&buffer, &config, NULL, &err), &err);
    return buffer;
}

/* What lock step records: the rows without the keys by which a server's would be told apart. */
static rr_obs without_keys(rr_obs obs)
{
    obs.sessions = obs.decisions = NULL;
    obs.times = NULL;
    return obs;
}

void learner_march(rr_agent *agent, const world *w, const learner_options *options,
                   int32_t n_decisions)
{
    rr_error err;
    march m;
    rr_buffer *buffer = make_buffer(agent, options);
    float log_probs[SIDE_BY_SIDE], values[SIDE_BY_SIDE];
    march_open(&m, w, SIDE_BY_SIDE, MARCH_IDS);
    m.most_steps = options->most_steps;
    for (int32_t n = 0; n < n_decisions && stop_asked() == 0; n += SIDE_BY_SIDE) {
        const rr_obs obs = batch_obs(&m.b), plain = without_keys(obs);
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = SIDE_BY_SIDE,
                                .actions = m.actions,
                                .log_probs = log_probs,
                                .values = values};
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = SIDE_BY_SIDE,
                                    .rewards = m.rewards,
                                    .terminated = m.terminated};
        text_require(rr_agent_act(agent, &obs, &decision, &err), &err);
        text_require(rr_buffer_record(buffer, &plain, &decision, &err), &err);
        march_answer(&m);
        text_require(rr_buffer_reward(buffer, &outcome, &err), &err);
        if (rr_buffer_is_full(buffer)) {
            const rr_obs next = without_keys(batch_obs(&m.b));
            rr_stats stats = {.struct_size = sizeof stats};
            text_require(rr_agent_update(agent, buffer, &next, &stats, &err), &err);
            if (stats.n_rows != options->rows) {
                text_fail("lock step: an update left out %d of %d rows",
                          options->rows - stats.n_rows, options->rows);
            }
        }
    }
    march_close(&m);
    rr_buffer_destroy(buffer);
}

earned learner_measure(rr_agent *agent, const world *w, bool is_greedy, int32_t n_sessions)
{
    rr_error err;
    rr_serving_options options;
    player p = {0};
    rr_serving_options_init(&options, sizeof options);
    options.is_greedy = is_greedy;
    text_require(rr_agent_publish(agent, &options, &p.policy, &err), &err);
    text_require(rr_reader_create(&p.reader, p.policy, 0, NULL, &err), &err);
    const earned got = player_measure(&p, w, n_sessions);
    rr_reader_destroy(p.reader);
    rr_policy_release(p.policy);
    return got;
}
