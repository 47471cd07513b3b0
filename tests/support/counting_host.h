/* SPDX-License-Identifier: MIT */
/* counting_host.h: a host's allocator that counts, knows the size of each block, and can refuse. */
#ifndef TESTS_AGENT_COUNTING_HOST_H
#define TESTS_AGENT_COUNTING_HOST_H

#include <stdlib.h>

#include "check_run.h"
#include "recrl/recrl.h"

typedef struct counting_host {
    rr_host host;
    size_t n_calls, n_live, live_bytes;
    size_t fails_at; /* call, from 1; 0: never */
} counting_host;

static inline void *counting_host_allocate(void *user, size_t bytes, size_t alignment)
{
    counting_host *h = user;
    if (++h->n_calls == h->fails_at || bytes > ((size_t)1 << 32)) {
        return NULL; /* as told, or because no test means so much in earnest */
    }
    void *block = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (block != NULL) {
        h->n_live++;
        h->live_bytes += bytes;
    }
    return block;
}

static inline void counting_host_release(void *user, void *block, size_t bytes)
{
    counting_host *h = user;
    ck_assert_ptr_nonnull(block);
    h->n_live--;
    h->live_bytes -= bytes;
    free(block);
}

static inline void counting_host_init(counting_host *h)
{
    *h = (counting_host){.host = {.struct_size = sizeof h->host,
                                  .allocate = counting_host_allocate,
                                  .release = counting_host_release,
                                  .user = h}};
}

#endif
