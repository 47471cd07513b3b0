/* SPDX-License-Identifier: MIT */
#include "data/key_table.h"

#include <string.h>

#include "core/status.h"

#define FIRST_SLOTS ((size_t)64)

void rri_key_table_init(rri_key_table *table, const rri_allocator *allocator)
{
    *table = (rri_key_table){.allocator = *allocator};
}

void rri_key_table_release(rri_key_table *table)
{
    const rri_allocator allocator = table->allocator;
    if (table->block != NULL) {
        rri_memory_release(&allocator, table->block, table->block_bytes);
    }
    rri_key_table_init(table, &allocator);
}

static void layout(rri_key_table *table, rri_arena *arena, size_t n_slots)
{
    table->keys = RRI_TAKE(arena, uint64_t, n_slots / 2);
    table->checks = RRI_TAKE(arena, uint64_t, n_slots / 2);
    rri_u64_table_layout(&table->index, arena, n_slots);
}

static rr_status grow(rri_key_table *table, size_t n_slots, rr_error *err)
{
    rri_key_table larger = *table;
    rri_arena arena = {.base = NULL};
    layout(&larger, &arena, n_slots);
    RRI_TRY(rri_arena_create(&arena, arena.used, &table->allocator, "table of keys", err));
    layout(&larger, &arena, n_slots);
    larger.block = arena.base;
    larger.block_bytes = arena.used;
    rri_u64_table_clear(&larger.index);
    for (size_t i = 0; i < table->n_keys; i++) {
        larger.keys[i] = table->keys[i];
        larger.checks[i] = table->checks[i];
        rri_u64_table_add(&larger.index, larger.keys, (int32_t)i);
    }
    if (table->block != NULL) {
        rri_memory_release(&table->allocator, table->block, table->block_bytes);
    }
    *table = larger;
    return RR_OK;
}

static rr_status grow_to_double(rri_key_table *table, rr_error *err)
{
    if (table->n_keys >= (size_t)1 << 30) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "dataset: more than 2^30 different keys");
    }
    return grow(table, table->index.n_slots == 0 ? FIRST_SLOTS : 2 * table->index.n_slots, err);
}

void rri_key_table_expect(const rri_key_table *table, uint64_t key)
{
    if (table->index.n_slots > 0) {
        __builtin_prefetch(table->index.slots + rri_u64_table_home(&table->index, key));
    }
}

void rri_key_table_approach(const rri_key_table *table, uint64_t key)
{
    if (table->index.n_slots > 0) {
        const int32_t index = table->index.slots[rri_u64_table_home(&table->index, key)];
        if (index >= 0) {
            __builtin_prefetch(table->keys + index);
        }
    }
}

bool rri_key_table_has_room(const rri_key_table *table, size_t n)
{
    return 2 * (table->n_keys + n) <= table->index.n_slots;
}

rr_status rri_key_table_reserve(rri_key_table *table, size_t n, rr_error *err)
{
    while (!rri_key_table_has_room(table, n)) {
        RRI_TRY(grow_to_double(table, err));
    }
    return RR_OK;
}

/* A new key in its free slot. */
static void insert(rri_key_table *table, int32_t *slot, uint64_t key, uint64_t check)
{
    table->keys[table->n_keys] = key;
    table->checks[table->n_keys] = check;
    table->has_checks = table->has_checks || check != 0;
    *slot = (int32_t)table->n_keys++;
}

rr_status rri_key_table_add(rri_key_table *table, int32_t *index, uint64_t key, uint64_t check,
                            rr_error *err)
{
    if (table->index.n_slots == 0) {
        RRI_TRY(grow_to_double(table, err));
    }
    int32_t *slot = rri_u64_table_slot(&table->index, table->keys, key);
    if (*slot < 0 && !rri_key_table_has_room(table, 1)) {
        RRI_TRY(grow_to_double(table, err));
        slot = rri_u64_table_slot(&table->index, table->keys, key);
    }
    if (*slot < 0) {
        insert(table, slot, key, check);
    }
    *index = *slot;
    return RR_OK;
}

size_t rri_key_table_memory(size_t n_keys)
{
    rri_key_table table;
    rri_arena arena = {.base = NULL};
    const size_t n_slots = rri_u64_table_slots(n_keys);
    layout(&table, &arena, rri_size_larger(n_slots, FIRST_SLOTS));
    return arena.has_overflowed || n_slots == SIZE_MAX ? SIZE_MAX : rri_memory_size(arena.used);
}

rr_status rri_key_table_copy(rri_key_table *table, const rri_key_table *from, rr_error *err)
{
    const rri_u64_table *of = &from->index;
    if (of->n_slots > 0) {
        RRI_TRY(grow(table, of->n_slots, err));
        memcpy(table->keys, from->keys, from->n_keys * sizeof from->keys[0]);
        table->has_checks = from->has_checks;
        memcpy(table->checks, from->checks, from->n_keys * sizeof from->checks[0]);
        memcpy(table->index.slots, of->slots, of->n_slots * sizeof of->slots[0]);
        memcpy(table->index.salt, of->salt, sizeof of->salt);
        table->n_keys = from->n_keys;
    }
    return RR_OK;
}
