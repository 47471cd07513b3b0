/* SPDX-License-Identifier: MIT */
#include "nn/fold_in.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "math/gemm.h"

static rr_status add(size_t *offset, rri_params *params, const char *name, size_t rows, size_t cols,
                     rr_error *err)
{
    size_t index;
    RRI_TRY(rri_params_add(params, &index, name, rows, cols, err));
    *offset = params->entries[index].offset;
    return RR_OK;
}

rr_status rri_fold_in_declare(rri_fold_in *fold, rri_params *params, size_t dim, float decay,
                              rr_error *err)
{
    const size_t lanes = RRI_POSTERIOR_LANES;
    *fold = (rri_fold_in){
        .dim = dim, .width = (dim + lanes - 1) / lanes * lanes, .decay = decay, .variance = 1.0f};
    RRI_TRY(add(&fold->mean_offset, params, "fold_in.mean", dim, 0, err));
    RRI_TRY(add(&fold->covariance_offset, params, "fold_in.covariance", dim, dim, err));
    return add(&fold->variance_offset, params, "fold_in.variance", 1, 0, err);
}

void rri_fold_in_layout(rri_fold_in *fold, rri_arena *arena, const rri_kernels *kernels)
{
    fold->kernels = kernels;
    fold->mean = RRI_TAKE(arena, float, fold->width);
    fold->covariance = RRI_TAKE(arena, float, fold->width * fold->width);
}

void rri_fold_in_init(const rri_fold_in *fold, float *values)
{
    memset(values + fold->mean_offset, 0, fold->dim * sizeof(float));
    float *covariance = values + fold->covariance_offset;
    memset(covariance, 0, fold->dim * fold->dim * sizeof(float));
    for (size_t i = 0; i < fold->dim; i++) {
        covariance[i * fold->dim + i] = 1.0f;
    }
    values[fold->variance_offset] = 1.0f;
}

void rri_fold_in_fit(const rri_fold_in *fold, float *values, const float *users, size_t n,
                     float variance)
{
    static const double LEAST = 1e-6;
    const size_t d = fold->dim;
    double mean[RRI_FOLD_IN_MOST], row[RRI_FOLD_IN_MOST];
    for (size_t i = 0; i < d; i++) {
        mean[i] = 0.0;
        for (size_t u = 0; u < n; u++) {
            mean[i] += (double)users[u * d + i];
        }
        mean[i] /= (double)n;
        values[fold->mean_offset + i] = (float)mean[i];
    }
    for (size_t i = 0; i < d; i++) {
        memset(row, 0, d * sizeof *row);
        for (size_t u = 0; u < n; u++) {
            const double away = (double)users[u * d + i] - mean[i];
            for (size_t j = 0; j < d; j++) {
                row[j] += away * ((double)users[u * d + j] - mean[j]);
            }
        }
        for (size_t j = 0; j < d; j++) {
            values[fold->covariance_offset + i * d + j] =
                (float)(row[j] / (double)(n - 1) + (i == j ? LEAST : 0.0));
        }
    }
    values[fold->variance_offset] = variance;
}

/* row [W] ← x [d], zeros behind. */
static void widen(float *row, const rri_fold_in *fold, const float *x)
{
    memcpy(row, x, fold->dim * sizeof(float));
    memset(row + fold->dim, 0, (fold->width - fold->dim) * sizeof(float));
}

void rri_fold_in_pack(rri_fold_in *fold, const float *values)
{
    const size_t d = fold->dim, W = fold->width;
    fold->variance = values[fold->variance_offset];
    widen(fold->mean, fold, values + fold->mean_offset);
    memset(fold->covariance, 0, W * W * sizeof(float));
    for (size_t i = 0; i < d; i++) {
        widen(fold->covariance + i * W, fold, values + fold->covariance_offset + i * d);
    }
}

/* ρ to the number of earlier showings of what was shown at t. */
static float faded(const rri_fold_in *fold, const rri_showings *showings, size_t t)
{
    float power = 1.0f;
    if (fold->decay == 1.0f || showings->rewards[t] < 0.0f) {
        return power;
    }
    for (size_t earlier = 0; earlier < t; earlier++) {
        power *= showings->items[earlier] == showings->items[t] ? fold->decay : 1.0f;
    }
    return power;
}

void rri_fold_in_posterior(const rri_fold_in *fold, float *mean, float *covariance,
                           const rri_showings *showings, rri_stack *scratch)
{
    const size_t d = fold->dim, W = fold->width;
    const size_t mark = rri_stack_mark(scratch);
    float *x = RRI_STACK_TAKE(scratch, float, W);
    float *gain = RRI_STACK_TAKE(scratch, float, W);
    memcpy(mean, fold->mean, W * sizeof(float));
    memcpy(covariance, fold->covariance, W * W * sizeof(float));
    for (size_t t = 0; t < showings->h; t++) {
        const int32_t item = showings->items[t];
        if (item < 0 || (size_t)item >= showings->n_items) {
            continue;
        }
        widen(x, fold, showings->vectors + (size_t)item * d);
        const float power = faded(fold, showings, t);
        if (power != 1.0f) {
            rri_vec_scale(fold->kernels, x, power, W);
        }
        fold->kernels->posterior(mean, covariance, gain, x, showings->rewards[t], fold->variance,
                                 W);
    }
    rri_stack_rewind(scratch, mark);
}

void rri_fold_in_errors(const rri_fold_in *fold, float *errors, const float *covariance,
                        const float *const *vectors, size_t n, rri_stack *scratch)
{
    const size_t d = fold->dim, W = fold->width;
    const size_t mark = rri_stack_mark(scratch);
    float *rows = RRI_STACK_TAKE(scratch, float, n *d);
    float *products = RRI_STACK_TAKE(scratch, float, n *d);
    for (size_t i = 0; i < n; i++) {
        memcpy(rows + i * d, vectors[i], d * sizeof(float));
    }
    rri_gemm(fold->kernels, products, d, rri_view_rows(rows, d), rri_view_rows(covariance, W), n, d,
             d, false, scratch);
    for (size_t i = 0; i < n; i++) {
        /* Rounding may leave a hair below zero where a candidate is known all but exactly. */
        const float square = rri_dot(fold->kernels, rows + i * d, products + i * d, d);
        errors[i] = square > 0.0f ? sqrtf(square) : 0.0f;
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_fold_in_scratch(const rri_fold_in *fold, size_t n)
{
    const size_t d = fold->dim;
    const size_t posterior = 2 * rri_stack_cost(fold->width, sizeof(float));
    const size_t rows = rri_size_multiply(n, d);
    size_t errors = rri_gemm_scratch(fold->kernels, n, d, d);
    errors = rri_stack_add(errors, rows, sizeof(float));
    errors = rri_stack_add(errors, rows, sizeof(float));
    return rri_size_larger(posterior, errors);
}
