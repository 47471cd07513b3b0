/* SPDX-License-Identifier: MIT */
/* output.h: what a driver prints and writes arrives, or its exit status says that it did not.
 *
 * stdio keeps an error until somebody asks: a program that prints to a full disk and ends with
 * status 0 has lied. Here every stream is asked when the program ends, and a run that goes on after
 * a failed write remembers it until then. */
#ifndef EXAMPLES_DRIVER_OUTPUT_H
#define EXAMPLES_DRIVER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* First of all in main: standard streams that are closed are made to fail, not to be the next file
 * that is opened; at the end of the process stdout and stderr are asked whether all was written. */
void output_begin(void);

/* Prints a sentence on stderr at once; the process ends with status 1 whatever comes. */
void output_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, for what is no failure. */
void output_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In a child process: what failed before it began is its parent's to own up to. */
void output_forget(void);

/* Flushes stdout; where that fails, complains the first time. */
void output_check(void);
/* Whether nobody reads stdout any more: a pipe whose reader has ended, a terminal that is gone. */
bool output_is_gone(void);

/* Writes all n bytes at an offset, through short writes and interruptions; 0 or an errno. */
int output_write_at(int fd, const void *bytes, size_t n, long long offset);
/* fsync, again while it is interrupted; 0 or an errno. What cannot be synced (a pipe) is left. */
int output_sync(int fd);

/* A text file as a whole: what is printed to the stream is in memory until output_commit writes it
 * beside `path`, syncs it and renames it: the path has the old file or the new one. Devices and
 * pipes are written to as they are. output_commit fails with the path and the reason;
 * output_finish returns 0 or an errno. */
typedef struct output_file {
    const char *path; /* borrowed */
    FILE *out;
    char *text;
    size_t bytes;
} output_file;

FILE *output_open(output_file *file, const char *path);
int output_finish(output_file *file);
void output_commit(output_file *file);

#endif
