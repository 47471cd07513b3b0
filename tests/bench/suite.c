/* SPDX-License-Identifier: MIT */
/* suite: trains one agent in one simulated world and prints one line of JSON. suite.py runs it over
 * a list of worlds, and says what for.
 *
 *   suite ALGO SEED TIMESTEPS [env.FIELD=V] [agent.FIELD=V] [algo.FIELD=V] [scale=X] [clicks=1]
 *                             [sigmoid=1] [noise=SD]
 *
 * ALGO "none" trains nothing: the yardstick and random play alone. What no field says follows from
 * the world. With scale the agent is told rewards times X. With clicks it is told 1 with
 * probability 1/(1 + exp(5 − r)) and else 0; random play then earns some 1 %, and what is printed
 * is that probability. With sigmoid a step is worth 1/(1 + exp(−r)), and the agent is told that;
 * with noise it is told more or less, by a normal deviate times SD. Figures are means over whole
 * sessions that no run was trained on: of a step, or with the leave rule of a session. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { PLAYED = 64, MOST_ENVS = 1024, SAFE_AFTER = 10 };
static const float BETAS[] = {0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 8.0f};
enum { N_BETAS = sizeof BETAS / sizeof BETAS[0] };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "suite: %s\n", err.text);
        exit(1);
    }
}

typedef struct task {
    rr_env_config world;
    rr_agent_config shape;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_reinforce_config reinforce;
    void *algo; /* NULL: none */
    int64_t n_steps;
    uint64_t seed, random;
    float scale, noise;
    int has_clicks, is_sigmoid;
} task;

static void begin(task *t, const char *algo, uint64_t seed)
{
    *t = (task){.seed = seed, .random = seed, .scale = 1.0f};
    rr_env_config_init(&t->world, sizeof t->world);
    rr_agent_config_init(&t->shape, sizeof t->shape);
    rr_ppo_config_init(&t->ppo, sizeof t->ppo);
    rr_a2c_config_init(&t->a2c, sizeof t->a2c);
    rr_reinforce_config_init(&t->reinforce, sizeof t->reinforce);
    t->algo = strcmp(algo, "ppo") == 0         ? (void *)&t->ppo
              : strcmp(algo, "a2c") == 0       ? (void *)&t->a2c
              : strcmp(algo, "reinforce") == 0 ? (void *)&t->reinforce
                                               : NULL;
    t->world.seed = t->world.world_seed = t->shape.seed = seed;
}

/* "agent.hidden=64,64" */
static void set(task *t, const char *argument)
{
    char name[64];
    const char *value = strchr(argument, '=');
    if (value == NULL || (size_t)(value - argument) >= sizeof name) {
        fprintf(stderr, "suite: \"%s\" is no FIELD=VALUE\n", argument);
        exit(2);
    }
    memcpy(name, argument, (size_t)(value - argument));
    name[value - argument] = '\0';
    value++;
    if (strcmp(name, "scale") == 0) {
        t->scale = strtof(value, NULL);
    } else if (strcmp(name, "clicks") == 0) {
        t->has_clicks = value[0] == '1';
    } else if (strcmp(name, "sigmoid") == 0) {
        t->is_sigmoid = value[0] == '1';
    } else if (strcmp(name, "noise") == 0) {
        t->noise = strtof(value, NULL);
    } else if (strncmp(name, "env.", 4) == 0) {
        require(rr_config_set(&t->world, name + 4, value, &err));
    } else if (strncmp(name, "agent.", 6) == 0) {
        require(rr_config_set(&t->shape, name + 6, value, &err));
    } else if (strncmp(name, "algo.", 5) == 0 && t->algo != NULL) {
        require(rr_config_set(t->algo, name + 5, value, &err));
    } else if (strncmp(name, "algo.", 5) != 0) {
        fprintf(stderr, "suite: %s belongs to nothing\n", name);
        exit(2);
    }
}

static double worth(const task *t, float reward)
{
    const double up = t->has_clicks ? 5.0 : 0.0;
    return t->has_clicks || t->is_sigmoid ? 1.0 / (1.0 + exp(up - (double)reward)) : (double)reward;
}

static double uniform(task *t)
{
    uint64_t x = t->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((x ^ (x >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static float told(task *t, float reward)
{
    if (t->has_clicks) {
        return uniform(t) < worth(t, reward) ? 1.0f : 0.0f;
    }
    double luck = 0.0;
    if (t->noise > 0.0f) {
        const double size = sqrt(-2.0 * log(uniform(t)));
        luck = (double)t->noise * size * cos(6.283185307179586 * uniform(t));
    }
    return t->scale * (float)(worth(t, reward) + luck);
}

static rr_env *open_world(const task *t, uint64_t seed, int32_t n_envs)
{
    rr_env *env = NULL;
    rr_env_config world = t->world;
    world.seed = seed;
    world.n_envs = n_envs;
    require(rr_env_create(&env, &world, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(env, &err));
    return env;
}

/* Plays `rounds` sessions in each of PLAYED rows, by the agent or, without one, by a chooser. */
static double play(const task *t, rr_agent *agent, int32_t chooser, float beta)
{
    const int rounds = 500 / (PLAYED * (t->world.max_episode_steps > 20 ? 2 : 1)) + 1;
    rr_env *env = open_world(t, t->seed + UINT64_C(1000003), PLAYED);
    int32_t actions[PLAYED];
    int n_over[PLAYED] = {0}, n_left = PLAYED;
    double sum = 0.0, n_rows = 0.0;
    while (n_left > 0) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        rr_decision decision = {.struct_size = sizeof decision, .n = PLAYED, .actions = actions};
        if (agent != NULL) {
            require(rr_env_observe(env, &obs, &err));
            require(rr_agent_act(agent, &obs, &decision, &err));
        } else {
            require(rr_env_choose(env, chooser, NULL, beta, actions, &err));
        }
        require(rr_env_step(env, actions, &outcome, &err));
        for (int i = 0; i < PLAYED; i++) {
            if (n_over[i] < rounds) {
                sum += worth(t, outcome.rewards[i]);
                n_rows += 1.0;
                n_over[i] += outcome.truncated[i] != 0 || outcome.terminated[i] != 0;
                n_left -= n_over[i] == rounds;
            }
        }
    }
    rr_env_destroy(env);
    return t->world.tire > 0.0f ? sum / (double)(rounds * PLAYED) : sum / n_rows;
}

static double best(const task *t)
{
    double most = play(t, NULL, RR_CHOOSER_ORACLE, 0.0f);
    for (int i = 0; t->world.tire > 0.0f && i < N_BETAS; i++) {
        most = fmax(most, play(t, NULL, RR_CHOOSER_PATIENT, BETAS[i]));
    }
    return most;
}

/* What is watched on the way. */
typedef struct trace {
    int64_t n_updates;
    double first_kl, safe_kl, entropy; /* of update 1; most behind SAFE_AFTER; of the last */
    int is_finite;
} trace;

static rr_agent *train(task *t, trace *seen)
{
    rr_env *env = open_world(t, t->seed, t->world.n_envs);
    const int n = t->world.n_envs;
    static int32_t actions[MOST_ENVS];
    static float log_probs[MOST_ENVS], values[MOST_ENVS], rewards[MOST_ENVS];
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_buffer_config room;
    rr_buffer_config_init(&room, sizeof room);
    require(rr_env_fit_agent_config(env, &t->shape, &err));
    t->shape.max_rows = n > PLAYED ? n : PLAYED;
    require(rr_agent_create(&agent, &t->shape, t->algo, rr_env_items(env), NULL, &err));
    require(rr_agent_fit_buffer_config(agent, n, &room, &err));
    require(rr_buffer_create(&buffer, &room, NULL, &err));
    for (int64_t step = 0; step * n < t->n_steps && seen->is_finite;) {
        rr_obs obs = {.struct_size = sizeof obs};
        for (; !rr_buffer_is_full(buffer); step++) {
            rr_outcome outcome = {.struct_size = sizeof outcome};
            rr_decision decision = {.struct_size = sizeof decision,
                                    .n = n,
                                    .actions = actions,
                                    .log_probs = log_probs,
                                    .values = values};
            require(rr_env_observe(env, &obs, &err));
            require(rr_agent_act(agent, &obs, &decision, &err));
            require(rr_buffer_record(buffer, &obs, &decision, &err));
            require(rr_env_step(env, actions, &outcome, &err));
            for (int i = 0; i < n; i++) {
                rewards[i] = told(t, outcome.rewards[i]);
            }
            outcome.rewards = rewards;
            require(rr_buffer_reward(buffer, &outcome, &err));
        }
        rr_stats stats = {.struct_size = sizeof stats};
        require(rr_env_observe(env, &obs, &err));
        seen->is_finite = rr_agent_update(agent, buffer, &obs, &stats, &err) == RR_OK;
        const double kl = (double)stats.approx_kl;
        seen->first_kl = stats.n_updates == 1 ? kl : seen->first_kl;
        seen->safe_kl = stats.n_updates > SAFE_AFTER ? fmax(seen->safe_kl, kl) : seen->safe_kl;
        seen->entropy = (double)stats.entropy;
        seen->n_updates = stats.n_updates;
    }
    rr_buffer_destroy(buffer);
    rr_env_destroy(env);
    return agent;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "suite: suite ALGO SEED TIMESTEPS [FIELD=VALUE …]\n");
        return 2;
    }
    task t;
    begin(&t, argv[1], strtoull(argv[2], NULL, 10));
    t.n_steps = strtoll(argv[3], NULL, 10);
    for (int i = 4; i < argc; i++) {
        set(&t, argv[i]);
    }
    if (t.world.n_envs > MOST_ENVS) {
        fprintf(stderr, "suite: n_envs is %d; at most %d fit\n", (int)t.world.n_envs, MOST_ENVS);
        return 2;
    }
    if (t.algo == NULL) {
        printf("{\"best\": %.9g, \"random\": %.9g}\n", best(&t),
               play(&t, NULL, RR_CHOOSER_RANDOM, 0.0f));
        return 0;
    }
    trace seen = {.is_finite = 1};
    rr_agent *agent = train(&t, &seen);
    printf("{\"worth\": %.9g, \"updates\": %lld, \"first_kl\": %.4g, \"safe_kl\": %.4g, "
           "\"entropy\": %.4g}\n",
           seen.is_finite ? play(&t, agent, 0, 0.0f) : 0.0, (long long)seen.n_updates,
           seen.first_kl, seen.safe_kl, seen.entropy);
    rr_agent_destroy(agent);
    return 0;
}
