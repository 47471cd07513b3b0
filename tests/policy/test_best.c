/* SPDX-License-Identifier: MIT */
#include "policy/best.h"

#include <stdlib.h>

#include "check_run.h"

enum { N = 500, MOST = 64 };

typedef struct entry {
    float logit;
    int32_t position;
} entry;

/* By falling logit, ties to the lower position. */
static int by_rank(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->logit != y->logit) {
        return x->logit > y->logit ? -1 : 1;
    }
    return x->position < y->position ? -1 : 1;
}

/* n logits of which many are equal, offered to row 1 of two, against a sorted list. */
static void check_ranking(size_t n, size_t most)
{
    float logits[2 * MOST];
    int32_t positions[2 * MOST];
    size_t found[2] = {0, 0};
    entry all[N];
    rri_best best = {.logits = logits, .positions = positions, .n = found, .most = most};
    uint32_t bits = 1;
    for (size_t i = 0; i < n; i++) {
        bits = bits * 1664525u + 1013904223u;
        all[i] = (entry){(float)(bits >> 27) - 16.0f, (int32_t)(3 * i)};
        if (all[i].logit > rri_best_bound(&best, 1)) {
            rri_best_offer(&best, 1, all[i].logit, all[i].position);
        }
    }
    rri_best_sort(&best, 1);
    qsort(all, n, sizeof *all, by_rank);
    ck_assert_uint_eq(found[0], 0);
    ck_assert_uint_eq(found[1], n < most ? n : most);
    for (size_t i = 0; i < found[1]; i++) {
        ck_assert_int_eq(positions[most + i], all[i].position);
        ck_assert(logits[most + i] == all[i].logit);
    }
}

START_TEST(test_best_of_many_with_ties_are_those_of_a_sorted_list)
{
    for (size_t most = 1; most <= MOST; most += 9) {
        check_ranking(N, most);
        check_ranking(most, most);
        check_ranking(most - 1, most);
    }
}
END_TEST

START_TEST(test_best_anything_gets_in_while_there_is_room_and_then_what_beats_the_worst)
{
    float logits[2] = {0};
    int32_t positions[2];
    size_t n = 0;
    rri_best best = {.logits = logits, .positions = positions, .n = &n, .most = 2};
    ck_assert(rri_best_bound(&best, 0) == -INFINITY);
    rri_best_offer(&best, 0, 5.0f, 0);
    ck_assert(rri_best_bound(&best, 0) == -INFINITY);
    rri_best_offer(&best, 0, -7.0f, 1);
    ck_assert(rri_best_bound(&best, 0) == -7.0f);
    rri_best_offer(&best, 0, 6.0f, 2);
    ck_assert(rri_best_bound(&best, 0) == 5.0f);
}
END_TEST

CHECK_MAIN("policy/best", test_best_of_many_with_ties_are_those_of_a_sorted_list,
           test_best_anything_gets_in_while_there_is_room_and_then_what_beats_the_worst)
