/* SPDX-License-Identifier: MIT */
/* recrl/env.h: a simulated environment, to try a policy on before there are users.
 *
 * Cost: constant. */
#ifndef RECRL_ENV_H
#define RECRL_ENV_H

#include <recrl/base.h>
#include <recrl/config.h>
#include <recrl/items.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The simulated world. maths §1. */
typedef struct rr_env_config {
    uint32_t struct_size;
    int32_t kind;              /* RR_CONFIG_ENV, set by init */
    int32_t n_envs;            /* sessions side by side, ≥ 1; default 64 */
    int32_t num_items;         /* random items when none are given, ≥ 1; default 1000 */
    int32_t state_dim;         /* user ⊕ last item: twice the vectors' width, even; default 64.
                                  With shows_energy states are two wider */
    int32_t max_episode_steps; /* length at which a session is truncated, ≥ 1; default 20 */
    int32_t num_candidates;    /* random items of each step's list; 0: the whole pool; default 0 */
    int32_t num_folded;        /* last coordinates of a user that drift leaves alone; learned
                                  vectors: 2 */
    int32_t history_length;    /* items of history in observations; −1: max_episode_steps;
                                  default −1 */
    float reward_decay;        /* factor per earlier showing of the item, (0, 1]; default 0.9 */
    float drift;               /* how far a shown item pulls the user, [0, 1]; default 0 */
    float tire;                /* leave rule: energy that a unit of pull costs, ≥ 0; default
                                  0 (off). What is left of it is hidden from the state, so that the
                                  process is partially observed, unless shows_energy is set */
    uint64_t world_seed;       /* draws the items; default 0 */
    uint64_t seed;             /* draws users and candidates; default 0 */
    int32_t shows_energy;      /* 1: behind user and last item, states hold the energy that is left
                                  and step / max_episode_steps; rr_obs.state_dim is state_dim + 2;
                                  default 0 */
    int32_t excludes_shown;    /* 1: what a session was shown may not be shown to it again:
                                  observations carry it as exclusions, max_episode_steps wide, −1
                                  behind; default 0 */
    int32_t hides_user;        /* 1: users are strangers. Where a state holds the user it holds
                                  zeros, and what a session was shown and earned, rr_obs.history and
                                  history_rewards, is all that tells users apart. Rewards, drift and
                                  ends stay those of the user; default 0 */
    uint32_t reserved;         /* 0 */
} rr_env_config;

/* Fills `config` with the defaults and its kind, as every init (config.h). */
RR_API void rr_env_config_init(rr_env_config *config, size_t struct_size);

/* A vectorised, Gym-like recommender: n_envs independent sessions stepped together. maths §1. State
 * u ⊕ v_last [2d], with shows_energy ⊕ energy ⊕ step / max_episode_steps [2d + 2], with hides_user
 * zeros for u; action: an item, or a position in the step's candidate list; reward sim(u, v) ·
 * reward_decay^(earlier showings in this session) for sim ≥ 0, sim itself below 0.
 *
 * items NULL: config->num_items random ones from world_seed; else theirs is the number and the
 * width, and config->num_items is not read. state_dim must be 2 × the width. users [n_users, d]
 * finite, copied; each session takes a row at random. NULL: random, N(0, 1). *out is the caller's,
 * until rr_env_destroy.
 * With excludes_shown a list, and without lists the pool, must be longer than max_episode_steps.
 * Errors: RR_E_UNSUPPORTED: tire > 0 with items or users given; RR_E_NOT_FINITE: a user;
 * RR_E_MEMORY.
 * Cost: a random number for each coordinate of the items, a copy of the users. */
RR_API rr_status rr_env_create(rr_env **out, const rr_env_config *config, rr_items *items,
                               const float *users, int32_t n_users, const rr_host *host,
                               rr_error *err);
/* *bytes receives what an environment made of these takes of the host: its own, and those of the
 * items that it draws where items is NULL. (create of a tiring world has the vectors twice while it
 * draws them.)
 * Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_env_memory(const rr_env_config *config, const rr_items *items, int32_t n_users,
                               size_t *bytes, rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_env_destroy(rr_env *env);
/* Begins every session anew. Sessions are numbered on from those before: two resets differ, and an
 * environment that is reset goes on drawing new users.
 * Cost: a draw of each session's user. */
RR_API rr_status rr_env_reset(rr_env *env, rr_error *err);
/* As after create with config->seed = seed: users and candidates are drawn from it, sessions are
 * numbered from 0, and none has begun until rr_env_reset; both together are Gym's reset(seed).
 * Equal seeds and actions give equal sessions. Items, and a table of users, stay those of create.
 */
RR_API rr_status rr_env_seed(rr_env *env, uint64_t seed, rr_error *err);
/* Fills *obs, whose struct_size is set, with views of the present: states, candidates (with lists),
 * history, exclusions (with excludes_shown); valid until the next step or reset.
 * Errors: RR_E_STATE: before the first reset. */
RR_API rr_status rr_env_observe(rr_env *env, rr_obs *obs, rr_error *err);
/* actions [n_envs] positions. Every session moves; one that ends begins anew in the same step, and
 * its final observation is in outcome->final_obs. Views, valid until the next step or reset.
 * Allocates nothing.
 * Errors: RR_E_STATE: before the first reset; RR_E_INVALID names the row and its action: it is out
 * of range, or with excludes_shown the session was shown its item.
 * Cost: one dot product a session; with lists, also the draw of each list; with the whole pool it
 * does not grow with the pool. */
RR_API rr_status rr_env_step(rr_env *env, const int32_t *actions, rr_outcome *outcome,
                             rr_error *err);

/* The pool, borrowed; NULL for NULL. */
RR_API rr_items *rr_env_items(const rr_env *env);
/* The config as it is in force (num_items, state_dim and history_length resolved). */
RR_API rr_status rr_env_get_config(const rr_env *env, rr_env_config *out, rr_error *err);

/* Writes the widths that a host would repeat, from the environment into an agent's config, whose
 * struct_size is set (by its init): state_dim (with shows_energy two more), item_dim, max_rows
 * (n_envs), max_candidates, and max_history, which is also the most exclusions. num_items becomes
 * 0, for the agent takes rr_env_items. The rest stays as it is. From there
 * rr_agent_fit_buffer_config goes on (agent.h). */
RR_API rr_status rr_env_fit_agent_config(const rr_env *env, rr_agent_config *config, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
