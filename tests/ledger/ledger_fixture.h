/* SPDX-License-Identifier: MIT */
/* ledger_fixture.h: a small ledger without the handle, one row at a time. Row states
 * are [id, 0]. */
#ifndef TESTS_LEDGER_LEDGER_FIXTURE_H
#define TESTS_LEDGER_LEDGER_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "ledger/harvest.h"
#include "ledger/settle.h"

enum { S = 2 };

typedef struct scene {
    rri_rollout rollout;
    rri_ledger ledger;
    void *block;
    size_t bytes;
} scene;

static inline rr_ledger_config scene_config(int32_t max_rows)
{
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = max_rows;
    config.state_dim = S;
    config.max_history = 0;
    config.min_rows = 1;
    return config;
}

static inline void scene_open(scene *t, const rr_ledger_config *config)
{
    memset(t, 0, sizeof *t);
    const rr_buffer_config rows = rri_ledger_rows(config);
    rri_arena arena = {0};
    rri_rollout_layout(&t->rollout, &arena, &rows);
    rri_ledger_layout(&t->ledger, &arena, config);
    t->bytes = (arena.used + 63) / 64 * 64;
    t->block = aligned_alloc(64, t->bytes);
    memset(t->block, 0xAB, t->bytes); /* nothing may rely on zeros */
    arena = (rri_arena){.base = t->block};
    rri_rollout_layout(&t->rollout, &arena, &rows);
    rri_ledger_layout(&t->ledger, &arena, config);
    rri_ledger_clear(&t->ledger, &t->rollout);
}

/* The usual one: without a wait, without a timeout. */
static inline void scene_open_rows(scene *t, int32_t max_rows)
{
    const rr_ledger_config config = scene_config(max_rows);
    scene_open(t, &config);
}

static inline void scene_close(scene *t)
{
    free(t->block);
}

static inline rr_status scene_record(scene *t, uint64_t session, uint64_t id, int64_t time)
{
    const float state[S] = {(float)id, 0.0f}, log_prob = -1.0f;
    const int32_t action = 0;
    const uint64_t version = 9;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .state_dim = S,
                        .states = state,
                        .sessions = &session,
                        .decisions = &id,
                        .times = &time};
    const rr_decision decision = {.struct_size = sizeof decision,
                                  .n = 1,
                                  .actions = (int32_t *)&action,
                                  .log_probs = (float *)&log_prob,
                                  .policy_versions = (uint64_t *)&version};
    return rri_ledger_record(&t->ledger, &t->rollout, &obs, &decision, 0, NULL, NULL);
}

/* end: RRI_END_NONE, _TERMINATED, or _TRUNCATED with the final state [−id, 0]. */
static inline rr_status scene_reward(scene *t, uint64_t id, float reward, uint8_t end)
{
    int32_t status;
    const float state[S] = {-(float)id, 0.0f};
    const uint8_t yes = 1;
    const rr_obs final_obs = {
        .struct_size = sizeof final_obs, .n = 1, .state_dim = S, .states = state};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &id,
                                .rewards = &reward,
                                .terminated = end == RRI_END_TERMINATED ? &yes : NULL,
                                .truncated = end == RRI_END_TRUNCATED ? &yes : NULL,
                                .final_obs = &final_obs};
    ck_assert_int_eq(rri_settle_reward(&t->ledger, &t->rollout, &outcome, &status, NULL), RR_OK);
    return status;
}

/* end: RRI_END_TERMINATED, or RRI_END_CUT. */
static inline rr_status scene_end(scene *t, uint64_t session, uint8_t end)
{
    int32_t status;
    const uint8_t terminated = end == RRI_END_TERMINATED;
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = 1, .sessions = &session, .terminated = &terminated};
    ck_assert_int_eq(rri_settle_end(&t->ledger, &t->rollout, &ending, &status, NULL), RR_OK);
    return status;
}

static inline void scene_settle(scene *t, int64_t now)
{
    ck_assert_int_eq(rri_settle_clock(&t->ledger, &t->rollout, now, NULL), RR_OK);
}

/* What is always so. */
static inline rr_ledger_counts scene_count(const scene *t)
{
    rr_ledger_counts c = {0};
    rri_settle_count(&c, &t->ledger, &t->rollout);
    ck_assert_int_eq(c.recorded, c.rows + c.trained + c.dropped + c.rejected);
    ck_assert_int_eq(c.rows, c.open + c.waiting + c.ready);
    ck_assert_int_le(c.trainable, c.ready);
    return c;
}

#endif
