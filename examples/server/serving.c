/* SPDX-License-Identifier: MIT */
#include "serving.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "driver/text.h"

typedef struct worker {
    serving *s;
    rr_reader *readers[MOST_ARMS];
    pthread_t thread;
} worker;

struct serving {
    const world *w;
    rr_slot *slots[MOST_ARMS];
    worker *workers;
    int32_t n_arms, n_threads;
    pthread_barrier_t begin, end;
    const batch *b; /* NULL: no more */
    const decided *out;
    atomic_int next_row;
};

rr_obs serving_row(const batch *b, const world *w, int32_t row)
{
    const size_t at = (size_t)row, list = at * (size_t)b->k;
    rr_obs obs = batch_obs(b);
    obs.n = 1;
    obs.states += at * WORLD_DIM;
    obs.candidates += list;
    obs.features += list * (size_t)obs.feature_dim;
    obs.sessions += at;
    obs.decisions += at;
    obs.times += at;
    obs.pool = w->items;
    return obs;
}

static void answer_row(const worker *me, int32_t row)
{
    rr_error err;
    const decided *out = me->s->out;
    const rr_obs obs = serving_row(me->s->b, me->s->w, row);
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = 1,
                            .actions = out->actions + row,
                            .log_probs = out->log_probs + row,
                            .values = out->values + row,
                            .policy_versions = out->versions + row};
    const int32_t arm = world_arm(me->s->b->requests[row].user, me->s->n_arms);
    text_require(rr_reader_act(me->readers[arm], &obs, &decision, &err), &err);
}

static void *work(void *context)
{
    const worker *me = context;
    serving *s = me->s;
    for (;;) {
        pthread_barrier_wait(&s->begin);
        if (s->b == NULL) {
            return NULL;
        }
        for (int32_t row; (row = atomic_fetch_add(&s->next_row, 1)) < s->b->n;) {
            answer_row(me, row);
        }
        pthread_barrier_wait(&s->end);
    }
}

serving *serving_open(rr_policy *const *first, int32_t n_arms, const world *w, int32_t n_threads)
{
    rr_error err;
    serving *s = text_allocate(1, sizeof *s);
    s->w = w;
    s->n_arms = n_arms;
    s->n_threads = n_threads;
    s->workers = text_allocate((size_t)n_threads, sizeof *s->workers);
    for (int32_t arm = 0; arm < n_arms; arm++) {
        text_require(rr_slot_create(&s->slots[arm], first[arm], n_threads, NULL, &err), &err);
    }
    pthread_barrier_init(&s->begin, NULL, (unsigned)n_threads + 1);
    pthread_barrier_init(&s->end, NULL, (unsigned)n_threads + 1);
    for (int32_t i = 0; i < n_threads; i++) {
        worker *me = &s->workers[i];
        me->s = s;
        for (int32_t arm = 0; arm < n_arms; arm++) {
            text_require(rr_reader_join(&me->readers[arm], s->slots[arm], (uint64_t)i, NULL, &err),
                         &err);
        }
        const int number = pthread_create(&me->thread, NULL, work, me);
        if (number != 0) {
            text_fail("no thread %d of %d: %s; fewer --threads may help", i + 1, n_threads,
                      strerror(number));
        }
    }
    return s;
}

void serving_close(serving *s)
{
    s->b = NULL;
    pthread_barrier_wait(&s->begin);
    for (int32_t i = 0; i < s->n_threads; i++) {
        pthread_join(s->workers[i].thread, NULL);
        for (int32_t arm = 0; arm < s->n_arms; arm++) {
            rr_reader_destroy(s->workers[i].readers[arm]);
        }
    }
    pthread_barrier_destroy(&s->begin);
    pthread_barrier_destroy(&s->end);
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        rr_slot_release(s->slots[arm]);
    }
    free(s->workers);
    free(s);
}

/* rr_slot_swap is the operator's and works in a held slot too: who swaps in what a trainer has
 * published asks first. */
bool serving_use(serving *s, int32_t arm, rr_policy *policy)
{
    rr_error err;
    rr_slot_info info;
    serving_describe(s, arm, &info);
    if (info.is_held != 0) {
        return false;
    }
    text_require(rr_slot_swap(s->slots[arm], policy, &err), &err);
    return true;
}

void serving_roll_back(serving *s, int32_t arm, rr_policy *policy)
{
    rr_error err;
    text_require(rr_slot_hold(s->slots[arm], 1, &err), &err);
    text_require(rr_slot_swap(s->slots[arm], policy, &err), &err);
}

void serving_let_go(serving *s, int32_t arm)
{
    rr_error err;
    text_require(rr_slot_hold(s->slots[arm], 0, &err), &err);
}

void serving_answer(serving *s, const batch *b, const decided *out)
{
    s->b = b;
    s->out = out;
    atomic_store(&s->next_row, 0);
    pthread_barrier_wait(&s->begin);
    pthread_barrier_wait(&s->end);
}

void serving_describe(serving *s, int32_t arm, rr_slot_info *info)
{
    rr_error err;
    info->struct_size = sizeof *info;
    text_require(rr_slot_describe(s->slots[arm], info, &err), &err);
}

void decided_open(decided *d, int32_t max)
{
    const size_t n = (size_t)max;
    *d = (decided){.actions = text_allocate(n, sizeof(int32_t)),
                   .log_probs = text_allocate(n, sizeof(float)),
                   .values = text_allocate(n, sizeof(float)),
                   .versions = text_allocate(n, sizeof(uint64_t))};
}

void decided_close(decided *d)
{
    free(d->actions);
    free(d->log_probs);
    free(d->values);
    free(d->versions);
}
