/* SPDX-License-Identifier: MIT */
/* bench_buffer: a ledger's bookkeeping: record, reward by id, end by key, settle.
 *
 *   plain      a state of 64 and a history of 20; sessions of 20 rows that interleave
 *   request    a state of 64 and 300 candidates with 16 features
 *
 * A row's figure holds all of it: its record, one reward in another order, its share of an ending,
 * and of the settles. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "recrl/recrl.h"

enum { STATE = 64, HISTORY = 20, LIST = 300, FEATURES = 16, BATCH = 64, LENGTH = 20 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_buffer: %s\n", err.text);
        exit(1);
    }
}

typedef struct scene {
    rr_ledger *ledger;
    size_t n_rows;
    float *states, *features, *log_probs, *rewards;
    int32_t *history, *candidates, *actions;
    uint64_t *sessions, *decisions, *versions;
    int64_t *times;
    rr_obs obs;
    rr_decision decision;
} scene;

static scene create(size_t n_rows, bool has_lists)
{
    scene t = {.n_rows = n_rows};
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = (int32_t)n_rows;
    config.state_dim = STATE;
    config.max_history = has_lists ? 0 : HISTORY;
    config.max_candidates = has_lists ? LIST : 0;
    config.feature_dim = has_lists ? FEATURES : 0;
    config.reward_wait = 1000;
    config.idle_timeout = 1000;
    require(rr_ledger_create(&t.ledger, &config, NULL, &err));
    const size_t k = has_lists ? LIST : 0;
    t.states = bench_block((size_t)BATCH * STATE * sizeof(float));
    t.features = bench_block((BATCH * k * FEATURES + 1) * sizeof(float));
    t.candidates = bench_block((BATCH * k + 1) * sizeof(int32_t));
    t.history = bench_block((size_t)BATCH * HISTORY * sizeof(int32_t));
    t.log_probs = bench_block(BATCH * sizeof(float));
    t.rewards = bench_block(BATCH * sizeof(float));
    t.actions = bench_block(BATCH * sizeof(int32_t));
    t.sessions = bench_block(BATCH * sizeof(uint64_t));
    t.decisions = bench_block(BATCH * sizeof(uint64_t));
    t.versions = bench_block(BATCH * sizeof(uint64_t));
    t.times = bench_block(BATCH * sizeof(int64_t));
    for (size_t i = 0; i < (size_t)BATCH * STATE; i++) {
        t.states[i] = (float)(i % 17);
    }
    for (size_t i = 0; i < BATCH * k * FEATURES; i++) {
        t.features[i] = (float)(i % 13);
    }
    for (size_t i = 0; i < BATCH * k; i++) {
        t.candidates[i] = (int32_t)(i % LIST);
    }
    for (size_t i = 0; i < (size_t)BATCH * HISTORY; i++) {
        t.history[i] = (int32_t)(i % 100);
    }
    for (size_t i = 0; i < BATCH; i++) {
        t.log_probs[i] = -1.0f;
        t.rewards[i] = 1.0f;
        t.actions[i] = 0;
        t.versions[i] = 1;
    }
    t.obs = (rr_obs){.struct_size = sizeof t.obs,
                     .n = BATCH,
                     .n_candidates = (int32_t)k,
                     .n_history = has_lists ? 0 : HISTORY,
                     .state_dim = STATE,
                     .feature_dim = has_lists ? FEATURES : 0,
                     .states = t.states,
                     .candidates = has_lists ? t.candidates : NULL,
                     .features = has_lists ? t.features : NULL,
                     .history = has_lists ? NULL : t.history,
                     .sessions = t.sessions,
                     .decisions = t.decisions,
                     .times = t.times};
    t.decision = (rr_decision){.struct_size = sizeof t.decision,
                               .n = BATCH,
                               .actions = t.actions,
                               .log_probs = t.log_probs,
                               .policy_versions = t.versions};
    return t;
}

static void destroy(scene *t)
{
    void *const blocks[] = {t->states,    t->features, t->candidates, t->history,
                            t->log_probs, t->rewards,  t->actions,    t->sessions,
                            t->decisions, t->versions, t->times};
    rr_ledger_destroy(t->ledger);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        free(blocks[i]);
    }
}

/* Spreads numbers below 2^32 without meeting twice. */
static uint64_t scatter(uint64_t x)
{
    return x * UINT64_C(0x9E3779B97F4A7C15);
}

/* Fills the ledger once: batch after batch, the rewards of each some batches later. */
static void fill(void *what)
{
    scene *t = what;
    rr_ledger_clear(t->ledger);
    const size_t n_batches = t->n_rows / BATCH, lag = 16;
    rr_outcome outcome = {.struct_size = sizeof outcome,
                          .n = BATCH,
                          .decisions = t->decisions,
                          .rewards = t->rewards};
    rr_ending ending = {.struct_size = sizeof ending, .n = BATCH, .sessions = t->sessions};
    for (size_t b = 0; b < n_batches + lag; b++) {
        if (b < n_batches) {
            for (size_t i = 0; i < BATCH; i++) {
                t->sessions[i] = scatter(b / LENGTH * BATCH + i);
                t->decisions[i] = scatter(b * BATCH + i + 1);
                t->times[i] = (int64_t)b;
            }
            require(rr_ledger_record(t->ledger, &t->obs, &t->decision, NULL, &err));
            if (b % LENGTH == LENGTH - 1 || b + 1 == n_batches) {
                require(rr_ledger_end(t->ledger, &ending, NULL, &err));
            }
        }
        if (b >= lag) {
            for (size_t i = 0; i < BATCH; i++) { /* not in the order of the rows */
                t->decisions[i] = scatter((b - lag) * BATCH + (i * 29 + 7) % BATCH + 1);
            }
            require(rr_ledger_reward(t->ledger, &outcome, NULL, &err));
        }
        if (b % 256 == 0) {
            require(rr_ledger_settle(t->ledger, (int64_t)b, NULL, &err));
        }
    }
}

static void measure(bench *b, const char *what, size_t n_rows, bool has_lists)
{
    scene t = create(n_rows, has_lists);
    const bench_times times = bench_throughput(b, fill, &t);
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    require(rr_ledger_settle(t.ledger, (int64_t)1 << 22, &counts, &err));
    if (counts.ready != (int64_t)n_rows || counts.rewarded != (int64_t)n_rows) {
        fprintf(stderr, "bench_buffer: %lld rows ready, %lld rewarded, of %zu\n",
                (long long)counts.ready, (long long)counts.rewarded, n_rows);
        exit(1);
    }
    bench_result r = {.row = "buffer", .what = what, .unit = "rows/s"};
    r.ours = (double)n_rows / times.median;
    bench_tell(b, &r);
    bench_result size = {.row = "buffer", .what = what, .unit = "bytes/row"};
    size.ours = (double)counts.bytes / (double)n_rows;
    bench_tell(b, &size);
    destroy(&t);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[plain] [request]");
    if (bench_wants(&b, "plain")) {
        measure(&b, "plain", b.is_quick ? 64000 : 1280000 / BATCH * BATCH, false);
    }
    if (bench_wants(&b, "request")) {
        measure(&b, "request", b.is_quick ? 1280 : 12800, true);
    }
    return bench_end(&b);
}
