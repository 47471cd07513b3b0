/* SPDX-License-Identifier: MIT */
/* interactions.h: who gave what which rating, when: columns with dense indices of users and items.
 */
#ifndef RRI_DATA_INTERACTIONS_H
#define RRI_DATA_INTERACTIONS_H

#include <stdbool.h>

#include "core/budget.h"
#include "data/id_texts.h"
#include "data/key_table.h"

typedef struct rri_interactions {
    size_t n;
    size_t max_n;
    int32_t *users;      /* [n] indices into user_table.keys */
    int32_t *items;      /* [n] */
    float *ratings;      /* [n] finite */
    int64_t *times;      /* [n] */
    bool has_ratings;    /* false: each is 1 because none was given */
    bool has_times;      /* false: each is 0 because none was given */
    bool has_logs;       /* are the two below there? */
    int32_t *positions;  /* [n] in a list that was shown; else NULL */
    float *propensities; /* [n] of what was shown, in (0, 1]; else NULL */
    rri_key_table user_table, item_table;
    rri_id_texts user_texts, item_texts; /* of ids that are no plain numbers */
    rri_allocator allocator;
    void *block; /* owned: the columns */
    size_t block_bytes;
} rri_interactions;

/* Room for max_n rows, none in it. On failure nothing is to be released. */
rr_status rri_interactions_create(rri_interactions *rows, size_t max_n, bool has_logs,
                                  const rri_allocator *allocator, rr_error *err);
/* Bytes of the columns of so many rows, without the tables; SIZE_MAX where they do not fit. */
size_t rri_interactions_memory(size_t max_n, bool has_logs);
/* Room for max_n rows, no fewer than before, with everything that is in the columns. On failure
 * nothing has changed. */
rr_status rri_interactions_reserve(rri_interactions *rows, size_t max_n, rr_error *err);
void rri_interactions_release(rri_interactions *rows);

/* Appends one row; n < max_n. A new key's index is the number of keys before it. */
rr_status rri_interactions_add(rri_interactions *rows, uint64_t user, uint64_t item, float rating,
                               int64_t time, rr_error *err);

/* From arrays [n], n ≥ 1; times NULL: 0. A rating that is not finite is refused with its row. */
rr_status rri_interactions_from_arrays(rri_interactions *rows, const uint64_t *users,
                                       const uint64_t *items, const float *ratings,
                                       const int64_t *times, size_t n,
                                       const rri_allocator *allocator, rr_error *err);

/* The rows of `from` whose mark is `part`, with all its users and items. marks [from->n] */
rr_status rri_interactions_select(rri_interactions *rows, const rri_interactions *from,
                                  const uint8_t *marks, uint8_t part,
                                  const rri_allocator *allocator, rr_error *err);
/* Bytes of the columns that select makes. */
size_t rri_interactions_selected_memory(const rri_interactions *from, const uint8_t *marks,
                                        uint8_t part);

#endif
