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
    int32_t n_threads;
    int32_t n_kills;  /* times that the trainer is killed at random */
    int64_t slice;    /* between two publishes */
    int64_t rollback; /* time at which the last policy but one is served for an hour; −1: never */
    char *const *trainer_command;
} run_options;

typedef struct run_result {
    int64_t decisions, rewards, endings; /* rows that came into the table */
    int64_t unread;                      /* decisions that the trainer has not come to */
    int64_t lost, doubled, starts, publishes, rollbacks;
    int64_t bytes;        /* of the table on disk */
    double acts_a_second; /* of all threads, drawing requests not counted */
    trainer_report report;
} run_result;

/* Ends when every decision has been trained on, or was refused, or is one of a rest too small for
 * an update. The trainer's checkpoint and policy stay in its folder. */
run_result run_server(const run_options *options, const world *w);

#endif
