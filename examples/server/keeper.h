/* SPDX-License-Identifier: MIT */
/* keeper.h: starts the trainer's process, tells it the time, and starts it again when it died. */
#ifndef SERVER_KEEPER_H
#define SERVER_KEEPER_H

#include <sys/types.h>

#include "trainer.h"

typedef struct keeper {
    char *const *command; /* of the trainer; ends in NULL */
    pid_t process;
    int to, from;
    int status;            /* of the process that ended last, as waitpid has it */
    trainer_report report; /* the last one */
    int32_t n_starts;
} keeper;

/* Waits until the trainer has published its first policy. Signals are not passed on to it: it ends
 * when the server has told it the last time, however the server ends. */
void keeper_open(keeper *k, char *const *command);
/* Lets the trainer end by itself; complains where it says that something was lost. */
void keeper_close(keeper *k);
/* Tells the time and waits for the report, over as many deaths as there are. kill_after_us ≥ 0:
 * kills the trainer that long after it was told. */
void keeper_tick(keeper *k, int64_t now, int64_t kill_after_us);

#endif
