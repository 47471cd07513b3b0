/* SPDX-License-Identifier: MIT */
/* Strangers: the feed knows nothing of a user but what it has shown in this session and what that
 * earned. Two agents learn from the same kind of visitors: one has the last item as its state, one
 * folds the past in (has_fold_in): least squares make the user's vector from it, begun at the users
 * that were known last night, and a learned optimism shows what is not known yet. Beside them
 * whoever shows items at random, and the best play of one who sees the user.
 *
 *     host_strangers [seed] */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 64, STEPS = 20, DIM = 8, N_ITEMS = 200, KNOWN = 1024, UPDATES = 40, ROUNDS = 4 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "strangers: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static rr_env *create_env(uint64_t seed)
{
    rr_error err;
    rr_env *env = NULL;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = N;
    config.num_items = N_ITEMS;
    config.state_dim = 2 * DIM;
    config.max_episode_steps = STEPS;
    config.hides_user = 1;
    config.seed = seed;
    require(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err), &err);
    require(rr_env_reset(env, &err), &err);
    return env;
}

static double step(rr_env *env, const int32_t *actions, rr_outcome *outcome)
{
    rr_error err;
    double sum = 0.0;
    require(rr_env_step(env, actions, outcome, &err), &err);
    for (size_t i = 0; i < N; i++) {
        sum += (double)outcome->rewards[i];
    }
    return sum / N;
}

/* The users that were known last night. */
static void know(float users[KNOWN * DIM], uint64_t seed)
{
    rr_error err;
    rr_env *env = create_env(seed);
    for (size_t n = 0; n < KNOWN; n += N) {
        require(rr_env_users(env, users + n * DIM, &err), &err);
        require(rr_env_reset(env, &err), &err);
    }
    rr_env_destroy(env);
}

static rr_agent *create_agent(rr_env *env, int32_t has_fold_in, const float *users, uint64_t seed)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = 2 * DIM;
    config.item_dim = DIM;
    config.max_rows = N;
    config.max_candidates = 0;
    config.max_history = STEPS;
    config.has_fold_in = has_fold_in;
    config.fold_in_decay = has_fold_in != 0 ? 0.9f : 1.0f; /* the world's reward_decay */
    config.seed = seed;
    ppo.n_steps = STEPS;
    ppo.gae_lambda = 1.0f; /* what a showing teaches is worth something many steps later */
    require(rr_agent_create(&agent, &config, &ppo, rr_env_items(env), NULL, &err), &err);
    if (has_fold_in != 0) {
        require(rr_agent_fit_prior(agent, users, KNOWN, 0.01f, &err), &err);
    }
    return agent;
}

static void learn(rr_agent *agent, rr_env *env)
{
    rr_error err;
    rr_buffer *buffer = NULL;
    rr_buffer_config config;
    int32_t actions[N];
    float log_probs[N], values[N];
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    rr_buffer_config_init(&config, sizeof config);
    require(rr_agent_fit_buffer_config(agent, N, &config, &err), &err);
    require(rr_buffer_create(&buffer, &config, NULL, &err), &err);
    for (int update = 0; update < UPDATES; update++) {
        rr_obs obs = {.struct_size = sizeof obs};
        while (!rr_buffer_is_full(buffer)) {
            rr_outcome outcome = {.struct_size = sizeof outcome};
            require(rr_env_observe(env, &obs, &err), &err);
            require(rr_agent_act(agent, &obs, &decision, &err), &err);
            require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
            (void)step(env, actions, &outcome);
            require(rr_buffer_reward(buffer, &outcome, &err), &err);
        }
        require(rr_env_observe(env, &obs, &err), &err);
        require(rr_agent_update(agent, buffer, &obs, NULL, &err), &err);
    }
    rr_buffer_destroy(buffer);
}

/* Mean reward a decision over whole sessions of users that nobody has met yet: of the agent's best
 * items, or where it is NULL of what a chooser that sees the user shows. */
static double play(rr_agent *agent, int32_t chooser, uint64_t seed)
{
    rr_error err;
    int32_t actions[N];
    double sum = 0.0;
    rr_env *env = create_env(seed);
    for (int t = 0; t < ROUNDS * STEPS; t++) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        require(rr_env_observe(env, &obs, &err), &err);
        if (agent != NULL) {
            require(rr_agent_top_k(agent, &obs, 1, actions, NULL, NULL, &err), &err);
        } else {
            require(rr_env_choose(env, chooser, NULL, 0.0f, actions, &err), &err);
        }
        sum += step(env, actions, &outcome);
    }
    rr_env_destroy(env);
    return sum / (ROUNDS * STEPS);
}

int main(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    static float users[KNOWN * DIM];
    know(users, seed + 1000);
    const double nothing = play(NULL, RR_CHOOSER_RANDOM, seed + 2000);
    const double best = play(NULL, RR_CHOOSER_ORACLE, seed + 2000);
    printf("of the way from random (%.2f a decision) to one who sees the user (%.2f):\n", nothing,
           best);
    double share[2];
    for (int32_t has_fold_in = 0; has_fold_in < 2; has_fold_in++) {
        rr_env *env = create_env(seed);
        rr_agent *agent = create_agent(env, has_fold_in, users, seed);
        learn(agent, env);
        share[has_fold_in] = (play(agent, 0, seed + 2000) - nothing) / (best - nothing);
        printf("%-28s %5.1f %%\n", has_fold_in != 0 ? "the past folded in" : "the last item alone",
               100.0 * share[has_fold_in]);
        rr_agent_destroy(agent);
        rr_env_destroy(env);
    }
    return share[1] > share[0] + 0.5 ? EXIT_SUCCESS : EXIT_FAILURE; /* else something is broken */
}
