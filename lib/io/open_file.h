/* SPDX-License-Identifier: MIT */
/* open_file.h: regular files opened for reading, and what the system says when it refuses. */
#ifndef RRI_IO_OPEN_FILE_H
#define RRI_IO_OPEN_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "core/status.h"

/* open(2), again while it is interrupted; −1 with errno. mode: of a file that is made. */
int rri_open_file(const char *path, int flags, unsigned mode);

/* fstat(2), again while it is interrupted; −1 with errno. */
int rri_open_file_about(int fd, struct stat *about);

/* *fd is the caller's to close. A folder or a pipe is refused, not waited for. */
rr_status rri_open_file_read(int *fd, size_t *bytes, const char *path, rr_error *err);

/* Exactly so many bytes, which must be there. */
rr_status rri_open_file_take(void *out, size_t bytes, int fd, const char *path, rr_error *err);

/* Nothing may follow. */
rr_status rri_open_file_finish(int fd, const char *path, rr_error *err);

/* RR_E_IO: "file: cannot WHAT 'PATH': REASON" of an errno. */
rr_status rri_open_file_fail(const char *what, const char *path, int number, rr_error *err);

#endif
