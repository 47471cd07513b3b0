/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <time.h>
#include <unistd.h>

/* One request may come as two signals: timeout(1) sends its own to the process and to its group,
 * and a terminal's goes to a whole group, whose leader passes it on. */
static const double ONE_REQUEST = 0.3; /* seconds */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_SIGNALS = sizeof signals / sizeof signals[0] };

static volatile sig_atomic_t asked = 0;
static struct timespec asked_at; /* written before `asked`, in the handler alone */
static const char *first_sentence = NULL;
static volatile pid_t processes[STOP_MOST]; /* 0: free */

static void print(const char *sentence)
{
    if (sentence != NULL) {
        const ssize_t n = write(STDERR_FILENO, sentence, strlen(sentence));
        (void)n; /* a handler has nobody to tell */
    }
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + 1e-9 * (double)(now.tv_nsec - then->tv_nsec);
}

static void hear(int number)
{
    const int before = errno;
    const bool is_second = asked != 0 && seconds_since(&asked_at) > ONE_REQUEST;
    for (int i = 0; i < STOP_MOST; i++) {
        if (processes[i] > 0) {
            kill(processes[i], number);
        }
    }
    if (is_second) {
        print(first_sentence != NULL ? "stopped at once\n" : NULL);
        _exit(128 + number);
    }
    if (asked == 0) {
        clock_gettime(CLOCK_MONOTONIC, &asked_at);
        asked = number;
        print(first_sentence);
    }
    errno = before;
}

static void set(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaddset(&action.sa_mask, signals[i]);
    }
    for (int i = 0; i < N_SIGNALS; i++) {
        struct sigaction now;
        const bool is_ignored = sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN;
        if (signals[i] != SIGHUP || !is_ignored) { /* of nohup; a shell ignores SIGINT for `&` */
            sigaction(signals[i], &action, NULL);
        }
    }
}

void stop_catch(const char *sentence)
{
    first_sentence = sentence;
    set(hear);
    signal(SIGPIPE, SIG_IGN);
}

void stop_release(void)
{
    set(SIG_DFL);
}

int stop_asked(void)
{
    return asked;
}

void stop_pass_to(pid_t process)
{
    for (int i = 0; i < STOP_MOST; i++) {
        if (processes[i] == 0) {
            processes[i] = process;
            break;
        }
    }
    if (asked != 0) {
        kill(process, asked); /* it was heard before the process was known */
    }
}

void stop_pass_no_more(pid_t process)
{
    for (int i = 0; i < STOP_MOST; i++) {
        if (processes[i] == process) {
            processes[i] = 0;
        }
    }
}

void stop_follow(pid_t parent)
{
    first_sentence = NULL; /* the parent has said it */
    for (int i = 0; i < STOP_MOST; i++) {
        processes[i] = 0;
    }
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() != parent) {
        _exit(EXIT_FAILURE); /* it ended before this was in force */
    }
}
