/* SPDX-License-Identifier: MIT */
#include "agent/player.h"

rri_player rri_player_of_agent(rr_agent *agent)
{
    rri_slice *slice = &agent->slice;
    return (rri_player){
        .config = &agent->config,
        .network = &agent->network,
        .items = agent->items,
        .max_rows = RRI_SLICE_ROWS,
        .tape = &slice->tape,
        .policy = &slice->policy,
        .actions = slice->actions,
        .log_probs = slice->log_probs,
        .uniforms = slice->uniforms,
        .workers = agent->workers,
        .stacks = agent->stacks,
        .seed = agent->config.seed,
        .n_draws = &agent->n_draws,
    };
}

void rri_player_run(const rri_player *player, rri_task *task, void *context, size_t n_tasks)
{
    if (player->workers != NULL) {
        rri_workers_run(player->workers, task, context, n_tasks);
        return;
    }
    for (size_t i = 0; i < n_tasks; i++) {
        task(context, i, 0);
    }
}
