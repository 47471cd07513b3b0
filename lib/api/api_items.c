/* SPDX-License-Identifier: MIT */
/* Front door of the catalogue. */
#include "core/fpmode.h"
#include "core/memory.h"
#include "core/status.h"
#include "items/items.h"

rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                          int32_t dim, const rr_host *host, rr_error *err)
{
    if (out == NULL || vectors == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_create: %s is NULL", out == NULL ? "out" : "vectors");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_items_create(out, vectors, keys, n, dim, &allocator, err);
}

rr_status rr_items_create_drawn(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                const rr_host *host, rr_error *err)
{
    if (out == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_create_drawn: out is NULL");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_items_create_drawn(out, n, dim, seed, &allocator, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_items_memory(int32_t n, int32_t dim, int32_t has_keys, size_t *bytes, rr_error *err)
{
    if (bytes == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_memory: bytes is NULL");
    }
    return rri_items_memory(bytes, n, dim, has_keys != 0, err);
}

void rr_items_release(rr_items *items)
{
    rri_items_release(items);
}

int32_t rr_items_count(const rr_items *items)
{
    return items == NULL ? 0 : (int32_t)rri_items_count(items);
}

int32_t rr_items_dim(const rr_items *items)
{
    return items == NULL ? 0 : (int32_t)rri_items_dim(items);
}

uint64_t rr_items_fingerprint(const rr_items *items)
{
    return items == NULL ? 0 : rri_items_fingerprint(items);
}

rr_status rr_items_find(const rr_items *items, const uint64_t *keys, int32_t n, int32_t *indices,
                        rr_error *err)
{
    if (items == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_find: items is NULL");
    }
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_find: n is %d; it must be at least 0", n);
    }
    if (n > 0 && (keys == NULL || indices == NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_find: %s is NULL", keys == NULL ? "keys" : "indices");
    }
    for (int32_t i = 0; i < n; i++) {
        indices[i] = rri_items_find(items, keys[i]);
    }
    return RR_OK;
}

const uint64_t *rr_items_keys(const rr_items *items)
{
    return items == NULL ? NULL : rri_items_keys(items);
}

const float *rr_items_vectors(const rr_items *items)
{
    return items == NULL ? NULL : rri_items_vectors(items);
}
