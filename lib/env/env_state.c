/* SPDX-License-Identifier: MIT */
/* env_state.c: the list of what changes, and the judgement of one that comes from a file. */
#include "env/env_state.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "env/sessions.h"

/* The parts of every environment; rewards of histories and hidden users follow where they are. */
enum { STATES, SESSIONS, STEPS, ENERGIES, SHOWN, NEXT_SESSION, IS_BEGUN, USERS, ALWAYS };

size_t rri_env_state_parts(rr_env *env, rri_env_state_part *parts)
{
    const size_t n = env->n_envs;
    const rri_env_state_part always[ALWAYS] = {
        [STATES] = {"env.states", RRI_ENV_FLOAT32, n * env->state_dim, env->present.states},
        [SESSIONS] = {"env.sessions", RRI_ENV_UINT64, n, env->sessions},
        [STEPS] = {"env.steps", RRI_ENV_INT32, n, env->steps},
        [ENERGIES] = {"env.energies", RRI_ENV_FLOAT32, n, env->energies},
        [SHOWN] = {"env.shown", RRI_ENV_INT32, n * env->max_steps, env->shown},
        [NEXT_SESSION] = {"env.next_session", RRI_ENV_UINT64, 1, &env->next_session},
        [IS_BEGUN] = {"env.is_begun", RRI_ENV_UINT8, 1, &env->is_begun},
        [USERS] = {"env.users_fingerprint", RRI_ENV_UINT64, 1, &env->users_fingerprint},
    };
    size_t n_parts = ALWAYS;
    memcpy(parts, always, sizeof always);
    if (env->h > 0) {
        parts[n_parts++] = (rri_env_state_part){"env.history_rewards", RRI_ENV_FLOAT32, n * env->h,
                                                env->present.history_rewards};
    }
    if (env->hidden != NULL) {
        parts[n_parts++] = (rri_env_state_part){"env.hidden_users", RRI_ENV_FLOAT32, n * env->dim,
                                                env->hidden};
    }
    return n_parts;
}

/* Element i of an array of a file, which may lie at any address. */
static float float_at(const void *data, size_t i)
{
    float value;
    memcpy(&value, (const char *)data + i * sizeof value, sizeof value);
    return value;
}

static int32_t int_at(const void *data, size_t i)
{
    int32_t value;
    memcpy(&value, (const char *)data + i * sizeof value, sizeof value);
    return value;
}

static rr_status check_floats(const rri_env_state_part *part, const void *data, rr_error *err)
{
    for (size_t i = 0; i < part->count; i++) {
        if (!isfinite(float_at(data, i))) {
            RRI_FAIL(err, RR_E_FORMAT, "%s[%zu] is %g; it must be finite", part->name, i,
                     (double)float_at(data, i));
        }
    }
    return RR_OK;
}

rr_status rri_env_state_check(rr_env *env, const void *const *data, rr_error *err)
{
    rri_env_state_part parts[RRI_ENV_MAX_STATE_PARTS];
    const size_t n_parts = rri_env_state_parts(env, parts);
    for (size_t p = 0; p < n_parts; p++) {
        if (parts[p].dtype == RRI_ENV_FLOAT32) {
            RRI_TRY(check_floats(&parts[p], data[p], err));
        }
    }
    uint64_t users_fingerprint;
    memcpy(&users_fingerprint, data[USERS], sizeof users_fingerprint);
    if (users_fingerprint != env->users_fingerprint) {
        RRI_FAIL(err, RR_E_MISMATCH, "env.users_fingerprint is that of another table of users");
    }
    const uint8_t is_begun = *(const uint8_t *)data[IS_BEGUN];
    if (is_begun > 1) {
        RRI_FAIL(err, RR_E_FORMAT, "env.is_begun is %d; it must be 0 or 1", is_begun);
    }
    for (size_t row = 0; row < env->n_envs; row++) {
        const int32_t t = int_at(data[STEPS], row);
        if (t < 0 || (size_t)t >= env->max_steps) {
            RRI_FAIL(err, RR_E_FORMAT, "env.steps[%zu] is %d; it must be in [0, %zu)", row, t,
                     env->max_steps);
        }
        for (size_t i = 0; i < (size_t)t; i++) {
            const int32_t item = int_at(data[SHOWN], row * env->max_steps + i);
            if (item < 0 || (size_t)item >= env->n_items) {
                RRI_FAIL(err, RR_E_FORMAT, "env.shown[%zu][%zu] is %d; it must be in [0, %zu)", row,
                         i, item, env->n_items);
            }
            for (size_t j = 0; env->m > 0 && j < i; j++) {
                if (int_at(data[SHOWN], row * env->max_steps + j) == item) {
                    RRI_FAIL(err, RR_E_MISMATCH,
                             "env.shown[%zu] has item %d twice, as in a world without "
                             "excludes_shown; this one has it set",
                             row, item);
                }
            }
        }
    }
    return RR_OK;
}

void rri_env_state_restored(rr_env *env)
{
    rri_sessions_rebuild(env);
}
