/* SPDX-License-Identifier: MIT */
/* report.h: what the example prints. */
#ifndef SERVER_REPORT_H
#define SERVER_REPORT_H

#include "run.h"

/* One run, told in full (is_json: as one line of JSON), and what its last policy earns in
 * n_sessions. Complains where something that must hold does not; in lock step, that the trainer
 * arrives where the same learner without a server does. */
void report_run(const run_options *options, int32_t n_sessions, bool is_json);
/* The table of docs/serving.md: every policy in the worlds of seeds 1 … n_seeds, at equal
 * decisions. Asked to end, it tells of the seeds that are whole. */
void report_seeds(const run_options *options, int32_t n_seeds, int32_t n_sessions);
/* Fails where the folder has the log of another run: its decision ids would come again, and the
 * table would take none of them. */
void report_require_unused(const char *folder);

#endif
