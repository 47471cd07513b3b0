/* SPDX-License-Identifier: MIT */
/* report.h: what the example prints. */
#ifndef SERVER_REPORT_H
#define SERVER_REPORT_H

#include "run.h"

/* One run, told in full, and what its last policy earns in n_sessions. false: something that must
 * hold does not; in lock step, that the trainer arrives where the same learner without a server
 * does. */
bool report_run(const run_options *options, int32_t n_sessions);
/* The table of docs/serving.md: every policy in the worlds of seeds 1 … n_seeds, at equal
 * decisions. */
void report_seeds(const run_options *options, int32_t n_seeds, int32_t n_sessions);

#endif
