/* SPDX-License-Identifier: MIT */
/* log_fixture.h: two decisions in which everything that a record can hold is there, over a
 * catalogue of six items with keys of the host's own. */
#ifndef TESTS_IO_LOG_FIXTURE_H
#define TESTS_IO_LOG_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { LOG_ROWS = 2, LOG_K = 4, LOG_M = 2, LOG_H = 3, LOG_S = 3, LOG_D = 2, LOG_F = 2, LOG_N = 6 };

typedef struct log_fixture {
    rr_items *items;
    rr_obs obs;
    rr_decision decision;
    float states[LOG_ROWS * LOG_S], features[LOG_ROWS * LOG_K * LOG_F];
    float vectors[LOG_ROWS * LOG_K * LOG_D], history_rewards[LOG_ROWS * LOG_H];
    int32_t lengths[LOG_ROWS], candidates[LOG_ROWS * LOG_K], counts[LOG_ROWS * LOG_K];
    int32_t excluded[LOG_ROWS * LOG_M], history[LOG_ROWS * LOG_H], incumbents[LOG_ROWS];
    uint64_t sessions[LOG_ROWS], decisions[LOG_ROWS], versions[LOG_ROWS];
    int64_t times[LOG_ROWS];
    int32_t actions[LOG_ROWS], chosen[LOG_ROWS];
    float log_probs[LOG_ROWS], values[LOG_ROWS];
} log_fixture;

static const uint64_t LOG_KEYS[LOG_N] = {9000000000000000001u, 102, 103, 104, 105, 106};

static rr_items *log_items(const uint64_t *keys, int32_t n)
{
    float vectors[16 * LOG_D];
    for (int i = 0; i < n * LOG_D; i++) {
        vectors[i] = 0.25f * (float)(i % 7) - 0.5f;
    }
    rr_items *items = NULL;
    if (rr_items_create(&items, vectors, keys, n, LOG_D, NULL, NULL, NULL) != RR_OK) {
        abort();
    }
    return items;
}

static void log_fill_floats(float *out, int n, float from)
{
    for (int i = 0; i < n; i++) {
        out[i] = from + 0.125f * (float)i;
    }
}

static void log_fill_rows(log_fixture *t)
{
    static const int32_t candidates[] = {0, 3, -1, 5, 4, 2, 1, -1};
    static const int32_t counts[] = {0, 1, 0, 2, 3, 0, 0, 0};
    static const int32_t excluded[] = {4, -1, 0, 3};
    static const int32_t history[] = {-1, 3, 5, 4, 4, 1};
    memcpy(t->candidates, candidates, sizeof candidates);
    memcpy(t->counts, counts, sizeof counts);
    memcpy(t->excluded, excluded, sizeof excluded);
    memcpy(t->history, history, sizeof history);
    log_fill_floats(t->states, LOG_ROWS * LOG_S, -1.0f);
    log_fill_floats(t->features, LOG_ROWS * LOG_K * LOG_F, 2.0f);
    log_fill_floats(t->vectors, LOG_ROWS * LOG_K * LOG_D, -3.0f);
    log_fill_floats(t->history_rewards, LOG_ROWS * LOG_H, 0.5f);
    for (int i = 0; i < LOG_ROWS; i++) {
        t->lengths[i] = i == 0 ? LOG_K : LOG_K - 1;
        t->incumbents[i] = i;
        t->sessions[i] = 0xFFFFFFFFFFFFFFF0u + (uint64_t)i;
        t->decisions[i] = 70 + (uint64_t)i;
        t->versions[i] = 0x8000000000000001u;
        t->times[i] = -5000000000 + i;
        t->actions[i] = 1 + i;
        t->log_probs[i] = -1.25f - (float)i;
        t->values[i] = 0.75f;
    }
}

static inline void log_open(log_fixture *t)
{
    memset(t, 0, sizeof *t);
    t->items = log_items(LOG_KEYS, LOG_N);
    log_fill_rows(t);
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = LOG_ROWS,
                      .n_candidates = LOG_K,
                      .n_excluded = LOG_M,
                      .n_history = LOG_H,
                      .state_dim = LOG_S,
                      .item_dim = LOG_D,
                      .feature_dim = LOG_F,
                      .states = t->states,
                      .lengths = t->lengths,
                      .candidates = t->candidates,
                      .features = t->features,
                      .vectors = t->vectors,
                      .counts = t->counts,
                      .excluded = t->excluded,
                      .history = t->history,
                      .history_rewards = t->history_rewards,
                      .incumbents = t->incumbents,
                      .sessions = t->sessions,
                      .decisions = t->decisions,
                      .times = t->times,
                      .pool = t->items,
                      .schema = UINT64_C(0xF00000000000000C)};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = LOG_ROWS,
                                .actions = t->actions,
                                .log_probs = t->log_probs,
                                .values = t->values,
                                .policy_versions = t->versions,
                                .pool_fingerprint = rr_items_fingerprint(t->items)};
}

static inline void log_close(log_fixture *t)
{
    rr_items_release(t->items);
}

#endif
