/* SPDX-License-Identifier: MIT */
#include "io/open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* strerror itself is not for threads. */
rr_status rri_open_file_fail(const char *what, const char *path, int number, rr_error *err)
{
    char reason[128] = "";
    if (strerror_r(number, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", number);
    }
    RRI_FAIL(err, RR_E_IO, "file: cannot %s '%.240s': %s", what, path, reason);
}

int rri_open_file(const char *path, int flags, unsigned mode)
{
    int fd;
    do {
        fd = open(path, flags, (mode_t)mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int rri_open_file_about(int fd, struct stat *about)
{
    int status;
    do {
        status = fstat(fd, about);
    } while (status < 0 && errno == EINTR);
    return status;
}

rr_status rri_open_file_read(int *fd, size_t *bytes, const char *path, rr_error *err)
{
    /* Without O_NONBLOCK the opening of a pipe would wait for its other end. */
    const int opened = rri_open_file(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (opened < 0) {
        return rri_open_file_fail("open", path, errno, err);
    }
    struct stat about;
    if (rri_open_file_about(opened, &about) < 0) {
        const int number = errno;
        close(opened);
        return rri_open_file_fail("read", path, number, err);
    }
    if (!S_ISREG(about.st_mode)) {
        close(opened);
        RRI_FAIL(err, RR_E_IO, "file: '%.240s' is not a regular file", path);
    }
    *fd = opened;
    *bytes = (size_t)about.st_size;
    return RR_OK;
}

/* One read(2), again while it is interrupted. */
static ssize_t read_some(int fd, void *out, size_t bytes)
{
    ssize_t got;
    do {
        got = read(fd, out, bytes);
    } while (got < 0 && errno == EINTR);
    return got;
}

static rr_status fail_changed(const char *path, rr_error *err)
{
    RRI_FAIL(err, RR_E_IO, "file: '%.240s' changed its size while it was read", path);
}

rr_status rri_open_file_take(void *out, size_t bytes, int fd, const char *path, rr_error *err)
{
    unsigned char *const data = out;
    for (size_t used = 0; used < bytes;) {
        const ssize_t got = read_some(fd, data + used, bytes - used);
        if (got < 0) {
            return rri_open_file_fail("read", path, errno, err);
        }
        if (got == 0) {
            return fail_changed(path, err);
        }
        used += (size_t)got;
    }
    return RR_OK;
}

rr_status rri_open_file_finish(int fd, const char *path, rr_error *err)
{
    unsigned char beyond;
    const ssize_t got = read_some(fd, &beyond, 1);
    if (got < 0) {
        return rri_open_file_fail("read", path, errno, err);
    }
    return got == 0 ? RR_OK : fail_changed(path, err);
}
