/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reward_scale.h"
#include "text.h"

rr_agent *run_create_agent(const settings *s, rr_items *items)
{
    rr_error err;
    rr_agent *agent = NULL;
    const void *algo = settings_algo_config((settings *)s); /* read alone */
    text_require(rr_agent_create(&agent, &s->agent, algo, items, NULL, &err), &err);
    return agent;
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
    r->env = world_env(w, &s->env, s->env.seed, WORLD_TRAIN);
    r->agent = run_create_agent(s, rr_env_items(r->env));
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

void run_update(run *r)
{
    rr_error err;
    rr_obs obs = {.struct_size = sizeof obs};
    r->ended_returns = 0.0;
    r->ended_squares = 0.0;
    r->ended_lengths = 0;
    r->n_ended = 0;
    r->n_warnings = 0;
    while (!rr_buffer_is_full(r->buffer)) {
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
    text_require(rr_env_observe(r->env, &obs, &err), &err);
    r->stats.struct_size = sizeof r->stats;
    text_require(rr_agent_update(r->agent, r->buffer, &obs, &r->stats, &err), &err);
    text_require(rr_health_update(r->health, r->agent, &r->stats, NULL, &err), &err);
    reward_scale_undo(r);
}
