/* SPDX-License-Identifier: MIT */
#include "policy/policy.h"

#include <string.h>

#include "core/memory.h"
#include "policy/slopes.h"
#include "policy/softmax.h"
#include "policy/sweep.h"

void rri_policy_forward_tile(float *log_probs, rri_policy_tape *tape, const rri_logits_tile *tile,
                             const int32_t *actions, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), row = tile->row_begin;
    rri_sweep sweep = {0};
    if (tape->logits != NULL) {
        sweep.tile = tile;
        sweep.Z = tape->logits + row * tile->width;
        sweep.ldz = tile->width;
        sweep.is_whole = true;
        if (tape->block_maxima != NULL) {
            sweep.block_maxima = tape->block_maxima + row * rri_sweep_blocks(tile->width);
            sweep.keeps_exp = true;
        }
    } else {
        rri_sweep_init(&sweep, tile, scratch);
    }
    sweep.maxima = tape->maxima + row;
    sweep.log_sums = tape->log_sums + row;
    sweep.entropies = tape->entropies + row;
    sweep.actions = actions != NULL ? actions + row : NULL;
    sweep.log_probs = actions != NULL ? log_probs + row : NULL;
    rri_sweep_run(&sweep, scratch);
    rri_stack_rewind(scratch, mark);
}

void rri_policy_forward(float *log_probs, rri_policy_tape *tape, const rri_logits_input *in,
                        const int32_t *actions, size_t row_begin, size_t row_end,
                        rri_stack *scratch)
{
    for (size_t row = row_begin; row < row_end; row += RRI_LOGITS_TILE) {
        const size_t mark = rri_stack_mark(scratch);
        rri_logits_tile tile;
        rri_logits_prepare(&tile, in, row, rri_size_smaller(RRI_LOGITS_TILE, row_end - row),
                           scratch);
        rri_policy_forward_tile(log_probs, tape, &tile, actions, scratch);
        rri_stack_rewind(scratch, mark);
    }
}

void rri_policy_log_probs(float *all, const rri_logits_input *in, size_t row_begin, size_t row_end,
                          rri_stack *scratch)
{
    const size_t width = rri_menu_width(in->menu, in->catalogue->n_items);
    for (size_t row = row_begin; row < row_end; row += RRI_LOGITS_TILE) {
        const size_t n_rows = rri_size_smaller(RRI_LOGITS_TILE, row_end - row);
        float maxima[RRI_LOGITS_TILE];
        float entropies[RRI_LOGITS_TILE];
        double log_sums[RRI_LOGITS_TILE];
        const size_t mark = rri_stack_mark(scratch);
        rri_logits_tile tile;
        rri_logits_prepare(&tile, in, row, n_rows, scratch);
        const rri_sweep sweep = {.tile = &tile,
                                 .Z = all + row * width,
                                 .ldz = width,
                                 .is_whole = true,
                                 .maxima = maxima,
                                 .log_sums = log_sums,
                                 .entropies = entropies};
        rri_sweep_run(&sweep, scratch);
        for (size_t r = 0; r < n_rows; r++) {
            float *z = all + (row + r) * width;
            in->kernels->softmax->log_prob(z, z, maxima[r], log_sums[r], width);
        }
        rri_stack_rewind(scratch, mark);
    }
}

/* dq [rows, d] of a tile without its factor τ. Where the slopes of whole rows are held and V is
 * packed, one product takes the place of the strips'; its parts of 256 are the same. */
static void backward_tile(float *dq, rri_policy_sums *sums, const rri_slopes *slopes,
                          const rri_logits_tile *tile, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    const bool has_d_logits = slopes->tape->d_logits != NULL;
    const bool is_whole = has_d_logits || tile->width <= RRI_LOGITS_STRIP;
    const float *panels = in->menu->k == 0 && is_whole ? in->catalogue->query_panels : NULL;
    const size_t ldz = is_whole ? tile->width : RRI_LOGITS_STRIP;
    float *dZ = has_d_logits ? slopes->tape->d_logits + tile->row_begin * tile->width
                             : RRI_STACK_TAKE(scratch, float, tile->n_rows *ldz);
    for (size_t begin = 0; begin < tile->width; begin += RRI_LOGITS_STRIP) {
        const size_t end = rri_size_smaller(begin + RRI_LOGITS_STRIP, tile->width);
        float *strip = is_whole ? dZ + begin : dZ;
        rri_slopes_compute(strip, ldz, slopes, tile, begin, end, scratch);
        if (sums != NULL) {
            rri_slopes_add_sums(sums, strip, ldz, tile, begin, end, scratch);
        }
        if (panels == NULL) {
            rri_slopes_add_vectors(dq, strip, ldz, tile, begin, end, scratch);
        }
    }
    if (panels != NULL) {
        const size_t dim = in->catalogue->dim;
        rri_gemm_packed(in->kernels, dq, dim, rri_view_rows(dZ, ldz), panels, tile->n_rows, dim,
                        tile->width, false, scratch);
    }
}

void rri_policy_backward_query_tile(float *dq, rri_policy_sums *sums, rri_policy_tape *tape,
                                    const rri_logits_tile *tile, const int32_t *actions,
                                    const float *d_log_probs, float d_entropy, rri_stack *scratch)
{
    const rri_slopes slopes = {tape, actions, d_log_probs, d_entropy};
    const rri_logits_input *in = tile->in;
    const size_t dim = in->catalogue->dim, row = tile->row_begin;
    const size_t mark = rri_stack_mark(scratch);
    backward_tile(dq + row * dim, sums, &slopes, tile, scratch);
    if (in->head->scale != 1.0f) {
        rri_vec_scale(in->kernels, dq + row * dim, in->head->scale, tile->n_rows * dim);
    }
    for (size_t r = row; sums != NULL && r < row + tile->n_rows; r++) {
        sums->d_log_scale += (double)rri_dot(in->kernels, in->q + r * dim, dq + r * dim, dim);
    }
    rri_stack_rewind(scratch, mark);
}

/* ── the items' side ── */

/* Rows of one product dV += dZᵀ · τ q: as many as one chain of additions has. */
#define ITEM_ROWS  RRI_K_CUT
#define ITEM_TILES (ITEM_ROWS / RRI_LOGITS_TILE)

/* At most ITEM_ROWS rows with their queries scaled by τ, prepared where slopes are made again. */
typedef struct item_rows {
    rri_logits_tile tiles[ITEM_TILES];
    size_t n_tiles, row, n_rows;
    const float *scaled_q; /* [n_rows, d] */
} item_rows;

static void prepare_rows(item_rows *rows, const rri_logits_input *in, size_t row,
                         bool are_slopes_kept, rri_stack *scratch)
{
    const size_t dim = in->catalogue->dim;
    rows->row = row;
    rows->n_rows = rri_size_smaller(ITEM_ROWS, in->menu->n - row);
    rows->n_tiles = 0;
    for (size_t r = 0; r < rows->n_rows; r += RRI_LOGITS_TILE) {
        rri_logits_tile *tile = &rows->tiles[rows->n_tiles++];
        const size_t n_rows = rri_size_smaller(RRI_LOGITS_TILE, rows->n_rows - r);
        if (are_slopes_kept) {
            *tile = (rri_logits_tile){.in = in,
                                      .row_begin = row + r,
                                      .n_rows = n_rows,
                                      .width = rri_menu_width(in->menu, in->catalogue->n_items)};
        } else {
            rri_logits_prepare(tile, in, row + r, n_rows, scratch);
        }
    }
    rows->scaled_q = in->q + row * dim;
    if (in->head->scale != 1.0f) {
        float *scaled = RRI_STACK_TAKE(scratch, float, rows->n_rows *dim);
        memcpy(scaled, in->q + row * dim, rows->n_rows * dim * sizeof(float));
        rri_vec_scale(in->kernels, scaled, in->head->scale, rows->n_rows * dim);
        rows->scaled_q = scaled;
    }
}

/* dZ of these rows and positions [begin, end), held on the tape or made again in buffer [n_rows,
 * 256]. */
static rri_view rows_slopes(float *buffer, const item_rows *rows, const rri_slopes *slopes,
                            size_t begin, size_t end, rri_stack *scratch)
{
    const size_t width = rows->tiles[0].width;
    if (slopes->tape->d_logits != NULL) {
        return rri_view_rows(slopes->tape->d_logits + rows->row * width + begin, width);
    }
    for (size_t t = 0; t < rows->n_tiles; t++) {
        rri_slopes_compute(buffer + t * RRI_LOGITS_TILE * RRI_SOFTMAX_BLOCK, RRI_SOFTMAX_BLOCK,
                           slopes, &rows->tiles[t], begin, end, scratch);
    }
    return rri_view_rows(buffer, RRI_SOFTMAX_BLOCK);
}

/* The pool: a product for each block of items. */
static void add_pool_items(float *dV, float *db, const item_rows *rows, const rri_view dZ,
                           size_t begin, size_t end, rri_stack *scratch)
{
    const rri_logits_input *in = rows->tiles[0].in;
    const size_t dim = in->catalogue->dim;
    if (dV != NULL) {
        rri_gemm(in->kernels, dV + begin * dim, dim, rri_view_transposed(dZ.data, dZ.row_stride),
                 rri_view_rows(rows->scaled_q, dim), end - begin, dim, rows->n_rows, true, scratch);
    }
    for (size_t r = 0; db != NULL && r < rows->n_rows; r++) {
        rri_vec_add(in->kernels, db + begin, dZ.data + r * dZ.row_stride, end - begin);
    }
}

/* Lists: each position's slope goes to its item, row after row. */
static void add_listed_items(float *dV, float *db, const item_rows *rows, const rri_view dZ,
                             size_t begin, size_t end, size_t item_begin, size_t item_end)
{
    const rri_logits_input *in = rows->tiles[0].in;
    const size_t dim = in->catalogue->dim;
    for (size_t r = 0; r < rows->n_rows; r++) {
        const size_t length = rri_menu_length(in->menu, in->catalogue->n_items, rows->row + r);
        for (size_t i = begin; i < rri_size_smaller(end, length); i++) {
            const int32_t item = rri_menu_item(in->menu, rows->row + r, i);
            if (item < 0 || (size_t)item < item_begin || (size_t)item >= item_end) {
                continue;
            }
            const float dz = dZ.data[r * dZ.row_stride + i - begin];
            if (dV != NULL) {
                rri_vec_axpy(in->kernels, dV + (size_t)item * dim, dz, rows->scaled_q + r * dim,
                             dim);
            }
            if (db != NULL) {
                db[item] += dz;
            }
        }
    }
}

void rri_policy_backward_items(float *dV, float *db, const rri_policy_tape *tape,
                               const rri_logits_input *in, const int32_t *actions,
                               const float *d_log_probs, float d_entropy, size_t item_begin,
                               size_t item_end, rri_stack *scratch)
{
    const rri_slopes slopes = {tape, actions, d_log_probs, d_entropy};
    const bool is_pool = in->menu->k == 0;
    const size_t first = is_pool ? item_begin : 0;
    const size_t last = is_pool ? item_end : in->menu->k;
    for (size_t row = 0; row < in->menu->n; row += ITEM_ROWS) {
        const size_t mark = rri_stack_mark(scratch);
        item_rows rows;
        prepare_rows(&rows, in, row, tape->d_logits != NULL, scratch);
        float *buffer = tape->d_logits != NULL
                            ? NULL
                            : RRI_STACK_TAKE(scratch, float, rows.n_rows *RRI_SOFTMAX_BLOCK);
        for (size_t begin = first; begin < last; begin += RRI_SOFTMAX_BLOCK) {
            const size_t end = rri_size_smaller(begin + RRI_SOFTMAX_BLOCK, last);
            const rri_view dZ = rows_slopes(buffer, &rows, &slopes, begin, end, scratch);
            if (is_pool) {
                add_pool_items(dV, db, &rows, dZ, begin, end, scratch);
            } else {
                add_listed_items(dV, db, &rows, dZ, begin, end, item_begin, item_end);
            }
        }
        rri_stack_rewind(scratch, mark);
    }
}

size_t rri_policy_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t dim = limits->dim;
    const size_t tile_rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t item_count = rri_size_smaller(limits->n, ITEM_ROWS);
    const size_t strip = rri_size_smaller(rri_sweep_width(limits), RRI_LOGITS_STRIP);
    const size_t to_query = rri_gemm_scratch(kernels, tile_rows, dim, strip) +
                            rri_gemm_packed_scratch(kernels, tile_rows, rri_sweep_width(limits));
    size_t to_items = rri_size_multiply(ITEM_TILES, rri_logits_prepare_scratch(limits));
    to_items = rri_stack_add(to_items, rri_size_multiply(item_count, dim), sizeof(float));
    to_items = rri_stack_add(to_items, item_count * RRI_SOFTMAX_BLOCK, sizeof(float));
    to_items =
        rri_size_add(to_items, rri_gemm_scratch(kernels, RRI_SOFTMAX_BLOCK, dim, item_count));
    return rri_size_add(rri_sweep_scratch(kernels, limits), rri_size_larger(to_query, to_items));
}
