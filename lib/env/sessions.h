/* SPDX-License-Identifier: MIT */
/* sessions.h: E sessions that move together. docs/maths.md §1.
 *
 * A session that ends is followed by the next one in the same step: terminated when its energy is
 * used up, else truncated at T steps. What it ended with stays readable in `final`. */
#ifndef RRI_ENV_SESSIONS_H
#define RRI_ENV_SESSIONS_H

#include "env/env.h"

/* Begins a new session in every row. */
void rri_sessions_reset(rr_env *env);

/* Whether the session of a row was shown `item`. */
bool rri_sessions_was_shown(const rr_env *env, size_t row, int32_t item);

/* Every session is shown actions [E] (checked: positions in its list, not excluded) and moves on.
 * outcome is a whole struct of this release, filled with views. */
void rri_sessions_step(rr_env *env, const int32_t *actions, rr_outcome *outcome);

/* Views of the present; obs is a whole struct of this release, its struct_size that of a view. */
void rri_sessions_observe(const rr_env *env, rr_obs *obs);

/* Draws the list of a row and lays out its history from sessions, steps and shown. */
void rri_sessions_rebuild(rr_env *env);

/* [d] the user of a row, and how far it is to that of the next. */
static inline float *rri_sessions_user(const rr_env *env, size_t row)
{
    return env->hidden != NULL ? env->hidden + row * env->dim
                               : env->present.states + row * env->state_dim;
}

static inline size_t rri_sessions_user_stride(const rr_env *env)
{
    return env->hidden != NULL ? env->dim : env->state_dim;
}

/* The row's position `action` as an item. */
static inline int32_t rri_sessions_item(const rr_env *env, size_t row, int32_t action)
{
    return env->k == 0 ? action : env->present.candidates[row * env->k + (size_t)action];
}

#endif
