/* SPDX-License-Identifier: MIT */
#include "core/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check_run.h"

enum { MOST_TASKS = 5000 };

static rri_workers *crew_of(int32_t num_threads)
{
    rri_allocator allocator;
    rri_workers *workers = NULL;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_workers_create(&workers, num_threads, &allocator, NULL), RR_OK);
    return workers;
}

typedef struct tally {
    _Atomic uint32_t times[MOST_TASKS]; /* how often each task ran */
    _Atomic uint32_t is_busy[8];        /* a worker's scratch is used by one task at a time */
    _Atomic uint32_t n_wrong;
    size_t n_workers;
    pthread_t caller;
} tally;

static void count_task(void *context, size_t task, size_t worker)
{
    tally *t = context;
    if (worker >= t->n_workers || atomic_exchange(&t->is_busy[worker], 1) != 0 ||
        (worker == 0) != (pthread_equal(pthread_self(), t->caller) != 0)) {
        t->n_wrong++;
        return;
    }
    t->times[task]++;
    t->is_busy[worker] = 0;
}

START_TEST(test_workers_run_every_task_once_and_return_when_all_are_done)
{
    static tally t;
    static const size_t sizes[] = {0, 1, 2, 3, 7, 100, MOST_TASKS};
    for (int32_t n_threads = 1; n_threads <= 8; n_threads = n_threads * 2) {
        rri_workers *workers = crew_of(n_threads);
        ck_assert_uint_eq(rri_workers_count(workers), (size_t)n_threads);
        for (int repeat = 0; repeat < 400; repeat++) {
            const size_t n = sizes[repeat % 7];
            memset(&t, 0, sizeof t);
            t.n_workers = (size_t)n_threads;
            t.caller = pthread_self();
            rri_workers_run(workers, count_task, &t, n);
            uint32_t n_missed = 0;
            for (size_t i = 0; i < MOST_TASKS; i++) {
                n_missed += t.times[i] != (i < n ? 1u : 0u);
            }
            ck_assert_uint_eq(n_missed, 0);
            ck_assert_uint_eq(t.n_wrong, 0);
        }
        rri_workers_destroy(workers);
    }
}
END_TEST

/* Each task waits until as many tasks are under way at once. */
static void meet_task(void *context, size_t task, size_t worker)
{
    (void)task;
    (void)worker;
    pthread_barrier_wait(context);
}

START_TEST(test_workers_run_at_the_same_time)
{
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 4);
    rri_workers *workers = crew_of(4);
    for (int repeat = 0; repeat < 50; repeat++) {
        rri_workers_run(workers, meet_task, &barrier, 4); /* hangs unless all four come */
    }
    rri_workers_destroy(workers);
    pthread_barrier_destroy(&barrier);
}
END_TEST

static void mask_task(void *context, size_t task, size_t worker)
{
    (void)task;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (worker != 0 &&
        !(sigismember(&blocked, SIGINT) == 1 && sigismember(&blocked, SIGTERM) == 1)) {
        atomic_fetch_add((_Atomic uint32_t *)context, 1);
    }
}

START_TEST(test_workers_take_no_signal_and_leave_the_callers_mask)
{
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    rri_workers *workers = crew_of(4);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert_int_eq(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
    _Atomic uint32_t n_open = 0;
    rri_workers_run(workers, mask_task, &n_open, 1000);
    ck_assert_uint_eq(n_open, 0);
    rri_workers_destroy(workers);
}
END_TEST

START_TEST(test_workers_after_a_fork_the_child_works_alone)
{
    static tally t;
    rri_workers *workers = crew_of(4);
    const pid_t child = fork();
    if (child == 0) {
        t.n_workers = 4;
        t.caller = pthread_self();
        rri_workers_run(workers, count_task, &t, 100);
        uint32_t n_done = 0;
        for (size_t i = 0; i < 100; i++) {
            n_done += t.times[i];
        }
        rri_workers_destroy(workers);
        _exit(n_done == 100 ? 0 : 1);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    rri_workers_destroy(workers);
}
END_TEST

START_TEST(test_workers_that_wait_use_no_processor)
{
    rri_workers *workers = crew_of(4);
    const struct timespec rest = {.tv_nsec = 200000000};
    struct timespec begin, end;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    nanosleep(&rest, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    const double used =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    ck_assert_double_le(used, 0.02);
    rri_workers_destroy(workers);
}
END_TEST

START_TEST(test_workers_destroy_of_null_is_fine)
{
    rri_workers_destroy(NULL);
}
END_TEST

CHECK_MAIN("core/workers", test_workers_run_every_task_once_and_return_when_all_are_done,
           test_workers_run_at_the_same_time,
           test_workers_take_no_signal_and_leave_the_callers_mask,
           test_workers_after_a_fork_the_child_works_alone, test_workers_that_wait_use_no_processor,
           test_workers_destroy_of_null_is_fine)
