/* SPDX-License-Identifier: MIT */
/* choosers.h: policies that do not learn, to compare with. docs/maths.md §8.
 *
 *   score_i = sim_i · decay^c_i − β · pull_i   (sim_i = u · v_i; below 0 it is not decayed)
 * c_i: earlier showings of the item in the row's session. Without memory c = 0. With β = 0:
 *   u the row's user         best known play (with memory), most similar item (without)
 *   u the mean of all users  popular
 * n rows, d width, N items, k candidates, T longest session. */
#ifndef RRI_EVAL_CHOOSERS_H
#define RRI_EVAL_CHOOSERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

typedef struct rri_choosers_scene {
    size_t n, d, n_items, k;
    const float *vectors;      /* [N, d] */
    const float *users;        /* the user of row r: d floats from users + r · user_stride */
    size_t user_stride;        /* 0: one user for all rows */
    const int32_t *candidates; /* [n, k]; NULL: the list is the pool */
    const int32_t *shown;      /* [n, T] what a session was shown: the first steps[r] of row r */
    const int32_t *steps;      /* [n] */
    size_t max_steps;          /* T */
    const float *powers;       /* [T] decay^c; NULL: without memory */
    float pull_weight;         /* β of an item's last coordinate; 0: none */
    bool excludes_shown;       /* what the row's session was shown, each item once, is no choice;
                                  something else always is */
} rri_choosers_scene;

/* actions [n]: the position with the largest score, of equals the lowest. Returns the first row
 * with a score beyond a float, whose best nobody knows, and stops there; n where there is none. */
size_t rri_choosers_best(const rri_kernels *kernels, int32_t *actions,
                         const rri_choosers_scene *scene);

/* actions [n]: uniform over the positions that may be chosen, a function of (seed, session, step)
 * and of what is excluded. sessions [n] are numbers. Of scene only lists, what was shown and sizes
 * are read. */
void rri_choosers_random(int32_t *actions, const rri_choosers_scene *scene,
                         const uint64_t *sessions, uint64_t seed);

#endif
