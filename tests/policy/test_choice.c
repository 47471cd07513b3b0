/* SPDX-License-Identifier: MIT */
#include "policy/choice.h"

#include "check_run.h"
#include "policy_twin.h"

#define MOST_ROWS 4096

/* Draws of one row again and again: every row of the case is the same. */
static void same_rows(twin *t)
{
    const twin_shape *s = &t->shape;
    for (size_t r = 1; r < s->n; r++) {
        memcpy(t->q + r * s->dim, t->q, s->dim * sizeof(float));
        if (s->m > 0) {
            memcpy((int32_t *)t->menu.excluded + r * s->m, t->menu.excluded, s->m * 4);
        }
        if (s->h > 0) {
            memcpy((int32_t *)t->menu.history + r * s->h, t->menu.history, s->h * 4);
        }
        if (t->menu.candidates != NULL) {
            memcpy((int32_t *)t->menu.candidates + r * s->k, t->menu.candidates, s->k * 4);
        }
        if (t->menu.lengths != NULL) {
            ((int32_t *)t->menu.lengths)[r] = t->menu.lengths[0];
        }
        if (t->menu.features != NULL) {
            memcpy(t->features + r * s->k * s->f, t->features, s->k * s->f * 4);
        }
        if (t->menu.vectors != NULL) {
            memcpy(t->request_vectors + r * s->k * s->dim, t->request_vectors, s->k * s->dim * 4);
        }
    }
}

/* counts [width] of n_draws draws from the first row's distribution. */
static void count_draws(size_t *counts, twin *t, size_t n_draws)
{
    const size_t n = t->shape.n;
    double *uniforms = TWIN_TAKE(t, double, n);
    int32_t *actions = TWIN_TAKE(t, int32_t, n);
    float *log_probs = TWIN_TAKE(t, float, n);
    memset(counts, 0, t->width * sizeof *counts);
    for (size_t drawn = 0; drawn < n_draws; drawn += n) {
        for (size_t r = 0; r < n; r++) {
            uniforms[r] = twin_uniform(t);
        }
        rri_choice_draw(actions, log_probs, NULL, &t->in, uniforms, 0, n, &t->scratch);
        for (size_t r = 0; r < n; r++) {
            ck_assert(actions[r] >= 0 && (size_t)actions[r] < t->width);
            counts[actions[r]]++;
        }
    }
}

/* χ² of counts against the twin's p, cells below five expected draws thrown together, is within six
 * standard deviations of its mean. */
static void assert_frequencies(const size_t *counts, const double *log_p, size_t width, double n)
{
    double chi2 = 0.0, rare = 0.0, rare_seen = 0.0, freedom = -1.0;
    for (size_t i = 0; i < width; i++) {
        const double expected = n * exp(log_p[i]);
        if (expected < 5.0) {
            rare += expected;
            rare_seen += (double)counts[i];
            continue;
        }
        chi2 += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
        freedom += 1.0;
    }
    if (rare > 5.0) {
        chi2 += (rare_seen - rare) * (rare_seen - rare) / rare;
        freedom += 1.0;
    }
    ck_assert_msg(chi2 < freedom + 6.0 * sqrt(2.0 * freedom), "chi2 %g at %g degrees", chi2,
                  freedom);
}

static void check_draws(twin_shape shape, size_t n_draws, uint64_t seed)
{
    twin t;
    shape.n = MOST_ROWS;
    twin_create(&t, shape, rri_kernels_detect(), seed);
    same_rows(&t);
    size_t *counts = TWIN_TAKE(&t, size_t, t.width);
    double *log_p = TWIN_TAKE(&t, double, t.width);
    twin_log_probs(log_p, &t, 0);
    count_draws(counts, &t, n_draws);
    for (size_t i = 0; i < t.width; i++) {
        ck_assert(twin_is_allowed(&t, 0, i) || counts[i] == 0);
    }
    const size_t n_done = (n_draws + MOST_ROWS - 1) / MOST_ROWS * MOST_ROWS;
    assert_frequencies(counts, log_p, t.width, (double)n_done);
    twin_free(&t);
}

START_TEST(test_choice_a_million_draws_follow_the_policy_and_spare_what_is_excluded)
{
    check_draws((twin_shape){.n_items = 60, .dim = 6, .m = 12, .h = 6, .has_bias = true},
                1000000 / check_step(10), 1);
}
END_TEST

START_TEST(test_choice_a_million_draws_from_lists_spare_padding)
{
    check_draws((twin_shape){.n_items = 80,
                             .dim = 6,
                             .k = 40,
                             .m = 6,
                             .h = 4,
                             .f = 2,
                             .has_lengths = true,
                             .has_vectors = true},
                1000000 / check_step(10), 2);
}
END_TEST

START_TEST(test_choice_draws_over_many_blocks_follow_the_policy)
{
    check_draws((twin_shape){.n_items = 1500, .dim = 4, .m = 30, .h = 3, .spread = 2.0f},
                100000 / check_step(4), 3);
}
END_TEST

static void check_log_probs_of_draws(const twin_shape shape, const rri_kernels *kernels)
{
    twin t;
    twin_create(&t, shape, kernels, 5);
    const size_t n = t.shape.n;
    double *uniforms = TWIN_TAKE(&t, double, n);
    int32_t *actions = TWIN_TAKE(&t, int32_t, n), *alone = TWIN_TAKE(&t, int32_t, n);
    float *drawn = TWIN_TAKE(&t, float, n), *given = TWIN_TAKE(&t, float, n);
    float *drawn_alone = TWIN_TAKE(&t, float, n), *entropies = TWIN_TAKE(&t, float, n);
    for (size_t r = 0; r < n; r++) {
        uniforms[r] = twin_uniform(&t);
    }
    rri_choice_draw(actions, drawn, entropies, &t.in, uniforms, 0, n, &t.scratch);
    for (size_t r = 0; r < n; r++) {
        rri_choice_draw(alone, drawn_alone, NULL, &t.in, uniforms, r, r + 1, &t.scratch);
    }
    rri_policy_tape tape = twin_tape(&t, false);
    rri_policy_forward(given, &tape, &t.in, actions, 0, n, &t.scratch);
    ck_assert_mem_eq(drawn, given, n * sizeof(float));
    ck_assert_mem_eq(entropies, tape.entropies, n * sizeof(float));
    ck_assert_mem_eq(actions, alone, n * sizeof(int32_t));
    ck_assert_mem_eq(drawn, drawn_alone, n * sizeof(float));
    ck_assert_uint_eq(t.scratch.used, 0);
    twin_free(&t);
}

START_TEST(test_choice_a_draw_has_the_bits_of_forward_in_any_company)
{
    const twin_shape shapes[] = {
        {.n = 130, .n_items = 1000, .dim = 32, .m = 5, .h = 20, .has_bias = true},
        {.n = 67, .n_items = 40000, .dim = 5, .m = 5, .h = 20},
        {.n = 70, .n_items = 90, .dim = 16, .k = 50, .m = 5, .h = 9, .f = 1, .has_lengths = true},
    };
    for (size_t s = 0; s < 3; s++) {
        for (int level = 0; level < RRI_N_LEVELS; level++) {
            if (rri_kernels_at(level) != NULL) {
                check_log_probs_of_draws(shapes[s], rri_kernels_at(level));
            }
        }
    }
}
END_TEST

START_TEST(test_choice_uniforms_walk_through_the_cumulative_sums)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 700, .dim = 2, .m = 2}, rri_kernels_detect(),
                8);
    const int32_t ends[] = {0, 699}; /* excluded: the first and the last */
    t.menu.excluded = ends;
    double *log_p = TWIN_TAKE(&t, double, t.width);
    twin_log_probs(log_p, &t, 0);
    int32_t action = -1;
    float log_prob = 0.0f;
    double uniform = 0.0;
    rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
    ck_assert_int_eq(action, 1);
    uniform = 1.0 - 0x1p-53;
    rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
    ck_assert_int_eq(action, 698);

    double below = 0.0;
    for (int32_t i = 1; i < 699; i++) {
        uniform = below + 0.5 * exp(log_p[i]); /* the middle of item i's share */
        rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
        ck_assert_int_eq(action, i);
        below += exp(log_p[i]);
    }
    twin_free(&t);
}
END_TEST

START_TEST(test_choice_overshoot_is_the_last_that_may_be_chosen_and_a_tie_goes_on)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 600, .dim = 1, .m = 88}, rri_kernels_detect(),
                13);
    memset(t.vectors, 0, 600 * sizeof(float)); /* all alike */
    twin_pack(&t, rri_kernels_detect());
    int32_t *excluded = TWIN_TAKE(&t, int32_t, 88);
    for (int32_t i = 0; i < 88; i++) { /* the last block whole */
        excluded[i] = 512 + i;
    }
    t.menu.excluded = excluded;
    int32_t action = -1;
    float log_prob = 0.0f;
    double uniform = 1.0; /* beyond the contract: as if every sum had been rounded down */
    rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
    ck_assert_int_eq(action, 511);
    uniform = 0.25; /* 128 of 512: the share of position 127 ends before it */
    rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
    ck_assert_int_eq(action, 128);
    excluded[0] = 511;
    excluded[87] = 512; /* now the end of the block before, too */
    t.vectors[599] = -1000.0f;
    t.q[0] = 1.0f;
    twin_pack(&t, rri_kernels_detect()); /* and the very last is there with p = 0 */
    uniform = 1.0;
    rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
    ck_assert_int_eq(action, 510);
    twin_free(&t);
}
END_TEST

START_TEST(test_choice_what_overflows_is_drawn_as_nan_from_what_is_allowed)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 9, .dim = 2, .m = 1}, rri_kernels_detect(), 9);
    const int32_t excluded = 0;
    t.menu.excluded = &excluded;
    t.q[0] = t.q[1] = 3e38f;
    t.head.scale = 1e9f;
    const double uniform = 0.5;
    int32_t action = -1;
    float log_prob = 0.0f;
    rri_choice_draw(&action, &log_prob, NULL, &t.in, &uniform, 0, 1, &t.scratch);
    ck_assert(isnan(log_prob));
    ck_assert(action >= 1 && action < 9);
    twin_free(&t);
}
END_TEST

/* By hand: the best of what is left, again and again, by the bits of rri_policy_log_probs. */
static void check_top(const twin_shape shape, size_t k_best)
{
    twin t;
    twin_create(&t, shape, rri_kernels_detect(), 11);
    const size_t n = t.shape.n;
    float *all = TWIN_TAKE(&t, float, n *t.width);
    float *log_probs = TWIN_TAKE(&t, float, n *k_best);
    int32_t *positions = TWIN_TAKE(&t, int32_t, n * k_best);
    rri_policy_log_probs(all, &t.in, 0, n, &t.scratch);
    rri_choice_top_k(positions, log_probs, k_best, &t.in, 0, n, &t.scratch);
    int32_t *alone = TWIN_TAKE(&t, int32_t, n * k_best);
    rri_choice_top_k(alone, NULL, k_best, &t.in, 0, n, &t.scratch);
    ck_assert_mem_eq(alone, positions, n * k_best * sizeof(int32_t));
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < k_best; i++) {
            float best = -INFINITY;
            int32_t at = -1;
            for (size_t j = 0; j < t.width; j++) {
                if (all[r * t.width + j] > best) {
                    best = all[r * t.width + j];
                    at = (int32_t)j;
                }
            }
            ck_assert_int_eq(positions[r * k_best + i], at);
            ck_assert_mem_eq(&log_probs[r * k_best + i], &best, sizeof best);
            if (at >= 0) {
                all[r * t.width + (size_t)at] = -INFINITY;
            }
        }
    }
    ck_assert_uint_eq(t.scratch.used, 0);
    twin_free(&t);
}

START_TEST(test_choice_top_k_is_the_best_of_what_is_left_again_and_again)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        check_top(TWIN_SHAPES[s], 1);
        check_top(TWIN_SHAPES[s], 7);
    }
    check_top(TWIN_SHAPES[1], 37);
    check_top(TWIN_SHAPES[3], 12);
    check_top((twin_shape){.n = 2, .n_items = 5000, .dim = 3, .m = 8}, 100);
}
END_TEST

START_TEST(test_choice_top_k_ties_go_to_the_lower_position)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 300, .dim = 1, .m = 1}, rri_kernels_detect(),
                12);
    const int32_t excluded = 4;
    t.menu.excluded = &excluded;
    t.q[0] = 1.0f;
    for (size_t i = 0; i < 300; i++) {
        t.vectors[i] = i % 3 == 1 ? 2.0f : 1.0f;
    }
    twin_pack(&t, rri_kernels_detect());
    int32_t positions[4];
    rri_choice_top_k(positions, NULL, 4, &t.in, 0, 1, &t.scratch);
    const int32_t expected[] = {1, 7, 10, 13};
    ck_assert_mem_eq(positions, expected, sizeof expected);
    twin_free(&t);
}
END_TEST

CHECK_MAIN("policy/choice",
           test_choice_a_million_draws_follow_the_policy_and_spare_what_is_excluded,
           test_choice_a_million_draws_from_lists_spare_padding,
           test_choice_draws_over_many_blocks_follow_the_policy,
           test_choice_a_draw_has_the_bits_of_forward_in_any_company,
           test_choice_uniforms_walk_through_the_cumulative_sums,
           test_choice_overshoot_is_the_last_that_may_be_chosen_and_a_tie_goes_on,
           test_choice_what_overflows_is_drawn_as_nan_from_what_is_allowed,
           test_choice_top_k_is_the_best_of_what_is_left_again_and_again,
           test_choice_top_k_ties_go_to_the_lower_position)
