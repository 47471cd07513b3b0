/* SPDX-License-Identifier: MIT */
/* api_ledger.c: the front door of rr_ledger. */
#include "ledger/ledger.h"

#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "items/items.h"
#include "ledger/harvest.h"
#include "ledger/settle.h"

/* The handle and its arrays; run twice, as core/memory.h says. */
static rr_ledger *layout(rri_rollout *rollout, rri_ledger *book, rri_arena *arena,
                         const rr_ledger_config *config)
{
    rr_ledger *ledger = RRI_TAKE(arena, rr_ledger, 1);
    const rr_buffer_config rows = rri_ledger_rows(config);
    rri_rollout_layout(rollout, arena, &rows);
    rri_ledger_layout(book, arena, config);
    return ledger;
}

static rr_status measure(size_t *bytes, const rr_ledger_config *config, rr_error *err)
{
    rri_arena arena = {0};
    rri_rollout rollout = {0};
    rri_ledger book = {0};
    layout(&rollout, &book, &arena, config);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY,
                 "ledger: %d rows of this shape do not fit into the address space",
                 config->max_rows);
    }
    *bytes = arena.used;
    return RR_OK;
}

rr_status rr_ledger_create(rr_ledger **out, const rr_ledger_config *config, const rr_host *host,
                           rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_ledger_create", "out", err));
    rr_ledger_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_LEDGER), config, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    size_t bytes = 0;
    RRI_TRY(measure(&bytes, &full, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, bytes, &allocator, "ledger", err));
    rri_rollout rollout = {0};
    rri_ledger book = {0};
    rr_ledger *ledger = layout(&rollout, &book, &arena, &full);
    *ledger = (rr_ledger){
        .allocator = allocator, .config = full, .rollout = rollout, .ledger = book, .bytes = bytes};
    rri_ledger_clear(&ledger->ledger, &ledger->rollout);
    *out = ledger;
    return RR_OK;
}

static void forget_earlier(rr_ledger *ledger)
{
    rri_items_release(ledger->earlier);
    rri_memory_release(&ledger->allocator, ledger->lent, rri_ledger_lent_bytes(ledger));
    ledger->earlier = NULL;
    ledger->lent = NULL;
}

void rr_ledger_destroy(rr_ledger *ledger)
{
    if (ledger != NULL) {
        const rri_allocator allocator = ledger->allocator;
        forget_earlier(ledger);
        rri_map_release(&ledger->rollout.maps, &allocator);
        rri_memory_release(&allocator, ledger, ledger->bytes);
    }
}

rr_status rr_ledger_set_earlier_items(rr_ledger *ledger, rr_items *earlier, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_set_earlier_items", "ledger", err));
    const size_t bytes = rri_ledger_lent_bytes(ledger);
    void *block = NULL;
    if (earlier != NULL && (bytes == 0 || rri_items_dim(earlier) != ledger->rollout.item_dim)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "rr_ledger_set_earlier_items: the items have vectors of width %zu; this ledger "
                 "stores vectors of width %zu beside %zu candidates (item_dim, max_candidates)",
                 rri_items_dim(earlier), ledger->rollout.item_dim, ledger->rollout.k);
    }
    if (earlier != NULL) {
        RRI_TRY(rri_memory_allocate(&block, &ledger->allocator, bytes, "ledger", err));
    }
    forget_earlier(ledger);
    ledger->earlier = rri_items_retain(earlier);
    ledger->lent = block;
    return RR_OK;
}

rr_status rr_ledger_memory(const rr_ledger_config *config, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_ledger_memory", "bytes", err));
    rr_ledger_config full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_LEDGER), config, err));
    return measure(bytes, &full, err);
}

/* What record needs whatever the config says; the ledger judges the rest. */
static rr_status check_record(const rr_obs *obs, const rr_decision *decision, rr_error *err)
{
    RRI_TRY(rri_require(obs->states, "record", "obs states", err));
    RRI_TRY(rri_require(decision->actions, "record", "decision actions", err));
    RRI_TRY(rri_require(decision->log_probs, "record", "decision log_probs", err));
    if (obs->n < 1 || decision->n != obs->n) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: obs n is %d and decision n %d; they must be equal and at least 1", obs->n,
                 decision->n);
    }
    return RR_OK;
}

rr_status rr_ledger_record(rr_ledger *ledger, const rr_obs *obs, const rr_decision *decision,
                           int32_t *statuses, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_record", "ledger", err));
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&full, decision, err));
    RRI_TRY(check_record(&full_obs, &full, err));
    full.values = NULL; /* the update makes them anew */
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_ledger_record(&ledger->ledger, &ledger->rollout, &full_obs, &full,
                                               full.pool_fingerprint, statuses, err);
    rri_fpmode_leave(before);
    return status;
}

/* The final observation, where there is one, read into `full`. */
static rr_status read_final(const rr_obs **final_obs, rr_obs *full, rr_error *err)
{
    if (*final_obs != NULL) {
        RRI_TRY(rri_obs_read(full, *final_obs, "final_obs", err));
        *final_obs = full;
    }
    return RR_OK;
}

rr_status rr_ledger_reward(rr_ledger *ledger, const rr_outcome *outcome, int32_t *statuses,
                           rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_reward", "ledger", err));
    rr_outcome full;
    rr_obs final;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    RRI_TRY(rri_require(full.rewards, "reward", "rewards", err));
    RRI_TRY(rri_require(full.decisions, "reward", "decisions", err));
    if (full.n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "reward: n is %d; it must be at least 1", full.n);
    }
    RRI_TRY(read_final(&full.final_obs, &final, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_settle_reward(&ledger->ledger, &ledger->rollout, &full, statuses, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_ledger_end(rr_ledger *ledger, const rr_ending *ending, int32_t *statuses,
                        rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_end", "ledger", err));
    rr_ending full;
    rr_obs final;
    RRI_TRY(rri_abi_read(&full, sizeof full, ending, "rr_ending", err));
    RRI_TRY(rri_require(full.sessions, "end", "sessions", err));
    if (full.n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "end: n is %d; it must be at least 1", full.n);
    }
    RRI_TRY(read_final(&full.final_obs, &final, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_settle_end(&ledger->ledger, &ledger->rollout, &full, statuses, err);
    rri_fpmode_leave(before);
    return status;
}

static void count(rr_ledger_counts *counts, const rr_ledger *ledger)
{
    rr_ledger_counts full = {.bytes = (int64_t)ledger->bytes};
    rri_settle_count(&full, &ledger->ledger, &ledger->rollout);
    rri_abi_write(counts, &full, sizeof full);
}

rr_status rr_ledger_get_counts(const rr_ledger *ledger, rr_ledger_counts *counts, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_get_counts", "ledger", err));
    RRI_TRY(rri_abi_check(counts, sizeof *counts, "rr_ledger_counts", err));
    count(counts, ledger);
    return RR_OK;
}

rr_status rr_ledger_settle(rr_ledger *ledger, int64_t now, rr_ledger_counts *counts, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_settle", "ledger", err));
    if (counts != NULL) {
        RRI_TRY(rri_abi_check(counts, sizeof *counts, "rr_ledger_counts", err));
    }
    RRI_TRY(rri_settle_clock(&ledger->ledger, &ledger->rollout, now, err));
    if (counts != NULL) {
        count(counts, ledger);
    }
    return RR_OK;
}

rr_status rr_ledger_set_clock(rr_ledger *ledger, int64_t now, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_set_clock", "ledger", err));
    ledger->ledger.clock = now;
    return RR_OK;
}

rr_status rr_ledger_drop_ready(rr_ledger *ledger, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_drop_ready", "ledger", err));
    rri_harvest_drop_ready(&ledger->ledger, &ledger->rollout);
    return RR_OK;
}

rr_status rr_ledger_forget(rr_ledger *ledger, const uint64_t *sessions, int32_t n, int64_t *n_rows,
                           rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_forget", "ledger", err));
    RRI_TRY(rri_require(sessions, "rr_ledger_forget", "sessions", err));
    if (n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ledger_forget: n is %d; it must be at least 1", n);
    }
    const size_t n_gone =
        rri_harvest_forget_keys(&ledger->ledger, &ledger->rollout, sessions, (size_t)n);
    if (n_rows != NULL) {
        *n_rows = (int64_t)n_gone;
    }
    return RR_OK;
}

rr_status rr_ledger_map_schema(rr_ledger *ledger, const rr_schema_map *map, rr_error *err)
{
    rri_columns columns;
    RRI_TRY(rri_require(ledger, "rr_ledger_map_schema", "ledger", err));
    RRI_TRY(rri_columns_read(&columns, map, ledger->rollout.state_dim, ledger->rollout.feature_dim,
                             "map_schema", err));
    if (columns.schema == ledger->rollout.schema) {
        RRI_FAIL(err, RR_E_INVALID,
                 "map_schema: the map is for schema %llu, which is the ledger's own: its rows are "
                 "read as they are",
                 (unsigned long long)columns.schema);
    }
    if (columns.items != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "map_schema: the map's items are given; a ledger finds items of rows by their "
                 "keys or their line alone, so it must be NULL");
    }
    return rri_map_add(&ledger->rollout.maps, &columns, &ledger->allocator, err);
}

int32_t rr_ledger_is_full(const rr_ledger *ledger)
{
    return ledger == NULL || rri_rollout_is_full(&ledger->rollout);
}

int32_t rr_ledger_count(const rr_ledger *ledger)
{
    return ledger == NULL ? 0 : (int32_t)ledger->rollout.n_rows;
}

void rr_ledger_clear(rr_ledger *ledger)
{
    if (ledger != NULL) {
        rri_ledger_clear(&ledger->ledger, &ledger->rollout);
    }
}
