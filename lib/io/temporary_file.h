/* SPDX-License-Identifier: MIT */
/* temporary_file.h: the file beside a path that is written before it takes the path's name.
 *
 * It is called NAME.<16 hex digits>.tmp and locked (flock) for as long as its descriptor is open.
 * Who is killed while writing leaves one that nobody locks: the next save to that path removes it.
 * Process ids play no part; containers that share a folder share them too. */
#ifndef RRI_IO_TEMPORARY_FILE_H
#define RRI_IO_TEMPORARY_FILE_H

#include <stdbool.h>

enum { RRI_TEMPORARY_FILE_PATH = 4096 }; /* bytes of its path, with the 0 */

/* A new file beside `target`, locked, and its path; the descriptor, or −1 with errno. A file system
 * without locks gives an unlocked one, which nobody clears. mode as of open(2). */
int rri_temporary_file_create(char path[RRI_TEMPORARY_FILE_PATH], const char *target,
                              unsigned mode);

/* Removes those beside `target` whose lock can be had, and what cannot be removed stays. Reads the
 * folder once. */
void rri_temporary_file_clear(const char *target);

/* The folder of a path: "." where it names none. */
void rri_temporary_file_folder(char folder[RRI_TEMPORARY_FILE_PATH], const char *path);

/* Whether the path still names the file that the descriptor has open. */
bool rri_temporary_file_is_at(const char *path, int fd);

#endif
