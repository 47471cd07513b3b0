/* SPDX-License-Identifier: MIT */
/* blob.h: what every blob of the log has in common, in every format. docs/log_format.md.
 *
 *   0   magic, 8 characters      8   format, u16      10  check of the head, u16
 *   12  which numbers mean something, u32             16  bytes of the blob, u64
 *   24  checksum, u64            32  the rest, as the kind of blob says
 *
 * Little-endian; the length is a multiple of 8, so that blobs lie aligned one behind the other. The
 * checksum is the hash (core/hash.h, seed 0) of every byte but its own eight; the check of the head
 * is the low half word of the hash of bytes 0 … 9 and 12 … 23, so that a length can be trusted
 * before the bytes that it counts are there. Format 1 has 0 in its place. */
#ifndef RRI_LOG_BLOB_H
#define RRI_LOG_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define RRI_BLOB_FORMAT 2u /* what is written; 1 is still read */

/* Places in a blob are counted in eights by 32 bits (section.h). */
#define RRI_BLOB_MOST_BYTES (UINT64_C(8) << 32)

#define RRI_RECORD_MAGIC  "RRRECORD" /* a decision */
#define RRI_OUTCOME_MAGIC "RROUTCOM" /* what came of a decision, by its id */
#define RRI_ENDING_MAGIC  "RRENDING" /* the end of a session, by its key; without a reward */

typedef struct rri_blob_head {
    char magic[8];
    uint16_t format;
    uint16_t head_check;
    uint32_t has; /* one bit for each number that may be absent */
    uint64_t bytes;
    uint64_t checksum;
} rri_blob_head;

/* bytes rounded up to a multiple of 8; saturates at the largest one. */
size_t rri_blob_padded(size_t bytes);

/* Fills the head and, last of all, the checksum of a blob whose other bytes are in their places. */
void rri_blob_seal(void *blob, const char magic[8], uint32_t has, size_t bytes);

/* RR_BLOB_…, or −1 where data does not begin with the magic of a blob. Of less than eight bytes as
 * many are compared as there are. */
int32_t rri_blob_kind(const void *data, size_t bytes);

/* What the head at the beginning of `data` says of the blob's length. RR_E_TOO_SMALL: `data` ends
 * before the blob does, and *length is what the blob needs as far as is known: a head, or all of
 * it. RR_E_FORMAT: this is no head of a blob. Other bytes are not read. */
rr_status rri_blob_length(size_t *length, const void *data, size_t bytes, rr_error *err);

/* Whether this is a whole, undamaged blob of that magic, at least `least` and exactly `bytes` bytes
 * long. `what` ("record") opens the sentence. RR_E_VERSION: undamaged, and of a later format. */
rr_status rri_blob_check(const void *blob, size_t bytes, const char magic[8], size_t least,
                         const char *what, rr_error *err);

#endif
