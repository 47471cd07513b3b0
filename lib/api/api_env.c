/* SPDX-License-Identifier: MIT */
/* api_env.c: the front door of rr_env. */
#include "env/env.h"

#include <math.h>
#include <string.h>

#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/finite.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "env/sessions.h"
#include "eval/choosers.h"

rr_status rr_env_create(rr_env **out, const rr_env_config *config, rr_items *items,
                        const float *users, int32_t n_users, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_env_create", "out", err));
    if ((users == NULL && n_users != 0) || (users != NULL && n_users < 1)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_env_create: n_users is %d; it must be %s", n_users,
                 users == NULL ? "0 when users is NULL" : "at least 1 when users are given");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));

    rr_env_config full;
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = rri_config_read(&full, rri_config_table_of(RR_CONFIG_ENV), config, err);
    if (status == RR_OK) {
        status = rri_env_create(out, &full, items, users, (size_t)n_users, &allocator, err);
    }
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_env_memory(const rr_env_config *config, const rr_items *items, int32_t n_users,
                        size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_env_memory", "bytes", err));
    if (n_users < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_env_memory: n_users is %d; it must be at least 0", n_users);
    }
    rr_env_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_ENV), config, err));
    return rri_env_memory(bytes, &full, items, (size_t)n_users, err);
}

void rr_env_destroy(rr_env *env)
{
    rri_env_destroy(env);
}

/* Refuses NULL and, where `must_be_begun`, an environment before its first reset. */
static rr_status check_env(const rr_env *env, const char *function, bool must_be_begun,
                           rr_error *err)
{
    RRI_TRY(rri_require(env, function, "env", err));
    if (must_be_begun && env->is_begun == 0) {
        RRI_FAIL(err, RR_E_STATE, "%s: no session has begun; call rr_env_reset first", function);
    }
    return RR_OK;
}

rr_status rr_env_reset(rr_env *env, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_reset", false, err));
    const rri_fpmode before = rri_fpmode_enter();
    rri_sessions_reset(env);
    rri_fpmode_leave(before);
    return RR_OK;
}

rr_status rr_env_seed(rr_env *env, uint64_t seed, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_seed", false, err));
    const rri_fpmode before = rri_fpmode_enter();
    rri_env_seed(env, seed);
    rri_fpmode_leave(before);
    return RR_OK;
}

rr_status rr_env_observe(rr_env *env, rr_obs *obs, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_observe", true, err));
    RRI_TRY(rri_abi_check(obs, sizeof *obs, "rr_obs", err));
    rr_obs full;
    rri_sessions_observe(env, &full);
    rri_abi_write(obs, &full, sizeof full);
    return RR_OK;
}

rr_status rr_env_step(rr_env *env, const int32_t *actions, rr_outcome *outcome, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_step", true, err));
    RRI_TRY(rri_abi_check(outcome, sizeof *outcome, "rr_outcome", err));
    RRI_TRY(rri_require(actions, "rr_env_step", "actions", err));
    const size_t n_choices = env->k > 0 ? env->k : env->n_items;
    for (size_t row = 0; row < env->n_envs; row++) {
        if (actions[row] < 0 || (size_t)actions[row] >= n_choices) {
            RRI_FAIL(err, RR_E_INVALID, "rr_env_step: actions[%zu] is %d; it must be in [0, %zu)",
                     row, actions[row], n_choices);
        }
        const int32_t item = rri_sessions_item(env, row, actions[row]);
        if (env->m > 0 && rri_sessions_was_shown(env, row, item)) {
            RRI_FAIL(err, RR_E_INVALID,
                     "rr_env_step: actions[%zu] is %d, item %d, which this session was shown; with "
                     "excludes_shown it must be another",
                     row, actions[row], item);
        }
    }
    rr_outcome full;
    const rri_fpmode before = rri_fpmode_enter();
    rri_sessions_step(env, actions, &full);
    rri_fpmode_leave(before);
    rri_abi_write(outcome, &full, sizeof full);
    return RR_OK;
}

static rr_status check_chooser(const rr_env *env, int32_t chooser, const float *popular_user,
                               float parameter, rr_error *err)
{
    if (chooser < RR_CHOOSER_RANDOM || chooser > RR_CHOOSER_PATIENT) {
        RRI_FAIL(err, RR_E_INVALID, "rr_env_choose: chooser is %d; it must be one of RR_CHOOSER_*",
                 chooser);
    }
    if (chooser == RR_CHOOSER_PATIENT && env->config.tire <= 0.0f) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "rr_env_choose: RR_CHOOSER_PATIENT needs the leave rule; tire is 0");
    }
    if (chooser == RR_CHOOSER_PATIENT && !isfinite(parameter)) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "rr_env_choose: parameter is %g; it must be finite",
                 (double)parameter);
    }
    if (chooser == RR_CHOOSER_POPULAR && popular_user != NULL) {
        for (size_t i = 0; i < env->dim; i++) {
            RRI_TRY(rri_finite_check("rr_env_choose: popular_user", popular_user[i], i, err));
        }
    }
    return RR_OK;
}

/* The first row without a choice; n_envs: none. */
static size_t choose(rr_env *env, int32_t chooser, const float *popular_user, float parameter,
                     int32_t *actions)
{
    rri_choosers_scene scene = {.n = env->n_envs,
                                .d = env->dim,
                                .n_items = env->n_items,
                                .k = env->k,
                                .vectors = env->vectors,
                                .users = rri_sessions_user(env, 0),
                                .user_stride = rri_sessions_user_stride(env),
                                .candidates = env->present.candidates,
                                .shown = env->shown,
                                .steps = env->steps,
                                .max_steps = env->max_steps,
                                .powers = env->powers,
                                .excludes_shown = env->m > 0};
    if (chooser == RR_CHOOSER_RANDOM) {
        rri_choosers_random(actions, &scene, env->sessions, env->config.seed);
        return env->n_envs;
    }
    if (chooser == RR_CHOOSER_POPULAR) {
        scene.users = popular_user != NULL ? popular_user : env->mean_user;
        scene.user_stride = 0;
    } else if (chooser == RR_CHOOSER_SIMILAR) {
        scene.powers = NULL;
    } else if (chooser == RR_CHOOSER_PATIENT) {
        scene.pull_weight = parameter;
    }
    return rri_choosers_best(env->kernels, actions, &scene);
}

rr_status rr_env_choose(rr_env *env, int32_t chooser, const float *popular_user, float parameter,
                        int32_t *actions, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_choose", true, err));
    RRI_TRY(rri_require(actions, "rr_env_choose", "actions", err));
    RRI_TRY(check_chooser(env, chooser, popular_user, parameter, err));
    const rri_fpmode before = rri_fpmode_enter();
    const size_t failed = choose(env, chooser, popular_user, parameter, actions);
    rri_fpmode_leave(before);
    /* The other scores are bounded: create judges users and items, and a pull is at most 1. */
    if (failed < env->n_envs) {
        RRI_FAIL(err, RR_E_NOT_FINITE,
                 "rr_env_choose: row %zu: popular_user is too large; its dot product with an item "
                 "must be finite",
                 failed);
    }
    return RR_OK;
}

rr_items *rr_env_items(const rr_env *env)
{
    return env != NULL ? env->items : NULL;
}

rr_status rr_env_mean_user(const rr_env *env, float *out, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_mean_user", false, err));
    RRI_TRY(rri_require(out, "rr_env_mean_user", "out", err));
    for (size_t i = 0; i < env->dim; i++) {
        out[i] = env->mean_user[i];
    }
    return RR_OK;
}

rr_status rr_env_users(const rr_env *env, float *out, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_users", true, err));
    RRI_TRY(rri_require(out, "rr_env_users", "out", err));
    for (size_t row = 0; row < env->n_envs; row++) {
        memcpy(out + row * env->dim, rri_sessions_user(env, row), env->dim * sizeof(float));
    }
    return RR_OK;
}

rr_status rr_env_get_config(const rr_env *env, rr_env_config *out, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_get_config", false, err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_env_config", err));
    rri_abi_write(out, &env->config, sizeof *out);
    return RR_OK;
}

rr_status rr_env_fit_agent_config(const rr_env *env, rr_agent_config *config, rr_error *err)
{
    RRI_TRY(check_env(env, "rr_env_fit_agent_config", false, err));
    RRI_TRY(rri_require(config, "rr_env_fit_agent_config", "config", err));
    rr_agent_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_AGENT), config, err));
    full.state_dim = (int32_t)env->state_dim;
    full.item_dim = (int32_t)env->dim;
    full.num_items = 0;
    full.max_rows = env->config.n_envs;
    full.max_candidates = env->config.num_candidates;
    full.max_history = (int32_t)rri_size_larger(env->h, env->m);
    rri_abi_write(config, &full, sizeof full);
    return RR_OK;
}
