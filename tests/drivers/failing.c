/* SPDX-License-Identifier: MIT */
/* A library to preload: one call of one kind fails, or all calls of a kind from one on.
 *
 *     FAILING="pwrite 3 28"      the third pwrite answers ENOSPC (28)
 *     FAILING="pwrite 3+ 28"     and all after it
 *     FAILING="write 2 0"        the second write is short: half of its bytes
 *     FAILING="fsync 2 -1"       the second fsync never returns, and says "waiting" on stderr
 *     FAILING="rename 2 -2"      SIGKILL comes before the second rename
 *     FAILING_COUNTS=FILE        at the end of the process: "KIND CALLS" lines; FILE that ends in a
 *                                point has the process's number behind it
 *
 * What stdio writes inside of libc passes no name that can be taken, so stdout is made a stream
 * whose writes pass through here. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    WRITE,
    PWRITE,
    OPEN,
    CLOSE,
    FSYNC,
    RENAME,
    TRUNCATE,
    MKDIR,
    UNLINK,
    FLOCK,
    CHMOD,
    FOPEN,
    FCLOSE,
    N_KINDS
};

static const char *const names[N_KINDS] = {"write",  "pwrite",   "open",  "close",  "fsync",
                                           "rename", "truncate", "mkdir", "unlink", "flock",
                                           "chmod",  "fopen",    "fclose"};
static long calls[N_KINDS];
static int kind = -1, number, is_lasting;
static long first;

enum { NEVER_RETURNS = -1, IS_KILLED = -2 }; /* in place of a number of an error */

/* Whether this call is one that fails. */
static int is_hit(int which)
{
    static const char waiting[] = "waiting\n";
    const long n = ++calls[which];
    if (which != kind || (n != first && (!is_lasting || n < first))) {
        return 0;
    }
    if (number == IS_KILLED) {
        raise(SIGKILL);
    }
    if (number == NEVER_RETURNS) {
        const long n_said = syscall(SYS_write, STDERR_FILENO, waiting, sizeof waiting - 1);
        while (n_said > 0) {
            pause();
        }
    }
    return 1;
}

/* The function that was there before; dlsym answers with a data pointer. */
#define NEXT(name)                                                                                 \
    static __typeof__(name) *next;                                                                 \
    if (next == NULL) {                                                                            \
        void *found = dlsym(RTLD_NEXT, #name);                                                     \
        memcpy(&next, &found, sizeof next);                                                        \
    }

#define FAIL_IF(which, answer)                                                                     \
    if (is_hit(which)) {                                                                           \
        errno = number;                                                                            \
        return answer;                                                                             \
    }

ssize_t write(int fd, const void *bytes, size_t n)
{
    NEXT(write)
    if (is_hit(WRITE)) {
        if (number == 0 && n > 1) {
            return next(fd, bytes, n / 2);
        }
        errno = number;
        return number == 0 ? next(fd, bytes, n) : -1;
    }
    return next(fd, bytes, n);
}

#define PWRITE_AS(name, offset_type)                                                               \
    ssize_t name(int fd, const void *bytes, size_t n, offset_type offset)                          \
    {                                                                                              \
        NEXT(name)                                                                                 \
        if (is_hit(PWRITE)) {                                                                      \
            if (number == 0 && n > 1) {                                                            \
                return next(fd, bytes, n / 2, offset);                                             \
            }                                                                                      \
            errno = number;                                                                        \
            return number == 0 ? next(fd, bytes, n, offset) : -1;                                  \
        }                                                                                          \
        return next(fd, bytes, n, offset);                                                         \
    }
PWRITE_AS(pwrite, off_t)
PWRITE_AS(pwrite64, off64_t)

#define OPEN_AS(name)                                                                              \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        NEXT(name)                                                                                 \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;                     \
        va_end(more);                                                                              \
        FAIL_IF(OPEN, -1)                                                                          \
        return next(path, flags, mode);                                                            \
    }
OPEN_AS(open)
OPEN_AS(open64)

/* As Linux does it: the descriptor is closed, whatever the answer. */
int close(int fd)
{
    NEXT(close)
    const int is_bad = is_hit(CLOSE);
    const int status = next(fd);
    if (is_bad) {
        errno = number;
        return -1;
    }
    return status;
}

int fsync(int fd)
{
    NEXT(fsync)
    FAIL_IF(FSYNC, -1)
    return next(fd);
}

int rename(const char *from, const char *to)
{
    NEXT(rename)
    FAIL_IF(RENAME, -1)
    return next(from, to);
}

#define FTRUNCATE_AS(name, offset_type)                                                            \
    int name(int fd, offset_type length)                                                           \
    {                                                                                              \
        NEXT(name)                                                                                 \
        FAIL_IF(TRUNCATE, -1)                                                                      \
        return next(fd, length);                                                                   \
    }
FTRUNCATE_AS(ftruncate, off_t)
FTRUNCATE_AS(ftruncate64, off64_t)

int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir)
    FAIL_IF(MKDIR, -1)
    return next(path, mode);
}

int unlink(const char *path)
{
    NEXT(unlink)
    FAIL_IF(UNLINK, -1)
    return next(path);
}

int flock(int fd, int operation)
{
    NEXT(flock)
    FAIL_IF(FLOCK, -1)
    return next(fd, operation);
}

int fchmod(int fd, mode_t mode)
{
    NEXT(fchmod)
    FAIL_IF(CHMOD, -1)
    return next(fd, mode);
}

#define FOPEN_AS(name)                                                                             \
    FILE *name(const char *path, const char *mode)                                                 \
    {                                                                                              \
        NEXT(name)                                                                                 \
        FAIL_IF(FOPEN, NULL)                                                                       \
        return next(path, mode);                                                                   \
    }
FOPEN_AS(fopen)
FOPEN_AS(fopen64)

int fclose(FILE *file)
{
    NEXT(fclose)
    const int is_bad = is_hit(FCLOSE);
    const int status = next(file);
    if (is_bad) {
        errno = number;
        return EOF;
    }
    return status;
}

static ssize_t write_stdout(void *cookie, const char *bytes, size_t n)
{
    (void)cookie;
    const ssize_t written = write(STDOUT_FILENO, bytes, n);
    return written < 0 ? 0 : written; /* what fopencookie wants of a failure */
}

__attribute__((constructor)) static void begin(void)
{
    char name[32] = "", plus = 0;
    const char *text = getenv("FAILING");
    if (text != NULL && sscanf(text, "%31s %ld%c %d", name, &first, &plus, &number) == 4) {
        is_lasting = plus == '+';
        for (int i = 0; i < N_KINDS; i++) {
            kind = strcmp(name, names[i]) == 0 ? i : kind;
        }
    }
    const cookie_io_functions_t functions = {.write = write_stdout};
    FILE *stream = fopencookie(NULL, "w", functions);
    if (stream != NULL) {
        stdout = stream;
    }
}

__attribute__((destructor)) static void end(void)
{
    char text[1024];
    int n = 0;
    char own[4096];
    const char *path = getenv("FAILING_COUNTS");
    if (path != NULL && path[0] != '\0' && path[strlen(path) - 1] == '.') {
        snprintf(own, sizeof own, "%s%ld", path, (long)getpid());
        path = own;
    }
    for (int i = 0; path != NULL && i < N_KINDS; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %ld\n", names[i], calls[i]);
    }
    const long fd =
        path != NULL ? syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_TRUNC | O_WRONLY, 0666) : -1;
    if (fd >= 0 && syscall(SYS_write, fd, text, n) != n) {
        abort();
    }
}
