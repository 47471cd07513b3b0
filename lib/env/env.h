/* SPDX-License-Identifier: MIT */
/* env.h: the handle of a simulated world, from create to destroy.
 *
 * E sessions side by side, item vectors [N, d], lists [k], histories [h], exclusions [m], sessions
 * of at most T steps. A session has a number, counted over the life of the environment in the order
 * of (step it began, row). Memory per session does not depend on N. One block:
 *
 *   rr_env │ table [n_users, d] │ mean_user [d] … │ powers [T] │ present │ final │ sessions … */
#ifndef RRI_ENV_ENV_H
#define RRI_ENV_ENV_H

#include "env/world.h"
#include "math/kernels.h"

/* The arrays of an observation. */
typedef struct rri_env_rows {
    float *states;       /* [E, S] user, or zeros, ⊕ last item; ⊕ energy ⊕ step where shown */
    int32_t *candidates; /* [E, k], NULL without lists */
    int32_t *history;    /* [E, h] oldest first, −1 in front; NULL when h = 0 */
    float *history_rewards; /* [E, h] 0 where history is −1 */
    int32_t *excluded;      /* [E, m] what the session was shown, −1 behind; NULL when m = 0 */
} rri_env_rows;

struct rr_env {
    rr_env_config config; /* resolved */
    rri_allocator allocator;
    size_t block_bytes;
    const rri_kernels *kernels;
    rr_items *items;      /* a reference */
    const float *vectors; /* [N, d] borrowed from items */
    size_t n_envs, dim, n_items, k, h, max_steps;
    size_t state_dim; /* S: 2d, or 2d + 2 */
    size_t m;         /* T where what was shown is excluded, else 0 */
    size_t n_free;    /* coordinates that drift may move */
    rri_world_users users;
    float *table;     /* [n_users, d], NULL: random */
    float *mean_user; /* [d] */
    double *sums;     /* [d] scratch of the mean, as is random_user [d] */
    float *random_user;
    float *powers;              /* [T] decay^c */
    int32_t *seen;              /* scratch of a list */
    uint64_t users_fingerprint; /* a hash of table; 0: random */

    uint64_t next_session;
    uint8_t is_begun;   /* after the first reset */
    uint64_t *sessions; /* [E] number of the session in each row */
    int32_t *steps;     /* [E] items it has been shown */
    float *energies;    /* [E] 1 at the start */
    int32_t *shown;     /* [E, T] the first steps[e] of a row */
    float *hidden;      /* [E, d] the users that states do not hold; NULL where they do */
    rri_env_rows present;

    rri_env_rows final;  /* as present was before the last step's sessions began anew */
    float *rewards;      /* [E] of the last step, as the two below */
    uint8_t *terminated; /* [E] */
    uint8_t *truncated;  /* [E] */
    rr_obs final_obs;
};

/* config has passed its table; what depends on two fields or on items and users is checked here.
 * items NULL: random. users NULL: random. */
rr_status rri_env_create(rr_env **out, const rr_env_config *config, rr_items *items,
                         const float *users, size_t n_users, const rri_allocator *allocator,
                         rr_error *err);
/* Bytes that an environment made of these holds: its own, and those of items that it draws. */
rr_status rri_env_memory(size_t *bytes, const rr_env_config *config, const rr_items *items,
                         size_t n_users, rr_error *err);
/* As after create with this seed. */
void rri_env_seed(rr_env *env, uint64_t seed);
void rri_env_destroy(rr_env *env);

#endif
