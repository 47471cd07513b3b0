/* SPDX-License-Identifier: MIT */
/* Threads serve while a trainer publishes: every decision is one version's, to the bit, and the one
 * that a single thread makes from the same id. Also run under ThreadSanitizer (tests/run.sh). */
#include <pthread.h>
#include <recrl/recrl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check_run.h"

enum { S = 8, D = 4, F = 2, K = 12, N_ITEMS = 50, N_IDS = 48, N_VERSIONS = 7, MOST_THREADS = 8 };

/* What one version decides, asked by one thread alone. */
typedef struct truth {
    rr_policy *policy; /* a reference, for rollbacks */
    uint64_t version;
    int32_t actions[N_IDS];
    float log_probs[N_IDS], values[N_IDS];
} truth;

typedef struct stage {
    rr_host host;
    atomic_int n_live, most_live;
    rr_items *items;
    rr_agent *agent;
    rr_slot *slot;
    rr_serving_options options;
    float states[N_IDS * S], features[N_IDS * K * F];
    int32_t candidates[N_IDS * K], incumbents[N_IDS];
    truth truths[N_VERSIONS];
    atomic_bool is_over;
} stage;

static void must(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    stage *g = user;
    const int live = atomic_fetch_add(&g->n_live, 1) + 1;
    int most = atomic_load(&g->most_live);
    while (live > most && !atomic_compare_exchange_weak(&g->most_live, &most, live)) {
    }
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void count_release(void *user, void *block, size_t bytes)
{
    (void)bytes;
    atomic_fetch_sub(&((stage *)user)->n_live, 1);
    free(block);
}

/* The request of one id: a row of a batch that is never the same twice would do as well. */
static rr_obs request_of(const stage *g, size_t id, const uint64_t *key)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = 1,
                    .n_candidates = K,
                    .state_dim = S,
                    .feature_dim = F,
                    .states = g->states + id * S,
                    .candidates = g->candidates + id * K,
                    .features = g->features + id * K * F,
                    .incumbents = g->incumbents + id,
                    .sessions = key,
                    .decisions = key};
}

/* Parameters of version v: each tensor is a wave of its own. */
static void become(stage *g, size_t v)
{
    rr_error err = {0};
    for (int32_t i = 0; i < rr_agent_tensor_count(g->agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        must(rr_agent_tensor_at(g->agent, i, &tensor, &err), &err);
        const int64_t n = tensor.shape[0] * tensor.shape[1];
        float *values = malloc((size_t)n * sizeof *values);
        for (int64_t j = 0; j < n; j++) {
            values[j] = (float)((j * 7 + i * 5 + (int64_t)v * 3) % 17) / 17.0f - 0.5f;
        }
        must(rr_agent_set_tensor(g->agent, tensor.name, values, n, &err), &err);
        free(values);
    }
}

static void learn_truth(stage *g, truth *t)
{
    rr_error err = {0};
    rr_reader *reader = NULL;
    must(rr_agent_publish(g->agent, &g->options, &t->policy, &err), &err);
    must(rr_reader_create(&reader, t->policy, 1, &g->host, &err), &err);
    for (size_t id = 0; id < N_IDS; id++) {
        const uint64_t key = id;
        const rr_obs obs = request_of(g, id, &key);
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = 1,
                                .actions = t->actions + id,
                                .log_probs = t->log_probs + id,
                                .values = t->values + id,
                                .policy_versions = &t->version};
        must(rr_policy_act(t->policy, reader, &obs, &decision, &err), &err);
    }
    rr_reader_destroy(reader);
}

static void fill(stage *g)
{
    for (size_t i = 0; i < N_IDS * S; i++) {
        g->states[i] = (float)((i * 13) % 29) / 29.0f - 0.5f;
    }
    for (size_t i = 0; i < N_IDS * K; i++) {
        g->candidates[i] = (int32_t)((i / K + i % K * 3) % N_ITEMS);
        g->features[2 * i] = (float)((i * 11) % 23) / 23.0f;
        g->features[2 * i + 1] = (float)((i * 5) % 19) / 19.0f;
    }
    for (size_t i = 0; i < N_IDS; i++) {
        g->incumbents[i] = (int32_t)(i % K);
    }
}

static void open_stage(stage *g)
{
    memset(g, 0, sizeof *g);
    g->host = (rr_host){.struct_size = sizeof g->host,
                        .allocate = count_allocate,
                        .release = count_release,
                        .user = g};
    rr_error err = {0};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = F;
    config.hidden[0] = config.critic_hidden[0] = 12;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = 4;
    config.max_candidates = K;
    config.max_history = 2;
    config.has_bias = 1;
    rr_serving_options_init(&g->options, sizeof g->options);
    g->options.floor = 0.1f;
    g->options.incumbent_share = 0.2f;
    g->options.temperature = 0.8f;
    must(rr_items_create_random(&g->items, N_ITEMS, D, 3, &g->host, &err), &err);
    must(rr_agent_create(&g->agent, &config, NULL, g->items, &g->host, &err), &err);
    fill(g);
    for (size_t v = 0; v < N_VERSIONS; v++) {
        become(g, v);
        learn_truth(g, &g->truths[v]);
    }
    must(rr_slot_create(&g->slot, g->truths[0].policy, MOST_THREADS, &g->host, &err), &err);
}

static void close_stage(stage *g)
{
    rr_slot_release(g->slot);
    for (size_t v = 0; v < N_VERSIONS; v++) {
        rr_policy_release(g->truths[v].policy);
    }
    rr_agent_destroy(g->agent);
    rr_items_release(g->items);
    ck_assert_int_eq(atomic_load(&g->n_live), 0);
}

typedef struct reader {
    stage *stage;
    rr_reader *reader;
    size_t n_done, n_wrong, n_refused, n_of_version[N_VERSIONS];
} reader;

static void judge(reader *r, size_t id, uint64_t version, int32_t action, float log_prob,
                  float value)
{
    size_t v = 0;
    while (v < N_VERSIONS && r->stage->truths[v].version != version) {
        v++;
    }
    const truth *t = &r->stage->truths[v < N_VERSIONS ? v : 0];
    r->n_wrong += v == N_VERSIONS || action != t->actions[id] ||
                  memcmp(&log_prob, &t->log_probs[id], sizeof log_prob) != 0 ||
                  memcmp(&value, &t->values[id], sizeof value) != 0;
    r->n_of_version[v < N_VERSIONS ? v : 0]++;
    r->n_done++;
}

static void *serve(void *context)
{
    reader *r = context;
    for (size_t i = 0; !atomic_load_explicit(&r->stage->is_over, memory_order_relaxed); i++) {
        const size_t id = i * 29 % N_IDS;
        const uint64_t key = id;
        const rr_obs obs = request_of(r->stage, id, &key);
        int32_t action = -1;
        float log_prob = 0.0f, value = 0.0f;
        uint64_t version = 0;
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = 1,
                                .actions = &action,
                                .log_probs = &log_prob,
                                .values = &value,
                                .policy_versions = &version};
        if (rr_reader_act(r->reader, &obs, &decision, NULL) == RR_OK) {
            judge(r, id, version, action, log_prob, value);
        } else {
            r->n_refused++;
        }
    }
    return NULL;
}

/* Publishes n_rounds times, one in five of them a rollback. */
static void train(stage *g, size_t n_rounds, long pause_ns)
{
    rr_error err = {0};
    for (size_t i = 0; i < n_rounds; i++) {
        const size_t v = i * 3 % N_VERSIONS;
        if (i % 5 == 4) {
            must(rr_slot_swap(g->slot, g->truths[v].policy, &err), &err);
        } else {
            become(g, v);
            must(rr_slot_publish(g->slot, g->agent, &g->options, &err), &err);
        }
        if (pause_ns > 0) {
            nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
        }
    }
}

static void run(size_t n_threads, size_t n_rounds, long pause_ns)
{
    static stage g;
    open_stage(&g);
    reader readers[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    rr_error err = {0};
    for (size_t i = 0; i < n_threads; i++) {
        readers[i] = (reader){.stage = &g};
        must(rr_reader_join(&readers[i].reader, g.slot, i, &g.host, &err), &err);
    }
    const int before = atomic_load(&g.n_live);
    atomic_store(&g.most_live, before);
    for (size_t i = 0; i < n_threads; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, serve, &readers[i]), 0);
    }
    train(&g, n_rounds, pause_ns);
    atomic_store(&g.is_over, true);
    for (size_t i = 0; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(readers[i].n_wrong, 0);
        ck_assert_uint_eq(readers[i].n_refused, 0);
        rr_reader_destroy(readers[i].reader);
    }
    /* A snapshot is two blocks: one a reader, a spare, the present one, one in the making. */
    ck_assert_int_le(atomic_load(&g.most_live), before + 2 * ((int)n_threads + 3));
    close_stage(&g);
}

START_TEST(test_publish_a_hundred_times_a_second_while_one_to_eight_threads_serve)
{
    for (size_t n_threads = 1; n_threads <= MOST_THREADS; n_threads *= 2) {
        run(n_threads, 40 / check_step(4), 10000000);
    }
}
END_TEST

START_TEST(test_publish_as_often_as_can_be_while_one_to_eight_threads_serve)
{
    for (size_t n_threads = 1; n_threads <= MOST_THREADS; n_threads *= 2) {
        run(n_threads, 1500 / check_step(4), 0);
    }
}
END_TEST

/* Threads join and leave while versions change and others serve. */
static void *come_and_go(void *context)
{
    reader *r = context;
    for (int i = 0; i < 40; i++) {
        rr_reader *own = NULL;
        const uint64_t key = (uint64_t)i;
        const rr_obs obs = request_of(r->stage, key, &key);
        int32_t action = -1;
        float log_prob = 0.0f, value = 0.0f;
        uint64_t version = 0;
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = 1,
                                .actions = &action,
                                .log_probs = &log_prob,
                                .values = &value,
                                .policy_versions = &version};
        if (rr_reader_join(&own, r->stage->slot, 0, &r->stage->host, NULL) != RR_OK ||
            rr_reader_act(own, &obs, &decision, NULL) != RR_OK) {
            r->n_refused++;
        } else {
            judge(r, key, version, action, log_prob, value);
        }
        rr_reader_destroy(own);
    }
    return NULL;
}

START_TEST(test_publish_while_threads_join_and_leave)
{
    static stage g;
    open_stage(&g);
    reader readers[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    for (size_t i = 0; i < MOST_THREADS; i++) {
        readers[i] = (reader){.stage = &g};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, &readers[i]), 0);
    }
    train(&g, 200, 0);
    for (size_t i = 0; i < MOST_THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(readers[i].n_done, 40);
        ck_assert_uint_eq(readers[i].n_wrong + readers[i].n_refused, 0);
    }
    close_stage(&g);
}
END_TEST

CHECK_MAIN("loop/publish", test_publish_a_hundred_times_a_second_while_one_to_eight_threads_serve,
           test_publish_as_often_as_can_be_while_one_to_eight_threads_serve,
           test_publish_while_threads_join_and_leave)
