/* SPDX-License-Identifier: MIT */
/* columns.h: where the columns of another schema are in today's: what rr_schema_map says, judged.
 *
 * Old column j of states is today's column states[j], −1: dropped; NULL: it stayed where it was.
 * What no old column became is new. Features and items likewise. */
#ifndef RRI_BUFFER_COLUMNS_H
#define RRI_BUFFER_COLUMNS_H

#include <stddef.h>

#include "core/memory.h"
#include "recrl/recrl.h"

typedef struct rri_columns {
    uint64_t schema; /* the old one's number */
    size_t n_states, n_features, n_items;
    const int32_t *states, *features, *items; /* borrowed */
    const rr_items *catalogue;                /* borrowed, or NULL */
} rri_columns;

/* The schemas beside its own that a handle reads: a copy of each map, in the allocator's memory. */
typedef struct rri_map {
    struct rri_map *next;
    rri_columns columns; /* its arrays lie behind it */
    size_t bytes;
} rri_map;

/* In place of the one of the same schema, if there is one; on failure nothing changes. */
rr_status rri_map_add(rri_map **maps, const rri_columns *columns, const rri_allocator *allocator,
                      rr_error *err);
/* NULL: there is none of this schema. */
const rri_columns *rri_map_find(const rri_map *maps, uint64_t schema);
void rri_map_release(rri_map **maps, const rri_allocator *allocator);

static inline int32_t rri_columns_place(const int32_t *places, size_t j)
{
    return places != NULL ? places[j] : (int32_t)j;
}

/* What the caller's struct says; `what` ("inherit") opens the sentences. Each place is −1 or one of
 * today's state_dim and feature_dim, and none is taken twice; items are for who knows how many
 * there are. */
rr_status rri_columns_read(rri_columns *out, const rr_schema_map *map, size_t state_dim,
                           size_t feature_dim, const char *what, rr_error *err);

/* out [n_out] ← 0 but for in [n_in], each at its place. */
void rri_columns_move(float *out, size_t n_out, const float *in, const int32_t *places,
                      size_t n_in);

#endif
