/* SPDX-License-Identifier: MIT */
#include "store/items_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/finite.h"
#include "core/status.h"
#include "items/items.h"
#include "store/file_format.h"

/* ── saving ── */

rr_status rri_items_file_open(rri_items_saved *saved, const rr_items *items,
                              const rri_allocator *allocator, rr_error *err)
{
    const rri_life *life = rri_items_life(items);
    const size_t n = rri_items_count(items);
    const uint32_t generation = rri_items_generation(items);
    *saved = (rri_items_saved){.items = items};
    if (life == NULL) {
        return RR_OK;
    }
    void *block;
    saved->bytes = rri_size_multiply(2 * n, sizeof(int32_t));
    RRI_TRY(rri_memory_allocate_unset(&block, allocator, saved->bytes, "items file", err));
    saved->births = block;
    saved->deaths = saved->births + n;
    for (size_t i = 0; i < n; i++) {
        const uint32_t death = rri_life_death(life, i);
        saved->births[i] = (int32_t)life->births[i];
        saved->deaths[i] = death <= generation ? (int32_t)death : -1;
    }
    return RR_OK;
}

void rri_items_file_close(rri_items_saved *saved, const rri_allocator *allocator)
{
    rri_memory_release(allocator, saved->births, saved->bytes);
}

static rr_status add_metadata(rri_safetensors_writer *writer, const rr_items *items, rr_error *err)
{
    RRI_TRY(rri_file_format_add(writer, RRI_ITEMS_FILE_FORMAT, err));
    return rri_file_format_add_items(writer, "items_fingerprint", items, err);
}

rr_status rri_items_file_describe(rri_safetensors_writer *writer, const void *context,
                                  rr_error *err)
{
    const rri_items_saved *saved = context;
    const rr_items *items = saved->items;
    const size_t shape[] = {rri_items_count(items), rri_items_dim(items)};
    RRI_TRY(add_metadata(writer, items, err));
    RRI_TRY(rri_safetensors_add(writer, "items.keys", RRI_DTYPE_U64, shape, 1,
                                rri_items_keys(items), err));
    RRI_TRY(rri_safetensors_add(writer, "items.vectors", RRI_DTYPE_F32, shape, 2,
                                rri_items_vectors(items), err));
    if (rri_items_feature_dim(items) > 0) {
        const size_t features[] = {shape[0], rri_items_feature_dim(items)};
        RRI_TRY(rri_safetensors_add(writer, "items.features", RRI_DTYPE_F32, features, 2,
                                    rri_items_features(items), err));
    }
    if (saved->births == NULL) {
        return RR_OK;
    }
    RRI_TRY(
        rri_safetensors_add(writer, "items.births", RRI_DTYPE_I32, shape, 1, saved->births, err));
    return rri_safetensors_add(writer, "items.deaths", RRI_DTYPE_I32, shape, 1, saved->deaths, err);
}

/* ── reading ── */

/* A tensor as it lies, where it lies as numbers of its type do. */
static rr_status find(const void **data, const rri_safetensors_reader *reader, const char *name,
                      rri_dtype dtype, const size_t *shape, size_t n_dims, rr_error *err)
{
    const unsigned char *bytes;
    RRI_TRY(rri_safetensors_find(&bytes, reader, name, dtype, shape, n_dims, err));
    if ((uintptr_t)bytes % rri_dtype_size(dtype) != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "items: %s does not lie at a multiple of %zu bytes", name,
                 rri_dtype_size(dtype));
    }
    *data = bytes;
    return RR_OK;
}

/* Births rise from 0, each by at most 1 … generation; deaths come behind them. */
static rr_status check_life(rri_items_file *file, rr_error *err)
{
    uint32_t latest = 0;
    for (size_t i = 0; i < file->rows.n; i++) {
        const uint32_t birth = file->births[i], death = file->deaths[i];
        const bool is_death = death != RRI_LIFE_LASTS;
        if (birth > INT32_MAX || birth < latest || (i == 0 && birth != 0)) {
            RRI_FAIL(err, RR_E_FORMAT, "items: items.births[%zu] is %d; they must rise from 0", i,
                     (int)birth);
        }
        if (is_death && (death > INT32_MAX || death <= birth)) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "items: items.deaths[%zu] is %d; it must be -1 or later than its birth, %d", i,
                     (int)death, (int)birth);
        }
        latest = birth;
        file->n_root += birth == 0 ? 1 : 0;
        file->generation = latest > file->generation ? latest : file->generation;
        file->generation = is_death && death > file->generation ? death : file->generation;
    }
    return RR_OK;
}

/* Features [n, f], where the file has them. */
static rr_status read_features(rri_item_rows *rows, const rri_safetensors_reader *reader,
                               rr_error *err)
{
    const rri_safetensors_tensor *tensor = rri_safetensors_lookup(reader, "items.features");
    const void *features = NULL;
    if (tensor == NULL) {
        return RR_OK;
    }
    const size_t shape[] = {rows->n, tensor->n_dims == 2 ? tensor->shape[1] : 0};
    if (shape[1] < 1 || shape[1] > RRI_ITEMS_WIDEST) {
        RRI_FAIL(err, RR_E_FORMAT, "items: items.features has rows of %zu numbers, or is no table",
                 shape[1]);
    }
    RRI_TRY(find(&features, reader, "items.features", RRI_DTYPE_F32, shape, 2, err));
    rows->features = features;
    rows->feature_dim = shape[1];
    return RR_OK;
}

static rr_status check_finite(const float *table, size_t n, size_t width, const char *number,
                              const char *row, rr_error *err)
{
    const size_t bad = rri_finite_find(table, n * width);
    if (bad < n * width) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "items: %s %zu of %s %zu is %g; it must be finite", number,
                 bad % width, row, bad / width, (double)table[bad]);
    }
    return RR_OK;
}

/* shape ← n and d. */
static rr_status read_shape(size_t shape[2], const rri_safetensors_reader *reader, rr_error *err)
{
    const rri_safetensors_tensor *vectors = rri_safetensors_lookup(reader, "items.vectors");
    const bool is_table = vectors != NULL && vectors->n_dims == 2;
    shape[0] = is_table ? vectors->shape[0] : 0;
    shape[1] = is_table ? vectors->shape[1] : 0;
    if (!is_table || shape[0] < 1 || shape[0] >= INT32_MAX || shape[1] < 1 ||
        shape[1] > RRI_ITEMS_WIDEST) {
        RRI_FAIL(err, RR_E_FORMAT, "items: items.vectors has %zu rows of %zu numbers%s", shape[0],
                 shape[1], is_table ? "" : ", or is no table");
    }
    return RR_OK;
}

static rr_status read_file(rri_items_file *file, const rri_safetensors_reader *reader,
                           rr_error *err)
{
    size_t shape[2];
    const void *keys = NULL, *values = NULL, *births = NULL, *deaths = NULL;
    RRI_TRY(read_shape(shape, reader, err));
    RRI_TRY(find(&keys, reader, "items.keys", RRI_DTYPE_U64, shape, 1, err));
    RRI_TRY(find(&values, reader, "items.vectors", RRI_DTYPE_F32, shape, 2, err));
    *file =
        (rri_items_file){.rows = {.keys = keys, .vectors = values, .n = shape[0]}, .dim = shape[1]};
    RRI_TRY(read_features(&file->rows, reader, err));
    if (rri_safetensors_lookup(reader, "items.births") == NULL) {
        file->n_root = file->rows.n;
        return RR_OK;
    }
    RRI_TRY(find(&births, reader, "items.births", RRI_DTYPE_I32, shape, 1, err));
    RRI_TRY(find(&deaths, reader, "items.deaths", RRI_DTYPE_I32, shape, 1, err));
    file->births = births;
    file->deaths = deaths;
    const rri_item_rows *rows = &file->rows;
    RRI_TRY(check_finite(rows->vectors, rows->n, file->dim, "coordinate", "vector", err));
    if (rows->feature_dim > 0) {
        RRI_TRY(check_finite(rows->features, rows->n, rows->feature_dim, "feature", "item", err));
    }
    return check_life(file, err);
}

rr_status rri_items_file_memory(size_t *bytes, size_t *held, const rri_safetensors_reader *reader,
                                rr_error *err)
{
    size_t shape[2];
    uint64_t generation;
    RRI_TRY(rri_file_format_check(reader, RRI_ITEMS_FILE_FORMAT, "items", "rr_items_save", err));
    RRI_TRY(rri_file_format_generation(&generation, reader, "items_fingerprint", "items", err));
    RRI_TRY(read_shape(shape, reader, err));
    const rri_safetensors_tensor *features = rri_safetensors_lookup(reader, "items.features");
    const bool has_features = features != NULL && features->n_dims == 2;
    if (generation > INT32_MAX || (has_features && features->shape[1] > RRI_ITEMS_WIDEST)) {
        RRI_FAIL(err, RR_E_FORMAT, "items: its generation is %" PRIu64 ", its features are %zu",
                 generation, has_features ? features->shape[1] : 0);
    }
    const rri_items_file file = {
        .rows = {.n = shape[0], .feature_dim = has_features ? features->shape[1] : 0},
        .dim = shape[1],
        .generation = (uint32_t)generation};
    return rri_items_restore_memory(bytes, held, &file, err);
}

rr_status rri_items_file_read(rr_items **out, const rri_safetensors_reader *reader,
                              const rri_allocator *allocator, rr_error *err)
{
    rri_items_file file;
    uint64_t fingerprint, generation;
    RRI_TRY(rri_file_format_check(reader, RRI_ITEMS_FILE_FORMAT, "items", "rr_items_save", err));
    RRI_TRY(rri_file_format_fingerprint(&fingerprint, reader, "items_fingerprint", "items", err));
    RRI_TRY(rri_file_format_generation(&generation, reader, "items_fingerprint", "items", err));
    RRI_TRY(read_file(&file, reader, err));
    if (generation < file.generation || generation > INT32_MAX ||
        (file.births == NULL && generation > 0)) {
        RRI_FAIL(err, RR_E_FORMAT, "items: its generation is %" PRIu64 ", and its items are of %u",
                 generation, (unsigned)file.generation);
    }
    file.generation = (uint32_t)generation;
    rr_items *items = NULL;
    RRI_TRY(rri_items_restore(&items, &file, allocator, err));
    if (rri_items_fingerprint(items) != fingerprint) {
        const uint64_t found = rri_items_fingerprint(items);
        rri_items_release(items);
        RRI_FAIL(err, RR_E_FORMAT,
                 "items: items_fingerprint is %016" PRIx64 "; that of its items is %016" PRIx64,
                 fingerprint, found);
    }
    *out = items;
    return RR_OK;
}
