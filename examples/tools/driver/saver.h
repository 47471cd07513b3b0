/* SPDX-License-Identifier: MIT */
/* saver.h: checkpoints of a run on its way and at its end. The one before stays until the next is
 * whole. A save that fails is said at once, and the run goes on; its end has status 1. */
#ifndef EXAMPLES_DRIVER_SAVER_H
#define EXAMPLES_DRIVER_SAVER_H

#include "log.h"
#include "run.h"

typedef struct saver {
    const run *r;
    const run_origin *origin;
    run_log *log;     /* synced before each checkpoint, whose rows it must have; NULL: none yet */
    bool is_off;      /* --no-checkpoint */
    char own[4096];   /* in the run's folder */
    char other[4096]; /* --checkpoint; "": none */
    int64_t every;    /* updates; 0: by time alone */
    double seconds;   /* at most, between two; 0: by updates alone */
    /* What is known of the saves so far. */
    double pause, last, cost; /* seconds: until the next one, when the last one was, that it took */
    int64_t n_updates;        /* at the last whole one; −1: none */
} saver;

/* The first save by time comes after a second, the next after two, … up to `seconds`: an early end
 * loses little. Saves take at most a twentieth of the time. */
void saver_begin(saver *v);
/* Behind each update; whether there is a new checkpoint. */
bool saver_update(saver *v);
/* A checkpoint of now, unless the last one is. False: it could not be saved, which was said. */
bool saver_save(saver *v);
/* The same, of the folder alone: of a run that has learned nothing yet. */
bool saver_save_own(saver *v);

#endif
