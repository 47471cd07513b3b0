/* SPDX-License-Identifier: MIT */
/* trainer.h: the process that learns. It owns nothing but a folder: the table that the server
 * writes, a checkpoint of its own, and the policy that it publishes. Killed at any moment it comes
 * back as it was at its last checkpoint, reads the table from there on, and arrives at the same
 * bytes. */
#ifndef SERVER_TRAINER_H
#define SERVER_TRAINER_H

#include "learner.h"

enum { MOST_ARMS = 2 };

typedef struct trainer_options {
    learner_options learner;
    const char *folder;
    int32_t n_arms;      /* trainers that read one table, this one's number is the learner's */
    int32_t save_every;  /* publishes between two checkpoints; 1: each publish has one before it */
    int32_t schema;      /* of the world: world_map says what became of schema 0 */
    bool is_moving;      /* the server's catalogue is in a file, and moves */
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
    uint64_t version;        /* of the agent */
    uint64_t published;      /* of the policy file */
    int64_t recognised;      /* policies that were made known: of other arms, or newer than the
                                checkpoint */
    int32_t seen[MOST_ARMS]; /* numbered policies of each arm that are known, its own included */
    int64_t refused, left_over;
    double staleness, ess, weight; /* sums over updates of the mean, the share, the largest */
    rr_stats stats;                /* of the last update */
    rr_ledger_counts counts;       /* its counters: sums over all updates */
    rr_health_report health;       /* of the last window */
} trainer_report;

/* Whether policies have numbers, and a file each, which stays: where another arm learns from their
 * rows, or where a checkpoint may be older than what was served. */
bool trainer_keeps_policies(const trainer_options *options);
/* The file of an arm's policy as it was published: `number` counts them from 1. */
void trainer_policy_path(char *out, size_t capacity, const trainer_options *options, int32_t arm,
                         int32_t number);
/* The file of an arm's checkpoint. */
void trainer_checkpoint_path(char *out, size_t capacity, const trainer_options *options,
                             int32_t arm);
/* The file of the catalogue, where it moves. */
void trainer_items_path(char *out, size_t capacity, const trainer_options *options);

/* Reads n bytes through short reads and interruptions; false: they will not come. */
bool trainer_read(int fd, void *bytes, size_t n);

/* Writes a report to `out`, reads a time from `in`, learns from what is in the table; and again,
 * until `in` is closed. A checkpoint or a policy that cannot be written is said at once; learning
 * goes on, the next tick tries again, and what was learned from stays in the table until it is in a
 * checkpoint. */
void trainer_run(const trainer_options *options, const world *w, int in, int out);

#endif
