/* SPDX-License-Identifier: MIT */
/* tripwire CASE: one fixed piece of work at the AVX2 level, whose instructions valgrind counts; see
 * tripwire.py. The work is what stands in measured(), which is a function of its own so that
 * callgrind can switch its counters on there and off again (--toggle-collect=measured). States and
 * rewards are made from integers alone, so that nothing counted depends on a libm.
 *
 *   dense-update    512 rows, 1000 items, 64-64, minibatches of 64, one epoch
 *   dense-decision  100 decisions of one row
 *   tower-update    1024 rows of the default agent, minibatches of 128, one epoch
 *   tower-decision  100 decisions of one row
 *
 * The case "compiler" prints what else decides the count: the compiler, "gcc-12", "-own" behind it
 * without BLIS's kernels, and "-asks" where rows are prefetched (math/machine.h). Ends with 77
 * where this CPU or this build has no AVX2 level. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/kernels.h"
#include "math/machine.h"
#include "recrl/recrl.h"

#if defined(__clang__)
#define COMPILER       "clang"
#define COMPILER_MAJOR __clang_major__
#else
#define COMPILER       "gcc"
#define COMPILER_MAJOR __GNUC__
#endif

enum {
    N_ITEMS = 1000,
    WIDTH = 32,
    STATE_DIM = 64,
    N_STEPS = 16,
    N_HISTORY = 20,
    N_DECISIONS = 100
};
enum { MOST_ROWS = 64 };

typedef struct work {
    bool is_dense, is_update;
    int32_t n;
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_obs obs;
    rr_decision decision;
    float states[MOST_ROWS * STATE_DIM], rewards[MOST_ROWS];
    int32_t history[MOST_ROWS * N_HISTORY];
    uint8_t truncated[MOST_ROWS];
    int32_t actions[MOST_ROWS];
    float log_probs[MOST_ROWS], values[MOST_ROWS];
    uint32_t generator;
} work;

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "tripwire: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* A multiple of 2^-23 in [−1, 1). */
static float next(work *w)
{
    w->generator = w->generator * 1664525u + 1013904223u;
    return (float)(int32_t)(w->generator >> 8) * 0x1p-23f - 1.0f;
}

static void observe(work *w)
{
    for (size_t i = 0; i < (size_t)w->n * STATE_DIM; i++) {
        w->states[i] = next(w);
    }
    for (size_t i = 0; i < (size_t)w->n * N_HISTORY; i++) {
        w->history[i] = i % N_HISTORY < N_HISTORY / 2 ? -1 : (int32_t)(i * 7919 % N_ITEMS);
    }
    w->obs = (rr_obs){.struct_size = sizeof w->obs,
                      .n = w->n,
                      .state_dim = STATE_DIM,
                      .states = w->states,
                      .n_history = w->is_dense ? 0 : N_HISTORY,
                      .history = w->is_dense ? NULL : w->history};
}

static void create(work *w)
{
    rr_error err;
    rr_agent_config agent;
    rr_ppo_config ppo;
    rr_buffer_config buffer;
    rr_agent_config_init(&agent, sizeof agent);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_buffer_config_init(&buffer, sizeof buffer);
    w->n = w->is_dense ? MOST_ROWS / 2 : MOST_ROWS;
    agent.head = w->is_dense ? RR_HEAD_DENSE : RR_HEAD_TOWER;
    agent.has_repeat_weight = !w->is_dense;
    agent.max_rows = w->n;
    ppo.n_steps = N_STEPS;
    ppo.batch_size = w->is_dense ? 64 : 128;
    ppo.update_epochs = 1;
    ppo.gae_lambda = 0.5f;
    buffer.max_rows = w->n * N_STEPS;
    require(rr_items_create_random(&w->items, N_ITEMS, WIDTH, 0, NULL, &err), &err);
    require(rr_agent_create(&w->agent, &agent, &ppo, w->items, NULL, &err), &err);
    require(rr_buffer_create(&w->buffer, &buffer, NULL, &err), &err);
    w->decision = (rr_decision){.struct_size = sizeof w->decision,
                                .n = w->n,
                                .actions = w->actions,
                                .log_probs = w->log_probs,
                                .values = w->values};
    observe(w);
}

static void collect(work *w)
{
    rr_error err;
    while (!rr_buffer_is_full(w->buffer)) {
        observe(w);
        require(rr_agent_act(w->agent, &w->obs, &w->decision, &err), &err);
        require(rr_buffer_record(w->buffer, &w->obs, &w->decision, &err), &err);
        for (int32_t i = 0; i < w->n; i++) {
            w->rewards[i] = next(w);
        }
        const rr_outcome outcome = {
            .struct_size = sizeof outcome, .n = w->n, .rewards = w->rewards};
        require(rr_buffer_reward(w->buffer, &outcome, &err), &err);
    }
    observe(w);
}

__attribute__((noinline)) void measured(work *w);
__attribute__((noinline)) void measured(work *w)
{
    rr_error err;
    if (w->is_update) {
        rr_stats stats = {.struct_size = sizeof stats};
        require(rr_agent_update(w->agent, w->buffer, &w->obs, &stats, &err), &err);
        return;
    }
    for (int i = 0; i < N_DECISIONS; i++) {
        require(rr_agent_act(w->agent, &w->obs, &w->decision, &err), &err);
    }
}

int main(int argc, char **argv)
{
    static work w;
    const char *name = argc == 2 ? argv[1] : "nothing";
    if (!rri_kernels_force(RRI_LEVEL_AVX2)) {
        fprintf(stderr, "tripwire: there is no AVX2 level here\n");
        return 77;
    }
    if (strcmp(name, "compiler") == 0) {
        printf("%s-%d%s%s\n", COMPILER, COMPILER_MAJOR, rri_kernels_detect()->is_blis ? "" : "-own",
               rri_machine_here().ahead == RRI_AHEAD_ASK ? "-asks" : "");
        return EXIT_SUCCESS;
    }
    w.is_dense = strncmp(name, "dense-", 6) == 0;
    w.is_update = strcmp(name + strcspn(name, "-"), "-update") == 0;
    if (!w.is_update && strcmp(name + strcspn(name, "-"), "-decision") != 0) {
        fprintf(
            stderr,
            "usage: tripwire compiler|dense-update|dense-decision|tower-update|tower-decision\n");
        return 2;
    }
    create(&w);
    if (w.is_update) {
        collect(&w);
    } else {
        rr_error err;
        w.n = w.obs.n = w.decision.n = 1;
        require(rr_agent_act(w.agent, &w.obs, &w.decision, &err), &err);
    }
    measured(&w);
    rr_buffer_destroy(w.buffer);
    rr_agent_destroy(w.agent);
    rr_items_release(w.items);
    return EXIT_SUCCESS;
}
