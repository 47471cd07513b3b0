/* SPDX-License-Identifier: MIT */
/* A clone of a ranker that is there already, made of a log of its choices alone, with the defaults
 * of rr_imitate_config: how near it comes, and what it earns beside the ranker, in the simulated
 * world, over some seeds.
 *
 *     host_clone [SEEDS [FIRST_SEED [DECISIONS [NAME=VALUE …]]]]      fields of rr_imitate_config
 *
 * Fails where the clone earns less than 98 of a hundred that the ranker earns. */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS = 100, STEPS = 10, N_ITEMS = 1000, LIST = 50, DIM = 16, STATE = 2 * DIM };
enum { MEASURED = 1000 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "clone: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static void *allocate(size_t n, size_t size)
{
    void *block = calloc(n, size);
    if (block == NULL) {
        fprintf(stderr, "clone: no memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

/* What the ranker saw and showed, and what followed from it on. */
typedef struct choices {
    float *states, *returns;
    int32_t *lists, *actions;
    int32_t n;
} choices;

static rr_env *create_env(uint64_t seed)
{
    rr_env *env = NULL;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = SESSIONS;
    config.num_items = N_ITEMS;
    config.num_candidates = LIST;
    config.state_dim = STATE;
    config.max_episode_steps = STEPS;
    config.history_length = 0;
    config.world_seed = config.seed = seed;
    require(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err));
    return env;
}

/* The ranker shows the most similar item. Sessions are in lock step and STEPS long. */
static void keep_log(choices *log, rr_env *env, int32_t n, float gamma)
{
    log->n = n;
    log->states = allocate((size_t)n * STATE, sizeof(float));
    log->lists = allocate((size_t)n * LIST, sizeof(int32_t));
    log->actions = allocate((size_t)n, sizeof(int32_t));
    log->returns = allocate((size_t)n, sizeof(float));
    require(rr_env_reset(env, &err));
    for (int32_t at = 0; at < n; at += SESSIONS) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        require(rr_env_observe(env, &obs, &err));
        memcpy(log->states + at * STATE, obs.states, sizeof(float) * SESSIONS * STATE);
        memcpy(log->lists + at * LIST, obs.candidates, sizeof(int32_t) * SESSIONS * LIST);
        require(rr_env_choose(env, RR_CHOOSER_SIMILAR, NULL, 0.0f, log->actions + at, &err));
        require(rr_env_step(env, log->actions + at, &outcome, &err));
        memcpy(log->returns + at, outcome.rewards, sizeof(float) * SESSIONS);
    }
    for (int32_t row = n - SESSIONS - 1; row >= 0; row--) {
        if (row / SESSIONS % STEPS != STEPS - 1) { /* not the last step of its session */
            log->returns[row] += gamma * log->returns[row + SESSIONS];
        }
    }
}

/* Mean return of MEASURED sessions of a seed: the agent's best item, or the ranker (NULL). */
static double play(rr_env *env, rr_agent *agent, uint64_t seed, double *agreement)
{
    rr_metrics *metrics = NULL;
    float returns[MEASURED];
    int32_t actions[SESSIONS], ranker[SESSIONS];
    rr_outcome outcome = {.struct_size = sizeof outcome};
    double sum = 0.0, n = 0.0, n_same = 0.0;
    require(rr_metrics_create(&metrics, rr_env_items(env), SESSIONS, MEASURED, STEPS, NULL, &err));
    require(rr_env_seed(env, seed, &err));
    require(rr_env_reset(env, &err));
    while (!rr_metrics_is_complete(metrics)) {
        rr_obs obs = {.struct_size = sizeof obs};
        require(rr_env_observe(env, &obs, &err));
        require(rr_env_choose(env, RR_CHOOSER_SIMILAR, NULL, 0.0f, ranker, &err));
        memcpy(actions, ranker, sizeof actions);
        if (agent != NULL) {
            require(rr_agent_top_k(agent, &obs, 1, actions, NULL, NULL, &err));
        }
        for (int32_t i = 0; i < SESSIONS; i++) {
            n += 1.0;
            n_same += actions[i] == ranker[i];
        }
        require(rr_env_step(env, actions, &outcome, &err));
        require(rr_metrics_add(metrics, actions, &outcome, &err));
    }
    require(rr_metrics_returns(metrics, returns, MEASURED, &err));
    for (int32_t i = 0; i < MEASURED; i++) {
        sum += (double)returns[i] / MEASURED;
    }
    *agreement = n_same / n;
    rr_metrics_destroy(metrics);
    return sum;
}

static rr_agent *create_agent(rr_env *env, int32_t n_rows, uint64_t seed)
{
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.max_candidates = LIST;
    config.max_history = 0;
    config.has_repeat_weight = 0;
    config.max_update_rows = n_rows;
    config.seed = seed;
    require(rr_agent_create(&agent, &config, NULL, rr_env_items(env), NULL, &err));
    return agent;
}

/* What became of one seed, or the mean of all. */
typedef struct result {
    double passes, loss, even_loss, held_out, visitors, ranker, clone;
} result;

static void print_result(const char *name, const result *r)
{
    printf("%6s %7.1f %6.3f %7.3f %9.1f %% %9.1f %% %8.3f %8.3f\n", name, r->passes, r->even_loss,
           r->loss, 100.0 * r->held_out, 100.0 * r->visitors, r->ranker, r->clone);
}

static void add_result(result *sum, const result *r, double share)
{
    sum->passes += share * r->passes;
    sum->loss += share * r->loss;
    sum->even_loss += share * r->even_loss;
    sum->held_out += share * r->held_out;
    sum->visitors += share * r->visitors;
    sum->ranker += share * r->ranker;
    sum->clone += share * r->clone;
}

static result run(uint64_t seed, int32_t n, int argc, char **argv)
{
    choices log;
    rr_env *env = create_env(seed);
    rr_imitate_report report = {.struct_size = sizeof report};
    rr_imitate_config how;
    rr_imitate_config_init(&how, sizeof how);
    for (int i = 4; i < argc; i++) {
        char name[64];
        const char *value = strchr(argv[i], '=');
        const size_t length = value != NULL ? (size_t)(value - argv[i]) : 0;
        if (length == 0 || length >= sizeof name) {
            fprintf(stderr, "clone: %s is no NAME=VALUE\n", argv[i]);
            exit(EXIT_FAILURE);
        }
        memcpy(name, argv[i], length);
        name[length] = '\0';
        require(rr_config_set(&how, name, value + 1, &err));
    }
    keep_log(&log, env, n, 0.9f);
    rr_agent *agent = create_agent(env, n, seed);
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = n,
                        .n_candidates = LIST,
                        .state_dim = STATE,
                        .states = log.states,
                        .candidates = log.lists};
    require(rr_agent_imitate(agent, &obs, log.actions, NULL, log.returns, &how, &report, &err));
    result r = {.passes = report.n_passes,
                .loss = report.loss,
                .even_loss = report.even_loss,
                .held_out = report.agreement};
    r.ranker = play(env, NULL, seed + 1000, &r.visitors);
    r.clone = play(env, agent, seed + 1000, &r.visitors);
    rr_agent_destroy(agent);
    rr_env_destroy(env);
    free(log.states);
    free(log.returns);
    free(log.lists);
    free(log.actions);
    return r;
}

int main(int argc, char **argv)
{
    const int n_seeds = argc > 1 ? atoi(argv[1]) : 1, first = argc > 2 ? atoi(argv[2]) : 1;
    const int32_t n = (argc > 3 ? atoi(argv[3]) : 5000) / SESSIONS * SESSIONS;
    result mean = {0};
    if (n_seeds < 1 || n < SESSIONS) {
        fprintf(stderr, "clone: at least one seed and %d decisions\n", SESSIONS);
        return EXIT_FAILURE;
    }
    printf("  seed  passes   ln K    loss  same, held out  same, new   ranker    clone\n");
    for (int i = 0; i < n_seeds; i++) {
        char name[16];
        const result r = run((uint64_t)(first + i), n, argc, argv);
        snprintf(name, sizeof name, "%d", first + i);
        print_result(name, &r);
        add_result(&mean, &r, 1.0 / n_seeds);
    }
    print_result("mean", &mean);
    return mean.clone > 0.98 * mean.ranker ? EXIT_SUCCESS : EXIT_FAILURE;
}
