/* SPDX-License-Identifier: MIT */
#include "keeper.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

enum { MOST_DEATHS_IN_A_ROW = 3 };

/* Between fork and exec nothing is done that a process with threads may not do. */
static void start(keeper *k)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) {
        give_up("trainer", "no pipe");
    }
    k->process = fork();
    if (k->process < 0) {
        give_up("trainer", "no process");
    }
    if (k->process == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]);
        close(to[1]);
        close(from[0]);
        close(from[1]);
        execv(k->command[0], k->command);
        _exit(EXIT_FAILURE);
    }
    close(to[0]);
    close(from[1]);
    k->to = to[1];
    k->from = from[0];
    k->n_starts++;
}

static void bury(keeper *k)
{
    close(k->to);
    close(k->from);
    waitpid(k->process, NULL, 0);
}

static bool hear(keeper *k)
{
    trainer_report report;
    if (read(k->from, &report, sizeof report) != (ssize_t)sizeof report) {
        return false;
    }
    k->report = report;
    return true;
}

static bool start_and_hear(keeper *k)
{
    start(k);
    if (hear(k)) {
        return true;
    }
    bury(k);
    return false;
}

static void start_until_it_lives(keeper *k)
{
    for (int death = 0; !start_and_hear(k); death++) {
        if (death == MOST_DEATHS_IN_A_ROW) {
            give_up("trainer", "it dies whenever it is started");
        }
    }
}

void keeper_open(keeper *k, char *const *command)
{
    *k = (keeper){.command = command};
    signal(SIGPIPE, SIG_IGN);
    start_until_it_lives(k);
}

void keeper_close(keeper *k)
{
    bury(k);
}

static void sleep_us(int64_t us)
{
    const struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

void keeper_tick(keeper *k, int64_t now, int64_t kill_after_us)
{
    for (int death = 0;; death++) {
        const bool is_told = write(k->to, &now, sizeof now) == (ssize_t)sizeof now;
        if (death == 0 && kill_after_us >= 0) {
            sleep_us(kill_after_us);
            kill(k->process, SIGKILL);
            bury(k); /* whatever it has said is not heard */
        } else if (is_told && hear(k)) {
            return;
        } else {
            bury(k);
        }
        if (death == MOST_DEATHS_IN_A_ROW) {
            give_up("trainer", "it dies whenever it is told the time");
        }
        start_until_it_lives(k);
    }
}
