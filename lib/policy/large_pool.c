/* SPDX-License-Identifier: MIT */
/* large_pool.c: the softmax over a whole pool, one algorithm in two passes over the items.
 *
 *   rows    a batch    ≤ 256 rows, which read the catalogue together
 *             a panel    P rows side by side in the vector lanes, P = 16 or 32 of the level
 *
 *   items   forward                            backward
 *           a group    64 chunks, after which  a shard    blocks next to one another, a task;
 *                      sums are merged                    dq of the batch from its items alone
 *             a chunk    16384 items, a task;
 *                        m, Σe, Σe·z of each row
 *               a block    256 items               a block    256 items
 *
 *   for each batch                                  the next 256 rows
 *     for each task                                 a chunk or a shard: threads share these out
 *       for each block                              its vectors come from memory, once
 *         for each panel                            and from the first cache from the second on
 *           Z [256, P] ← logits                     large_pool_block.c: the level's loops
 *           forward:  Z into the running softmax, or into the best
 *           backward: Z ← dz;  dq [d, P] += Vᵀ dz
 *         backward: dV, db of the block ← dz of all panels
 *     forward: chunks are merged in order;  backward: shards are added in order
 *
 * What single rows have of their own in a block (history, exclusions, the action) is corrected
 * between the loops: touches.h. Ends of chunks and shards are functions of N and d, never of the
 * number of threads. */
#include "policy/large_pool.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "policy/softmax.h"
#include "policy/touches.h"

/* Rows of a batch: one chain of additions of dV. */
#define BATCH ((size_t)RRI_K_CUT)
#define TILES (BATCH / RRI_LOGITS_TILE)
/* Chunks whose sums wait to be merged. */
#define GROUP ((size_t)64)
/* Shards of dq, as many as their memory allows. */
#define MOST_SHARDS  ((size_t)32)
#define LEAST_SHARDS ((size_t)4)
#define SHARD_FLOATS ((size_t)1 << 20)

/* Parts of `unit` that n has, the last one cut off. */
static size_t parts(size_t n, size_t unit)
{
    return (n + unit - 1) / unit;
}

/* ── a batch of rows ── */

/* One chunk of one row. */
typedef struct chunk_sums {
    double sum, moment;
    float max;
} chunk_sums;

/* One batch. Its slices are taken from the first stack, which the caller rewinds. */
typedef struct batch {
    const rri_logits_input *in;
    const rri_large_pool_block *loops;
    size_t row, n_rows, panel, n_panels, n_items, dim;
    rri_logits_tile tiles[TILES];
    const int32_t *actions; /* [rows] or NULL */
    const float *q;         /* [panels][d, P] */
    rri_stack *stacks;      /* [workers] */

    size_t first_chunk;   /* forward: of the present group */
    chunk_sums *chunks;   /* [chunks][256]; NULL: nobody asks */
    float *action_logits; /* [rows] */
    rri_best *best;       /* [rows] what is best so far; NULL: nobody asks */

    size_t shard_blocks;             /* backward: blocks of a shard */
    const rri_large_pool_rows *rows; /* [panels] */
    const float *columns;            /* [ceil(d / P)][panels · P, P]  τ q */
    float *shards;                   /* [shards][panels][d, P] */
    float *shown_slopes;             /* [rows, h], NULL where nobody asks */
    float *dV, *db;                  /* [N, d] and [N], NULL where nobody asks */
    bool adds_to_items;              /* dV and db are added to, not written */
} batch;

/* Rows [row, row + n_rows) of the input, n_rows ≤ 256: what every pass needs. */
static void begin_batch(batch *b, const rri_logits_input *in, const int32_t *actions, size_t row,
                        size_t n_rows, rri_stack *stacks)
{
    rri_stack *scratch = &stacks[0];
    const size_t panel = in->kernels->wide, dim = in->catalogue->dim;
    *b = (batch){.in = in,
                 .loops = in->kernels->large_pool,
                 .row = row,
                 .n_rows = n_rows,
                 .panel = panel,
                 .n_items = in->catalogue->n_items,
                 .dim = dim,
                 .actions = actions != NULL ? actions + row : NULL,
                 .stacks = stacks};
    b->n_panels = parts(b->n_rows, panel);
    for (size_t r = 0; r < b->n_rows; r += RRI_LOGITS_TILE) {
        rri_logits_prepare(&b->tiles[r / RRI_LOGITS_TILE], in, row + r,
                           rri_size_smaller(RRI_LOGITS_TILE, b->n_rows - r), scratch);
    }
    float *q = RRI_STACK_TAKE(scratch, float, rri_panels_count(in->kernels, b->n_rows, dim));
    rri_panels_pack(in->kernels, q, rri_view_transposed(in->q + row * dim, dim), dim, b->n_rows);
    b->q = q;
}

/* Logits of a block of items for panel p of the rows: Z [end − begin, P]. */
static void panel_logits(float *Z, const batch *b, const rri_touches *touches, size_t p,
                         size_t begin, size_t end)
{
    const rri_catalogue *catalogue = b->in->catalogue;
    b->loops->logits(Z, catalogue->vectors + begin * b->dim, b->q + p * b->panel * b->dim,
                     b->in->head->scale, catalogue->bias != NULL ? catalogue->bias + begin : NULL,
                     end - begin, b->dim);
    const size_t first = p * b->panel;
    for (size_t r = first; r < rri_size_smaller(first + b->panel, b->n_rows); r++) {
        if (rri_touches_any(touches, r, end)) {
            rri_touches_apply(Z + r - first, b->panel, touches, r, begin, end);
        }
    }
    if (b->in->menu->life != NULL) {
        rri_logits_hide(Z, 1, b->panel, b->in->menu, b->row + first,
                        rri_size_smaller(b->panel, b->n_rows - first), begin, end);
    }
}

/* Where row r's action lies in the block Z of its panel; NULL where it is not in the block. */
static float *find_action(float *Z, const batch *b, size_t r, size_t begin, size_t end)
{
    const size_t action = b->actions != NULL ? (size_t)b->actions[r] : end;
    return action >= begin && action < end ? Z + (action - begin) * b->panel + r % b->panel : NULL;
}

static size_t batch_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, BATCH);
    return rri_stack_add(rri_size_multiply(TILES, rri_logits_prepare_scratch(limits)),
                         rri_panels_count(kernels, n, limits->dim), sizeof(float));
}

/* ── forward: chunks ── */

/* Logits of a block above what the rows of its panel ask for. */
static void offer_block(const batch *b, const float *Z, size_t p, size_t begin, size_t end)
{
    const size_t first = p * b->panel, n_here = rri_size_smaller(b->panel, b->n_rows - first);
    float bounds[RRI_LARGE_POOL_PANEL];
    for (size_t r = 0; r < b->panel; r++) {
        bounds[r] = r < n_here ? rri_best_bound(b->best, first + r) : INFINITY;
    }
    size_t i = 0;
    for (;;) {
        const unsigned rows = b->loops->find_above(&i, Z, bounds, end - begin);
        if (rows == 0) {
            return;
        }
        for (size_t r = 0; r < n_here; r++) {
            if ((rows >> r & 1u) != 0) {
                rri_best_offer(b->best, first + r, Z[i * b->panel + r], (int32_t)(begin + i));
                bounds[r] = rri_best_bound(b->best, first + r);
            }
        }
        i++;
    }
}

static void add_block(rri_large_pool_state *states, float *Z, const batch *b, rri_touches *touches,
                      size_t begin, size_t end)
{
    for (size_t p = 0; p < b->n_panels; p++) {
        panel_logits(Z, b, touches, p, begin, end);
        const size_t first = p * b->panel;
        for (size_t r = first; r < rri_size_smaller(first + b->panel, b->n_rows); r++) {
            if (!rri_touches_any(touches, r, end)) {
                continue;
            }
            const float *logit = find_action(Z, b, r, begin, end);
            if (logit != NULL) {
                b->action_logits[r] = *logit;
            }
            rri_touches_advance(touches, r, end);
        }
        if (b->best != NULL) {
            offer_block(b, Z, p, begin, end);
        }
        if (b->chunks != NULL) {
            b->loops->accumulate(&states[p], Z, end - begin);
        }
    }
}

static chunk_sums close_row(const rri_large_pool_state *state, size_t lane)
{
    float sums[RRI_SOFTMAX_LANES];
    float moments[RRI_SOFTMAX_LANES];
    for (size_t l = 0; l < RRI_SOFTMAX_LANES; l++) {
        sums[l] = state->sums[l][lane];
        moments[l] = state->moments[l][lane];
    }
    return (chunk_sums){rri_softmax_fold(sums), rri_softmax_fold(moments), state->maxima[lane]};
}

/* Chunk first_chunk + task: chunks[task] of the rows, and the logits of the actions that lie in the
 * chunk. An rri_task. */
static void run_chunk(void *context, size_t task, size_t worker)
{
    const batch *b = context;
    rri_stack *scratch = &b->stacks[worker];
    const size_t mark = rri_stack_mark(scratch);
    rri_large_pool_state *states = RRI_STACK_TAKE(scratch, rri_large_pool_state, b->n_panels);
    memset(states, 0, b->n_panels * sizeof *states);
    for (size_t p = 0; p < b->n_panels; p++) {
        for (size_t r = 0; r < RRI_LARGE_POOL_PANEL; r++) {
            states[p].maxima[r] = -INFINITY;
        }
    }
    float *Z = RRI_STACK_TAKE(scratch, float, RRI_SOFTMAX_BLOCK * b->panel);
    const size_t first = (b->first_chunk + task) * RRI_SOFTMAX_CHUNK;
    const size_t last = rri_size_smaller(first + RRI_SOFTMAX_CHUNK, b->n_items);
    rri_touches touches;
    rri_touches_begin(&touches, b->tiles, b->actions, b->n_rows, first, scratch);
    for (size_t begin = first; begin < last; begin += RRI_SOFTMAX_BLOCK) {
        add_block(states, Z, b, &touches, begin, rri_size_smaller(begin + RRI_SOFTMAX_BLOCK, last));
    }
    for (size_t r = 0; r < b->n_rows && b->chunks != NULL; r++) {
        b->chunks[task * BATCH + r] = close_row(&states[r / b->panel], r % b->panel);
    }
    rri_stack_rewind(scratch, mark);
}

static size_t chunk_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, BATCH);
    const size_t n_panels = parts(n, kernels->wide);
    return rri_stack_cost(n_panels, sizeof(rri_large_pool_state)) +
           rri_stack_cost(RRI_SOFTMAX_BLOCK * kernels->wide, sizeof(float)) +
           rri_touches_scratch(n);
}

static void forward_batch(float *log_probs, rri_policy_tape *tape, batch *b, rri_workers *workers)
{
    rri_stack *scratch = &b->stacks[0];
    rri_softmax_row *rows = RRI_STACK_TAKE(scratch, rri_softmax_row, b->n_rows);
    b->chunks = RRI_STACK_TAKE(scratch, chunk_sums, GROUP * BATCH);
    b->action_logits = RRI_STACK_TAKE(scratch, float, b->n_rows);
    for (size_t r = 0; r < b->n_rows; r++) {
        rri_softmax_begin(&rows[r]);
    }
    const size_t n_chunks = parts(b->n_items, RRI_SOFTMAX_CHUNK);
    for (; b->first_chunk < n_chunks; b->first_chunk += GROUP) {
        const size_t n = rri_size_smaller(GROUP, n_chunks - b->first_chunk);
        rri_workers_run(workers, run_chunk, b, n);
        for (size_t r = 0; r < b->n_rows; r++) {
            for (size_t c = 0; c < n; c++) {
                const chunk_sums *chunk = &b->chunks[c * BATCH + r];
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
    for (size_t row = 0; row < in->menu->n; row += BATCH) {
        const size_t mark = rri_stack_mark(&stacks[0]);
        batch b;
        begin_batch(&b, in, actions, row, rri_size_smaller(BATCH, in->menu->n - row), stacks);
        forward_batch(log_probs, tape, &b, workers);
        rri_stack_rewind(&stacks[0], mark);
    }
}

/* ── the best of few rows ── */

void rri_large_pool_top(rri_best *best, float *maxima, double *log_sums, const rri_logits_input *in,
                        size_t row, size_t n_rows, rri_stack *scratch)
{
    rri_softmax_row rows[RRI_LOGITS_TILE];
    batch b;
    begin_batch(&b, in, NULL, row, n_rows, scratch);
    b.best = best;
    if (maxima != NULL) {
        b.chunks = RRI_STACK_TAKE(scratch, chunk_sums, BATCH);
    }
    for (size_t r = 0; r < n_rows; r++) {
        rri_softmax_begin(&rows[r]);
    }
    const size_t n_chunks = parts(b.n_items, RRI_SOFTMAX_CHUNK);
    for (; b.first_chunk < n_chunks; b.first_chunk++) {
        run_chunk(&b, 0, 0);
        for (size_t r = 0; r < n_rows && maxima != NULL; r++) {
            rri_softmax_merge(&rows[r], b.chunks[r].max, b.chunks[r].sum, b.chunks[r].moment);
        }
    }
    for (size_t r = 0; r < n_rows && maxima != NULL; r++) {
        float entropy;
        rri_softmax_finish(&rows[r], &maxima[r], &log_sums[r], &entropy);
    }
}

size_t rri_large_pool_top_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    rri_logits_limits tile = *limits;
    tile.n = limits->n < RRI_LOGITS_TILE ? limits->n : RRI_LOGITS_TILE;
    return rri_size_add(rri_stack_add(batch_scratch(kernels, &tile), BATCH, sizeof(chunk_sums)),
                        chunk_scratch(kernels, &tile));
}

/* ── backward: shards ── */

/* No pool of at most n_items has more shards than this. */
static size_t most_shards(size_t n_items, size_t dim)
{
    const size_t most = rri_size_larger(SHARD_FLOATS / (BATCH * dim), LEAST_SHARDS);
    const size_t n_blocks = parts(n_items, RRI_SOFTMAX_BLOCK);
    return rri_size_smaller(rri_size_smaller(most, MOST_SHARDS), n_blocks);
}

/* Blocks of one shard; the last shard may have fewer. */
static size_t shard_blocks(size_t n_items, size_t dim)
{
    const size_t n_blocks = parts(n_items, RRI_SOFTMAX_BLOCK);
    return parts(n_blocks, most_shards(n_items, dim));
}

/* dz of a block for one panel of rows, in the place of its logits. */
static void compute_slopes(float *Z, const batch *b, rri_touches *touches, size_t p, size_t begin,
                           size_t end)
{
    panel_logits(Z, b, touches, p, begin, end);
    b->loops->slopes(Z, &b->rows[p], end - begin);
    const size_t first = p * b->panel;
    const size_t h = b->in->menu->h;
    for (size_t r = first; r < rri_size_smaller(first + b->panel, b->n_rows); r++) {
        if (!rri_touches_any(touches, r, end)) {
            continue;
        }
        float *dz = find_action(Z, b, r, begin, end);
        if (dz != NULL) {
            *dz += b->rows[p].d_log_probs[r - first];
        }
        if (b->shown_slopes != NULL) {
            rri_touches_collect(b->shown_slopes + r * h, Z + r - first, b->panel, touches, r, begin,
                                end);
        }
        rri_touches_advance(touches, r, end);
    }
}

/* dV and db of a block of items from dz of all rows. */
static void flow_to_items(const batch *b, const float *Z, size_t begin, size_t end)
{
    const size_t n = end - begin, stride = RRI_SOFTMAX_BLOCK * b->panel;
    if (b->dV != NULL) {
        float *dV = b->dV + begin * b->dim;
        if (!b->adds_to_items) {
            memset(dV, 0, n * b->dim * sizeof *dV);
        }
        b->loops->add_items(dV, Z, stride, b->columns, n, b->n_panels, b->dim);
    }
    if (b->db != NULL) {
        if (!b->adds_to_items) {
            memset(b->db + begin, 0, n * sizeof *b->db);
        }
        b->loops->add_bias(b->db + begin, Z, stride, n, b->n_panels);
    }
}

/* Blocks [task · shard_blocks, …): shards[task] is written, shown_slopes, dV and db of its items
 * where they are asked for. An rri_task. */
static void run_shard(void *context, size_t task, size_t worker)
{
    const batch *b = context;
    const size_t panel_floats = b->panel * b->dim, stride = RRI_SOFTMAX_BLOCK * b->panel;
    rri_stack *scratch = &b->stacks[worker];
    const size_t mark = rri_stack_mark(scratch);
    float *Z = RRI_STACK_TAKE(scratch, float, b->n_panels *stride);
    float *dq = b->shards + task * b->n_panels * panel_floats;
    const size_t first = task * b->shard_blocks * RRI_SOFTMAX_BLOCK;
    const size_t last = rri_size_smaller(first + b->shard_blocks * RRI_SOFTMAX_BLOCK, b->n_items);
    rri_touches touches;
    rri_touches_begin(&touches, b->tiles, b->actions, b->n_rows, first, scratch);
    for (size_t begin = first; begin < last; begin += RRI_SOFTMAX_BLOCK) {
        const size_t end = rri_size_smaller(begin + RRI_SOFTMAX_BLOCK, last);
        const float *V = b->in->catalogue->vectors + begin * b->dim;
        for (size_t p = 0; p < b->n_panels; p++) {
            compute_slopes(Z + p * stride, b, &touches, p, begin, end);
            b->loops->add_query(dq + p * panel_floats, V, Z + p * stride, end - begin, b->dim,
                                begin > first);
        }
        flow_to_items(b, Z, begin, end);
    }
    rri_stack_rewind(scratch, mark);
}

static size_t shard_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, BATCH);
    const size_t n_panels = parts(n, kernels->wide);
    return rri_stack_cost(n_panels * RRI_SOFTMAX_BLOCK * kernels->wide, sizeof(float)) +
           rri_touches_scratch(n);
}

/* A row that is not there lies infinitely far below its maximum: all its slopes are 0. */
static const rri_large_pool_rows *gather_rows(const batch *b, const rri_policy_tape *tape,
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
static const float *pack_columns(const batch *b)
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
static void merge_shards(float *dq, const batch *b, size_t n)
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

static void add_sums(rri_policy_sums *sums, const float *dq, const batch *b)
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
    const size_t n_blocks = parts(in->catalogue->n_items, RRI_SOFTMAX_BLOCK);
    const size_t n = parts(n_blocks, shard_blocks(in->catalogue->n_items, dim));
    for (size_t row = 0; row < in->menu->n; row += BATCH) {
        const size_t mark = rri_stack_mark(scratch);
        batch b;
        begin_batch(&b, in, slopes->actions, row, rri_size_smaller(BATCH, in->menu->n - row),
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
        rri_workers_run(workers, run_shard, &b, n);
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
    return rri_size_larger(chunk_scratch(kernels, limits), shard_scratch(kernels, limits));
}

size_t rri_large_pool_shared_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t n = rri_size_smaller(limits->n, BATCH), dim = limits->dim;
    const size_t n_panels = parts(n, kernels->wide);
    const size_t padded = n_panels * kernels->wide;
    const size_t forward = rri_stack_cost(n, sizeof(rri_softmax_row)) +
                           rri_stack_cost(GROUP * BATCH, sizeof(chunk_sums)) +
                           rri_stack_cost(n, sizeof(float));
    const size_t queries = rri_size_multiply(padded, dim);
    const size_t of_shards = rri_size_multiply(most_shards(limits->n_items, dim), queries);
    size_t backward = rri_stack_cost(n_panels, sizeof(rri_large_pool_rows));
    backward = rri_stack_add(backward, rri_panels_count(kernels, dim, padded), sizeof(float));
    backward = rri_stack_add(backward, queries, sizeof(float));
    backward = rri_stack_add(backward, of_shards, sizeof(float));
    backward = rri_stack_add(backward, rri_size_multiply(n, limits->h), sizeof(float));
    return rri_size_add(batch_scratch(kernels, limits), rri_size_larger(forward, backward));
}
