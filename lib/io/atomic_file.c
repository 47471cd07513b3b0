/* SPDX-License-Identifier: MIT */
/* atomic_file.c: POSIX calls, each checked, each failure said with the path and the system's
 * reason. */
#include "io/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH ((size_t)4096)

/* errno as a sentence's end; strerror itself is not for threads. */
static rr_status fail_system(rr_error *err, const char *what, const char *path, int number)
{
    char reason[128] = "";
    if (strerror_r(number, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", number);
    }
    RRI_FAIL(err, RR_E_IO, "file: cannot %s '%.240s': %s", what, path, reason);
}

static int open_retrying(const char *path, int flags, mode_t mode)
{
    int fd;
    do {
        fd = open(path, flags, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* All bytes, however few the system takes at a time; 0 or an errno. */
static int write_all(int fd, const unsigned char *data, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t taken = write(fd, data, bytes);
        if (taken < 0 && errno != EINTR) {
            return errno;
        }
        if (taken == 0) { /* a device that takes nothing would take nothing for ever */
            return EIO;
        }
        if (taken > 0) {
            data += taken;
            bytes -= (size_t)taken;
        }
    }
    return 0;
}

static int sync_all(int fd)
{
    int status;
    do {
        status = fsync(fd);
    } while (status < 0 && errno == EINTR);
    return status < 0 ? errno : 0;
}

/* The rename itself must reach the disk. Some file systems have no sync of folders and say EINVAL.
 */
static int sync_folder(const char *path)
{
    char folder[MAX_PATH];
    const char *const slash = strrchr(path, '/');
    if (slash == NULL) {
        strcpy(folder, ".");
    } else {
        const size_t length = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    const int fd = open_retrying(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    const int number = sync_all(fd);
    close(fd);
    return number == EINVAL ? 0 : number;
}

/* A new file beside `path`, whose name nobody else has; its descriptor, or -1 with errno. */
static int create_temporary(char name[static MAX_PATH], const char *path)
{
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        snprintf(name, MAX_PATH, "%s.%ld-%u.tmp", path, (long)getpid(), attempt);
        const int fd = open_retrying(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

rr_status rri_atomic_file_write(const char *path, const void *data, size_t bytes, rr_error *err)
{
    char temporary[MAX_PATH];
    if (strlen(path) == 0 || strlen(path) > MAX_PATH - 64) {
        RRI_FAIL(err, RR_E_IO, "file: a path has %zu bytes; it must have 1 to %zu", strlen(path),
                 MAX_PATH - 64);
    }
    const int fd = create_temporary(temporary, path);
    if (fd < 0) {
        return fail_system(err, "create a file beside", path, errno);
    }
    int number = write_all(fd, data, bytes);
    if (number == 0) {
        number = sync_all(fd);
    }
    if (close(fd) < 0 && number == 0 && errno != EINTR) {
        number = errno;
    }
    if (number == 0 && rename(temporary, path) < 0) {
        number = errno;
    }
    if (number != 0) {
        unlink(temporary);
        return fail_system(err, "write", path, number);
    }
    number = sync_folder(path);
    return number == 0 ? RR_OK : fail_system(err, "sync the folder of", path, number);
}

/* Exactly the promised bytes and then the end; 0, an errno, or -1 when the size changed meanwhile.
 */
static int read_all(int fd, unsigned char *data, size_t bytes)
{
    unsigned char beyond;
    size_t used = 0;
    for (;;) {
        const bool is_whole = used == bytes;
        const ssize_t got = read(fd, is_whole ? &beyond : data + used, is_whole ? 1 : bytes - used);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        if (got == 0 || (got > 0 && is_whole)) {
            return is_whole && got == 0 ? 0 : -1;
        }
        used += got > 0 ? (size_t)got : 0;
    }
}

static rr_status read_open(void **data, size_t *bytes, int fd, const char *path,
                           const rri_allocator *allocator, rr_error *err)
{
    struct stat about;
    if (fstat(fd, &about) < 0) {
        return fail_system(err, "read", path, errno);
    }
    if (!S_ISREG(about.st_mode)) {
        RRI_FAIL(err, RR_E_IO, "file: '%.240s' is not a regular file", path);
    }
    const size_t size = (size_t)about.st_size;
    RRI_TRY(rri_memory_allocate(data, allocator, size, "contents of a file", err));
    const int number = read_all(fd, *data, size);
    if (number == 0) {
        *bytes = size;
        return RR_OK;
    }
    rri_memory_release(allocator, *data, size);
    *data = NULL;
    if (number > 0) {
        return fail_system(err, "read", path, number);
    }
    RRI_FAIL(err, RR_E_IO, "file: '%.240s' changed its size while it was read", path);
}

rr_status rri_atomic_file_read(void **data, size_t *bytes, const char *path,
                               const rri_allocator *allocator, rr_error *err)
{
    /* Without O_NONBLOCK the opening of a pipe would wait for its other end. */
    const int fd = open_retrying(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) {
        return fail_system(err, "open", path, errno);
    }
    const rr_status status = read_open(data, bytes, fd, path, allocator, err);
    close(fd);
    return status;
}
