/* SPDX-License-Identifier: MIT */
/* seeds.h: one recipe with several seeds, each in a process of its own, and what they come to. */
#ifndef EXAMPLES_DRIVER_SEEDS_H
#define EXAMPLES_DRIVER_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

enum { SEEDS_MOST = 1000 };

/* "0-9" or "3,5,8": seeds [SEEDS_MOST]; returns their number, or fails with the flag's name. */
int seeds_parse(uint64_t *seeds, const char *spec);

/* Starts a process for each seed, at most n_jobs at a time (0: as many as there are processors). In
 * a child it returns that child's seed, with stdout going to the parent, who expects one line of
 * JSON with "share", "yardstick", "reward_per_step", "seconds", "warnings" and "interrupted". The
 * parent prints the summary, and never returns: its status is 1 if any child failed, and it names
 * them. Signals that end a run are passed on to the children; a parent that ends takes them along.
 */
uint64_t seeds_run(const uint64_t *seeds, int n, int n_jobs, bool is_json, bool is_quiet);

/* Mean of the middle half: a quarter of the sorted values is left out at each end, in fractions. */
double seeds_interquartile_mean(const double *sorted, int n);

#endif
