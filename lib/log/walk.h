/* SPDX-License-Identifier: MIT */
/* walk.h: from blob to blob through bytes in which they follow one another, and past what is
 * damaged. */
#ifndef RRI_LOG_WALK_H
#define RRI_LOG_WALK_H

#include "log/blob.h"

/* What the first blob of data [bytes] is; of an error out has no more than what rr_blob_describe
 * promises. */
rr_status rri_walk_describe(rr_blob *out, const void *data, size_t bytes, rr_error *err);

/* Moves *offset to the first blob that is whole and undamaged, at *offset or behind it. */
rr_status rri_walk_next(rr_blob *out, const void *data, size_t bytes, size_t *offset,
                        rr_error *err);

#endif
