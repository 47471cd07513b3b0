/* SPDX-License-Identifier: MIT */
/* runs.h: the runs of a report: folders of train, read back, and gathered into groups of one recipe
 * with several seeds. */
#ifndef EXAMPLES_REPORT_RUNS_H
#define EXAMPLES_REPORT_RUNS_H

#include "curves.h"
#include "driver/about.h"
#include "driver/run.h"

enum { RUNS_MOST = 64, RUNS_MOST_GROUPS = 6, RUNS_MOST_WARNINGS = 32 };

typedef struct run_record {
    char folder[1024];
    char name[256];        /* of the folder */
    char checkpoint[1100]; /* the run's own copy, in its folder */
    about about;
    settings s;
    run_origin origin;
    curves log;
    int n_warnings;
    struct {
        double timesteps;
        int64_t update;
        char sentence[512];
    } warnings[RUNS_MOST_WARNINGS]; /* of the health watch, the first ones */
    int group;
} run_record;

/* Runs whose names differ in the number at their end alone: "ppo-synthetic-0", "ppo-synthetic-1".
 */
typedef struct run_group {
    char name[256];
    int n;
    int members[RUNS_MOST]; /* runs, in the order given */
} run_group;

typedef struct runs {
    int n, n_groups;
    run_record at[RUNS_MOST];
    run_group groups[RUNS_MOST_GROUPS];
} runs;

/* Reads a run by its folder, or by its name in the folder `where`; fails with the name, and with
 * that of a run which was probably meant. */
void runs_add(runs *r, const char *where, const char *what);
/* "PPO": the algorithm of a group. */
const char *runs_algo(const runs *r, int group);
/* What a group's curve is called: "PPO", and the group's name where another has its algorithm. */
void runs_label(char out[320], const runs *r, int group);
void runs_close(runs *r);
/* Updates over which a curve is averaged: those that make one whole session at least. */
int runs_window(const run_record *record);

#endif
