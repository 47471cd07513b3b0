/* SPDX-License-Identifier: MIT */
/* ranking.h: recall@k and NDCG@k of what was held out. docs/maths.md §8.
 *
 * Of a user with training items T and held-out items H, H without T, H ≠ ∅, the k items outside T
 * with the largest scores are ranked (of equal scores the smaller index comes first), or the first
 * k of a list that is given:
 *
 *     recall@k = hits / |H|
 *     NDCG@k   = Σ_{hits at rank r} 1 / log₂(1 + r)  /  Σ_{r = 1}^{min(k, |H|)} 1 / log₂(1 + r) */
#ifndef RRI_EVAL_RANKING_H
#define RRI_EVAL_RANKING_H

#include "core/memory.h"
#include "core/workers.h"
#include "math/kernels.h"

/* Items of each user: user u has items [starts[u], starts[u + 1]). Repeats count once. */
typedef struct rri_ranking_lists {
    const size_t *starts; /* [n_users + 1] */
    const int32_t *items;
} rri_ranking_lists;

typedef struct rri_ranking_task {
    size_t n_users, n_items, dim, k;
    rri_ranking_lists train, held_out;
    const float *user_vectors; /* [n_users, dim] u of the score u·v; NULL: item_scores */
    const float *item_vectors; /* [n_items, dim] */
    const float *item_scores;  /* [n_items] the same for every user */
    const int32_t *lists; /* [n_users, list_length] best first, −1 behind the end; instead of all
                             scores where it is not NULL */
    size_t list_length;
} rri_ranking_task;

/* recalls, ndcgs [n_users]: NaN for a user whose H is empty. The same bytes on any number of
 * workers. RR_E_NOT_FINITE where a score of a user whose H is not empty is not. */
rr_status rri_ranking_compute(double *recalls, double *ndcgs, const rri_ranking_task *task,
                              rri_workers *workers, const rri_allocator *allocator, rr_error *err);

/* The means and intervals of a task that has vectors, lists or neither, and beside them those of
 * items ranked by their training interactions. out->n_best is left alone; on failure *out is
 * anything. */
rr_status rri_ranking_summarize(rr_ranking *out, const rri_ranking_task *task, rri_workers *workers,
                                const rri_allocator *allocator, rr_error *err);

#endif
