/* SPDX-License-Identifier: MIT */
#include "policy/candidates.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

/* Candidates on their way into a block. */
typedef struct gathering {
    const rri_logits_tile *tile;
    const rri_candidate_net *net;
    rri_candidate_tape tape;
    float *features;       /* [block, f] */
    const float **vectors; /* [block] each, as in rri_candidate_block */
    const float **kept, **rows, **queries;
    size_t *rows_of, *places; /* [block] its row of the tile; where in Z its score or slope lies */
    size_t n;
    bool keeps_products; /* C v_i of the pool is taken from the catalogue where it has it */
} gathering;

#define BLOCK RRI_CANDIDATE_BLOCK

static gathering begin_gathering(const rri_logits_tile *tile, bool keeps_products,
                                 rri_stack *scratch)
{
    const rri_candidate_net *net = tile->in->candidate_net;
    return (gathering){.tile = tile,
                       .net = net,
                       .features = RRI_STACK_TAKE(scratch, float, BLOCK * net->features.in),
                       .vectors = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .kept = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .rows = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .queries = RRI_STACK_TAKE(scratch, const float *, BLOCK),
                       .rows_of = RRI_STACK_TAKE(scratch, size_t, BLOCK),
                       .places = RRI_STACK_TAKE(scratch, size_t, BLOCK),
                       .tape = rri_candidate_tape_take(net, scratch),
                       .keeps_products = keeps_products};
}

static rri_candidate_block block_of(const gathering *g)
{
    return (rri_candidate_block){.n = g->n,
                                 .features = g->features,
                                 .vectors = g->vectors,
                                 .kept = g->kept,
                                 .rows = g->rows,
                                 .queries = g->queries};
}

/* The candidate at one position of a row of the tile, and its v. */
static void gather(gathering *g, const float *vector, size_t row, size_t position, size_t place)
{
    const rri_logits_input *in = g->tile->in;
    const size_t f = g->net->features.in, i = g->n++, at = g->tile->row_begin + row;
    const size_t list = rri_menu_row(in->menu, at) * in->menu->k + position;
    const int32_t item = rri_menu_item(in->menu, at, position);
    const float *products = g->keeps_products ? in->catalogue->candidate_products : NULL;
    const size_t first = rri_candidate_net_first(g->net);
    memcpy(g->features + i * f, in->menu->features + list * f, f * sizeof(float));
    g->vectors[i] = vector;
    g->kept[i] = products != NULL && item >= 0 ? products + (size_t)item * first : NULL;
    g->rows[i] = in->candidate_rows + at * first;
    g->queries[i] = in->candidate_queries + at * rri_candidate_net_last(g->net);
    g->rows_of[i] = row;
    g->places[i] = place;
}

/* Scores of a block, a run of one row's candidates at a time. */
static void add_block(float *Z, gathering *g, rri_stack *scratch)
{
    const rri_logits_input *in = g->tile->in;
    const size_t last = rri_candidate_net_last(g->net);
    const rri_candidate_block block = block_of(g);
    rri_candidate_net_forward(g->net, &g->tape, &block, scratch);
    const float *h = g->tape.outputs[g->net->n_layers - 1];
    const float *outputs[BLOCK];
    float terms[BLOCK];
    for (size_t i = 0; i < g->n; i++) {
        outputs[i] = h + i * last;
    }
    for (size_t i = 0, end; i < g->n; i = end) {
        end = i + 1;
        while (end < g->n && g->rows_of[end] == g->rows_of[i]) {
            end++;
        }
        rri_dots(in->kernels, terms + i, g->queries[i], outputs + i, end - i, last);
    }
    for (size_t i = 0; i < g->n; i++) {
        const bool is_tempered = in->head->temperature != 1.0f;
        Z[g->places[i]] += is_tempered ? terms[i] / in->head->temperature : terms[i];
    }
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
    gathering g = begin_gathering(tile, true, scratch);
    const float *vectors[BLOCK];
    for (size_t row = first; row < first + n_rows; row++) {
        const size_t length =
            rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + row);
        const size_t last = rri_size_smaller(end, length);
        for (size_t i = begin; i < last; i++) {
            if ((i - begin) % BLOCK == 0) {
                rri_logits_vectors(vectors, tile, row, i, rri_size_smaller(BLOCK, last - i));
            }
            const size_t place = (row - first) * ldz + (i - begin);
            if (Z[place] == -INFINITY) {
                continue;
            }
            gather(&g, vectors[(i - begin) % BLOCK], row, i, place);
            if (g.n == BLOCK) {
                add_block(Z, &g, scratch);
            }
        }
    }
    if (g.n > 0) {
        add_block(Z, &g, scratch);
    }
    rri_stack_rewind(scratch, mark);
}

/* Where the slopes of a tile's rows go. */
typedef struct slope_pointers {
    float **d_rows, **d_queries; /* [block] */
    float *dz;                   /* [block] */
} slope_pointers;

static void backward_block(const rri_candidate_gradients *gradients, gathering *g,
                           const slope_pointers *to, const float *dZ, rri_stack *scratch)
{
    const size_t first = rri_candidate_net_first(g->net), last = rri_candidate_net_last(g->net);
    const rri_candidate_block block = block_of(g);
    for (size_t i = 0; i < g->n; i++) {
        const size_t row = g->tile->row_begin + g->rows_of[i];
        to->dz[i] = dZ[g->places[i]];
        to->d_rows[i] = gradients->d_rows + row * first;
        to->d_queries[i] = gradients->d_queries + row * last;
    }
    const rri_candidate_slopes slopes = {gradients->params, to->d_rows, to->d_queries};
    rri_candidate_net_forward(g->net, &g->tape, &block, scratch);
    rri_candidate_net_backward(g->net, &slopes, to->dz, &g->tape, &block, scratch);
    g->n = 0;
}

void rri_candidates_backward(const rri_candidate_gradients *gradients, const float *dZ,
                             const rri_logits_tile *tile, rri_stack *scratch)
{
    const rri_logits_input *in = tile->in;
    const rri_candidate_net *net = in->candidate_net;
    const size_t first = rri_candidate_net_first(net), last = rri_candidate_net_last(net);
    memset(gradients->d_rows + tile->row_begin * first, 0, tile->n_rows * first * sizeof(float));
    memset(gradients->d_queries + tile->row_begin * last, 0, tile->n_rows * last * sizeof(float));
    const size_t mark = rri_stack_mark(scratch);
    gathering g = begin_gathering(tile, false, scratch);
    const float *vectors[BLOCK];
    const slope_pointers to = {.d_rows = RRI_STACK_TAKE(scratch, float *, BLOCK),
                               .d_queries = RRI_STACK_TAKE(scratch, float *, BLOCK),
                               .dz = RRI_STACK_TAKE(scratch, float, BLOCK)};
    for (size_t row = 0; row < tile->n_rows; row++) {
        const size_t length =
            rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + row);
        for (size_t i = 0; i < length; i++) {
            if (i % BLOCK == 0) {
                rri_logits_vectors(vectors, tile, row, i, rri_size_smaller(BLOCK, length - i));
            }
            const size_t place = row * tile->width + i;
            if (dZ[place] == 0.0f) {
                continue;
            }
            gather(&g, vectors[i % BLOCK], row, i, place);
            if (g.n == BLOCK) {
                backward_block(gradients, &g, &to, dZ, scratch);
            }
        }
    }
    if (g.n > 0) {
        backward_block(gradients, &g, &to, dZ, scratch);
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_candidates_scratch(const rri_candidate_net *net)
{
    if (net->n_layers == 0) {
        return 0;
    }
    size_t bytes = rri_candidate_net_scratch(net);
    bytes = rri_stack_add(bytes, rri_size_multiply(BLOCK, net->features.in), sizeof(float));
    for (size_t i = 0; i < 9; i++) { /* arrays of pointers, places and slopes */
        bytes = rri_stack_add(bytes, BLOCK, sizeof(float *));
    }
    return bytes;
}
