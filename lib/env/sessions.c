/* SPDX-License-Identifier: MIT */
/* sessions.c: one pass over the rows, then, where any session ended, a copy and new sessions. */
#include "env/sessions.h"

#include <string.h>

#include "core/vocabulary.h"
#include "env/user_model.h"

static void draw_list(rr_env *env, size_t row)
{
    if (env->k > 0) {
        rri_world_draw_list(env->present.candidates + row * env->k, env->config.seed,
                            env->sessions[row], (uint32_t)env->steps[row], (int32_t)env->n_items,
                            (uint32_t)env->k, env->seen);
    }
}

/* The last two of a state: what is left of the energy, and how far the session has come. */
static void show_energy(const rr_env *env, float *state, size_t row)
{
    if (env->state_dim > 2 * env->dim) {
        state[2 * env->dim] = env->energies[row];
        state[2 * env->dim + 1] = (float)env->steps[row] / (float)env->max_steps;
    }
}

static void begin_session(rr_env *env, size_t row)
{
    const size_t d = env->dim;
    float *state = env->present.states + row * env->state_dim;
    env->sessions[row] = env->next_session++;
    env->steps[row] = 0;
    env->energies[row] = 1.0f;
    memset(state, 0, 2 * d * sizeof(float));
    rri_world_draw_user(rri_sessions_user(env, row), &env->users, env->sessions[row]);
    show_energy(env, state, row);
    if (env->h > 0) {
        memset(env->present.history + row * env->h, 0xff, env->h * sizeof(int32_t)); /* −1 */
        memset(env->present.history_rewards + row * env->h, 0, env->h * sizeof(float));
    }
    if (env->m > 0) {
        memset(env->present.excluded + row * env->m, 0xff, env->m * sizeof(int32_t)); /* −1 */
    }
    draw_list(env, row);
}

void rri_sessions_reset(rr_env *env)
{
    for (size_t row = 0; row < env->n_envs; row++) {
        begin_session(env, row);
    }
    env->is_begun = 1;
}

bool rri_sessions_was_shown(const rr_env *env, size_t row, int32_t item)
{
    return rri_user_model_count(env->shown + row * env->max_steps, (size_t)env->steps[row], item) >
           0;
}

/* Moves a row's window of the history on by one item. */
static void remember(rr_env *env, size_t row, int32_t item, float reward)
{
    const size_t h = env->h;
    if (h == 0) {
        return;
    }
    int32_t *history = env->present.history + row * h;
    float *rewards = env->present.history_rewards + row * h;
    memmove(history, history + 1, (h - 1) * sizeof(int32_t));
    memmove(rewards, rewards + 1, (h - 1) * sizeof(float));
    history[h - 1] = item;
    rewards[h - 1] = reward;
}

/* Shows `item` to the session of a row; true where that ends it. */
static bool move_row(rr_env *env, size_t row, int32_t item)
{
    const size_t d = env->dim;
    const size_t t = (size_t)env->steps[row];
    const float *vector = env->vectors + (size_t)item * d;
    float *state = env->present.states + row * env->state_dim;
    float *user = rri_sessions_user(env, row);
    int32_t *shown = env->shown + row * env->max_steps;

    const float similarity = rri_dot(env->kernels, user, vector, d);
    const float power = env->powers[rri_user_model_count(shown, t, item)];
    env->rewards[row] = rri_user_model_reward(similarity, power);
    shown[t] = item;
    if (env->m > 0) {
        env->present.excluded[row * env->m + t] = item;
    }
    env->steps[row] = (int32_t)(t + 1);
    remember(env, row, item, env->rewards[row]);

    if (env->config.drift > 0.0f) {
        rri_user_model_drift(env->kernels, user, vector, env->config.drift, env->n_free);
    }
    memcpy(state + d, vector, d * sizeof(float));

    const float tire = env->config.tire;
    if (tire > 0.0f) {
        env->energies[row] -= tire * vector[d - 1];
    }
    show_energy(env, state, row);
    const bool is_terminated = tire > 0.0f && env->energies[row] <= 0.0f;
    const bool is_truncated = !is_terminated && t + 1 == env->max_steps;
    env->terminated[row] = is_terminated ? 1 : 0;
    env->truncated[row] = is_truncated ? 1 : 0;
    return is_terminated || is_truncated;
}

static void observe_rows(const rr_env *env, const rri_env_rows *rows, rr_obs *obs)
{
    memset(obs, 0, sizeof *obs);
    obs->n = (int32_t)env->n_envs;
    obs->n_candidates = (int32_t)env->k;
    obs->n_history = (int32_t)env->h;
    obs->state_dim = (int32_t)env->state_dim;
    obs->states = rows->states;
    obs->candidates = rows->candidates;
    obs->history = rows->history;
    obs->history_rewards = rows->history_rewards;
    obs->n_excluded = (int32_t)env->m;
    obs->excluded = rows->excluded;
    obs->pool = env->items;
    obs->struct_size = rri_obs_view_size(obs);
}

void rri_sessions_observe(const rr_env *env, rr_obs *obs)
{
    observe_rows(env, &env->present, obs);
}

static void copy_rows(const rr_env *env, rri_env_rows *to, const rri_env_rows *from)
{
    const size_t n = env->n_envs;
    memcpy(to->states, from->states, n * env->state_dim * sizeof(float));
    if (env->k > 0) {
        memcpy(to->candidates, from->candidates, n * env->k * sizeof(int32_t));
    }
    if (env->h > 0) {
        memcpy(to->history, from->history, n * env->h * sizeof(int32_t));
        memcpy(to->history_rewards, from->history_rewards, n * env->h * sizeof(float));
    }
    if (env->m > 0) {
        memcpy(to->excluded, from->excluded, n * env->m * sizeof(int32_t));
    }
}

/* Rows that are looked ahead to: in a large catalogue each shown item is a miss of every cache. */
#define AHEAD ((size_t)8)

static void fetch_ahead(const rr_env *env, size_t row, const int32_t *actions)
{
    if (row + AHEAD < env->n_envs) {
        const int32_t item = rri_sessions_item(env, row + AHEAD, actions[row + AHEAD]);
        const float *const vector = env->vectors + (size_t)item * env->dim;
        for (size_t i = 0; i < env->dim; i += 16) {
            __builtin_prefetch(vector + i);
        }
    }
}

void rri_sessions_step(rr_env *env, const int32_t *actions, rr_outcome *outcome)
{
    size_t n_ended = 0;
    for (size_t row = 0; row < env->n_envs; row++) {
        fetch_ahead(env, row, actions);
        const bool has_ended = move_row(env, row, rri_sessions_item(env, row, actions[row]));
        n_ended += has_ended ? 1 : 0;
        draw_list(env, row);
    }

    /* While all sessions go on, the present is the final observation. */
    const rri_env_rows *final = &env->present;
    if (n_ended > 0) {
        copy_rows(env, &env->final, &env->present);
        final = &env->final;
        for (size_t row = 0; row < env->n_envs; row++) {
            if (env->terminated[row] != 0 || env->truncated[row] != 0) {
                begin_session(env, row);
            }
        }
    }
    observe_rows(env, final, &env->final_obs);

    memset(outcome, 0, sizeof *outcome);
    outcome->struct_size = sizeof *outcome;
    outcome->n = (int32_t)env->n_envs;
    outcome->rewards = env->rewards;
    outcome->terminated = env->terminated;
    outcome->truncated = env->truncated;
    outcome->final_obs = &env->final_obs;
}

void rri_sessions_rebuild(rr_env *env)
{
    const size_t h = env->h;
    for (size_t row = 0; row < env->n_envs; row++) {
        draw_list(env, row);
        const size_t t = (size_t)env->steps[row];
        const size_t n_kept = t < h ? t : h;
        for (size_t i = 0; i < h; i++) {
            const size_t n_padding = h - n_kept;
            env->present.history[row * h + i] =
                i < n_padding ? -1
                              : env->shown[row * env->max_steps + t - n_kept + (i - n_padding)];
        }
        for (size_t i = 0; i < env->m; i++) {
            env->present.excluded[row * env->m + i] =
                i < t ? env->shown[row * env->max_steps + i] : -1;
        }
    }
}
