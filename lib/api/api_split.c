/* SPDX-License-Identifier: MIT */
/* api_split.c: the front door of who and what is kept out of training. */
#include <string.h>

#include "core/fpmode.h"
#include "core/status.h"
#include "data/load_rows.h"
#include "data/ratings_by.h"
#include "data/split.h"

rr_status rr_dataset_split_users(const rr_dataset *dataset, float test_fraction, uint64_t seed,
                                 uint8_t *is_test, rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_split_users", "dataset", err));
    RRI_TRY(rri_require(is_test, "rr_dataset_split_users", "is_test", err));
    if (!(test_fraction >= 0.0f && test_fraction <= 1.0f)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_dataset_split_users: test_fraction is %g; it must be in [0, 1]",
                 (double)test_fraction);
    }
    const rri_fpmode before = rri_fpmode_enter();
    rri_split_users(is_test, dataset->rows.user_table.keys, test_fraction, seed,
                    dataset->rows.user_table.n_keys);
    rri_fpmode_leave(before);
    return RR_OK;
}

/* What a split by time needs: [n] rows, and, per user, where each user's begin. */
typedef struct workshop {
    int32_t *order; /* [n] */
    size_t *starts; /* [n_users + 1] */
} workshop;

static void layout(workshop *w, rri_arena *arena, const rri_interactions *rows)
{
    w->order = RRI_TAKE(arena, int32_t, rows->n);
    w->starts = RRI_TAKE(arena, size_t, rows->user_table.n_keys + 1);
}

/* Rows in the order of their users. */
static void group(workshop *w, const rri_interactions *rows)
{
    const size_t n_users = rows->user_table.n_keys;
    for (size_t i = 0; i < rows->n; i++) {
        w->starts[rows->users[i] + 1]++;
    }
    for (size_t u = 0; u < n_users; u++) {
        w->starts[u + 1] += w->starts[u];
    }
    /* Filling moves each start to the next user's. */
    for (size_t i = 0; i < rows->n; i++) {
        w->order[w->starts[rows->users[i]]++] = (int32_t)i;
    }
    memmove(w->starts + 1, w->starts, n_users * sizeof w->starts[0]);
    w->starts[0] = 0;
}

static rr_status split_by_time(const rr_dataset *dataset, bool is_per_user, float holdout,
                               uint8_t *is_held_out, rr_error *err)
{
    const rri_interactions *const rows = &dataset->rows;
    if (rows->n > INT32_MAX) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "rr_dataset_split_rows: there are %zu interactions; by time at most 2147483647 "
                 "are split",
                 rows->n);
    }
    workshop w;
    rri_arena arena = {.base = NULL};
    layout(&w, &arena, rows);
    RRI_TRY(rri_arena_create(&arena, arena.used, &dataset->allocator, "a split by time", err));
    layout(&w, &arena, rows);
    if (is_per_user) {
        group(&w, rows);
        rri_split_per_user(is_held_out, holdout, rows->times, w.starts, w.order,
                           rows->user_table.n_keys);
    } else {
        rri_split_by_time(is_held_out, holdout, rows->times, w.order, rows->n);
    }
    rri_memory_release(&dataset->allocator, arena.base, arena.used);
    return RR_OK;
}

rr_status rr_dataset_split_rows(const rr_dataset *dataset, int32_t split, float holdout,
                                uint64_t seed, uint8_t *is_held_out, rr_error *err)
{
    RRI_TRY(rri_require(dataset, "rr_dataset_split_rows", "dataset", err));
    RRI_TRY(rri_require(is_held_out, "rr_dataset_split_rows", "is_held_out", err));
    if (split < RR_SPLIT_RANDOM || split > RR_SPLIT_PER_USER) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_dataset_split_rows: split is %d; it must be one of RR_SPLIT_*", split);
    }
    if (!(holdout >= 0.0f && holdout <= 1.0f)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_dataset_split_rows: holdout is %g; it must be in [0, 1]",
                 (double)holdout);
    }
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = RR_OK;
    if (split == RR_SPLIT_RANDOM) {
        rri_split_rows(is_held_out, holdout, seed, dataset->rows.n);
    } else {
        status = split_by_time(dataset, split == RR_SPLIT_PER_USER, holdout, is_held_out, err);
    }
    rri_fpmode_leave(before);
    return status;
}
