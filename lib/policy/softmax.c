/* SPDX-License-Identifier: MIT */
#include "policy/softmax.h"

#include <math.h>
#include <string.h>

#include "core/log.h"
#include "math/lanes.h"
#include "math/scalar.h"

void rri_softmax_begin(rri_softmax_row *row)
{
    *row = (rri_softmax_row){.max = -INFINITY, .total_max = -INFINITY};
}

double rri_softmax_fold(const float lanes[16])
{
    return rri_lanes_fold_f64(rri_lanes_load(lanes));
}

/* Sums below `max` as sums below `higher`. A chunk without any position adds nothing. */
static void rescale(double *sum, double *moment, float max, float higher)
{
    if (max == higher || max == -INFINITY) {
        return;
    }
    const float fall = max - higher;
    const double factor = (double)rri_exp(fall);
    *moment = factor * (*moment + (double)fall * *sum);
    *sum = factor * *sum;
}

void rri_softmax_merge(rri_softmax_row *row, float max, double sum, double moment)
{
    const float higher = max > row->total_max ? max : row->total_max;
    rescale(&sum, &moment, max, higher);
    rescale(&row->total_sum, &row->total_moment, row->total_max, higher);
    row->total_sum += sum;
    row->total_moment += moment;
    row->total_max = higher;
}

static void close_chunk(rri_softmax_row *row)
{
    if (row->n_in_chunk == 0) {
        return;
    }
    rri_softmax_merge(row, row->max, rri_softmax_fold(row->sums), rri_softmax_fold(row->moments));
    row->max = -INFINITY;
    memset(row->sums, 0, sizeof row->sums);
    memset(row->moments, 0, sizeof row->moments);
    row->n_in_chunk = 0;
}

/* Makes room for the n positions of the next block. */
static void enter_block(rri_softmax_row *row, size_t n)
{
    if (row->n_in_chunk == RRI_SOFTMAX_CHUNK) {
        close_chunk(row);
    }
    row->n_in_chunk += n;
}

void rri_softmax_add(rri_softmax_row *row, const rri_kernels *kernels, const float *z, size_t n,
                     double *block_sum, const float *ahead)
{
    enter_block(row, n);
    const double sum = kernels->softmax->add(&row->max, row->sums, row->moments, z, n, ahead);
    if (block_sum != NULL) {
        *block_sum = sum;
    }
}

void rri_softmax_add_keeping(rri_softmax_row *row, const rri_kernels *kernels, float *z, size_t n)
{
    enter_block(row, n);
    kernels->softmax->add_keeping(&row->max, row->sums, row->moments, z, n);
}

void rri_softmax_finish(rri_softmax_row *row, float *max, double *log_sum, float *entropy)
{
    close_chunk(row);
    *max = row->total_max;
    *log_sum = rri_log_f64(row->total_sum);
    *entropy = (float)(*log_sum - row->total_moment / row->total_sum);
}
