/* SPDX-License-Identifier: MIT */
/* row_file.h: a file that grows by whole rows: of a table, or records of an event file.
 *
 * A disk that is full for a while tears no row and loses none. What cannot be written is cut back
 * to the last whole row and waits in memory; every later row tries again. The first failure is said
 * at once, and the process ends with status 1 (output.h). */
#ifndef EXAMPLES_DRIVER_ROW_FILE_H
#define EXAMPLES_DRIVER_ROW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct row_file {
    char path[4352];
    int fd;
    long long whole; /* bytes of the whole rows in the file */
    char *waiting;   /* rows that are not in the file yet */
    size_t n_bytes, capacity;
    int64_t n_rows, n_lost; /* rows that wait; rows for which there was no memory either */
    bool has_failed, is_failing;
    bool is_lost; /* somebody removed it: so it was said */
} row_file;

/* Opens or creates the file and cuts it behind its first `whole` bytes. is_new: it must not be
 * there. Fails with the path. */
void row_file_open(row_file *file, const char *path, long long whole, bool is_new);
/* One row, with its end of line. */
void row_file_add(row_file *file, const void *row, size_t bytes);
/* All rows so far are to survive a power cut. Says it where the path leads to this file no more. */
void row_file_sync(row_file *file);
/* Tries a last time, syncs and closes; says how many rows are missing. */
void row_file_close(row_file *file);

#endif
