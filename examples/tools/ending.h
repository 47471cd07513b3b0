/* SPDX-License-Identifier: MIT */
/* ending.h: how train ends: the verdict, where everything lies, and what to do next. */
#ifndef EXAMPLES_ENDING_H
#define EXAMPLES_ENDING_H

#include "driver/run.h"
#include "driver/train_options.h"

/* A run that is over. */
typedef struct ending {
    const run *r;
    const world *w;
    const train_options *o;
    const char *program;    /* as it was called: "build/examples/train" */
    const char *folder;     /* of the run */
    const char *checkpoint; /* "": it was not saved */
    float patience;         /* of the yardstick in a world with the leave rule */
    double seconds;         /* of training */
    int64_t n_steps;        /* decisions in this process */
    int n_warnings;
    bool is_interrupted;
} ending;

/* What the health watch still says, sentence by sentence; "" where it says nothing. */
void ending_illness(char *out, size_t capacity, const run *r);
/* Plays the sessions in which evaluate and report judge too, of users that were never trained on,
 * and says what came of the run; writes the run's page. A page that cannot be written is said, and
 * the process ends with status 1. */
void ending_tell(const ending *e);

#endif
