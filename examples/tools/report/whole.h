/* SPDX-License-Identifier: MIT */
/* whole.h: the page of some runs, from their folders to the file. report writes it for runs that
 * it is given, train for the run that ends. */
#ifndef EXAMPLES_REPORT_WHOLE_H
#define EXAMPLES_REPORT_WHOLE_H

#include "runs.h"

typedef struct report_plan {
    const char *out;
    const char *title;
    const char *curve;  /* a picture of its own; NULL: none */
    int n_sessions;     /* 0: as train and evaluate */
    int64_t n_rows;     /* on which linear learners are trained beside the runs; 0: none are */
    const world *world; /* the runs' world, open; NULL: it is opened again */
} report_plan;

/* Plays, and writes the page beside its place before it takes it. Ends the process with a sentence
 * where that fails. */
void report_write(const report_plan *plan, const runs *r);

#endif
