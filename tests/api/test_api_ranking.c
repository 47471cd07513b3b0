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

START_TEST(test_ranking_of_two_users_by_hand_beside_popularity)
{
    rr_ranking found = {.struct_size = sizeof found};
    make();
    ck_assert_int_eq(
        rr_dataset_rank(train, held_out, user_vectors, item_vectors, 1, 1, 1, &found, NULL, NULL),
        RR_OK);
    /* User 0's first new item is 3, as is right; user 1 prefers small ones: 1. Popular: user 0 gets
     * 3 (of two that nobody met the one with the smaller index), user 1 gets 1. */
    ck_assert(found.n_best == 1 && found.n_users == 2);
    ck_assert_double_eq(found.recall, 1.0);
    ck_assert_double_eq(found.ndcg, 1.0);
    ck_assert_double_eq(found.popular_recall, 1.0);
    ck_assert_double_eq(found.recall_interval, 0.0);
    const float opposite[2] = {-1.0f, 1.0f};
    ck_assert_int_eq(
        rr_dataset_rank(train, held_out, opposite, item_vectors, 1, 2, 2, &found, NULL, NULL),
        RR_OK);
    /* User 0: 2, then 3: a hit at the second rank. User 1: 3, then 2: none. */
    ck_assert_double_eq(found.recall, 0.5);
    ck_assert_double_eq_tol(found.ndcg, 0.5 / log2(3.0), 1e-12);
    ck_assert_int_eq(rr_dataset_rank(train, held_out, NULL, NULL, 0, 2, 1, &found, NULL, NULL),
                     RR_OK);
    ck_assert(isnan(found.recall) && isnan(found.ndcg_interval));
    ck_assert_double_eq(found.popular_recall, 1.0);
    destroy();
}
END_TEST

START_TEST(test_ranking_of_lists_by_hand_beside_popularity)
{
    rr_ranking found = {.struct_size = sizeof found};
    make();
    /* By index, in the order of first appearance: user 0 trained on 0 and 1, and keeps 2; user 1
     * trained on 0, and keeps 1. */
    const int32_t lists[2 * 3] = {1, 3, 2, 0, 1, -1};
    ck_assert_int_eq(rr_dataset_rank_lists(train, held_out, lists, 3, 1, &found, NULL, NULL),
                     RR_OK);
    ck_assert(found.n_best == 1 && found.n_users == 2);
    ck_assert_double_eq(found.recall, 0.5);
    ck_assert_double_eq(found.popular_recall, 1.0);
    ck_assert_int_eq(rr_dataset_rank_lists(train, held_out, lists, 3, 2, &found, NULL, NULL),
                     RR_OK);
    ck_assert_double_eq(found.recall, 1.0);
    ck_assert_double_eq_tol(found.ndcg, (1.0 / log2(3.0) + 1.0) / 2.0, 1e-12);
    destroy();
}
END_TEST

START_TEST(test_ranking_of_lists_refuses_what_is_none)
{
    rr_ranking found = {.struct_size = sizeof found};
    rr_error err = {0};
    make();
    const int32_t lists[2] = {1, 4};
    ck_assert_int_eq(rr_dataset_rank_lists(train, held_out, lists, 1, 1, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_rank_lists: lists[1][0] is 4; it must be in [-1, 4)");
    ck_assert_int_eq(rr_dataset_rank_lists(train, held_out, lists, 0, 1, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_rank_lists: length is 0; it must be at least 1");
    ck_assert_int_eq(rr_dataset_rank_lists(train, held_out, NULL, 1, 1, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_rank_lists(train, NULL, lists, 1, 1, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(found.n_best, 0);
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
    ck_assert_int_eq(rr_dataset_create(&other, &one, &one, &rating, NULL, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_rank(train, other, NULL, NULL, 0, 2, 1, &found, NULL, &err),
                     RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "both must be selected from one dataset"));
    ck_assert_int_eq(
        rr_dataset_rank(train, held_out, user_vectors, NULL, 1, 2, 1, &found, NULL, &err),
        RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_rank: item_vectors is NULL; both or neither");
    ck_assert_int_eq(
        rr_dataset_rank(train, held_out, user_vectors, item_vectors, 0, 2, 1, &found, NULL, &err),
        RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_rank: dim is 0; it must be at least 1");
    ck_assert_int_eq(rr_dataset_rank(train, held_out, NULL, NULL, 0, 0, 1, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_rank(train, held_out, NULL, NULL, 0, 1, 65, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_rank: num_threads is 65; it must be in [1, 64]");
    ck_assert_int_eq(rr_dataset_rank(NULL, held_out, NULL, NULL, 0, 1, 1, &found, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(found.n_best, 0);
    rr_dataset_destroy(other);
    destroy();
}
END_TEST

CHECK_MAIN("api/api_ranking", test_ranking_of_two_users_by_hand_beside_popularity,
           test_ranking_of_lists_by_hand_beside_popularity,
           test_ranking_of_lists_refuses_what_is_none,
           test_ranking_refuses_what_does_not_fit_together)
