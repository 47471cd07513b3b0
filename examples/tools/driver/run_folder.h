/* SPDX-License-Identifier: MIT */
/* run_folder.h: the folder of a run, RUNS/NAME, which no other run shares:
 *
 *     log.csv, health.csv, events.*     rows (log.h)
 *     checkpoint.safetensors            the run as it was saved last
 *     about.txt                         what was run, and where else it is saved
 *     lock                              while it runs; held by flock, so that it ends with its
 *                                       process however that ends */
#ifndef EXAMPLES_DRIVER_RUN_FOLDER_H
#define EXAMPLES_DRIVER_RUN_FOLDER_H

#include "run.h"

enum { RUN_FOLDER_PATH = 3072 };

typedef struct run_folder {
    char path[RUN_FOLDER_PATH];
    int lock;          /* −1: none */
    bool is_continued; /* it had the run's own rows when it was opened */
} run_folder;

/* What a run is to be called, and where. */
typedef struct run_folder_wish {
    const char *runs; /* --runs */
    const char *name; /* --name; NULL: the default, numbered where it is taken */
    bool is_overwrite;
} run_folder_wish;

/* Where a run's files are, for messages and for readers. */
void run_folder_checkpoint(char out[4096], const char *folder);
/* The name that a run has unless one is given: algorithm, world, the settings that differ from the
 * defaults, seed. "ppo-synthetic-lr=0.003-0" */
void run_folder_default_name(char out[256], const settings *s, const run_origin *origin);
/* Fails with NAME unless it can be that of a folder. */
void run_folder_require_name(const char *name);

/* Fails where a name that was given is taken and may not be overwritten: before much is done. */
void run_folder_require_free(const run_folder_wish *wish);
/* A folder for a new run, locked and empty. */
void run_folder_create(run_folder *f, const run_folder_wish *wish, const char *default_name);
/* Locks the folder of a run that goes on. */
void run_folder_continue(run_folder *f, const char *path);
void run_folder_close(run_folder *f);

/* What a flag names, --resume, --against: a checkpoint, the folder of a run, or the name of one.
 * checkpoint [4096] receives the file, folder [RUN_FOLDER_PATH] the run's folder or "". */
void run_folder_find(char *checkpoint, char *folder, const char *runs, const char *flag,
                     const char *what);
/* The folder under `runs` whose run saves to `checkpoint`, or has the same bytes; false: none. */
bool run_folder_of(char folder[RUN_FOLDER_PATH], const char *runs, const char *checkpoint);

#endif
