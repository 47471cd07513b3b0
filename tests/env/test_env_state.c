/* SPDX-License-Identifier: MIT */
#include "env/env_state.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"
#include "env/sessions.h"

static const size_t bytes_of[] = {
    [RRI_ENV_FLOAT32] = 4, [RRI_ENV_INT32] = 4, [RRI_ENV_UINT64] = 8, [RRI_ENV_UINT8] = 1};

static rr_env *make_hiding(int32_t history_length, int32_t excludes_shown, int32_t hides_user)
{
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = 6;
    config.num_items = 15;
    config.state_dim = 8;
    config.max_episode_steps = 9;
    config.num_candidates = 10;
    config.excludes_shown = excludes_shown;
    config.drift = 0.3f;
    config.tire = 0.3f;
    config.history_length = history_length;
    config.hides_user = hides_user;
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_env *env = NULL;
    ck_assert_int_eq(rri_env_create(&env, &config, NULL, NULL, 0, &allocator, NULL), RR_OK);
    return env;
}

static rr_env *make_world(int32_t history_length, int32_t excludes_shown)
{
    return make_hiding(history_length, excludes_shown, 0);
}

static rr_env *make(int32_t history_length)
{
    return make_world(history_length, 0);
}

static void step(rr_env *env, uint64_t at, rr_outcome *outcome)
{
    int32_t actions[6];
    for (size_t row = 0; row < 6; row++) {
        actions[row] = (int32_t)rri_philox_below(1, RRI_STREAM_ACT, at, (uint32_t)row, 10);
        while (env->m > 0 &&
               rri_sessions_was_shown(env, row, rri_sessions_item(env, row, actions[row]))) {
            actions[row] = (actions[row] + 1) % 10;
        }
    }
    rri_sessions_step(env, actions, outcome);
}

/* Copies of the parts in a file's manner: one byte off any alignment. */
typedef struct copies {
    rri_env_state_part parts[RRI_ENV_MAX_STATE_PARTS];
    size_t n_parts;
    char *blocks[RRI_ENV_MAX_STATE_PARTS];
    const void *data[RRI_ENV_MAX_STATE_PARTS];
} copies;

static copies save(rr_env *env)
{
    copies saved = {0};
    saved.n_parts = rri_env_state_parts(env, saved.parts);
    for (size_t p = 0; p < saved.n_parts; p++) {
        const size_t bytes = saved.parts[p].count * bytes_of[saved.parts[p].dtype];
        saved.blocks[p] = malloc(bytes + 1);
        memcpy(saved.blocks[p] + 1, saved.parts[p].data, bytes);
        saved.data[p] = saved.blocks[p] + 1;
    }
    return saved;
}

static void load(rr_env *env, const copies *saved)
{
    ck_assert_int_eq(rri_env_state_check(env, saved->data, NULL), RR_OK);
    rri_env_state_part parts[RRI_ENV_MAX_STATE_PARTS];
    ck_assert_uint_eq(rri_env_state_parts(env, parts), saved->n_parts);
    for (size_t p = 0; p < saved->n_parts; p++) {
        ck_assert_str_eq(parts[p].name, saved->parts[p].name);
        ck_assert_uint_eq(parts[p].count, saved->parts[p].count);
        memcpy(parts[p].data, saved->data[p], parts[p].count * bytes_of[parts[p].dtype]);
    }
    rri_env_state_restored(env);
}

static void forget(copies *saved)
{
    for (size_t p = 0; p < saved->n_parts; p++) {
        free(saved->blocks[p]);
    }
}

static void compare(const rr_env *a, const rr_env *b)
{
    rr_obs x, y;
    rri_sessions_observe(a, &x);
    rri_sessions_observe(b, &y);
    ck_assert_mem_eq(x.states, y.states, 6 * 8 * sizeof(float));
    ck_assert_mem_eq(x.candidates, y.candidates, 6 * 10 * sizeof(int32_t));
    if (x.n_history > 0) {
        ck_assert_mem_eq(x.history, y.history, 6 * (size_t)x.n_history * sizeof(int32_t));
        ck_assert_mem_eq(x.history_rewards, y.history_rewards,
                         6 * (size_t)x.n_history * sizeof(float));
    }
    ck_assert_int_eq(x.n_excluded, y.n_excluded);
    if (x.n_excluded > 0) {
        ck_assert_mem_eq(x.excluded, y.excluded, 6 * (size_t)x.n_excluded * sizeof(int32_t));
    }
}

START_TEST(test_env_state_restored_goes_on_as_if_nothing_had_happened)
{
    const int32_t lengths[] = {0, 4, 9, 30};
    for (int trial = 0; trial < 4; trial++) {
        for (uint64_t n_before = 0; n_before < 40; n_before += 3) {
            rr_env *a = make_hiding(lengths[trial], trial % 2, n_before % 2);
            rr_env *b = make_hiding(lengths[trial], trial % 2, n_before % 2);
            rr_outcome x, y;
            rri_sessions_reset(a);
            for (uint64_t t = 0; t < n_before; t++) {
                step(a, t, &x);
            }
            copies saved = save(a);
            load(b, &saved);
            compare(a, b);
            for (uint64_t t = n_before; t < n_before + 30; t++) {
                step(a, t, &x);
                step(b, t, &y);
                ck_assert_mem_eq(x.rewards, y.rewards, 6 * sizeof(float));
                ck_assert_mem_eq(x.terminated, y.terminated, 6);
                ck_assert_mem_eq(x.truncated, y.truncated, 6);
                compare(a, b);
            }
            copies left = save(a);
            copies right = save(b);
            for (size_t p = 0; p < left.n_parts; p++) {
                ck_assert_mem_eq(left.data[p], right.data[p],
                                 left.parts[p].count * bytes_of[left.parts[p].dtype]);
            }
            forget(&saved);
            forget(&left);
            forget(&right);
            rri_env_destroy(a);
            rri_env_destroy(b);
        }
    }
}
END_TEST

START_TEST(test_env_state_before_the_first_reset_is_restored_too)
{
    rr_env *a = make(9);
    rr_env *b = make(9);
    copies saved = save(a);
    rri_sessions_reset(b);
    load(b, &saved);
    ck_assert_int_eq(b->is_begun, 0);
    rri_sessions_reset(a);
    rri_sessions_reset(b);
    compare(a, b);
    forget(&saved);
    rri_env_destroy(a);
    rri_env_destroy(b);
}
END_TEST

static size_t part_named(const copies *saved, const char *name)
{
    for (size_t p = 0; p < saved->n_parts; p++) {
        if (strcmp(saved->parts[p].name, name) == 0) {
            return p;
        }
    }
    ck_abort_msg("no part %s", name);
    return 0;
}

/* Writes `bytes` into element `at` of a part of a saved state, which must then be refused. */
static void refuse(const char *name, size_t at, const void *value, const char *sentence)
{
    rr_env *env = make_hiding(9, 0, 1);
    rr_outcome outcome;
    rri_sessions_reset(env);
    step(env, 0, &outcome);
    copies saved = save(env);
    const size_t p = part_named(&saved, name);
    const size_t width = bytes_of[saved.parts[p].dtype];
    memcpy(saved.blocks[p] + 1 + at * width, value, width);
    rr_error err = {0};
    ck_assert_int_eq(rri_env_state_check(env, saved.data, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, sentence));
    forget(&saved);
    rri_env_destroy(env);
}

START_TEST(test_env_state_that_no_environment_can_have_is_refused)
{
    refuse("env.states", 13, &(float){NAN}, "env.states[13]");
    refuse("env.energies", 2, &(float){INFINITY}, "env.energies[2] is inf");
    refuse("env.history_rewards", 1, &(float){NAN}, "env.history_rewards[1]");
    refuse("env.hidden_users", 9, &(float){NAN}, "env.hidden_users[9]");
    refuse("env.steps", 3, &(int32_t){-1}, "env.steps[3] is -1; it must be in [0, 9)");
    refuse("env.steps", 5, &(int32_t){9}, "env.steps[5] is 9");
    refuse("env.shown", 9, &(int32_t){15}, "env.shown[1][0] is 15; it must be in [0, 15)");
    refuse("env.shown", 0, &(int32_t){-1}, "env.shown[0][0] is -1");
    refuse("env.is_begun", 0, &(uint8_t){2}, "env.is_begun is 2");
}
END_TEST

START_TEST(test_env_state_with_repeats_is_refused_where_they_are_excluded)
{
    rr_env *plain = make(9), *excluding = make_world(9, 1);
    rr_outcome outcome;
    rri_sessions_reset(plain);
    for (uint64_t t = 0; t < 2; t++) {
        step(plain, t, &outcome);
    }
    plain->steps[3] = 2;
    plain->shown[3 * 9 + 1] = plain->shown[3 * 9];
    copies saved = save(plain);
    rr_error err = {0};
    ck_assert_int_eq(rri_env_state_check(plain, saved.data, &err), RR_OK);
    ck_assert_int_eq(rri_env_state_check(excluding, saved.data, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, " twice, as in a world without excludes_shown"));
    forget(&saved);
    rri_env_destroy(plain);
    rri_env_destroy(excluding);
}
END_TEST

START_TEST(test_env_state_of_other_users_is_refused)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = 2;
    config.num_items = 3;
    config.state_dim = 4;
    const float users[] = {1.0f, 2.0f, 3.0f, 4.0f};
    rr_env *envs[3] = {NULL, NULL, NULL}; /* both users, the first alone, random ones */
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rri_env_create(&envs[i], &config, NULL, i < 2 ? users : NULL,
                                        i < 2 ? 2 - i : 0, &allocator, NULL),
                         RR_OK);
        rri_sessions_reset(envs[i]);
    }
    copies saved = save(envs[0]);
    ck_assert_int_eq(rri_env_state_check(envs[0], saved.data, NULL), RR_OK);
    ck_assert_int_eq(rri_env_state_check(envs[1], saved.data, NULL), RR_E_MISMATCH);
    ck_assert_int_eq(rri_env_state_check(envs[2], saved.data, NULL), RR_E_MISMATCH);
    forget(&saved);
    for (size_t i = 0; i < 3; i++) {
        rri_env_destroy(envs[i]);
    }
}
END_TEST

CHECK_MAIN("env/env_state", test_env_state_restored_goes_on_as_if_nothing_had_happened,
           test_env_state_before_the_first_reset_is_restored_too,
           test_env_state_that_no_environment_can_have_is_refused,
           test_env_state_with_repeats_is_refused_where_they_are_excluded,
           test_env_state_of_other_users_is_refused)
