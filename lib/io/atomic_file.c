/* SPDX-License-Identifier: MIT */
/* atomic_file.c: POSIX calls, each checked, each failure said with the path and the system's
 * reason. Inside, failures are errnos. */
#include "io/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/open_file.h"

enum { MOST_LINKS = 40 }; /* as many as Linux follows */

/* ── where a path leads ── */

/* Follows the links of the last part of `path`, in place; 0 or an errno. What they lead to need not
 * exist. */
static int follow(char path[RRI_TEMPORARY_FILE_PATH])
{
    for (int n = 0; n < MOST_LINKS; n++) {
        char link[RRI_TEMPORARY_FILE_PATH];
        const ssize_t length = readlink(path, link, sizeof link);
        if (length < 0) {
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        }
        const char *const slash = strrchr(path, '/');
        const size_t kept = link[0] == '/' || slash == NULL ? 0 : (size_t)(slash - path) + 1;
        if (length == 0 || kept + (size_t)length >= RRI_TEMPORARY_FILE_PATH) {
            return ENAMETOOLONG;
        }
        memcpy(path + kept, link, (size_t)length);
        path[kept + (size_t)length] = '\0';
    }
    return ELOOP;
}

/* stat(2), again while it is interrupted; 0 or an errno. */
static int look_at(const char *path, struct stat *about)
{
    while (stat(path, about) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Root may write any file; one that nobody may write is meant to stay. */
static int check_writable(const char *target, mode_t mode)
{
    if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) < 0) {
        return errno;
    }
    return (mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0 ? EACCES : 0;
}

/* The mode, the owner and the group of the old file. A group that cannot be kept is not given what
 * the old one could do. */
static int keep_permissions(int fd, const struct stat *old)
{
    struct stat made;
    mode_t mode = old->st_mode & 07777;
    if (rri_open_file_about(fd, &made) < 0) {
        return errno;
    }
    const bool is_same_owner = made.st_uid == old->st_uid && made.st_gid == old->st_gid;
    if (!is_same_owner && fchown(fd, old->st_uid, old->st_gid) < 0 && made.st_gid != old->st_gid &&
        fchown(fd, (uid_t)-1, old->st_gid) < 0) {
        mode = (mode & ~(mode_t)(S_ISUID | S_ISGID | S_IRWXG)) | (mode & S_IRWXO) << 3;
    }
    return (made.st_mode & 07777) != mode && fchmod(fd, mode) < 0 ? errno : 0;
}

/* ── opening ── */

static int open_as_it_is(rri_atomic_file *file)
{
    file->temporary[0] = '\0';
    file->fd = rri_open_file(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
    return file->fd < 0 ? errno : 0;
}

/* The regular file that is there: it need not be where a link of /proc says. */
static int judge_old(struct stat *old, const char *target)
{
    const int number = look_at(target, old);
    return number != 0             ? number
           : S_ISREG(old->st_mode) ? check_writable(target, old->st_mode)
                                   : ESTALE;
}

static int open_beside(rri_atomic_file *file, bool is_there)
{
    struct stat old;
    int number = follow(file->target);
    number = number == 0 && is_there ? judge_old(&old, file->target) : number;
    if (number != 0) {
        return number;
    }
    rri_temporary_file_clear(file->target);
    file->fd = rri_temporary_file_create(file->temporary, file->target, is_there ? 0600 : 0666);
    if (file->fd < 0) {
        return errno;
    }
    number = is_there ? keep_permissions(file->fd, &old) : 0;
    if (number != 0) {
        rri_atomic_file_abandon(file);
    }
    return number;
}

rr_status rri_atomic_file_open(rri_atomic_file *file, const char *path, rr_error *err)
{
    const size_t length = strlen(path), most = sizeof file->target - 64;
    if (length == 0 || length > most) {
        RRI_FAIL(err, RR_E_IO, "file: a path has %zu bytes; it must have 1 to %zu", length, most);
    }
    struct stat about;
    file->path = path;
    file->n_buffered = 0;
    memcpy(file->target, path, length + 1);
    int number = look_at(path, &about);
    if (number == ENOENT) {
        number = path[length - 1] == '/' ? EISDIR : open_beside(file, false);
        return number == 0 ? RR_OK : rri_open_file_fail("create a file beside", path, number, err);
    }
    if (number == 0) {
        number = S_ISDIR(about.st_mode)   ? EISDIR
                 : S_ISREG(about.st_mode) ? open_beside(file, true)
                                          : open_as_it_is(file);
    }
    return number == 0 ? RR_OK : rri_open_file_fail("write", path, number, err);
}

/* ── writing ── */

/* All bytes, however few the system takes at a time. */
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

/* The same to what may be a pipe: where its reader has gone away, the signal that would end the
 * host's process is taken back, and EPIPE is left. */
static int write_unsignalled(int fd, const unsigned char *data, size_t bytes)
{
    sigset_t pipe, before, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigemptyset(&pending);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    const int number = write_all(fd, data, bytes);
    if (number == EPIPE && !sigismember(&pending, SIGPIPE)) {
        const struct timespec at_once = {0};
        while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

static int write_to(rri_atomic_file *file, const void *data, size_t bytes)
{
    return file->temporary[0] != '\0' ? write_all(file->fd, data, bytes)
                                      : write_unsignalled(file->fd, data, bytes);
}

static int flush(rri_atomic_file *file)
{
    const size_t n = file->n_buffered;
    file->n_buffered = 0;
    return write_to(file, file->buffer, n);
}

rr_status rri_atomic_file_append(rri_atomic_file *file, const void *data, size_t bytes,
                                 rr_error *err)
{
    int number = 0;
    if (bytes > sizeof file->buffer - file->n_buffered) {
        number = flush(file);
    }
    if (bytes > sizeof file->buffer) {
        number = number == 0 ? write_to(file, data, bytes) : number;
    } else if (bytes > 0) {
        memcpy(file->buffer + file->n_buffered, data, bytes);
        file->n_buffered += bytes;
    }
    return number == 0 ? RR_OK : rri_open_file_fail("write", file->path, number, err);
}

/* ── the end ── */

static int sync_all(int fd)
{
    int status;
    do {
        status = fsync(fd);
    } while (status < 0 && errno == EINTR);
    return status < 0 ? errno : 0;
}

/* What has no sync says so: pipes, devices, the folders of some file systems. */
static bool is_without_sync(int number)
{
    return number == EINVAL || number == EROFS || number == ENOTSUP;
}

/* The rename itself must reach the disk. */
static int sync_folder(const char *target)
{
    char folder[RRI_TEMPORARY_FILE_PATH];
    rri_temporary_file_folder(folder, target);
    const int fd = rri_open_file(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    const int number = sync_all(fd);
    close(fd);
    return is_without_sync(number) ? 0 : number;
}

/* An interrupted close has closed: its descriptor may be another file's by now. */
static int close_once(int fd)
{
    return close(fd) < 0 && errno != EINTR ? errno : 0;
}

/* Over a network an interrupted rename may have been done, and is not there to be done again. */
static int rename_over(const rri_atomic_file *file, int held)
{
    bool was_interrupted = false;
    while (rename(file->temporary, file->target) < 0) {
        if (errno != EINTR) {
            const int number = errno;
            const bool is_done =
                was_interrupted && number == ENOENT && rri_temporary_file_is_at(file->target, held);
            return is_done ? 0 : number;
        }
        was_interrupted = true;
    }
    return 0;
}

/* close tells what a disk far away could not take, but ends the lock, which must last until the
 * rename: so a second descriptor is held. */
static int close_and_rename(rri_atomic_file *file)
{
    const int held = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    int number = held < 0 ? errno : 0;
    const int closed = close_once(file->fd);
    number = number == 0 ? closed : number;
    number = number == 0 ? rename_over(file, held) : number;
    if (number != 0) {
        unlink(file->temporary);
    }
    if (held >= 0) {
        close(held);
    }
    return number;
}

rr_status rri_atomic_file_commit(rri_atomic_file *file, int *folder_number, rr_error *err)
{
    const bool is_in_place = file->temporary[0] == '\0';
    int number = flush(file);
    if (number == 0) {
        number = sync_all(file->fd);
        number = is_in_place && is_without_sync(number) ? 0 : number;
    }
    if (number != 0) {
        rri_atomic_file_abandon(file);
    } else {
        number = is_in_place ? close_once(file->fd) : close_and_rename(file);
    }
    if (number != 0) {
        return rri_open_file_fail("write", file->path, number, err);
    }
    const int of_folder = is_in_place ? 0 : sync_folder(file->target);
    if (folder_number != NULL) {
        *folder_number = of_folder;
    }
    return RR_OK;
}

void rri_atomic_file_abandon(rri_atomic_file *file)
{
    if (file->temporary[0] != '\0') {
        unlink(file->temporary);
    }
    close(file->fd);
}
