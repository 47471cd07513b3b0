/* SPDX-License-Identifier: MIT */
/* Practice: what one can find out in the simulator before there are users. Two ways to choose meet
 * the same visitors, a watch says what is wrong with one of them, and advantages are computed by
 * hand.
 *
 *     host_practice */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { SESSIONS = 16, STEPS = 10, N_ITEMS = 200, DIM = 8, MOST = 64 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "practice: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static rr_env *create_env(void)
{
    rr_error err;
    rr_env *env = NULL;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = SESSIONS;
    config.num_items = N_ITEMS;
    config.state_dim = 2 * DIM;
    config.max_episode_steps = STEPS;
    config.history_length = -1; /* as long as a session: get_config tells how long that is */
    require(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err), &err);
    require(rr_env_get_config(env, &config, &err), &err);
    printf("a world of %d items; observations carry the last %d\n", config.num_items,
           config.history_length);
    return env;
}

/* Plays the first MOST sessions of a seed; returns [MOST]. The seed decides who comes, so whoever
 * plays meets the same visitors in the same order. */
static void play(rr_env *env, int32_t chooser, uint64_t seed, float *returns)
{
    rr_error err;
    rr_metrics *metrics = NULL;
    float popular_user[DIM];
    int32_t actions[SESSIONS];
    rr_outcome outcome = {.struct_size = sizeof outcome};
    require(rr_env_mean_user(env, popular_user, &err), &err); /* for RR_CHOOSER_POPULAR */
    require(rr_metrics_create(&metrics, rr_env_items(env), SESSIONS, MOST, STEPS, NULL, &err),
            &err);
    require(rr_env_seed(env, seed, &err), &err);
    require(rr_env_reset(env, &err), &err);
    while (!rr_metrics_is_complete(metrics)) {
        require(rr_env_choose(env, chooser, popular_user, 0.0f, actions, &err), &err);
        require(rr_env_step(env, actions, &outcome, &err), &err);
        require(rr_metrics_add(metrics, actions, &outcome, &err), &err);
    }
    require(rr_metrics_returns(metrics, returns, MOST, &err), &err);
    rr_metrics_destroy(metrics);
}

static void compare(rr_env *env)
{
    rr_error err;
    float similar[MOST], popular[MOST], again[MOST];
    rr_comparison c = {.struct_size = sizeof c};
    play(env, RR_CHOOSER_SIMILAR, 1, similar);
    play(env, RR_CHOOSER_POPULAR, 1, popular);
    play(env, RR_CHOOSER_SIMILAR, 1, again);
    require(rr_compare_returns(similar, again, NULL, MOST, &c, &err), &err);
    printf("one policy, one seed, twice: %d of %d sessions are alike\n", c.n_tied, c.n);
    require(rr_compare_returns(similar, popular, NULL, MOST, &c, &err), &err);
    printf("the most similar item earns more than the most popular one: %s\n",
           c.difference > c.difference_interval ? "yes, beyond chance" : "nobody can say");
}

/* A rollout that is not wanted after all, and what a buffer says of itself. */
static void throw_away(rr_env *env)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_agent_config config;
    rr_buffer_config rollout;
    int32_t actions[SESSIONS];
    float log_probs[SESSIONS], values[SESSIONS];
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = SESSIONS,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    rr_buffer_counts counts = {.struct_size = sizeof counts};
    rr_agent_config_init(&config, sizeof config);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.state_dim = 2 * DIM;
    config.item_dim = DIM;
    config.max_candidates = 0;
    config.max_history = STEPS;
    require(rr_agent_create(&agent, &config, NULL, rr_env_items(env), NULL, &err), &err);
    require(rr_agent_fit_buffer_config(agent, SESSIONS, &rollout, &err), &err);
    require(rr_buffer_create(&buffer, &rollout, NULL, &err), &err);
    require(rr_env_observe(env, &obs, &err), &err);
    require(rr_agent_act(agent, &obs, &decision, &err), &err);
    require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
    require(rr_buffer_get_counts(buffer, &counts, &err), &err);
    printf("a record of %d rows of at most %d; it %s its reward\n", counts.record_rows,
           counts.max_rows, counts.awaits_reward ? "waits for" : "has");
    rr_buffer_clear(buffer);
    printf("cleared: %d rows\n", rr_buffer_count(buffer));
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
}

/* A policy that shows one item to everybody, whatever they like. */
static void watch(rr_env *env)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_health *health = NULL;
    rr_agent_config config;
    rr_health_config limits;
    float states[SESSIONS * 2 * DIM] = {0.0f}, rewards[SESSIONS];
    int32_t actions[SESSIONS] = {0};
    const rr_obs obs = {
        .struct_size = sizeof obs, .n = SESSIONS, .state_dim = 2 * DIM, .states = states};
    const rr_decision decision = {
        .struct_size = sizeof decision, .n = SESSIONS, .actions = actions, .items = actions};
    const rr_outcome outcome = {.struct_size = sizeof outcome, .n = SESSIONS, .rewards = rewards};
    const rr_stats stats = {.struct_size = sizeof stats, .entropy = 1.0f};
    rr_health_report report = {.struct_size = sizeof report};
    rr_agent_config_init(&config, sizeof config);
    rr_health_config_init(&limits, sizeof limits);
    config.state_dim = 2 * DIM;
    config.item_dim = DIM;
    config.max_candidates = 0;
    limits.window = SESSIONS;
    require(rr_agent_create(&agent, &config, NULL, rr_env_items(env), NULL, &err), &err);
    require(rr_health_create(&health, &limits, agent, NULL, &err), &err);
    for (int i = 0; i < SESSIONS; i++) {
        rewards[i] = (float)(i % 2);
    }
    for (int window = 0; window < 2; window++) { /* the first one is never judged */
        require(rr_health_record(health, &obs, &decision, &err), &err);
        require(rr_health_reward(health, &outcome, &err), &err);
        require(rr_health_update(health, agent, &stats, &report, &err), &err);
    }
    if ((report.ill & RR_ILL_TOP_SHARE) != 0) {
        printf("the watch: %s\n", rr_health_sentence(health, RR_ILL_TOP_SHARE));
    }
    rr_health_destroy(health);
    rr_agent_destroy(agent);
}

/* Three steps of one session that ends: the advantages that docs/maths.md §4 defines. */
static void advantages(void)
{
    rr_error err;
    const float rewards[3] = {0.0f, 0.0f, 1.0f}, values[3] = {0.5f, 0.5f, 0.5f};
    const float next_values[3] = {0.5f, 0.5f, 0.0f};
    const uint8_t is_over[3] = {0, 0, 1};
    float advantage[3], returns[3];
    require(rr_gae(rewards, values, next_values, is_over, is_over, 0.5f, 1.0f, 3, advantage,
                   returns, &err),
            &err);
    for (int t = 0; t < 3; t++) {
        printf("step %d: return %.2f, advantage %+.2f\n", t, (double)returns[t],
               (double)advantage[t]);
    }
}

int main(void)
{
    rr_env *env = create_env();
    compare(env);
    throw_away(env);
    watch(env);
    advantages();
    rr_env_destroy(env);
    return EXIT_SUCCESS;
}
