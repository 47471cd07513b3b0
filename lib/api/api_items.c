/* SPDX-License-Identifier: MIT */
/* Front door of the catalogue. */
#include <unistd.h>

#include "core/abi.h"
#include "core/fpmode.h"
#include "core/memory.h"
#include "core/status.h"
#include "io/open_file.h"
#include "io/safetensors_file.h"
#include "items/items.h"
#include "store/items_file.h"

/* What options add to rows. */
static rr_status read_options(rri_item_rows *rows, const rr_items_options *options, rr_error *err)
{
    rr_items_options full;
    if (options == NULL) {
        return RR_OK;
    }
    RRI_TRY(rri_abi_read(&full, sizeof full, options, "rr_items_options", err));
    if (full.feature_dim < 0 || full.feature_dim > RRI_ITEMS_WIDEST) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_options: feature_dim is %d; it must be in [0, %d]",
                 full.feature_dim, RRI_ITEMS_WIDEST);
    }
    if ((full.feature_dim > 0) != (full.features != NULL) && rows->n > 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_items_options: feature_dim is %d and features is %s; both are given or "
                 "neither",
                 full.feature_dim, full.features == NULL ? "NULL" : "given");
    }
    rows->features = full.features;
    rows->feature_dim = (size_t)full.feature_dim;
    return RR_OK;
}

rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys, int32_t n,
                          int32_t dim, const rr_items_options *options, const rr_host *host,
                          rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_items_create", "out", err));
    RRI_TRY(rri_require(vectors, "rr_items_create", "vectors", err));
    rri_item_rows rows = {.vectors = vectors, .keys = keys, .n = (size_t)n};
    RRI_TRY(read_options(&rows, options, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_items_create_rows(out, &rows, dim, &allocator, err);
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

rr_status rr_items_memory(int32_t n, int32_t dim, int32_t feature_dim, int32_t has_keys,
                          size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_items_memory", "bytes", err));
    return rri_items_memory(bytes, n, dim, feature_dim, has_keys != 0, err);
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

/* indices [n] of the catalogue or −1, and an array for what is asked of them. */
static rr_status check_indices(const rr_items *items, const char *function, const int32_t *indices,
                               int32_t n, const void *out, const char *name, rr_error *err)
{
    RRI_TRY(rri_require(items, function, "items", err));
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "%s: n is %d; it must be at least 0", function, n);
    }
    if (n > 0) {
        RRI_TRY(rri_require(indices, function, "indices", err));
        RRI_TRY(rri_require(out, function, name, err));
    }
    const int32_t n_items = rr_items_count(items);
    for (int32_t i = 0; i < n; i++) {
        if (indices[i] < -1 || indices[i] >= n_items) {
            RRI_FAIL(err, RR_E_INVALID, "%s: indices[%d] is %d; it must be in [-1, %d)", function,
                     i, indices[i], n_items);
        }
    }
    return RR_OK;
}

rr_status rr_items_keys_of(const rr_items *items, const int32_t *indices, int32_t n, uint64_t *keys,
                           rr_error *err)
{
    RRI_TRY(check_indices(items, "rr_items_keys_of", indices, n, keys, "keys", err));
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
        .features = rri_items_features(items),
        .feature_dim = (int32_t)rri_items_feature_dim(items),
    };
    rri_abi_write(out, &segment, sizeof segment);
    return RR_OK;
}

rr_status rr_items_follow(rr_items **out, rr_items *before, const uint64_t *gone, int32_t n_gone,
                          const uint64_t *keys, const float *vectors, int32_t n_new,
                          const rr_items_options *options, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_items_follow", "out", err));
    RRI_TRY(rri_require(before, "rr_items_follow", "before", err));
    if (n_gone < 0 || n_new < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_follow: %s is %d; it must be at least 0",
                 n_gone < 0 ? "n_gone" : "n_new", n_gone < 0 ? n_gone : n_new);
    }
    if (n_gone > 0) {
        RRI_TRY(rri_require(gone, "rr_items_follow", "gone", err));
    }
    if (n_new > 0) {
        RRI_TRY(rri_require(keys, "rr_items_follow", "keys", err));
        RRI_TRY(rri_require(vectors, "rr_items_follow", "vectors", err));
    }
    rri_item_rows rows = {.vectors = vectors, .keys = keys, .n = (size_t)n_new};
    RRI_TRY(read_options(&rows, options, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_items_follow(out, before, gone, (size_t)n_gone, &rows, &allocator, err);
}

rr_status rr_items_follow_memory(const rr_items *before, int32_t n_new, size_t *bytes,
                                 rr_error *err)
{
    RRI_TRY(rri_require(before, "rr_items_follow_memory", "before", err));
    RRI_TRY(rri_require(bytes, "rr_items_follow_memory", "bytes", err));
    if (n_new < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_items_follow_memory: n_new is %d; it must be at least 0",
                 n_new);
    }
    *bytes = rri_items_follow_memory(before, (size_t)n_new);
    return RR_OK;
}

int64_t rr_items_generation(const rr_items *items)
{
    return items == NULL ? 0 : (int64_t)rri_items_generation(items);
}

uint64_t rr_items_line(const rr_items *items)
{
    return items == NULL ? 0 : rri_items_root(items);
}

int32_t rr_items_count_alive(const rr_items *items)
{
    return items == NULL ? 0 : (int32_t)rri_items_alive(items);
}

rr_status rr_items_are_alive(const rr_items *items, const int32_t *indices, int32_t n,
                             uint8_t *alive, rr_error *err)
{
    RRI_TRY(check_indices(items, "rr_items_are_alive", indices, n, alive, "alive", err));
    for (int32_t i = 0; i < n; i++) {
        alive[i] = indices[i] >= 0 && rri_items_is_alive(items, (size_t)indices[i]);
    }
    return RR_OK;
}

rr_status rr_items_save(const rr_items *items, const char *path, rr_error *err)
{
    RRI_TRY(rri_require(items, "rr_items_save", "items", err));
    RRI_TRY(rri_require(path, "rr_items_save", "path", err));
    rri_allocator allocator;
    rri_items_saved saved;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    RRI_TRY(rri_items_file_open(&saved, items, &allocator, err));
    const rr_status status =
        rri_safetensors_file_save(path, rri_items_file_describe, &saved, NULL, err);
    rri_items_file_close(&saved, &allocator);
    return status;
}

rr_status rr_items_load(rr_items **out, const char *path, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_items_load", "out", err));
    RRI_TRY(rri_require(path, "rr_items_load", "path", err));
    rri_allocator allocator;
    void *block;
    size_t bytes;
    rri_safetensors_reader reader;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    RRI_TRY(rri_safetensors_file_read(&block, &bytes, path, &allocator, err));
    rr_status status = rri_safetensors_open(&reader, block, bytes, &allocator, err);
    if (status == RR_OK) {
        status = rri_items_file_read(out, &reader, &allocator, err);
        rri_safetensors_close(&reader);
    }
    rri_memory_release(&allocator, block, bytes);
    return rri_status_of_file(err, status, path);
}

/* The whole file lies in memory beside its index while the catalogue is made. */
static rr_status measure_file(size_t *bytes, size_t *held, const char *path,
                              const rri_safetensors_file_header *header, rr_error *err)
{
    int fd = -1;
    size_t file_bytes = 0;
    RRI_TRY(rri_items_file_memory(bytes, held, &header->reader, err));
    RRI_TRY(rri_open_file_read(&fd, &file_bytes, path, err));
    (void)close(fd);
    const size_t index = rri_memory_size(header->reader.index_bytes);
    *bytes = rri_size_add(rri_size_add(*bytes, rri_memory_size(file_bytes)), index);
    return RR_OK;
}

rr_status rr_items_file_memory(const char *path, size_t *bytes, size_t *held, rr_error *err)
{
    RRI_TRY(rri_require(path, "rr_items_file_memory", "path", err));
    RRI_TRY(rri_require(bytes, "rr_items_file_memory", "bytes", err));
    rri_allocator allocator;
    rri_safetensors_file_header header;
    size_t kept;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    RRI_TRY(rri_safetensors_file_open_header(&header, path, false, &allocator, err));
    const rr_status status = measure_file(bytes, held != NULL ? held : &kept, path, &header, err);
    rri_safetensors_file_close_header(&header);
    return rri_status_of_file(err, status, path);
}

rr_status rr_items_compact_memory(const rr_items *items, size_t *bytes, size_t *held, rr_error *err)
{
    RRI_TRY(rri_require(items, "rr_items_compact_memory", "items", err));
    RRI_TRY(rri_require(bytes, "rr_items_compact_memory", "bytes", err));
    size_t kept;
    return rri_items_compact_memory(bytes, held != NULL ? held : &kept, items, err);
}

rr_status rr_items_compact(rr_items **out, const rr_items *items, const rr_host *host, int32_t *map,
                           rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_items_compact", "out", err));
    RRI_TRY(rri_require(items, "rr_items_compact", "items", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_items_compact(out, items, map, &allocator, err);
}
