/* SPDX-License-Identifier: MIT */
/* large_pool_shard.h: the task of the second pass over a large pool: the slopes of one shard's
 * items, block by block, and what flows from them to q and to the items. */
#ifndef RRI_POLICY_LARGE_POOL_SHARD_H
#define RRI_POLICY_LARGE_POOL_SHARD_H

#include "policy/large_pool_batch.h"

/* Blocks [task · shard_blocks, …) of a rri_large_pool_batch: shards[task] is written, shown_slopes,
 * dV and db of its items where they are wanted. An rri_task. */
void rri_large_pool_shard_run(void *batch, size_t task, size_t worker);
size_t rri_large_pool_shard_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
