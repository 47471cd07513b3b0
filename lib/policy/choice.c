/* SPDX-License-Identifier: MIT */
#include "policy/choice.h"

#include <math.h>

#include "core/memory.h"
#include "math/scalar.h"
#include "policy/best.h"
#include "policy/large_pool.h"
#include "policy/sweep.h"

/* ── draw ── */

/* What a draw from one tile's rows needs of its sweep. */
typedef struct draw_tile {
    const rri_logits_tile *tile;
    const rri_sweep *sweep;
    size_t n_blocks;
    rri_stack *scratch;
} draw_tile;

/* z of one block of one row: still there, or made again. */
static const float *block_logits(float buffer[RRI_SOFTMAX_BLOCK], const draw_tile *draw, size_t row,
                                 size_t block, size_t n)
{
    const size_t begin = block * RRI_SOFTMAX_BLOCK;
    if (draw->sweep->is_whole) {
        return draw->sweep->Z + row * draw->sweep->ldz + begin;
    }
    rri_logits_compute(buffer, RRI_SOFTMAX_BLOCK, draw->tile, row, 1, begin, begin + n,
                       draw->scratch);
    return buffer;
}

/* The place in weights [n], of which one is > 0, that `share` in [0, 1) of their sum falls into;
 * the last with weight > 0 where rounding overshoots. `within` (nullable) receives where in that
 * weight, in [0, 1). */
static size_t find_place(const double *weights, size_t n, double share, double *within)
{
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        total += weights[i];
    }
    const double target = share * total;
    double end = 0.0; /* of the weights up to `place` */
    size_t place = 0;
    for (size_t i = 0; i < n && !(end > target); i++) {
        if (weights[i] > 0.0) {
            place = i;
            end += weights[i];
        }
    }
    if (within != NULL) {
        const double exact = 1.0 - (end - target) / weights[place];
        *within = exact < 0.0 ? 0.0 : exact < 1.0 ? exact : 1.0 - 0x1p-53;
    }
    return place;
}

/* Where logits are not finite there is no distribution: the first position that may be chosen. */
static size_t first_allowed(const draw_tile *draw, size_t row, size_t length, float *logit)
{
    float buffer[RRI_SOFTMAX_BLOCK];
    for (size_t begin = 0; begin < length; begin += RRI_SOFTMAX_BLOCK) {
        const size_t n = rri_size_smaller(RRI_SOFTMAX_BLOCK, length - begin);
        const float *z = block_logits(buffer, draw, row, begin / RRI_SOFTMAX_BLOCK, n);
        for (size_t i = 0; i < n; i++) {
            if (z[i] != -INFINITY) {
                *logit = z[i];
                return begin + i;
            }
        }
    }
    *logit = NAN;
    return 0;
}

/* The block sums of one row, below the maxima of their blocks, as sums below the row's maximum. */
static void rescale_sums(double *sums, const rri_kernels *kernels, const float *maxima, float max,
                         size_t n_blocks)
{
    float factors[RRI_SOFTMAX_BLOCK];
    for (size_t first = 0; first < n_blocks; first += RRI_SOFTMAX_BLOCK) {
        const size_t n = rri_size_smaller(RRI_SOFTMAX_BLOCK, n_blocks - first);
        rri_vec_exp_shifted(kernels, factors, maxima + first, max, n);
        for (size_t b = 0; b < n; b++) {
            sums[first + b] *= (double)factors[b];
        }
    }
}

/* The place within one block, z [n] below its maximum: the run of sixteen by the sums of the runs,
 * then the position. */
static size_t draw_within(const rri_kernels *kernels, const float *z, float max, size_t n,
                          double share)
{
    float parts[RRI_SOFTMAX_BLOCK];
    double weights[RRI_SOFTMAX_BLOCK / RRI_SOFTMAX_LANES];
    rri_vec_exp_shifted(kernels, parts, z, max, n);
    const size_t n_runs = (n + RRI_SOFTMAX_LANES - 1) / RRI_SOFTMAX_LANES;
    for (size_t run = 0; run < n_runs; run++) {
        const size_t begin = run * RRI_SOFTMAX_LANES;
        weights[run] =
            (double)rri_sum(kernels, parts + begin, rri_size_smaller(RRI_SOFTMAX_LANES, n - begin));
    }
    double within = 0.0;
    const size_t begin = find_place(weights, n_runs, share, &within) * RRI_SOFTMAX_LANES;
    const size_t n_here = rri_size_smaller(RRI_SOFTMAX_LANES, n - begin);
    for (size_t i = 0; i < n_here; i++) {
        weights[i] = (double)parts[begin + i];
    }
    return begin + find_place(weights, n_here, within, NULL);
}

/* The block by the sums of all blocks, then the place within it. The place is carried over as a
 * share, so that two sums of the same terms need not agree in the last bit. */
static size_t draw_row(const draw_tile *draw, size_t row, double uniform, float *logit)
{
    const rri_logits_input *in = draw->tile->in;
    const size_t length =
        rri_menu_length(in->menu, in->catalogue->n_items, draw->tile->row_begin + row);
    const size_t n_blocks = rri_sweep_blocks(length);
    double *sums = draw->sweep->block_sums + row * draw->n_blocks;
    const float *maxima = draw->sweep->block_maxima + row * draw->n_blocks;
    const float max = draw->sweep->maxima[row];
    if (!isfinite(draw->sweep->log_sums[row]) || !isfinite(max)) {
        return first_allowed(draw, row, length, logit);
    }
    rescale_sums(sums, in->kernels, maxima, max, n_blocks);
    double within = 0.0;
    const size_t block = find_place(sums, n_blocks, uniform, &within);

    float buffer[RRI_SOFTMAX_BLOCK];
    const size_t n = rri_size_smaller(RRI_SOFTMAX_BLOCK, length - block * RRI_SOFTMAX_BLOCK);
    const float *z = block_logits(buffer, draw, row, block, n);
    const size_t place = draw_within(in->kernels, z, maxima[block], n, within);
    *logit = z[place];
    return block * RRI_SOFTMAX_BLOCK + place;
}

static void draw_tile_rows(int32_t *actions, float *log_probs, float *entropies,
                           const rri_logits_input *in, const double *uniforms, size_t row,
                           size_t n_rows, rri_stack *scratch)
{
    float maxima[RRI_LOGITS_TILE];
    float tile_entropies[RRI_LOGITS_TILE];
    double log_sums[RRI_LOGITS_TILE];
    const size_t mark = rri_stack_mark(scratch);
    rri_logits_tile tile;
    rri_logits_prepare(&tile, in, row, n_rows, scratch);
    const size_t n_blocks = rri_sweep_blocks(tile.width);
    rri_sweep sweep;
    rri_sweep_init(&sweep, &tile, scratch);
    sweep.maxima = maxima;
    sweep.log_sums = log_sums;
    sweep.entropies = entropies != NULL ? entropies + row : tile_entropies;
    sweep.block_sums = RRI_STACK_TAKE(scratch, double, n_rows *n_blocks);
    sweep.block_maxima = RRI_STACK_TAKE(scratch, float, n_rows *n_blocks);
    rri_sweep_run(&sweep, scratch);

    const draw_tile draw = {&tile, &sweep, n_blocks, scratch};
    for (size_t r = 0; r < n_rows; r++) {
        float logit;
        actions[row + r] = (int32_t)draw_row(&draw, r, uniforms[row + r], &logit);
        log_probs[row + r] = rri_softmax_log_prob(logit, maxima[r], log_sums[r]);
    }
    rri_stack_rewind(scratch, mark);
}

void rri_choice_draw(int32_t *actions, float *log_probs, float *entropies,
                     const rri_logits_input *in, const double *uniforms, size_t row_begin,
                     size_t row_end, rri_stack *scratch)
{
    for (size_t row = row_begin; row < row_end; row += RRI_LOGITS_TILE) {
        draw_tile_rows(actions, log_probs, entropies, in, uniforms, row,
                       rri_size_smaller(RRI_LOGITS_TILE, row_end - row), scratch);
    }
}

/* ── top k ── */

/* What looks at the logits of a sweep. */
typedef struct visitor {
    const rri_kernels *kernels;
    rri_best *best;
    size_t n_rows;
} visitor;

static void visit_strip(void *context, const float *Z, size_t ldz, size_t begin, size_t end)
{
    const visitor *v = context;
    const size_t n = end - begin;
    for (size_t r = 0; r < v->n_rows; r++) {
        const float *z = Z + r * ldz;
        size_t i = rri_find_above(v->kernels, z, rri_best_bound(v->best, r), 0, n);
        while (i < n) {
            rri_best_offer(v->best, r, z[i], (int32_t)(begin + i));
            i = rri_find_above(v->kernels, z, rri_best_bound(v->best, r), i + 1, n);
        }
    }
}

/* Rows of one tile, each after the other. maxima NULL: m and L are not wanted. */
static void sweep_best(rri_best *best, float *maxima, double *log_sums, const rri_logits_input *in,
                       size_t row, size_t n_rows, rri_stack *scratch)
{
    float entropies[RRI_LOGITS_TILE];
    rri_logits_tile tile;
    rri_logits_prepare(&tile, in, row, n_rows, scratch);
    visitor v = {in->kernels, best, n_rows};
    rri_sweep sweep;
    rri_sweep_init(&sweep, &tile, scratch);
    if (maxima != NULL) {
        sweep.maxima = maxima;
        sweep.log_sums = log_sums;
        sweep.entropies = entropies;
    }
    sweep.visit = visit_strip;
    sweep.context = &v;
    rri_sweep_run(&sweep, scratch);
}

/* Whether the rows lie in the vector lanes: then the items are read as they lie, and nothing of
 * them is packed. */
static bool goes_by_lanes(const rri_logits_input *in, size_t n_rows)
{
    return in->menu->k == 0 && n_rows > RRI_FEW_ROWS && in->catalogue->n_items > RRI_LOGITS_STRIP;
}

static void top_tile(int32_t *positions, float *log_probs, size_t k_best,
                     const rri_logits_input *in, size_t row, size_t n_rows, rri_stack *scratch)
{
    float maxima[RRI_LOGITS_TILE];
    double log_sums[RRI_LOGITS_TILE];
    size_t found[RRI_LOGITS_TILE] = {0};
    const size_t mark = rri_stack_mark(scratch);
    rri_best b = {.logits = RRI_STACK_TAKE(scratch, float, n_rows *k_best),
                  .positions = positions + row * k_best,
                  .n = found,
                  .most = k_best};
    float *wanted = log_probs != NULL ? maxima : NULL;
    if (goes_by_lanes(in, n_rows)) {
        rri_large_pool_top(&b, wanted, log_sums, in, row, n_rows, scratch);
    } else {
        sweep_best(&b, wanted, log_sums, in, row, n_rows, scratch);
    }

    for (size_t r = 0; r < n_rows; r++) {
        rri_best_sort(&b, r);
        for (size_t i = 0; i < k_best; i++) {
            const bool is_there = i < found[r];
            const float logit = is_there ? b.logits[r * k_best + i] : 0.0f;
            b.positions[r * k_best + i] = is_there ? b.positions[r * k_best + i] : -1;
            if (log_probs != NULL) {
                log_probs[(row + r) * k_best + i] =
                    is_there ? rri_softmax_log_prob(logit, maxima[r], log_sums[r]) : -INFINITY;
            }
        }
    }
    rri_stack_rewind(scratch, mark);
}

void rri_choice_top_k(int32_t *positions, float *log_probs, size_t k_best,
                      const rri_logits_input *in, size_t row_begin, size_t row_end,
                      rri_stack *scratch)
{
    for (size_t row = row_begin; row < row_end; row += RRI_LOGITS_TILE) {
        top_tile(positions, log_probs, k_best, in, row,
                 rri_size_smaller(RRI_LOGITS_TILE, row_end - row), scratch);
    }
}

size_t rri_choice_draw_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t n_blocks = rri_sweep_blocks(rri_sweep_width(limits));
    const size_t n_sums = rri_size_multiply(rows, n_blocks);
    return rri_stack_add(rri_stack_add(rri_sweep_scratch(kernels, limits), n_sums, sizeof(double)),
                         n_sums, sizeof(float));
}

size_t rri_choice_top_k_scratch(const rri_kernels *kernels, const rri_logits_limits *limits,
                                size_t k_best)
{
    const size_t rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t sweep = rri_sweep_scratch(kernels, limits);
    const size_t lanes = rri_large_pool_top_scratch(kernels, limits);
    return rri_stack_add(rri_size_larger(sweep, lanes), rri_size_multiply(rows, k_best),
                         sizeof(float));
}
