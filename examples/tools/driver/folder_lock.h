/* SPDX-License-Identifier: MIT */
/* folder_lock.h: a folder that one process has for itself: FOLDER/lock, held by flock, so that it
 * ends with its process however that ends. Children do not inherit it. */
#ifndef EXAMPLES_DRIVER_FOLDER_LOCK_H
#define EXAMPLES_DRIVER_FOLDER_LOCK_H

/* *fd receives what holds it, -1 where it is not held. 0, EWOULDBLOCK where another process has it,
 * or another errno. */
int folder_lock(int *fd, const char *folder);
/* Who holds it: the number in the lock; 0: unknown. */
long folder_lock_holder(const char *folder);
/* Removes it; *fd is -1 then. */
void folder_unlock(int *fd, const char *folder);

#endif
