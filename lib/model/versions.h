/* SPDX-License-Identifier: MIT */
/* versions.h: which policies this agent has been, and how many updates ago. recrl.h §7, maths §5.
 *
 * The latest versions, the oldest first; what is not here is unknown: never this agent's, rolled
 * back before it was restored, or too long ago. */
#ifndef RRI_MODEL_VERSIONS_H
#define RRI_MODEL_VERSIONS_H

#include "core/memory.h"

/* No padding: a checkpoint stores it as it is. */
typedef struct rri_version {
    uint64_t version;  /* as rows carry it */
    uint64_t plain;    /* of the same parameters without serving options */
    int64_t update;    /* updates made when it was the present one */
    int32_t is_greedy; /* the options it served with */
    float temperature, floor, incumbent_share;
} rri_version;

/* Which policy a decision was drawn from: a hash of the parameters' hash, the root of the line of
 * the catalogue that was scored, and the options; which generation it was is for the row to say.
 * Plain options, and NULL, give the agent's version. */
uint64_t rri_version_hash(uint64_t parameters, uint64_t line, const rr_serving_options *options);

rri_version rri_version_of(uint64_t version, uint64_t plain, int64_t update,
                           const rr_serving_options *options);
rr_serving_options rri_version_options(const rri_version *version);

typedef struct rri_versions {
    rri_version *entries; /* [capacity] */
    size_t capacity, n;
} rri_versions;

/* Room for a few versions of each of the last max_staleness + 1 updates. */
size_t rri_versions_capacity(int32_t max_staleness);

/* The latest entry; NULL: unknown. */
const rri_version *rri_versions_find(const rri_versions *versions, uint64_t version);

/* It is the latest from now on, also one that was there before (a policy that came back); where
 * there is no room, the oldest goes. */
void rri_versions_note(rri_versions *versions, const rri_version *version);

/* entries [n] as a checkpoint of an agent after n_updates updates brings them, of which the latest
 * are taken; RR_E_FORMAT where one cannot be. With `versions` NULL they are only judged. The bytes
 * need not be aligned. */
rr_status rri_versions_restore(rri_versions *versions, const unsigned char *entries, size_t n,
                               int64_t n_updates, rr_error *err);

/* ── parameters of earlier versions, to check what they drew (train/skew.h) ──
 * A ring: the newest is written over the oldest. */

/* Most that a config can ask for: keep_versions 64. */
enum { RRI_EARLIER_MOST = 63 };

typedef struct rri_earlier {
    float *values;   /* [most, n_floats], a slice of the agent's large block */
    uint64_t *plain; /* [most] versions without options */
    size_t n_floats; /* parameters of one */
    size_t most, n;
    size_t next; /* place of the next one */
} rri_earlier;

/* Room as the config says, for parameters of n_floats floats; empty. */
void rri_earlier_layout(rri_earlier *earlier, rri_arena *arena, const rr_agent_config *config,
                        size_t n_floats);
void rri_earlier_clear(rri_earlier *earlier);

/* One that is there already stays where it is. */
void rri_earlier_add(rri_earlier *earlier, uint64_t plain, const float *values);

/* [n_floats]; NULL: gone. */
const float *rri_earlier_find(const rri_earlier *earlier, uint64_t plain);

/* From another ring, whose n versions are plain [n] and values [n, n_floats] (bytes that need not
 * be aligned) and whose next place was `next`: as many of the newest as there is room for; in as
 * much room as before, each in its place. */
void rri_earlier_restore(rri_earlier *earlier, const uint64_t *plain, const unsigned char *values,
                         size_t n, size_t next);

#endif
