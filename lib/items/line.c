/* SPDX-License-Identifier: MIT */
#include "items/line.h"

#include <string.h>

#include "core/hash.h"
#include "core/status.h"

/* ── the history ── */

enum { FIRST_ROOM = 64 };

static void layout_history(rri_line *line, rri_arena *arena, size_t room)
{
    line->history = RRI_TAKE(arena, rri_generation, room);
    line->fingerprints = RRI_TAKE(arena, uint64_t, room);
    rri_u64_table_layout(&line->table, arena, rri_u64_table_slots(room));
}

static size_t history_bytes(size_t room)
{
    rri_line sized = {0};
    rri_arena arena = {0};
    layout_history(&sized, &arena, room);
    return arena.used;
}

size_t rri_line_bytes(size_t n_generations, size_t *before)
{
    size_t room = FIRST_ROOM;
    *before = 0;
    while (room < n_generations) {
        *before = rri_memory_size(history_bytes(room));
        room *= 2;
    }
    return rri_size_add(rri_memory_size(sizeof(rri_line)), rri_memory_size(history_bytes(room)));
}

/* A history of `room` generations, with what there is already. */
static rr_status make_room(rri_line *line, size_t room, rr_error *err)
{
    rri_line sized = {0};
    rri_arena arena;
    const size_t bytes = history_bytes(room);
    RRI_TRY(rri_arena_create(&arena, bytes, &line->allocator, "history of a catalogue", err));
    layout_history(&sized, &arena, room);
    rri_u64_table_clear(&sized.table);
    for (size_t g = 0; g < line->n; g++) {
        sized.history[g] = line->history[g];
        sized.fingerprints[g] = line->fingerprints[g];
        *rri_u64_table_slot(&sized.table, sized.fingerprints, sized.fingerprints[g]) = (int32_t)g;
    }
    rri_memory_release(&line->allocator, line->history_block, line->history_bytes);
    line->history = sized.history;
    line->fingerprints = sized.fingerprints;
    line->table = sized.table;
    line->history_block = arena.base;
    line->history_bytes = bytes;
    line->room = room;
    return RR_OK;
}

rr_status rri_line_reserve(rri_line *line, rr_error *err)
{
    return line->n < line->room ? RR_OK : make_room(line, 2 * line->room, err);
}

/* Of two generations with the same fingerprint, which have the same items, the later is found. */
void rri_line_add(rri_line *line, const rri_generation *generation)
{
    const size_t g = line->n++;
    line->history[g] = *generation;
    line->fingerprints[g] = generation->fingerprint;
    *rri_u64_table_slot(&line->table, line->fingerprints, generation->fingerprint) = (int32_t)g;
}

static rr_status create_line(rri_line **out, const rr_items *root, rr_error *err)
{
    void *block;
    RRI_TRY(rri_memory_allocate(&block, &root->allocator, sizeof(rri_line), "line", err));
    rri_line *line = block;
    line->allocator = root->allocator;
    line->root = root->root;
    rri_refs_init(&line->refs);
    rr_status status = make_room(line, FIRST_ROOM, err);
    if (status == RR_OK && pthread_mutex_init(&line->mutex, NULL) != 0) {
        rri_memory_release(&line->allocator, line->history_block, line->history_bytes);
        status = rri_status_fail(err, RR_E_THREAD, "line: the system refused a mutex");
    }
    if (status != RR_OK) {
        rri_memory_release(&root->allocator, line, sizeof *line);
        return status;
    }
    const rri_generation first = {root->fingerprint, (int32_t)root->n, (int32_t)root->n_alive};
    rri_line_add(line, &first);
    *out = line;
    return RR_OK;
}

rri_line *rri_line_retain(rri_line *line)
{
    rri_refs_retain(&line->refs);
    return line;
}

void rri_line_release(rri_line *line)
{
    if (line == NULL || !rri_refs_release(&line->refs)) {
        return;
    }
    const rri_allocator allocator = line->allocator;
    (void)pthread_mutex_destroy(&line->mutex);
    rri_memory_release(&allocator, line->history_block, line->history_bytes);
    rri_memory_release(&allocator, line, sizeof *line);
}

/* Two threads may follow one root at once: the line that is there first is the line. */
rr_status rri_line_of(rri_line **line, rr_items *items, rr_error *err)
{
    *line = atomic_load_explicit(&items->line, memory_order_acquire);
    if (*line != NULL) {
        return RR_OK;
    }
    rri_line *fresh = NULL, *there = NULL;
    RRI_TRY(create_line(&fresh, items, err));
    if (atomic_compare_exchange_strong(&items->line, &there, fresh)) {
        *line = fresh;
    } else {
        rri_line_release(fresh);
        *line = there;
    }
    return RR_OK;
}

/* ── storage ── */

static void layout_storage(rri_storage *s, rri_arena *arena, size_t room, size_t dim,
                           size_t feature_dim)
{
    (void)RRI_TAKE(arena, rri_storage, 1);
    s->vectors = RRI_TAKE(arena, float, rri_size_multiply(room, dim));
    s->features = RRI_TAKE(arena, float, rri_size_multiply(room, feature_dim));
    s->keys = RRI_TAKE(arena, uint64_t, room);
    s->births = RRI_TAKE(arena, uint32_t, room);
    s->before = RRI_TAKE(arena, int32_t, room);
    s->life.births = s->births;
    s->life.deaths = RRI_TAKE(arena, _Atomic uint32_t, room);
    s->life.block_deaths = RRI_TAKE(arena, _Atomic uint32_t, room / RRI_LIFE_BLOCK + 1);
    s->life.block_latest = RRI_TAKE(arena, _Atomic uint32_t, room / RRI_LIFE_BLOCK + 1);
    s->life.ended = RRI_TAKE(arena, _Atomic uint64_t, room / 64 + 1);
    s->life.next = RRI_TAKE(arena, _Atomic int32_t, room);
    s->table.n_slots = rri_u64_table_slots(room);
    s->slots = RRI_TAKE(arena, _Atomic int32_t, s->table.n_slots);
}

size_t rri_storage_bytes(size_t room, size_t dim, size_t feature_dim)
{
    rri_storage sized = {0};
    rri_arena arena = {0};
    layout_storage(&sized, &arena, room, dim, feature_dim);
    return arena.used;
}

size_t rri_items_room(size_t n)
{
    enum { LEAST = 1024 };
    const size_t room = rri_size_add(rri_size_add(n, n / 2), LEAST);
    return rri_size_smaller(room, INT32_MAX - 1);
}

/* What is not used yet is not touched, so that a system which gives memory page by page gives no
 * more than there are items. */
rr_status rri_storage_create(rri_storage **out, size_t room, size_t dim, size_t feature_dim,
                             const rri_allocator *allocator, rr_error *err)
{
    const size_t bytes = rri_storage_bytes(room, dim, feature_dim);
    void *block;
    RRI_TRY(rri_memory_allocate_unset(&block, allocator, bytes, "items", err));
    rri_arena arena = {.base = block};
    rri_storage *s = block;
    memset(s, 0, sizeof *s);
    layout_storage(s, &arena, room, dim, feature_dim);
    rri_refs_init(&s->refs);
    s->allocator = *allocator;
    s->bytes = bytes;
    s->room = room;
    s->dim = dim;
    s->feature_dim = feature_dim;
    rri_u64_table_draw_salt(s->table.salt, s);
    for (size_t i = 0; i < s->table.n_slots; i++) {
        atomic_init(&s->slots[i], -1);
    }
    for (size_t b = 0; b < room / RRI_LIFE_BLOCK + 1; b++) {
        atomic_init(&s->life.block_deaths[b], RRI_LIFE_LASTS);
        atomic_init(&s->life.block_latest[b], 0);
    }
    for (size_t w = 0; w < room / 64 + 1; w++) {
        atomic_init(&s->life.ended[w], 0);
    }
    *out = s;
    return RR_OK;
}

rri_storage *rri_storage_retain(rri_storage *storage)
{
    rri_refs_retain(&storage->refs);
    return storage;
}

void rri_storage_release(rri_storage *storage)
{
    if (storage != NULL && rri_refs_release(&storage->refs)) {
        const rri_allocator allocator = storage->allocator;
        rri_memory_release(&allocator, storage, storage->bytes);
    }
}

/* The slot of a key, or the free one where it belongs; *newest is what it holds. What a slot names
 * was written before the slot. */
static _Atomic int32_t *slot_of(const rri_storage *s, uint64_t key, int32_t *newest)
{
    const size_t mask = s->table.n_slots - 1;
    size_t slot = rri_u64_table_home(&s->table, key);
    for (;;) {
        *newest = atomic_load_explicit(&s->slots[slot], memory_order_acquire);
        if (*newest < 0 || s->keys[*newest] == key) {
            return &s->slots[slot];
        }
        slot = (slot + 1) & mask;
    }
}

void rri_storage_add(rri_storage *s, size_t at, uint32_t birth)
{
    int32_t newest;
    _Atomic int32_t *slot = slot_of(s, s->keys[at], &newest);
    s->births[at] = birth;
    s->before[at] = newest;
    atomic_init(&s->life.deaths[at], RRI_LIFE_LASTS);
    atomic_init(&s->life.next[at], -1);
    if (newest >= 0) {
        atomic_store_explicit(&s->life.next[newest], (int32_t)at, memory_order_release);
    }
    atomic_store_explicit(slot, (int32_t)at, memory_order_release);
}

void rri_storage_end(rri_storage *s, size_t item, uint32_t death)
{
    rri_life_end(&s->life, item, death);
}

int32_t rri_storage_find(const rri_storage *s, uint64_t key, uint32_t generation)
{
    int32_t item;
    (void)slot_of(s, key, &item);
    while (item >= 0 && s->births[item] > generation) {
        item = s->before[item];
    }
    return item;
}

/* ── fingerprints ── */

uint64_t rri_line_hash_birth(const rri_item_rows *rows, size_t at, size_t dim, size_t item,
                             uint32_t birth)
{
    const uint64_t what[] = {rows->keys[at], item, birth};
    rri_hash hash;
    rri_hash_init(&hash, 1);
    rri_hash_update(&hash, what, sizeof what);
    rri_hash_update(&hash, rows->vectors + at * dim, dim * sizeof *rows->vectors);
    if (rows->feature_dim > 0) {
        rri_hash_update(&hash, rows->features + at * rows->feature_dim,
                        rows->feature_dim * sizeof *rows->features);
    }
    return rri_hash_final(&hash);
}

uint64_t rri_line_hash_death(size_t item, uint32_t death)
{
    const uint64_t what[] = {item, death};
    return rri_hash_bytes(what, sizeof what, 2);
}
