/* SPDX-License-Identifier: MIT */
#include "policy/candidates.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

#define BLOCK RRI_CANDIDATE_BLOCK

/* ── what stays between forward and backward ── */

static size_t record_bytes(const rri_candidate_net *net, size_t room)
{
    size_t bytes = rri_candidate_tape_bytes(net, room);
    bytes = rri_stack_add(bytes, rri_size_multiply(room, net->features.in), sizeof(float));
    return rri_stack_add(bytes, room, sizeof(size_t));
}

static rri_candidate_record take_record(const rri_candidate_net *net, size_t room,
                                        rri_stack *scratch)
{
    return (rri_candidate_record){.tape = rri_candidate_tape_take(net, room, scratch),
                                  .features =
                                      RRI_STACK_TAKE(scratch, float, room * net->features.in),
                                  .places = RRI_STACK_TAKE(scratch, size_t, room)};
}

/* Candidates of which all that stays fits into so many bytes. */
static size_t room_of(const rri_candidate_net *net, size_t bytes)
{
    enum { MANY = 1024 };
    return bytes / (record_bytes(net, MANY) / MANY + 1);
}

size_t rri_candidates_recorded_rows(const rri_candidate_net *net, size_t width, size_t n_rows)
{
    const size_t rows = room_of(net, RRI_CANDIDATES_NEAR) / width;
    const size_t least = width <= room_of(net, RRI_CANDIDATES_MOST) ? 1 : 0;
    return rri_size_smaller(rri_size_larger(rows, least), n_rows);
}

size_t rri_candidates_record_bytes(const rri_candidate_net *net, size_t width, size_t n_rows)
{
    if (net->n_layers == 0) {
        return 0;
    }
    const size_t all = rri_size_multiply(width, n_rows);
    return record_bytes(net, rri_size_smaller(all, room_of(net, RRI_CANDIDATES_MOST)));
}

rri_candidate_record rri_candidates_take_record(const rri_candidate_net *net, size_t width,
                                                size_t n_rows, rri_stack *scratch)
{
    return take_record(net, width * n_rows, scratch);
}

/* ── candidates on their way into a block ── */

typedef struct gathering {
    const rri_logits_tile *tile;
    const rri_candidate_net *net;
    rri_candidate_record *record; /* where they stay, from its n on */
    const float *products;        /* [N, H1] C v_i of the pool, or NULL */
    const float *features;        /* of the block: where they lie while they lie side by side and
                                     nothing stays, else the record's */
    const float **vectors;        /* [block] each, as in rri_candidate_block */
    const float **kept, **rows, **queries;
    size_t n;
    bool stays;
} gathering;

static gathering begin_gathering(const rri_logits_tile *tile, rri_candidate_record *record,
                                 const float *products, bool stays, rri_stack *scratch)
{
    return (gathering){.tile = tile,
                       .net = tile->in->candidate_net,
                       .record = record,
                       .products = products,
                       .vectors = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .kept = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .rows = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .queries = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .stays = stays};
}

/* What all candidates of a row of the tile share. */
typedef struct row_view {
    const float *features; /* [k, f] */
    const int32_t *items;  /* [k] or NULL: none is in the pool */
    const float *row, *query;
    size_t place; /* of its first position */
} row_view;

static row_view view_of(const gathering *g, size_t row)
{
    const rri_logits_input *in = g->tile->in;
    const size_t at = g->tile->row_begin + row, list = rri_menu_row(in->menu, at) * in->menu->k;
    return (row_view){
        .features = in->menu->features + list * g->net->features.in,
        .items = in->menu->candidates != NULL ? in->menu->candidates + list : NULL,
        .row = in->candidate_rows + at * rri_candidate_net_first(g->net),
        .query = in->candidate_queries + at * rri_candidate_net_last(g->net),
        .place = row * g->tile->width,
    };
}

/* Features of the next candidate of a block: read where they lie, or copied into the record from
 * the first gap on. */
static void gather_features(gathering *g, const float *from)
{
    const size_t f = g->net->features.in, i = g->n;
    float *own = g->record->features + g->record->n * f;
    if (i == 0) {
        g->features = g->stays ? own : from;
    }
    if (g->features != own && from != g->features + i * f) {
        memcpy(own, g->features, i * f * sizeof(float));
        g->features = own;
    }
    if (g->features == own) {
        memcpy(own + i * f, from, f * sizeof(float));
    }
}

static void gather(gathering *g, const row_view *row, const float *vector, size_t position)
{
    gather_features(g, row->features + position * g->net->features.in);
    const size_t i = g->n++, at = g->record->n + i;
    const int32_t item = row->items != NULL ? row->items[position] : -1;
    const bool is_kept = g->products != NULL && item >= 0;
    g->record->places[at] = row->place + position;
    g->vectors[i] = vector;
    g->kept[i] = is_kept ? g->products + (size_t)item * g->net->vectors.out : NULL;
    g->rows[i] = row->row;
    g->queries[i] = row->query;
}

/* The outputs of the block, from n of the record on. */
static rri_candidate_tape forward_block(const gathering *g, rri_stack *scratch)
{
    const size_t first = g->record->n;
    rri_candidate_tape tape = rri_candidate_tape_at(g->net, &g->record->tape, first);
    const rri_candidate_block block = {
        .n = g->n,
        .features = g->features,
        .vectors = g->vectors,
        .kept = g->kept,
        .rows = g->rows,
        .queries = g->queries,
    };
    rri_candidate_net_forward(g->net, &tape, &block, scratch);
    return tape;
}

/* ── forward ── */

/* Where a strip of logits lies: that of place p of the tile at Z[p / width − first][p % width −
 * begin]. */
typedef struct strip {
    float *Z;
    size_t ldz, first, begin;
} strip;

/* Scores of a block, a run of one row's candidates at a time. */
static void add_block(const strip *to, gathering *g, rri_stack *scratch)
{
    const rri_logits_input *in = g->tile->in;
    const size_t last = rri_candidate_net_last(g->net), width = g->tile->width;
    const rri_candidate_tape tape = forward_block(g, scratch);
    const float *outputs[BLOCK];
    float terms[BLOCK];
    for (size_t i = 0; i < g->n; i++) {
        outputs[i] = tape.outputs[g->net->n_layers - 1] + i * last;
    }
    for (size_t i = 0, end; i < g->n; i = end) {
        end = i + 1;
        while (end < g->n && g->queries[end] == g->queries[i]) {
            end++;
        }
        rri_dots(in->kernels, terms + i, g->queries[i], outputs + i, end - i, last);
        const size_t place = g->record->places[g->record->n + i], row = place / width;
        float *z = to->Z + (row - to->first) * to->ldz;
        for (size_t j = i; j < end; j++) {
            const size_t at = g->record->places[g->record->n + j] - row * width - to->begin;
            const bool is_tempered = in->head->temperature != 1.0f;
            z[at] += is_tempered ? terms[j] / in->head->temperature : terms[j];
        }
    }
    g->record->n += g->stays ? g->n : 0;
    g->n = 0;
}

void rri_candidates_add(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                        size_t n_rows, size_t begin, size_t end, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    if (in->candidate_net == NULL) {
        return;
    }
    const size_t mark = rri_stack_mark(scratch);
    const bool stays = tile->record != NULL;
    rri_candidate_record passing = {0};
    if (!stays) {
        passing = take_record(in->candidate_net, BLOCK, scratch);
    }
    gathering g = begin_gathering(tile, stays ? tile->record : &passing,
                                  stays ? NULL : in->catalogue->candidate_products, stays, scratch);
    const strip to = {Z, ldz, first, begin};
    const float *vectors[BLOCK];
    for (size_t row = first; row < first + n_rows; row++) {
        const size_t length =
            rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + row);
        const size_t last = rri_size_smaller(end, length);
        const float *z = Z + (row - first) * ldz;
        const row_view view = view_of(&g, row);
        for (size_t i = begin; i < last; i++) {
            if ((i - begin) % BLOCK == 0) {
                rri_logits_vectors(vectors, tile, row, i, rri_size_smaller(BLOCK, last - i));
            }
            if (z[i - begin] == -INFINITY) {
                continue;
            }
            gather(&g, &view, vectors[(i - begin) % BLOCK], i);
            if (g.n == BLOCK) {
                add_block(&to, &g, scratch);
            }
        }
    }
    if (g.n > 0) {
        add_block(&to, &g, scratch);
    }
    rri_stack_rewind(scratch, mark);
}

/* ── backward ── */

/* Slopes of n candidates from `first` of the record on, whose outputs are there. */
static void backward_block(const rri_candidate_gradients *gradients, const rri_logits_tile *tile,
                           const rri_candidate_record *record, size_t first, size_t n,
                           const float *dZ, rri_stack *scratch)
{
    const rri_candidate_net *net = tile->in->candidate_net;
    const size_t h1 = rri_candidate_net_first(net), h = rri_candidate_net_last(net);
    const rri_candidate_tape tape = rri_candidate_tape_at(net, &record->tape, first);
    const float *queries[BLOCK];
    float dz[BLOCK], *d_rows[BLOCK], *d_queries[BLOCK];
    for (size_t i = 0; i < n; i++) {
        const size_t place = record->places[first + i];
        const size_t row = tile->row_begin + place / tile->width;
        dz[i] = dZ[place];
        queries[i] = tile->in->candidate_queries + row * h;
        d_rows[i] = gradients->d_rows + row * h1;
        d_queries[i] = gradients->d_queries + row * h;
    }
    const rri_candidate_block block = {
        .n = n, .features = record->features + first * net->features.in, .queries = queries};
    const rri_candidate_slopes slopes = {gradients->params, d_rows, d_queries};
    rri_candidate_net_backward(net, &slopes, dz, &tape, &block, scratch);
}

/* Leaves those that have a slope, in their order. */
static void close_up(rri_candidate_record *record, const rri_candidate_net *net, const float *dZ)
{
    const size_t f = net->features.in;
    size_t n = 0;
    for (size_t i = 0; i < record->n; i++) {
        if (dZ[record->places[i]] == 0.0f) {
            continue;
        }
        if (n < i) {
            record->places[n] = record->places[i];
            memcpy(record->features + n * f, record->features + i * f, f * sizeof(float));
            rri_candidate_tape_move(net, &record->tape, n, i);
        }
        n++;
    }
    record->n = n;
}

static void backward_recorded(const rri_candidate_gradients *gradients, const float *dZ,
                              const rri_logits_tile *tile, rri_stack *scratch)
{
    rri_candidate_record *record = tile->record;
    close_up(record, tile->in->candidate_net, dZ);
    for (size_t first = 0; first < record->n; first += BLOCK) {
        backward_block(gradients, tile, record, first, rri_size_smaller(BLOCK, record->n - first),
                       dZ, scratch);
    }
}

/* Where nothing stayed: the outputs are made again. */
static void backward_anew(const rri_candidate_gradients *gradients, const float *dZ,
                          const rri_logits_tile *tile, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    rri_candidate_record record = take_record(in->candidate_net, BLOCK, scratch);
    gathering g = begin_gathering(tile, &record, NULL, true, scratch);
    const float *vectors[BLOCK];
    for (size_t row = 0; row < tile->n_rows; row++) {
        const size_t length =
            rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + row);
        const row_view view = view_of(&g, row);
        for (size_t i = 0; i < length; i++) {
            if (i % BLOCK == 0) {
                rri_logits_vectors(vectors, tile, row, i, rri_size_smaller(BLOCK, length - i));
            }
            if (dZ[view.place + i] == 0.0f) {
                continue;
            }
            gather(&g, &view, vectors[i % BLOCK], i);
            if (g.n == BLOCK) {
                forward_block(&g, scratch);
                backward_block(gradients, tile, &record, 0, g.n, dZ, scratch);
                g.n = 0;
            }
        }
    }
    if (g.n > 0) {
        forward_block(&g, scratch);
        backward_block(gradients, tile, &record, 0, g.n, dZ, scratch);
    }
}

void rri_candidates_backward(const rri_candidate_gradients *gradients, const float *dZ,
                             const rri_logits_tile *tile, rri_stack *scratch)
{
    const rri_candidate_net *net = tile->in->candidate_net;
    const size_t first = rri_candidate_net_first(net), last = rri_candidate_net_last(net);
    memset(gradients->d_rows + tile->row_begin * first, 0, tile->n_rows * first * sizeof(float));
    memset(gradients->d_queries + tile->row_begin * last, 0, tile->n_rows * last * sizeof(float));
    const size_t mark = rri_stack_mark(scratch);
    if (tile->record != NULL) {
        backward_recorded(gradients, dZ, tile, scratch);
    } else {
        backward_anew(gradients, dZ, tile, scratch);
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_candidates_scratch(const rri_candidate_net *net)
{
    if (net->n_layers == 0) {
        return 0;
    }
    size_t bytes = rri_size_add(rri_candidate_net_scratch(net), record_bytes(net, BLOCK));
    for (size_t i = 0; i < 4; i++) { /* the arrays of pointers */
        bytes = rri_stack_add(bytes, BLOCK, sizeof(float *));
    }
    return bytes;
}
