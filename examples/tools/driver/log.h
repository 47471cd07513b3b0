/* SPDX-License-Identifier: MIT */
/* log.h: runs/<name>/log.csv, a row every log_interval updates with all of rr_stats. Times of the
 * clock are left out, so that the logs of two equal runs are equal. */
#ifndef EXAMPLES_DRIVER_LOG_H
#define EXAMPLES_DRIVER_LOG_H

#include <stdio.h>

#include "events.h"
#include "run.h"

/* Begins a file, or, with n_updates > 0, goes on behind the row of that update; later rows are cut
 * off. */
FILE *log_open(const char *path, int64_t n_updates);
/* One row of the run's last update, and the same to TensorBoard where `board` is not NULL.
 * oracle_reward: a step of the best known play. */
void log_write(FILE *out, events *board, const run *r, double oracle_reward);

/* runs/<name>/health.csv: a row for each warning of the health watch, for the report's marks. The
 * watch is no part of a checkpoint: a resumed run begins a window anew. */
FILE *log_open_warnings(const char *path, int64_t n_updates);
void log_write_warnings(FILE *out, const run *r);

#endif
