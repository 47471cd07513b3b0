/* SPDX-License-Identifier: MIT */
/* ranking.c: users in blocks, whose scores are one product; then one user after the other. */
#include "eval/ranking.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/log.h"
#include "core/status.h"
#include "math/gemm.h"

/* Users of one product. */
#define BLOCK ((size_t)16)

enum { IS_TRAIN = 1, IS_HELD_OUT = 2, IS_LISTED = 4 };

typedef struct ranking {
    const rri_ranking_task *task;
    double *recalls, *ndcgs;
    const rri_kernels *kernels;
    double *gains;     /* [k] 1 / log₂(2 + i) */
    float *scores;     /* [workers, BLOCK, n_items] */
    uint8_t *marks;    /* [workers, n_items] all 0 between users */
    float *top_scores; /* [workers, k] */
    int32_t *top;      /* [workers, k] */
    rri_stack *stacks; /* [workers] */
    size_t *failed;    /* [workers] the first user of each who has a score that is not finite */
} ranking;

static void layout(ranking *r, rri_arena *arena, size_t n_workers)
{
    const rri_ranking_task *const t = r->task;
    r->gains = RRI_TAKE(arena, double, t->k);
    const size_t n_scores = rri_size_multiply(n_workers * BLOCK, t->n_items);
    r->scores = RRI_TAKE(arena, float, n_scores);
    r->marks = RRI_TAKE(arena, uint8_t, rri_size_multiply(n_workers, t->n_items));
    r->top_scores = RRI_TAKE(arena, float, rri_size_multiply(n_workers, t->k));
    r->top = RRI_TAKE(arena, int32_t, rri_size_multiply(n_workers, t->k));
    r->stacks = RRI_TAKE(arena, rri_stack, n_workers);
    r->failed = RRI_TAKE(arena, size_t, n_workers);
    for (size_t w = 0; w < n_workers; w++) {
        const size_t size = rri_gemm_scratch(r->kernels, BLOCK, t->n_items, t->dim);
        char *const base = RRI_TAKE(arena, char, size);
        if (base != NULL) {
            r->stacks[w] = (rri_stack){.base = base, .size = size};
        }
    }
}

static bool is_all_finite(const float *scores, size_t n)
{
    float zero = 0.0f; /* 0 · x is 0 for whatever is finite, else NaN */
    for (size_t i = 0; i < n; i++) {
        zero += 0.0f * scores[i];
    }
    return zero == 0.0f;
}

/* The best items without a mark of training, best first; how many there are. */
static size_t find_top(int32_t *top, float *top_scores, const float *scores, const uint8_t *marks,
                       size_t n_items, size_t k)
{
    size_t n = 0;
    for (size_t i = 0; i < n_items; i++) {
        if ((marks[i] & IS_TRAIN) != 0 || (n == k && !(scores[i] > top_scores[k - 1]))) {
            continue;
        }
        size_t place = n < k ? n++ : k - 1;
        for (; place > 0 && scores[i] > top_scores[place - 1]; place--) {
            top_scores[place] = top_scores[place - 1];
            top[place] = top[place - 1];
        }
        top_scores[place] = scores[i];
        top[place] = (int32_t)i;
    }
    return n;
}

/* The first items of a list without a mark of training; how many there are. An item that is listed
 * again is the same showing, and the marks say so while the list is read. */
static size_t take_top(int32_t *top, const int32_t *list, size_t length, uint8_t *marks, size_t k)
{
    size_t n = 0;
    for (size_t i = 0; i < length && n < k && list[i] >= 0; i++) {
        if ((marks[list[i]] & (IS_TRAIN | IS_LISTED)) == 0) {
            marks[list[i]] |= IS_LISTED;
            top[n++] = list[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        marks[top[i]] &= (uint8_t)~IS_LISTED;
    }
    return n;
}

/* Marks the user's items; how many are held out and not trained on. */
static size_t mark_items(uint8_t *marks, const rri_ranking_task *t, size_t user)
{
    size_t n = 0;
    for (size_t e = t->train.starts[user]; e < t->train.starts[user + 1]; e++) {
        marks[t->train.items[e]] = IS_TRAIN;
    }
    for (size_t e = t->held_out.starts[user]; e < t->held_out.starts[user + 1]; e++) {
        uint8_t *const mark = &marks[t->held_out.items[e]];
        n += *mark == 0 ? 1 : 0;
        *mark |= IS_HELD_OUT;
    }
    return n;
}

static void unmark_items(uint8_t *marks, const rri_ranking_task *t, size_t user)
{
    for (size_t e = t->train.starts[user]; e < t->train.starts[user + 1]; e++) {
        marks[t->train.items[e]] = 0;
    }
    for (size_t e = t->held_out.starts[user]; e < t->held_out.starts[user + 1]; e++) {
        marks[t->held_out.items[e]] = 0;
    }
}

static void rank_user(const ranking *r, size_t user, const float *scores, size_t worker)
{
    const rri_ranking_task *const t = r->task;
    uint8_t *const marks = r->marks + worker * t->n_items;
    int32_t *const top = r->top + worker * t->k;
    const size_t n_wanted = mark_items(marks, t, user);
    if (n_wanted > 0 && t->lists == NULL && !is_all_finite(scores, t->n_items)) {
        r->failed[worker] = user < r->failed[worker] ? user : r->failed[worker];
    } else if (n_wanted > 0) {
        const size_t n =
            t->lists != NULL
                ? take_top(top, t->lists + user * t->list_length, t->list_length, marks, t->k)
                : find_top(top, r->top_scores + worker * t->k, scores, marks, t->n_items, t->k);
        double gain = 0.0, best = 0.0, hits = 0.0;
        for (size_t i = 0; i < n; i++) {
            const bool is_hit = marks[top[i]] == IS_HELD_OUT;
            hits += is_hit ? 1.0 : 0.0;
            gain += is_hit ? r->gains[i] : 0.0;
        }
        for (size_t i = 0; i < t->k && i < n_wanted; i++) {
            best += r->gains[i];
        }
        r->recalls[user] = hits / (double)n_wanted;
        r->ndcgs[user] = gain / best;
    }
    unmark_items(marks, t, user);
}

static void rank_block(void *context, size_t block, size_t worker)
{
    const ranking *const r = context;
    const rri_ranking_task *const t = r->task;
    const size_t first = block * BLOCK;
    const size_t n = t->n_users - first < BLOCK ? t->n_users - first : BLOCK;
    float *const scores = r->scores + worker * BLOCK * t->n_items;
    if (t->user_vectors != NULL) {
        rri_gemm(r->kernels, scores, t->n_items,
                 rri_view_rows(t->user_vectors + first * t->dim, t->dim),
                 rri_view_transposed(t->item_vectors, t->dim), n, t->n_items, t->dim, false,
                 &r->stacks[worker]);
    }
    for (size_t i = 0; i < n; i++) {
        rank_user(r, first + i, t->user_vectors != NULL ? scores + i * t->n_items : t->item_scores,
                  worker);
    }
}

rr_status rri_ranking_compute(double *recalls, double *ndcgs, const rri_ranking_task *task,
                              rri_workers *workers, const rri_allocator *allocator, rr_error *err)
{
    ranking r = {.task = task, .recalls = recalls, .ndcgs = ndcgs, .kernels = rri_kernels_detect()};
    rri_arena arena = {.base = NULL};
    layout(&r, &arena, rri_workers_count(workers));
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "ranking", err));
    layout(&r, &arena, rri_workers_count(workers));
    for (size_t i = 0; i < task->k; i++) {
        r.gains[i] = rri_log_f64(2.0) / rri_log_f64((double)(i + 2));
    }
    for (size_t u = 0; u < task->n_users; u++) {
        recalls[u] = (double)NAN;
        ndcgs[u] = (double)NAN;
    }
    size_t failed = task->n_users;
    for (size_t w = 0; w < rri_workers_count(workers); w++) {
        r.failed[w] = task->n_users;
    }
    rri_workers_run(workers, rank_block, &r, (task->n_users + BLOCK - 1) / BLOCK);
    for (size_t w = 0; w < rri_workers_count(workers); w++) {
        failed = r.failed[w] < failed ? r.failed[w] : failed;
    }
    rri_memory_release(allocator, arena.base, arena.used);
    if (failed < task->n_users) {
        RRI_FAIL(err, RR_E_NOT_FINITE,
                 "ranking: user %zu has a score that is not finite; their dot product with an "
                 "item is too large",
                 failed);
    }
    return RR_OK;
}
