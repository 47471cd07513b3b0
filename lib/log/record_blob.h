/* SPDX-License-Identifier: MIT */
/* record_blob.h: one decision as bytes: what was seen, what was sampled, by whom and when.
 *
 * The head is 136 bytes; the table of section.h and its arrays follow. Where a catalogue is at
 * hand, pool indices are accompanied by the host's keys, so that a row can be read under a later
 * catalogue. Format 1, which is still read, has no table: docs/log_format.md.
 *
 * Letters: k candidates, m exclusions, h history, S state, d vector, f features. */
#ifndef RRI_LOG_RECORD_BLOB_H
#define RRI_LOG_RECORD_BLOB_H

#include <stdbool.h>

#include "log/blob.h"

/* The arrays. A kind of section of format 2 has the number that is here; in format 1, which has the
 * first eleven, it is the array's bit of `has`. The numbers between and behind are given away in
 * docs/log_format.md. */
typedef enum rri_record_array {
    RRI_RECORD_STATES,          /* f32 [1, S] */
    RRI_RECORD_CANDIDATES,      /* i32 [k, 1] */
    RRI_RECORD_CANDIDATE_KEYS,  /* u64 [k, 1], 0: none */
    RRI_RECORD_FEATURES,        /* f32 [k, f] */
    RRI_RECORD_VECTORS,         /* f32 [k, d], of a list without candidates; in format 1 of any */
    RRI_RECORD_COUNTS,          /* i32 [k, 1] */
    RRI_RECORD_EXCLUDED,        /* i32 [m, 1] */
    RRI_RECORD_EXCLUDED_KEYS,   /* u64 [m, 1] */
    RRI_RECORD_HISTORY,         /* i32 [h, 1] */
    RRI_RECORD_HISTORY_KEYS,    /* u64 [h, 1] */
    RRI_RECORD_HISTORY_REWARDS, /* f32 [h, 1] */
    RRI_RECORD_OWN_VECTORS = 14, /* f32 [own, d], own ≥ 1: of the −1 candidates, in their order */
    RRI_RECORD_N_ARRAYS
} rri_record_array;

/* Bits of `has`: which numbers of the head mean something. */
#define RRI_RECORD_HAS_DECISION  (1u << 16) /* action, item, item_key */
#define RRI_RECORD_HAS_LOG_PROB  (1u << 17)
#define RRI_RECORD_HAS_VALUE     (1u << 18)
#define RRI_RECORD_HAS_VERSION   (1u << 19)
#define RRI_RECORD_HAS_IDS       (1u << 20) /* session, decision */
#define RRI_RECORD_HAS_TIME      (1u << 21)
#define RRI_RECORD_HAS_INCUMBENT (1u << 22)
#define RRI_RECORD_HAS_ALL       ((1u << 23) - (1u << 16))

#define RRI_RECORD_LEAST ((size_t)128) /* bytes of the shortest record of any format */

typedef struct rri_record_head {
    rri_blob_head blob;
    uint64_t session, decision;
    int64_t time;
    uint64_t policy_version, pool_fingerprint, item_key;
    int32_t action, item;
    float log_prob, value; /* so far as in format 1 */
    int32_t incumbent;
    uint32_t n_sections;
    uint64_t schema;                     /* the host's number for what columns mean */
    uint64_t pool_line, pool_generation; /* of pool_fingerprint; 0 in generation 0 */
    /* From here on reserved: 0. */
    int32_t part;
    uint32_t reserved;
} rri_record_head;

/* What is there, and where: a blob of either format that was judged, or one to be written. */
typedef struct rri_record {
    rri_record_head *head; /* of format 1 only what stands before incumbent */
    int32_t *incumbent;
    uint32_t arrays; /* bit i: array i is there … */
    int32_t k, m, h, own, state_dim, item_dim, feature_dim;
    size_t offsets[RRI_RECORD_N_ARRAYS]; /* … at so many bytes from the beginning */
    const float *own_vectors; /* [own, d] that lie elsewhere; NULL: in the blob, if any */
    size_t bytes;
} rri_record;

static inline bool rri_record_has(const rri_record *record, rri_record_array array)
{
    return (record->arrays >> array & 1u) != 0;
}

/* Arrays of format 1. */
#define RRI_RECORD_FORMAT_1_ARRAYS ((1u << (RRI_RECORD_HISTORY_REWARDS + 1)) - 1u)

/* Array `array` in the blob; NULL where it is not there. */
static inline void *rri_record_view(const rri_record *record, rri_record_array array)
{
    return rri_record_has(record, array) ? (unsigned char *)record->head + record->offsets[array]
                                         : NULL;
}

/* Where candidates that the catalogue lacks have their vectors from. */
typedef struct rri_lender {
    const rr_items *items; /* the catalogue that rows were made under, or a later one of its line */
    float *vectors;        /* [most, d] receives those of the −1 candidates, in their order */
    size_t most;
    size_t n; /* candidates that items lent a vector to */
} rri_lender;

/* Row `row` of obs (whole) and decision (whole, or NULL: an observation alone) into out [capacity].
 * *bytes receives the length. out NULL only asks; RR_E_TOO_SMALL writes nothing. */
rr_status rri_record_encode(void *out, size_t capacity, size_t *bytes, const rr_obs *obs,
                            const rr_decision *decision, size_t row, rr_error *err);

/* Copies the blob into work (8-aligned, `bytes` long; may be the blob itself), judges it, turns
 * pool indices into those of `pool` (NULL: leaves them), and fills obs and decision with views of
 * one row. On failure they hold nothing of use. */
rr_status rri_record_decode(rr_obs *obs, rr_decision *decision, void *work, const void *blob,
                            size_t bytes, const rr_items *pool, rr_error *err);
/* The same; lender NULL: none. Where it lends, obs has views of its vectors too. */
rr_status rri_record_decode_lent(rr_obs *obs, rr_decision *decision, void *work, const void *blob,
                                 size_t bytes, const rr_items *pool, rri_lender *lender,
                                 rr_error *err);

#endif
