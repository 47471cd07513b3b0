/* SPDX-License-Identifier: MIT */
/* blob.h: what every blob of the log has in common. docs/log_format.md.
 *
 *   0   magic, 8 characters      8   format, u32      12   what is in it, u32
 *   16  bytes of the blob, u64   24  checksum, u64    32   the rest, as the kind of blob says
 *
 * Little-endian; the length is a multiple of 8, so that blobs lie aligned one behind the other. The
 * checksum is the hash (core/hash.h, seed 0) of every byte but its own eight. */
#ifndef RRI_IO_BLOB_H
#define RRI_IO_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define RRI_BLOB_FORMAT 1u

typedef struct rri_blob_head {
    char magic[8];
    uint32_t format;
    uint32_t has; /* one bit for each thing that may be absent */
    uint64_t bytes;
    uint64_t checksum;
} rri_blob_head;

/* bytes rounded up to a multiple of 8; saturates at the largest one. */
size_t rri_blob_padded(size_t bytes);

/* Fills the head and, last of all, the checksum of a blob whose other bytes are in their places. */
void rri_blob_seal(void *blob, const char magic[8], uint32_t has, size_t bytes);

/* Whether this is a whole, undamaged blob of that magic and at least `least` bytes, of exactly
 * `bytes`. `what` ("record") opens the sentence. */
rr_status rri_blob_check(const void *blob, size_t bytes, const char magic[8], size_t least,
                         const char *what, rr_error *err);

/* The length that the blob at the beginning of `data` says it has: at least a head, at most
 * `bytes`. */
rr_status rri_blob_length(size_t *length, const void *data, size_t bytes, rr_error *err);

#endif
