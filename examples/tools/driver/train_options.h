/* SPDX-License-Identifier: MIT */
/* train_options.h: what train is told: its own options, its settings, and where its files go. */
#ifndef EXAMPLES_DRIVER_TRAIN_OPTIONS_H
#define EXAMPLES_DRIVER_TRAIN_OPTIONS_H

#include "flags.h"
#include "run.h"
#include "run_folder.h"

typedef struct train_options {
    const char *algo, *world, *data, *name, *resume, *checkpoint, *stop_after, *seeds, *jobs;
    const char *columns, *separator, *header, *quotes, *comment, *positive; /* of reading a file */
    const char *vectors, *reward_scale, *save_vectors, *memory_limit;
    const char *runs, *checkpoint_every, *checkpoint_seconds;
    bool skips_incomplete, is_json, is_quiet, is_dump, has_board, is_overwrite, has_no_checkpoint,
        has_no_report;
    bool is_of_batch; /* one of --seeds */
    /* What --resume names: its file, and the run's folder, "" where it is none. */
    char from[4096];
    char from_folder[RUN_FOLDER_PATH];
} train_options;

/* Where a run is kept. */
typedef struct train_place {
    run_folder folder;
    char own[4096];    /* the checkpoint in it */
    char other[4096];  /* --checkpoint, or the file that was resumed; "": none */
    char latest[4096]; /* a copy at the end, which later runs replace; "": none */
} train_place;

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
/* Makes the folder of a new run, or takes that of the one that goes on: as told, else where the run
 * has them. */
void train_options_place(train_place *place, const train_options *o, run_origin *origin,
                         const settings *s);

#endif
