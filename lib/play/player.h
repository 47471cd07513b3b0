/* SPDX-License-Identifier: MIT */
/* player.h: who acts: a policy to read, and a desk to write on. An agent is both at once; a
 * snapshot is read by many, each with a desk of its own.
 *
 * S state width, d query width. */
#ifndef RRI_AGENT_PLAYER_H
#define RRI_AGENT_PLAYER_H

#include "agent/agent.h"

/* Borrowed for the length of a call. */
typedef struct rri_player {
    /* Read alone. */
    const rr_agent_config *config; /* what shapes were promised; the seed of draws with an id */
    const rri_network *network;
    const rr_items *items;             /* the catalogue; NULL: none */
    const rr_serving_options *options; /* how a snapshot serves; NULL: an agent, as it is */

    /* Written; of max_rows rows each. */
    size_t max_rows;
    rri_network_tape *tape;
    rri_policy_tape *policy;
    int32_t *actions;
    float *log_probs;
    double *uniforms, *parts; /* parts: with options alone */
    rri_workers *workers;     /* NULL: the calling thread alone */
    rri_stack *stacks;        /* one a worker */
    uint64_t seed;            /* of draws without an id */
    uint64_t *n_draws;        /* so many were made without one */
} rri_player;

rri_player rri_player_of_agent(rr_agent *agent);

/* Bytes of each stack for acting with at most n rows at a time. After the network's layout,
 * counting or carving. */
size_t rri_player_scratch(const rr_agent_config *config, const rri_network *network, size_t n);

/* Tasks on the player's threads. */
void rri_player_run(const rri_player *player, rri_task *task, void *context, size_t n_tasks);

#endif
