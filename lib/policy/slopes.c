/* SPDX-License-Identifier: MIT */
#include "policy/slopes.h"

#include <string.h>

#include "core/memory.h"
#include "policy/reference.h"
#include "policy/softmax.h"
#include "policy/sweep.h"

/* End of what one row really has of a strip. */
static size_t real_end(const rri_logits_tile *tile, size_t row, size_t begin, size_t end)
{
    const rri_logits_input *in = tile->in;
    const size_t length = rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + row);
    return length < begin ? begin : rri_size_smaller(end, length);
}

/* dz_i = −g p_i of positions [begin, begin + n) of one row, n ≤ RRI_LOGITS_STRIP, from its kept e_i
 * = exp(z_i − b), b the running maximum of the block: p_i = e_i exp((b − m) − L). */
static void slopes_of_kept(float *dz, const float *e, const rri_slopes *slopes,
                           const rri_logits_tile *tile, size_t row, size_t begin, size_t n)
{
    const rri_policy_tape *tape = slopes->tape;
    const rri_softmax_block *loops = tile->in->kernels->softmax;
    const float *maxima = tape->block_maxima + row * rri_sweep_blocks(tile->width);
    float shares[RRI_LOGITS_STRIP / RRI_SOFTMAX_BLOCK];
    const size_t n_blocks = rri_sweep_blocks(n), first = begin / RRI_SOFTMAX_BLOCK;
    for (size_t b = 0; b < n_blocks; b++) {
        shares[b] = (maxima[first + b] - tape->maxima[row]) - (float)tape->log_sums[row];
    }
    rri_vec_exp(tile->in->kernels, shares, shares, n_blocks);
    for (size_t b = 0; b < n_blocks; b++) {
        const size_t i = b * RRI_SOFTMAX_BLOCK;
        loops->scaled(dz + i, e + i, -slopes->d_log_probs[row] * shares[b],
                      rri_size_smaller(RRI_SOFTMAX_BLOCK, n - i));
    }
}

void rri_slopes_compute(float *dZ, size_t ldz, const rri_slopes *slopes,
                        const rri_logits_tile *tile, size_t begin, size_t end, rri_stack *scratch)
{
    const rri_policy_tape *tape = slopes->tape;
    const rri_softmax_block *loops = tile->in->kernels->softmax;
    const size_t mark = rri_stack_mark(scratch);
    if (tape->logits == NULL) {
        rri_logits_compute(dZ, ldz, tile, 0, tile->n_rows, begin, end, scratch);
    }
    float *more = NULL; /* before the slopes are written over the logits */
    if (tape->reference != NULL) {
        const bool is_kept = tape->logits != NULL;
        more = RRI_STACK_TAKE(scratch, float, tile->n_rows *(end - begin));
        rri_reference_slopes(more, tape, tile,
                             is_kept ? tape->logits + tile->row_begin * tile->width + begin : dZ,
                             is_kept ? tile->width : ldz, begin, end, scratch);
    }
    for (size_t r = 0; r < tile->n_rows; r++) {
        const size_t row = tile->row_begin + r;
        const size_t last = real_end(tile, r, begin, end);
        const float g = slopes->d_log_probs[row];
        float *dz = dZ + r * ldz;
        const float *z = tape->logits != NULL ? tape->logits + row * tile->width + begin : dz;
        if (tape->logits != NULL && tape->block_maxima != NULL) {
            slopes_of_kept(dz, z, slopes, tile, row, begin, last - begin);
        } else {
            loops->slope(dz, z, tape->maxima[row], (float)tape->log_sums[row], g, slopes->d_entropy,
                         tape->entropies[row], last - begin);
        }
        memset(dz + (last - begin), 0, (end - last) * sizeof *dz);
        const size_t action = (size_t)slopes->actions[row];
        if (action >= begin && action < last) {
            dz[action - begin] += g;
        }
        if (more != NULL) {
            rri_vec_add(tile->in->kernels, dz, more + r * (end - begin), last - begin);
        }
    }
    rri_stack_rewind(scratch, mark);
}

/* Lists take their vectors one by one, in order of positions. */
static void add_listed(float *dq, const float *dz, const rri_logits_tile *tile, size_t row,
                       size_t begin, size_t end)
{
    const size_t dim = tile->in->catalogue->dim, last = real_end(tile, row, begin, end);
    for (size_t at = begin; at < last; at += RRI_SOFTMAX_BLOCK) {
        const float *rows[RRI_SOFTMAX_BLOCK];
        const size_t n = rri_size_smaller(RRI_SOFTMAX_BLOCK, last - at);
        rri_logits_vectors(rows, tile, row, at, n);
        rri_vec_axpys(tile->in->kernels, dq, dz + (at - begin), rows, n, dim);
    }
}

void rri_slopes_add_vectors(float *dq, const float *dZ, size_t ldz, const rri_logits_tile *tile,
                            size_t begin, size_t end, rri_stack *scratch)
{
    const rri_catalogue *catalogue = tile->in->catalogue;
    const size_t dim = catalogue->dim;
    if (tile->in->menu->k == 0) {
        rri_gemm(tile->in->kernels, dq, dim, rri_view_rows(dZ, ldz),
                 rri_view_rows(catalogue->vectors + begin * dim, dim), tile->n_rows, dim,
                 end - begin, begin > 0, scratch);
        return;
    }
    if (begin == 0) {
        memset(dq, 0, tile->n_rows * dim * sizeof *dq);
    }
    for (size_t r = 0; r < tile->n_rows; r++) {
        add_listed(dq + r * dim, dZ + r * ldz, tile, r, begin, end);
    }
}

/* In the pool only what a row was shown counts, and there are no features. */
static void add_pool_sums(rri_policy_sums *sums, const float *dz, const rri_logits_tile *tile,
                          size_t row, size_t begin, size_t end)
{
    const size_t h = tile->in->menu->h;
    const size_t n_shown = tile->shown != NULL ? tile->n_shown[row] : 0;
    for (size_t i = 0; i < n_shown; i++) {
        const size_t item = (size_t)tile->shown[row * h + i];
        if (item >= begin && item < end) {
            sums->d_repeat_weight -= (double)dz[item - begin] * tile->shown_counts[row * h + i];
        }
    }
}

static void add_list_sums(rri_policy_sums *sums, const float *dz, const rri_logits_tile *tile,
                          size_t row, size_t begin, size_t end)
{
    const rri_menu *menu = tile->in->menu;
    const rri_head *head = tile->in->head;
    const size_t last = real_end(tile, row, begin, end);
    for (size_t i = begin; head->has_repeat_weight && i < last; i++) {
        sums->d_repeat_weight -= (double)dz[i - begin] * rri_logits_count(tile, row, i);
    }
    if (head->feature_weights == NULL || menu->features == NULL) {
        return;
    }
    const size_t n_features = head->feature_dim;
    const float *f =
        menu->features + rri_menu_row(menu, tile->row_begin + row) * menu->k * n_features;
    for (size_t i = begin; i < last; i++) {
        for (size_t j = 0; j < n_features; j++) {
            sums->d_feature_weights[j] += (double)dz[i - begin] * (double)f[i * n_features + j];
        }
    }
    for (size_t i = begin; sums->d_row_weights != NULL && i < last; i++) {
        rri_vec_axpy(tile->in->kernels, sums->d_row_weights + (tile->row_begin + row) * n_features,
                     dz[i - begin], f + i * n_features, n_features);
    }
}

/* The errors are made again. */
static void add_error_sums(rri_policy_sums *sums, const float *dz, const rri_logits_tile *tile,
                           size_t row, size_t begin, size_t end, rri_stack *scratch)
{
    const size_t last = real_end(tile, row, begin, end);
    const double acquaintance = (double)rri_logits_acquaintance(tile, row);
    for (size_t at = begin; at < last; at += RRI_SOFTMAX_BLOCK) {
        float errors[RRI_SOFTMAX_BLOCK];
        const size_t n = rri_size_smaller(RRI_SOFTMAX_BLOCK, last - at);
        rri_logits_errors(errors, tile, row, at, n, scratch);
        for (size_t i = 0; i < n; i++) {
            const double slope = (double)dz[at - begin + i] * (double)errors[i];
            sums->d_error_weight += slope;
            sums->d_error_fall += slope * acquaintance;
        }
    }
}

void rri_slopes_add_sums(rri_policy_sums *sums, const float *dZ, size_t ldz,
                         const rri_logits_tile *tile, size_t begin, size_t end, rri_stack *scratch)
{
    for (size_t r = 0; r < tile->n_rows; r++) {
        if (tile->in->fold != NULL) {
            add_error_sums(sums, dZ + r * ldz, tile, r, begin, end, scratch);
        }
        if (tile->in->menu->k == 0) {
            add_pool_sums(sums, dZ + r * ldz, tile, r, begin, end);
        } else {
            add_list_sums(sums, dZ + r * ldz, tile, r, begin, end);
        }
    }
}
