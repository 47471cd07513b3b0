/* SPDX-License-Identifier: MIT */
/* workers.c: tasks are handed out one by one through tickets that name the run they belong to.
 *
 *   ticket = run number (32 bits) · next task (32 bits)
 *
 * The tasks of a run are cut into as many ranges as there are threads, with a ticket each. A thread
 * begins with its own range, so that what is touched in each run lies in the cache of the same
 * core, and then helps with the others'. It takes a task by raising the range's ticket, and only
 * while that still names the run whose job it has read; so a thread that wakes up late takes
 * nothing from the next run. The caller works too, and waits for tasks taken, never for threads: a
 * thread that has not woken up delays nobody. */
#include "core/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "core/fpmode.h"
#include "core/status.h"

typedef struct worker {
    rri_workers *crew; /* borrowed: the crew owns this */
    size_t index;
    pthread_t thread;
    _Atomic uint64_t ticket; /* of its range */
    char gap[64];            /* so that no two tickets share a line of the cache */
} worker;

typedef struct job {
    rri_task *task;
    void *context;
    uint32_t n_tasks;
    uint32_t run;
} job;

struct rri_workers {
    rri_allocator allocator;
    size_t bytes; /* of this block */
    size_t count; /* threads, the caller among them */
    pid_t owner;  /* a fork has no threads but its own */

    pthread_mutex_t mutex; /* guards the three below */
    job current;
    bool is_stopping;
    bool is_caller_asleep;
    pthread_cond_t work, done;

    _Atomic int32_t n_polls; /* before sleeping */
    _Atomic uint32_t n_done;
    worker threads[]; /* [count]; entry 0 is the caller's and has no thread */
};

/* Threads poll before they sleep, for several times what it takes to wake one, so that one that
 * woke up late falls into step with the runs of an update, and nobody sleeps while the last task of
 * a run is being worked on. It is over soon where nothing follows. */
enum { POLLS_OF_A_MICROSECOND = 40 };

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static uint32_t run_of(uint64_t ticket)
{
    return (uint32_t)(ticket >> 32);
}

/* The first task of a thread's range; that of the thread behind the last: the end. */
static uint32_t range_begin(const rri_workers *crew, const job *j, size_t owner)
{
    return (uint32_t)((uint64_t)j->n_tasks * owner / crew->count);
}

/* Takes and does tasks of one range of `j` until none is left. */
static void work_on_range(rri_workers *crew, const job *j, size_t owner, size_t index)
{
    _Atomic uint64_t *next = &crew->threads[owner].ticket;
    const uint32_t end = range_begin(crew, j, owner + 1);
    uint64_t ticket = atomic_load_explicit(next, memory_order_acquire);
    while (run_of(ticket) == j->run && (uint32_t)ticket < end) {
        if (!atomic_compare_exchange_weak_explicit(next, &ticket, ticket + 1, memory_order_acq_rel,
                                                   memory_order_acquire)) {
            continue;
        }
        j->task(j->context, (uint32_t)ticket, index);
        const uint32_t n_done =
            atomic_fetch_add_explicit(&crew->n_done, 1, memory_order_acq_rel) + 1;
        if (n_done == j->n_tasks && index != 0) {
            pthread_mutex_lock(&crew->mutex);
            if (crew->is_caller_asleep) {
                pthread_cond_signal(&crew->done);
            }
            pthread_mutex_unlock(&crew->mutex);
        }
        ticket = atomic_load_explicit(next, memory_order_acquire);
    }
}

static void work_on(rri_workers *crew, const job *j, size_t index)
{
    for (size_t i = 0; i < crew->count; i++) {
        work_on_range(crew, j, (index + i) % crew->count, index);
    }
}

/* Waits for a run other than `last`; false when the crew is dismissed. */
static bool next_job(job *j, const worker *self, uint32_t last)
{
    rri_workers *crew = self->crew;
    const int32_t n_polls = atomic_load_explicit(&crew->n_polls, memory_order_relaxed);
    for (int32_t i = 0; i < n_polls; i++) {
        if (run_of(atomic_load_explicit(&self->ticket, memory_order_acquire)) != last) {
            break;
        }
        relax();
    }
    pthread_mutex_lock(&crew->mutex);
    while (!crew->is_stopping && crew->current.run == last) {
        pthread_cond_wait(&crew->work, &crew->mutex);
    }
    *j = crew->current;
    const bool is_stopping = crew->is_stopping;
    pthread_mutex_unlock(&crew->mutex);
    return !is_stopping;
}

static void *worker_main(void *argument)
{
    const worker *self = argument;
    job j = {0};
    rri_fpmode_set();
    while (next_job(&j, self, j.run)) {
        work_on(self->crew, &j, self->index);
    }
    return NULL;
}

/* Tells the first n_started threads to leave, and waits for them. */
static void dismiss(rri_workers *crew, size_t n_started)
{
    pthread_mutex_lock(&crew->mutex);
    crew->is_stopping = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->mutex);
    for (size_t i = 1; i <= n_started; i++) {
        pthread_join(crew->threads[i].thread, NULL);
    }
    pthread_cond_destroy(&crew->done);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->mutex);
}

/* Starts count − 1 threads with every signal blocked; returns how many the system gave. */
static size_t start_threads(rri_workers *crew)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    size_t n_started = 0;
    for (size_t i = 1; i < crew->count; i++) {
        crew->threads[i].crew = crew;
        crew->threads[i].index = i;
        if (pthread_create(&crew->threads[i].thread, NULL, worker_main, &crew->threads[i]) != 0) {
            break;
        }
        n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n_started;
}

size_t rri_workers_memory(int32_t num_threads)
{
    return sizeof(rri_workers) + (size_t)num_threads * sizeof(worker);
}

rr_status rri_workers_create(rri_workers **out, int32_t num_threads, const rri_allocator *allocator,
                             rr_error *err)
{
    const size_t count = (size_t)num_threads;
    const size_t bytes = rri_workers_memory(num_threads);
    void *block = NULL;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, "worker threads", err));

    rri_workers *crew = block;
    crew->allocator = *allocator;
    crew->bytes = bytes;
    crew->count = count;
    crew->owner = getpid();
    rri_workers_spin(crew, RRI_WORKERS_SPIN_US);
    if (count > 1) {
        pthread_mutex_init(&crew->mutex, NULL);
        pthread_cond_init(&crew->work, NULL);
        pthread_cond_init(&crew->done, NULL);
        const size_t n_started = start_threads(crew);
        if (n_started < count - 1) {
            dismiss(crew, n_started);
            rri_memory_release(allocator, crew, bytes);
            RRI_FAIL(err, RR_E_THREAD, "num_threads is %d; the system gave only %zu",
                     (int)num_threads, n_started + 1);
        }
    }
    *out = crew;
    return RR_OK;
}

void rri_workers_destroy(rri_workers *workers)
{
    if (workers == NULL) {
        return;
    }
    if (workers->count > 1 && getpid() == workers->owner) {
        dismiss(workers, workers->count - 1);
    }
    const rri_allocator allocator = workers->allocator;
    rri_memory_release(&allocator, workers, workers->bytes);
}

static void wait_until_done(rri_workers *crew, uint32_t n_tasks)
{
    const int32_t n_polls = atomic_load_explicit(&crew->n_polls, memory_order_relaxed);
    for (int32_t i = 0; i < n_polls; i++) {
        if (atomic_load_explicit(&crew->n_done, memory_order_acquire) == n_tasks) {
            return;
        }
        relax();
    }
    pthread_mutex_lock(&crew->mutex);
    crew->is_caller_asleep = true;
    while (atomic_load_explicit(&crew->n_done, memory_order_acquire) != n_tasks) {
        pthread_cond_wait(&crew->done, &crew->mutex);
    }
    crew->is_caller_asleep = false;
    pthread_mutex_unlock(&crew->mutex);
}

/* At most UINT32_MAX tasks: the half of a ticket. */
static void run_shared(rri_workers *crew, rri_task *task, void *context, uint32_t n_tasks)
{
    pthread_mutex_lock(&crew->mutex);
    const job j = {task, context, n_tasks, crew->current.run + 1};
    crew->current = j;
    atomic_store_explicit(&crew->n_done, 0, memory_order_relaxed);
    for (size_t i = 0; i < crew->count; i++) {
        const uint64_t ticket = (uint64_t)j.run << 32 | range_begin(crew, &j, i);
        atomic_store_explicit(&crew->threads[i].ticket, ticket, memory_order_release);
    }
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->mutex);

    work_on(crew, &j, 0);
    wait_until_done(crew, n_tasks);
}

void rri_workers_run(rri_workers *workers, rri_task *task, void *context, size_t n_tasks)
{
    const bool is_alone = workers->count == 1 || n_tasks <= 1 || n_tasks > UINT32_MAX;
    if (is_alone || getpid() != workers->owner) {
        for (size_t i = 0; i < n_tasks; i++) {
            task(context, i, 0);
        }
        return;
    }
    run_shared(workers, task, context, (uint32_t)n_tasks);
}

void rri_workers_spin(rri_workers *workers, int32_t microseconds)
{
    atomic_store_explicit(&workers->n_polls, microseconds * POLLS_OF_A_MICROSECOND,
                          memory_order_relaxed);
}

size_t rri_workers_count(const rri_workers *workers)
{
    return workers->count;
}
