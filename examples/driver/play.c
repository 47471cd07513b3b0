/* SPDX-License-Identifier: MIT */
#include "play.h"

#include <stdlib.h>

#include "text.h"

typedef struct table {
    int32_t n_envs;
    uint64_t *sessions;  /* [n_envs] the row stands for it */
    uint64_t *decisions; /* [n_envs] */
    int32_t *actions;    /* [n_envs] positions */
    int32_t *items;      /* [n_envs] pool indices */
} table;

static void choose(table *t, const play_policy *policy, const world *w, rr_env *env, rr_obs *obs)
{
    rr_error err;
    if (policy->agent == NULL) {
        text_require(
            rr_env_choose(env, policy->chooser, w->mean_user, policy->parameter, t->actions, &err),
            &err);
    } else if (policy->is_greedy) {
        text_require(rr_agent_top_k(policy->agent, obs, 1, t->actions, NULL, NULL, &err), &err);
    } else {
        rr_decision decision = {
            .struct_size = sizeof decision, .n = t->n_envs, .actions = t->actions};
        obs->sessions = t->sessions;
        obs->decisions = t->decisions;
        text_require(rr_agent_act(policy->agent, obs, &decision, &err), &err);
        for (int32_t i = 0; i < t->n_envs; i++) {
            t->decisions[i] += (uint64_t)t->n_envs;
        }
    }
    for (int32_t i = 0; i < t->n_envs; i++) {
        const int32_t position = t->actions[i];
        t->items[i] = obs->candidates == NULL
                          ? position
                          : obs->candidates[(size_t)i * (size_t)obs->k + (size_t)position];
    }
}

static void begin_watch(play_watch *watch, int32_t n_items, int32_t n_envs)
{
    watch->n_sessions = watch->n_sessions < n_envs ? watch->n_sessions : n_envs;
    for (int32_t i = 0; i < watch->n_sessions * watch->max_steps; i++) {
        watch->items[i] = -1;
        watch->rewards[i] = 0.0f;
    }
    for (int32_t i = 0; watch->shown != NULL && i < n_items; i++) {
        watch->shown[i] = 0;
    }
}

/* One step of all rows; `n_done` [n_envs] steps of each row's first session, −1 once it is over. */
static void watch_step(play_watch *watch, int32_t *n_done, const table *t,
                       const rr_outcome *outcome)
{
    for (int32_t i = 0; i < t->n_envs; i++) {
        if (watch->shown != NULL) {
            watch->shown[t->items[i]] += 1;
        }
        const bool is_over = (outcome->terminated != NULL && outcome->terminated[i] != 0) ||
                             (outcome->truncated != NULL && outcome->truncated[i] != 0);
        if (i < watch->n_sessions && n_done[i] >= 0 && n_done[i] < watch->max_steps) {
            const size_t at = (size_t)i * (size_t)watch->max_steps + (size_t)n_done[i];
            watch->items[at] = t->items[i];
            watch->rewards[at] = outcome->rewards[i];
            n_done[i] += 1;
        }
        n_done[i] = is_over ? -1 : n_done[i];
    }
}

void play_sessions(rr_metrics_summary *out, const play_policy *policy, const world *w,
                   const rr_env_config *config, uint64_t seed, int part, int32_t n_sessions)
{
    play_watch watch = {0};
    play_watched(out, &watch, policy, w, config, seed, part, n_sessions);
}

void play_watched(rr_metrics_summary *out, play_watch *watch, const play_policy *policy,
                  const world *w, const rr_env_config *config, uint64_t seed, int part,
                  int32_t n_sessions)
{
    rr_error err;
    rr_env_config own = *config;
    own.n_envs = n_sessions < PLAY_ENVS ? n_sessions : PLAY_ENVS;
    rr_env *env = world_env(w, &own, seed, part);
    rr_metrics *metrics = NULL;
    text_require(rr_metrics_create(&metrics, rr_env_items(env), own.n_envs, n_sessions,
                                   own.max_episode_steps, NULL, &err),
                 &err);
    const size_t n = (size_t)own.n_envs;
    table t = {.n_envs = own.n_envs,
               .sessions = text_allocate(n, sizeof(uint64_t)),
               .decisions = text_allocate(n, sizeof(uint64_t)),
               .actions = text_allocate(n, sizeof(int32_t)),
               .items = text_allocate(n, sizeof(int32_t))};
    int32_t *n_done = text_allocate(n, sizeof(int32_t));
    begin_watch(watch, rr_items_count(rr_env_items(env)), own.n_envs);
    for (size_t i = 0; i < n; i++) {
        t.sessions[i] = i;
        t.decisions[i] = text_mix_seed(seed, 1) + i;
    }
    while (!rr_metrics_is_complete(metrics)) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        text_require(rr_env_observe(env, &obs, &err), &err);
        choose(&t, policy, w, env, &obs);
        text_require(rr_env_step(env, t.actions, &outcome, &err), &err);
        text_require(rr_metrics_add(metrics, t.items, &outcome, &err), &err);
        watch_step(watch, n_done, &t, &outcome);
    }
    out->struct_size = sizeof *out;
    text_require(rr_metrics_summarize(metrics, w->popularity, out, &err), &err);
    if (watch->returns != NULL) {
        text_require(rr_metrics_returns(metrics, watch->returns, n_sessions, &err), &err);
    }
    free(n_done);
    free(t.sessions);
    free(t.decisions);
    free(t.actions);
    free(t.items);
    rr_metrics_destroy(metrics);
    rr_env_destroy(env);
}

double play_share(const rr_metrics_summary *own, const rr_metrics_summary *best,
                  const rr_env_config *config)
{
    return config->tire > 0.0f ? own->return_per_session / best->return_per_session
                               : own->reward_per_step / best->reward_per_step;
}

int32_t play_quick_sessions(int32_t n_items)
{
    const int32_t sessions = n_items <= 20000 ? 1000 : 20000000 / n_items;
    return sessions < 64 ? 64 : sessions;
}

float play_best_patience(const world *w, const rr_env_config *config, uint64_t seed, int part,
                         int32_t n_sessions)
{
    static const float grid[] = {0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 8.0f};
    float best = 0.0f;
    double best_return = 0.0;
    for (size_t i = 0; i < sizeof grid / sizeof grid[0]; i++) {
        const play_policy patient = {
            .name = "patient", .chooser = RR_CHOOSER_PATIENT, .parameter = grid[i]};
        rr_metrics_summary summary;
        play_sessions(&summary, &patient, w, config, seed, part, n_sessions);
        if (i == 0 || summary.return_per_session > best_return) {
            best = grid[i];
            best_return = summary.return_per_session;
        }
    }
    return best;
}
