/* SPDX-License-Identifier: MIT */
/* atomic_file.h: files that are written so that a reader sees the old or the new one.
 *
 *     open      finds where the path leads and makes a temporary file in that folder
 *     append    writes to it, as often as there are parts
 *     commit    syncs it, renames it over the file and syncs the folder
 *
 * After a crash at any moment the file is the whole old one or the whole new one.
 *
 *   symlinks      are followed: the file they lead to is replaced (or made), they stay
 *   permissions   a file keeps its mode, and its owner and group where the system lets us; one that
 *                 may not be written is refused, of root's too when nobody may write it. A new file
 *                 has what the umask leaves of 0666. Access lists, attributes and other hard links
 *                 stay with the old file
 *   devices,      are written to as they are, without a temporary file: what was written before a
 *   pipes         failure has been written. A pipe waits for its reader; one that goes away is an
 *                 error, not a signal
 *
 * Calls that a signal interrupts are made again. */
#ifndef RRI_IO_ATOMIC_FILE_H
#define RRI_IO_ATOMIC_FILE_H

#include <stddef.h>

#include "core/status.h"
#include "io/temporary_file.h"

enum { RRI_ATOMIC_FILE_BUFFER = 8192 };

typedef struct rri_atomic_file {
    const char *path; /* as the caller named it; borrowed until commit or abandon */
    char target[RRI_TEMPORARY_FILE_PATH];    /* the file that it leads to */
    char temporary[RRI_TEMPORARY_FILE_PATH]; /* "": a device or pipe is written to */
    int fd;
    size_t n_buffered;
    unsigned char buffer[RRI_ATOMIC_FILE_BUFFER]; /* of small parts */
} rri_atomic_file;

/* On failure nothing is open. */
rr_status rri_atomic_file_open(rri_atomic_file *file, const char *path, rr_error *err);

/* After a failure: abandon. */
rr_status rri_atomic_file_append(rri_atomic_file *file, const void *data, size_t bytes,
                                 rr_error *err);

/* On failure as abandon, and the old file is whole. RR_OK with *folder_number (an errno, else 0)
 * when the new file is in place, but the sync of its folder failed: a power cut may bring the old
 * file back. folder_number is nullable. */
rr_status rri_atomic_file_commit(rri_atomic_file *file, int *folder_number, rr_error *err);

/* Closes and removes the temporary file. */
void rri_atomic_file_abandon(rri_atomic_file *file);

#endif
