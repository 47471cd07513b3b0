/* SPDX-License-Identifier: MIT */
/* A signal asks, and another one a moment later ends the process at once; two within 0.3 seconds
 * are one request. The clock is the test's. */
#define _DEFAULT_SOURCE /* syscall */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../support/check_run.h"
#include "driver/stop.h"

/* Seconds, in a child; 0: the machine's clock. Volatile, since a handler reads it that the compiler
 * does not know of. */
static volatile double now;

/* In place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *at)
{
    if (now == 0.0) {
        return (int)syscall(SYS_clock_gettime, clock, at);
    }
    at->tv_sec = (time_t)now;
    at->tv_nsec = (long)((now - (double)at->tv_sec) * 1e9);
    return 0;
}

/* Signals in a child, each at its second; the child ends by itself with status 7. Returns its
 * status, and in said [64] what it printed. */
static int play(char said[64], const char *sentence, const int *signals, const double *seconds,
                int n)
{
    int ends[2];
    int status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        stop_catch(sentence);
        for (int i = 0; i < n; i++) {
            now = 1000.0 + seconds[i];
            raise(signals[i]);
        }
        _exit(stop_asked() == signals[0] ? 7 : 8);
    }
    ck_assert_int_gt(child, 0);
    close(ends[1]);
    size_t used = 0;
    ssize_t got = 0;
    while (used < 63 && (got = read(ends[0], said + used, 63 - used)) > 0) {
        used += (size_t)got;
    }
    said[used] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(test_stop_the_first_signal_asks_and_is_heard)
{
    char said[64];
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const double at[] = {0.0};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(play(said, "heard\n", &signals[i], at, 1), 7);
        ck_assert_str_eq(said, "heard\n");
    }
}
END_TEST

START_TEST(test_stop_signals_within_a_third_of_a_second_are_one_request)
{
    char said[64];
    const int signals[] = {SIGTERM, SIGTERM, SIGINT};
    const double at[] = {0.0, 0.1, 0.299};
    ck_assert_int_eq(play(said, "heard\n", signals, at, 3), 7);
    ck_assert_str_eq(said, "heard\n");
}
END_TEST

START_TEST(test_stop_a_later_one_ends_at_once)
{
    char said[64];
    const int signals[] = {SIGINT, SIGINT, SIGTERM};
    const double at[][3] = {{0.0, 0.301, 0.0}, {0.0, 3600.0, 0.0}, {0.0, 0.2, 0.4}};
    const int expected[] = {128 + SIGINT, 128 + SIGINT, 128 + SIGTERM};
    const int n[] = {2, 2, 3};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(play(said, "heard\n", signals, at[i], n[i]), expected[i]);
        ck_assert_str_eq(said, "heard\nstopped at once\n");
    }
    ck_assert_int_eq(play(said, NULL, signals, at[0], 2), 128 + SIGINT);
    ck_assert_str_eq(said, ""); /* a seed of a batch: its parent has said it */
}
END_TEST

CHECK_MAIN("drivers/stop", test_stop_the_first_signal_asks_and_is_heard,
           test_stop_signals_within_a_third_of_a_second_are_one_request,
           test_stop_a_later_one_ends_at_once)
