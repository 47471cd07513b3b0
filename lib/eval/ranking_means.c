/* SPDX-License-Identifier: MIT */
/* ranking_means.c: users one by one (ranking.c), then their means, beside those of popularity. */
#include <math.h>

#include "core/status.h"
#include "eval/ranking.h"
#include "eval/spread.h"

typedef struct summary {
    float *popularity;       /* [n_items] training interactions of each */
    double *recalls, *ndcgs; /* [n_users] */
} summary;

static void layout_summary(summary *s, rri_arena *arena, const rri_ranking_task *task)
{
    s->popularity = RRI_TAKE(arena, float, task->n_items);
    s->recalls = RRI_TAKE(arena, double, task->n_users);
    s->ndcgs = RRI_TAKE(arena, double, task->n_users);
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
static rr_status rank_both(rr_ranking *out, const summary *s, const rri_ranking_task *task,
                           rri_workers *workers, const rri_allocator *allocator, rr_error *err)
{
    const size_t n = task->n_users;
    rri_ranking_task popular = *task;
    popular.user_vectors = NULL;
    popular.lists = NULL;
    popular.item_scores = s->popularity;
    for (size_t i = 0; i < task->train.starts[n]; i++) {
        s->popularity[task->train.items[i]] += 1.0f;
    }
    RRI_TRY(rri_ranking_compute(s->recalls, s->ndcgs, &popular, workers, allocator, err));
    out->n_users = summarize(&out->popular_recall, &out->popular_recall_interval, s->recalls, n);
    (void)summarize(&out->popular_ndcg, &out->popular_ndcg_interval, s->ndcgs, n);
    out->recall = out->recall_interval = out->ndcg = out->ndcg_interval = (double)NAN;
    if (task->user_vectors != NULL || task->lists != NULL) {
        RRI_TRY(rri_ranking_compute(s->recalls, s->ndcgs, task, workers, allocator, err));
        (void)summarize(&out->recall, &out->recall_interval, s->recalls, n);
        (void)summarize(&out->ndcg, &out->ndcg_interval, s->ndcgs, n);
    }
    return RR_OK;
}

rr_status rri_ranking_summarize(rr_ranking *out, const rri_ranking_task *task, rri_workers *workers,
                                const rri_allocator *allocator, rr_error *err)
{
    summary s;
    rri_arena arena = {.base = NULL};
    layout_summary(&s, &arena, task);
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "means over users", err));
    layout_summary(&s, &arena, task);
    const rr_status status = rank_both(out, &s, task, workers, allocator, err);
    rri_memory_release(allocator, arena.base, arena.used);
    return status;
}
