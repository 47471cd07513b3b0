/* SPDX-License-Identifier: MIT */
/* bench_act: decisions one at a time, states → item, log-prob, value, and of a few rows together.
 *
 *   decide       1000 items, dense head, 64-64
 *   candidates   300 candidates of a pool of 10⁴ × 64, 16 features each
 *   tower        two-tower over 10⁴, 10⁵ and 10⁶ items × 64
 *   rollout      8 rows together, 1000 items, dense head: what a rollout of A2C consists of
 *   growth       series items: two-tower over 10³ … 10⁶ items, on request
 *
 * The limit of one decision is the bytes that it must read at the rate of the level that holds
 * them: weights and features lie in the second cache, the pool where its size puts it. Few rows
 * together are bound by P instead. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum { STATE = 64, DIM = 64, HIDDEN = 64, LIST = 300, FEATURES = 16, N_REQUESTS = 16 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_act: %s\n", err.text);
        exit(1);
    }
}

static uint64_t random_state = 1;

static uint32_t random_bits(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 32);
}

/* About normal: the sum of four uniforms, variance 1. */
static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double sum = -2.0;
        for (int j = 0; j < 4; j++) {
            sum += (double)random_bits() * 0x1p-32;
        }
        x[i] = (float)(sum * 1.7320508);
    }
}

/* N_REQUESTS observations that come round again and again. */
typedef struct server {
    rr_agent *agent;
    rr_items *items;
    size_t n_rows, next;
    float *states;       /* [N_REQUESTS, n_rows, STATE] */
    int32_t *candidates; /* [N_REQUESTS, LIST] or NULL */
    float *features;     /* [N_REQUESTS, LIST, FEATURES] or NULL */
    int32_t *actions;    /* [n_rows], as the next two */
    float *log_probs, *values;
} server;

static server create(int32_t head, size_t n_items, size_t n_rows, int n_threads, bool has_lists)
{
    server s = {.n_rows = n_rows};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.head = head;
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.num_items = head == RR_HEAD_DENSE ? (int32_t)n_items : 0;
    config.max_rows = (int32_t)n_rows;
    config.max_candidates = has_lists ? LIST : 0;
    config.feature_dim = has_lists ? FEATURES : 0;
    config.num_threads = n_threads;
    if (head == RR_HEAD_TOWER) {
        require(rr_items_create_random(&s.items, (int32_t)n_items, DIM, 1, NULL, &err));
    }
    require(rr_agent_create(&s.agent, &config, NULL, s.items, NULL, &err));
    s.states = bench_block(N_REQUESTS * n_rows * STATE * sizeof(float));
    fill(s.states, N_REQUESTS * n_rows * STATE);
    s.actions = bench_block(n_rows * sizeof(int32_t));
    s.log_probs = bench_block(n_rows * sizeof(float));
    s.values = bench_block(n_rows * sizeof(float));
    return s;
}

static void destroy(server *s)
{
    rr_agent_destroy(s->agent);
    rr_items_release(s->items);
    free(s->states);
    free(s->candidates);
    free(s->features);
    free(s->actions);
    free(s->log_probs);
    free(s->values);
}

/* Lists that take every k-th item from somewhere on, so that none comes twice. */
static void give_lists(server *s, size_t n_items)
{
    s->candidates = bench_block(N_REQUESTS * LIST * sizeof(int32_t));
    s->features = bench_block(N_REQUESTS * LIST * FEATURES * sizeof(float));
    fill(s->features, N_REQUESTS * LIST * FEATURES);
    for (size_t r = 0; r < N_REQUESTS; r++) {
        const size_t start = random_bits() % n_items;
        for (size_t i = 0; i < LIST; i++) {
            s->candidates[r * LIST + i] = (int32_t)((start + i * 7919) % n_items);
        }
    }
    float weights[FEATURES];
    fill(weights, FEATURES);
    require(rr_agent_set_feature_weights(s->agent, weights, FEATURES, &err));
}

static void decide(void *what)
{
    server *s = what;
    rr_obs obs = {.struct_size = sizeof obs,
                  .n = (int32_t)s->n_rows,
                  .state_dim = STATE,
                  .states = s->states + s->next * s->n_rows * STATE};
    if (s->candidates != NULL) {
        obs.n_candidates = LIST;
        obs.candidates = s->candidates + s->next * LIST;
        obs.feature_dim = FEATURES;
        obs.features = s->features + s->next * LIST * FEATURES;
    }
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = (int32_t)s->n_rows,
                            .actions = s->actions,
                            .log_probs = s->log_probs,
                            .values = s->values};
    require(rr_agent_act(s->agent, &obs, &decision, &err));
    s->next = (s->next + 1) % N_REQUESTS;
}

/* Bytes of the weights of a critic, and of a query of `n_layers` layers, all 64 wide. */
static double weight_bytes(int n_layers)
{
    const double layer = (HIDDEN * HIDDEN + HIDDEN) * 4.0;
    return n_layers * layer + 2.0 * layer + (HIDDEN + 1) * 4.0;
}

static double catalogue_bytes(size_t n_items, bool has_bias)
{
    return (double)n_items * (DIM + (has_bias ? 1 : 0)) * 4.0;
}

/* Microseconds that it takes to read so many bytes of a block of a given size. */
static double reading(double bytes, double block_bytes)
{
    return 1e6 * bytes / limits_read((size_t)block_bytes);
}

static void bench_decide(bench *b)
{
    const double bytes = weight_bytes(2) + catalogue_bytes(1000, true);
    server s = create(RR_HEAD_DENSE, 1000, 1, b->threads, false);
    const bench_times times = bench_latency(b, decide, &s);
    bench_tell(b, &(bench_result){.row = "decide",
                                  .what = "1000 items, dense",
                                  .unit = "us",
                                  .ours = 1e6 * times.median,
                                  .p99 = 1e6 * times.p99,
                                  .limit = reading(bytes, bytes),
                                  .limit_is = "326 kB / L2"});
    destroy(&s);
}

static void bench_candidates(bench *b)
{
    const size_t n_items = 10000;
    server s = create(RR_HEAD_TOWER, n_items, 1, b->threads, true);
    give_lists(&s, n_items);
    const bench_times times = bench_latency(b, decide, &s);
    const double near = weight_bytes(4) + LIST * (FEATURES + 1) * 4.0;
    const double limit =
        reading(near, LIMITS_L2) + reading(LIST * DIM * 4.0, catalogue_bytes(n_items, false));
    bench_tell(b, &(bench_result){.row = "candidates",
                                  .what = "300 of 10000 items, 16 features",
                                  .unit = "us",
                                  .ours = 1e6 * times.median,
                                  .p99 = 1e6 * times.p99,
                                  .limit = limit,
                                  .limit_is = "weights, features / L2 + 300 vectors / L3"});
    destroy(&s);
}

static void bench_tower(bench *b, size_t n_items, const char *what, const char *series)
{
    server s = create(RR_HEAD_TOWER, n_items, 1, b->threads, false);
    const bench_times times =
        n_items <= 10000 ? bench_latency(b, decide, &s) : bench_throughput(b, decide, &s);
    const double far = catalogue_bytes(n_items, false), near = weight_bytes(4);
    bench_tell(b, &(bench_result){.row = "tower",
                                  .what = what,
                                  .series = series,
                                  .x = (double)n_items,
                                  .unit = "us",
                                  .ours = 1e6 * times.median,
                                  .p99 = n_items <= 10000 ? 1e6 * times.p99 : 0.0,
                                  .limit = reading(near, LIMITS_L2) + reading(far, far),
                                  .limit_is = "the items' bytes / the rate of their level"});
    destroy(&s);
}

static void bench_rollout(bench *b)
{
    const size_t n_rows = 8;
    server s = create(RR_HEAD_DENSE, 1000, n_rows, b->threads, false);
    const bench_times times = bench_latency(b, decide, &s);
    const double flop = 2.0 * (weight_bytes(2) + catalogue_bytes(1000, true)) / 4.0;
    bench_tell(b, &(bench_result){.row = "rollout",
                                  .what = "8 rows, 1000 items, dense",
                                  .unit = "us",
                                  .ours = 1e6 * times.median,
                                  .p99 = 1e6 * times.p99,
                                  .limit = 1e6 * (double)n_rows * flop / limits_fma(),
                                  .limit_is = "0.163 MFLOP a row / P"});
    destroy(&s);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[decide] [candidates] [tower] [rollout] [growth]");
    if (bench_wants(&b, "decide")) {
        bench_decide(&b);
    }
    if (bench_wants(&b, "candidates")) {
        bench_candidates(&b);
    }
    if (bench_wants(&b, "tower")) {
        bench_tower(&b, 10000, "10000 items", NULL);
        bench_tower(&b, 100000, "100000 items", NULL);
        bench_tower(&b, 1000000, "1000000 items", NULL);
    }
    if (bench_wants(&b, "rollout")) {
        bench_rollout(&b);
    }
    for (size_t n = 1000; bench_has(&b, "growth") && n <= 1000000; n *= 10) {
        bench_tower(&b, n, "growth", "items");
    }
    return bench_end(&b);
}
