/* SPDX-License-Identifier: MIT */
/* counting_host.h: an allocator that a test hands to the library as its host's. It counts, keeps a
 * ledger of what is live, checks what release is told, and fails when asked to. */
#ifndef TESTS_LOOP_COUNTING_HOST_H
#define TESTS_LOOP_COUNTING_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { COUNTING_HOST_MOST = 64 };

typedef struct counting_host {
    size_t n_allocations, n_live,
        n_wrong;                /* wrong: a release of what was never given, or of other size */
    size_t live_bytes, largest; /* largest: of one request since it was last set to 0 */
    size_t peak_bytes;          /* most live at once since it was last set to 0 */
    size_t fails_at;            /* the how-manieth allocation gives NULL; 0: none */
    struct {
        void *block;
        size_t bytes;
    } live[COUNTING_HOST_MOST];
} counting_host;

static inline void *counting_host_allocate(void *user, size_t bytes, size_t alignment)
{
    counting_host *host = user;
    host->n_allocations++;
    host->largest = bytes > host->largest ? bytes : host->largest;
    const bool is_power = alignment != 0 && (alignment & (alignment - 1)) == 0;
    host->n_wrong += is_power ? 0 : 1;
    if (host->n_allocations == host->fails_at || !is_power) {
        return NULL;
    }
    /* No more aligned than asked for, and full of what nobody may rely on. */
    char *base = malloc(bytes + 2 * alignment + sizeof(void *));
    if (base == NULL) {
        return NULL;
    }
    const uintptr_t first = (uintptr_t)(base + sizeof(void *));
    uintptr_t at = (first + alignment - 1) / alignment * alignment;
    at += at / alignment % 2 == 0 ? alignment : 0;
    void *block = (void *)at;
    memcpy((char *)block - sizeof(void *), &base, sizeof(void *));
    memset(block, 0xa5, bytes);
    for (size_t i = 0; i < COUNTING_HOST_MOST; i++) {
        if (host->live[i].block == NULL) {
            host->live[i].block = block;
            host->live[i].bytes = bytes;
            host->n_live++;
            host->live_bytes += bytes;
            host->peak_bytes =
                host->live_bytes > host->peak_bytes ? host->live_bytes : host->peak_bytes;
            return block;
        }
    }
    host->n_wrong++; /* the ledger is full */
    free(base);
    return NULL;
}

static inline void counting_host_release(void *user, void *block, size_t bytes)
{
    counting_host *host = user;
    for (size_t i = 0; i < COUNTING_HOST_MOST; i++) {
        if (block != NULL && host->live[i].block == block) {
            void *base;
            memcpy(&base, (char *)block - sizeof(void *), sizeof(void *));
            host->n_wrong += host->live[i].bytes == bytes ? 0 : 1;
            host->live_bytes -= host->live[i].bytes;
            host->n_live--;
            host->live[i].block = NULL;
            free(base);
            return;
        }
    }
    host->n_wrong++;
}

static inline rr_host counting_host_of(counting_host *host)
{
    return (rr_host){.struct_size = sizeof(rr_host),
                     .allocate = counting_host_allocate,
                     .release = counting_host_release,
                     .user = host};
}

#endif
