/* SPDX-License-Identifier: MIT */
/* train_options.h: what train is told: its own options, its settings, and where its files go. */
#ifndef EXAMPLES_DRIVER_TRAIN_OPTIONS_H
#define EXAMPLES_DRIVER_TRAIN_OPTIONS_H

#include "flags.h"
#include "run.h"

typedef struct train_options {
    const char *algo, *world, *data, *name, *resume, *checkpoint, *stop_after, *seeds, *jobs;
    const char *vectors, *reward_scale, *save_vectors, *memory_limit;
    bool is_json, is_quiet, is_help, is_dump, has_board;
} train_options;

/* Reads argv; prints the help and exits where that is asked for. */
void train_options_read(train_options *o, flags_fields *fields, int argc, char **argv);
/* The settings of a new run, or of the one that --resume names. */
void train_options_settings(settings *s, run_origin *origin, const train_options *o,
                            const flags_fields *fields);
/* With --seeds: returns in a process a seed, which is told its seed, its names and where to print;
 * the first process prints the summary and ends. */
void train_options_run_seeds(train_options *o, flags_fields *fields);
/* The run's flags as a file for --config. */
void train_options_dump(const settings *s, const run_origin *origin);
/* Where the run's folder and its checkpoint are: as told, else where the resumed run has them. */
void train_options_paths(char *folder, char *checkpoint, size_t capacity, const train_options *o,
                         run_origin *origin, const settings *s, const world *w);

#endif
