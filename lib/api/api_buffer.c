/* SPDX-License-Identifier: MIT */
/* api_buffer.c: the front door of rr_buffer. */
#include "ledger/buffer_handle.h"

#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "ledger/harvest.h"
#include "ledger/settle.h"

/* The handle and its arrays; run twice, as core/memory.h says. */
static rr_buffer *layout(rri_rollout *rollout, rri_ledger *ledger, rri_arena *arena,
                         const rr_buffer_config *config)
{
    rr_buffer *buffer = RRI_TAKE(arena, rr_buffer, 1);
    rri_rollout_layout(rollout, arena, config);
    if (config->is_keyed != 0) {
        rri_ledger_layout(ledger, arena, config);
    }
    return buffer;
}

static rr_status measure(size_t *bytes, const rr_buffer_config *config, rr_error *err)
{
    rri_arena arena = {0};
    rri_rollout rollout = {0};
    rri_ledger ledger = {0};
    layout(&rollout, &ledger, &arena, config);
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
    if (out == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_buffer_create: out is NULL");
    }
    rr_buffer_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_BUFFER), config, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    size_t bytes = 0;
    RRI_TRY(measure(&bytes, &full, err));
    void *block;
    RRI_TRY(rri_memory_allocate(&block, &allocator, bytes, "buffer", err));

    rri_arena arena = {.base = block};
    rri_rollout rollout = {0};
    rri_ledger ledger = {0};
    rr_buffer *buffer = layout(&rollout, &ledger, &arena, &full);
    *buffer = (rr_buffer){allocator, full, rollout, ledger, bytes};
    rr_buffer_clear(buffer);
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
    if (bytes == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_buffer_memory: bytes is NULL");
    }
    rr_buffer_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_BUFFER), config, err));
    return measure(bytes, &full, err);
}

static rr_status check_lock_step(const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    const char *field = obs->incumbents != NULL      ? "obs incumbents"
                        : obs->sessions != NULL      ? "obs sessions"
                        : obs->decisions != NULL     ? "obs decisions"
                        : obs->times != NULL         ? "obs times"
                        : decision->statuses != NULL ? "decision statuses"
                                                     : NULL;
    if (field != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "buffer record: %s is set; this buffer is in lock step, only a keyed one "
                 "(is_keyed) serves it",
                 field);
    }
    if (decision->values == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: decision values is NULL; it is required");
    }
    return RR_OK;
}

/* What record needs to be there at all; the rollout judges the rest. */
static rr_status check_record(const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    const char *missing = obs->states == NULL           ? "obs states"
                          : decision->actions == NULL   ? "decision actions"
                          : decision->log_probs == NULL ? "decision log_probs"
                                                        : NULL;
    if (missing != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "buffer record: %s is NULL; it is required", missing);
    }
    if (obs->n < 1 || decision->n != obs->n) {
        RRI_FAIL(err, RR_E_INVALID,
                 "buffer record: obs n is %d and decision n %d; they must be equal and at least 1",
                 obs->n, decision->n);
    }
    return RR_OK;
}

static rr_status record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                        rr_error *err)
{
    if (buffer == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_buffer_record: buffer is NULL");
    }
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&full, decision, err));
    RRI_TRY(check_record(&full_obs, &full, err));
    if (buffer->config.is_keyed == 0) {
        RRI_TRY(check_lock_step(&full_obs, &full, err));
        return rri_rollout_record(&buffer->rollout, &full_obs, &full, full.pool_fingerprint, err);
    }
    full.values = NULL; /* the update makes them anew */
    return rri_ledger_record(&buffer->ledger, &buffer->rollout, &full_obs, &full,
                             full.pool_fingerprint, err);
}

rr_status rr_buffer_record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                           rr_error *err)
{
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = record(buffer, obs, decision, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status check_reward(const rr_buffer *buffer, const rr_outcome *outcome, rr_error *err)
{
    const bool is_keyed = buffer->config.is_keyed != 0;
    const char *unserved = outcome->decisions != NULL  ? "decisions"
                           : outcome->times != NULL    ? "times"
                           : outcome->statuses != NULL ? "statuses"
                                                       : NULL;
    if (!is_keyed && unserved != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "buffer reward: %s is set; this buffer is in lock step, only a keyed one "
                 "(is_keyed) serves it",
                 unserved);
    }
    const char *missing = outcome->rewards == NULL                 ? "rewards"
                          : is_keyed && outcome->decisions == NULL ? "decisions"
                                                                   : NULL;
    if (missing != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "buffer reward: %s is NULL; it is required", missing);
    }
    if (is_keyed && outcome->n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "buffer reward: n is %d; it must be at least 1", outcome->n);
    }
    return RR_OK;
}

static rr_status reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err)
{
    if (buffer == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_buffer_reward: buffer is NULL");
    }
    rr_outcome full;
    rr_obs final;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    RRI_TRY(check_reward(buffer, &full, err));
    if (full.final_obs != NULL) {
        RRI_TRY(rri_obs_read(&final, full.final_obs, "final_obs", err));
        full.final_obs = &final;
    }
    return buffer->config.is_keyed == 0
               ? rri_rollout_reward(&buffer->rollout, &full, err)
               : rri_settle_reward(&buffer->ledger, &buffer->rollout, &full, err);
}

rr_status rr_buffer_reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err)
{
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = reward(buffer, outcome, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status check_keyed(const rr_buffer *buffer, const char *function, rr_error *err)
{
    if (buffer == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s: buffer is NULL", function);
    }
    if (buffer->config.is_keyed == 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "%s: this buffer is in lock step, only a keyed one (is_keyed) serves it",
                 function);
    }
    return RR_OK;
}

rr_status rr_buffer_end(rr_buffer *buffer, const rr_ending *ending, rr_error *err)
{
    RRI_TRY(check_keyed(buffer, "rr_buffer_end", err));
    rr_ending full;
    rr_obs final;
    RRI_TRY(rri_abi_read(&full, sizeof full, ending, "rr_ending", err));
    if (full.sessions == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "buffer end: sessions is NULL; it is required");
    }
    if (full.n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "buffer end: n is %d; it must be at least 1", full.n);
    }
    if (full.final_obs != NULL) {
        RRI_TRY(rri_obs_read(&final, full.final_obs, "final_obs", err));
        full.final_obs = &final;
    }
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_settle_end(&buffer->ledger, &buffer->rollout, &full, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_buffer_settle(rr_buffer *buffer, int64_t now, rr_buffer_counts *counts, rr_error *err)
{
    RRI_TRY(check_keyed(buffer, "rr_buffer_settle", err));
    if (counts != NULL) {
        RRI_TRY(rri_abi_check(counts, sizeof *counts, "rr_buffer_counts", err));
    }
    rri_settle_clock(&buffer->ledger, &buffer->rollout, now);
    if (counts != NULL) {
        rr_buffer_counts full = {.bytes = (int64_t)buffer->bytes};
        rri_settle_count(&full, &buffer->ledger, &buffer->rollout);
        rri_abi_write(counts, &full, sizeof full);
    }
    return RR_OK;
}

rr_status rr_buffer_drop_ready(rr_buffer *buffer, rr_error *err)
{
    RRI_TRY(check_keyed(buffer, "rr_buffer_drop_ready", err));
    rri_harvest_drop_ready(&buffer->ledger, &buffer->rollout);
    return RR_OK;
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
    if (buffer != NULL && buffer->config.is_keyed != 0) {
        rri_ledger_clear(&buffer->ledger, &buffer->rollout);
    } else if (buffer != NULL) {
        rri_rollout_clear(&buffer->rollout);
    }
}
