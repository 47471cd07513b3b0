/* SPDX-License-Identifier: MIT */
/* about.h: runs/<name>/about.txt, one fact a line: what the run's log does not say, because it
 * would differ between two equal runs.
 *
 *     checkpoint checkpoints/ppo.safetensors    where it was saved for whoever serves it
 *     machine AMD EPYC 9R14
 *     kernels avx512, tiles blis, numbers x86-64-fma, 2 threads
 *     seconds 1.34
 *     version 0.1.0 (commit 1a2b3c4)
 *     date 2026-01-31 12:00 UTC
 *     command train --algo ppo
 *     illness …                                 what the health watch said at the end */
#ifndef EXAMPLES_DRIVER_ABOUT_H
#define EXAMPLES_DRIVER_ABOUT_H

typedef struct about {
    char checkpoint[4096];
    char machine[256];
    char kernels[256];
    double seconds; /* of training in the process that wrote this */
    char version[64];
    char date[32];
    char command[2048];
    char illness[1024]; /* "": none */
} about;

/* The machine and the kernels of this process. */
void about_describe(about *a, int n_threads);
/* What cannot be written is said, and ends nothing. */
void about_write(const about *a, const char *path);
/* Fails where the file is not there, or names no checkpoint. */
void about_read(about *a, const char *path);

#endif
