/* SPDX-License-Identifier: MIT */
/* large_pool_chunk.h: the task of the first pass over a large pool: one chunk of 16384 items into
 * the running softmax of every row of a batch. */
#ifndef RRI_POLICY_LARGE_POOL_CHUNK_H
#define RRI_POLICY_LARGE_POOL_CHUNK_H

#include "policy/large_pool_batch.h"

/* Chunk first_chunk + task of a rri_large_pool_batch: chunks[task] of its rows, and the logits of
 * the actions that lie in the chunk. An rri_task. */
void rri_large_pool_chunk_run(void *batch, size_t task, size_t worker);
size_t rri_large_pool_chunk_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
