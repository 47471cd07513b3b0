/* SPDX-License-Identifier: MIT */
#include "row_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "text.h"

/* Rows that wait for a full disk may take so much memory. */
static const size_t MOST_WAITING = (size_t)256 << 20;

void row_file_open(row_file *file, const char *path, long long whole, bool is_new)
{
    memset(file, 0, sizeof *file);
    text_make_folders(path);
    if (strlen(path) >= sizeof file->path) {
        text_fail("%s: the path is too long", path);
    }
    strcpy(file->path, path);
    do {
        file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (is_new ? O_EXCL : 0), 0666);
    } while (file->fd < 0 && errno == EINTR);
    if (file->fd < 0) {
        text_fail("%s: cannot be written: %s", path, strerror(errno));
    }
    while (ftruncate(file->fd, (off_t)whole) != 0) {
        if (errno != EINTR) {
            text_fail("%s: cannot be cut: %s", path, strerror(errno));
        }
    }
    file->whole = whole;
}

/* A part of a row is no row. Where even this fails, the next try writes over it. */
static void cut_back(const row_file *file)
{
    while (ftruncate(file->fd, (off_t)file->whole) != 0 && errno == EINTR) {
        continue;
    }
}

static bool try_to_write(row_file *file)
{
    const int number = output_write_at(file->fd, file->waiting, file->n_bytes, file->whole);
    if (number == 0) {
        file->whole += (long long)file->n_bytes;
        file->n_bytes = 0;
        file->n_rows = 0;
        if (file->is_failing) {
            output_say("%s: can be written again; the rows that waited are in it", file->path);
        }
        file->is_failing = false;
        return true;
    }
    cut_back(file);
    if (!file->is_failing) {
        output_complain("%s: cannot be written: %s; the run goes on, and its rows wait in memory",
                        file->path, strerror(number));
    }
    file->has_failed = file->is_failing = true;
    return false;
}

static bool keep(row_file *file, const void *row, size_t bytes)
{
    if (file->n_bytes + bytes > file->capacity) {
        const size_t capacity = 2 * file->capacity + bytes + 4096;
        char *more = capacity <= MOST_WAITING ? realloc(file->waiting, capacity) : NULL;
        if (more == NULL) {
            return false;
        }
        file->waiting = more;
        file->capacity = capacity;
    }
    memcpy(file->waiting + file->n_bytes, row, bytes);
    file->n_bytes += bytes;
    file->n_rows += 1;
    return true;
}

void row_file_add(row_file *file, const void *row, size_t bytes)
{
    if (!keep(file, row, bytes)) {
        file->n_lost += 1;
        file->has_failed = true;
    }
    try_to_write(file);
}

/* Whether the path leads elsewhere by now than to what is written. */
static bool is_removed(const row_file *file)
{
    struct stat own, there;
    return fstat(file->fd, &own) == 0 && (stat(file->path, &there) != 0 ||
                                          there.st_dev != own.st_dev || there.st_ino != own.st_ino);
}

void row_file_sync(row_file *file)
{
    if (!file->is_lost && is_removed(file)) {
        file->is_lost = true;
        output_complain(
            "%s: was removed, moved or replaced while it is written: the run's rows are "
            "not in it",
            file->path);
    }
    const bool is_whole = file->n_rows == 0 || try_to_write(file);
    const int number = is_whole ? output_sync(file->fd) : 0;
    if (number != 0) {
        output_complain("%s: cannot be synced: %s", file->path, strerror(number));
    }
}

void row_file_close(row_file *file)
{
    row_file_sync(file);
    if (close(file->fd) != 0 && errno != EINTR) {
        output_complain("%s: cannot be closed: %s", file->path, strerror(errno));
    }
    if (file->n_rows + file->n_lost > 0) {
        output_complain("%s: %lld rows are missing: they could not be written", file->path,
                        (long long)(file->n_rows + file->n_lost));
    } else if (file->has_failed && !file->is_lost) {
        output_say("%s: could not be written for a while; no row is missing", file->path);
    }
    free(file->waiting);
}
