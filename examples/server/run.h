/* SPDX-License-Identifier: MIT */
/* run.h: the server: slices of simulated time in which requests are answered and what came back is
 * committed, and between two slices the trainer is told the time and its policy is published. */
#ifndef SERVER_RUN_H
#define SERVER_RUN_H

#include "feed.h"
#include "keeper.h"

typedef struct run_options {
    trainer_options trainer;
    feed_options feed;
    int32_t n_decisions; /* after which nobody new comes */
    int32_t n_changed;   /* items that go, and that come, before each slice; 0: none */
    int32_t n_threads;
    int32_t n_kills; /* times that the trainer is killed at random */
    int64_t slice;   /* between two publishes */
    int64_t restart; /* time at which server and trainers begin anew from files; −1: never */
    int64_t schema_change; /* time at which columns change their meaning; −1: never */
    int64_t rollback; /* time at which the last policy but one is served for an hour; −1: never */
    int32_t metrics; /* port at which figures are served to this machine; 0: a free one; −1: none */
    char *const *trainer_command;
} run_options;

typedef struct run_result {
    int64_t decisions, rewards, endings; /* rows that came into the table */
    int64_t unread[MOST_ARMS];           /* decisions that a trainer has not come to */
    int64_t lost, doubled, starts, publishes, rollbacks, restarts;
    int64_t generations;  /* of the catalogue, after the first */
    int64_t n_retries;    /* times that a full log was tried again */
    int64_t bytes;        /* of the table on disk */
    double acts_a_second; /* of all threads, drawing requests not counted; NaN: none was served */
    bool is_interrupted;  /* a signal asked for the end, or nobody reads standard output any more */
    int32_t n_arms, schema;
    trainer_report reports[MOST_ARMS]; /* of each trainer */
} run_result;

/* Whether the program is asked to end. */
bool run_is_asked_to_end(void);

/* w moves on where its catalogue does. Ends when every decision has been trained on, or was
 * refused, or is one of a rest too small for an update; or behind the slice in which it is asked to
 * end. The log, the trainer's checkpoint and its policy stay in its folder. A log that cannot be
 * written is tried again for ten seconds, in which nothing is served: what is not in the log has
 * not been decided. */
run_result run_server(const run_options *options, world *w);

#endif
