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

/* Popularity first, then the vectors, where there are any. */
static rr_status rank_both(rr_ranking *found, const workshop *w, rri_ranking_task *task,
                           const float *user_vectors, rri_workers *workers,
                           const rri_allocator *allocator, rr_error *err)
{
    task->item_scores = w->popularity;
    RRI_TRY(rri_ranking_compute(w->recalls, w->ndcgs, task, workers, allocator, err));
    found->n_users = summarize(&found->popular_recall, &found->popular_recall_interval, w->recalls,
                               task->n_users);
    (void)summarize(&found->popular_ndcg, &found->popular_ndcg_interval, w->ndcgs, task->n_users);
    found->recall = found->recall_interval = found->ndcg = found->ndcg_interval = (double)NAN;
    if (user_vectors != NULL) {
        task->user_vectors = user_vectors;
        RRI_TRY(rri_ranking_compute(w->recalls, w->ndcgs, task, workers, allocator, err));
        (void)summarize(&found->recall, &found->recall_interval, w->recalls, task->n_users);
        (void)summarize(&found->ndcg, &found->ndcg_interval, w->ndcgs, task->n_users);
    }
    return RR_OK;
}

static rr_status rank(rr_ranking *found, rri_ranking_task *task, const rri_interactions *train,
                      const rri_interactions *held_out, const float *user_vectors,
                      rri_workers *workers, const rri_allocator *allocator, rr_error *err)
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
    const rr_status status = rank_both(found, &w, task, user_vectors, workers, allocator, err);
    rri_memory_release(allocator, block, bytes);
    return status;
}

static rr_status check(const rr_dataset *train, const rr_dataset *held_out,
                       const float *user_vectors, const float *item_vectors, int32_t dim, int32_t k,
                       int32_t num_threads, rr_error *err)
{
    if (train == NULL || held_out == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_dataset_rank: %s is NULL",
                 train == NULL ? "train" : "held_out");
    }
    if ((user_vectors == NULL) != (item_vectors == NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_dataset_rank: %s is NULL; both or neither",
                 user_vectors == NULL ? "user_vectors" : "item_vectors");
    }
    if ((user_vectors != NULL && dim < 1) || k < 1 || num_threads < 1 || num_threads > 64) {
        const bool is_dim = user_vectors != NULL && dim < 1;
        RRI_FAIL(err, RR_E_INVALID, "rr_dataset_rank: %s is %d; it must be %s",
                 is_dim  ? "dim"
                 : k < 1 ? "k"
                         : "num_threads",
                 is_dim  ? dim
                 : k < 1 ? k
                         : num_threads,
                 is_dim || k < 1 ? "at least 1" : "in [1, 64]");
    }
    if (train->rows.user_table.n_keys != held_out->rows.user_table.n_keys ||
        train->rows.item_table.n_keys != held_out->rows.item_table.n_keys) {
        RRI_FAIL(
            err, RR_E_MISMATCH,
            "rr_dataset_rank: train has %zu users and %zu items, held_out %zu and %zu; both must "
            "be selected from one dataset",
            train->rows.user_table.n_keys, train->rows.item_table.n_keys,
            held_out->rows.user_table.n_keys, held_out->rows.item_table.n_keys);
    }
    return RR_OK;
}

rr_status rr_dataset_rank(const rr_dataset *train, const rr_dataset *held_out,
                          const float *user_vectors, const float *item_vectors, int32_t dim,
                          int32_t k, int32_t num_threads, rr_ranking *out, const rr_host *host,
                          rr_error *err)
{
    RRI_TRY(check(train, held_out, user_vectors, item_vectors, dim, k, num_threads, err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_ranking", err));
    rri_allocator allocator;
    rri_workers *workers = NULL;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    RRI_TRY(rri_workers_create(&workers, num_threads, &allocator, err));
    const size_t n_items = train->rows.item_table.n_keys;
    rri_ranking_task task = {.k = (size_t)k < n_items ? (size_t)k : n_items,
                             .dim = user_vectors != NULL ? (size_t)dim : 1,
                             .item_vectors = item_vectors};
    rr_ranking found = {.struct_size = sizeof found, .k = k};
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rank(&found, &task, &train->rows, &held_out->rows, user_vectors, workers, &allocator, err);
    rri_fpmode_leave(before);
    rri_workers_destroy(workers);
    RRI_TRY(status);
    rri_abi_write(out, &found, sizeof found);
    return RR_OK;
}
