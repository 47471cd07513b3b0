/* SPDX-License-Identifier: MIT */
#include "items/line.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/finite.h"
#include "core/hash.h"
#include "core/philox.h"
#include "core/refs.h"
#include "core/status.h"
#include "core/u64_table.h"

/* ── key → index ── */

static rr_status insert_keys(rr_items *items, rr_error *err)
{
    rri_u64_table_clear(&items->table);
    for (size_t i = 0; i < items->n; i++) {
        int32_t *slot = rri_u64_table_slot(&items->table, items->keys, items->keys[i]);
        if (*slot >= 0) {
            RRI_FAIL(err, RR_E_INVALID,
                     "items: rows %d and %zu both have the key %" PRIu64 "; keys must differ",
                     *slot, i, items->keys[i]);
        }
        *slot = (int32_t)i;
    }
    return RR_OK;
}

int32_t rri_items_find(const rr_items *items, uint64_t key)
{
    return rri_items_find_in(items, items->generation, key);
}

int32_t rri_items_find_in(const rr_items *items, uint32_t generation, uint64_t key)
{
    if (items->storage != NULL) {
        return rri_storage_find(items->storage, key, generation);
    }
    if (items->table.n_slots == 0) {
        return key < items->n ? (int32_t)key : -1;
    }
    return rri_u64_table_find(&items->table, items->keys, key);
}

/* ── create and release ── */

/* A catalogue that has its arrays in its own block, while they are filled. */
typedef struct rri_fresh {
    rr_items *items;
    float *vectors;  /* [n, dim] */
    float *features; /* [n, feature_dim] */
    uint64_t *keys;  /* [n] */
} rri_fresh;

static rri_fresh layout(rr_items *items, rri_arena *arena, bool has_keys)
{
    const size_t f = items->feature_dim;
    rri_fresh fresh = {.items = items};
    fresh.vectors = RRI_TAKE(arena, float, rri_size_multiply(items->n, items->dim));
    fresh.features = f > 0 ? RRI_TAKE(arena, float, rri_size_multiply(items->n, f)) : NULL;
    fresh.keys = RRI_TAKE(arena, uint64_t, items->n);
    items->vectors = fresh.vectors;
    items->features = fresh.features;
    items->keys = fresh.keys;
    rri_u64_table_layout(&items->table, arena, has_keys ? rri_u64_table_slots(items->n) : 0);
    return fresh;
}

/* Bytes of one whose n, dim and allocator are set. */
static size_t measure(rr_items *plan, bool has_keys)
{
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_items, 1);
    (void)layout(plan, &counting, has_keys);
    return counting.used; /* SIZE_MAX where it overflowed, which no allocation grants */
}

static rr_status check_shape(int32_t n, int32_t dim, int32_t feature_dim, rr_error *err)
{
    if (n < 1 || n == INT32_MAX) {
        RRI_FAIL(err, RR_E_INVALID, "items: n is %d; it must be in [1, 2147483646]", n);
    }
    if (dim < 1 || dim > RRI_ITEMS_WIDEST) {
        RRI_FAIL(err, RR_E_INVALID, "items: dim is %d; it must be in [1, %d]", dim,
                 RRI_ITEMS_WIDEST);
    }
    if (feature_dim < 0 || feature_dim > RRI_ITEMS_WIDEST) {
        RRI_FAIL(err, RR_E_INVALID, "items: feature_dim is %d; it must be in [0, %d]", feature_dim,
                 RRI_ITEMS_WIDEST);
    }
    return RR_OK;
}

rr_status rri_items_memory(size_t *bytes, int32_t n, int32_t dim, int32_t feature_dim,
                           bool has_keys, rr_error *err)
{
    RRI_TRY(check_shape(n, dim, feature_dim, err));
    rr_items plan = {.n = (size_t)n, .dim = (size_t)dim, .feature_dim = (size_t)feature_dim};
    *bytes = measure(&plan, has_keys);
    return RR_OK;
}

/* The block, laid out and empty. */
static rr_status allocate(rri_fresh *out, int32_t n, int32_t dim, size_t feature_dim, bool has_keys,
                          const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(check_shape(n, dim, (int32_t)feature_dim, err));
    rr_items plan = {
        .allocator = *allocator, .n = (size_t)n, .dim = (size_t)dim, .feature_dim = feature_dim};
    plan.block_bytes = measure(&plan, has_keys);
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, plan.block_bytes, allocator, "items", err));
    rr_items *items = RRI_TAKE(&arena, rr_items, 1);
    memcpy(items, &plan, sizeof plan);
    items->n_alive = plan.n;
    rri_refs_init(&items->refs);
    *out = layout(items, &arena, has_keys);
    return RR_OK;
}

rr_status rri_items_of_storage(rr_items **out, rri_storage *storage, rri_line *line,
                               uint32_t generation, const rri_generation *what,
                               const rri_allocator *allocator, rr_error *err)
{
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, sizeof(rr_items), "items", err));
    rr_items *items = block;
    rri_refs_init(&items->refs);
    items->allocator = *allocator;
    items->block_bytes = sizeof *items;
    items->n = (size_t)what->n;
    items->n_alive = (size_t)what->n_alive;
    items->dim = storage->dim;
    items->feature_dim = storage->feature_dim;
    items->generation = generation;
    items->fingerprint = what->fingerprint;
    items->root = line->root;
    items->vectors = storage->vectors;
    items->features = storage->feature_dim > 0 ? storage->features : NULL;
    items->keys = storage->keys;
    items->storage = storage;
    atomic_init(&items->line, line);
    *out = items;
    return RR_OK;
}

static void release_block(rr_items *items)
{
    const rri_allocator allocator = items->allocator;
    rri_memory_release(&allocator, items, items->block_bytes);
}

/* The exponent's bits are all set in NaN and infinity and in nothing else. */
static bool is_finite(float x)
{
    uint32_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7F800000u) != 0x7F800000u;
}

static rr_status copy_vectors(const rri_fresh *fresh, const float *vectors, rr_error *err)
{
    const rr_items *items = fresh->items;
    for (size_t i = 0; i < items->n; i++) {
        const float *from = vectors + i * items->dim;
        float *to = fresh->vectors + i * items->dim;
        uint32_t n_not_finite = 0;
        for (size_t c = 0; c < items->dim; c++) {
            n_not_finite += is_finite(from[c]) ? 0 : 1;
            to[c] = from[c];
        }
        for (size_t c = 0; n_not_finite > 0 && c < items->dim; c++) {
            if (!is_finite(from[c])) {
                RRI_FAIL(err, RR_E_NOT_FINITE,
                         "items: coordinate %zu of vector %zu is %g; it must be finite", c, i,
                         (double)from[c]);
            }
        }
    }
    return RR_OK;
}

static void compute_fingerprint(rr_items *items)
{
    const uint64_t sizes[2] = {items->n, items->dim};
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, sizes, sizeof sizes);
    rri_hash_update(&hash, items->keys, items->n * sizeof *items->keys);
    rri_hash_update(&hash, items->vectors, items->n * items->dim * sizeof *items->vectors);
    if (items->feature_dim > 0) {
        const uint64_t width = items->feature_dim;
        rri_hash_update(&hash, &width, sizeof width);
        rri_hash_update(&hash, items->features,
                        items->n * items->feature_dim * sizeof *items->features);
    }
    items->fingerprint = items->root = rri_hash_final(&hash);
}

static void number_keys(const rri_fresh *fresh)
{
    for (size_t i = 0; i < fresh->items->n; i++) {
        fresh->keys[i] = i;
    }
}

static rr_status copy_features(const rri_fresh *fresh, const float *features, rr_error *err)
{
    const size_t f = fresh->items->feature_dim, n = fresh->items->n * f;
    const size_t bad = f > 0 ? rri_finite_find(features, n) : n;
    if (bad < n) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "items: feature %zu of item %zu is %g; it must be finite",
                 bad % f, bad / f, (double)features[bad]);
    }
    if (f > 0) {
        memcpy(fresh->features, features, n * sizeof *features);
    }
    return RR_OK;
}

static rr_status fill(const rri_fresh *fresh, const rri_item_rows *rows, rr_error *err)
{
    RRI_TRY(copy_vectors(fresh, rows->vectors, err));
    RRI_TRY(copy_features(fresh, rows->features, err));
    if (rows->keys == NULL) {
        number_keys(fresh);
        return RR_OK;
    }
    memcpy(fresh->keys, rows->keys, fresh->items->n * sizeof *rows->keys);
    return insert_keys(fresh->items, err);
}

rr_status rri_items_create_rows(rr_items **out, const rri_item_rows *rows, int32_t dim,
                                const rri_allocator *allocator, rr_error *err)
{
    rri_fresh fresh;
    RRI_TRY(allocate(&fresh, (int32_t)rows->n, dim, rows->feature_dim, rows->keys != NULL,
                     allocator, err));
    const rr_status status = fill(&fresh, rows, err);
    if (status != RR_OK) {
        release_block(fresh.items);
        return status;
    }
    compute_fingerprint(fresh.items);
    *out = fresh.items;
    return RR_OK;
}

rr_status rri_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                           int32_t dim, const rri_allocator *allocator, rr_error *err)
{
    const rri_item_rows rows = {.vectors = vectors, .keys = keys, .n = (size_t)n};
    return rri_items_create_rows(out, &rows, dim, allocator, err);
}

rr_status rri_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                  const rri_allocator *allocator, rr_error *err)
{
    rri_fresh fresh;
    RRI_TRY(allocate(&fresh, n, dim, 0, false, allocator, err));
    const float deviation = (float)(1.0 / sqrt((double)dim));
    for (size_t i = 0; i < fresh.items->n; i++) {
        float *vector = fresh.vectors + i * fresh.items->dim;
        rri_philox_normals(vector, fresh.items->dim, seed, RRI_STREAM_ITEMS, i);
        for (size_t c = 0; c < fresh.items->dim; c++) {
            vector[c] *= deviation;
        }
    }
    number_keys(&fresh);
    compute_fingerprint(fresh.items);
    *out = fresh.items;
    return RR_OK;
}

rr_items *rri_items_retain(rr_items *items)
{
    if (items != NULL) {
        rri_refs_retain(&items->refs);
    }
    return items;
}

void rri_items_release(rr_items *items)
{
    if (items != NULL && rri_refs_release(&items->refs)) {
        rri_line_release(atomic_load(&items->line));
        rri_storage_release(items->storage);
        release_block(items);
    }
}

/* ── what is inside ── */

size_t rri_items_count(const rr_items *items)
{
    return items->n;
}

size_t rri_items_dim(const rr_items *items)
{
    return items->dim;
}

uint64_t rri_items_fingerprint(const rr_items *items)
{
    return items->fingerprint;
}

const uint64_t *rri_items_keys(const rr_items *items)
{
    return items->keys;
}

const float *rri_items_vectors(const rr_items *items)
{
    return items->vectors;
}

const float *rri_items_features(const rr_items *items)
{
    return items->features;
}

size_t rri_items_feature_dim(const rr_items *items)
{
    return items->feature_dim;
}

/* ── generations ── */

uint64_t rri_items_root(const rr_items *items)
{
    return items->root;
}

uint32_t rri_items_generation(const rr_items *items)
{
    return items->generation;
}

size_t rri_items_alive(const rr_items *items)
{
    return items->n_alive;
}

bool rri_items_is_alive(const rr_items *items, size_t item)
{
    return items->storage == NULL ||
           rri_life_is_alive(&items->storage->life, item, items->generation);
}

const rri_life *rri_items_life(const rr_items *items)
{
    return items->storage != NULL ? &items->storage->life : NULL;
}

static rri_line *line_of(const rr_items *items)
{
    return atomic_load_explicit(&((rr_items *)items)->line, memory_order_acquire);
}

/* What the line remembers of a generation. */
static rri_generation recall(const rr_items *items, uint32_t generation)
{
    rri_line *line = line_of(items);
    rri_generation what = {items->fingerprint, (int32_t)items->n, (int32_t)items->n_alive};
    if (line != NULL && generation != items->generation) {
        (void)pthread_mutex_lock(&line->mutex);
        what = line->history[generation];
        (void)pthread_mutex_unlock(&line->mutex);
    }
    return what;
}

size_t rri_items_alive_in(const rr_items *items, uint32_t generation)
{
    return (size_t)recall(items, generation).n_alive;
}

size_t rri_items_count_in(const rr_items *items, uint32_t generation)
{
    return (size_t)recall(items, generation).n;
}

bool rri_items_generation_of(uint32_t *generation, const rr_items *items, uint64_t fingerprint)
{
    rri_line *line = line_of(items);
    *generation = items->generation;
    if (fingerprint == items->fingerprint || line == NULL) {
        return fingerprint == items->fingerprint;
    }
    (void)pthread_mutex_lock(&line->mutex);
    const int32_t found = rri_u64_table_find(&line->table, line->fingerprints, fingerprint);
    (void)pthread_mutex_unlock(&line->mutex);
    *generation = found >= 0 ? (uint32_t)found : 0;
    return found >= 0;
}
