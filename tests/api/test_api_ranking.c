/* SPDX-License-Identifier: MIT */
/* Ranking of what was held out, through recrl.h alone. */
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

/* Two users, four items. Trained on: user 0 met 0 and 1, user 1 met 0, so the popular order is 0,
 * 1, 2, 3. Held out: user 0 meets 3; user 1 meets 1 and, with rating 0, 2. */
static rr_dataset *train, *held_out;

static void make(void)
{
    const uint64_t users[6] = {0, 0, 1, 0, 1, 1}, items[6] = {0, 1, 0, 3, 1, 2};
    const float ratings[6] = {1, 1, 1, 1, 1, 0};
    const uint8_t marks[6] = {0, 0, 0, 1, 1, 1};
    rr_dataset *dataset = NULL;
    ck_assert_int_eq(rr_dataset_create(&dataset, users, items, ratings, NULL, 6, NULL, NULL),
                     RR_OK);
    ck_assert_int_eq(rr_dataset_select(&train, dataset, marks, 0, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_select(&held_out, dataset, marks, 1, NULL, NULL), RR_OK);
    rr_dataset_destroy(dataset);
}

static void destroy(void)
{
    rr_dataset_destroy(train);
    rr_dataset_destroy(held_out);
}

/* Items in the order of their first appearance: 0, 1, 3, 2. */
static const float user_vectors[2] = {1.0f, -1.0f};
static const float item_vectors[4] = {0.0f, 1.0f, 3.0f, 2.0f};

static rr_ranker by_vectors(const float *users, int32_t n_best)
{
    return (rr_ranker){.struct_size = sizeof(rr_ranker),
                       .n_best = n_best,
                       .user_vectors = users,
                       .item_vectors = item_vectors,
                       .dim = 1};
}

static rr_ranker by_lists(const int32_t *lists, int32_t length, int32_t n_best)
{
    return (rr_ranker){
        .struct_size = sizeof(rr_ranker), .n_best = n_best, .lists = lists, .list_length = length};
}

static rr_ranking rank(const rr_ranker *ranker)
{
    rr_error err = {0};
    rr_ranking found = {.struct_size = sizeof found};
    ck_assert_msg(rr_dataset_rank(train, held_out, ranker, NULL, &found, &err) == RR_OK, "%s",
                  err.text);
    return found;
}

START_TEST(test_ranking_of_two_users_by_hand_beside_popularity)
{
    make();
    rr_ranker ranker = by_vectors(user_vectors, 1);
    rr_ranking found = rank(&ranker);
    /* User 0's first new item is 3, as is right; user 1 prefers small ones: 1. Popular: user 0 gets
     * 3 (of two that nobody met the one with the smaller index), user 1 gets 1. */
    ck_assert(found.n_best == 1 && found.n_users == 2);
    ck_assert_double_eq(found.recall, 1.0);
    ck_assert_double_eq(found.ndcg, 1.0);
    ck_assert_double_eq(found.popular_recall, 1.0);
    ck_assert_double_eq(found.recall_interval, 0.0);
    const float opposite[2] = {-1.0f, 1.0f};
    ranker = by_vectors(opposite, 2);
    ranker.num_threads = 2;
    found = rank(&ranker);
    /* User 0: 2, then 3: a hit at the second rank. User 1: 3, then 2: none. */
    ck_assert_double_eq(found.recall, 0.5);
    ck_assert_double_eq_tol(found.ndcg, 0.5 / log2(3.0), 1e-12);
    ranker = (rr_ranker){.struct_size = sizeof ranker, .n_best = 2};
    found = rank(&ranker);
    ck_assert(isnan(found.recall) && isnan(found.ndcg_interval));
    ck_assert_double_eq(found.popular_recall, 1.0);
    destroy();
}
END_TEST

START_TEST(test_ranking_of_lists_by_hand_beside_popularity)
{
    make();
    /* By index, in the order of first appearance: user 0 trained on 0 and 1, and keeps 2; user 1
     * trained on 0, and keeps 1. */
    const int32_t lists[2 * 3] = {1, 3, 2, 0, 1, -1};
    rr_ranker ranker = by_lists(lists, 3, 1);
    rr_ranking found = rank(&ranker);
    ck_assert(found.n_best == 1 && found.n_users == 2);
    ck_assert_double_eq(found.recall, 0.5);
    ck_assert_double_eq(found.popular_recall, 1.0);
    ranker.n_best = 2;
    ranker.num_threads = 2;
    found = rank(&ranker);
    ck_assert_double_eq(found.recall, 1.0);
    ck_assert_double_eq_tol(found.ndcg, (1.0 / log2(3.0) + 1.0) / 2.0, 1e-12);
    destroy();
}
END_TEST

static void refuse(const rr_ranker *ranker, rr_status status, const char *sentence)
{
    rr_ranking found = {.struct_size = sizeof found, .recall = 7.0};
    rr_error err = {0};
    ck_assert_int_eq(rr_dataset_rank(train, held_out, ranker, NULL, &found, &err), status);
    ck_assert_str_eq(err.text, sentence);
    ck_assert(found.n_best == 0 && found.recall == 7.0);
}

START_TEST(test_ranking_refuses_who_ranks_nothing_or_too_much)
{
    make();
    const int32_t lists[2] = {1, 4};
    rr_ranker ranker = by_lists(lists, 1, 1);
    refuse(&ranker, RR_E_INVALID, "rr_ranker: lists[1][0] is 4; it must be in [-1, 4)");
    ranker.list_length = 0;
    refuse(&ranker, RR_E_INVALID, "rr_ranker: list_length is 0; it must be at least 1");
    ranker.lists = NULL;
    ranker.list_length = 1;
    refuse(&ranker, RR_E_INVALID, "rr_ranker: list_length is 1; it must be 0 without lists");
    ranker = by_vectors(user_vectors, 0);
    refuse(&ranker, RR_E_INVALID, "rr_ranker: n_best is 0; it must be at least 1");
    ranker.n_best = 1;
    ranker.dim = 0;
    refuse(&ranker, RR_E_INVALID, "rr_ranker: dim is 0; it must be at least 1");
    ranker = by_vectors(user_vectors, 1);
    ranker.num_threads = 65;
    refuse(&ranker, RR_E_INVALID, "rr_ranker: num_threads is 65; it must be in [0, 64]");
    ranker = by_vectors(user_vectors, 1);
    ranker.item_vectors = NULL;
    refuse(&ranker, RR_E_INVALID, "rr_ranker: item_vectors is NULL; both or neither");
    ranker = by_vectors(user_vectors, 1);
    ranker.lists = lists;
    ranker.list_length = 1;
    refuse(&ranker, RR_E_INVALID, "rr_ranker: there are vectors and lists; only one may rank");
    ranker = by_vectors(user_vectors, 1);
    ranker.reserved = 3;
    refuse(&ranker, RR_E_UNSUPPORTED, "rr_ranker: reserved is 3; it must be 0");
    destroy();
}
END_TEST

/* Of NaN and infinity every comparison would be false, and the first items the best. */
START_TEST(test_ranking_refuses_vectors_and_scores_that_are_not_finite)
{
    make();
    float users[2] = {1.0f, NAN}, items[4] = {0.0f, 1.0f, 3.0f, 2.0f};
    rr_ranker ranker = by_vectors(users, 1);
    ranker.item_vectors = items;
    refuse(&ranker, RR_E_NOT_FINITE, "rr_ranker: user_vectors[1][0] is nan; it must be finite");
    users[1] = 1.0f;
    items[2] = -INFINITY;
    refuse(&ranker, RR_E_NOT_FINITE, "rr_ranker: item_vectors[2][0] is -inf; it must be finite");
    items[2] = 3e38f;
    users[1] = 2.0f;
    for (int32_t n_threads = 1; n_threads <= 2; n_threads++) {
        ranker.num_threads = n_threads;
        refuse(&ranker, RR_E_NOT_FINITE,
               "ranking: user 1 has a score that is not finite; their dot product with an item is "
               "too large");
    }
    users[1] = 1.0f;
    ck_assert_double_eq(rank(&ranker).recall, 0.5);
    destroy();
}
END_TEST

START_TEST(test_ranking_refuses_what_does_not_fit_together)
{
    rr_ranking found = {.struct_size = sizeof found};
    rr_error err = {0};
    make();
    const uint64_t one = 1;
    const float rating = 1.0f;
    rr_dataset *other = NULL;
    const rr_ranker ranker = {.struct_size = sizeof ranker, .n_best = 2};
    ck_assert_int_eq(rr_dataset_create(&other, &one, &one, &rating, NULL, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_rank(train, other, &ranker, NULL, &found, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "both must be selected from one dataset"));
    ck_assert_int_eq(rr_dataset_rank(NULL, held_out, &ranker, NULL, &found, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_rank(train, NULL, &ranker, NULL, &found, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_rank(train, held_out, NULL, NULL, &found, &err), RR_E_INVALID);
    ck_assert_int_eq(found.n_best, 0);
    rr_dataset_destroy(other);
    destroy();
}
END_TEST

CHECK_MAIN("api/api_ranking", test_ranking_of_two_users_by_hand_beside_popularity,
           test_ranking_of_lists_by_hand_beside_popularity,
           test_ranking_refuses_who_ranks_nothing_or_too_much,
           test_ranking_refuses_vectors_and_scores_that_are_not_finite,
           test_ranking_refuses_what_does_not_fit_together)
