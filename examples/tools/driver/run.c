/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "reward_scale.h"
#include "text.h"

/* An update that took longer is kept ready to be broken off: what that costs, a copy of all
 * parameters, is little beside it. */
static const double LONG_UPDATE = 0.25; /* seconds */
/* Simulated rewards have no noise; what a fold-in allows for keeps its arithmetic sound. */
static const float PRIOR_VARIANCE = 0.01f;

static rr_agent *create_agent(const settings *s, rr_items *items, const rr_host *host)
{
    rr_error err;
    rr_agent *agent = NULL;
    const void *algo = settings_algo_config((settings *)s); /* read alone */
    text_require(rr_agent_create(&agent, &s->agent, algo, items, host, &err), &err);
    return agent;
}

rr_agent *run_create_agent(const settings *s, rr_items *items)
{
    return create_agent(s, items, NULL);
}

/* Users of the training world, drawn anew from a seed of their own where there is no table. */
static void fit_prior(rr_agent *agent, const world *w, const settings *s)
{
    enum { DRAWN = 4096 };
    rr_error err;
    const float *users = w->users[WORLD_TRAIN];
    float *drawn = NULL;
    if (users == NULL) {
        rr_env_config many = s->env;
        many.n_envs = DRAWN;
        drawn = text_allocate((size_t)DRAWN * (size_t)w->dim, sizeof *drawn);
        rr_env *env = world_env(w, &many, text_mix_seed(s->env.seed, 6), WORLD_TRAIN);
        text_require(rr_env_users(env, drawn, &err), &err);
        rr_env_destroy(env);
        users = drawn;
    }
    const int32_t n = drawn != NULL ? DRAWN : w->n_users[WORLD_TRAIN];
    text_require(rr_agent_fit_prior(agent, users, n, PRIOR_VARIANCE, &err), &err);
    free(drawn);
}

static void say(void *user, int32_t level, const char *sentence)
{
    (void)user;
    (void)level;
    output_say("%s", sentence);
}

static bool is_stopped(const run *r)
{
    return r->before.is_kept && r->is_stopped != NULL && r->is_stopped() != 0;
}

static int32_t is_cancelled(void *user)
{
    return is_stopped(user);
}

static void keep_warning(void *user, int32_t level, const char *sentence)
{
    run *r = user;
    (void)level;
    if (r->n_warnings < RUN_MOST_WARNINGS) {
        snprintf(r->warnings[r->n_warnings++], sizeof r->warnings[0], "%s", sentence);
    }
}

void run_open(run *r, const settings *s, const world *w)
{
    memset(r, 0, sizeof *r);
    rr_error err;
    const size_t n = (size_t)s->env.n_envs;
    r->s = s;
    r->w = w;
    r->env = world_env(w, &s->env, s->env.seed, WORLD_TRAIN);
    const rr_host own = {
        .struct_size = sizeof own, .log = say, .user = r, .is_cancelled = is_cancelled};
    r->agent = create_agent(s, rr_env_items(r->env), &own);
    if (s->agent.has_fold_in) {
        fit_prior(r->agent, w, s);
    }
    text_require(rr_buffer_create(&r->buffer, &s->buffer, NULL, &err), &err);
    const rr_host host = {.struct_size = sizeof host, .log = keep_warning, .user = r};
    text_require(rr_health_create(&r->health, &s->health, r->agent, &host, &err), &err);
    r->decision.struct_size = sizeof r->decision;
    r->decision.n = s->env.n_envs;
    r->decision.actions = text_allocate(n, sizeof(int32_t));
    r->decision.items = text_allocate(n, sizeof(int32_t));
    r->decision.log_probs = text_allocate(n, sizeof(float));
    r->decision.values = text_allocate(n, sizeof(float));
    r->open_returns = text_allocate(n, sizeof(float));
    r->open_lengths = text_allocate(n, sizeof(int32_t));
    r->reward_scale = 1.0f;
    r->scaled_rewards = text_allocate(n, sizeof(float));
    r->seconds = 2.0 * LONG_UPDATE;
    r->before.open_returns = text_allocate(n, sizeof(float));
    r->before.open_lengths = text_allocate(n, sizeof(int32_t));
}

void run_close(run *r)
{
    free(r->decision.actions);
    free(r->decision.items);
    free(r->decision.log_probs);
    free(r->decision.values);
    free(r->open_returns);
    free(r->open_lengths);
    free(r->scaled_rewards);
    free(r->before.bytes);
    free(r->before.open_returns);
    free(r->before.open_lengths);
    rr_health_destroy(r->health);
    rr_buffer_destroy(r->buffer);
    rr_agent_destroy(r->agent);
    rr_env_destroy(r->env);
}

static void count_sessions(run *r, const rr_outcome *outcome)
{
    for (int32_t i = 0; i < outcome->n; i++) {
        r->open_returns[i] += outcome->rewards[i];
        r->open_lengths[i] += 1;
        const bool is_terminated = outcome->terminated != NULL && outcome->terminated[i] != 0;
        const bool is_truncated = outcome->truncated != NULL && outcome->truncated[i] != 0;
        if (is_terminated || is_truncated) {
            r->ended_returns += (double)r->open_returns[i];
            r->ended_squares += (double)r->open_returns[i] * (double)r->open_returns[i];
            r->ended_lengths += r->open_lengths[i];
            r->n_ended += 1;
            r->open_returns[i] = 0.0f;
            r->open_lengths[i] = 0;
        }
    }
}

static void copy_open_sessions(float *returns, int32_t *lengths, const float *from_returns,
                               const int32_t *from_lengths, size_t n)
{
    memcpy(returns, from_returns, n * sizeof *returns);
    memcpy(lengths, from_lengths, n * sizeof *lengths);
}

/* What the handles are now, where the update to come may take long. */
static void keep_before(run *r)
{
    rr_error err;
    const rr_checkpoint all = {.struct_size = sizeof all, .agent = r->agent, .env = r->env};
    r->before.is_kept = r->seconds > LONG_UPDATE && r->is_stopped != NULL;
    if (!r->before.is_kept) {
        return;
    }
    rr_status status =
        rr_checkpoint_save_memory(&all, r->before.bytes, r->before.capacity, &r->before.n, &err);
    if (r->before.n > r->before.capacity) {
        free(r->before.bytes);
        r->before.bytes = text_allocate(r->before.n, 1);
        r->before.capacity = r->before.n;
        status = rr_checkpoint_save_memory(&all, r->before.bytes, r->before.capacity, &r->before.n,
                                           &err);
    }
    text_require(status, &err);
    copy_open_sessions(r->before.open_returns, r->before.open_lengths, r->open_returns,
                       r->open_lengths, (size_t)r->s->env.n_envs);
}

static void go_back(run *r)
{
    rr_error err;
    rr_checkpoint all = {.struct_size = sizeof all, .agent = r->agent, .env = r->env};
    text_require(rr_checkpoint_load_memory(&all, r->before.bytes, r->before.n, &err), &err);
    copy_open_sessions(r->open_returns, r->open_lengths, r->before.open_returns,
                       r->before.open_lengths, (size_t)r->s->env.n_envs);
    rr_buffer_clear(r->buffer);
}

static void play_step(run *r)
{
    rr_error err;
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    text_require(rr_env_observe(r->env, &obs, &err), &err);
    text_require(rr_agent_act(r->agent, &obs, &r->decision, &err), &err);
    text_require(rr_buffer_record(r->buffer, &obs, &r->decision, &err), &err);
    text_require(rr_health_record(r->health, &obs, &r->decision, &err), &err);
    text_require(rr_env_step(r->env, r->decision.actions, &outcome, &err), &err);
    count_sessions(r, &outcome);
    reward_scale_apply(r, &outcome);
    text_require(rr_buffer_reward(r->buffer, &outcome, &err), &err);
    text_require(rr_health_reward(r->health, &outcome, &err), &err);
}

/* False: broken off. */
static bool learn(run *r)
{
    rr_error err;
    rr_obs obs = {.struct_size = sizeof obs};
    text_require(rr_env_observe(r->env, &obs, &err), &err);
    r->stats.struct_size = sizeof r->stats;
    const rr_status status = rr_agent_update(r->agent, r->buffer, &obs, &r->stats, &err);
    if (status == RR_E_CANCELLED) {
        return false;
    }
    text_require(status, &err);
    text_require(rr_health_update(r->health, r->agent, &r->stats, NULL, &err), &err);
    reward_scale_undo(r);
    return true;
}

bool run_update(run *r)
{
    const double start = text_seconds();
    r->ended_returns = 0.0;
    r->ended_squares = 0.0;
    r->ended_lengths = 0;
    r->n_ended = 0;
    r->n_warnings = 0;
    keep_before(r);
    while (!rr_buffer_is_full(r->buffer) && !is_stopped(r)) {
        play_step(r);
    }
    if (is_stopped(r) || !learn(r)) {
        go_back(r);
        return false;
    }
    r->seconds = text_seconds() - start;
    return true;
}
