/* SPDX-License-Identifier: MIT */
/* workspace.h: what acting reads and writes: a model and how it serves, and arrays for some rows.
 * An agent has both in one; a snapshot is read by many threads, each with a workspace of its own.
 *
 * S state width, d query width. */
#ifndef RRI_PLAY_WORKSPACE_H
#define RRI_PLAY_WORKSPACE_H

#include "core/workers.h"
#include "model/model.h"
#include "policy/choice.h"
#include "recrl/recrl.h"

/* Rows of one task that acts over a large pool. */
#define RRI_TILE_ROWS ((size_t)64)
/* Rows of one task of an update, and of one that acts over few items: logits of 1000 items and the
 * packed items lie in the second cache together, and a minibatch of 64 rows is work for two
 * threads. */
#define RRI_STEP_ROWS ((size_t)32)
/* Places of rankings that one thread holds at a time: a tile of rows where k is at most 1024; for a
 * longer k fewer rows together, down to one. */
#define RRI_RANKED_PLACES (RRI_TILE_ROWS * (size_t)1024)
/* Logits of a slice are kept for the backward pass where the catalogue has no more items than this
 * (and for every candidate list); beyond, they are made again. */
#define RRI_KEPT_WIDTH ((size_t)8192)

/* Borrowed for the length of a call. */
typedef struct rri_workspace {
    /* Read alone. */
    const rri_model *model; /* whose config says what shapes were promised, and the seed of draws
                               with an id */
    const rr_serving_options *options; /* how a snapshot serves; NULL: an agent, as it is */
    size_t most_rows; /* of one observation; 0: the config's max_rows */

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
} rri_workspace;

/* The widest lists that the config promises, n rows at a time. */
rri_logits_limits rri_workspace_limits(const rr_agent_config *config, const rri_network *network,
                                       size_t n);
/* Bytes of each stack for acting with at most n rows at a time. After the network's layout,
 * counting or carving. */
size_t rri_workspace_scratch(const rr_agent_config *config, const rri_network *network, size_t n);

/* Tasks on the workspace's threads. */
void rri_workspace_run(const rri_workspace *work, rri_task *task, void *context, size_t n_tasks);

#endif
