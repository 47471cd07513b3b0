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
    bool is_pruned;      /* what was learned from leaves the table */
    int64_t reward_wait; /* after its decision a reward is final */
    int64_t silence;     /* between the last decision of a session and its ending */
} trainer_options;

/* How far the trainer has come: told at the start and after each tick, and kept in its checkpoint.
 */
typedef struct trainer_report {
    int64_t last; /* ending read last: all sessions up to it have been learned from, none
                     after it */
    int64_t updates;
    uint64_t version;   /* of the agent */
    uint64_t published; /* of the policy file */
    int64_t refused, left_over;
    double staleness, ess, weight; /* sums over updates of the mean, the share, the largest */
    rr_stats stats;                /* of the last update */
    rr_ledger_counts counts;       /* its counters: sums over all updates */
    rr_health_report health;       /* of the last window */
} trainer_report;

/* Reads n bytes through short reads and interruptions; false: they will not come. */
bool trainer_read(int fd, void *bytes, size_t n);

/* Writes a report to `out`, reads a time from `in`, learns from what is in the table; and again,
 * until `in` is closed. A checkpoint or a policy that cannot be written is said at once; learning
 * goes on, the next tick tries again, and what was learned from stays in the table until it is in a
 * checkpoint. */
void trainer_run(const trainer_options *options, const world *w, int in, int out);

#endif
