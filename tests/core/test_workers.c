/* SPDX-License-Identifier: MIT */
#include "core/workers.h"

#include <fenv.h>
#include <float.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check_run.h"
#include "core/fpmode.h"

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

/* Runs follow one another at once and tell their own tally; a thread that is late for one run must
 * take nothing from the next. */
START_TEST(test_workers_run_every_task_once_and_return_when_all_are_done)
{
    static tally tallies[2];
    static const size_t sizes[] = {0, 1, 2, 3, 7, 100, MOST_TASKS};
    for (int32_t n_threads = 1; n_threads <= 8; n_threads = n_threads * 2) {
        rri_workers *workers = crew_of(n_threads);
        ck_assert_uint_eq(rri_workers_count(workers), (size_t)n_threads);
        uint32_t n_wrong = 0;
        for (int repeat = 0; repeat < 2000; repeat += (int)check_step(8)) {
            for (size_t q = 0; q < 2; q++) {
                memset(&tallies[q], 0, sizeof tallies[q]);
                tallies[q].n_workers = (size_t)n_threads;
                tallies[q].caller = pthread_self();
            }
            const size_t n[] = {sizes[repeat % 7], sizes[repeat / 7 % 7]};
            rri_workers_run(workers, count_task, &tallies[0], n[0]);
            rri_workers_run(workers, count_task, &tallies[1], n[1]);
            for (size_t q = 0; q < 2; q++) {
                n_wrong += tallies[q].n_wrong;
                for (size_t i = 0; i < MOST_TASKS; i++) {
                    n_wrong += tallies[q].times[i] != (i < n[q] ? 1u : 0u);
                }
            }
        }
        ck_assert_uint_eq(n_wrong, 0);
        rri_workers_destroy(workers);
    }
}
END_TEST

/* CPU time of the process for a few short runs with pauses between them. */
static double seconds_of_pauses(int32_t spin_us)
{
    static tally t;
    rri_workers *workers = crew_of(3);
    rri_workers_spin(workers, spin_us);
    const struct timespec pause = {.tv_nsec = 2000000};
    const clock_t begin = clock();
    for (int repeat = 0; repeat < 20; repeat++) {
        memset(&t, 0, sizeof t);
        t.n_workers = 3;
        t.caller = pthread_self();
        rri_workers_run(workers, count_task, &t, 50);
        for (size_t i = 0; i < 50; i++) {
            ck_assert_uint_eq(t.times[i], 1);
        }
        nanosleep(&pause, NULL);
    }
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    rri_workers_destroy(workers);
    return seconds;
}

START_TEST(test_workers_that_do_not_spin_leave_the_cores_to_others)
{
    const double of_sleepers = seconds_of_pauses(0), of_pollers = seconds_of_pauses(5000);
    ck_assert_msg(2.0 * of_sleepers < of_pollers, "%.4f s, and %.4f s polling", of_sleepers,
                  of_pollers);
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

/* Each of four tasks under way at once: a host that rounds up and keeps subnormals starts them. */
typedef struct mode_run {
    pthread_barrier_t barrier;
    volatile float tiny;
    volatile double three;
    double thirds[4];
    float halves[4];
} mode_run;

static void mode_task(void *context, size_t task, size_t worker)
{
    (void)worker;
    mode_run *run = context;
    pthread_barrier_wait(&run->barrier);
    run->halves[task] = run->tiny * 0.5f;
    run->thirds[task] = 1.0 / run->three;
}

START_TEST(test_workers_compute_in_the_mode_of_the_house)
{
    mode_run run = {.tiny = FLT_MIN, .three = 3.0};
    pthread_barrier_init(&run.barrier, NULL, 4);
    const double nearest = 1.0 / run.three;
    fesetround(FE_UPWARD);
    rri_workers *workers = crew_of(4);
    const rri_fpmode before = rri_fpmode_enter();
    rri_workers_run(workers, mode_task, &run, 4);
    rri_fpmode_leave(before);
    fesetround(FE_TONEAREST);
    rri_workers_destroy(workers);
    pthread_barrier_destroy(&run.barrier);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_double_eq(run.thirds[i], nearest);
        ck_assert_float_eq(run.halves[i], 0.0f);
    }
}
END_TEST

typedef struct slow_run {
    pthread_barrier_t barrier;
    _Atomic uint32_t n_finished;
} slow_run;

static void slow_task(void *context, size_t task, size_t worker)
{
    (void)task;
    slow_run *run = context;
    pthread_barrier_wait(&run->barrier);
    if (worker != 0) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    run->n_finished++;
}

START_TEST(test_workers_run_waits_for_the_slowest_task)
{
    slow_run run = {.n_finished = 0};
    pthread_barrier_init(&run.barrier, NULL, 2);
    rri_workers *workers = crew_of(2);
    rri_workers_run(workers, slow_task, &run, 2);
    ck_assert_uint_eq(run.n_finished, 2);
    rri_workers_destroy(workers);
    pthread_barrier_destroy(&run.barrier);
}
END_TEST

typedef struct masks {
    pthread_barrier_t barrier; /* so that every thread takes a task */
    _Atomic uint32_t n_open;
} masks;

static void mask_task(void *context, size_t task, size_t worker)
{
    (void)task;
    masks *m = context;
    pthread_barrier_wait(&m->barrier);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    const bool is_closed =
        sigismember(&blocked, SIGINT) == 1 && sigismember(&blocked, SIGTERM) == 1;
    m->n_open += worker != 0 && !is_closed ? 1u : 0u;
}

START_TEST(test_workers_take_no_signal_and_leave_the_callers_mask)
{
    masks m = {.n_open = 0};
    pthread_barrier_init(&m.barrier, NULL, 4);
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    rri_workers *workers = crew_of(4);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert_int_eq(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
    rri_workers_run(workers, mask_task, &m, 4);
    ck_assert_uint_eq(m.n_open, 0);
    rri_workers_destroy(workers);
    pthread_barrier_destroy(&m.barrier);
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

CHECK_MAIN("core/workers", test_workers_that_do_not_spin_leave_the_cores_to_others,
           test_workers_run_every_task_once_and_return_when_all_are_done,
           test_workers_run_at_the_same_time, test_workers_compute_in_the_mode_of_the_house,
           test_workers_run_waits_for_the_slowest_task,
           test_workers_take_no_signal_and_leave_the_callers_mask,
           test_workers_after_a_fork_the_child_works_alone, test_workers_that_wait_use_no_processor,
           test_workers_destroy_of_null_is_fine)
