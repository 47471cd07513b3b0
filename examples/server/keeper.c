/* SPDX-License-Identifier: MIT */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver/output.h"
#include "driver/text.h"

enum { MOST_DEATHS_IN_A_ROW = 3 };

/* dup2, again while it is interrupted. */
static bool become(int fd, int as)
{
    int got = -1;
    do {
        got = dup2(fd, as);
    } while (got < 0 && errno == EINTR);
    return got == as;
}

/* Between fork and exec nothing is done that a process with threads may not do. */
_Noreturn static void become_trainer(const keeper *k, const int to[2], const int from[2])
{
    static const char sentence[] = "server: the trainer's program cannot be started\n";
    if (become(to[0], STDIN_FILENO) && become(from[1], STDOUT_FILENO)) {
        execv(k->command[0], k->command);
    }
    output_write_at(STDERR_FILENO, sentence, sizeof sentence - 1, -1);
    _exit(EXIT_FAILURE);
}

/* The server's ends are closed in every process that it starts. */
static void start(keeper *k)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) {
        text_fail("no pipe to the trainer: %s", strerror(errno));
    }
    for (int i = 0; i < 2; i++) {
        fcntl(to[i], F_SETFD, FD_CLOEXEC);
        fcntl(from[i], F_SETFD, FD_CLOEXEC);
    }
    fflush(stdout);
    k->process = fork();
    if (k->process < 0) {
        text_fail("no process for the trainer: %s", strerror(errno));
    }
    if (k->process == 0) {
        become_trainer(k, to, from);
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
    while (waitpid(k->process, &k->status, 0) < 0 && errno == EINTR) {
        continue;
    }
}

static bool hear(keeper *k)
{
    trainer_report report;
    if (!trainer_read(k->from, &report, sizeof report)) {
        return false;
    }
    k->report = report;
    return true;
}

/* "with status 1", "by signal 9 (Killed)". */
static const char *ending(const keeper *k)
{
    static char text[96];
    if (WIFSIGNALED(k->status)) {
        snprintf(text, sizeof text, "by signal %d (%s)", WTERMSIG(k->status),
                 strsignal(WTERMSIG(k->status)));
    } else {
        snprintf(text, sizeof text, "with status %d", WEXITSTATUS(k->status));
    }
    return text;
}

_Noreturn static void give_up(const keeper *k, const char *when)
{
    text_fail("the trainer ended %s, %d times in a row, %s; what it said of it stands above. The "
              "log has all that was decided",
              ending(k), MOST_DEATHS_IN_A_ROW + 1, when);
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
            give_up(k, "when it was started");
        }
    }
}

void keeper_open(keeper *k, char *const *command)
{
    *k = (keeper){.command = command};
    start_until_it_lives(k);
}

void keeper_close(keeper *k)
{
    bury(k);
    if (k->status != 0) {
        output_complain("the trainer ended %s; what it could not write, and what became of that, "
                        "stands above",
                        ending(k));
    }
}

static void sleep_us(int64_t us)
{
    const struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

void keeper_tick(keeper *k, int64_t now, int64_t kill_after_us)
{
    for (int death = 0;; death++) {
        const bool is_told = output_write_at(k->to, &now, sizeof now, -1) == 0;
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
            give_up(k, "when it was told the time");
        }
        start_until_it_lives(k);
    }
}
