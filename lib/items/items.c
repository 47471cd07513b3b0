/* SPDX-License-Identifier: MIT */
#include "items/items.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "core/philox.h"
#include "core/refs.h"
#include "core/status.h"
#include "core/u64_table.h"

struct rr_items {
    rri_refs refs;
    rri_allocator allocator;
    size_t block_bytes;
    size_t n, dim;
    uint64_t fingerprint;
    float *vectors;      /* [n, dim] */
    uint64_t *keys;      /* [n] */
    rri_u64_table table; /* of keys; without slots where every key is its own index */
};

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
    if (items->table.n_slots == 0) {
        return key < items->n ? (int32_t)key : -1;
    }
    return rri_u64_table_find(&items->table, items->keys, key);
}

/* ── create and release ── */

static void layout(rr_items *items, rri_arena *arena, bool has_keys)
{
    items->vectors = RRI_TAKE(arena, float, rri_size_multiply(items->n, items->dim));
    items->keys = RRI_TAKE(arena, uint64_t, items->n);
    rri_u64_table_layout(&items->table, arena, has_keys ? rri_u64_table_slots(items->n) : 0);
}

/* Bytes of one whose n, dim and allocator are set. */
static size_t measure(rr_items *plan, bool has_keys)
{
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_items, 1);
    layout(plan, &counting, has_keys);
    return counting.used; /* SIZE_MAX where it overflowed, which no allocation grants */
}

static rr_status check_shape(int32_t n, int32_t dim, rr_error *err)
{
    if (n < 1 || n == INT32_MAX) {
        RRI_FAIL(err, RR_E_INVALID, "items: n is %d; it must be in [1, 2147483646]", n);
    }
    if (dim < 1 || dim > RRI_ITEMS_WIDEST) {
        RRI_FAIL(err, RR_E_INVALID, "items: dim is %d; it must be in [1, %d]", dim,
                 RRI_ITEMS_WIDEST);
    }
    return RR_OK;
}

rr_status rri_items_memory(size_t *bytes, int32_t n, int32_t dim, bool has_keys, rr_error *err)
{
    RRI_TRY(check_shape(n, dim, err));
    rr_items plan = {.n = (size_t)n, .dim = (size_t)dim};
    *bytes = measure(&plan, has_keys);
    return RR_OK;
}

/* The block, laid out and empty. */
static rr_status allocate(rr_items **out, int32_t n, int32_t dim, bool has_keys,
                          const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(check_shape(n, dim, err));
    rr_items plan = {.allocator = *allocator, .n = (size_t)n, .dim = (size_t)dim};
    plan.block_bytes = measure(&plan, has_keys);
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, plan.block_bytes, allocator, "items", err));
    rr_items *items = RRI_TAKE(&arena, rr_items, 1);
    *items = plan;
    rri_refs_init(&items->refs);
    layout(items, &arena, has_keys);
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

static rr_status copy_vectors(rr_items *items, const float *vectors, rr_error *err)
{
    for (size_t i = 0; i < items->n; i++) {
        const float *from = vectors + i * items->dim;
        float *to = items->vectors + i * items->dim;
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
    items->fingerprint = rri_hash_final(&hash);
}

static void number_keys(rr_items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        items->keys[i] = i;
    }
}

static rr_status fill(rr_items *items, const float *vectors, const uint64_t *keys, rr_error *err)
{
    RRI_TRY(copy_vectors(items, vectors, err));
    if (keys == NULL) {
        number_keys(items);
        return RR_OK;
    }
    memcpy(items->keys, keys, items->n * sizeof *keys);
    return insert_keys(items, err);
}

rr_status rri_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                           int32_t dim, const rri_allocator *allocator, rr_error *err)
{
    rr_items *items = NULL;
    RRI_TRY(allocate(&items, n, dim, keys != NULL, allocator, err));
    const rr_status status = fill(items, vectors, keys, err);
    if (status != RR_OK) {
        release_block(items);
        return status;
    }
    compute_fingerprint(items);
    *out = items;
    return RR_OK;
}

rr_status rri_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                  const rri_allocator *allocator, rr_error *err)
{
    rr_items *items = NULL;
    RRI_TRY(allocate(&items, n, dim, false, allocator, err));
    const float deviation = (float)(1.0 / sqrt((double)dim));
    for (size_t i = 0; i < items->n; i++) {
        float *vector = items->vectors + i * items->dim;
        rri_philox_normals(vector, items->dim, seed, RRI_STREAM_ITEMS, i);
        for (size_t c = 0; c < items->dim; c++) {
            vector[c] *= deviation;
        }
    }
    number_keys(items);
    compute_fingerprint(items);
    *out = items;
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
