/* SPDX-License-Identifier: MIT */
/* bench_serve: threads that serve from snapshots, one decision a request, while a trainer publishes
 * a hundred times a second.
 *
 *   serve      1, 2, 4 and 8 threads: decisions/s of all together; p50, p99 and p99.9 of one
 *   publish    a snapshot into a slot, written over a retired one
 *
 * A request is 300 candidates of a pool of 10⁴ × 64 with 16 features each, a state of 64, weights
 * of 64-64, a floor of 0.02 and a share of 0.1 for the host's own choice. Threads beyond the cores
 * wait for one: their p99.9 is the system's time slice. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "recrl/recrl.h"

enum {
    STATE = 64,
    DIM = 64,
    LIST = 300,
    FEATURES = 16,
    N_REQUESTS = 16,
    N_ITEMS = 10000,
    MOST_THREADS = 8
};

static uint64_t random_state = 1;

static double uniform(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(random_state >> 32) * 0x1p-32;
}

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_serve: %s\n", err->text);
        exit(1);
    }
}

/* Requests that come round again and again, the same to all threads. */
typedef struct counter {
    rr_items *items;
    rr_agent *agent;
    rr_slot *slot;
    rr_serving_options options;
    float *states;       /* [N_REQUESTS, STATE] */
    int32_t *candidates; /* [N_REQUESTS, LIST] */
    float *features;     /* [N_REQUESTS, LIST, FEATURES] */
    int32_t *incumbents; /* [N_REQUESTS] */
    atomic_bool is_over;
    size_t n_decisions; /* of each thread */
} counter;

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(2.0 * uniform() - 1.0);
    }
}

static void open_counter(counter *c)
{
    rr_error err;
    rr_agent_config config;
    rr_policy *policy = NULL;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.feature_dim = FEATURES;
    config.max_rows = 1;
    config.max_candidates = LIST;
    config.max_history = 0;
    require(rr_items_create_random(&c->items, N_ITEMS, DIM, 1, NULL, &err), &err);
    require(rr_agent_create(&c->agent, &config, NULL, c->items, NULL, &err), &err);
    rr_serving_options_init(&c->options, sizeof c->options);
    c->options.floor = 0.02f;
    c->options.incumbent_share = 0.1f;
    require(rr_agent_publish(c->agent, &c->options, &policy, &err), &err);
    require(rr_slot_create(&c->slot, policy, MOST_THREADS, NULL, &err), &err);
    rr_policy_release(policy);

    c->states = bench_block(N_REQUESTS * STATE * sizeof(float));
    c->features = bench_block(N_REQUESTS * LIST * FEATURES * sizeof(float));
    c->candidates = bench_block(N_REQUESTS * LIST * sizeof(int32_t));
    c->incumbents = bench_block(N_REQUESTS * sizeof(int32_t));
    fill(c->states, N_REQUESTS * STATE);
    fill(c->features, N_REQUESTS * LIST * FEATURES);
    for (size_t r = 0; r < N_REQUESTS; r++) {
        const size_t start = (size_t)(uniform() * N_ITEMS);
        for (size_t i = 0; i < LIST; i++) {
            c->candidates[r * LIST + i] = (int32_t)((start + i * 7919) % N_ITEMS);
        }
        c->incumbents[r] = (int32_t)(uniform() * LIST);
    }
}

static void close_counter(counter *c)
{
    rr_slot_release(c->slot);
    rr_agent_destroy(c->agent);
    rr_items_release(c->items);
    free(c->states);
    free(c->features);
    free(c->candidates);
    free(c->incumbents);
}

typedef struct server {
    counter *counter;
    uint64_t number;
    double *seconds; /* [n_decisions] */
} server;

static void *serve(void *context)
{
    server *s = context;
    counter *c = s->counter;
    rr_error err;
    rr_reader *reader = NULL;
    require(rr_reader_join(&reader, c->slot, s->number, NULL, &err), &err);
    for (size_t i = 0; i < c->n_decisions; i++) {
        const size_t r = (i + s->number) % N_REQUESTS;
        const uint64_t id = i * MOST_THREADS + s->number;
        int32_t action;
        float log_prob, value;
        uint64_t version;
        const rr_obs obs = {.struct_size = sizeof obs,
                            .n = 1,
                            .n_candidates = LIST,
                            .state_dim = STATE,
                            .feature_dim = FEATURES,
                            .states = c->states + r * STATE,
                            .candidates = c->candidates + r * LIST,
                            .features = c->features + r * LIST * FEATURES,
                            .incumbents = c->incumbents + r,
                            .sessions = &id,
                            .decisions = &id};
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = 1,
                                .actions = &action,
                                .log_probs = &log_prob,
                                .values = &value,
                                .policy_versions = &version};
        const double begin = bench_now();
        require(rr_reader_act(reader, &obs, &decision, &err), &err);
        s->seconds[i] = bench_now() - begin;
    }
    rr_reader_destroy(reader);
    return NULL;
}

/* A trainer whose updates take no time. */
static void *publish_on(void *context)
{
    counter *c = context;
    rr_error err;
    while (!atomic_load(&c->is_over)) {
        require(rr_slot_publish(c->slot, c->agent, &c->options, &err), &err);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return NULL;
}

static void measure(bench *b, counter *c, size_t n_threads)
{
    server servers[MOST_THREADS];
    pthread_t threads[MOST_THREADS], trainer;
    c->n_decisions = b->is_quick ? 2000 : 20000;
    double *seconds = bench_block(n_threads * c->n_decisions * sizeof(double));
    atomic_store(&c->is_over, false);
    (void)pthread_create(&trainer, NULL, publish_on, c);
    const double begin = bench_now();
    for (size_t i = 0; i < n_threads; i++) {
        servers[i] = (server){c, i, seconds + i * c->n_decisions};
        (void)pthread_create(&threads[i], NULL, serve, &servers[i]);
    }
    for (size_t i = 0; i < n_threads; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    const double elapsed = bench_now() - begin;
    atomic_store(&c->is_over, true);
    (void)pthread_join(trainer, NULL);

    const size_t n = n_threads * c->n_decisions;
    const bench_times t = bench_summary(seconds, n); /* sorts them */
    char what[48], note[96];
    snprintf(what, sizeof what, "%zu thread%s, all together", n_threads, n_threads > 1 ? "s" : "");
    bench_tell(b, &(bench_result){.row = "serve",
                                  .what = what,
                                  .threads = (int)n_threads,
                                  .unit = "decisions/s",
                                  .ours = (double)n / elapsed});
    snprintf(what, sizeof what, "%zu thread%s, one decision", n_threads, n_threads > 1 ? "s" : "");
    snprintf(note, sizeof note, "p99.9 %.1f us", 1e6 * seconds[n - 1 - n / 1000]);
    bench_tell(b, &(bench_result){.row = "serve",
                                  .what = what,
                                  .threads = (int)n_threads,
                                  .unit = "us",
                                  .ours = 1e6 * t.median,
                                  .p99 = 1e6 * t.p99,
                                  .note = note});
    free(seconds);
}

static void publish_once(void *what)
{
    counter *c = what;
    rr_error err;
    require(rr_slot_publish(c->slot, c->agent, &c->options, &err), &err);
}

int main(int argc, char **argv)
{
    bench b;
    counter c = {0};
    bench_begin(&b, argc, argv, "[serve] [publish]");
    open_counter(&c);
    for (size_t n_threads = 1; bench_wants(&b, "serve") && n_threads <= MOST_THREADS;
         n_threads *= 2) {
        measure(&b, &c, n_threads);
    }
    if (bench_wants(&b, "publish")) {
        const bench_times t = bench_throughput(&b, publish_once, &c);
        bench_tell(&b, &(bench_result){.row = "serve",
                                       .what = "publish, 64-64, pool of 10^4 shared",
                                       .threads = 1,
                                       .unit = "us",
                                       .ours = 1e6 * t.median});
    }
    close_counter(&c);
    return bench_end(&b);
}
