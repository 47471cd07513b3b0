/* SPDX-License-Identifier: MIT */
/* ratings_by.h: ratings grouped by user, or by item: the rows that least squares solves one by one.
 */
#ifndef RRI_DATA_RATINGS_BY_H
#define RRI_DATA_RATINGS_BY_H

#include "core/memory.h"

typedef struct rri_ratings_by {
    size_t n_rows;
    size_t *starts;  /* [n_rows + 1]; row r has entries [starts[r], starts[r + 1]) */
    int32_t *others; /* [n_entries] the item of each rating of a user, or the user of an item's */
    float *ratings;  /* [n_entries] */
} rri_ratings_by;

void rri_ratings_by_layout(rri_ratings_by *by, rri_arena *arena, size_t n_rows, size_t n_entries);

/* Groups the interactions whose is_skipped is 0, each row's in their order of arrival.
 * rows, others, ratings, is_skipped [n] */
void rri_ratings_by_fill(rri_ratings_by *by, const int32_t *rows, const int32_t *others,
                         const float *ratings, const uint8_t *is_skipped, size_t n);

#endif
