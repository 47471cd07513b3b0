/* SPDX-License-Identifier: MIT */
#include "policy/logits.h"

#include <math.h>

#include "core/memory.h"
#include "policy/candidates.h"
#include "policy/identity.h"
#include "policy/softmax.h"
#include "policy/tally.h"

static bool counts_history(const rri_logits_input *in)
{
    return in->head->has_repeat_weight && in->menu->history != NULL && in->menu->h > 0;
}

static bool has_exclusions(const rri_logits_input *in)
{
    return in->menu->excluded != NULL && in->menu->m > 0;
}

static size_t list_room(const rri_menu *menu)
{
    return rri_identity_renumbers(menu) ? rri_size_larger(menu->h, menu->m) : 0;
}

void rri_logits_prepare(rri_logits_tile *tile, const rri_logits_input *in, size_t row_begin,
                        size_t n_rows, rri_stack *scratch)
{
    const rri_menu *menu = in->menu;
    *tile = (rri_logits_tile){.in = in,
                              .row_begin = row_begin,
                              .n_rows = n_rows,
                              .width = rri_menu_width(menu, in->catalogue->n_items)};
    const size_t n_items = in->catalogue->n_items;
    int32_t *numbers = RRI_STACK_TAKE(scratch, int32_t, list_room(menu));
    if (counts_history(in)) {
        tile->shown = RRI_STACK_TAKE(scratch, int32_t, n_rows * menu->h);
        tile->shown_counts = RRI_STACK_TAKE(scratch, int32_t, n_rows * menu->h);
        tile->n_shown = RRI_STACK_TAKE(scratch, size_t, n_rows);
        for (size_t r = 0; r < n_rows; r++) {
            const size_t row = row_begin + r;
            const rri_entries history = rri_identity_history(menu, row);
            tile->n_shown[r] = rri_tally_build(
                tile->shown + r * menu->h, tile->shown_counts + r * menu->h,
                rri_identity_numbers(numbers, menu, n_items, row, &history), menu->h);
        }
    }
    if (has_exclusions(in)) {
        tile->excluded = RRI_STACK_TAKE(scratch, int32_t, n_rows * menu->m);
        tile->n_excluded = RRI_STACK_TAKE(scratch, size_t, n_rows);
        for (size_t r = 0; r < n_rows; r++) {
            const size_t row = row_begin + r;
            const rri_entries excluded = rri_identity_excluded(menu, row);
            tile->n_excluded[r] = rri_tally_build(
                tile->excluded + r * menu->m, NULL,
                rri_identity_numbers(numbers, menu, n_items, row, &excluded), menu->m);
        }
    }
}

void rri_logits_vectors(const float **rows, const rri_logits_tile *tile, size_t row,
                        size_t position, size_t n)
{
    const rri_logits_input *in = tile->in;
    const rri_menu *menu = in->menu;
    const size_t dim = in->catalogue->dim, at = rri_menu_row(menu, tile->row_begin + row);
    const float *pool = in->catalogue->vectors;
    const float *own =
        menu->vectors != NULL ? menu->vectors + at * rri_menu_vectors(menu) * dim : NULL;
    const int32_t *items =
        menu->candidates != NULL ? menu->candidates + at * menu->k + position : NULL;
    if (menu->n_vectors > 0) {
        own += rri_menu_own(menu, tile->row_begin + row, position) * dim;
        for (size_t i = 0; i < n; i++) {
            rows[i] = items[i] >= 0 ? pool + (size_t)items[i] * dim : own;
            own += items[i] >= 0 ? 0 : dim;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const bool is_in_pool = items != NULL && items[i] >= 0;
        rows[i] = is_in_pool ? pool + (size_t)items[i] * dim : own + (position + i) * dim;
    }
}

int32_t rri_logits_count(const rri_logits_tile *tile, size_t row, size_t position)
{
    const rri_menu *menu = tile->in->menu;
    if (menu->k > 0 && menu->counts != NULL) {
        return menu->counts[rri_menu_row(menu, tile->row_begin + row) * menu->k + position];
    }
    if (tile->shown == NULL) {
        return 0;
    }
    const int32_t item =
        rri_identity_number(menu, tile->in->catalogue->n_items, tile->row_begin + row, position);
    const size_t n = tile->n_shown[row];
    const size_t at = rri_tally_find(tile->shown + row * menu->h, n, item);
    return at < n ? tile->shown_counts[row * menu->h + at] : 0;
}

static bool is_excluded(const rri_logits_tile *tile, size_t row, int32_t item)
{
    const size_t n = tile->n_excluded[row];
    return rri_tally_find(tile->excluded + row * tile->in->menu->m, n, item) < n;
}

void rri_logits_errors(float *errors, const rri_logits_tile *tile, size_t row, size_t position,
                       size_t n, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    const size_t W = in->fold->width;
    const float *rows[RRI_SOFTMAX_BLOCK];
    if (in->menu->k > 0) {
        rri_logits_vectors(rows, tile, row, position, n);
    }
    for (size_t i = 0; in->menu->k == 0 && i < n; i++) {
        rows[i] = in->catalogue->vectors + (position + i) * in->catalogue->dim;
    }
    rri_fold_in_errors(in->fold, errors, in->covariances + (tile->row_begin + row) * W * W, rows, n,
                       scratch);
}

void rri_logits_set_optimism(rri_head *head, const float *beta)
{
    head->error_weight = beta != NULL ? head->scale * beta[0] : 0.0f;
    head->error_fall = beta != NULL ? head->scale * beta[1] : 0.0f;
}

float rri_logits_acquaintance(const rri_logits_tile *tile, size_t row)
{
    const rri_menu *menu = tile->in->menu;
    float n = 0.0f;
    for (size_t i = 0; menu->history != NULL && i < menu->h; i++) {
        const int32_t item =
            menu->history[rri_menu_row(menu, tile->row_begin + row) * menu->h + i];
        n += item >= 0 && (size_t)item < tile->in->catalogue->n_items ? 1.0f : 0.0f;
    }
    return n / (n + 10.0f);
}

/* z [n] += η e of one row's positions from `position` on, block by block. */
static void add_errors(float *z, const rri_logits_tile *tile, size_t row, size_t position, size_t n,
                       rri_stack *scratch)
{
    if (tile->in->fold == NULL) {
        return;
    }
    const rri_head *head = tile->in->head;
    const float weight =
        head->error_weight + head->error_fall * rri_logits_acquaintance(tile, row);
    for (size_t i = 0; i < n; i += RRI_SOFTMAX_BLOCK) {
        float errors[RRI_SOFTMAX_BLOCK];
        const size_t together = rri_size_smaller(RRI_SOFTMAX_BLOCK, n - i);
        rri_logits_errors(errors, tile, row, position + i, together, scratch);
        rri_vec_axpy(tile->in->kernels, z + i, weight, errors, together);
    }
}

/* q·v for the strip's items: the panels of a strip lie together, since 256 is a whole number of
 * panels at every level. */
static void multiply_strip(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                           size_t n_rows, size_t begin, size_t end, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    const rri_catalogue *catalogue = in->catalogue;
    const size_t dim = catalogue->dim;
    const rri_view q = rri_view_rows(in->q + (tile->row_begin + first) * dim, dim);
    if (catalogue->panels != NULL && n_rows == 1) {
        rri_gemm_row(in->kernels, Z, q.data, catalogue->panels + begin * dim, end - begin, dim,
                     catalogue->n_items);
    } else if (catalogue->panels != NULL) {
        rri_gemm_packed(in->kernels, Z, ldz, q, catalogue->panels + begin * dim, n_rows,
                        end - begin, dim, false, scratch);
    } else {
        rri_gemm(in->kernels, Z, ldz, q, rri_view_transposed(catalogue->vectors + begin * dim, dim),
                 n_rows, end - begin, dim, false, scratch);
    }
}

/* The few positions of one pool row that differ from τ q·v + b: z [end − begin]. */
static void touch_pool_row(float *z, const rri_logits_tile *tile, size_t row, size_t begin,
                           size_t end)
{
    const rri_menu *menu = tile->in->menu;
    const size_t n_shown = tile->shown != NULL ? tile->n_shown[row] : 0;
    for (size_t i = 0; i < n_shown; i++) {
        const size_t item = (size_t)tile->shown[row * menu->h + i];
        if (item >= begin && item < end) {
            z[item - begin] -=
                tile->in->head->repeat_weight * (float)tile->shown_counts[row * menu->h + i];
        }
    }
    const size_t n_excluded = tile->excluded != NULL ? tile->n_excluded[row] : 0;
    for (size_t i = 0; i < n_excluded; i++) {
        const size_t item = (size_t)tile->excluded[row * menu->m + i];
        if (item >= begin && item < end) {
            z[item - begin] = -INFINITY;
        }
    }
}

static void hide(float *z, size_t stride, const uint64_t dead[RRI_LIFE_WORDS])
{
    for (size_t w = 0; w < RRI_LIFE_WORDS; w++) {
        for (uint64_t rest = dead[w]; rest != 0; rest &= rest - 1) {
            z[(64 * w + (size_t)__builtin_ctzll(rest)) * stride] = -INFINITY;
        }
    }
}

/* Positions [begin, end) of n_rows rows from `first` on, item after item `item_stride` apart in Z,
 * row after row `row_stride`: what is gone in a row's generation, or had not come yet, is −∞. */
void rri_logits_hide(float *Z, size_t row_stride, size_t item_stride, const rri_menu *menu,
                     size_t first, size_t n_rows, size_t begin, size_t end)
{
    uint64_t dead[RRI_LIFE_WORDS];
    for (size_t at = begin; at < end; at += RRI_LIFE_BLOCK) {
        const size_t last = rri_size_smaller(at + RRI_LIFE_BLOCK, end);
        uint32_t generation = rri_menu_generation(menu, first);
        bool any = rri_life_mask(dead, menu->life, generation, at, last);
        for (size_t r = 0; r < n_rows; r++) {
            const uint32_t own = rri_menu_generation(menu, first + r);
            if (own != generation) {
                generation = own;
                any = rri_life_mask(dead, menu->life, generation, at, last);
            }
            if (any) {
                hide(Z + r * row_stride + (at - begin) * item_stride, item_stride, dead);
            }
        }
    }
}

static void compute_pool(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                         size_t n_rows, size_t begin, size_t end, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    const float *bias = in->catalogue->bias != NULL ? in->catalogue->bias + begin : NULL;
    multiply_strip(Z, ldz, tile, first, n_rows, begin, end, scratch);
    for (size_t r = 0; r < n_rows; r++) {
        float *z = Z + r * ldz;
        if (bias != NULL || in->head->scale != 1.0f) {
            in->kernels->softmax->affine(z, in->head->scale, bias, end - begin);
        }
        add_errors(z, tile, first + r, begin, end - begin, scratch);
        touch_pool_row(z, tile, first + r, begin, end);
    }
    if (in->menu->life != NULL) {
        rri_logits_hide(Z, ldz, 1, in->menu, tile->row_begin + first, n_rows, begin, end);
    }
}

/* w·f of n positions from `position` on. */
static void weigh_features(float *weighted, const rri_logits_tile *tile, size_t row,
                           size_t position, size_t n)
{
    const rri_logits_input *in = tile->in;
    const size_t dim = in->head->feature_dim;
    const bool has_own = in->feature_weights != NULL;
    const float *weights =
        has_own ? in->feature_weights + (tile->row_begin + row) * dim : in->head->feature_weights;
    const float *rows[RRI_SOFTMAX_BLOCK];
    const size_t at = rri_menu_row(in->menu, tile->row_begin + row) * in->menu->k + position;
    for (size_t i = 0; i < n; i++) {
        rows[i] = in->menu->features + (at + i) * dim;
    }
    rri_dots(in->kernels, weighted, weights, rows, n, dim);
    for (size_t i = 0; has_own && in->head->temperature != 1.0f && i < n; i++) {
        weighted[i] /= in->head->temperature;
    }
}

/* What single positions have of their own: b, − κ count, −∞. */
static void touch_list(float *z, const rri_logits_tile *tile, size_t row, size_t position, size_t n)
{
    const rri_logits_input *in = tile->in;
    const rri_head *head = in->head;
    const float *bias = in->catalogue->bias;
    const bool has_counts = in->menu->counts != NULL || tile->shown != NULL;
    for (size_t i = 0; bias != NULL && i < n; i++) {
        const int32_t item = rri_menu_item(in->menu, tile->row_begin + row, position + i);
        z[i] += item >= 0 ? bias[item] : 0.0f;
    }
    for (size_t i = 0; head->has_repeat_weight && has_counts && i < n; i++) {
        z[i] -= head->repeat_weight * (float)rri_logits_count(tile, row, position + i);
    }
    for (size_t i = 0; tile->excluded != NULL && i < n; i++) {
        const int32_t item = rri_identity_number(in->menu, in->catalogue->n_items,
                                                 tile->row_begin + row, position + i);
        z[i] = is_excluded(tile, row, item) ? -INFINITY : z[i];
    }
    for (size_t i = 0; in->menu->life != NULL && i < n; i++) {
        const int32_t item = rri_menu_item(in->menu, tile->row_begin + row, position + i);
        z[i] = rri_menu_is_alive(in->menu, tile->row_begin + row, item) ? z[i] : -INFINITY;
    }
}

/* z [n ≤ 256] of one row's positions from `position` on. */
static void compute_list(float *z, const rri_logits_tile *tile, size_t row, size_t position,
                         size_t n, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    const size_t dim = in->catalogue->dim;
    const float *rows[RRI_SOFTMAX_BLOCK];
    rri_logits_vectors(rows, tile, row, position, n);
    rri_dots(in->kernels, z, in->q + (tile->row_begin + row) * dim, rows, n, dim);
    rri_vec_scale(in->kernels, z, in->head->scale, n);
    if (in->head->feature_weights != NULL && in->menu->features != NULL) {
        float weighted[RRI_SOFTMAX_BLOCK];
        weigh_features(weighted, tile, row, position, n);
        rri_vec_add(in->kernels, z, weighted, n);
    }
    add_errors(z, tile, row, position, n, scratch);
    touch_list(z, tile, row, position, n);
}

static void compute_lists(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                          size_t n_rows, size_t begin, size_t end, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    for (size_t r = first; r < first + n_rows; r++) {
        float *z = Z + (r - first) * ldz;
        const size_t length =
            rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + r);
        const size_t real_end = rri_size_smaller(length, end);
        size_t position = begin;
        for (; position < real_end; position += RRI_SOFTMAX_BLOCK) {
            compute_list(z + (position - begin), tile, r, position,
                         rri_size_smaller(RRI_SOFTMAX_BLOCK, real_end - position), scratch);
        }
        for (position = real_end > begin ? real_end : begin; position < end; position++) {
            z[position - begin] = -INFINITY;
        }
    }
    rri_candidates_add(Z, ldz, tile, first, n_rows, begin, end, scratch);
}

void rri_logits_compute(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                        size_t n_rows, size_t begin, size_t end, rri_stack *scratch)
{
    if (tile->in->menu->k > 0) {
        compute_lists(Z, ldz, tile, first, n_rows, begin, end, scratch);
    } else {
        compute_pool(Z, ldz, tile, first, n_rows, begin, end, scratch);
    }
}

size_t rri_logits_prepare_scratch(const rri_logits_limits *limits)
{
    const size_t rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t shown = rri_size_multiply(rows, limits->h);
    const size_t list = rri_size_larger(limits->h, limits->m);
    size_t bytes = 2 * rri_stack_cost(rows, sizeof(size_t));
    bytes = rri_stack_add(bytes, list, sizeof(int32_t));
    bytes = rri_stack_add(bytes, shown, sizeof(int32_t));
    bytes = rri_stack_add(bytes, shown, sizeof(int32_t));
    return rri_stack_add(bytes, rri_size_multiply(rows, limits->m), sizeof(int32_t));
}

size_t rri_logits_compute_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t strip = rri_size_smaller(limits->n_items, RRI_LOGITS_STRIP);
    const size_t packed = rri_gemm_packed_scratch(kernels, rows, limits->dim);
    const size_t unpacked = rri_gemm_scratch(kernels, rows, strip, limits->dim);
    const size_t of_candidates = rri_size_larger(limits->candidate_bytes, limits->error_bytes);
    return rri_size_larger(of_candidates, packed > unpacked ? packed : unpacked);
}
