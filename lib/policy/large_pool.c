/* SPDX-License-Identifier: MIT */
#include "policy/large_pool.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "policy/large_pool_chunk.h"
#include "policy/large_pool_shard.h"
#include "policy/softmax.h"

/* Chunks whose sums wait to be merged. */
#define GROUP ((size_t)64)
/* Shards of dq, as many as their memory allows. */
#define MOST_SHARDS  ((size_t)32)
#define LEAST_SHARDS ((size_t)4)
#define SHARD_FLOATS ((size_t)1 << 20)

/* No pool of at most n_items has more shards than this. */
static size_t most_shards(size_t n_items, size_t dim)
{
    const size_t most = rri_size_larger(SHARD_FLOATS / (RRI_LARGE_POOL_BATCH * dim), LEAST_SHARDS);
    const size_t n_blocks = rri_large_pool_parts(n_items, RRI_SOFTMAX_BLOCK);
    return rri_size_smaller(rri_size_smaller(most, MOST_SHARDS), n_blocks);
}

/* Blocks of one shard; the last shard may have fewer. */
static size_t shard_blocks(size_t n_items, size_t dim)
{
    const size_t n_blocks = rri_large_pool_parts(n_items, RRI_SOFTMAX_BLOCK);
    return rri_large_pool_parts(n_blocks, most_shards(n_items, dim));
}

static void forward_batch(float *log_probs, rri_policy_tape *tape, rri_large_pool_batch *b,
                          rri_workers *workers)
{
    rri_stack *scratch = &b->stacks[0];
    rri_softmax_row *rows = RRI_STACK_TAKE(scratch, rri_softmax_row, b->n_rows);
    b->chunks = RRI_STACK_TAKE(scratch, rri_large_pool_sums, GROUP * RRI_LARGE_POOL_BATCH);
    b->action_logits = RRI_STACK_TAKE(scratch, float, b->n_rows);
    for (size_t r = 0; r < b->n_rows; r++) {
        rri_softmax_begin(&rows[r]);
    }
    const size_t n_chunks = rri_large_pool_parts(b->n_items, RRI_SOFTMAX_CHUNK);
    for (; b->first_chunk < n_chunks; b->first_chunk += GROUP) {
        const size_t n = rri_size_smaller(GROUP, n_chunks - b->first_chunk);
        rri_workers_run(workers, rri_large_pool_chunk_run, b, n);
        for (size_t r = 0; r < b->n_rows; r++) {
            for (size_t c = 0; c < n; c++) {
                const rri_large_pool_sums *chunk = &b->chunks[c * RRI_LARGE_POOL_BATCH + r];
                rri_softmax_merge(&rows[r], chunk->max, chunk->sum, chunk->moment);
            }
        }
    }
    for (size_t r = 0; r < b->n_rows; r++) {
        const size_t row = b->row + r;
        rri_softmax_finish(&rows[r], &tape->maxima[row], &tape->log_sums[row],
                           &tape->entropies[row]);
        if (b->actions != NULL) {
            log_probs[row] =
                rri_softmax_log_prob(b->action_logits[r], tape->maxima[row], tape->log_sums[row]);
        }
    }
}

void rri_large_pool_forward(float *log_probs, rri_policy_tape *tape, const rri_logits_input *in,
                            const int32_t *actions, rri_workers *workers, rri_stack *stacks)
{
    for (size_t row = 0; row < in->menu->n; row += RRI_LARGE_POOL_BATCH) {
        const size_t mark = rri_stack_mark(&stacks[0]);
        rri_large_pool_batch b;
        rri_large_pool_batch_begin(&b, in, actions, row,
                                   rri_size_smaller(RRI_LARGE_POOL_BATCH, in->menu->n - row),
                                   stacks);
        forward_batch(log_probs, tape, &b, workers);
        rri_stack_rewind(&stacks[0], mark);
    }
}

/* A row that is not there lies infinitely far below its maximum: all its slopes are 0. */
static const rri_large_pool_rows *gather_rows(const rri_large_pool_batch *b,
                                              const rri_policy_tape *tape,
                                              const rri_large_pool_slopes *slopes)
{
    rri_large_pool_rows *panels = RRI_STACK_TAKE(&b->stacks[0], rri_large_pool_rows, b->n_panels);
    memset(panels, 0, b->n_panels * sizeof *panels);
    for (size_t r = 0; r < b->n_panels * b->panel; r++) {
        rri_large_pool_rows *rows = &panels[r / b->panel];
        const size_t lane = r % b->panel, row = b->row + r;
        const bool is_there = r < b->n_rows;
        rows->d_entropy = slopes->d_entropy;
        rows->maxima[lane] = is_there ? tape->maxima[row] : INFINITY;
        rows->log_sums[lane] = is_there ? (float)tape->log_sums[row] : 0.0f;
        rows->entropies[lane] = is_there ? tape->entropies[row] : 0.0f;
        rows->d_log_probs[lane] = is_there ? slopes->d_log_probs[row] : 0.0f;
    }
    return panels;
}

/* τ q with the coordinates in the lanes; rows that are not there are 0. */
static const float *pack_columns(const rri_large_pool_batch *b)
{
    rri_stack *scratch = &b->stacks[0];
    const rri_kernels *kernels = b->in->kernels;
    const size_t dim = b->dim, n = b->n_panels * b->panel;
    float *columns = RRI_STACK_TAKE(scratch, float, rri_panels_count(kernels, dim, n));
    const size_t mark = rri_stack_mark(scratch);
    float *scaled = RRI_STACK_TAKE(scratch, float, n *dim);
    memset(scaled, 0, n * dim * sizeof *scaled);
    memcpy(scaled, b->in->q + b->row * dim, b->n_rows * dim * sizeof *scaled);
    rri_vec_scale(kernels, scaled, b->in->head->scale, b->n_rows * dim);
    rri_panels_pack(kernels, columns, rri_view_rows(scaled, dim), n, dim);
    rri_stack_rewind(scratch, mark);
    return columns;
}

/* dq [rows, d] = τ Σ of the shards in order. */
static void merge_shards(float *dq, const rri_large_pool_batch *b, size_t n)
{
    const size_t dim = b->dim, n_floats = b->n_panels * b->panel * dim;
    for (size_t s = 1; s < n; s++) {
        rri_vec_add(b->in->kernels, b->shards, b->shards + s * n_floats, n_floats);
    }
    rri_vec_scale(b->in->kernels, b->shards, b->in->head->scale, n_floats);
    for (size_t r = 0; r < b->n_rows; r++) {
        const float *sum = b->shards + (r / b->panel) * b->panel * dim + r % b->panel;
        for (size_t j = 0; j < dim; j++) {
            dq[r * dim + j] = sum[j * b->panel];
        }
    }
}

static void add_sums(rri_policy_sums *sums, const float *dq, const rri_large_pool_batch *b)
{
    const size_t dim = b->dim, h = b->in->menu->h;
    for (size_t r = 0; r < b->n_rows; r++) {
        const float *q = b->in->q + (b->row + r) * dim;
        sums->d_log_scale += (double)rri_dot(b->in->kernels, q, dq + r * dim, dim);
        const rri_logits_tile *tile = &b->tiles[r / RRI_LOGITS_TILE];
        const size_t at = r % RRI_LOGITS_TILE;
        for (size_t i = 0; b->shown_slopes != NULL && i < tile->n_shown[at]; i++) {
            sums->d_repeat_weight -=
                (double)b->shown_slopes[r * h + i] * tile->shown_counts[at * h + i];
        }
    }
}

void rri_large_pool_backward(const rri_large_pool_gradients *gradients, const rri_policy_tape *tape,
                             const rri_logits_input *in, const rri_large_pool_slopes *slopes,
                             rri_workers *workers, rri_stack *stacks)
{
    rri_stack *scratch = &stacks[0];
    const size_t dim = in->catalogue->dim;
    const size_t n_blocks = rri_large_pool_parts(in->catalogue->n_items, RRI_SOFTMAX_BLOCK);
    const size_t n = rri_large_pool_parts(n_blocks, shard_blocks(in->catalogue->n_items, dim));
    for (size_t row = 0; row < in->menu->n; row += RRI_LARGE_POOL_BATCH) {
        const size_t mark = rri_stack_mark(scratch);
        rri_large_pool_batch b;
        rri_large_pool_batch_begin(&b, in, slopes->actions, row,
                                   rri_size_smaller(RRI_LARGE_POOL_BATCH, in->menu->n - row),
                                   stacks);
        b.shard_blocks = shard_blocks(b.n_items, dim);
        b.rows = gather_rows(&b, tape, slopes);
        b.columns = gradients->dV != NULL ? pack_columns(&b) : NULL;
        b.shards = RRI_STACK_TAKE(scratch, float, n *b.n_panels *b.panel *dim);
        if (gradients->sums != NULL && b.tiles[0].shown != NULL) {
            b.shown_slopes = RRI_STACK_TAKE(scratch, float, b.n_rows * in->menu->h);
        }
        b.dV = gradients->dV;
        b.db = gradients->db;
        b.adds_to_items = gradients->adds_to_items || row > 0;
        rri_workers_run(workers, rri_large_pool_shard_run, &b, n);
        merge_shards(gradients->dq + row * dim, &b, n);
        if (gradients->sums != NULL) {
            add_sums(gradients->sums, gradients->dq + row * dim, &b);
        }
        rri_stack_rewind(scratch, mark);
    }
}

/* ── memory ── */

size_t rri_large_pool_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    return rri_size_larger(rri_large_pool_chunk_scratch(kernels, limits),
                           rri_large_pool_shard_scratch(kernels, limits));
}

size_t rri_large_pool_shared_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, RRI_LARGE_POOL_BATCH), dim = limits->dim;
    const size_t n_panels = rri_large_pool_parts(n, kernels->wide);
    const size_t padded = n_panels * kernels->wide;
    const size_t forward =
        rri_stack_cost(n, sizeof(rri_softmax_row)) +
        rri_stack_cost(GROUP * RRI_LARGE_POOL_BATCH, sizeof(rri_large_pool_sums)) +
        rri_stack_cost(n, sizeof(float));
    const size_t backward =
        rri_stack_cost(n_panels, sizeof(rri_large_pool_rows)) +
        rri_stack_cost(rri_panels_count(kernels, dim, padded), sizeof(float)) +
        rri_stack_cost(padded * dim, sizeof(float)) +
        rri_stack_cost(most_shards(limits->n_items, dim) * padded * dim, sizeof(float)) +
        rri_stack_cost(n * limits->h, sizeof(float));
    return rri_large_pool_batch_scratch(kernels, limits) + rri_size_larger(forward, backward);
}
