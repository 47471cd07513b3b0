/* SPDX-License-Identifier: MIT */
#include "folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "text.h"

enum { PATH_BYTES = 4096 };

/* flock, again while it is interrupted; 0 or an errno. */
static int try_lock(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Whoever ends removes its lock: what was locked may have lost its name meanwhile. */
static bool is_still_there(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

long folder_lock_holder(const char *folder)
{
    char path[PATH_BYTES];
    char line[32] = "";
    text_path(path, sizeof path, folder, "lock");
    FILE *in = fopen(path, "r");
    if (in != NULL) {
        if (fgets(line, sizeof line, in) == NULL) {
            line[0] = '\0';
        }
        fclose(in);
    }
    return strtol(line, NULL, 10);
}

int folder_lock(int *fd, const char *folder)
{
    char path[PATH_BYTES];
    char line[32];
    text_path(path, sizeof path, folder, "lock");
    for (;;) {
        *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (*fd < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        const int number = try_lock(*fd);
        if (number == 0 && is_still_there(*fd, path)) {
            break;
        }
        close(*fd);
        *fd = -1;
        if (number != 0) {
            return number;
        }
    }
    const int n = snprintf(line, sizeof line, "%ld\n", (long)getpid());
    if (ftruncate(*fd, 0) != 0 || output_write_at(*fd, line, (size_t)n, 0) != 0) {
        return 0; /* it is locked; who has it is a courtesy */
    }
    return 0;
}

void folder_unlock(int *fd, const char *folder)
{
    if (*fd >= 0) {
        char path[PATH_BYTES];
        text_path(path, sizeof path, folder, "lock");
        unlink(path);
        close(*fd);
        *fd = -1;
    }
}
