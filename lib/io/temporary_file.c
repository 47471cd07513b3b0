/* SPDX-License-Identifier: MIT */
/* temporary_file.c: between its creation and its lock a file may be cleared by another process, and
 * between finding a file and locking it the file may have taken its final name. So both sides look
 * again, with the lock held, whether the name still is this very file. */
#include "io/temporary_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "io/open_file.h"

enum {
    MOST_OF_NAME = 200, /* bytes of NAME that are taken over, so that the rest fits behind them */
    N_DIGITS = 16,
    N_ATTEMPTS = 100
};

static const char ending[] = ".tmp";

void rri_temporary_file_folder(char folder[RRI_TEMPORARY_FILE_PATH], const char *path)
{
    const char *const slash = strrchr(path, '/');
    const size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, length);
    strcpy(folder + length, length == 0 ? "." : "");
}

/* Where the last part of a path begins. */
static const char *name_of(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool rri_temporary_file_is_at(const char *path, int fd)
{
    struct stat named, opened;
    return lstat(path, &named) == 0 && rri_open_file_about(fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* Not for secrets: it only has to differ from what others draw at this moment. */
static uint64_t draw_suffix(int attempt)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t seeds[] = {(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, (uint64_t)getpid(),
                              (uint64_t)(uintptr_t)&now, (uint64_t)attempt};
    return rri_hash_bytes(seeds, sizeof seeds, 0);
}

/* flock, again while it is interrupted; 0 or an errno. */
static int lock(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Not where another process was quicker: it is about to clear the file, or has done so. */
static bool has_locked(int fd, const char *path)
{
    return lock(fd) != EWOULDBLOCK && rri_temporary_file_is_at(path, fd);
}

int rri_temporary_file_create(char path[RRI_TEMPORARY_FILE_PATH], const char *target, unsigned mode)
{
    const char *const name = name_of(target);
    for (int attempt = 0; attempt < N_ATTEMPTS; attempt++) {
        snprintf(path, RRI_TEMPORARY_FILE_PATH, "%.*s%.*s.%016" PRIx64 "%s", (int)(name - target),
                 target, MOST_OF_NAME, name, draw_suffix(attempt), ending);
        const int fd = rri_open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST) {
            return -1;
        }
        if (fd >= 0 && has_locked(fd, path)) {
            return fd;
        }
        if (fd >= 0) {
            unlink(path);
            close(fd);
        }
    }
    errno = EEXIST;
    return -1;
}

static bool is_temporary_of(const char *found, const char *name)
{
    const size_t length = strnlen(name, MOST_OF_NAME);
    if (strlen(found) != length + 1 + N_DIGITS + strlen(ending) ||
        memcmp(found, name, length) != 0 || found[length] != '.') {
        return false;
    }
    const char *const digits = found + length + 1;
    return strspn(digits, "0123456789abcdef") == N_DIGITS && strcmp(digits + N_DIGITS, ending) == 0;
}

static void clear(const char *path)
{
    const int fd = rri_open_file(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    if (lock(fd) == 0 && rri_temporary_file_is_at(path, fd)) {
        unlink(path);
    }
    close(fd);
}

void rri_temporary_file_clear(const char *target)
{
    char folder[RRI_TEMPORARY_FILE_PATH];
    rri_temporary_file_folder(folder, target);
    DIR *const entries = opendir(folder);
    if (entries == NULL) {
        return;
    }
    const char *const name = name_of(target);
    for (const struct dirent *e = readdir(entries); e != NULL; e = readdir(entries)) {
        char path[RRI_TEMPORARY_FILE_PATH];
        const int length =
            snprintf(path, sizeof path, "%.*s%s", (int)(name - target), target, e->d_name);
        if (is_temporary_of(e->d_name, name) && length < (int)sizeof path) {
            clear(path);
        }
    }
    closedir(entries);
}
