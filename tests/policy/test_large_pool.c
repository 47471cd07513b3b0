/* SPDX-License-Identifier: MIT */
#include "policy/large_pool.h"

#include <stdio.h>

#include "check_run.h"
#include "gradcheck.h"
#include "policy_twin.h"

/* Everything that one case computes. */
typedef struct outcome {
    float *log_probs, *dq, *dV, *db;
    rri_policy_tape tape;
    rri_policy_sums sums;
} outcome;

static outcome empty_outcome(twin *t)
{
    const size_t n = t->shape.n, N = t->shape.n_items, d = t->shape.dim;
    outcome o = {.log_probs = TWIN_TAKE(t, float, n),
                 .dq = TWIN_TAKE(t, float, n *d),
                 .dV = TWIN_TAKE(t, float, N *d),
                 .db = TWIN_TAKE(t, float, N),
                 .tape = twin_tape(t, false),
                 .sums = {.d_log_scale = 1.0, .d_repeat_weight = 2.0}};
    gradcheck_fill_nan(o.dq, n * d);
    gradcheck_fill_pattern(o.dV, N * d);
    gradcheck_fill_pattern(o.db, N);
    return o;
}

/* By the rows' own functions, on one thread. */
static outcome run_plainly(twin *t)
{
    outcome o = empty_outcome(t);
    const size_t n = t->shape.n, N = t->shape.n_items;
    rri_policy_forward(o.log_probs, &o.tape, &t->in, t->actions, 0, n, &t->scratch);
    twin_backward_query(o.dq, &o.sums, &o.tape, &t->in, t->actions, t->d_log_probs, t->d_entropy, 0,
                        n, &t->scratch);
    rri_policy_backward_items(o.dV, o.db, &o.tape, &t->in, t->actions, t->d_log_probs, t->d_entropy,
                              0, N, &t->scratch);
    return o;
}

/* On top of what is there, or written over it. */
static outcome run_by_blocks_onto(twin *t, int32_t n_threads, bool adds_to_items)
{
    outcome o = empty_outcome(t);
    const rri_logits_limits limits = twin_limits(t);
    const size_t each = rri_large_pool_scratch(t->in.kernels, &limits);
    const size_t shared = rri_large_pool_shared_scratch(t->in.kernels, &limits);
    rri_stack stacks[8] = {0};
    for (int32_t i = 0; i < n_threads; i++) {
        const size_t bytes = each + (i == 0 ? shared : 0);
        stacks[i] = (rri_stack){.base = TWIN_TAKE(t, char, bytes), .size = bytes};
    }
    rri_allocator allocator;
    rri_workers *workers;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_workers_create(&workers, n_threads, &allocator, NULL), RR_OK);
    rri_large_pool_forward(o.log_probs, &o.tape, &t->in, t->actions, workers, stacks);
    const rri_large_pool_slopes slopes = {t->actions, t->d_log_probs, t->d_entropy};
    const rri_large_pool_gradients gradients = {.dq = o.dq,
                                                .sums = &o.sums,
                                                .dV = o.dV,
                                                .db = t->bias != NULL ? o.db : NULL,
                                                .adds_to_items = adds_to_items};
    rri_large_pool_backward(&gradients, &o.tape, &t->in, &slopes, workers, stacks);
    for (int32_t i = 0; i < n_threads; i++) {
        ck_assert_uint_eq(stacks[i].used, 0);
    }
    rri_workers_destroy(workers);
    return o;
}

static outcome run_by_blocks(twin *t, int32_t n_threads)
{
    return run_by_blocks_onto(t, n_threads, true);
}

/* What both ways promise to the last bit. */
static void assert_same_forward(const twin *t, const outcome *a, const outcome *b)
{
    const size_t n = t->shape.n;
    ck_assert_mem_eq(a->log_probs, b->log_probs, n * sizeof(float));
    ck_assert_mem_eq(a->tape.maxima, b->tape.maxima, n * sizeof(float));
    ck_assert_mem_eq(a->tape.log_sums, b->tape.log_sums, n * sizeof(double));
    ck_assert_mem_eq(a->tape.entropies, b->tape.entropies, n * sizeof(float));
}

static void assert_close(const float *a, const float *b, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++) {
        const double scale = 1.0 + fabs((double)a[i]) + fabs((double)b[i]);
        ck_assert_msg(fabs((double)a[i] - (double)b[i]) <= tolerance * scale,
                      "element %zu: %.9g and %.9g", i, (double)a[i], (double)b[i]);
    }
}

static void assert_all_the_same(const twin *t, const outcome *a, const outcome *b)
{
    const size_t n = t->shape.n, N = t->shape.n_items, d = t->shape.dim;
    assert_same_forward(t, a, b);
    ck_assert_mem_eq(a->dq, b->dq, n * d * sizeof(float));
    ck_assert_mem_eq(a->dV, b->dV, N * d * sizeof(float));
    ck_assert_mem_eq(a->db, b->db, N * sizeof(float));
    ck_assert_mem_eq(&a->sums.d_log_scale, &b->sums.d_log_scale, sizeof(double));
    ck_assert_mem_eq(&a->sums.d_repeat_weight, &b->sums.d_repeat_weight, sizeof(double));
}

/* Widths and numbers of rows and items that are whole panels and tiles, and such that are not. */
static const twin_shape SHAPES[] = {
    {.n = 1, .n_items = 3, .dim = 1},
    {.n = 5, .n_items = 37, .dim = 8, .m = 4, .h = 6, .has_bias = true},
    {.n = 33, .n_items = 1300, .dim = 6, .m = 9, .h = 5, .has_bias = true},
    {.n = 300, .n_items = 2100, .dim = 33, .m = 9, .h = 5, .has_bias = true},
    {.n = 64, .n_items = 512, .dim = 64, .h = 3},
    {.n = 40, .n_items = 300, .dim = 300, .m = 2, .has_bias = true, .spread = 0.1f},
};
#define N_SHAPES (sizeof SHAPES / sizeof SHAPES[0])

START_TEST(test_large_pool_agrees_with_the_rows_own_functions)
{
    for (size_t s = 0; s < N_SHAPES; s++) {
        twin t;
        twin_create(&t, SHAPES[s], rri_kernels_detect(), 60 + s);
        const outcome plain = run_plainly(&t), blocks = run_by_blocks(&t, 1);
        const size_t n = t.shape.n, N = t.shape.n_items, d = t.shape.dim;
        assert_same_forward(&t, &plain, &blocks);
        /* As many shards as blocks: dq adds the same parts in the same order. */
        ck_assert_mem_eq(plain.dq, blocks.dq, n * d * sizeof(float));
        ck_assert_mem_eq(plain.dV, blocks.dV, N * d * sizeof(float));
        if (t.bias != NULL) {
            assert_close(plain.db, blocks.db, N, 1e-5);
        }
        ck_assert_double_eq_tol(plain.sums.d_log_scale, blocks.sums.d_log_scale, 1e-9);
        ck_assert_double_eq_tol(plain.sums.d_repeat_weight, blocks.sums.d_repeat_weight, 1e-9);
        twin_free(&t);
    }
}
END_TEST

/* Several chunks, several blocks a shard. */
static const twin_shape LARGE = {
    .n = 35, .n_items = 40000, .dim = 5, .m = 30, .h = 20, .has_bias = true, .spread = 3};

START_TEST(test_large_pool_agrees_over_several_chunks_and_shards)
{
    twin t;
    twin_create(&t, LARGE, rri_kernels_detect(), 70);
    const outcome plain = run_plainly(&t), blocks = run_by_blocks(&t, 1);
    assert_same_forward(&t, &plain, &blocks);
    assert_close(plain.dq, blocks.dq, LARGE.n * LARGE.dim, 1e-5);
    ck_assert_mem_eq(plain.dV, blocks.dV, LARGE.n_items * LARGE.dim * sizeof(float));
    assert_close(plain.db, blocks.db, LARGE.n_items, 1e-5);
    ck_assert_double_eq_tol(plain.sums.d_log_scale, blocks.sums.d_log_scale, 1e-3);
    ck_assert_double_eq_tol(plain.sums.d_repeat_weight, blocks.sums.d_repeat_weight, 1e-9);
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_bits_do_not_depend_on_threads)
{
    twin t;
    twin_create(&t, LARGE, rri_kernels_detect(), 71);
    const outcome one = run_by_blocks(&t, 1), two = run_by_blocks(&t, 2),
                  seven = run_by_blocks(&t, 7);
    assert_all_the_same(&t, &one, &two);
    assert_all_the_same(&t, &one, &seven);
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_bits_do_not_depend_on_the_level)
{
    for (size_t s = 0; s <= N_SHAPES; s++) {
        const twin_shape shape = s < N_SHAPES ? SHAPES[s] : LARGE;
        twin plain;
        twin_create(&plain, shape, rri_kernels_at(RRI_LEVEL_PORTABLE), 80 + s);
        const outcome a = run_by_blocks(&plain, 1);
        for (int level = 1; level < RRI_N_LEVELS; level++) {
            const rri_kernels *kernels = rri_kernels_at(level);
            if (kernels == NULL) {
                printf("policy/large_pool: level %d is not here; not compared\n", level);
                continue;
            }
            twin quick;
            twin_create(&quick, shape, kernels, 80 + s);
            const outcome b = run_by_blocks(&quick, 1);
            assert_all_the_same(&plain, &a, &b);
            twin_free(&quick);
        }
        twin_free(&plain);
    }
}
END_TEST

START_TEST(test_large_pool_gradients_are_the_slopes_of_the_loss)
{
    twin t;
    twin_create(&t,
                (twin_shape){.n = 4, .n_items = 300, .dim = 3, .m = 3, .h = 6, .has_bias = true},
                rri_kernels_detect(), 90);
    outcome o = run_by_blocks(&t, 1);
    gradcheck_take_pattern(o.dV, 900);
    gradcheck_take_pattern(o.db, 300);
    const float d_log_scale = (float)(o.sums.d_log_scale - 1.0);
    const float d_repeat_weight = (float)(o.sums.d_repeat_weight - 2.0);
    const gradcheck checks[] = {
        {.name = "q", .x = t.q64, .gradient = o.dq, .n = 12},
        {.name = "vectors", .x = t.vectors64, .gradient = o.dV, .n = 900},
        {.name = "bias", .x = t.bias64, .gradient = o.db, .n = 300},
        {.name = "log scale", .x = &t.log_scale64, .gradient = &d_log_scale, .n = 1},
        {.name = "repeat weight", .x = &t.repeat_weight64, .gradient = &d_repeat_weight, .n = 1},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        gradcheck check = checks[i];
        check.loss = twin_loss;
        check.context = &t;
        ck_assert_gradient(&check);
    }
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_answers_only_what_is_asked)
{
    twin t;
    twin_create(&t, SHAPES[2], rri_kernels_detect(), 91);
    const outcome whole = run_by_blocks(&t, 1);
    outcome o = empty_outcome(&t);
    const rri_logits_limits limits = twin_limits(&t);
    rri_stack stack = {.size = rri_large_pool_scratch(t.in.kernels, &limits) +
                               rri_large_pool_shared_scratch(t.in.kernels, &limits)};
    stack.base = TWIN_TAKE(&t, char, stack.size);
    rri_allocator allocator;
    rri_workers *workers;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_workers_create(&workers, 1, &allocator, NULL), RR_OK);
    rri_large_pool_forward(NULL, &o.tape, &t.in, NULL, workers, &stack);
    const rri_large_pool_slopes slopes = {t.actions, t.d_log_probs, t.d_entropy};
    const rri_large_pool_gradients gradients = {.dq = o.dq};
    rri_large_pool_backward(&gradients, &o.tape, &t.in, &slopes, workers, &stack);
    ck_assert_mem_eq(o.tape.entropies, whole.tape.entropies, t.shape.n * sizeof(float));
    ck_assert_mem_eq(o.dq, whole.dq, t.shape.n * t.shape.dim * sizeof(float));
    rri_workers_destroy(workers);
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_writes_or_adds_to_the_items_gradients)
{
    twin t;
    twin_create(&t, SHAPES[3], rri_kernels_detect(), 92); /* rows of two batches */
    const outcome added = run_by_blocks_onto(&t, 1, true),
                  written = run_by_blocks_onto(&t, 1, false);
    const size_t N = t.shape.n_items, d = t.shape.dim;
    gradcheck_take_pattern(added.dV, N * d);
    gradcheck_take_pattern(added.db, N);
    assert_close(added.dV, written.dV, N * d, 1e-5);
    assert_close(added.db, written.db, N, 1e-5);
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_excluded_action_has_no_probability_and_overflow_is_nan)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 600, .dim = 2, .m = 1}, rri_kernels_detect(),
                7);
    const int32_t excluded = 300;
    t.menu.excluded = &excluded;
    t.actions[0] = 300;
    const outcome never = run_by_blocks(&t, 1);
    ck_assert(never.log_probs[0] == -INFINITY);
    t.q[0] = 3e38f;
    t.q[1] = 3e38f;
    t.head.scale = 100.0f;
    t.actions[0] = 0;
    const outcome overflow = run_by_blocks(&t, 1);
    ck_assert(isnan(overflow.log_probs[0]));
    twin_free(&t);
}
END_TEST

START_TEST(test_large_pool_memory_does_not_grow_with_items)
{
    const rri_kernels *kernels = rri_kernels_detect();
    rri_logits_limits limits = {.n = 256, .n_items = 100000, .dim = 64};
    const size_t less = rri_large_pool_shared_scratch(kernels, &limits);
    limits.n_items = 2000000000;
    ck_assert_uint_le(rri_large_pool_shared_scratch(kernels, &limits), less + 100000);
    ck_assert_uint_le(rri_large_pool_shared_scratch(kernels, &limits) +
                          4 * rri_large_pool_scratch(kernels, &limits),
                      8u << 20);
}
END_TEST

/* What a chunk adds up, against the twin in double. */
START_TEST(test_large_pool_forward_is_that_of_the_items)
{
    twin t;
    twin_create(&t,
                (twin_shape){.n = 40, .n_items = 700, .dim = 6, .m = 5, .h = 7, .has_bias = true},
                rri_kernels_detect(), 11);
    const outcome o = run_by_blocks(&t, 1);
    for (size_t r = 0; r < 40; r++) {
        double max = -INFINITY, sum = 0.0, moment = 0.0;
        for (size_t i = 0; i < 700; i++) {
            const double z = twin_logit(&t, r, i);
            max = twin_is_allowed(&t, r, i) && z > max ? z : max;
        }
        for (size_t i = 0; i < 700; i++) {
            if (twin_is_allowed(&t, r, i)) {
                const double below = twin_logit(&t, r, i) - max;
                sum += exp(below);
                moment += below * exp(below);
            }
        }
        const double logit = twin_logit(&t, r, (size_t)t.actions[r]);
        ck_assert_double_eq_tol((double)o.tape.maxima[r], max, 1e-5);
        ck_assert_double_eq_tol(o.tape.log_sums[r], log(sum), 1e-5);
        ck_assert_double_eq_tol((double)o.tape.entropies[r], log(sum) - moment / sum, 1e-5);
        ck_assert_double_eq_tol((double)o.log_probs[r], logit - max - log(sum), 1e-5);
    }
    twin_free(&t);
}
END_TEST

/* ── the best ── */

enum { MOST_ROWS = 64, K = 9, FIRST = 3 };

/* What a case is asked for: rows [FIRST, FIRST + n). */
typedef struct best_answer {
    float logits[MOST_ROWS * K], maxima[MOST_ROWS];
    int32_t positions[MOST_ROWS * K];
    size_t found[MOST_ROWS];
    double log_sums[MOST_ROWS];
} best_answer;

static void ask_best(best_answer *a, twin *t, size_t n, bool wants_sums)
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
static void check_best_row(const best_answer *a, twin *t, size_t r)
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

static void check_best(const twin_shape shape, const rri_kernels *kernels)
{
    twin t;
    static best_answer with, without;
    twin_create(&t, shape, kernels, 21);
    const size_t n = shape.n - FIRST;
    ask_best(&with, &t, n, true);
    ask_best(&without, &t, n, false);
    ck_assert_mem_eq(with.positions, without.positions, sizeof with.positions);
    ck_assert_mem_eq(with.logits, without.logits, sizeof with.logits);
    rri_policy_tape tape = twin_tape(&t, false);
    float *log_probs = TWIN_TAKE(&t, float, shape.n);
    rri_policy_forward(log_probs, &tape, &t.in, t.actions, 0, shape.n, &t.scratch);
    ck_assert_mem_eq(with.maxima, tape.maxima + FIRST, n * sizeof(float));
    ck_assert_mem_eq(with.log_sums, tape.log_sums + FIRST, n * sizeof(double));
    for (size_t r = 0; r < n; r++) {
        check_best_row(&with, &t, r);
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
                check_best(shapes[s], rri_kernels_at(level));
            }
        }
    }
}
END_TEST

/* Vectors of two kinds alone, so that nearly all logits of a row are equal. */
START_TEST(test_large_pool_top_ties_go_to_the_lower_position)
{
    twin t;
    static best_answer a;
    twin_create(&t, (twin_shape){.n = FIRST + 20, .n_items = 1300, .dim = 1}, rri_kernels_detect(),
                22);
    for (size_t i = 0; i < 1300; i++) {
        t.vectors[i] = i % 300 == 299 ? 2.0f : 1.0f;
    }
    for (size_t r = 0; r < FIRST + 20; r++) {
        t.q[r] = 1.0f;
    }
    ask_best(&a, &t, 20, false);
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
    static best_answer sound, spoilt;
    twin_create(&t, (twin_shape){.n = FIRST + 20, .n_items = 1300, .dim = 4}, rri_kernels_detect(),
                23);
    ask_best(&sound, &t, 20, true);
    t.q[(FIRST + 7) * 4] = NAN;
    ask_best(&spoilt, &t, 20, true);
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

CHECK_MAIN("policy/large_pool", test_large_pool_agrees_with_the_rows_own_functions,
           test_large_pool_agrees_over_several_chunks_and_shards,
           test_large_pool_bits_do_not_depend_on_threads,
           test_large_pool_bits_do_not_depend_on_the_level,
           test_large_pool_gradients_are_the_slopes_of_the_loss,
           test_large_pool_answers_only_what_is_asked,
           test_large_pool_writes_or_adds_to_the_items_gradients,
           test_large_pool_excluded_action_has_no_probability_and_overflow_is_nan,
           test_large_pool_memory_does_not_grow_with_items,
           test_large_pool_forward_is_that_of_the_items,
           test_large_pool_top_rows_rank_as_each_alone_and_sum_as_forward_at_every_level,
           test_large_pool_top_ties_go_to_the_lower_position,
           test_large_pool_top_a_row_without_numbers_has_no_best_and_leaves_the_others_alone)
