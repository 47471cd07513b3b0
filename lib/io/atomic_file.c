/* SPDX-License-Identifier: MIT */
/* atomic_file.c: POSIX calls, each checked, each failure said with the path and the system's
 * reason. */
#include "io/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/open_file.h"

#define MAX_PATH ((size_t)4096)

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
    const int fd = rri_open_file(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
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
        const int fd = rri_open_file(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

rr_status rri_atomic_file_write(const char *path, const void *data, size_t bytes, rr_error *err)
{
    const rri_atomic_file_part part = {data, bytes};
    return rri_atomic_file_write_parts(path, &part, 1, err);
}

rr_status rri_atomic_file_write_parts(const char *path, const rri_atomic_file_part *parts, size_t n,
                                      rr_error *err)
{
    char temporary[MAX_PATH];
    if (strlen(path) == 0 || strlen(path) > MAX_PATH - 64) {
        RRI_FAIL(err, RR_E_IO, "file: a path has %zu bytes; it must have 1 to %zu", strlen(path),
                 MAX_PATH - 64);
    }
    const int fd = create_temporary(temporary, path);
    if (fd < 0) {
        return rri_open_file_fail("create a file beside", path, errno, err);
    }
    int number = 0;
    for (size_t i = 0; i < n && number == 0; i++) {
        number = write_all(fd, parts[i].data, parts[i].bytes);
    }
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
        return rri_open_file_fail("write", path, number, err);
    }
    number = sync_folder(path);
    return number == 0 ? RR_OK : rri_open_file_fail("sync the folder of", path, number, err);
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

static rr_status read_open(void **data, int fd, size_t bytes, const char *path,
                           const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(rri_memory_allocate(data, allocator, bytes, "contents of a file", err));
    const int number = read_all(fd, *data, bytes);
    if (number == 0) {
        return RR_OK;
    }
    rri_memory_release(allocator, *data, bytes);
    *data = NULL;
    if (number > 0) {
        return rri_open_file_fail("read", path, number, err);
    }
    RRI_FAIL(err, RR_E_IO, "file: '%.240s' changed its size while it was read", path);
}

rr_status rri_atomic_file_read(void **data, size_t *bytes, const char *path,
                               const rri_allocator *allocator, rr_error *err)
{
    int fd = -1;
    size_t size = 0;
    RRI_TRY(rri_open_file_read(&fd, &size, path, err));
    const rr_status status = read_open(data, fd, size, path, allocator, err);
    close(fd);
    *bytes = status == RR_OK ? size : *bytes;
    return status;
}
