/* SPDX-License-Identifier: MIT */
#include "eval/ranking.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

enum { USERS = 37, ITEMS = 50, DIM = 5, MOST = USERS * 20 };

static rri_allocator allocator;

static void compute(double *recalls, double *ndcgs, const rri_ranking_task *task, int32_t n_threads)
{
    rri_workers *workers = NULL;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_workers_create(&workers, n_threads, &allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_ranking_compute(recalls, ndcgs, task, workers, &allocator, NULL), RR_OK);
    rri_workers_destroy(workers);
}

/* Scores 5 4 3 2 1 of items 0 … 4; user 0 trained on 0 and keeps 1, 3 and, again, 1: the list of
 * two is 1, 2, so one hit of two at the first rank. User 1 keeps what it trained on: nobody to ask.
 * User 2 keeps 2 and has seen nothing: the list is 0, 1, no hit. */
START_TEST(test_ranking_three_users_by_hand)
{
    const float scores[5] = {5.0f, 4.0f, 3.0f, 2.0f, 1.0f};
    const size_t train_starts[4] = {0, 1, 3, 3}, held_starts[4] = {0, 3, 4, 5};
    const int32_t train_items[3] = {0, 2, 2}, held_items[5] = {1, 3, 1, 2, 2};
    double recalls[3], ndcgs[3];
    const rri_ranking_task task = {.n_users = 3,
                                   .n_items = 5,
                                   .dim = 1,
                                   .k = 2,
                                   .train = {train_starts, train_items},
                                   .held_out = {held_starts, held_items},
                                   .item_scores = scores};
    compute(recalls, ndcgs, &task, 1);
    ck_assert_double_eq(recalls[0], 0.5);
    ck_assert_double_eq_tol(ndcgs[0], 1.0 / (1.0 + 1.0 / log2(3.0)), 1e-12);
    ck_assert(isnan(recalls[1]) && isnan(ndcgs[1]));
    ck_assert(recalls[2] == 0.0 && ndcgs[2] == 0.0);
}
END_TEST

static float user_vectors[USERS * DIM], item_vectors[ITEMS * DIM];
static size_t train_starts[USERS + 1], held_starts[USERS + 1];
static int32_t train_items[MOST], held_items[MOST];

static rri_ranking_task draw(size_t k)
{
    rri_philox_normals(user_vectors, USERS * DIM, 1, RRI_STREAM_USERS, 0);
    rri_philox_normals(item_vectors, ITEMS * DIM, 1, RRI_STREAM_ITEMS, 0);
    for (size_t i = 1; i < ITEMS; i += 2) { /* each odd item ties with the one before it */
        memcpy(item_vectors + i * DIM, item_vectors + (i - 1) * DIM, DIM * sizeof(float));
    }
    for (uint32_t u = 0; u < USERS; u++) {
        const size_t n_train = rri_philox_below(1, RRI_STREAM_SPLIT, u, 0, 10);
        const size_t n_held = rri_philox_below(1, RRI_STREAM_SPLIT, u, 1, 8);
        for (uint32_t i = 0; i < n_train; i++) {
            train_items[train_starts[u] + i] =
                (int32_t)rri_philox_below(1, RRI_STREAM_SPLIT, u, 10 + i, ITEMS);
        }
        for (uint32_t i = 0; i < n_held; i++) {
            held_items[held_starts[u] + i] =
                (int32_t)rri_philox_below(1, RRI_STREAM_SPLIT, u, 30 + i, ITEMS);
        }
        train_starts[u + 1] = train_starts[u] + n_train;
        held_starts[u + 1] = held_starts[u] + n_held;
    }
    return (rri_ranking_task){.n_users = USERS,
                              .n_items = ITEMS,
                              .dim = DIM,
                              .k = k,
                              .train = {train_starts, train_items},
                              .held_out = {held_starts, held_items},
                              .user_vectors = user_vectors,
                              .item_vectors = item_vectors};
}

static double score(size_t user, size_t item)
{
    float sum = 0.0f;
    for (size_t j = 0; j < DIM; j++) {
        sum = fmaf(user_vectors[user * DIM + j], item_vectors[item * DIM + j], sum);
    }
    return (double)sum;
}

static bool is_in(const size_t *starts, const int32_t *items, size_t user, size_t item)
{
    for (size_t e = starts[user]; e < starts[user + 1]; e++) {
        if ((size_t)items[e] == item) {
            return true;
        }
    }
    return false;
}

/* An item's rank is one more than the number of items that come before it. */
static void plain(double *recall, double *ndcg, size_t user, size_t k)
{
    double hits = 0.0, n = 0.0, gain = 0.0, best = 0.0;
    for (size_t i = 0; i < ITEMS; i++) {
        if (!is_in(held_starts, held_items, user, i) || is_in(train_starts, train_items, user, i)) {
            continue;
        }
        n += 1.0;
        size_t rank = 1;
        for (size_t j = 0; j < ITEMS; j++) {
            const double other = score(user, j), own = score(user, i);
            rank += !is_in(train_starts, train_items, user, j) &&
                            (other > own || (other == own && j < i))
                        ? 1
                        : 0;
        }
        hits += rank <= k ? 1.0 : 0.0;
        gain += rank <= k ? 1.0 / log2(1.0 + (double)rank) : 0.0;
    }
    for (size_t r = 1; r <= k && (double)r <= n; r++) {
        best += 1.0 / log2(1.0 + (double)r);
    }
    *recall = n > 0.0 ? hits / n : (double)NAN;
    *ndcg = n > 0.0 ? gain / best : (double)NAN;
}

START_TEST(test_ranking_agrees_with_counting_on_any_threads)
{
    for (size_t k = 1; k <= ITEMS; k = 2 * k + 1) {
        const rri_ranking_task task = draw(k);
        double recalls[USERS], ndcgs[USERS], other_recalls[USERS], other_ndcgs[USERS];
        compute(recalls, ndcgs, &task, 1);
        size_t n_asked = 0;
        for (size_t u = 0; u < USERS; u++) {
            double recall, ndcg;
            plain(&recall, &ndcg, u, k);
            ck_assert(isnan(recall) == isnan(recalls[u]));
            if (!isnan(recall)) {
                ck_assert_double_eq_tol(recalls[u], recall, 1e-12);
                ck_assert_double_eq_tol(ndcgs[u], ndcg, 1e-12);
                n_asked++;
            }
        }
        ck_assert_uint_gt(n_asked, USERS / 2);
        compute(other_recalls, other_ndcgs, &task, 3);
        ck_assert_mem_eq(recalls, other_recalls, sizeof recalls);
        ck_assert_mem_eq(ndcgs, other_ndcgs, sizeof ndcgs);
    }
}
END_TEST

/* Every user's items by score, best first and each twice. */
static void order_all(int32_t *lists)
{
    for (size_t u = 0; u < USERS; u++) {
        for (size_t i = 0; i < ITEMS; i++) {
            size_t place = 0;
            for (size_t j = 0; j < ITEMS; j++) {
                const double other = score(u, j), own = score(u, i);
                place += other > own || (other == own && j < i) ? 1 : 0;
            }
            lists[(u * ITEMS + place) * 2] = (int32_t)i;
            lists[(u * ITEMS + place) * 2 + 1] = (int32_t)i;
        }
    }
}

START_TEST(test_ranking_of_lists_is_that_of_the_scores_which_ordered_them)
{
    static int32_t lists[USERS * ITEMS * 2];
    for (size_t k = 1; k <= ITEMS; k = 2 * k + 1) {
        rri_ranking_task task = draw(k);
        double recalls[USERS], ndcgs[USERS], list_recalls[USERS], list_ndcgs[USERS];
        compute(recalls, ndcgs, &task, 1);
        order_all(lists);
        task.user_vectors = NULL;
        task.lists = lists;
        task.list_length = 2 * ITEMS;
        compute(list_recalls, list_ndcgs, &task, 2);
        ck_assert_mem_eq(recalls, list_recalls, sizeof recalls);
        ck_assert_mem_eq(ndcgs, list_ndcgs, sizeof ndcgs);
    }
}
END_TEST

START_TEST(test_ranking_of_a_list_ends_at_its_end)
{
    /* Held out 2 and 3; the list ends before 3. */
    const size_t train_begin[2] = {0, 1}, held_begin[2] = {0, 2};
    const int32_t trained[1] = {0}, held[2] = {2, 3}, list[4] = {0, 2, -1, 3};
    double recall, ndcg;
    const rri_ranking_task task = {.n_users = 1,
                                   .n_items = 4,
                                   .dim = 1,
                                   .k = 3,
                                   .train = {train_begin, trained},
                                   .held_out = {held_begin, held},
                                   .lists = list,
                                   .list_length = 4};
    compute(&recall, &ndcg, &task, 1);
    ck_assert_double_eq(recall, 0.5);
    ck_assert_double_eq_tol(ndcg, 1.0 / (1.0 + 1.0 / log2(3.0)), 1e-12);
}
END_TEST

CHECK_MAIN("eval/ranking", test_ranking_three_users_by_hand,
           test_ranking_agrees_with_counting_on_any_threads,
           test_ranking_of_lists_is_that_of_the_scores_which_ordered_them,
           test_ranking_of_a_list_ends_at_its_end)
