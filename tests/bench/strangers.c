/* SPDX-License-Identifier: MIT */
/* strangers: how much of the way to one who sees the user a policy goes that does not.
 *
 *   strangers SEED TIMESTEPS [agent.FIELD=V] [algo.FIELD=V] [prior=VARIANCE] [beta=B]
 *
 * The simulated world with its defaults, sessions of 20; the user's half of every state is 0. PPO
 * learns, by default with gae_lambda 1 and lr falling to 0. With prior an agent with a fold-in
 * begins at 4096 users of other sessions. Prints one line of JSON: shares of the way from the
 * better of random and popular to the best known play of one who sees the user, over the last ten
 * steps and over all twenty of sessions that no run was trained on, of draws and of the best item;
 * and β, the optimism, where there is one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { N = 64, STEPS = 20, MOST_DIM = 128, USERS = 4096, ROUNDS = 20 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "strangers: %s\n", err.text);
        exit(1);
    }
}

typedef struct task {
    rr_env_config world;
    rr_agent_config shape;
    rr_ppo_config ppo;
    uint64_t seed;
    int64_t n_steps;
    float variance, beta; /* of the prior, 0: none; the first β */
    size_t dim;           /* half of a state */
} task;

/* "agent.hidden=64,64" */
static void set(task *t, const char *argument)
{
    char name[64];
    const char *value = strchr(argument, '=');
    if (value == NULL || (size_t)(value - argument) >= sizeof name) {
        fprintf(stderr, "strangers: \"%s\" is no FIELD=VALUE\n", argument);
        exit(2);
    }
    memcpy(name, argument, (size_t)(value - argument));
    name[value - argument] = '\0';
    value++;
    if (strcmp(name, "prior") == 0) {
        t->variance = strtof(value, NULL);
    } else if (strcmp(name, "beta") == 0) {
        t->beta = strtof(value, NULL);
    } else if (strncmp(name, "agent.", 6) == 0) {
        require(rr_config_set(&t->shape, name + 6, value, &err));
    } else if (strncmp(name, "algo.", 5) == 0) {
        require(rr_config_set(&t->ppo, name + 5, value, &err));
    } else {
        fprintf(stderr, "strangers: %s belongs to nothing\n", name);
        exit(2);
    }
}

static rr_env *open_world(const task *t, uint64_t seed)
{
    rr_env *env = NULL;
    rr_env_config world = t->world;
    world.seed = seed;
    require(rr_env_create(&env, &world, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(env, &err));
    return env;
}

/* What is seen of a world where the user is not. */
typedef struct view {
    rr_obs obs, final_obs;
    rr_outcome outcome;
    float states[N * 2 * MOST_DIM], final_states[N * 2 * MOST_DIM];
} view;

static const float *hide(float *out, const float *states, size_t dim)
{
    memcpy(out, states, N * 2 * dim * sizeof *out);
    for (size_t i = 0; i < N; i++) {
        memset(out + i * 2 * dim, 0, dim * sizeof *out);
    }
    return out;
}

static void look(view *v, const task *t, rr_env *env)
{
    v->obs = (rr_obs){.struct_size = sizeof v->obs};
    require(rr_env_observe(env, &v->obs, &err));
    v->obs.states = hide(v->states, v->obs.states, t->dim);
}

static void step(view *v, const task *t, rr_env *env, const int32_t *actions)
{
    v->outcome = (rr_outcome){.struct_size = sizeof v->outcome};
    require(rr_env_step(env, actions, &v->outcome, &err));
    if (v->outcome.final_obs != NULL) {
        v->final_obs = *v->outcome.final_obs;
        v->final_obs.states = hide(v->final_states, v->final_obs.states, t->dim);
        v->outcome.final_obs = &v->final_obs;
    }
}

enum { LAST, ALL, PARTS };

/* Mean rewards a step of new users, by the agent's draws or its best items, or without one by a
 * chooser. */
static void play(double out[PARTS], const task *t, rr_agent *agent, int is_greedy, int32_t chooser)
{
    static view v;
    int32_t actions[N];
    float popular[MOST_DIM];
    rr_env *env = open_world(t, t->seed + UINT64_C(1000003));
    require(rr_env_mean_user(env, popular, &err));
    memset(out, 0, PARTS * sizeof *out);
    for (int at = 0; at < ROUNDS * STEPS; at++) {
        look(&v, t, env);
        if (agent == NULL) {
            require(rr_env_choose(env, chooser, popular, 0.0f, actions, &err));
        } else if (is_greedy) {
            require(rr_agent_top_k(agent, &v.obs, 1, actions, NULL, NULL, &err));
        } else {
            rr_decision decision = {.struct_size = sizeof decision, .n = N, .actions = actions};
            require(rr_agent_act(agent, &v.obs, &decision, &err));
        }
        step(&v, t, env, actions);
        for (size_t i = 0; i < N; i++) {
            const double reward = (double)v.outcome.rewards[i] / (ROUNDS * STEPS * N);
            out[ALL] += reward;
            out[LAST] += at % STEPS >= STEPS / 2 ? 2.0 * reward : 0.0;
        }
    }
    rr_env_destroy(env);
}

/* A table of users of other sessions, whom somebody knew. */
static void fit_prior(rr_agent *agent, const task *t)
{
    float *users = malloc(USERS * t->dim * sizeof *users);
    rr_env *env = open_world(t, t->seed + UINT64_C(2000003));
    rr_obs obs = {.struct_size = sizeof obs};
    for (size_t n = 0; n < USERS; n++) {
        if (n % N == 0) {
            require(rr_env_seed(env, t->seed + UINT64_C(3000017) + n, &err));
            require(rr_env_reset(env, &err));
            require(rr_env_observe(env, &obs, &err));
        }
        memcpy(users + n * t->dim, obs.states + n % N * 2 * t->dim, t->dim * sizeof *users);
    }
    rr_env_destroy(env);
    require(rr_agent_fit_prior(agent, users, USERS, t->variance, &err));
    require(rr_agent_set_tensor(agent, "actor.error_weight", &t->beta, 1, &err));
    free(users);
}

static rr_agent *train(const task *t)
{
    static view v;
    int32_t actions[N];
    float log_probs[N], values[N];
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_buffer_config room;
    rr_env *env = open_world(t, t->seed);
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    rr_buffer_config_init(&room, sizeof room);
    require(rr_agent_create(&agent, &t->shape, &t->ppo, rr_env_items(env), NULL, &err));
    if (t->variance > 0.0f) {
        fit_prior(agent, t);
    }
    require(rr_agent_fit_buffer_config(agent, N, &room, &err));
    require(rr_buffer_create(&buffer, &room, NULL, &err));
    for (int64_t at = 0; at < t->n_steps;) {
        for (; !rr_buffer_is_full(buffer); at += N) {
            look(&v, t, env);
            require(rr_agent_act(agent, &v.obs, &decision, &err));
            require(rr_buffer_record(buffer, &v.obs, &decision, &err));
            step(&v, t, env, actions);
            require(rr_buffer_reward(buffer, &v.outcome, &err));
        }
        look(&v, t, env);
        require(rr_agent_update(agent, buffer, &v.obs, NULL, &err));
    }
    rr_buffer_destroy(buffer);
    rr_env_destroy(env);
    return agent;
}

static double beta_of(const rr_agent *agent)
{
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        require(rr_agent_tensor_at(agent, i, &tensor, &err));
        if (strcmp(tensor.name, "actor.error_weight") == 0) {
            return (double)tensor.data[0];
        }
    }
    return 0.0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "strangers: strangers SEED TIMESTEPS [FIELD=VALUE …]\n");
        return 2;
    }
    task t = {.seed = strtoull(argv[1], NULL, 10), .n_steps = strtoll(argv[2], NULL, 10)};
    rr_env_config_init(&t.world, sizeof t.world);
    rr_agent_config_init(&t.shape, sizeof t.shape);
    rr_ppo_config_init(&t.ppo, sizeof t.ppo);
    t.world.n_envs = N;
    t.world.max_episode_steps = STEPS;
    t.dim = (size_t)t.world.state_dim / 2;
    t.shape.seed = t.seed;
    t.shape.max_rows = N;
    t.shape.max_candidates = 0;
    t.shape.max_history = STEPS;
    t.shape.fold_in_decay = t.world.reward_decay;
    t.ppo.gae_lambda = 1.0f;
    t.ppo.n_steps = STEPS;
    t.shape.planned_updates = t.n_steps / (N * STEPS);
    for (int i = 3; i < argc; i++) {
        set(&t, argv[i]);
    }
    double best[PARTS], chance[PARTS], popular[PARTS], drawn[PARTS], greedy[PARTS];
    play(best, &t, NULL, 0, RR_CHOOSER_ORACLE);
    play(chance, &t, NULL, 0, RR_CHOOSER_RANDOM);
    play(popular, &t, NULL, 0, RR_CHOOSER_POPULAR);
    rr_agent *agent = train(&t);
    play(drawn, &t, agent, 0, 0);
    play(greedy, &t, agent, 1, 0);
    for (int part = LAST; part < PARTS; part++) {
        const double least = fmax(chance[part], popular[part]);
        drawn[part] = (drawn[part] - least) / (best[part] - least);
        greedy[part] = (greedy[part] - least) / (best[part] - least);
    }
    printf("{\"last\": %.4f, \"all\": %.4f, \"greedy_last\": %.4f, \"greedy_all\": %.4f, "
           "\"beta\": %.3f}\n",
           drawn[LAST], drawn[ALL], greedy[LAST], greedy[ALL], beta_of(agent));
    rr_agent_destroy(agent);
    return 0;
}
