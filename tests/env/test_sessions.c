/* SPDX-License-Identifier: MIT */
/* Sessions against a twin that keeps whole lists in double and restates every rule of docs/maths.md
 * §1. */
#include "env/sessions.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

#define MOST_STEPS 64
#define MOST_WIDTH 16

static rr_env_config small_config(void)
{
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = 5;
    config.num_items = 9;
    config.state_dim = 12;
    config.max_episode_steps = 7;
    config.world_seed = 3;
    config.seed = 4;
    return config;
}

static rr_env *make(const rr_env_config *config, rr_items *items, const float *users,
                    size_t n_users)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_env *env = NULL;
    rr_error err;
    ck_assert_int_eq(rri_env_create(&env, config, items, users, n_users, &allocator, &err), RR_OK);
    rri_sessions_reset(env);
    return env;
}

/* Position chosen by row and step, so that items repeat where they may. */
static void choose(const rr_env *env, int32_t *actions, uint64_t step)
{
    const uint64_t n_choices = env->k > 0 ? env->k : env->n_items;
    for (size_t row = 0; row < env->n_envs; row++) {
        actions[row] =
            (int32_t)rri_philox_below(77, RRI_STREAM_ACT, step, (uint32_t)row, n_choices);
        while (env->m > 0 &&
               rri_sessions_was_shown(env, row, rri_sessions_item(env, row, actions[row]))) {
            actions[row] = (int32_t)(((uint64_t)actions[row] + 1) % n_choices);
        }
    }
}

/* ── by hand ── */

static rr_env *make_by_hand(float decay, int32_t max_steps)
{
    static const float vectors[] = {1.0f, 0.0f, 0.0f, 2.0f, -1.0f, 1.0f};
    static const float user[] = {3.0f, 0.5f};
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_items *items = NULL;
    ck_assert_int_eq(rri_items_create(&items, vectors, NULL, 3, 2, &allocator, NULL), RR_OK);
    rr_env_config config = small_config();
    config.n_envs = 1;
    config.state_dim = 4;
    config.reward_decay = decay;
    config.max_episode_steps = max_steps;
    rr_env *env = make(&config, items, user, 1);
    rri_items_release(items); /* the environment holds its own reference */
    return env;
}

START_TEST(test_sessions_rewards_by_hand)
{
    rr_env *env = make_by_hand(0.5f, 10);
    /* Similarities: 3, 1, −2.5; a showing before halves what is not negative. */
    const int32_t actions[] = {0, 0, 1, 2, 2, 0, 1};
    const float rewards[] = {3.0f, 1.5f, 1.0f, -2.5f, -2.5f, 0.75f, 0.5f};
    for (int t = 0; t < 7; t++) {
        rr_outcome outcome;
        rri_sessions_step(env, &actions[t], &outcome);
        ck_assert(outcome.rewards[0] == rewards[t]);
        ck_assert(outcome.terminated[0] == 0 && outcome.truncated[0] == 0);
    }
    rri_env_destroy(env);
}
END_TEST

START_TEST(test_sessions_state_is_the_user_and_the_last_item)
{
    rr_env *env = make_by_hand(0.5f, 10);
    rr_obs obs;
    rri_sessions_observe(env, &obs);
    const float start[] = {3.0f, 0.5f, 0.0f, 0.0f};
    ck_assert_mem_eq(obs.states, start, sizeof start);
    ck_assert(obs.n == 1 && obs.n_candidates == 0 && obs.n_history == 10 && obs.state_dim == 4);
    ck_assert_ptr_null(obs.candidates);
    ck_assert_ptr_null(obs.sessions);
    rr_outcome outcome;
    rri_sessions_step(env, &(int32_t){2}, &outcome);
    rri_sessions_observe(env, &obs);
    const float after[] = {3.0f, 0.5f, -1.0f, 1.0f};
    ck_assert_mem_eq(obs.states, after, sizeof after);
    rri_env_destroy(env);
}
END_TEST

START_TEST(test_sessions_end_truncated_and_begin_anew_with_a_final_observation)
{
    rr_env *env = make_by_hand(0.5f, 3);
    rr_outcome outcome;
    for (int t = 0; t < 3; t++) {
        rri_sessions_step(env, &(int32_t){0}, &outcome);
        ck_assert_int_eq(outcome.truncated[0], t == 2);
        ck_assert_int_eq(outcome.terminated[0], 0);
    }
    const float final[] = {3.0f, 0.5f, 1.0f, 0.0f};
    ck_assert_mem_eq(outcome.final_obs->states, final, sizeof final);
    const int32_t final_history[] = {0, 0, 0};
    ck_assert_mem_eq(outcome.final_obs->history, final_history, sizeof final_history);
    const float final_rewards[] = {3.0f, 1.5f, 0.75f};
    ck_assert_mem_eq(outcome.final_obs->history_rewards, final_rewards, sizeof final_rewards);

    rr_obs obs;
    rri_sessions_observe(env, &obs);
    const float start[] = {3.0f, 0.5f, 0.0f, 0.0f};
    ck_assert_mem_eq(obs.states, start, sizeof start);
    const int32_t empty[] = {-1, -1, -1};
    ck_assert_mem_eq(obs.history, empty, sizeof empty);
    /* Satiation does not outlive the session. */
    rri_sessions_step(env, &(int32_t){0}, &outcome);
    ck_assert(outcome.rewards[0] == 3.0f);
    rri_env_destroy(env);
}
END_TEST

/* ── the twin ── */

typedef struct twin_session {
    double user[MOST_WIDTH];
    double last[MOST_WIDTH];
    int32_t items[MOST_STEPS];
    double rewards[MOST_STEPS];
    int t;
    double energy;
} twin_session;

static double inner(const double *x, const float *y, size_t begin, size_t end)
{
    double sum = 0.0;
    for (size_t i = end; i > begin; i--) {
        sum += x[i - 1] * (double)y[i - 1];
    }
    return sum;
}

static void twin_begin(twin_session *twin, const float *state, size_t d)
{
    memset(twin, 0, sizeof *twin);
    twin->energy = 1.0;
    for (size_t i = 0; i < d; i++) {
        twin->user[i] = (double)state[i];
    }
}

/* Turns the free part of the user by the angle whose tangent is drift · |across| / |u|. */
static void twin_drift(twin_session *twin, const float *v, double drift, size_t n_free)
{
    double square = 0.0;
    for (size_t i = 0; i < n_free; i++) {
        square += twin->user[i] * twin->user[i];
    }
    if (square <= 0.0) {
        return;
    }
    const double length = sqrt(square);
    const double along = inner(twin->user, v, 0, n_free) / length;
    double across[MOST_WIDTH];
    double across_length = 0.0;
    for (size_t i = 0; i < n_free; i++) {
        across[i] = (double)v[i] - along * twin->user[i] / length;
        across_length = hypot(across_length, across[i]);
    }
    if (across_length < 1e-12) {
        return;
    }
    const double angle = atan2(drift * across_length, length);
    for (size_t i = 0; i < n_free; i++) {
        twin->user[i] =
            twin->user[i] * cos(angle) + length * sin(angle) * across[i] / across_length;
    }
}

/* Returns 0 while the session goes on, 1 terminated, 2 truncated. */
static int twin_step(twin_session *twin, const rr_env *env, int32_t item)
{
    const size_t d = env->dim;
    const float *v = env->vectors + (size_t)item * d;
    int earlier = 0;
    for (int i = 0; i < twin->t; i++) {
        earlier += twin->items[i] == item;
    }
    double reward = inner(twin->user, v, 0, d);
    for (int i = 0; i < earlier && reward > 0.0; i++) {
        reward *= (double)env->config.reward_decay;
    }
    twin->items[twin->t] = item;
    twin->rewards[twin->t] = reward;
    twin->t++;
    size_t n_kept = (size_t)env->config.num_folded;
    if (env->config.tire > 0.0f && n_kept < 1) {
        n_kept = 1;
    }
    twin_drift(twin, v, (double)env->config.drift, d - n_kept);
    for (size_t i = 0; i < d; i++) {
        twin->last[i] = (double)v[i];
    }
    twin->energy -= (double)env->config.tire * (double)v[d - 1];
    if (env->config.tire > 0.0f && twin->energy <= 0.0) {
        return 1;
    }
    return twin->t == env->config.max_episode_steps ? 2 : 0;
}

static void compare_row(const twin_session *twin, const rr_env *env, const rr_obs *obs, size_t row)
{
    const size_t d = env->dim;
    const float *state = obs->states + row * (size_t)obs->state_dim;
    if (env->config.shows_energy) {
        ck_assert_int_eq(obs->state_dim, 2 * (int32_t)d + 2);
        ck_assert_double_le(fabs((double)state[2 * d] - twin->energy), 1e-5);
        ck_assert_double_le(
            fabs((double)state[2 * d + 1] - (double)twin->t / env->config.max_episode_steps), 1e-6);
    } else {
        ck_assert_int_eq(obs->state_dim, 2 * (int32_t)d);
    }
    for (size_t i = 0; i < d; i++) {
        const double shown = env->config.hides_user ? 0.0 : twin->user[i];
        ck_assert_double_le(fabs((double)state[i] - shown), env->config.hides_user ? 0.0 : 1e-5);
        ck_assert(state[d + i] == (float)twin->last[i]);
    }
    for (int i = 0; i < obs->n_history; i++) {
        const int at = twin->t - obs->n_history + i;
        const size_t place = row * (size_t)obs->n_history + (size_t)i;
        ck_assert_int_eq(obs->history[place], at < 0 ? -1 : twin->items[at]);
        const double reward = at < 0 ? 0.0 : twin->rewards[at];
        ck_assert_double_le(fabs((double)obs->history_rewards[place] - reward), 1e-5);
    }
    const int32_t m = env->config.excludes_shown ? env->config.max_episode_steps : 0;
    ck_assert_int_eq(obs->n_excluded, m);
    ck_assert((obs->excluded != NULL) == (m > 0));
    for (int32_t i = 0; i < m; i++) {
        ck_assert_int_eq(obs->excluded[row * (size_t)m + (size_t)i],
                         i < twin->t ? twin->items[i] : -1);
    }
}

/* Plays n_steps beside the twin; returns how many sessions were terminated and truncated. */
static void play_beside_twin(const rr_env_config *config, int n_steps, int counts[2])
{
    rr_env *env = make(config, NULL, NULL, 0);
    twin_session twins[5];
    const size_t n = env->n_envs;
    for (size_t row = 0; row < n; row++) {
        twin_begin(&twins[row], rri_sessions_user(env, row), env->dim);
    }
    for (int step = 0; step < n_steps; step++) {
        int32_t actions[5], items[5];
        choose(env, actions, (uint64_t)step);
        for (size_t row = 0; row < n; row++) {
            items[row] = rri_sessions_item(env, row, actions[row]);
        }
        rr_outcome outcome;
        rr_obs obs;
        rri_sessions_step(env, actions, &outcome);
        rri_sessions_observe(env, &obs);
        for (size_t row = 0; row < n; row++) {
            const int end = twin_step(&twins[row], env, items[row]);
            ck_assert_int_eq(outcome.terminated[row], end == 1);
            ck_assert_int_eq(outcome.truncated[row], end == 2);
            ck_assert_double_le(
                fabs((double)outcome.rewards[row] - twins[row].rewards[twins[row].t - 1]), 1e-5);
            compare_row(&twins[row], env, outcome.final_obs, row);
            if (end != 0) {
                counts[end - 1]++;
                twin_begin(&twins[row], rri_sessions_user(env, row), env->dim);
            }
            compare_row(&twins[row], env, &obs, row);
        }
    }
    rri_env_destroy(env);
}

START_TEST(test_sessions_agree_with_the_twin_in_every_world)
{
    for (int world = 0; world < 64; world++) {
        rr_env_config config = small_config();
        config.drift = (world & 1) != 0 ? 0.3f : 0.0f;
        config.tire = (world & 2) != 0 ? 0.4f : 0.0f;
        config.num_candidates = (world & 4) != 0 ? 4 : 0;
        config.num_folded = (world & 8) != 0 ? 2 : 0;
        config.shows_energy = (world & 16) != 0;
        config.history_length = world % 3 == 0 ? 3 : -1;
        config.hides_user = world % 5 < 2;
        config.max_episode_steps = 11;
        if ((world & 32) != 0) { /* lists and the pool are longer than a session */
            config.excludes_shown = 1;
            config.num_items = 14;
            config.num_candidates *= 3;
        }
        int counts[2] = {0, 0};
        play_beside_twin(&config, 200, counts);
        ck_assert(config.tire > 0.0f ? counts[0] > 20 : counts[0] == 0);
        ck_assert_int_gt(counts[1] + counts[0], 80);
        ck_assert(config.tire > 0.0f || counts[1] > 0);
    }
}
END_TEST

START_TEST(test_sessions_that_tire_at_the_last_step_are_terminated_not_truncated)
{
    rr_env_config config = small_config();
    config.max_episode_steps = 1;
    config.tire = 1e9f;
    rr_env *env = make(&config, NULL, NULL, 0);
    rr_outcome outcome;
    const int32_t actions[5] = {0, 1, 2, 3, 4};
    rri_sessions_step(env, actions, &outcome);
    for (int row = 0; row < 5; row++) {
        ck_assert_int_eq(outcome.terminated[row], 1);
        ck_assert_int_eq(outcome.truncated[row], 0);
    }
    rri_env_destroy(env);
}
END_TEST

/* What is hidden without it: the rewards, the ends and the other coordinates are the same. */
START_TEST(test_sessions_showing_the_energy_changes_nothing_but_the_states)
{
    rr_env_config config = small_config();
    config.tire = 0.4f;
    config.drift = 0.2f;
    config.num_candidates = 4;
    rr_env *bare = make(&config, NULL, NULL, 0);
    config.shows_energy = 1;
    rr_env *shown = make(&config, NULL, NULL, 0);
    for (uint64_t step = 0; step < 60; step++) {
        int32_t actions[5];
        choose(bare, actions, step);
        rr_outcome x, y;
        rri_sessions_step(bare, actions, &x);
        rri_sessions_step(shown, actions, &y);
        ck_assert_mem_eq(x.rewards, y.rewards, 5 * sizeof(float));
        ck_assert_mem_eq(x.terminated, y.terminated, 5);
        ck_assert_mem_eq(x.truncated, y.truncated, 5);
        for (size_t row = 0; row < 5; row++) {
            ck_assert_mem_eq(bare->present.states + row * 12, shown->present.states + row * 14,
                             12 * sizeof(float));
        }
    }
    rri_env_destroy(bare);
    rri_env_destroy(shown);
}
END_TEST

START_TEST(test_sessions_hiding_the_user_changes_nothing_but_the_states)
{
    rr_env_config config = small_config();
    config.tire = 0.4f;
    config.drift = 0.2f;
    config.num_candidates = 4;
    rr_env *seen = make(&config, NULL, NULL, 0);
    config.hides_user = 1;
    rr_env *hidden = make(&config, NULL, NULL, 0);
    for (uint64_t step = 0; step < 60; step++) {
        int32_t actions[5];
        choose(seen, actions, step);
        rr_outcome x, y;
        rri_sessions_step(seen, actions, &x);
        rri_sessions_step(hidden, actions, &y);
        ck_assert_mem_eq(x.rewards, y.rewards, 5 * sizeof(float));
        ck_assert_mem_eq(x.terminated, y.terminated, 5);
        ck_assert_mem_eq(x.truncated, y.truncated, 5);
        ck_assert_mem_eq(x.final_obs->history_rewards, y.final_obs->history_rewards,
                         5 * (size_t)x.final_obs->n_history * sizeof(float));
        const float *const states[2][2] = {{seen->present.states, hidden->present.states},
                                           {x.final_obs->states, y.final_obs->states}};
        for (size_t row = 0; row < 5; row++) {
            ck_assert_mem_eq(rri_sessions_user(seen, row), rri_sessions_user(hidden, row),
                             6 * sizeof(float));
            for (size_t when = 0; when < 2; when++) {
                static const float zeros[6] = {0.0f};
                ck_assert_mem_eq(states[when][1] + row * 12, zeros, sizeof zeros);
                ck_assert_mem_eq(states[when][0] + row * 12 + 6, states[when][1] + row * 12 + 6,
                                 6 * sizeof(float));
            }
        }
    }
    rri_env_destroy(seen);
    rri_env_destroy(hidden);
}
END_TEST

/* ── draws ── */

START_TEST(test_sessions_are_numbered_by_step_and_row)
{
    rr_env_config config = small_config();
    config.tire = 0.7f;
    rr_env *env = make(&config, NULL, NULL, 0);
    uint64_t next = 5;
    for (size_t row = 0; row < 5; row++) {
        ck_assert_uint_eq(env->sessions[row], row);
    }
    for (uint64_t step = 0; step < 60; step++) {
        int32_t actions[5];
        uint64_t before[5];
        memcpy(before, env->sessions, sizeof before);
        choose(env, actions, step);
        rr_outcome outcome;
        rri_sessions_step(env, actions, &outcome);
        for (size_t row = 0; row < 5; row++) {
            const bool has_ended = outcome.terminated[row] != 0 || outcome.truncated[row] != 0;
            ck_assert_uint_eq(env->sessions[row], has_ended ? next : before[row]);
            next += has_ended ? 1 : 0;
        }
    }
    rri_sessions_reset(env);
    for (size_t row = 0; row < 5; row++) {
        ck_assert_uint_eq(env->sessions[row], next + row);
    }
    rri_env_destroy(env);
}
END_TEST

START_TEST(test_sessions_of_one_seed_are_the_same_bytes)
{
    rr_env_config config = small_config();
    config.drift = 0.2f;
    config.num_candidates = 5;
    rr_env *a = make(&config, NULL, NULL, 0);
    rr_env *b = make(&config, NULL, NULL, 0);
    config.seed++;
    rr_env *c = make(&config, NULL, NULL, 0);
    ck_assert_mem_ne(a->present.states, c->present.states, 5 * 12 * sizeof(float));
    for (uint64_t step = 0; step < 100; step++) {
        int32_t actions[5];
        choose(a, actions, step);
        rr_outcome x, y;
        rri_sessions_step(a, actions, &x);
        rri_sessions_step(b, actions, &y);
        ck_assert_mem_eq(x.rewards, y.rewards, 5 * sizeof(float));
        ck_assert_mem_eq(a->present.states, b->present.states, 5 * 12 * sizeof(float));
        ck_assert_mem_eq(a->present.candidates, b->present.candidates, 5 * 5 * sizeof(int32_t));
        ck_assert_mem_eq(x.final_obs->states, y.final_obs->states, 5 * 12 * sizeof(float));
    }
    rri_env_destroy(a);
    rri_env_destroy(b);
    rri_env_destroy(c);
}
END_TEST

START_TEST(test_sessions_do_not_depend_on_how_many_stand_beside)
{
    rr_env_config config = small_config();
    config.num_candidates = 4;
    config.drift = 0.25f;
    rr_env *five = make(&config, NULL, NULL, 0);
    config.n_envs = 3;
    rr_env *three = make(&config, NULL, NULL, 0);
    for (int t = 0; t < 6; t++) { /* within the first sessions, 0 to 2 in both */
        const int32_t actions[5] = {t % 4, 1, 2, 3, 0};
        ck_assert_mem_eq(five->present.states, three->present.states, 3 * 12 * sizeof(float));
        ck_assert_mem_eq(five->present.candidates, three->present.candidates,
                         3 * 4 * sizeof(int32_t));
        rr_outcome x, y;
        rri_sessions_step(five, actions, &x);
        rri_sessions_step(three, actions, &y);
        ck_assert_mem_eq(x.rewards, y.rewards, 3 * sizeof(float));
    }
    rri_env_destroy(five);
    rri_env_destroy(three);
}
END_TEST

START_TEST(test_sessions_lists_change_at_every_step)
{
    rr_env_config config = small_config();
    config.num_items = 1000;
    config.num_candidates = 20;
    rr_env *env = make(&config, NULL, NULL, 0);
    int32_t before[5 * 20];
    for (int t = 0; t < 20; t++) {
        memcpy(before, env->present.candidates, sizeof before);
        const int32_t actions[5] = {0, 5, 10, 15, 19};
        rr_outcome outcome;
        rri_sessions_step(env, actions, &outcome);
        for (size_t row = 0; row < 5; row++) {
            ck_assert_mem_ne(before + row * 20, env->present.candidates + row * 20,
                             20 * sizeof(int32_t));
            /* The action was a position in the list as it stood. */
            const int32_t item = before[row * 20 + (size_t)actions[row]];
            ck_assert_mem_eq(outcome.final_obs->states + row * 12 + 6, env->vectors + item * 6,
                             6 * sizeof(float));
        }
    }
    rri_env_destroy(env);
}
END_TEST

START_TEST(test_sessions_without_history_have_none)
{
    rr_env_config config = small_config();
    config.history_length = 0;
    rr_env *env = make(&config, NULL, NULL, 0);
    const int32_t actions[5] = {0, 0, 0, 0, 0};
    rr_outcome outcome;
    for (int t = 0; t < 20; t++) {
        rri_sessions_step(env, actions, &outcome);
    }
    ck_assert_int_eq(outcome.final_obs->n_history, 0);
    ck_assert_ptr_null(outcome.final_obs->history);
    ck_assert_ptr_null(outcome.final_obs->history_rewards);
    rri_env_destroy(env);
}
END_TEST

CHECK_MAIN("env/sessions", test_sessions_rewards_by_hand,
           test_sessions_state_is_the_user_and_the_last_item,
           test_sessions_end_truncated_and_begin_anew_with_a_final_observation,
           test_sessions_agree_with_the_twin_in_every_world,
           test_sessions_that_tire_at_the_last_step_are_terminated_not_truncated,
           test_sessions_showing_the_energy_changes_nothing_but_the_states,
           test_sessions_hiding_the_user_changes_nothing_but_the_states,
           test_sessions_are_numbered_by_step_and_row, test_sessions_of_one_seed_are_the_same_bytes,
           test_sessions_do_not_depend_on_how_many_stand_beside,
           test_sessions_lists_change_at_every_step, test_sessions_without_history_have_none)
