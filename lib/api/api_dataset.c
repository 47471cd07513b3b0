/* SPDX-License-Identifier: MIT */
/* api_dataset.c: the front door of rr_dataset. */
#include <string.h>

#include "core/abi.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "data/als.h"
#include "data/id.h"
#include "data/load_rows.h"
#include "data/popularity.h"

/* An empty handle, whose rows the caller fills or gives back. memory_limit 0: none. */
static rr_status allocate_handle(rr_dataset **dataset, uint64_t memory_limit, const rr_host *host,
                                 rr_error *err)
{
    rri_allocator allocator;
    void *block = NULL;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    RRI_TRY(rri_memory_allocate(&block, &allocator, sizeof **dataset, "dataset", err));
    *dataset = block;
    (*dataset)->allocator = allocator;
    const bool has_limit = memory_limit > 0 && memory_limit < SIZE_MAX;
    (*dataset)->budget =
        (rri_budget){.inner = allocator, .limit = has_limit ? (size_t)memory_limit : SIZE_MAX};
    return RR_OK;
}

static void release_handle(rr_dataset *dataset)
{
    const rri_allocator allocator = dataset->allocator;
    rri_memory_release(&allocator, dataset, sizeof *dataset);
}

/* Hands the handle out, or gives it back when its rows were not to be had. */
static rr_status finish(rr_dataset **out, rr_dataset *dataset, rr_status status)
{
    if (status == RR_OK) {
        *out = dataset;
    } else {
        release_handle(dataset);
    }
    return status;
}

/* "437.6 MB", or "31.2 kB" and "512 bytes" of what would be 0.0 MB. */
enum { SIZE_TEXT = 32 };

static void show_size(char out[SIZE_TEXT], uint64_t bytes)
{
    if (bytes >= 100000) {
        rri_text_write(out, SIZE_TEXT, "%.1f MB", (double)bytes / 1e6);
    } else if (bytes >= 1000) {
        rri_text_write(out, SIZE_TEXT, "%.1f kB", (double)bytes / 1e3);
    } else {
        rri_text_write(out, SIZE_TEXT, "%d bytes", (int)bytes);
    }
}

/* The rows of a file, within the dataset's budget. */
static rr_status load_into(rr_dataset *dataset, const char *path, const rr_load_options *options,
                           rr_error *err)
{
    const rri_allocator allocator = rri_budget_allocator(&dataset->budget);
    const rr_status status =
        rri_load_rows(&dataset->rows, &dataset->report, path, options, &allocator, err);
    dataset->is_loaded = status == RR_OK;
    if (status == RR_E_MEMORY && dataset->budget.wanted > 0) {
        char figures[2][SIZE_TEXT];
        show_size(figures[0], dataset->budget.wanted);
        show_size(figures[1], options->memory_limit);
        RRI_FAIL(err, RR_E_MEMORY, "dataset: '%.200s' needs at least %s; the memory limit is %s",
                 path, figures[0], figures[1]);
    }
    return status;
}

rr_status rr_dataset_load(rr_dataset **out, const char *path, const rr_load_options *options,
                          const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_dataset_load", "out", err));
    RRI_TRY(rri_require(path, "rr_dataset_load", "path", err));
    rr_load_options full;
    rr_dataset *dataset = NULL;
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = rri_config_read(&full, rri_config_table_of(RR_CONFIG_LOAD), options, err);
    if (status == RR_OK) {
        status = allocate_handle(&dataset, full.memory_limit, host, err);
    }
    if (status == RR_OK) {
        status = load_into(dataset, path, &full, err);
        status = finish(out, dataset, status);
    }
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_dataset_load_memory(const char *path, const rr_load_options *options,
                                 const rr_host *host, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(path, "rr_dataset_load_memory", "path", err));
    RRI_TRY(rri_require(bytes, "rr_dataset_load_memory", "bytes", err));
    rr_load_options full;
    rri_allocator allocator;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_LOAD), options, err));
    if (full.read != NULL) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "rr_dataset_load_memory: options.read is given; what it reads can be read once, so "
            "it must be NULL");
    }
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    size_t reading = 0;
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_load_rows_memory(&reading, path, &full, &allocator, err);
    rri_fpmode_leave(before);
    RRI_TRY(status);
    *bytes = rri_size_add(reading, rri_memory_size(sizeof(rr_dataset)));
    return RR_OK;
}

/* Of n rows in columns, and of two tables. */
static rr_status add_up(size_t *bytes, size_t columns, size_t user_table, size_t item_table,
                        rr_error *err)
{
    const size_t rows = rri_size_add(columns, rri_size_add(user_table, item_table));
    const size_t all = rri_size_add(rows, rri_memory_size(sizeof(rr_dataset)));
    if (all == SIZE_MAX) {
        RRI_FAIL(err, RR_E_MEMORY, "dataset: its rows do not fit into the address space");
    }
    *bytes = all;
    return RR_OK;
}

rr_status rr_dataset_memory(int64_t n, int32_t n_users, int32_t n_items, size_t *bytes,
                            rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_dataset_memory", "bytes", err));
    if (n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "rr_dataset_memory: n is %lld; it must be at least 1",
                 (long long)n);
    }
    const bool is_user = n_users < 1 || n_users > n;
    if (is_user || n_items < 1 || n_items > n) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_dataset_memory: %s is %d; it must be in [1, %lld], the rows",
                 is_user ? "n_users" : "n_items", is_user ? n_users : n_items, (long long)n);
    }
    const size_t columns =
        (uint64_t)n < SIZE_MAX ? rri_interactions_memory((size_t)n, false) : SIZE_MAX;
    return add_up(bytes, columns, rri_key_table_memory((size_t)n_users),
                  rri_key_table_memory((size_t)n_items), err);
}

rr_status rr_dataset_select_memory(const rr_dataset *dataset, const uint8_t *marks, uint8_t part,
                                   size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_select_memory", "dataset", err));
    RRI_TRY(rri_require(marks, "rr_dataset_select_memory", "marks", err));
    RRI_TRY(rri_require(bytes, "rr_dataset_select_memory", "bytes", err));
    const rri_interactions *const rows = &dataset->rows;
    const size_t users = rri_size_add(rri_memory_size(rows->user_table.block_bytes),
                                      rri_id_texts_memory(&rows->user_texts));
    const size_t items = rri_size_add(rri_memory_size(rows->item_table.block_bytes),
                                      rri_id_texts_memory(&rows->item_texts));
    return add_up(bytes, rri_interactions_selected_memory(rows, marks, part), users, items, err);
}

rr_status rr_dataset_create(rr_dataset **out, const uint64_t *users, const uint64_t *items,
                            const float *ratings, const int64_t *times, int64_t n,
                            const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_dataset_create", "out", err));
    RRI_TRY(rri_require(users, "rr_dataset_create", "users", err));
    RRI_TRY(rri_require(items, "rr_dataset_create", "items", err));
    RRI_TRY(rri_require(ratings, "rr_dataset_create", "ratings", err));
    if (n < 1 || (uint64_t)n > SIZE_MAX / sizeof(uint64_t)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_dataset_create: n is %lld; it must be at least 1",
                 (long long)n);
    }
    rr_dataset *dataset = NULL;
    RRI_TRY(allocate_handle(&dataset, 0, host, err));
    return finish(out, dataset,
                  rri_interactions_from_arrays(&dataset->rows, users, items, ratings, times,
                                               (size_t)n, &dataset->allocator, err));
}

rr_status rr_dataset_select(rr_dataset **out, const rr_dataset *dataset, const uint8_t *marks,
                            uint8_t part, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_dataset_select", "out", err));
    RRI_TRY(rri_require(dataset, "rr_dataset_select", "dataset", err));
    RRI_TRY(rri_require(marks, "rr_dataset_select", "marks", err));
    rr_dataset *selected = NULL;
    RRI_TRY(allocate_handle(&selected, 0, host, err));
    return finish(out, selected,
                  rri_interactions_select(&selected->rows, &dataset->rows, marks, part,
                                          &selected->allocator, err));
}

void rr_dataset_destroy(rr_dataset *dataset)
{
    if (dataset != NULL) {
        rri_interactions_release(&dataset->rows);
        release_handle(dataset);
    }
}

int32_t rr_dataset_user_count(const rr_dataset *dataset)
{
    return dataset == NULL ? 0 : (int32_t)dataset->rows.user_table.n_keys;
}

int32_t rr_dataset_item_count(const rr_dataset *dataset)
{
    return dataset == NULL ? 0 : (int32_t)dataset->rows.item_table.n_keys;
}

int64_t rr_dataset_count(const rr_dataset *dataset)
{
    return dataset == NULL ? 0 : (int64_t)dataset->rows.n;
}

const uint64_t *rr_dataset_user_keys(const rr_dataset *dataset)
{
    return dataset == NULL ? NULL : dataset->rows.user_table.keys;
}

const uint64_t *rr_dataset_item_keys(const rr_dataset *dataset)
{
    return dataset == NULL ? NULL : dataset->rows.item_table.keys;
}

rr_status rr_dataset_describe(const rr_dataset *dataset, rr_dataset_view *out, rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_describe", "dataset", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_dataset_view", err));
    const rri_interactions *const rows = &dataset->rows;
    const rr_dataset_view view = {.struct_size = sizeof view,
                                  .n_users = (int32_t)rows->user_table.n_keys,
                                  .n_items = (int32_t)rows->item_table.n_keys,
                                  .has_ratings = rows->has_ratings ? 1 : 0,
                                  .n = (int64_t)rows->n,
                                  .user_keys = rows->user_table.keys,
                                  .item_keys = rows->item_table.keys,
                                  .users = rows->users,
                                  .items = rows->items,
                                  .ratings = rows->ratings,
                                  .times = rows->times,
                                  .positions = rows->positions,
                                  .propensities = rows->propensities,
                                  .has_times = rows->has_times ? 1 : 0};
    rri_abi_write(out, &view, sizeof view);
    return RR_OK;
}

rr_status rr_dataset_describe_source(const rr_dataset *dataset, rr_dataset_source *out,
                                     rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_describe_source", "dataset", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_dataset_source", err));
    if (!dataset->is_loaded) {
        RRI_FAIL(err, RR_E_NOT_FOUND,
                 "rr_dataset_describe_source: the dataset was not loaded, it was made of arrays");
    }
    const rri_table_header *const header = &dataset->report.header;
    const rri_row_counts *const counts = &dataset->report.counts;
    const int32_t *const columns = header->columns;
    const rr_dataset_source source = {.struct_size = sizeof source,
                                      .has_header = header->has_names ? 1 : 0,
                                      .separator = rri_table_separator_name(&dataset->report.form),
                                      .unused = header->unused,
                                      .user_column = header->names[RRI_ROLE_USER],
                                      .item_column = header->names[RRI_ROLE_ITEM],
                                      .rating_column = header->names[RRI_ROLE_RATING],
                                      .time_column = header->names[RRI_ROLE_TIME],
                                      .position_column = header->names[RRI_ROLE_POSITION],
                                      .propensity_column = header->names[RRI_ROLE_PROPENSITY],
                                      .user_number = columns[RRI_ROLE_USER] + 1,
                                      .item_number = columns[RRI_ROLE_ITEM] + 1,
                                      .rating_number = columns[RRI_ROLE_RATING] + 1,
                                      .time_number = columns[RRI_ROLE_TIME] + 1,
                                      .position_number = columns[RRI_ROLE_POSITION] + 1,
                                      .propensity_number = columns[RRI_ROLE_PROPENSITY] + 1,
                                      .n_lines = (int64_t)counts->n_lines,
                                      .n_rows = (int64_t)dataset->rows.n,
                                      .n_empty = (int64_t)counts->n_empty,
                                      .n_comments = (int64_t)counts->n_comments,
                                      .n_headers = (int64_t)counts->n_headers,
                                      .n_incomplete = (int64_t)counts->n_incomplete,
                                      .n_merged_users = (int64_t)counts->n_merged_users,
                                      .n_merged_items = (int64_t)counts->n_merged_items,
                                      .n_text_users = (int64_t)dataset->rows.user_texts.n,
                                      .n_text_items = (int64_t)dataset->rows.item_texts.n};
    rri_abi_write(out, &source, sizeof source);
    return RR_OK;
}

uint64_t rr_id_key(const char *id, int64_t n_bytes)
{
    if (id == NULL || n_bytes < 1) {
        return 0;
    }
    static const rri_table_form form = {.name = ""};
    char buffer[RRI_TABLE_FIELD_MOST + 1];
    uint64_t check = 0;
    const rri_table_field field = {id, (size_t)n_bytes};
    const rri_table_field said = rri_table_field_clean(buffer, &field, &form);
    return rri_id_key(&check, said.text, said.length);
}

static rr_status write_id(char *out, int64_t capacity, int32_t index, const rri_key_table *table,
                          const rri_id_texts *texts, const char *call, rr_error *err)
{
    RRI_TRY(rri_require(out, call, "out", err));
    if (capacity < 1) {
        RRI_FAIL(err, RR_E_INVALID, "%s: capacity is %lld; it must be at least 1", call,
                 (long long)capacity);
    }
    if (index < 0 || (size_t)index >= table->n_keys) {
        RRI_FAIL(err, RR_E_INVALID, "%s: index is %d; it must be in [0, %zu)", call, index,
                 table->n_keys);
    }
    const rri_id_text *const text = rri_id_texts_find(texts, index);
    if (text == NULL) {
        rri_text_write(out, (size_t)capacity, "%llu", (unsigned long long)table->keys[index]);
        return RR_OK;
    }
    const size_t n = rri_size_smaller(text->length, (size_t)capacity - 1);
    memcpy(out, texts->bytes + text->begin, n);
    out[n] = '\0';
    return RR_OK;
}

rr_status rr_dataset_user_id(const rr_dataset *dataset, int32_t index, char *out, int64_t capacity,
                             rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_user_id", "dataset", err));
    return write_id(out, capacity, index, &dataset->rows.user_table, &dataset->rows.user_texts,
                    "rr_dataset_user_id", err);
}

rr_status rr_dataset_item_id(const rr_dataset *dataset, int32_t index, char *out, int64_t capacity,
                             rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_item_id", "dataset", err));
    return write_id(out, capacity, index, &dataset->rows.item_table, &dataset->rows.item_texts,
                    "rr_dataset_item_id", err);
}

rr_status rr_dataset_popularity(const rr_dataset *dataset, const uint8_t *user_mask, float *shares,
                                rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_popularity", "dataset", err));
    RRI_TRY(rri_require(shares, "rr_dataset_popularity", "shares", err));
    const rri_interactions *const rows = &dataset->rows;
    const size_t n_items = rows->item_table.n_keys;
    void *counts = NULL;
    RRI_TRY(rri_memory_allocate(&counts, &dataset->allocator, n_items * sizeof(uint64_t),
                                "counts of items", err));
    const rri_fpmode before = rri_fpmode_enter();
    rri_popularity_compute(shares, counts, n_items, rows->users, rows->items, user_mask, rows->n);
    rri_fpmode_leave(before);
    rri_memory_release(&dataset->allocator, counts, n_items * sizeof(uint64_t));
    return RR_OK;
}

rr_status rr_dataset_fit_als(const rr_dataset *dataset, const rr_als_config *config,
                             const rr_host *host, float *user_vectors, float *item_vectors,
                             rr_als_stats *stats, rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_fit_als", "dataset", err));
    RRI_TRY(rri_require(user_vectors, "rr_dataset_fit_als", "user_vectors", err));
    RRI_TRY(rri_require(item_vectors, "rr_dataset_fit_als", "item_vectors", err));
    rr_als_config full;
    rr_als_stats filled = {.struct_size = sizeof filled};
    rri_allocator allocator;
    if (stats != NULL) {
        RRI_TRY(rri_abi_check(stats, sizeof filled, "rr_als_stats", err));
    }
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = rri_config_read(&full, rri_config_table_of(RR_CONFIG_ALS), config, err);
    if (status == RR_OK) {
        status = rri_als_fit(user_vectors, item_vectors, &filled, &dataset->rows, &full, &allocator,
                             err);
    }
    rri_fpmode_leave(before);
    RRI_TRY(status);
    if (stats != NULL) {
        rri_abi_write(stats, &filled, sizeof filled);
    }
    return RR_OK;
}
