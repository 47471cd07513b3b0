/* SPDX-License-Identifier: MIT */
/* als.c: memory, holdout, sweeps, folding, errors of prediction. */
#include "data/als.h"

#include <math.h>

#include "core/philox.h"
#include "core/status.h"
#include "core/workers.h"
#include "data/als_side.h"
#include "data/split.h"

/* Size of the initial factors: small beside a rating, large enough to break the symmetry. */
#define INITIAL_FACTOR 0.1

typedef struct fit {
    const rri_interactions *data;
    const rr_als_config *config;
    size_t n_factors, n_train;
    double mean;
    uint8_t *is_held_out; /* [n] */
    rri_als_side users, items;
    float *normals;  /* [n_factors] */
    double *scratch; /* [num_threads, rri_als_side_scratch] */
    double *base;    /* [rri_als_side_base] */
    bool is_implicit;
} fit;

static void layout(fit *f, rri_arena *arena)
{
    const rri_interactions *const data = f->data;
    f->is_held_out = RRI_TAKE(arena, uint8_t, data->n);
    rri_als_side_layout(&f->users, arena, data->user_table.n_keys, data->n, f->n_factors);
    rri_als_side_layout(&f->items, arena, data->item_table.n_keys, data->n, f->n_factors);
    f->normals = RRI_TAKE(arena, float, f->n_factors);
    f->scratch =
        RRI_TAKE(arena, double, (size_t)f->config->num_threads *rri_als_side_scratch(f->n_factors));
    f->base = RRI_TAKE(arena, double, rri_als_side_base(f->n_factors));
}

/* Which rows train, their mean, and both groupings. */
static rr_status prepare(fit *f, rr_error *err)
{
    const rri_interactions *const data = f->data;
    rri_split_rows(f->is_held_out, f->config->holdout, f->config->seed, data->n);
    double sum = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        if (f->is_held_out[i] == 0) {
            sum += (double)data->ratings[i];
            f->n_train++;
        }
    }
    if (f->n_train == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "als config: holdout is %g; of %zu interactions it leaves none to train on",
                 (double)f->config->holdout, data->n);
    }
    f->mean = f->is_implicit ? 0.0 : sum / (double)f->n_train;
    rri_ratings_by_fill(&f->users.ratings, data->users, data->items, data->ratings, f->is_held_out,
                        data->n);
    rri_ratings_by_fill(&f->items.ratings, data->items, data->users, data->ratings, f->is_held_out,
                        data->n);
    f->users.bias_ridge = (double)f->config->user_bias_ridge;
    f->items.bias_ridge = (double)f->config->item_bias_ridge;
    return RR_OK;
}

/* Users are solved first, so only the items' factors need a beginning: a function of seed and key.
 */
static void draw_items(fit *f)
{
    const size_t k = f->n_factors;
    for (size_t i = 0; i < f->items.ratings.n_rows; i++) {
        rri_philox_normals(f->normals, k, f->config->seed, RRI_STREAM_ALS,
                           f->data->item_table.keys[i]);
        for (size_t p = 0; p < k; p++) {
            f->items.unknowns[i * (k + 1) + p] = INITIAL_FACTOR * (double)f->normals[p];
        }
    }
}

/* Whether a float holds each of them. */
static bool is_representable(const rri_als_side *side, size_t k)
{
    for (size_t i = 0; i < side->ratings.n_rows * (k + 1); i++) {
        if (!isfinite((float)side->unknowns[i])) {
            return false;
        }
    }
    return true;
}

static rr_status sweep(fit *f, rri_workers *workers, rr_error *err)
{
    const rri_als_half_sweep users_given_items = {.solved = &f->users,
                                                  .fixed = &f->items,
                                                  .kernels = rri_kernels_detect(),
                                                  .n_factors = f->n_factors,
                                                  .mean = f->mean,
                                                  .ridge = (double)f->config->ridge,
                                                  .alpha = f->is_implicit ? (double)f->config->alpha
                                                                          : 0.0,
                                                  .base = f->base,
                                                  .scratch = f->scratch};
    rri_als_half_sweep items_given_users = users_given_items;
    items_given_users.solved = &f->items;
    items_given_users.fixed = &f->users;
    if (!rri_als_side_solve(&users_given_items, workers) ||
        !rri_als_side_solve(&items_given_users, workers) ||
        !is_representable(&f->users, f->n_factors) || !is_representable(&f->items, f->n_factors)) {
        RRI_FAIL(err, RR_E_NOT_FINITE,
                 "als: the equations of a row have no finite solution; ratings this large need a "
                 "larger ridge");
    }
    return RR_OK;
}

/* (x, b) → the factors in float, then `one` and the bias in the given places. */
static void fold(float *vectors, const rri_als_side *side, size_t k, size_t one, size_t bias)
{
    for (size_t r = 0; r < side->ratings.n_rows; r++) {
        const double *const unknowns = side->unknowns + r * (k + 1);
        float *const vector = vectors + r * (k + 2);
        for (size_t p = 0; p < k; p++) {
            vector[p] = (float)unknowns[p];
        }
        vector[one] = 1.0f;
        vector[bias] = (float)unknowns[k];
    }
}

/* Of implicit feedback the preference. */
static double rating_of(const fit *f, size_t row)
{
    const double rating = (double)f->data->ratings[row];
    return !f->is_implicit ? rating : rating > 0.0 ? 1.0 : 0.0;
}

/* Root mean square of rating − μ − u·v over the rows with this is_held_out; NaN without any. */
static double compute_rmse(const fit *f, const float *user_vectors, const float *item_vectors,
                           uint8_t is_held_out)
{
    const size_t d = f->n_factors + 2;
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < f->data->n; i++) {
        if (f->is_held_out[i] != is_held_out) {
            continue;
        }
        const float *const u = user_vectors + (size_t)f->data->users[i] * d;
        const float *const v = item_vectors + (size_t)f->data->items[i] * d;
        double predicted = f->mean;
        for (size_t p = 0; p < d; p++) {
            predicted += (double)u[p] * (double)v[p];
        }
        const double residual = rating_of(f, i) - predicted;
        sum += residual * residual;
        n++;
    }
    return n == 0 ? (double)NAN : sqrt(sum / (double)n);
}

static rr_status run_sweeps(fit *f, const rri_allocator *allocator, rr_error *err)
{
    rri_workers *workers = NULL;
    RRI_TRY(rri_workers_create(&workers, f->config->num_threads, allocator, err));
    rr_status status = RR_OK;
    for (int32_t i = 0; status == RR_OK && i < f->config->num_sweeps; i++) {
        status = sweep(f, workers, err);
    }
    rri_workers_destroy(workers);
    return status;
}

static rr_status fit_in_block(fit *f, float *user_vectors, float *item_vectors, rr_als_stats *stats,
                              const rri_allocator *allocator, rr_error *err)
{
    const size_t k = f->n_factors;
    RRI_TRY(prepare(f, err));
    draw_items(f);
    RRI_TRY(run_sweeps(f, allocator, err));
    fold(user_vectors, &f->users, k, k, k + 1);
    fold(item_vectors, &f->items, k, k + 1, k);
    if (stats != NULL) {
        stats->n_train = (int64_t)f->n_train;
        stats->n_holdout = (int64_t)(f->data->n - f->n_train);
        stats->mean = f->mean;
        stats->train_rmse = compute_rmse(f, user_vectors, item_vectors, 0);
        stats->holdout_rmse = compute_rmse(f, user_vectors, item_vectors, 1);
    }
    return RR_OK;
}

rr_status rri_als_fit(float *user_vectors, float *item_vectors, rr_als_stats *stats,
                      const rri_interactions *data, const rr_als_config *config,
                      const rri_allocator *allocator, rr_error *err)
{
    fit f = {.data = data,
             .config = config,
             .n_factors = (size_t)config->num_factors,
             .is_implicit = config->feedback == RR_FEEDBACK_IMPLICIT};
    if (!f.is_implicit && !data->has_ratings) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "als config: feedback is explicit, and these interactions have no ratings; it must "
            "be implicit");
    }
    rri_arena arena = {.base = NULL};
    layout(&f, &arena);
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "least squares", err));
    layout(&f, &arena);
    const rr_status status = fit_in_block(&f, user_vectors, item_vectors, stats, allocator, err);
    rri_memory_release(allocator, arena.base, arena.used);
    return status;
}
