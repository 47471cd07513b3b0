/* SPDX-License-Identifier: MIT */
/* api_buffer.c: the front door of rr_buffer. */
#include "buffer/rollout.h"

#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"

/* The handle and its arrays; run twice, as core/memory.h says. */
static rr_buffer *layout(rri_rollout *rollout, rri_arena *arena, const rr_buffer_config *config)
{
    rr_buffer *buffer = RRI_TAKE(arena, rr_buffer, 1);
    rri_rollout_layout(rollout, arena, config);
    return buffer;
}

static rr_status measure(size_t *bytes, const rr_buffer_config *config, rr_error *err)
{
    rri_arena arena = {0};
    rri_rollout rollout = {0};
    layout(&rollout, &arena, config);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY,
                 "buffer: %d rows of this shape do not fit into the address space",
                 config->max_rows);
    }
    *bytes = arena.used;
    return RR_OK;
}

rr_status rr_buffer_create(rr_buffer **out, const rr_buffer_config *config, const rr_host *host,
                           rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_buffer_create", "out", err));
    rr_buffer_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_BUFFER), config, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    size_t bytes = 0;
    RRI_TRY(measure(&bytes, &full, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, bytes, &allocator, "buffer", err));
    rri_rollout rollout = {0};
    rr_buffer *buffer = layout(&rollout, &arena, &full);
    *buffer = (rr_buffer){allocator, full, rollout, bytes};
    rri_rollout_clear(&buffer->rollout);
    *out = buffer;
    return RR_OK;
}

void rr_buffer_destroy(rr_buffer *buffer)
{
    if (buffer != NULL) {
        const rri_allocator allocator = buffer->allocator;
        rri_memory_release(&allocator, buffer, buffer->bytes);
    }
}

rr_status rr_buffer_memory(const rr_buffer_config *config, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_buffer_memory", "bytes", err));
    rr_buffer_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_BUFFER), config, err));
    return measure(bytes, &full, err);
}

/* A rollout has no use for what tells the rows of a server apart. */
static rr_status check_lock_step(const rr_obs *obs, rr_error *err)
{
    const char *field = obs->incumbents != NULL  ? "incumbents"
                        : obs->sessions != NULL  ? "sessions"
                        : obs->decisions != NULL ? "decisions"
                        : obs->times != NULL     ? "times"
                                                 : NULL;
    if (field != NULL) {
        RRI_FAIL(
            err, RR_E_UNSUPPORTED,
            "record: obs %s is set; a buffer's rows are in lock step, only rr_ledger serves it",
            field);
    }
    return RR_OK;
}

/* What record needs to be there at all; the rollout judges the rest. */
static rr_status check_record(const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    RRI_TRY(check_lock_step(obs, err));
    RRI_TRY(rri_require(obs->states, "record", "obs states", err));
    RRI_TRY(rri_require(decision->actions, "record", "decision actions", err));
    RRI_TRY(rri_require(decision->log_probs, "record", "decision log_probs", err));
    RRI_TRY(rri_require(decision->values, "record", "decision values", err));
    if (obs->n < 1 || decision->n != obs->n) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: obs n is %d and decision n %d; they must be equal and at least 1", obs->n,
                 decision->n);
    }
    return RR_OK;
}

static rr_status record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                        rr_error *err)
{
    RRI_TRY(rri_require(buffer, "rr_buffer_record", "buffer", err));
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&full, decision, err));
    RRI_TRY(check_record(&full_obs, &full, err));
    return rri_rollout_record(&buffer->rollout, &full_obs, &full, full.pool_fingerprint, err);
}

rr_status rr_buffer_record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                           rr_error *err)
{
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = record(buffer, obs, decision, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status check_reward(const rr_outcome *outcome, rr_error *err)
{
    const char *unserved = outcome->decisions != NULL ? "decisions"
                           : outcome->times != NULL   ? "times"
                                                      : NULL;
    if (unserved != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "reward: %s is set; a buffer's rows are in lock step, only rr_ledger serves it",
                 unserved);
    }
    return rri_require(outcome->rewards, "reward", "rewards", err);
}

static rr_status reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err)
{
    RRI_TRY(rri_require(buffer, "rr_buffer_reward", "buffer", err));
    rr_outcome full;
    rr_obs final;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    RRI_TRY(check_reward(&full, err));
    if (full.final_obs != NULL) {
        RRI_TRY(rri_obs_read(&final, full.final_obs, "final_obs", err));
        full.final_obs = &final;
    }
    return rri_rollout_reward(&buffer->rollout, &full, err);
}

rr_status rr_buffer_reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err)
{
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = reward(buffer, outcome, err);
    rri_fpmode_leave(before);
    return status;
}

int32_t rr_buffer_is_full(const rr_buffer *buffer)
{
    return buffer == NULL || rri_rollout_is_full(&buffer->rollout);
}

int32_t rr_buffer_count(const rr_buffer *buffer)
{
    return buffer == NULL ? 0 : (int32_t)buffer->rollout.n_rows;
}

void rr_buffer_clear(rr_buffer *buffer)
{
    if (buffer != NULL) {
        rri_rollout_clear(&buffer->rollout);
    }
}

rr_status rr_buffer_get_counts(const rr_buffer *buffer, rr_buffer_counts *counts, rr_error *err)
{
    RRI_TRY(rri_require(buffer, "rr_buffer_get_counts", "buffer", err));
    RRI_TRY(rri_abi_check(counts, sizeof *counts, "rr_buffer_counts", err));
    const rri_rollout *rollout = &buffer->rollout;
    const size_t of_record = rollout->n_sessions;
    const rr_buffer_counts full = {
        .max_rows = (int32_t)rollout->max_rows,
        .rows = (int32_t)rollout->n_rows,
        .record_rows = (int32_t)of_record,
        .records = of_record > 0 ? (int32_t)(rollout->n_rows / of_record) : 0,
        .awaits_reward = rollout->awaits_reward,
        .bytes = (int64_t)buffer->bytes,
    };
    rri_abi_write(counts, &full, sizeof full);
    return RR_OK;
}
