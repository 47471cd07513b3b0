/* SPDX-License-Identifier: MIT */
/* bench_topk: the exact best 100 of 10⁶ items × 64 by inner product, through rr_agent_top_k.
 *
 *   one · many   1 query, 256 queries together
 *   growth       series items: one query over 10³ … 10⁶ items, on request
 *
 * The agent's query is the state itself (its linear query is the identity, without an MLP). One
 * query is bound by reading the items, many by P. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum { DIM = 64, BEST = 100, MANY = 256 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_topk: %s\n", err.text);
        exit(1);
    }
}

typedef struct ranking {
    rr_agent *agent;
    rr_items *items;
    size_t n_queries;
    float *queries;     /* [n_queries, DIM] */
    int32_t *positions; /* [n_queries, BEST] */
} ranking;

static ranking create(size_t n_items, size_t n_queries, int n_threads)
{
    ranking r = {.n_queries = n_queries};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = DIM;
    config.item_dim = DIM;
    config.hidden[0] = config.hidden[1] = 0;
    config.max_rows = (int32_t)n_queries;
    config.max_candidates = 0;
    config.num_threads = n_threads;
    require(rr_items_create_random(&r.items, (int32_t)n_items, DIM, 1, NULL, &err));
    require(rr_agent_create(&r.agent, &config, NULL, r.items, NULL, &err));
    static float identity[DIM * DIM];
    for (size_t i = 0; i < DIM; i++) {
        identity[i * DIM + i] = 1.0f;
    }
    require(rr_agent_set_tensor(r.agent, "actor.skip.weight", identity, DIM * DIM, &err));
    r.queries = bench_block(n_queries * DIM * sizeof(float));
    uint64_t state = 1;
    for (size_t i = 0; i < n_queries * DIM; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        r.queries[i] = (float)((double)(state >> 11) * 0x1p-52 - 1.0);
    }
    r.positions = bench_block(n_queries * BEST * sizeof(int32_t));
    return r;
}

static void destroy(ranking *r)
{
    rr_agent_destroy(r->agent);
    rr_items_release(r->items);
    free(r->queries);
    free(r->positions);
}

static void rank(void *what)
{
    ranking *r = what;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = (int32_t)r->n_queries,
                        .state_dim = DIM,
                        .states = r->queries};
    require(rr_agent_top_k(r->agent, &obs, BEST, r->positions, NULL, NULL, &err));
}

static void measure(bench *b, size_t n_items, size_t n_queries, const char *what,
                    const char *series)
{
    ranking r = create(n_items, n_queries, b->threads);
    const bench_times times = bench_throughput(b, rank, &r);
    const double bytes = (double)n_items * DIM * 4.0;
    const double flop = 2.0 * (double)n_queries * (double)n_items * DIM;
    const bool is_one = n_queries == 1;
    bench_tell(
        b, &(bench_result){.row = "topk",
                           .what = what,
                           .series = series,
                           .x = (double)n_items,
                           .unit = "ms",
                           .ours = 1e3 * times.min,
                           .limit = is_one ? 1e3 * bytes / limits_read((size_t)bytes)
                                           : 1e3 * flop / (b->threads * limits_fma()),
                           .limit_is = is_one ? "the items' bytes / one core's rate of their level"
                                              : "2 FLOP a coordinate / (cores P)"});
    destroy(&r);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[one] [many] [growth]");
    if (bench_wants(&b, "one")) {
        measure(&b, 1000000, 1, "1000000 items, 1 query", NULL);
    }
    if (bench_wants(&b, "many")) {
        measure(&b, 1000000, MANY, "1000000 items, 256 queries", NULL);
    }
    for (size_t n = 1000; bench_has(&b, "growth") && n <= 1000000; n *= 10) {
        measure(&b, n, 1, "growth", "items");
    }
    return bench_end(&b);
}
