/* SPDX-License-Identifier: MIT */
/* env_state.h: what an environment remembers, as arrays that a checkpoint stores byte by byte. */
#ifndef RRI_ENV_ENV_STATE_H
#define RRI_ENV_ENV_STATE_H

#include "env/env.h"

enum { RRI_ENV_FLOAT32, RRI_ENV_INT32, RRI_ENV_UINT64, RRI_ENV_UINT8 };

typedef struct rri_env_state_part {
    const char *name; /* "env.states" */
    int32_t dtype;
    size_t count; /* elements */
    void *data;   /* in the environment */
} rri_env_state_part;

#define RRI_ENV_MAX_STATE_PARTS 10

/* Fills parts [RRI_ENV_MAX_STATE_PARTS] and returns how many there are. */
size_t rri_env_state_parts(rr_env *env, rri_env_state_part *parts);

/* Judges data [n_parts] (RR_E_FORMAT; RR_E_MISMATCH for other users,
 * and for repeats where what was shown is excluded): arrays of a file, in the
 * order and of the sizes of the parts, at any alignment, before they are copied into the parts. */
rr_status rri_env_state_check(rr_env *env, const void *const *data, rr_error *err);

/* After all parts were overwritten: rebuilds lists, histories and exclusions, which follow from
 * them. */
void rri_env_state_restored(rr_env *env);

#endif
