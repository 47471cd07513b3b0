/* SPDX-License-Identifier: MIT */
/* kept.h: parameters of earlier versions, to check what they drew (skew.h). A ring: the newest is
 * written over the oldest. */
#ifndef RRI_TRAIN_KEPT_H
#define RRI_TRAIN_KEPT_H

#include <stdbool.h>

#include "core/memory.h"
#include "recrl/recrl.h"

/* Most that a config can ask for: keep_versions 64. */
enum { RRI_KEPT_MOST = 63 };

typedef struct rri_kept {
    float *values;   /* [most, n_floats], a slice of the agent's large block */
    uint64_t *plain; /* [most] versions without options */
    size_t n_floats; /* parameters of one */
    size_t most, n;
    size_t next; /* place of the next one */
} rri_kept;

/* Room as the config says, for parameters of n_floats floats; empty. */
void rri_kept_layout(rri_kept *kept, rri_arena *arena, const rr_agent_config *config,
                     size_t n_floats);
void rri_kept_clear(rri_kept *kept);

/* One that is there already stays where it is. */
void rri_kept_add(rri_kept *kept, uint64_t plain, const float *values);

/* [n_floats]; NULL: gone. */
const float *rri_kept_find(const rri_kept *kept, uint64_t plain);

/* From another ring, whose n versions are plain [n] and values [n, n_floats] (bytes that need not
 * be aligned) and whose next place was `next`: as many of the newest as there is room for; in as
 * much room as before, each in its place. */
void rri_kept_restore(rri_kept *kept, const uint64_t *plain, const unsigned char *values, size_t n,
                      size_t next);

#endif
