/* SPDX-License-Identifier: MIT */
#include "bandits.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Of the worlds here, whose rewards have no noise of their own: what the model cannot say is. */
static const float RIDGE = 1.0f, WIDTH = 0.3f;

const char *bandits_name(int32_t bandit)
{
    static const char *const names[BANDITS] = {"ridge", "linucb", "thompson"};
    return names[bandit];
}

/* One step of all sessions. */
static void step(rr_bandit *bandit, rr_env *env, int32_t *actions)
{
    rr_error err;
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    text_require(rr_env_observe(env, &obs, &err), &err);
    text_require(rr_bandit_act(bandit, &obs, 1, actions, &err), &err);
    /* The views of an observation are the world's, and it moves within step: learn from a copy. */
    const size_t n = (size_t)obs.n;
    float *states = text_allocate(n * (size_t)obs.state_dim, sizeof *states);
    int32_t *history = text_allocate(n * (size_t)obs.n_history + 1, sizeof *history);
    int32_t *candidates = text_allocate(n * (size_t)obs.n_candidates + 1, sizeof *candidates);
    int32_t *excluded = text_allocate(n * (size_t)obs.n_excluded + 1, sizeof *excluded);
    memcpy(states, obs.states, n * (size_t)obs.state_dim * sizeof *states);
    if (obs.history != NULL) {
        memcpy(history, obs.history, n * (size_t)obs.n_history * sizeof *history);
        obs.history = history;
    }
    if (obs.candidates != NULL) {
        memcpy(candidates, obs.candidates, n * (size_t)obs.n_candidates * sizeof *candidates);
        obs.candidates = candidates;
    }
    if (obs.excluded != NULL) {
        memcpy(excluded, obs.excluded, n * (size_t)obs.n_excluded * sizeof *excluded);
        obs.excluded = excluded;
    }
    obs.states = states;
    text_require(rr_env_step(env, actions, &outcome, &err), &err);
    text_require(rr_bandit_record(bandit, &obs, actions, outcome.rewards, &err), &err);
    free(states);
    free(history);
    free(candidates);
    free(excluded);
}

rr_bandit *bandits_train(int32_t bandit, const world *w, const settings *s, int64_t n_rows)
{
    if (s->env.hides_user) {
        text_fail("--bandits is given, but the world has hides_user: their model is of the user's "
                  "vector, which states do not hold here");
    }
    rr_error err;
    rr_bandit *b = NULL;
    rr_env *env = world_env(w, &s->env, s->env.seed, WORLD_TRAIN);
    text_require(rr_bandit_create(&b, bandit, rr_env_items(env), s->env.state_dim / 2, RIDGE, WIDTH,
                                  s->agent.seed, NULL, &err),
                 &err);
    int32_t *actions = text_allocate((size_t)s->env.n_envs, sizeof *actions);
    int64_t n = 0, n_fitted = 0;
    while (n < n_rows) {
        step(b, env, actions);
        n += s->env.n_envs;
        /* After each rollout; a model that has seen many rows waits for a tenth of them more. */
        if (n - n_fitted >= settings_rollout(s) && n - n_fitted >= n_fitted / 10) {
            text_require(rr_bandit_fit(b, &err), &err);
            n_fitted = n;
        }
    }
    text_require(rr_bandit_fit(b, &err), &err);
    free(actions);
    rr_env_destroy(env);
    return b;
}
