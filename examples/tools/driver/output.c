/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

static bool has_failed = false;    /* the exit status will say so */
static bool is_stdout_bad = false; /* it was said */

static void say(const char *format, va_list arguments)
{
    fprintf(stderr, "%s: ", text_program());
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void output_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    has_failed = true;
}

void output_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void output_forget(void)
{
    has_failed = false;
    is_stdout_bad = false;
}

static void complain_of_stdout(int number)
{
    if (!is_stdout_bad) {
        is_stdout_bad = true;
        output_complain("standard output cannot be written: %s",
                        number != 0 ? strerror(number) : "what was printed is not all there");
    }
}

void output_check(void)
{
    const bool was_bad = ferror(stdout) != 0;
    const int earlier = errno;
    errno = 0;
    if (fflush(stdout) != 0 || was_bad) {
        complain_of_stdout(errno != 0 ? errno : earlier);
        clearerr(stdout);
    }
}

bool output_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = 0};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

/* The process may have printed behind its last check. _exit, since it is about to end already. */
static void end(void)
{
    const bool was_bad = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) != 0 || was_bad) {
        complain_of_stdout(errno);
    }
    if (fclose(stderr) != 0 || has_failed) {
        _exit(EXIT_FAILURE);
    }
}

void output_begin(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            /* The lowest number that is free is this one; writing to it fails, as it should. */
            const int taken = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
            if (taken != fd) {
                _exit(EXIT_FAILURE);
            }
        }
    }
    atexit(end);
}

int output_write_at(int fd, const void *bytes, size_t n, long long offset)
{
    const char *at = bytes;
    while (n > 0) {
        const ssize_t written = offset >= 0 ? pwrite(fd, at, n, (off_t)offset) : write(fd, at, n);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written == 0) {
            return EIO;
        }
        if (written > 0) {
            at += written;
            n -= (size_t)written;
            offset += offset >= 0 ? written : 0;
        }
    }
    return 0;
}

int output_sync(int fd)
{
    while (fsync(fd) != 0) {
        if (errno != EINTR) {
            return errno == EINVAL || errno == ENOTSUP ? 0 : errno;
        }
    }
    return 0;
}

/* close(2) that was interrupted has closed. */
static int close_file(int fd)
{
    return close(fd) != 0 && errno != EINTR ? errno : 0;
}

static int open_again(const char *path, int flags, mode_t mode)
{
    int fd = -1;
    do {
        fd = open(path, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

FILE *output_open(output_file *file, const char *path)
{
    *file = (output_file){.path = path};
    text_make_folders(path);
    file->out = open_memstream(&file->text, &file->bytes);
    if (file->out == NULL) {
        text_fail("%s: no memory to write it", path);
    }
    return file->out;
}

/* 0 or an errno. */
static int write_directly(const output_file *file)
{
    const int fd = open_again(file->path, O_WRONLY, 0);
    if (fd < 0) {
        return errno;
    }
    const int number = output_write_at(fd, file->text, file->bytes, -1);
    const int closed = close_file(fd);
    return number != 0 ? number : closed;
}

/* Beside `target`, the file that the path leads to. 0 or an errno; the old file is whole then. */
static int replace(const output_file *file, const char *target, const struct stat *old)
{
    char beside[PATH_MAX + 32];
    snprintf(beside, sizeof beside, "%s.%ld.tmp", target, (long)getpid());
    const int fd = open_again(beside, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) {
        return errno;
    }
    int number = output_write_at(fd, file->text, file->bytes, 0);
    if (number == 0 && old != NULL && fchmod(fd, old->st_mode & 07777) != 0) {
        number = errno;
    }
    number = number == 0 ? output_sync(fd) : number;
    const int closed = close_file(fd);
    number = number == 0 ? closed : number;
    if (number == 0 && rename(beside, target) != 0) {
        number = errno;
    }
    if (number != 0) {
        unlink(beside);
    }
    return number;
}

int output_finish(output_file *file)
{
    char target[PATH_MAX];
    struct stat old;
    int number = 0;
    const bool is_whole = fclose(file->out) == 0;
    const bool is_there = stat(file->path, &old) == 0;
    if (!is_whole) {
        number = ENOMEM;
    } else if (is_there && !S_ISREG(old.st_mode)) {
        number = S_ISDIR(old.st_mode) ? EISDIR : write_directly(file);
    } else if (is_there && access(file->path, W_OK) != 0) {
        number = errno; /* a rename would replace what may not be written */
    } else if (is_there && realpath(file->path, target) == NULL) {
        number = errno;
    } else {
        number = replace(file, is_there ? target : file->path, is_there ? &old : NULL);
    }
    free(file->text);
    return number;
}

void output_commit(output_file *file)
{
    const int number = output_finish(file);
    if (number != 0) {
        text_fail("%s: cannot be written: %s", file->path, strerror(number));
    }
}
