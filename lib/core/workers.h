/* SPDX-License-Identifier: MIT */
/* workers.h: a fixed crew of threads that share out numbered tasks.
 *
 * Threads never split a sum: a task owns its outputs, so the bytes do not depend on who runs it.
 * With one thread nothing is started, and run is a plain loop. */
#ifndef RRI_CORE_WORKERS_H
#define RRI_CORE_WORKERS_H

#include <stddef.h>

#include "core/memory.h"
#include "recrl/recrl.h"

typedef struct rri_workers rri_workers; /* opaque */

/* task in [0, n_tasks); worker in [0, num_threads): the index of the scratch that it may use. */
typedef void rri_task(void *context, size_t task, size_t worker);

/* num_threads in [1, 256], of which configs allow 64; the calling thread is worker 0, num_threads −
 * 1 are started. Started threads block all signals. RR_E_THREAD when the system refuses one (those
 * started are joined first). */
rr_status rri_workers_create(rri_workers **out, int32_t num_threads, const rri_allocator *allocator,
                             rr_error *err);
/* Bytes that create takes. */
size_t rri_workers_memory(int32_t num_threads);
void rri_workers_destroy(rri_workers *workers);
/* How long about a thread that has nothing to do polls for more before it sleeps, [0, 100000]
 * microseconds; 0 where other work waits for its core. Between runs. */
void rri_workers_spin(rri_workers *workers, int32_t microseconds);
#define RRI_WORKERS_SPIN_US 200 /* the default */

/* Runs every task and returns when all are done. Allocates nothing. Not reentrant. */
void rri_workers_run(rri_workers *workers, rri_task *task, void *context, size_t n_tasks);
size_t rri_workers_count(const rri_workers *workers);

#endif
