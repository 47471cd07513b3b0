/* SPDX-License-Identifier: MIT */
#include "play.h"

#include <stdlib.h>
#include <string.h>

#include "presets.h"
#include "text.h"

/* What is known of the rows; sessions are numbered as the environment does it: in the order of
 * (step they began, row). */
typedef struct table {
    int32_t n_envs, max_steps;
    uint64_t first_decision, next_session;
    uint64_t *sessions;  /* [n_envs] */
    int32_t *steps;      /* [n_envs] */
    uint64_t *decisions; /* [n_envs] */
    int32_t *actions;    /* [n_envs] positions */
    int32_t *items;      /* [n_envs] pool indices */
    int32_t *users;      /* [n_sessions] */
    float *vectors;      /* [n_envs, dim] of the present users */
} table;

static void open_table(table *t, const world *w, const rr_env_config *config, uint64_t seed,
                       int32_t n_sessions)
{
    const size_t n = (size_t)config->n_envs;
    *t = (table){.n_envs = config->n_envs,
                 .max_steps = config->max_episode_steps,
                 .first_decision = text_mix_seed(seed, 1),
                 .next_session = n,
                 .sessions = text_allocate(n, sizeof(uint64_t)),
                 .steps = text_allocate(n, sizeof(int32_t)),
                 .decisions = text_allocate(n, sizeof(uint64_t)),
                 .actions = text_allocate(n, sizeof(int32_t)),
                 .items = text_allocate(n, sizeof(int32_t)),
                 .users = text_allocate((size_t)n_sessions, sizeof(int32_t)),
                 .vectors = text_allocate(n * (size_t)w->dim, sizeof(float))};
    for (size_t i = 0; i < n; i++) {
        t->sessions[i] = i;
    }
}

static void close_table(table *t)
{
    free(t->sessions);
    free(t->steps);
    free(t->decisions);
    free(t->actions);
    free(t->items);
    free(t->users);
    free(t->vectors);
}

/* Whose vector it is, among the users of a part. */
static int32_t find_user(const world *w, int part, const float *vector)
{
    const size_t d = (size_t)w->dim;
    for (int32_t u = 0; u < w->n_users[part]; u++) {
        if (memcmp(w->users[part] + (size_t)u * d, vector, d * sizeof(float)) == 0) {
            return u;
        }
    }
    text_fail("a session has a user that is not in the world");
}

/* The users of the sessions that begin, as the world knows them. */
static void meet_users(table *t, const world *w, int part, const rr_env *env, int32_t n_sessions)
{
    rr_error err;
    text_require(rr_env_users(env, t->vectors, &err), &err);
    for (int32_t i = 0; i < t->n_envs; i++) {
        if (t->steps[i] == 0 && t->sessions[i] < (uint64_t)n_sessions) {
            const float *vector = t->vectors + (size_t)i * (size_t)w->dim;
            t->users[t->sessions[i]] = w->users[part] == NULL ? -1 : find_user(w, part, vector);
        }
    }
}

static bool is_over(const rr_outcome *outcome, int32_t row)
{
    return (outcome->terminated != NULL && outcome->terminated[row] != 0) ||
           (outcome->truncated != NULL && outcome->truncated[row] != 0);
}

static void go_on(table *t, const rr_outcome *outcome)
{
    for (int32_t i = 0; i < t->n_envs; i++) {
        t->steps[i] += 1;
        if (is_over(outcome, i)) {
            t->steps[i] = 0;
            t->sessions[i] = t->next_session++;
        }
    }
}

/* A draw is a function of (session, step), so that two policies, or one in another row, have the
 * same luck. */
static void draw(table *t, rr_agent *agent, rr_obs *obs)
{
    rr_error err;
    rr_decision decision = {.struct_size = sizeof decision, .n = t->n_envs, .actions = t->actions};
    for (int32_t i = 0; i < t->n_envs; i++) {
        t->decisions[i] =
            t->first_decision + t->sessions[i] * (uint64_t)t->max_steps + (uint64_t)t->steps[i];
    }
    obs->sessions = t->sessions;
    obs->decisions = t->decisions;
    text_require(rr_agent_act(agent, obs, &decision, &err), &err);
}

static void choose(table *t, const play_policy *policy, const world *w, rr_env *env, rr_obs *obs)
{
    rr_error err;
    if (policy->bandit != NULL) {
        text_require(rr_bandit_act(policy->bandit, obs, 0, t->actions, &err), &err);
    } else if (policy->agent == NULL) {
        text_require(
            rr_env_choose(env, policy->chooser, w->mean_user, policy->parameter, t->actions, &err),
            &err);
    } else if (policy->is_greedy) {
        text_require(rr_agent_top_k(policy->agent, obs, 1, t->actions, NULL, NULL, &err), &err);
    } else {
        draw(t, policy->agent, obs);
    }
    for (int32_t i = 0; i < t->n_envs; i++) {
        const int32_t position = t->actions[i];
        t->items[i] =
            obs->candidates == NULL
                ? position
                : obs->candidates[(size_t)i * (size_t)obs->n_candidates + (size_t)position];
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

/* One step of all rows. */
static void watch_step(play_watch *watch, const table *t, const rr_outcome *outcome)
{
    for (int32_t i = 0; i < t->n_envs; i++) {
        if (watch->shown != NULL) {
            watch->shown[t->items[i]] += 1;
        }
        if (t->sessions[i] < (uint64_t)watch->n_sessions && t->steps[i] < watch->max_steps) {
            const size_t at = t->sessions[i] * (size_t)watch->max_steps + (size_t)t->steps[i];
            watch->items[at] = t->items[i];
            watch->rewards[at] = outcome->rewards[i];
        }
    }
}

void play_sessions(rr_metrics_summary *out, const play_policy *policy, const world *w,
                   const rr_env_config *config, uint64_t seed, int part, int32_t n_sessions)
{
    play_watch watch = {0};
    play_watched(out, &watch, policy, w, config, seed, part, n_sessions);
}

/* What was asked for beside the summary. */
static void sum_up(play_watch *watch, const rr_metrics *metrics, const world *w, const table *t,
                   int32_t n_sessions)
{
    rr_error err;
    if (watch->returns != NULL) {
        text_require(rr_metrics_returns(metrics, watch->returns, n_sessions, &err), &err);
    }
    if (watch->users != NULL) {
        memcpy(watch->users, t->users, (size_t)n_sessions * sizeof(int32_t));
    }
    if (watch->of == NULL) {
        return;
    }
    uint8_t *marks = text_allocate((size_t)n_sessions, 1);
    for (int i = 0; i < watch->of->n; i++) {
        for (int32_t s = 0; s < n_sessions; s++) {
            marks[s] = watch->of->at[i].is_in[t->users[s]];
        }
        watch->parts[i].struct_size = sizeof watch->parts[i];
        text_require(
            rr_metrics_summarize(metrics, w->popularity, marks, n_sessions, &watch->parts[i], &err),
            &err);
    }
    free(marks);
}

void play_watched(rr_metrics_summary *out, play_watch *watch, const play_policy *policy,
                  const world *w, const rr_env_config *config, uint64_t seed, int part,
                  int32_t n_sessions)
{
    rr_error err;
    rr_env_config own = *config;
    const int32_t n_rows = watch->n_rows > 0 ? watch->n_rows : PLAY_ENVS;
    own.n_envs = n_sessions < n_rows ? n_sessions : n_rows;
    rr_env *env = world_env(w, &own, seed, part);
    rr_metrics *metrics = NULL;
    text_require(rr_metrics_create(&metrics, rr_env_items(env), own.n_envs, n_sessions,
                                   own.max_episode_steps, NULL, &err),
                 &err);
    table t;
    open_table(&t, w, &own, seed, n_sessions);
    begin_watch(watch, rr_items_count(rr_env_items(env)), own.n_envs);
    while (!rr_metrics_is_complete(metrics)) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        text_require(rr_env_observe(env, &obs, &err), &err);
        meet_users(&t, w, part, env, n_sessions);
        choose(&t, policy, w, env, &obs);
        text_require(rr_env_step(env, t.actions, &outcome, &err), &err);
        text_require(rr_metrics_add(metrics, t.items, &outcome, &err), &err);
        watch_step(watch, &t, &outcome);
        go_on(&t, &outcome);
    }
    out->struct_size = sizeof *out;
    text_require(rr_metrics_summarize(metrics, w->popularity, NULL, 0, out, &err), &err);
    sum_up(watch, metrics, w, &t, n_sessions);
    close_table(&t);
    rr_metrics_destroy(metrics);
    rr_env_destroy(env);
}

int32_t play_default_sessions(int32_t n_items)
{
    const int32_t affordable = 20000000 / n_items;
    const int32_t sessions = affordable < PRESETS_SESSIONS ? affordable : PRESETS_SESSIONS;
    return sessions < PLAY_ENVS ? PLAY_ENVS : sessions;
}

uint64_t play_seed(uint64_t seed)
{
    return text_mix_seed(seed, 5);
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
