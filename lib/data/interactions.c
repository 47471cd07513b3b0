/* SPDX-License-Identifier: MIT */
/* interactions.c: columns in one block beside two tables of keys. */
#include "data/interactions.h"

#include <math.h>
#include <string.h>

#include "core/status.h"

static void layout(rri_interactions *rows, rri_arena *arena, size_t max_n)
{
    rows->max_n = max_n;
    rows->users = RRI_TAKE(arena, int32_t, max_n);
    rows->items = RRI_TAKE(arena, int32_t, max_n);
    rows->ratings = RRI_TAKE(arena, float, max_n);
    rows->times = RRI_TAKE(arena, int64_t, max_n);
    rows->positions = rows->has_logs ? RRI_TAKE(arena, int32_t, max_n) : NULL;
    rows->propensities = rows->has_logs ? RRI_TAKE(arena, float, max_n) : NULL;
}

/* The columns alone; *rows knows its allocator and whether it has logs. */
static rr_status allocate_columns(rri_interactions *rows, size_t max_n, rr_error *err)
{
    rri_arena arena = {.base = NULL};
    layout(rows, &arena, max_n);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "dataset: %zu interactions do not fit into memory", max_n);
    }
    RRI_TRY(rri_arena_create(&arena, arena.used, &rows->allocator, "interactions", err));
    layout(rows, &arena, max_n);
    rows->block = arena.base;
    rows->block_bytes = arena.used;
    return RR_OK;
}

size_t rri_interactions_memory(size_t max_n, bool has_logs)
{
    rri_interactions rows = {.has_logs = has_logs};
    rri_arena arena = {.base = NULL};
    layout(&rows, &arena, max_n);
    return arena.has_overflowed ? SIZE_MAX : rri_memory_size(arena.used);
}

rr_status rri_interactions_create(rri_interactions *rows, size_t max_n, bool has_logs,
                                  const rri_allocator *allocator, rr_error *err)
{
    *rows = (rri_interactions){
        .allocator = *allocator, .has_ratings = true, .has_times = true, .has_logs = has_logs};
    RRI_TRY(allocate_columns(rows, max_n, err));
    rri_key_table_init(&rows->user_table, allocator);
    rri_key_table_init(&rows->item_table, allocator);
    rri_id_texts_init(&rows->user_texts, allocator);
    rri_id_texts_init(&rows->item_texts, allocator);
    return RR_OK;
}

rr_status rri_interactions_reserve(rri_interactions *rows, size_t max_n, rr_error *err)
{
    rri_interactions larger = *rows;
    RRI_TRY(allocate_columns(&larger, max_n, err));
    const size_t n = rows->max_n; /* rows behind rows->n may be being read */
    memcpy(larger.users, rows->users, n * sizeof rows->users[0]);
    memcpy(larger.items, rows->items, n * sizeof rows->items[0]);
    memcpy(larger.ratings, rows->ratings, n * sizeof rows->ratings[0]);
    memcpy(larger.times, rows->times, n * sizeof rows->times[0]);
    if (rows->has_logs) {
        memcpy(larger.positions, rows->positions, n * sizeof rows->positions[0]);
        memcpy(larger.propensities, rows->propensities, n * sizeof rows->propensities[0]);
    }
    rri_memory_release(&rows->allocator, rows->block, rows->block_bytes);
    *rows = larger;
    return RR_OK;
}

void rri_interactions_release(rri_interactions *rows)
{
    rri_key_table_release(&rows->user_table);
    rri_key_table_release(&rows->item_table);
    rri_id_texts_release(&rows->user_texts);
    rri_id_texts_release(&rows->item_texts);
    rri_memory_release(&rows->allocator, rows->block, rows->block_bytes);
    *rows = (rri_interactions){.n = 0};
}

rr_status rri_interactions_add(rri_interactions *rows, uint64_t user, uint64_t item, float rating,
                               int64_t time, rr_error *err)
{
    const size_t row = rows->n;
    RRI_TRY(rri_key_table_add(&rows->user_table, &rows->users[row], user, 0, err));
    RRI_TRY(rri_key_table_add(&rows->item_table, &rows->items[row], item, 0, err));
    rows->ratings[row] = rating;
    rows->times[row] = time;
    rows->n = row + 1;
    return RR_OK;
}

static rr_status add_arrays(rri_interactions *rows, const uint64_t *users, const uint64_t *items,
                            const float *ratings, const int64_t *times, size_t n, rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(ratings[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "dataset: ratings[%zu] is %g; it must be finite", i,
                     (double)ratings[i]);
        }
        RRI_TRY(rri_interactions_add(rows, users[i], items[i], ratings[i],
                                     times == NULL ? 0 : times[i], err));
    }
    return RR_OK;
}

rr_status rri_interactions_from_arrays(rri_interactions *rows, const uint64_t *users,
                                       const uint64_t *items, const float *ratings,
                                       const int64_t *times, size_t n,
                                       const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(rri_interactions_create(rows, n, false, allocator, err));
    rows->has_times = times != NULL;
    const rr_status status = add_arrays(rows, users, items, ratings, times, n, err);
    if (status != RR_OK) {
        rri_interactions_release(rows);
    }
    return status;
}

static void copy_row(rri_interactions *rows, const rri_interactions *from, size_t row)
{
    const size_t n = rows->n;
    rows->users[n] = from->users[row];
    rows->items[n] = from->items[row];
    rows->ratings[n] = from->ratings[row];
    rows->times[n] = from->times[row];
    if (rows->has_logs) {
        rows->positions[n] = from->positions[row];
        rows->propensities[n] = from->propensities[row];
    }
    rows->n = n + 1;
}

static size_t count_marked(const rri_interactions *from, const uint8_t *marks, uint8_t part)
{
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        n += marks[i] == part ? 1 : 0;
    }
    return n;
}

size_t rri_interactions_selected_memory(const rri_interactions *from, const uint8_t *marks,
                                        uint8_t part)
{
    return rri_interactions_memory(count_marked(from, marks, part), from->has_logs);
}

rr_status rri_interactions_select(rri_interactions *rows, const rri_interactions *from,
                                  const uint8_t *marks, uint8_t part,
                                  const rri_allocator *allocator, rr_error *err)
{
    const size_t n = count_marked(from, marks, part);
    RRI_TRY(rri_interactions_create(rows, n, from->has_logs, allocator, err));
    rows->has_ratings = from->has_ratings;
    rows->has_times = from->has_times;
    for (size_t i = 0; i < from->n; i++) {
        if (marks[i] == part) {
            copy_row(rows, from, i);
        }
    }
    rr_status status = rri_key_table_copy(&rows->user_table, &from->user_table, err);
    if (status == RR_OK) {
        status = rri_key_table_copy(&rows->item_table, &from->item_table, err);
    }
    if (status == RR_OK) {
        status = rri_id_texts_copy(&rows->user_texts, &from->user_texts, err);
    }
    if (status == RR_OK) {
        status = rri_id_texts_copy(&rows->item_texts, &from->item_texts, err);
    }
    if (status != RR_OK) {
        rri_interactions_release(rows);
    }
    return status;
}
