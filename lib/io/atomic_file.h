/* SPDX-License-Identifier: MIT */
/* atomic_file.h: whole files, read at once and written so that a reader sees the old or the new
 * one.
 *
 * write makes a temporary file in the same folder, syncs it, renames it over the path and syncs the
 * folder: after a crash at any moment the path holds the whole old file or the whole new one. */
#ifndef RRI_IO_ATOMIC_FILE_H
#define RRI_IO_ATOMIC_FILE_H

#include "core/memory.h"
#include "core/status.h"

rr_status rri_atomic_file_write(const char *path, const void *data, size_t bytes, rr_error *err);

/* The same of parts that follow one another. */
typedef struct rri_atomic_file_part {
    const void *data;
    size_t bytes;
} rri_atomic_file_part;
rr_status rri_atomic_file_write_parts(const char *path, const rri_atomic_file_part *parts, size_t n,
                                      rr_error *err);

/* *data [*bytes] belongs to the caller, who releases it (rri_memory_release). Only regular files: a
 * folder or a pipe is refused, not waited for. An empty file gives a block and 0 bytes. */
rr_status rri_atomic_file_read(void **data, size_t *bytes, const char *path,
                               const rri_allocator *allocator, rr_error *err);

#endif
