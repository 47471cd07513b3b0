/* SPDX-License-Identifier: MIT */
/* world.h: what a world draws: its items, the user of a session, the list of a step. docs/maths.md
 * §1.
 *
 * Each draw is a function of where it is used, so that a session can be replayed on its own:
 *   items     (world_seed, item)
 *   user      (seed, session)
 *   list      (seed, session, step)
 * In a tiring world (config.tire > 0) the last coordinate of an item is its pull, uniform on [0,
 * 1], and that of a user is 1. */
#ifndef RRI_ENV_WORLD_H
#define RRI_ENV_WORLD_H

#include "core/memory.h"
#include "items/items.h"

/* Random users over which the mean user is taken: those of sessions 0 … 4095. */
#define RRI_WORLD_MEAN_SESSIONS 4096

/* What decides a session's user. */
typedef struct rri_world_users {
    uint64_t seed;
    const float *table; /* [n_users, dim], borrowed; NULL: random N(0, 1) */
    size_t n_users;
    size_t dim;
    bool has_pull; /* the last coordinate is 1 */
} rri_world_users;

/* The random catalogue: N(0, 1/d) a coordinate, and the pull in a tiring world. */
rr_status rri_world_create_items(rr_items **out, const rr_env_config *config,
                                 const rri_allocator *allocator, rr_error *err);

/* user [dim] of a session. */
void rri_world_draw_user(float *user, const rri_world_users *users, uint64_t session);

/* mean [dim] over the table, or over random users; scratch [dim] and sums [dim] are overwritten. */
void rri_world_mean_user(float *mean, const rri_world_users *users, float *scratch, double *sums);

/* list [k]: k different items of n_items, every set of k equally likely [Floyd 1987], in no order
 * that means anything. Every list of one world has the same k, and (step + 1) · k < 2^32. seen
 * [rri_world_list_table(k)] is overwritten. */
void rri_world_draw_list(int32_t *list, uint64_t seed, uint64_t session, uint32_t step,
                         int32_t n_items, uint32_t k, int32_t *seen);
/* Slots of the hash table that a list of k needs: a power of two. */
size_t rri_world_list_table(size_t k);

#endif
