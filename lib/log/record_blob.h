/* SPDX-License-Identifier: MIT */
/* record_blob.h: one decision as bytes: what was seen, what was drawn, by whom and when.
 *
 * The head is 128 bytes; the arrays follow in the order of rri_record_array, each at a multiple of
 * 8. Where a catalogue is at hand, pool indices are accompanied by the host's keys, so that a row
 * can be read under a later catalogue. docs/log_format.md.
 *
 * Letters: k candidates, m exclusions, h history, S state, d vector, f features. */
#ifndef RRI_IO_RECORD_BLOB_H
#define RRI_IO_RECORD_BLOB_H

#include "log/blob.h"

#define RRI_RECORD_MAGIC "RRRECORD"

/* The arrays, in their order; bit i of `has` says whether array i is there. */
typedef enum rri_record_array {
    RRI_RECORD_STATES,          /* f32 [S] */
    RRI_RECORD_CANDIDATES,      /* i32 [k] */
    RRI_RECORD_CANDIDATE_KEYS,  /* u64 [k], 0 where the candidate is −1 */
    RRI_RECORD_FEATURES,        /* f32 [k, f] */
    RRI_RECORD_VECTORS,         /* f32 [k, d] */
    RRI_RECORD_COUNTS,          /* i32 [k] */
    RRI_RECORD_EXCLUDED,        /* i32 [m] */
    RRI_RECORD_EXCLUDED_KEYS,   /* u64 [m] */
    RRI_RECORD_HISTORY,         /* i32 [h] */
    RRI_RECORD_HISTORY_KEYS,    /* u64 [h] */
    RRI_RECORD_HISTORY_REWARDS, /* f32 [h] */
    RRI_RECORD_N_ARRAYS
} rri_record_array;

/* Further bits of `has`: which numbers of the head mean something. */
#define RRI_RECORD_HAS_DECISION  (1u << 16) /* action, item, item_key */
#define RRI_RECORD_HAS_LOG_PROB  (1u << 17)
#define RRI_RECORD_HAS_VALUE     (1u << 18)
#define RRI_RECORD_HAS_VERSION   (1u << 19)
#define RRI_RECORD_HAS_IDS       (1u << 20) /* session, decision */
#define RRI_RECORD_HAS_TIME      (1u << 21)
#define RRI_RECORD_HAS_INCUMBENT (1u << 22)
#define RRI_RECORD_HAS_ALL       (((1u << 23) - (1u << 16)) | ((1u << RRI_RECORD_N_ARRAYS) - 1u))

typedef struct rri_record_head {
    rri_blob_head blob;
    uint64_t session, decision;
    int64_t time;
    uint64_t policy_version, pool_fingerprint, item_key;
    int32_t action, item;
    float log_prob, value;
    int32_t k, m, h, state_dim, item_dim, feature_dim;
    int32_t incumbent;
    uint32_t reserved; /* 0 */
} rri_record_head;

/* offsets[i]: of array i from the beginning; the last: the length of the blob. Saturates. */
void rri_record_layout(size_t offsets[RRI_RECORD_N_ARRAYS + 1], const rri_record_head *head);

/* Row `row` of obs (whole) and decision (whole, or NULL: an observation alone) into out [capacity].
 * *bytes receives the length. out NULL only asks; RR_E_TOO_SMALL writes nothing. */
rr_status rri_record_encode(void *out, size_t capacity, size_t *bytes, const rr_obs *obs,
                            const rr_decision *decision, size_t row, rr_error *err);

/* Copies the blob into work (8-aligned, `bytes` long; may be the blob itself), judges it, turns
 * pool indices into those of `pool` (NULL: leaves them), and fills obs and decision with views of
 * one row. On failure they hold nothing of use. */
rr_status rri_record_decode(rr_obs *obs, rr_decision *decision, void *work, const void *blob,
                            size_t bytes, const rr_items *pool, rr_error *err);

#endif
