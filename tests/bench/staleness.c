/* SPDX-License-Identifier: MIT */
/* staleness: what is learned when the policy that acts is some updates behind, in the synthetic
 * world.
 *
 *   clipped      PPO's ratio against the log-prob of the policy that acted (a lock-step buffer)
 *   as fresh     the same, with the present policy's log-probs in their place
 *   decoupled    a ledger: maths §5
 *
 * Printed: the share of the best known play that the policy reaches after so many updates, played
 * by sampling, as mean and half the 95 % interval over seeds; 0 where parameters overflowed.
 * staleness [updates] [seeds] [max_weight]
 * With another max_weight than 1 the third alone, which reads it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "recrl/recrl.h"

enum { N = 64, STEPS = 20, ROWS = N * STEPS, MOST_STALE = 24, MOST_SEEDS = 32 };
enum { CLIPPED, AS_FRESH, DECOUPLED, MODES };

static rr_error err;
static float max_weight = 1.0f; /* of the agents' configs */

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "staleness: %s\n", err.text);
        exit(1);
    }
}

typedef struct trial {
    int mode;
    int staleness;
    rr_env *env;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_ledger *ledger; /* of the decoupled ones */
    rr_reader *reader;
    rr_policy *policies[MOST_STALE + 1]; /* published by update j at j modulo their number */
    uint64_t sessions[N], decisions[N], versions[N], n_decisions, n_sessions;
    int32_t actions[N];
    float log_probs[N], values[N];
} trial;

static rr_env *create_env(uint64_t seed)
{
    rr_env *env = NULL;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = N;
    config.max_episode_steps = STEPS;
    config.seed = seed;
    require(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(env, &err));
    return env;
}

static void open_trial(trial *t, int mode, int staleness, uint64_t seed)
{
    *t = (trial){.mode = mode, .staleness = staleness, .env = create_env(seed)};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.seed = seed;
    config.min_ess = 0.0f;
    config.max_weight = max_weight;
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = STEPS;
    require(rr_agent_create(&t->agent, &config, &ppo, rr_env_items(t->env), NULL, &err));
    rr_buffer_config buffer;
    rr_buffer_config_init(&buffer, sizeof buffer);
    buffer.max_rows = ROWS;
    require(rr_buffer_create(&t->buffer, &buffer, NULL, &err));
    rr_ledger_config ledger;
    rr_ledger_config_init(&ledger, sizeof ledger);
    ledger.max_rows = ROWS;
    require(rr_ledger_create(&t->ledger, &ledger, NULL, &err));
}

static void close_trial(trial *t)
{
    for (int i = 0; i <= MOST_STALE; i++) {
        rr_policy_release(t->policies[i]);
    }
    rr_reader_destroy(t->reader);
    rr_buffer_destroy(t->buffer);
    rr_ledger_destroy(t->ledger);
    rr_agent_destroy(t->agent);
    rr_env_destroy(t->env);
}

/* One step of all sessions by the policy that is `staleness` updates behind. */
static void step(trial *t, const rr_policy *policy)
{
    const int has_keys = t->mode == DECOUPLED;
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = t->actions,
                            .log_probs = t->log_probs,
                            .values = t->values,
                            .policy_versions = t->versions};
    require(rr_env_observe(t->env, &obs, &err));
    for (int i = 0; i < N; i++) {
        t->decisions[i] = t->n_decisions++;
    }
    obs.sessions = t->sessions;
    obs.decisions = t->decisions;
    require(rr_policy_act(policy, t->reader, &obs, &decision, &err));
    if (!has_keys) {
        obs.sessions = obs.decisions = NULL;
    }
    if (t->mode == AS_FRESH) {
        require(rr_agent_evaluate(t->agent, &obs, t->actions, t->log_probs, NULL, t->values, &err));
    }
    if (has_keys) {
        require(rr_ledger_record(t->ledger, &obs, &decision, NULL, &err));
    } else {
        require(rr_buffer_record(t->buffer, &obs, &decision, &err));
    }
    require(rr_env_step(t->env, t->actions, &outcome, &err));
    if (has_keys) {
        outcome.decisions = t->decisions;
        require(rr_ledger_reward(t->ledger, &outcome, NULL, &err));
    } else {
        require(rr_buffer_reward(t->buffer, &outcome, &err));
    }
    for (int i = 0; i < N; i++) {
        if (outcome.truncated[i] != 0) {
            t->sessions[i] = t->n_sessions++;
        }
    }
}

/* Mean reward of whole sessions: the agent's, or, without one, of the best known play. */
static double play(rr_agent *agent, uint64_t seed)
{
    rr_env *env = create_env(seed);
    int32_t actions[N];
    double sum = 0.0;
    for (int s = 0; s < 4 * STEPS; s++) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        rr_decision decision = {.struct_size = sizeof decision, .n = N, .actions = actions};
        if (agent != NULL) {
            require(rr_env_observe(env, &obs, &err));
            require(rr_agent_act(agent, &obs, &decision, &err));
        } else {
            require(rr_env_choose(env, RR_CHOOSER_ORACLE, NULL, 0.0f, actions, &err));
        }
        require(rr_env_step(env, actions, &outcome, &err));
        for (int i = 0; i < N; i++) {
            sum += (double)outcome.rewards[i];
        }
    }
    rr_env_destroy(env);
    return sum / (4.0 * ROWS);
}

static double run(int mode, int staleness, int n_updates, uint64_t seed)
{
    trial t;
    open_trial(&t, mode, staleness, seed);
    for (int i = 0; i < N; i++) {
        t.sessions[i] = t.n_sessions++;
    }
    for (int update = 0; update < n_updates; update++) {
        rr_policy **present = &t.policies[update % (MOST_STALE + 1)];
        rr_policy_release(*present);
        *present = NULL;
        require(rr_agent_publish(t.agent, NULL, present, &err));
        if (t.reader == NULL) {
            require(rr_reader_create(&t.reader, *present, seed, NULL, &err));
        }
        const int acting = update > staleness ? update - staleness : 0;
        for (int s = 0; s < STEPS; s++) {
            step(&t, t.policies[acting % (MOST_STALE + 1)]);
        }
        rr_obs obs = {.struct_size = sizeof obs};
        require(rr_env_observe(t.env, &obs, &err));
        const rr_status status = mode == DECOUPLED
                                     ? rr_agent_update_sessions(t.agent, t.ledger, NULL, &err)
                                     : rr_agent_update(t.agent, t.buffer, &obs, NULL, &err);
        if (status == RR_E_NOT_FINITE) { /* it diverged: nothing is left to play */
            close_trial(&t);
            return 0.0;
        }
        require(status);
    }
    const double share = play(t.agent, seed + 1000) / play(NULL, seed + 1000);
    close_trial(&t);
    return share;
}

int main(int argc, char **argv)
{
    static const char *const names[MODES] = {"clipped", "as fresh", "decoupled"};
    const int n_updates = argc > 1 ? atoi(argv[1]) : 30;
    const int asked = argc > 2 ? atoi(argv[2]) : 3;
    max_weight = argc > 3 ? (float)atof(argv[3]) : max_weight;
    const int n_seeds = asked < 1 ? 1 : asked > MOST_SEEDS ? MOST_SEEDS : asked;
    printf("share of the best known play after %d updates, %d seeds\n", n_updates, n_seeds);
    for (int staleness = 0; staleness <= MOST_STALE; staleness += 12) {
        for (int mode = max_weight == 1.0f ? 0 : DECOUPLED; mode < MODES; mode++) {
            double sum = 0.0, squares = 0.0;
            for (int seed = 0; seed < n_seeds; seed++) {
                const double share = run(mode, staleness, n_updates, (uint64_t)seed + 1);
                sum += share;
                squares += share * share;
            }
            printf("staleness %2d  %-10s %.3f ± %.3f\n", staleness, names[mode], sum / n_seeds,
                   rr_mean_interval(sum, squares, n_seeds));
            (void)fflush(stdout);
        }
    }
    return 0;
}
