/* SPDX-License-Identifier: MIT */
/* trainer.h: the process that learns. It owns nothing but a folder: the table that the server
 * writes, a checkpoint of its own, and the policy that it publishes. Killed at any moment it comes
 * back as it was at its last checkpoint, reads the table from there on, and arrives at the same
 * bytes. */
#ifndef SERVER_TRAINER_H
#define SERVER_TRAINER_H

#include "learner.h"

typedef struct trainer_options {
    learner_options learner;
    const char *folder;
    int32_t max_rows; /* of the buffer: what is open, waits or is ready */
    int64_t reward_wait;
} trainer_options;

/* What the trainer has done, told at the start and after each tick. */
typedef struct trainer_report {
    int64_t now, updates;
    uint64_t version;
    rr_buffer_counts counts;
    double staleness, ess, weight; /* sums over updates of the mean, the share, the largest */
    int64_t refused;
} trainer_report;

/* Writes a report to `out`, reads a time from `in`, learns from what is in the table; and again,
 * until `in` is closed. */
void trainer_run(const trainer_options *options, const world *w, int in, int out);

#endif
