/* SPDX-License-Identifier: MIT */
/* outcome_blob.h: what came of a decision, or the end of a session, as bytes.
 *
 * The head is 80 bytes; the table of section.h follows. Where a final observation is known, it is
 * a section: a blob of its own, in the form of record_blob.h without a decision. Format 1 has a
 * head of 64 bytes, and the observation behind it. docs/log_format.md. */
#ifndef RRI_LOG_OUTCOME_BLOB_H
#define RRI_LOG_OUTCOME_BLOB_H

#include <stdbool.h>

#include "log/blob.h"

#define RRI_OUTCOME_HAS_TIME (1u << 1)

#define RRI_OUTCOME_FINAL 0u           /* kind of section: u8 [bytes, 1], the final observation */
#define RRI_OUTCOME_LEAST ((size_t)64) /* bytes of the shortest outcome of any format */

typedef struct rri_outcome_head {
    rri_blob_head blob;
    uint64_t decision; /* of an ending 0 */
    uint64_t session;  /* of an outcome 0 */
    int64_t time;
    float reward; /* of an ending 0 */
    uint8_t terminated, truncated;
    uint16_t reserved;                     /* 0; so far as in format 1 */
    int32_t reward_kind, slot, slots_seen; /* reserved: 0 */
    uint32_t n_sections;
} rri_outcome_head;

/* head's numbers, and row `row` of final_obs (whole; NULL: none), into out [capacity]. head's
 * blob.has need say HAS_TIME alone. *bytes receives the length; out NULL only asks. */
rr_status rri_outcome_encode(void *out, size_t capacity, size_t *bytes,
                             const rri_outcome_head *head, const char magic[8],
                             const rr_obs *final_obs, size_t row, rr_error *err);

/* Copies the blob into work (8-aligned, `bytes` long; may be the blob itself), judges it, and fills
 * final_obs with views of one row where one is there (*has_final). work then begins with the head,
 * of format 1 with what it has of it. */
rr_status rri_outcome_decode(rr_obs *final_obs, bool *has_final, void *work, const void *blob,
                             size_t bytes, const char magic[8], rr_error *err);

/* What was decoded into work: the history of its final observation, where one is there, becomes the
 * pool's, as record_keys.h says. */
rr_status rri_outcome_resolve(void *work, size_t bytes, const rr_items *pool, rr_error *err);

#endif
