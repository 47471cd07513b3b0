/* SPDX-License-Identifier: MIT */
/* api_ranking.c: the front door of rr_dataset_rank, where interactions (data) meet metrics (eval).
 */
#include <math.h>

#include "api/dataset.h"
#include "core/abi.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/workers.h"
#include "data/ratings_by.h"
#include "eval/ranking.h"
#include "eval/spread.h"

/* What a ranking works on, in one block. */
typedef struct workshop {
    rri_ratings_by train, held_out;
    uint8_t *is_skipped;     /* [rows of the larger part] */
    float *popularity;       /* [n_items] training interactions of each */
    double *recalls, *ndcgs; /* [n_users] */
} workshop;

static void layout(workshop *w, rri_arena *arena, const rri_interactions *train,
                   const rri_interactions *held_out)
{
    const size_t n_users = train->user_table.n_keys;
    rri_ratings_by_layout(&w->train, arena, n_users, train->n);
    rri_ratings_by_layout(&w->held_out, arena, n_users, held_out->n);
    w->is_skipped = RRI_TAKE(arena, uint8_t, train->n > held_out->n ? train->n : held_out->n);
    w->popularity = RRI_TAKE(arena, float, train->item_table.n_keys);
    w->recalls = RRI_TAKE(arena, double, n_users);
    w->ndcgs = RRI_TAKE(arena, double, n_users);
}

static void furnish(workshop *w, const rri_interactions *train, const rri_interactions *held_out)
{
    rri_ratings_by_fill(&w->train, train->users, train->items, train->ratings, w->is_skipped,
                        train->n);
    for (size_t i = 0; i < train->n; i++) {
        w->popularity[train->items[i]] += 1.0f;
    }
    for (size_t i = 0; i < held_out->n; i++) {
        w->is_skipped[i] = held_out->ratings[i] > 0.0f ? 0 : 1;
    }
    rri_ratings_by_fill(&w->held_out, held_out->users, held_out->items, held_out->ratings,
                        w->is_skipped, held_out->n);
}

/* Mean over the users that have one, the half width of its interval, and how many they are. */
static int64_t summarize(double *mean, double *interval, const double *values, size_t n)
{
    rri_spread spread = {0};
    for (size_t i = 0; i < n; i++) {
        if (!isnan(values[i])) {
            rri_spread_add(&spread, values[i]);
        }
    }
    *mean = rri_spread_mean(&spread);
    *interval = rri_spread_interval(&spread);
    return (int64_t)spread.n;
}

/* Popularity first, then the vectors or lists, where there are any. */
static rr_status rank_both(rr_ranking *found, const workshop *w, rri_ranking_task *task,
                           const float *user_vectors, const int32_t *lists, rri_workers *workers,
                           const rri_allocator *allocator, rr_error *err)
{
    task->item_scores = w->popularity;
    RRI_TRY(rri_ranking_compute(w->recalls, w->ndcgs, task, workers, allocator, err));
    found->n_users = summarize(&found->popular_recall, &found->popular_recall_interval, w->recalls,
                               task->n_users);
    (void)summarize(&found->popular_ndcg, &found->popular_ndcg_interval, w->ndcgs, task->n_users);
    found->recall = found->recall_interval = found->ndcg = found->ndcg_interval = (double)NAN;
    if (user_vectors != NULL || lists != NULL) {
        task->user_vectors = user_vectors;
        task->lists = lists;
        RRI_TRY(rri_ranking_compute(w->recalls, w->ndcgs, task, workers, allocator, err));
        (void)summarize(&found->recall, &found->recall_interval, w->recalls, task->n_users);
        (void)summarize(&found->ndcg, &found->ndcg_interval, w->ndcgs, task->n_users);
    }
    return RR_OK;
}

static rr_status rank(rr_ranking *found, rri_ranking_task *task, const rri_interactions *train,
                      const rri_interactions *held_out, const float *user_vectors,
                      const int32_t *lists, rri_workers *workers, const rri_allocator *allocator,
                      rr_error *err)
{
    workshop w;
    rri_arena arena = {.base = NULL};
    layout(&w, &arena, train, held_out);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "ranking: %zu interactions do not fit into memory", train->n);
    }
    const size_t bytes = arena.used;
    void *block = NULL;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, "ranking", err));
    arena = (rri_arena){.base = block};
    layout(&w, &arena, train, held_out);
    furnish(&w, train, held_out);
    task->n_users = train->user_table.n_keys;
    task->n_items = train->item_table.n_keys;
    task->train = (rri_ranking_lists){w.train.starts, w.train.others};
    task->held_out = (rri_ranking_lists){w.held_out.starts, w.held_out.others};
    const rr_status status =
        rank_both(found, &w, task, user_vectors, lists, workers, allocator, err);
    rri_memory_release(allocator, block, bytes);
    return status;
}

static rr_status check_parts(const char *function, const rr_dataset *train,
                             const rr_dataset *held_out, rr_error *err)
{
    if (train == NULL || held_out == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s: %s is NULL", function,
                 train == NULL ? "train" : "held_out");
    }
    if (train->rows.user_table.n_keys != held_out->rows.user_table.n_keys ||
        train->rows.item_table.n_keys != held_out->rows.item_table.n_keys) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: train has %zu users and %zu items, held_out %zu and %zu; both must be "
                 "selected from one dataset",
                 function, train->rows.user_table.n_keys, train->rows.item_table.n_keys,
                 held_out->rows.user_table.n_keys, held_out->rows.item_table.n_keys);
    }
    return RR_OK;
}

static rr_status check_at_least(const char *function, const char *name, int32_t value,
                                rr_error *err)
{
    if (value < 1) {
        RRI_FAIL(err, RR_E_INVALID, "%s: %s is %d; it must be at least 1", function, name, value);
    }
    return RR_OK;
}

/* Ranks with workers of its own, and hands the answer out. */
static rr_status answer(rr_ranking *out, rri_ranking_task *task, const rr_dataset *train,
                        const rr_dataset *held_out, const float *user_vectors, const int32_t *lists,
                        int32_t n_best, int32_t num_threads, const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_ranking", err));
    rri_allocator allocator;
    rri_workers *workers = NULL;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    RRI_TRY(rri_workers_create(&workers, num_threads, &allocator, err));
    const size_t n_items = train->rows.item_table.n_keys;
    task->k = (size_t)n_best < n_items ? (size_t)n_best : n_items;
    rr_ranking found = {.struct_size = sizeof found, .n_best = n_best};
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rank(&found, task, &train->rows, &held_out->rows, user_vectors, lists,
                                  workers, &allocator, err);
    rri_fpmode_leave(before);
    rri_workers_destroy(workers);
    RRI_TRY(status);
    rri_abi_write(out, &found, sizeof found);
    return RR_OK;
}

rr_status rr_dataset_rank(const rr_dataset *train, const rr_dataset *held_out,
                          const float *user_vectors, const float *item_vectors, int32_t dim,
                          int32_t n_best, int32_t num_threads, rr_ranking *out, const rr_host *host,
                          rr_error *err)
{
    const char *const name = "rr_dataset_rank";
    const bool has_vectors = user_vectors != NULL;
    if (has_vectors != (item_vectors != NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "%s: %s is NULL; both or neither", name,
                 has_vectors ? "item_vectors" : "user_vectors");
    }
    RRI_TRY(check_at_least(name, "dim", has_vectors ? dim : 1, err));
    RRI_TRY(check_at_least(name, "n_best", n_best, err));
    if (num_threads < 1 || num_threads > 64) {
        RRI_FAIL(err, RR_E_INVALID, "%s: num_threads is %d; it must be in [1, 64]", name,
                 num_threads);
    }
    RRI_TRY(check_parts(name, train, held_out, err));
    rri_ranking_task task = {.dim = has_vectors ? (size_t)dim : 1, .item_vectors = item_vectors};
    return answer(out, &task, train, held_out, user_vectors, NULL, n_best, num_threads, host, err);
}

rr_status rr_dataset_rank_lists(const rr_dataset *train, const rr_dataset *held_out,
                                const int32_t *lists, int32_t length, int32_t n_best,
                                rr_ranking *out, const rr_host *host, rr_error *err)
{
    const char *const name = "rr_dataset_rank_lists";
    RRI_TRY(check_parts(name, train, held_out, err));
    RRI_TRY(check_at_least(name, "length", length, err));
    RRI_TRY(check_at_least(name, "n_best", n_best, err));
    if (lists == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s: lists is NULL", name);
    }
    const int32_t n_items = (int32_t)train->rows.item_table.n_keys;
    const size_t n = train->rows.user_table.n_keys * (size_t)length;
    for (size_t i = 0; i < n; i++) {
        if (lists[i] < -1 || lists[i] >= n_items) {
            RRI_FAIL(err, RR_E_INVALID, "%s: lists[%zu][%zu] is %d; it must be in [-1, %d)", name,
                     i / (size_t)length, i % (size_t)length, lists[i], n_items);
        }
    }
    rri_ranking_task task = {.dim = 1, .list_length = (size_t)length};
    return answer(out, &task, train, held_out, NULL, lists, n_best, 1, host, err);
}
