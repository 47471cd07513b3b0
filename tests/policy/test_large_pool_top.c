/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_top.h"

#include "check_run.h"
#include "policy_twin.h"

enum { MOST_ROWS = 64, K = 9, FIRST = 3 };

/* What a case is asked for: rows [FIRST, FIRST + n). */
typedef struct answer {
    float logits[MOST_ROWS * K], maxima[MOST_ROWS];
    int32_t positions[MOST_ROWS * K];
    size_t found[MOST_ROWS];
    double log_sums[MOST_ROWS];
} answer;

static void ask(answer *a, twin *t, size_t n, bool wants_sums)
{
    memset(a, 0, sizeof *a);
    rri_best best = {.logits = a->logits, .positions = a->positions, .n = a->found, .most = K};
    const size_t mark = rri_stack_mark(&t->scratch);
    rri_large_pool_top(&best, wants_sums ? a->maxima : NULL, a->log_sums, &t->in, FIRST, n,
                       &t->scratch);
    rri_stack_rewind(&t->scratch, mark);
    for (size_t r = 0; r < n; r++) {
        rri_best_sort(&best, r);
    }
}

/* By hand: the best of what is left, again and again, by the logits of the row alone. */
static void check_row(const answer *a, twin *t, size_t r)
{
    float *z = malloc(t->width * sizeof *z);
    rri_logits_tile tile;
    const size_t mark = rri_stack_mark(&t->scratch);
    rri_logits_prepare(&tile, &t->in, FIRST + r, 1, &t->scratch);
    rri_logits_compute(z, t->width, &tile, 0, 1, 0, t->width, &t->scratch);
    rri_stack_rewind(&t->scratch, mark);
    for (size_t i = 0; i < K; i++) {
        float best = -INFINITY;
        size_t at = t->width;
        for (size_t j = 0; j < t->width; j++) {
            if (z[j] > best) {
                best = z[j];
                at = j;
            }
        }
        ck_assert_uint_eq(a->found[r] > i, at < t->width);
        if (at < t->width) {
            ck_assert_int_eq(a->positions[r * K + i], (int32_t)at);
            ck_assert(a->logits[r * K + i] == best);
            z[at] = -INFINITY;
        }
    }
    free(z);
}

static void check(const twin_shape shape, const rri_kernels *kernels)
{
    twin t;
    static answer with, without;
    twin_create(&t, shape, kernels, 21);
    const size_t n = shape.n - FIRST;
    ask(&with, &t, n, true);
    ask(&without, &t, n, false);
    ck_assert_mem_eq(with.positions, without.positions, sizeof with.positions);
    ck_assert_mem_eq(with.logits, without.logits, sizeof with.logits);
    rri_policy_tape tape = twin_tape(&t, false);
    float *log_probs = TWIN_TAKE(&t, float, shape.n);
    rri_policy_forward(log_probs, &tape, &t.in, t.actions, 0, shape.n, &t.scratch);
    ck_assert_mem_eq(with.maxima, tape.maxima + FIRST, n * sizeof(float));
    ck_assert_mem_eq(with.log_sums, tape.log_sums + FIRST, n * sizeof(double));
    for (size_t r = 0; r < n; r++) {
        check_row(&with, &t, r);
    }
    twin_free(&t);
}

START_TEST(test_large_pool_top_rows_rank_as_each_alone_and_sum_as_forward_at_every_level)
{
    const twin_shape shapes[] = {
        {.n = FIRST + 64, .n_items = 16384 + 700, .dim = 5, .m = 5, .h = 9, .has_bias = true},
        {.n = FIRST + 33, .n_items = 1500, .dim = 300},
        {.n = FIRST + 1, .n_items = 700, .dim = 16, .h = 4},
        {.n = FIRST + 40, .n_items = 12, .dim = 7, .m = 11}, /* fewer are left than are wanted */
    };
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            if (rri_kernels_at(level) != NULL) {
                check(shapes[s], rri_kernels_at(level));
            }
        }
    }
}
END_TEST

/* Vectors of two kinds alone, so that nearly all logits of a row are equal. */
START_TEST(test_large_pool_top_ties_go_to_the_lower_position)
{
    twin t;
    static answer a;
    twin_create(&t, (twin_shape){.n = FIRST + 20, .n_items = 1300, .dim = 1}, rri_kernels_detect(),
                22);
    for (size_t i = 0; i < 1300; i++) {
        t.vectors[i] = i % 300 == 299 ? 2.0f : 1.0f;
    }
    for (size_t r = 0; r < FIRST + 20; r++) {
        t.q[r] = 1.0f;
    }
    ask(&a, &t, 20, false);
    const int32_t expected[K] = {299, 599, 899, 1199, 0, 1, 2, 3, 4};
    for (size_t r = 0; r < 20; r++) {
        ck_assert_mem_eq(a.positions + r * K, expected, sizeof expected);
    }
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_top_a_row_without_numbers_has_no_best_and_leaves_the_others_alone)
{
    twin t;
    static answer sound, spoilt;
    twin_create(&t, (twin_shape){.n = FIRST + 20, .n_items = 1300, .dim = 4}, rri_kernels_detect(),
                23);
    ask(&sound, &t, 20, true);
    t.q[(FIRST + 7) * 4] = NAN;
    ask(&spoilt, &t, 20, true);
    ck_assert_uint_eq(spoilt.found[7], 0);
    for (size_t r = 0; r < 20; r++) {
        if (r != 7) {
            ck_assert_mem_eq(spoilt.positions + r * K, sound.positions + r * K,
                             K * sizeof(int32_t));
            ck_assert(spoilt.log_sums[r] == sound.log_sums[r]);
        }
    }
    twin_free(&t);
}
END_TEST

CHECK_MAIN("policy/large_pool_top",
           test_large_pool_top_rows_rank_as_each_alone_and_sum_as_forward_at_every_level,
           test_large_pool_top_ties_go_to_the_lower_position,
           test_large_pool_top_a_row_without_numbers_has_no_best_and_leaves_the_others_alone)
