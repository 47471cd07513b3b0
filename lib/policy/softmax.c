/* SPDX-License-Identifier: MIT */
#include "policy/softmax.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "math/scalar.h"

void rri_softmax_begin(rri_softmax_row *row)
{
    *row = (rri_softmax_row){.max = -INFINITY, .total_max = -INFINITY};
}

double rri_softmax_fold(const float lanes[16])
{
    double s[16];
    for (size_t l = 0; l < RRI_SOFTMAX_LANES; l++) {
        s[l] = (double)lanes[l];
    }
    for (size_t half = RRI_SOFTMAX_LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            s[l] += s[l + half];
        }
    }
    return s[0];
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
    *log_sum = rri_softmax_log(row->total_sum);
    *entropy = (float)(*log_sum - row->total_moment / row->total_sum);
}

/* x = 2^e f with √½ ≤ f < √2, and ln f = 2 artanh((f − 1) / (f + 1)) by its series, |y| < 0.172. */
double rri_softmax_log(double x)
{
    if (!(x > 0.0) || x == (double)INFINITY) {
        return (double)NAN;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t root_half = 0x3fe6a09e667f3bcdu;
    const int64_t e = (int64_t)(bits - root_half) >> 52;
    bits -= (uint64_t)e << 52;
    double f;
    memcpy(&f, &bits, sizeof f);

    const double y = (f - 1.0) / (f + 1.0);
    const double y2 = y * y;
    double series = 0.0;
    for (int term = 25; term >= 3; term -= 2) {
        series = (series + 1.0 / (double)term) * y2;
    }
    return (double)e * 0x1.62e42fefa39efp-1 + 2.0 * (y + y * series);
}
