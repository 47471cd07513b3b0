/* SPDX-License-Identifier: MIT */
/* variance.c: how noisy and how wrong the factor is by which a policy gradient weighs a decision.
 *
 *     variance hidden|open        docs/04_theory_a2c.md §4
 *
 * A2C learns for a while in a world where a user leaves when her energy is used up, which the state
 * does not show (hidden), or in one where her taste follows what she is shown, and the state shows
 * it (open). Then nothing is learned any more: each user begins with each of a few items, and each
 * of these decisions is played on to the end many times, with other draws behind it. The mean of
 * its returns is what the decision is worth. An estimate of it, from the return of REINFORCE to the
 * one step of an actor-critic, has a deviation over the repetitions (noise), and its mean ranks the
 * items of one user wrongly by so much (error). What it gets wrong for all items of a user alike is
 * no error: a policy's gradient does not feel it.
 *
 * Shapes: users i, first items j, repetitions d, steps t of one session. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 32, FIRSTS = 4, REPETITIONS = 16, MOST_STEPS = 100, N_ITEMS = 200 };
enum { UPDATES = 300, N_STEPS = 5, SEED = 1 };
static const float discount = 0.9f;

/* What an estimate is made of: n steps of rewards, then the critic, or a mix of all n by λ. */
typedef struct estimate {
    const char *name;
    int n_steps; /* length of the segment */
    float lambda;
    int has_critic, has_baseline;
} estimate;

static const estimate estimates[] = {
    {"REINFORCE: G", MOST_STEPS, 1.0f, 0, 0}, {"with a baseline: G - V", MOST_STEPS, 1.0f, 0, 1},
    {"16 steps, then V", 16, 1.0f, 1, 1},     {"5 steps, then V", 5, 1.0f, 1, 1},
    {"1 step, then V", 1, 1.0f, 1, 1},        {"lambda 0.9", MOST_STEPS, 0.9f, 1, 1},
    {"lambda 0.5", MOST_STEPS, 0.5f, 1, 1},
};
enum { ESTIMATES = sizeof estimates / sizeof *estimates };

/* One session: what it earned, what the critic said, and how long it was. */
typedef struct session {
    float rewards[MOST_STEPS], values[MOST_STEPS + 1];
    int n, is_over;
} session;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        (void)fprintf(stderr, "variance: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static rr_env *create_world(int is_hidden, int32_t most_steps)
{
    rr_env *env;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = USERS;
    config.num_items = N_ITEMS;
    config.reward_decay = 1.0f;
    config.tire = is_hidden ? 0.2f : 0.0f;
    config.drift = is_hidden ? 0.0f : 0.2f;
    config.max_episode_steps = most_steps;
    config.history_length = 0;
    config.seed = SEED;
    require(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err));
    return env;
}

static rr_agent *learn(rr_env *env)
{
    rr_agent *agent;
    rr_buffer *buffer;
    rr_a2c_config config;
    rr_agent_config shape;
    rr_buffer_config room;
    int32_t actions[USERS];
    float log_probs[USERS], values[USERS];
    rr_agent_config_init(&shape, sizeof shape);
    shape.has_repeat_weight = 0;
    shape.seed = SEED;
    rr_a2c_config_init(&config, sizeof config);
    config.gamma = discount;
    rr_buffer_config_init(&room, sizeof room);
    room.max_rows = USERS * N_STEPS;
    room.max_history = 0;
    require(rr_agent_create(&agent, &shape, &config, rr_env_items(env), NULL, &err));
    require(rr_buffer_create(&buffer, &room, NULL, &err));
    require(rr_env_reset(env, &err));
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_decision decision = {.struct_size = sizeof decision, .n = USERS};
    decision.actions = actions;
    decision.log_probs = log_probs;
    decision.values = values;
    for (int update = 0; update < UPDATES; update++) {
        while (!rr_buffer_is_full(buffer)) {
            require(rr_env_observe(env, &obs, &err));
            require(rr_agent_act(agent, &obs, &decision, &err));
            require(rr_buffer_record(buffer, &obs, &decision, &err));
            require(rr_env_step(env, actions, &outcome, &err));
            require(rr_buffer_reward(buffer, &outcome, &err));
        }
        require(rr_env_observe(env, &obs, &err));
        require(rr_agent_update(agent, buffer, &obs, NULL, &err));
    }
    rr_buffer_destroy(buffer);
    return agent;
}

/* [USERS, FIRSTS] ← the items that the policy likes best in each user's first state. */
static void choose_firsts(int32_t *firsts, rr_env *env, rr_agent *agent)
{
    rr_obs obs = {.struct_size = sizeof obs};
    require(rr_env_seed(env, SEED + 1, &err));
    require(rr_env_reset(env, &err));
    require(rr_env_observe(env, &obs, &err));
    require(rr_agent_top_k(agent, &obs, FIRSTS, firsts, NULL, NULL, &err));
}

/* All users once, from the same first states, each with her j-th item first. */
static void play(session *played, const int32_t *firsts, int j, rr_env *env, rr_agent *agent)
{
    int32_t actions[USERS];
    float values[USERS];
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_decision decision = {.struct_size = sizeof decision, .n = USERS};
    decision.actions = actions;
    decision.values = values;
    require(rr_env_seed(env, SEED + 1, &err));
    require(rr_env_reset(env, &err));
    for (int i = 0; i < USERS; i++) {
        played[i].n = played[i].is_over = 0;
    }
    for (int t = 0, n_open = USERS; t < MOST_STEPS && n_open > 0; t++) {
        require(rr_env_observe(env, &obs, &err));
        require(rr_agent_act(agent, &obs, &decision, &err));
        for (int i = 0; t == 0 && i < USERS; i++) {
            actions[i] = firsts[i * FIRSTS + j];
        }
        require(rr_env_step(env, actions, &outcome, &err));
        for (int i = 0; i < USERS; i++) {
            session *s = &played[i];
            if (!s->is_over) {
                s->values[s->n] = values[i];
                s->rewards[s->n++] = outcome.rewards[i];
                s->is_over = outcome.terminated[i] != 0;
                n_open -= s->is_over;
            }
        }
    }
}

/* The estimate of the first decision's advantage, by the library's own scan. */
static double first_advantage(const session *s, const estimate *e)
{
    float values[MOST_STEPS] = {0.0f}, next[MOST_STEPS] = {0.0f}, advantages[MOST_STEPS];
    uint8_t terminated[MOST_STEPS] = {0}, is_end[MOST_STEPS] = {0};
    for (int t = 0; t < s->n; t++) {
        values[t] = e->has_critic ? s->values[t] : 0.0f;
        next[t] = e->has_critic && t + 1 < s->n ? s->values[t + 1] : 0.0f;
        is_end[t] = (t + 1) % e->n_steps == 0;
    }
    terminated[s->n - 1] = 1;
    require(rr_gae(s->rewards, values, next, terminated, is_end, discount, e->lambda, s->n,
                   advantages, NULL, &err));
    const double baseline = e->has_baseline && !e->has_critic ? (double)s->values[0] : 0.0;
    return (double)advantages[0] - baseline;
}

/* Of numbers x: their mean, and their variance. */
typedef struct spread {
    double mean, variance;
} spread;

static spread spread_of(const double *x, int n)
{
    spread s = {0.0, 0.0};
    for (int i = 0; i < n; i++) {
        s.mean += x[i] / n;
    }
    for (int i = 0; i < n; i++) {
        s.variance += (x[i] - s.mean) * (x[i] - s.mean) / (n - 1);
    }
    return s;
}

static session sessions[FIRSTS][REPETITIONS][USERS];

/* What one estimate says of all decisions; squares, means over the users. */
typedef struct verdict {
    double size, noise, error, worth;
} verdict;

static verdict judge(const estimate *e)
{
    verdict v = {0.0, 0.0, 0.0, 0.0};
    for (int i = 0; i < USERS; i++) {
        double missed[FIRSTS], worth[FIRSTS], chance = 0.0, worth_chance = 0.0;
        for (int j = 0; j < FIRSTS; j++) {
            double factors[REPETITIONS], returns[REPETITIONS], off[REPETITIONS];
            for (int d = 0; d < REPETITIONS; d++) {
                factors[d] = first_advantage(&sessions[j][d][i], e);
                returns[d] = first_advantage(&sessions[j][d][i], &estimates[0]);
                off[d] = factors[d] - returns[d];
                v.size += factors[d] * factors[d] / (USERS * FIRSTS * REPETITIONS);
            }
            const spread miss = spread_of(off, REPETITIONS);
            const spread gain = spread_of(returns, REPETITIONS);
            missed[j] = miss.mean;
            worth[j] = gain.mean;
            chance += miss.variance / (REPETITIONS * FIRSTS);
            worth_chance += gain.variance / (REPETITIONS * FIRSTS);
            v.noise += spread_of(factors, REPETITIONS).variance / (USERS * FIRSTS);
        }
        /* Less what chance alone makes of it. */
        v.error += (spread_of(missed, FIRSTS).variance - chance) / USERS;
        v.worth += (spread_of(worth, FIRSTS).variance - worth_chance) / USERS;
    }
    return v;
}

static double root(double x)
{
    return sqrt(fmax(x, 0.0));
}

int main(int argc, char **argv)
{
    const int is_hidden = argc == 2 && strcmp(argv[1], "hidden") == 0;
    if (!is_hidden && (argc != 2 || strcmp(argv[1], "open") != 0)) {
        (void)fprintf(stderr, "usage: variance hidden|open\n");
        return 2;
    }
    rr_env *school = create_world(is_hidden, 40);
    rr_agent *agent = learn(school);
    rr_env *world = create_world(is_hidden, MOST_STEPS);
    int32_t firsts[USERS * FIRSTS];
    choose_firsts(firsts, world, agent);
    for (int j = 0; j < FIRSTS; j++) {
        for (int d = 0; d < REPETITIONS; d++) {
            play(sessions[j][d], firsts, j, world, agent);
        }
    }
    printf("the worth of a user's items differs by %.2f\n", root(judge(&estimates[0]).worth));
    printf("factor of grad log pi       size   noise   error\n");
    for (int k = 0; k < ESTIMATES; k++) {
        const verdict v = judge(&estimates[k]);
        printf("%-24s %7.2f %7.2f %7.2f\n", estimates[k].name, root(v.size), root(v.noise),
               root(v.error));
    }
    rr_agent_destroy(agent);
    rr_env_destroy(world);
    rr_env_destroy(school);
    return EXIT_SUCCESS;
}
