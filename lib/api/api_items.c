/* SPDX-License-Identifier: MIT */
/* Front door of the catalogue. */
#include "core/abi.h"
#include "core/fpmode.h"
#include "core/memory.h"
#include "core/status.h"
#include "items/items.h"

/* Features of items have room in the interface and no use yet. */
static rr_status check_options(const rr_items_options *options, rr_error *err)
{
    rr_items_options full;
    if (options == NULL) {
        return RR_OK;
    }
    RRI_TRY(rri_abi_read(&full, sizeof full, options, "rr_items_options", err));
    if (full.feature_dim != 0 || full.features != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "rr_items_options: %s is given; it must be %s",
                 full.features != NULL ? "features" : "feature_dim",
                 full.features != NULL ? "NULL" : "0");
    }
    return RR_OK;
}

rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                          int32_t dim, const rr_items_options *options, const rr_host *host,
                          rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_items_create", "out", err));
    RRI_TRY(rri_require(vectors, "rr_items_create", "vectors", err));
    RRI_TRY(check_options(options, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_items_create(out, vectors, keys, n, dim, &allocator, err);
}

rr_status rr_items_create_random(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                 const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_items_create_random", "out", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_items_create_random(out, n, dim, seed, &allocator, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_items_memory(int32_t n, int32_t dim, int32_t has_keys, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_items_memory", "bytes", err));
    return rri_items_memory(bytes, n, dim, has_keys != 0, err);
}

rr_items *rr_items_retain(rr_items *items)
{
    return rri_items_retain(items);
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
    RRI_TRY(rri_require(items, "rr_items_find", "items", err));
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_find: n is %d; it must be at least 0", n);
    }
    if (n > 0) {
        RRI_TRY(rri_require(keys, "rr_items_find", "keys", err));
        RRI_TRY(rri_require(indices, "rr_items_find", "indices", err));
    }
    for (int32_t i = 0; i < n; i++) {
        indices[i] = rri_items_find(items, keys[i]);
    }
    return RR_OK;
}

rr_status rr_items_keys_of(const rr_items *items, const int32_t *indices, int32_t n, uint64_t *keys,
                           rr_error *err)
{
    RRI_TRY(rri_require(items, "rr_items_keys_of", "items", err));
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_keys_of: n is %d; it must be at least 0", n);
    }
    if (n > 0) {
        RRI_TRY(rri_require(indices, "rr_items_keys_of", "indices", err));
        RRI_TRY(rri_require(keys, "rr_items_keys_of", "keys", err));
    }
    const int32_t n_items = rr_items_count(items);
    for (int32_t i = 0; i < n; i++) {
        if (indices[i] < -1 || indices[i] >= n_items) {
            RRI_FAIL(err, RR_E_INVALID,
                     "rr_items_keys_of: indices[%d] is %d; it must be in [-1, %d)", i, indices[i],
                     n_items);
        }
    }
    for (int32_t i = 0; i < n; i++) {
        keys[i] = indices[i] < 0 ? 0 : rri_items_keys(items)[indices[i]];
    }
    return RR_OK;
}

int32_t rr_items_segment_count(const rr_items *items)
{
    return items == NULL ? 0 : 1;
}

rr_status rr_items_segment_at(const rr_items *items, int32_t index, rr_items_segment *out,
                              rr_error *err)
{
    RRI_TRY(rri_require(items, "rr_items_segment_at", "items", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_items_segment", err));
    if (index < 0 || index >= rr_items_segment_count(items)) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "rr_items_segment_at: index is %d; it must be in [0, %d)",
                 index, rr_items_segment_count(items));
    }
    const rr_items_segment segment = {
        .struct_size = sizeof segment,
        .first = 0,
        .n = (int32_t)rri_items_count(items),
        .dim = (int32_t)rri_items_dim(items),
        .keys = rri_items_keys(items),
        .vectors = rri_items_vectors(items),
    };
    rri_abi_write(out, &segment, sizeof segment);
    return RR_OK;
}
