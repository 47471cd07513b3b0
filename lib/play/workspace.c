/* SPDX-License-Identifier: MIT */
#include "play/workspace.h"

#include "core/memory.h"
#include "policy/candidates.h"
#include "policy/mixture.h"

/* Rankings of any k: a whole tile of rows up to the k that RRI_RANKED_PLACES allows, fewer rows
 * with as many places beyond, one row of the longest list. */
static size_t ranking_bytes(const rri_kernels *kernels, rri_logits_limits limits)
{
    const size_t longest = rri_size_larger(limits.n_items, limits.k);
    const size_t most = RRI_RANKED_PLACES / RRI_TILE_ROWS;
    const size_t of_tile =
        rri_choice_top_k_scratch(kernels, &limits, longest < most ? longest : most);
    limits.n = 1;
    return rri_size_larger(of_tile, rri_choice_top_k_scratch(kernels, &limits, longest));
}

rri_logits_limits rri_workspace_limits(const rr_agent_config *config, const rri_network *network,
                                       size_t n)
{
    return (rri_logits_limits){
        .n = n,
        .n_items = rri_size_larger(network->n_items, (size_t)config->max_pool_items),
        .dim = network->dim,
        .k = (size_t)config->max_candidates,
        .m = (size_t)config->max_history,
        .h = (size_t)config->max_history,
        .candidate_bytes = rri_candidates_scratch(&network->candidate),
        .error_bytes = network->fold.width > 0
                           ? rri_fold_in_scratch(&network->fold, RRI_SOFTMAX_BLOCK)
                           : 0,
    };
}

size_t rri_workspace_scratch(const rr_agent_config *config, const rri_network *network, size_t n)
{
    const rri_logits_limits limits = rri_workspace_limits(config, network, n);
    size_t bytes = rri_network_scratch(network, n);
    bytes = rri_size_larger(bytes, rri_mixture_scratch(network->kernels, &limits));
    bytes = rri_size_larger(bytes, ranking_bytes(network->kernels, limits));
    return rri_size_larger(bytes, rri_menu_check_scratch(limits.n_items, limits.k));
}

void rri_workspace_run(const rri_workspace *work, rri_task *task, void *context, size_t n_tasks)
{
    if (work->workers != NULL) {
        rri_workers_run(work->workers, task, context, n_tasks);
        return;
    }
    for (size_t i = 0; i < n_tasks; i++) {
        task(context, i, 0);
    }
}
