/* SPDX-License-Identifier: MIT */
/* Half a sweep: a row by hand, a minimum that no step improves, the same bytes on any threads. */
#include "data/als_side.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

enum { N_USERS = 19, N_ITEMS = 5, N_RATINGS = 60, K = 3, W = K + 1 };

typedef struct problem {
    rri_allocator allocator;
    void *block;
    size_t bytes;
    rri_als_side users, items;
    rri_als_half_sweep half;
} problem;

static void layout(problem *p, rri_arena *arena, size_t n_factors, size_t n_threads)
{
    rri_als_side_layout(&p->users, arena, N_USERS, N_RATINGS, n_factors);
    rri_als_side_layout(&p->items, arena, N_ITEMS, N_RATINGS, n_factors);
    p->half.scratch = RRI_TAKE(arena, double, n_threads *rri_als_side_scratch(n_factors));
    p->half.base = RRI_TAKE(arena, double, rri_als_side_base(n_factors));
}

static void create(problem *p, size_t n_factors, size_t n_threads)
{
    *p = (problem){.bytes = 0};
    ck_assert_int_eq(rri_allocator_init(&p->allocator, NULL, NULL), RR_OK);
    rri_arena arena = {.base = NULL};
    layout(p, &arena, n_factors, n_threads);
    p->bytes = arena.used;
    ck_assert_int_eq(rri_memory_allocate(&p->block, &p->allocator, p->bytes, "problem", NULL),
                     RR_OK);
    arena = (rri_arena){.base = p->block};
    layout(p, &arena, n_factors, n_threads);
    p->half.solved = &p->users;
    p->half.fixed = &p->items;
    p->half.kernels = rri_kernels_detect();
    p->half.n_factors = n_factors;
}

static void solve(problem *p, int32_t n_threads)
{
    rri_workers *workers = NULL;
    ck_assert_int_eq(rri_workers_create(&workers, n_threads, &p->allocator, NULL), RR_OK);
    ck_assert(rri_als_side_solve(&p->half, workers));
    rri_workers_destroy(workers);
}

/* One rating of 5, mean 3, an item of factor 2 and bias ½; λ 0.1, β 2; so n λ becomes (1 + 20) 0.1:
 *   (2.1 + 4) x + 2 b = 2 · 1.5
 *   2 x + (2 + 1) b   = 1.5          x = 6/14.3, b = 3.15/14.3 */
START_TEST(test_als_side_solves_one_rating_by_hand)
{
    problem p;
    create(&p, 1, 1);
    const uint8_t is_skipped[1] = {0};
    rri_ratings_by_fill(&p.users.ratings, (const int32_t[]){3}, (const int32_t[]){2},
                        (const float[]){5.0f}, is_skipped, 1);
    p.items.unknowns[2 * 2] = 2.0;
    p.items.unknowns[2 * 2 + 1] = 0.5;
    p.half.mean = 3.0;
    p.half.ridge = 0.1;
    p.users.bias_ridge = 2.0;
    for (size_t i = 0; i < 2 * N_USERS; i++) {
        p.users.unknowns[i] = (double)NAN;
    }
    solve(&p, 1);
    ck_assert_double_eq_tol(p.users.unknowns[2 * 3], 6.0 / 14.3, 1e-14);
    ck_assert_double_eq_tol(p.users.unknowns[2 * 3 + 1], (1.5 - 2.0 * 6.0 / 14.3) / 3.0, 1e-14);
    /* Users without ratings are 0. */
    ck_assert_double_eq(p.users.unknowns[0], 0.0);
    ck_assert_double_eq(p.users.unknowns[1], 0.0);
    rri_memory_release(&p.allocator, p.block, p.bytes);
}
END_TEST

static void fill_random(problem *p)
{
    int32_t rows[N_RATINGS], others[N_RATINGS];
    float ratings[N_RATINGS], normals[N_ITEMS * W];
    const uint8_t is_skipped[N_RATINGS] = {0};
    for (uint32_t i = 0; i < N_RATINGS; i++) {
        rows[i] = (int32_t)rri_philox_below(1, RRI_STREAM_SPLIT, i, 0, N_USERS - 1);
        others[i] = (int32_t)rri_philox_below(1, RRI_STREAM_SPLIT, i, 1, N_ITEMS);
        ratings[i] = (float)rri_philox_below(1, RRI_STREAM_SPLIT, i, 2, 5) + 1.0f;
    }
    rri_philox_normals(normals, N_ITEMS * W, 1, RRI_STREAM_ALS, 0);
    for (size_t i = 0; i < N_ITEMS * W; i++) {
        p->items.unknowns[i] = (double)normals[i];
    }
    rri_ratings_by_fill(&p->users.ratings, rows, others, ratings, is_skipped, N_RATINGS);
    p->half.mean = 2.75;
    p->half.ridge = 0.25;
    p->users.bias_ridge = 1.5;
}

/* The row's loss, written as the sum that the header promises to minimise. */
static double row_loss(const problem *p, size_t row)
{
    const rri_ratings_by *const by = &p->users.ratings;
    const double *const x = p->users.unknowns + row * W;
    const size_t n = by->starts[row + 1] - by->starts[row];
    double loss = p->users.bias_ridge * x[K] * x[K];
    for (size_t j = 0; j < K; j++) {
        loss += (double)(n + 20) * p->half.ridge * x[j] * x[j];
    }
    for (size_t e = by->starts[row]; e < by->starts[row + 1]; e++) {
        const double *const y = p->items.unknowns + (size_t)by->others[e] * W;
        double residual = (double)by->ratings[e] - p->half.mean - x[K] - y[K];
        for (size_t j = 0; j < K; j++) {
            residual -= x[j] * y[j];
        }
        loss += residual * residual;
    }
    return loss;
}

START_TEST(test_als_side_ends_where_no_step_improves)
{
    problem p;
    create(&p, K, 1);
    fill_random(&p);
    solve(&p, 1);
    for (size_t row = 0; row < N_USERS - 1; row++) {
        const double least = row_loss(&p, row);
        for (size_t j = 0; j < W; j++) {
            double *const x = p.users.unknowns + row * W + j;
            const double kept = *x, step = 1e-3;
            *x = kept + step;
            const double above = row_loss(&p, row);
            *x = kept - step;
            const double below = row_loss(&p, row);
            *x = kept;
            ck_assert_double_gt(above, least);
            ck_assert_double_gt(below, least);
            /* The loss is a parabola: its slope at the minimum is 0 up to rounding. */
            ck_assert_double_eq_tol((above - below) / (2.0 * step), 0.0, 1e-10);
        }
    }
    rri_memory_release(&p.allocator, p.block, p.bytes);
}
END_TEST

/* The loss of implicit feedback, over all pairs, as its paper has it. */
static double implicit_loss(const problem *p, size_t row)
{
    const rri_ratings_by *const by = &p->users.ratings;
    const double *const x = p->users.unknowns + row * W;
    const size_t n = by->starts[row + 1] - by->starts[row];
    double loss = 0.0;
    for (size_t j = 0; j < K; j++) {
        loss += (double)(n + 20) * p->half.ridge * x[j] * x[j];
    }
    for (size_t o = 0; o < N_ITEMS; o++) {
        double confidence = 1.0, preference = 0.0, guess = 0.0;
        for (size_t j = 0; j < K; j++) {
            guess += x[j] * p->items.unknowns[o * W + j];
        }
        for (size_t e = by->starts[row]; e < by->starts[row + 1]; e++) {
            if ((size_t)by->others[e] == o && by->ratings[e] > 0.0f) {
                confidence += p->half.alpha * (double)by->ratings[e];
                preference = 1.0;
            }
        }
        loss += confidence * (preference - guess) * (preference - guess);
    }
    return loss;
}

/* Rows 0 … 3 with one rating of 2, of 0, of −1 and of ½; so no pair is met twice. */
START_TEST(test_als_side_of_implicit_feedback_ends_where_no_step_improves)
{
    problem p;
    create(&p, K, 1);
    fill_random(&p);
    const uint8_t is_skipped[4] = {0};
    rri_ratings_by_fill(&p.users.ratings, (const int32_t[]){0, 1, 2, 3},
                        (const int32_t[]){1, 2, 3, 1}, (const float[]){2.0f, 0.0f, -1.0f, 0.5f},
                        is_skipped, 4);
    p.half.mean = 0.0;
    p.half.alpha = 1.5;
    solve(&p, 1);
    for (size_t row = 0; row < 4; row++) {
        const double least = implicit_loss(&p, row);
        for (size_t j = 0; j < K; j++) {
            double *const x = p.users.unknowns + row * W + j;
            const double kept = *x, step = 1e-3;
            *x = kept + step;
            const double above = implicit_loss(&p, row);
            *x = kept - step;
            const double below = implicit_loss(&p, row);
            *x = kept;
            ck_assert(above > least && below > least);
            ck_assert_double_eq_tol((above - below) / (2.0 * step), 0.0, 1e-10);
        }
        ck_assert_double_eq(p.users.unknowns[row * W + K], 0.0);
    }
    for (size_t j = 0; j < K; j++) { /* no preference, no taste */
        ck_assert_double_eq(p.users.unknowns[1 * W + j], 0.0);
        ck_assert_double_eq(p.users.unknowns[2 * W + j], 0.0);
        ck_assert_double_ne(p.users.unknowns[0 * W + j], 0.0);
    }
    rri_memory_release(&p.allocator, p.block, p.bytes);
}
END_TEST

START_TEST(test_als_side_gives_the_same_bytes_at_every_level)
{
    problem best;
    create(&best, K, 1);
    fill_random(&best);
    solve(&best, 1);
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) != NULL) {
            problem other;
            create(&other, K, 1);
            fill_random(&other);
            other.half.kernels = rri_kernels_at(level);
            solve(&other, 1);
            ck_assert_mem_eq(best.users.unknowns, other.users.unknowns,
                             sizeof(double) * N_USERS * W);
            rri_memory_release(&other.allocator, other.block, other.bytes);
        }
    }
    rri_memory_release(&best.allocator, best.block, best.bytes);
}
END_TEST

START_TEST(test_als_side_gives_the_same_bytes_on_any_threads)
{
    problem one;
    create(&one, K, 1);
    fill_random(&one);
    solve(&one, 1);
    for (int32_t n_threads = 2; n_threads <= 4; n_threads++) {
        problem many;
        create(&many, K, (size_t)n_threads);
        fill_random(&many);
        solve(&many, n_threads);
        ck_assert_mem_eq(one.users.unknowns, many.users.unknowns, sizeof(double) * N_USERS * W);
        rri_memory_release(&many.allocator, many.block, many.bytes);
    }
    rri_memory_release(&one.allocator, one.block, one.bytes);
}
END_TEST

START_TEST(test_als_side_tells_the_row_without_a_finite_solution)
{
    problem p;
    create(&p, K, 1);
    fill_random(&p);
    p.items.unknowns[0] = 1e200; /* its square is not finite */
    rri_workers *workers = NULL;
    ck_assert_int_eq(rri_workers_create(&workers, 1, &p.allocator, NULL), RR_OK);
    ck_assert(!rri_als_side_solve(&p.half, workers));
    const rri_ratings_by *const by = &p.users.ratings;
    for (size_t row = 0; row < N_USERS; row++) {
        uint8_t has_item = 0;
        for (size_t e = by->starts[row]; e < by->starts[row + 1]; e++) {
            has_item |= by->others[e] == 0 ? 1 : 0;
        }
        ck_assert_int_eq(p.users.has_failed[row], has_item);
    }
    rri_workers_destroy(workers);
    rri_memory_release(&p.allocator, p.block, p.bytes);
}
END_TEST

CHECK_MAIN("data/als_side", test_als_side_solves_one_rating_by_hand,
           test_als_side_ends_where_no_step_improves,
           test_als_side_of_implicit_feedback_ends_where_no_step_improves,
           test_als_side_gives_the_same_bytes_at_every_level,
           test_als_side_gives_the_same_bytes_on_any_threads,
           test_als_side_tells_the_row_without_a_finite_solution)
