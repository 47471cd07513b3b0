/* SPDX-License-Identifier: MIT */
/* log.h: what a run writes of itself in its folder, row by row:
 *
 *     log.csv      a row every log_interval updates with all of rr_stats. Times of the clock are
 *                  left out, so that the logs of two equal runs are equal
 *     health.csv   a row for each warning of the health watch, for the report's marks. The watch is
 *                  no part of a checkpoint: a resumed run begins a window anew
 *     events.*     the log for TensorBoard, where that is asked for (events.h) */
#ifndef EXAMPLES_DRIVER_LOG_H
#define EXAMPLES_DRIVER_LOG_H

#include "events.h"
#include "row_file.h"
#include "run.h"

typedef struct run_log {
    row_file rows, warnings;
    events board;
    bool has_board;
    int64_t had_updates; /* of the last row that was there, kept or cut off */
} run_log;

/* Begins the files, or goes on with those of a run of which n_updates updates and n_timesteps
 * timesteps are behind: later rows are cut off. A folder with event files gets another one. */
void log_open(run_log *log, const char *folder, const run *r, bool has_board);
/* One row of the run's last update. oracle_reward: a step of the one-step oracle. */
void log_write(run_log *log, const run *r, double oracle_reward);
void log_write_warnings(run_log *log, const run *r);
/* All rows so far are to survive a power cut. */
void log_sync(run_log *log);
void log_close(run_log *log);

#endif
