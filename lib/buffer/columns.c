/* SPDX-License-Identifier: MIT */
#include "buffer/columns.h"

#include <string.h>

#include "core/abi.h"
#include "core/status.h"

/* Columns are few: each is held against those before it. */
static rr_status check_places(const char *name, const int32_t *places, int32_t n, size_t n_now,
                              const char *what, rr_error *err)
{
    if (n < 0 || (places == NULL && (size_t)n > n_now)) {
        RRI_FAIL(err, RR_E_INVALID, "%s: the map's n_%s is %d; it must be in [0, %zu]%s", what,
                 name, n, n_now,
                 n < 0 ? "" : ", the width that there is, where no array says what is dropped");
    }
    for (size_t j = 0; places != NULL && j < (size_t)n; j++) {
        if (places[j] < -1 || (places[j] >= 0 && (size_t)places[j] >= n_now)) {
            RRI_FAIL(err, RR_E_INVALID, "%s: the map's %s[%zu] is %d; it must be in [-1, %zu)",
                     what, name, j, places[j], n_now);
        }
        for (size_t i = 0; places[j] >= 0 && i < j; i++) {
            if (places[i] == places[j]) {
                RRI_FAIL(err, RR_E_INVALID,
                         "%s: the map's %s[%zu] and %s[%zu] are both %d; a column comes from one "
                         "alone",
                         what, name, i, name, j, places[j]);
            }
        }
    }
    return RR_OK;
}

rr_status rri_columns_read(rri_columns *out, const rr_schema_map *map, size_t state_dim,
                           size_t feature_dim, const char *what, rr_error *err)
{
    rr_schema_map full;
    RRI_TRY(rri_abi_read(&full, sizeof full, map, "rr_schema_map", err));
    RRI_TRY(check_places("states", full.states, full.n_states, state_dim, what, err));
    RRI_TRY(check_places("features", full.features, full.n_features, feature_dim, what, err));
    if (full.n_states < 1 || full.n_items < 0 || (full.items == NULL) != (full.n_items == 0)) {
        RRI_FAIL(err, RR_E_INVALID, "%s: the map's %s is %d; it must be %s", what,
                 full.n_states < 1 ? "n_states" : "n_items",
                 full.n_states < 1 ? full.n_states : full.n_items,
                 full.n_states < 1    ? "the state_dim of the earlier schema, at least 1"
                 : full.items != NULL ? "the length of items, at least 1"
                                      : "0 where items is NULL");
    }
    *out = (rri_columns){
        .schema = full.schema,
        .n_states = (size_t)full.n_states,
        .n_features = (size_t)full.n_features,
        .n_items = (size_t)full.n_items,
        .states = full.states,
        .features = full.features,
        .items = full.items,
        .catalogue = full.catalogue,
    };
    return RR_OK;
}

void rri_columns_move(float *out, size_t n_out, const float *in, const int32_t *places, size_t n_in)
{
    memset(out, 0, n_out * sizeof *out);
    for (size_t j = 0; j < n_in; j++) {
        const int32_t place = rri_columns_place(places, j);
        if (place >= 0) {
            out[place] = in[j];
        }
    }
}

/* ── maps that are kept ── */

/* [n] or NULL, copied to *at, which moves on. */
static const int32_t *keep(int32_t **at, const int32_t *places, size_t n)
{
    int32_t *copy = *at;
    if (places == NULL) {
        return NULL;
    }
    memcpy(copy, places, n * sizeof *copy);
    *at += n;
    return copy;
}

static void take_out(rri_map **maps, uint64_t schema, const rri_allocator *allocator)
{
    for (rri_map **at = maps; *at != NULL; at = &(*at)->next) {
        rri_map *map = *at;
        if (map->columns.schema == schema) {
            *at = map->next;
            rri_memory_release(allocator, map, map->bytes);
            return;
        }
    }
}

rr_status rri_map_add(rri_map **maps, const rri_columns *columns, const rri_allocator *allocator,
                      rr_error *err)
{
    const size_t bytes =
        sizeof(rri_map) + (columns->n_states + columns->n_features) * sizeof(int32_t);
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, "map", err));
    rri_map *map = block;
    int32_t *at = (int32_t *)(map + 1);
    map->bytes = bytes;
    map->columns = *columns;
    map->columns.states = keep(&at, columns->states, columns->n_states);
    map->columns.features = keep(&at, columns->features, columns->n_features);
    take_out(maps, columns->schema, allocator);
    map->next = *maps;
    *maps = map;
    return RR_OK;
}

const rri_columns *rri_map_find(const rri_map *maps, uint64_t schema)
{
    for (; maps != NULL; maps = maps->next) {
        if (maps->columns.schema == schema) {
            return &maps->columns;
        }
    }
    return NULL;
}

void rri_map_release(rri_map **maps, const rri_allocator *allocator)
{
    while (*maps != NULL) {
        take_out(maps, (*maps)->columns.schema, allocator);
    }
}
