/* SPDX-License-Identifier: MIT */
/* network_params.c: the gradient of a network's parameters, in tasks. network.h. */
#include "model/network.h"

#include <string.h>

/* ── parameters ──
 * The tasks are those of the actor, of the critic, then of each linear map. */

/* A linear map over rows, y = x Wᵀ + b. */
typedef struct row_map {
    const rri_linear *map;
    const float *dy, *x; /* [n, out], [n, in]; NULL where only the map is asked for */
} row_map;

enum { MOST_MAPS = 4 };

/* W_skip, F, B and T, as far as they are there. */
static size_t list_maps(row_map maps[MOST_MAPS], const rri_network *net,
                        const rri_network_tape *slopes, const rri_network_tape *tape,
                        const float *inputs)
{
    static const rri_network_tape none = {0};
    slopes = slopes != NULL ? slopes : &none;
    tape = tape != NULL ? tape : &none;
    size_t n = 0;
    if (net->has_skip) {
        maps[n++] = (row_map){&net->skip, slopes->query, inputs};
    }
    if (net->has_feature_query) {
        maps[n++] = (row_map){&net->feature_query, slopes->feature_weights, inputs};
    }
    if (net->candidate.n_layers > 0) {
        maps[n++] = (row_map){&net->candidate.states, slopes->candidate_rows, inputs};
        maps[n++] = (row_map){&net->candidate.query, slopes->candidate_queries, tape->scaled_query};
    }
    return n;
}

static size_t n_map_tasks(const row_map *of)
{
    return (of->map->out + RRI_LINEAR_BLOCK - 1) / RRI_LINEAR_BLOCK;
}

size_t rri_network_n_tasks(const rri_network *net)
{
    row_map maps[MOST_MAPS];
    const size_t n_maps = list_maps(maps, net, NULL, NULL, NULL);
    size_t n_tasks = rri_mlp_n_tasks(&net->actor) + rri_mlp_n_tasks(&net->critic);
    for (size_t i = 0; i < n_maps; i++) {
        n_tasks += n_map_tasks(&maps[i]);
    }
    return n_tasks;
}

/* The map of a task that is counted from the maps' first on, and the task's outputs of it. */
static const row_map *part_of(size_t *first, size_t *last, const row_map *maps, size_t task)
{
    while (task >= n_map_tasks(maps)) {
        task -= n_map_tasks(maps++);
    }
    *first = task * RRI_LINEAR_BLOCK;
    *last = rri_size_smaller(maps->map->out, *first + RRI_LINEAR_BLOCK);
    return maps;
}

void rri_network_zero_params(const rri_network *net, float *gradients, size_t task)
{
    const size_t n_actor = rri_mlp_n_tasks(&net->actor);
    const size_t n_critic = rri_mlp_n_tasks(&net->critic);
    if (task < n_actor) {
        rri_mlp_zero_params(&net->actor, gradients, task);
    } else if (task < n_actor + n_critic) {
        rri_mlp_zero_params(&net->critic, gradients, task - n_actor);
    } else {
        row_map maps[MOST_MAPS];
        size_t first, last;
        (void)list_maps(maps, net, NULL, NULL, NULL);
        const row_map *part = part_of(&first, &last, maps, task - n_actor - n_critic);
        rri_linear_zero_params(part->map, gradients, first, last);
    }
}

void rri_network_zero_constants(const rri_network *net, float *gradients)
{
    memset(gradients + net->norm.begin, 0,
           (net->params.n_floats - net->norm.begin) * sizeof(float));
}

void rri_network_backward_params(const rri_network *net, float *gradients,
                                 const rri_network_tape *slopes, const rri_network_tape *tape,
                                 const rri_inputs *in, size_t n, size_t task, rri_stack *scratch)
{
    const size_t n_actor = rri_mlp_n_tasks(&net->actor);
    const size_t n_critic = rri_mlp_n_tasks(&net->critic);
    const float *inputs = tape->seen != NULL ? tape->seen : in->states;
    if (task < n_actor) {
        rri_mlp_backward_params(&net->actor, gradients, &slopes->actor, &tape->actor, inputs, n,
                                task, scratch);
    } else if (task < n_actor + n_critic) {
        rri_mlp_backward_params(&net->critic, gradients, &slopes->critic, &tape->critic,
                                tape->judged != NULL ? tape->judged : inputs, n,
                                task - n_actor, scratch);
    } else {
        row_map maps[MOST_MAPS];
        size_t first, last;
        (void)list_maps(maps, net, slopes, tape, inputs);
        const row_map *part = part_of(&first, &last, maps, task - n_actor - n_critic);
        rri_linear_backward_params(part->map, gradients, part->dy, part->x, n, first, last,
                                   scratch);
    }
}
