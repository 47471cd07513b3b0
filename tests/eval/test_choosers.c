/* SPDX-License-Identifier: MIT */
#include "eval/choosers.h"

#include <math.h>
#include <stdlib.h>

#include "check_run.h"
#include "core/philox.h"

static const float halves[] = {1.0f, 0.5f, 0.25f, 0.125f};

/* One row, items on a line: user 1, vectors are the similarities themselves, pull in the second
 * place. */
static int32_t choose_one(const float *similarities_and_pulls, size_t n_items, const int32_t *shown,
                          int32_t n_shown, const float *powers, float pull_weight)
{
    static const float user[] = {1.0f, 0.0f};
    const rri_choosers_scene scene = {.n = 1,
                                      .d = 2,
                                      .n_items = n_items,
                                      .vectors = similarities_and_pulls,
                                      .users = user,
                                      .user_stride = 4,
                                      .shown = shown,
                                      .steps = &n_shown,
                                      .max_steps = 4,
                                      .powers = powers,
                                      .pull_weight = pull_weight};
    int32_t action = -1;
    const size_t n_chosen = rri_choosers_best(rri_kernels_detect(), &action, &scene);
    ck_assert_uint_eq(n_chosen, action < 0 ? 0 : 1);
    return action;
}

START_TEST(test_choosers_best_by_hand)
{
    const float items[] = {1.0f, 0.0f, 3.0f, 0.9f, 2.0f, 0.1f};
    const int32_t shown[4] = {1, 1, 2, 0};
    ck_assert_int_eq(choose_one(items, 3, shown, 0, halves, 0.0f), 1);
    ck_assert_int_eq(choose_one(items, 3, shown, 1, halves, 0.0f), 2); /* 1, 1.5, 2 */
    ck_assert_int_eq(choose_one(items, 3, shown, 3, halves, 0.0f), 0); /* 1, 0.75, 1 */
    ck_assert_int_eq(choose_one(items, 3, shown, 4, halves, 0.0f), 2); /* 0.5, 0.75, 1 */
    ck_assert_int_eq(choose_one(items, 3, shown, 4, NULL, 0.0f), 1);   /* without memory */
    ck_assert_int_eq(choose_one(items, 3, shown, 0, halves, 2.0f), 2); /* 1, 1.2, 1.8 */
    ck_assert_int_eq(choose_one(items, 3, shown, 0, halves, 20.0f), 0);
}
END_TEST

START_TEST(test_choosers_of_what_is_new_by_hand)
{
    static const float user[] = {1.0f}, vectors[] = {1.0f, 3.0f, 2.0f, -1.0f};
    const int32_t shown[] = {1, 2, 0}, lists[] = {3, 1, 0};
    const int32_t best_of_pool[] = {1, 2, 0, 3}, best_of_list[] = {1, 2, 2, 0};
    for (int32_t t = 0; t <= 3; t++) {
        int32_t action;
        rri_choosers_scene scene = {.n = 1,
                                    .d = 1,
                                    .n_items = 4,
                                    .vectors = vectors,
                                    .users = user,
                                    .shown = shown,
                                    .steps = &t,
                                    .max_steps = 3,
                                    .excludes_shown = true};
        ck_assert_uint_eq(rri_choosers_best(rri_kernels_detect(), &action, &scene), 1);
        ck_assert_int_eq(action, best_of_pool[t]);
        scene.powers = halves;
        ck_assert_uint_eq(rri_choosers_best(rri_kernels_detect(), &action, &scene), 1);
        ck_assert_int_eq(action, best_of_pool[t]);
        scene.candidates = lists;
        scene.k = 3;
        ck_assert_uint_eq(rri_choosers_best(rri_kernels_detect(), &action, &scene), 1);
        ck_assert_int_eq(action, best_of_list[t]);
    }
}
END_TEST

START_TEST(test_choosers_take_the_lower_of_equals)
{
    const float items[] = {1.0f, 0.0f, 2.0f, 0.0f, 2.0f, 0.0f};
    const int32_t shown[4] = {0};
    ck_assert_int_eq(choose_one(items, 3, shown, 0, halves, 0.0f), 1);
    ck_assert_int_eq(choose_one(items, 3, shown, 0, NULL, 0.0f), 1);
}
END_TEST

START_TEST(test_choosers_do_not_decay_below_zero)
{
    const float items[] = {-2.0f, 0.0f, -1.0f, 0.0f}; /* −2 decayed thrice would be −0.25 */
    const int32_t shown[4] = {0, 0, 0};
    ck_assert_int_eq(choose_one(items, 2, shown, 3, halves, 0.0f), 1);
}
END_TEST

START_TEST(test_choosers_best_agrees_with_a_search_over_all_scores)
{
    enum { N = 60, D = 9, ROWS = 20, T = 8, K = 11 };
    const rri_kernels *kernels = rri_kernels_detect();
    float vectors[N * D], users[ROWS * D], powers[T];
    int32_t shown[ROWS * T], steps[ROWS], candidates[ROWS * K], actions[ROWS];
    for (int c = 0; c < T; c++) {
        powers[c] = (float)pow(0.8, c);
    }
    for (uint64_t trial = 0; trial < 40; trial++) {
        rri_philox_normals(vectors, N * D, trial, RRI_STREAM_ITEMS, 0);
        rri_philox_normals(users, ROWS * D, trial, RRI_STREAM_USERS, 0);
        int32_t order[N];
        for (uint32_t row = 0; row < ROWS; row++) {
            steps[row] = (int32_t)(row % T);
            for (uint32_t i = 0; i < T; i++) {
                shown[row * T + i] = (int32_t)rri_philox_below(trial, RRI_STREAM_ACT, row, i,
                                                               trial % 2 == 0 ? N : 3);
            }
            rri_philox_permute(order, N, trial, RRI_STREAM_CANDIDATES, row);
            for (uint32_t i = 0; i < K; i++) {
                candidates[row * K + i] = order[i];
            }
        }
        const bool has_lists = trial % 3 == 0;
        const float pull_weight = trial % 5 == 0 ? 0.7f : 0.0f;
        const rri_choosers_scene scene = {.n = ROWS,
                                          .d = D,
                                          .n_items = N,
                                          .k = has_lists ? K : 0,
                                          .vectors = vectors,
                                          .users = users,
                                          .user_stride = trial % 4 == 0 ? 0 : D,
                                          .candidates = has_lists ? candidates : NULL,
                                          .shown = shown,
                                          .steps = steps,
                                          .max_steps = T,
                                          .powers = powers,
                                          .pull_weight = pull_weight};
        ck_assert_uint_eq(rri_choosers_best(kernels, actions, &scene), ROWS);
        for (size_t row = 0; row < ROWS; row++) {
            int32_t best = -1;
            double best_score = -INFINITY;
            for (int32_t i = 0; i < (has_lists ? K : N); i++) {
                const int32_t item = has_lists ? candidates[row * K + (size_t)i] : i;
                const float *v = vectors + item * D;
                const float *u = users + row * scene.user_stride;
                double score = 0.0;
                for (int j = 0; j < D; j++) {
                    score += (double)u[j] * (double)v[j];
                }
                for (int32_t t = 0; t < steps[row] && score > 0.0; t++) {
                    score *= shown[row * T + (size_t)t] == item ? 0.8 : 1.0;
                }
                score -= (double)pull_weight * (double)v[D - 1];
                if (score > best_score) {
                    best_score = score;
                    best = i;
                }
            }
            ck_assert_int_eq(actions[row], best);
        }
    }
}
END_TEST

START_TEST(test_choosers_score_beyond_a_float_is_no_choice)
{
    const float items[] = {1.0f, 0.0f, 3.0f, 4.0f, 2.0f, -4.0f};
    ck_assert_int_eq(choose_one(items, 3, NULL, 0, halves, 3e38f), -1);
    ck_assert_int_eq(choose_one(items, 3, NULL, 0, halves, -3e38f), -1);
    ck_assert_int_eq(choose_one(items, 3, NULL, 0, NULL, 8e37f), 2);
    const float far[] = {INFINITY, 0.0f, 3.0f, 0.0f};
    ck_assert_int_eq(choose_one(far, 2, NULL, 0, halves, 0.0f), -1);
}
END_TEST

START_TEST(test_choosers_random_is_even_and_repeatable)
{
    enum { ROWS = 64, CHOICES = 10 };
    uint64_t sessions[ROWS];
    int32_t steps[ROWS], actions[ROWS], again[ROWS];
    double counts[CHOICES] = {0};
    rri_choosers_scene scene = {.n_items = CHOICES};
    for (int32_t step = 0; step < 200; step++) {
        for (size_t row = 0; row < ROWS; row++) {
            sessions[row] = row;
            steps[row] = step;
        }
        scene.n = ROWS;
        scene.steps = steps;
        rri_choosers_random(actions, &scene, sessions, 8);
        scene.n = ROWS - 3;
        scene.steps = steps + 3;
        rri_choosers_random(again, &scene, sessions + 3, 8);
        ck_assert_mem_eq(actions + 3, again, (ROWS - 3) * sizeof(int32_t));
        for (size_t row = 0; row < ROWS; row++) {
            ck_assert(actions[row] >= 0 && actions[row] < CHOICES);
            counts[actions[row]] += 1.0;
        }
    }
    double chi = 0.0;
    for (int i = 0; i < CHOICES; i++) {
        chi += (counts[i] - 1280.0) * (counts[i] - 1280.0) / 1280.0;
    }
    ck_assert_double_le(chi, 27.9); /* 99.9 %, 9 degrees of freedom */
    scene.n = ROWS;
    scene.steps = steps;
    rri_choosers_random(again, &scene, sessions, 9);
    ck_assert_mem_ne(actions, again, sizeof actions);
}
END_TEST

/* Of 12 items five were shown, at both ends and side by side: the other seven are drawn evenly,
 * from the pool and from lists that hold three of the five. */
START_TEST(test_choosers_random_is_even_over_what_is_new)
{
    enum { ITEMS = 12, K = 8, DRAWS = 14000 };
    const int32_t shown[] = {11, 0, 5, 4, 6}, list[K] = {7, 0, 1, 5, 11, 2, 3, 10}, t = 5;
    for (int has_lists = 0; has_lists < 2; has_lists++) {
        rri_choosers_scene scene = {.n = 1,
                                    .n_items = ITEMS,
                                    .k = has_lists ? K : 0,
                                    .candidates = has_lists ? list : NULL,
                                    .shown = shown,
                                    .steps = &t,
                                    .max_steps = 5,
                                    .excludes_shown = true};
        int counts[ITEMS] = {0};
        for (uint64_t session = 0; session < DRAWS; session++) {
            int32_t action = -1;
            rri_choosers_random(&action, &scene, &session, 3);
            counts[has_lists ? list[action] : action]++;
        }
        for (int32_t item = 0; item < ITEMS; item++) {
            bool is_choice = true;
            for (int i = 0; i < 5; i++) {
                is_choice = is_choice && shown[i] != item;
            }
            is_choice = is_choice && (!has_lists || (item != 8 && item != 9));
            const int wanted = !is_choice ? 0 : has_lists ? DRAWS / 5 : DRAWS / 7;
            ck_assert_int_le(abs(counts[item] - wanted), wanted > 0 ? 200 : 0);
        }
    }
}
END_TEST

CHECK_MAIN("eval/choosers", test_choosers_best_by_hand, test_choosers_of_what_is_new_by_hand,
           test_choosers_take_the_lower_of_equals, test_choosers_do_not_decay_below_zero,
           test_choosers_best_agrees_with_a_search_over_all_scores,
           test_choosers_score_beyond_a_float_is_no_choice,
           test_choosers_random_is_even_and_repeatable,
           test_choosers_random_is_even_over_what_is_new)
