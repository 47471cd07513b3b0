/* SPDX-License-Identifier: MIT */
/* written_files.h: a folder of files for a test, and what is in them. */
#ifndef TESTS_IO_WRITTEN_FILES_H
#define TESTS_IO_WRITTEN_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_run.h"
#include "io/atomic_file.h"

static char files_folder[64];

static inline void files_begin(void)
{
    strcpy(files_folder, "/tmp/recrl_files_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(files_folder));
}

/* A path in the folder; the last four stay. */
static inline const char *files_path(const char *name)
{
    static char paths[4][64 + 1 + 255 + 1];
    static int next;
    char *const path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", files_folder, name);
    return path;
}

static inline size_t files_count(void)
{
    size_t n = 0;
    DIR *const dir = opendir(files_folder);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        n += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(dir);
    return n;
}

/* Removes what is in the folder, and the folder. */
static inline void files_end(void)
{
    DIR *const dir = opendir(files_folder);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const char *const path = files_path(entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlink(path) < 0) {
            rmdir(path);
        }
    }
    closedir(dir);
    ck_assert_int_eq(rmdir(files_folder), 0);
}

/* Without the library. */
static inline void files_make(const char *path, const char *text, mode_t mode)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static inline void files_expect(const char *path, const void *data, size_t bytes)
{
    static unsigned char got[4 << 20];
    FILE *const stream = fopen(path, "rb");
    ck_assert_msg(stream != NULL, "%s is not there", path);
    const size_t n = fread(got, 1, sizeof got, stream);
    fclose(stream);
    ck_assert_msg(n == bytes && memcmp(got, data, bytes) == 0, "%s has %zu other bytes", path, n);
}

static inline void files_expect_text(const char *path, const char *text)
{
    files_expect(path, text, strlen(text));
}

/* In pieces of which some are larger than the buffer. */
static inline rr_status files_write(const char *path, const void *data, size_t bytes, rr_error *err)
{
    const size_t first = bytes / 3, second = bytes / 2;
    const unsigned char *const from = data;
    rri_atomic_file file;
    RRI_TRY(rri_atomic_file_open(&file, path, err));
    rr_status status = rri_atomic_file_append(&file, from, first, err);
    status =
        status != RR_OK ? status : rri_atomic_file_append(&file, from + first, second - first, err);
    status = status != RR_OK ? status
                             : rri_atomic_file_append(&file, from + second, bytes - second, err);
    if (status != RR_OK) {
        rri_atomic_file_abandon(&file);
        return status;
    }
    return rri_atomic_file_commit(&file, NULL, err);
}

#endif
