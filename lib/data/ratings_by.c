/* SPDX-License-Identifier: MIT */
/* ratings_by.c: a counting sort. */
#include "data/ratings_by.h"

#include <string.h>

void rri_ratings_by_layout(rri_ratings_by *by, rri_arena *arena, size_t n_rows, size_t n_entries)
{
    by->n_rows = n_rows;
    by->starts = RRI_TAKE(arena, size_t, n_rows + 1);
    by->others = RRI_TAKE(arena, int32_t, n_entries);
    by->ratings = RRI_TAKE(arena, float, n_entries);
}

void rri_ratings_by_fill(rri_ratings_by *by, const int32_t *rows, const int32_t *others,
                         const float *ratings, const uint8_t *is_skipped, size_t n)
{
    size_t *const starts = by->starts;
    memset(starts, 0, (by->n_rows + 1) * sizeof starts[0]);
    for (size_t i = 0; i < n; i++) {
        if (is_skipped[i] == 0) {
            starts[rows[i] + 1]++;
        }
    }
    for (size_t r = 0; r < by->n_rows; r++) {
        starts[r + 1] += starts[r];
    }
    /* Filling moves each start to its row's end, which is the next row's start. */
    for (size_t i = 0; i < n; i++) {
        if (is_skipped[i] == 0) {
            const size_t entry = starts[rows[i]]++;
            by->others[entry] = others[i];
            by->ratings[entry] = ratings[i];
        }
    }
    memmove(starts + 1, starts, by->n_rows * sizeof starts[0]);
    starts[0] = 0;
}
