/* SPDX-License-Identifier: MIT */
#include "nn/transformer.h"

#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "nn/init.h"

static const float FEED_GAIN = 0x1.6a09e6p+0f; /* √2 */

static rr_status declare_map(rri_linear *map, rri_params *params, size_t layer, const char *name,
                             size_t in, size_t out, rr_error *err)
{
    char full[RRI_PARAM_NAME_MAX + 1];
    (void)snprintf(full, sizeof full, "encoder.%zu.%s", layer, name);
    return rri_linear_declare(map, params, full, in, out, true, err);
}

static rr_status declare_norm(rri_layer_norm *norm, rri_params *params, size_t layer,
                              const char *name, size_t width, rr_error *err)
{
    char full[RRI_PARAM_NAME_MAX + 1];
    (void)snprintf(full, sizeof full, "encoder.%zu.%s", layer, name);
    return rri_layer_norm_declare(norm, params, full, width, err);
}

static rr_status declare_layer(rri_transformer_layer *layer, rri_params *params, size_t l,
                               const rri_encoder_shape *shape, rr_error *err)
{
    const size_t E = shape->width;
    char name[RRI_PARAM_NAME_MAX + 1];
    size_t index;
    layer->attention = (rri_attention){.width = E,
                                       .n_heads = shape->n_heads,
                                       .window = shape->window,
                                       .is_last = l + 1 == shape->n_layers};
    RRI_TRY(declare_norm(&layer->norm_attention, params, l, "norm_attention", E, err));
    RRI_TRY(declare_map(&layer->query, params, l, "query", E, E, err));
    RRI_TRY(declare_map(&layer->keys_values, params, l, "keys_values", E, 2 * E, err));
    RRI_TRY(declare_map(&layer->out, params, l, "out", E, E, err));
    (void)snprintf(name, sizeof name, "encoder.%zu.distance", l);
    RRI_TRY(rri_params_add(params, &index, name, shape->n_heads, shape->window, err));
    layer->distance = params->entries[index].offset;
    RRI_TRY(declare_norm(&layer->norm_feed, params, l, "norm_feed", E, err));
    RRI_TRY(declare_map(&layer->up, params, l, "up", E, 2 * E, err));
    return declare_map(&layer->down, params, l, "down", 2 * E, E, err);
}

rr_status rri_transformer_declare(rri_transformer *net, rri_params *params,
                                  const rri_encoder_shape *shape, rr_error *err)
{
    size_t index;
    *net = (rri_transformer){
        .begin = params->n_floats, .width = shape->width, .n_layers = shape->n_layers};
    RRI_TRY(rri_linear_declare(&net->input, params, "encoder.input", shape->token_width,
                               shape->width, true, err));
    for (size_t l = 0; l < net->n_layers; l++) {
        RRI_TRY(declare_layer(&net->layers[l], params, l, shape, err));
    }
    RRI_TRY(rri_params_add(params, &index, "encoder.empty", shape->width, 0, err));
    net->empty = params->entries[index].offset;
    return RR_OK;
}

void rri_transformer_layout(rri_transformer *net, rri_arena *arena, const rri_kernels *kernels)
{
    rri_linear_layout(&net->input, arena, kernels, false);
    for (size_t l = 0; l < net->n_layers; l++) {
        rri_transformer_layer *layer = &net->layers[l];
        layer->attention.kernels = kernels;
        rri_linear_layout(&layer->query, arena, kernels, true);
        rri_linear_layout(&layer->keys_values, arena, kernels, true);
        rri_linear_layout(&layer->out, arena, kernels, true);
        rri_linear_layout(&layer->up, arena, kernels, true);
        rri_linear_layout(&layer->down, arena, kernels, true);
    }
}

size_t rri_transformer_init_scratch(const rri_transformer *net)
{
    const size_t E = net->width;
    return rri_size_larger(rri_init_scratch(E, net->input.in), rri_init_scratch(2 * E, E));
}

/* What a layer adds starts at 0, so that the first encodings are W x + b of the last token. */
void rri_transformer_init(const rri_transformer *net, float *values, uint64_t seed, void *scratch)
{
    rri_linear_init(&net->input, values, 1.0f, seed, scratch);
    for (size_t l = 0; l < net->n_layers; l++) {
        const rri_transformer_layer *layer = &net->layers[l];
        rri_layer_norm_init(&layer->norm_attention, values);
        rri_layer_norm_init(&layer->norm_feed, values);
        rri_linear_init(&layer->query, values, 1.0f, seed, scratch);
        rri_linear_init(&layer->keys_values, values, 1.0f, seed, scratch);
        rri_linear_init(&layer->out, values, 1.0f, seed, scratch);
        rri_linear_init(&layer->up, values, FEED_GAIN, seed, scratch);
        rri_linear_init(&layer->down, values, 0.0f, seed, scratch);
        rri_init_constant(values + layer->distance, 0.0f,
                          layer->attention.n_heads * layer->attention.window);
    }
    rri_init_constant(values + net->empty, 0.0f, net->width);
}

void rri_transformer_pack(rri_transformer *net, const float *values)
{
    rri_linear_pack(&net->input, values);
    for (size_t l = 0; l < net->n_layers; l++) {
        rri_transformer_layer *layer = &net->layers[l];
        rri_layer_norm_pack(&layer->norm_attention, values, net->input.kernels);
        rri_layer_norm_pack(&layer->norm_feed, values, net->input.kernels);
        rri_linear_pack(&layer->query, values);
        rri_linear_pack(&layer->keys_values, values);
        rri_linear_pack(&layer->out, values);
        rri_linear_pack(&layer->up, values);
        rri_linear_pack(&layer->down, values);
        layer->distance_values = values + layer->distance;
    }
    net->empty_values = values + net->empty;
}

/* ── memory ── */

/* Floats of a layer's tape: T tokens, Q queries. */
static size_t tape_floats(size_t *parts, const rri_transformer *net, size_t T, size_t Q)
{
    const size_t E = net->width;
    const rri_attention *attention = &net->layers[0].attention;
    const size_t shapes[][2] = {{T, E},
                                {T, 1},
                                {T, E},
                                {Q, E},
                                {Q, E},
                                {T, 2 * E},
                                {Q, attention->n_heads * rri_attention_room(attention)},
                                {Q, E},
                                {Q, E},
                                {Q, 1},
                                {Q, E},
                                {Q, 2 * E},
                                {Q, 2 * E}};
    const size_t n = sizeof shapes / sizeof shapes[0];
    for (size_t i = 0; i < n; i++) {
        parts[i] = rri_size_multiply(shapes[i][0], shapes[i][1]);
    }
    return n;
}

enum { MOST_PARTS = 16 };

/* Slopes of backward: of u, of what a layer's maps make, and of what a map sees. */
static size_t slope_parts(size_t *parts, const rri_transformer *net, size_t T)
{
    const size_t E = net->width;
    const size_t widths[] = {E, E, 2 * E, 2 * E, E, E};
    const size_t n = sizeof widths / sizeof widths[0];
    for (size_t i = 0; i < n; i++) {
        parts[i] = rri_size_multiply(T, widths[i]);
    }
    return n;
}

size_t rri_transformer_scratch(const rri_transformer *net, size_t n, size_t n_rows, size_t n_tokens)
{
    (void)n;
    (void)n_rows; /* of which no more ask than there are tokens */
    size_t parts[MOST_PARTS];
    const size_t T = n_tokens;
    size_t bytes = rri_size_larger(rri_linear_scratch(&net->input, T),
                                   rri_linear_scratch(&net->layers[0].down, T));
    bytes = rri_size_larger(bytes, rri_linear_scratch(&net->layers[0].up, T));
    bytes = rri_size_larger(bytes, rri_attention_scratch(&net->layers[0].attention));
    const size_t n_parts = tape_floats(parts, net, T, T);
    for (size_t l = 0; l < net->n_layers; l++) {
        for (size_t i = 0; i < n_parts; i++) {
            bytes = rri_stack_add(bytes, parts[i], sizeof(float));
        }
    }
    const size_t n_slopes = slope_parts(parts, net, T); /* more than what forward takes */
    for (size_t i = 0; i < n_slopes; i++) {
        bytes = rri_stack_add(bytes, parts[i], sizeof(float));
    }
    return bytes;
}

rri_transformer_tape rri_transformer_tape_take(const rri_transformer *net, const rri_histories *in,
                                               rri_stack *scratch)
{
    rri_transformer_tape tape;
    for (size_t l = 0; l < net->n_layers; l++) {
        rri_transformer_tape_layer *t = &tape.layers[l];
        size_t parts[MOST_PARTS];
        t->n_queries = rri_attention_n_queries(&net->layers[l].attention, in);
        (void)tape_floats(parts, net, in->n_tokens, t->n_queries);
        float **const slices[] = {&t->attention_hat,
                                  &t->attention_inverse,
                                  &t->normal,
                                  &t->normal_queries,
                                  &t->q,
                                  &t->kv,
                                  &t->p,
                                  &t->mixed,
                                  &t->feed_hat,
                                  &t->feed_inverse,
                                  &t->feed,
                                  &t->hidden,
                                  &t->activated};
        for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
            *slices[i] = RRI_STACK_TAKE(scratch, float, parts[i]);
        }
        t->normal_queries = net->layers[l].attention.is_last ? t->normal_queries : t->normal;
    }
    return tape;
}

/* ── forward ── */

/* to [Q, E] ← the rows of from [T, E] that ask; the same array may be both, as it is where all do.
 */
static void take_queries(float *to, const float *from, const rri_attention *attention,
                         const rri_histories *in)
{
    const size_t E = attention->width;
    if (!attention->is_last) {
        return;
    }
    for (size_t i = 0; i < in->n; i++) {
        for (int32_t row = in->first_rows[i]; row < in->first_rows[i + 1]; row++) {
            if (in->row_lengths[row] > 0) {
                memmove(to, from + (size_t)(in->row_lengths[row] - 1) * E, E * sizeof(float));
                to += E;
            }
        }
        from += (size_t)in->lengths[i] * E;
    }
}

/* u: [T, E] on entry, [Q, E] on return. */
static void layer_forward(const rri_transformer_layer *layer, float *u,
                          rri_transformer_tape_layer *t, const rri_histories *in,
                          rri_stack *scratch)
{
    const rri_attention *attention = &layer->attention;
    const rri_kernels *kernels = attention->kernels;
    const size_t E = attention->width, T = in->n_tokens, Q = t->n_queries;
    rri_layer_norm_forward(&layer->norm_attention, t->normal, t->attention_hat,
                           t->attention_inverse, u, T);
    take_queries(t->normal_queries, t->normal, attention, in);
    take_queries(u, u, attention, in);
    rri_linear_forward(&layer->query, t->q, t->normal_queries, Q, false, scratch);
    rri_linear_forward(&layer->keys_values, t->kv, t->normal, T, false, scratch);
    rri_attention_forward(attention, t->mixed, t->p, t->q, t->kv, layer->distance_values, in,
                          scratch);
    rri_linear_forward(&layer->out, u, t->mixed, Q, true, scratch);

    rri_layer_norm_forward(&layer->norm_feed, t->feed, t->feed_hat, t->feed_inverse, u, Q);
    rri_linear_forward(&layer->up, t->hidden, t->feed, Q, false, scratch);
    rri_vec_gelu(kernels, t->activated, t->hidden, Q * 2 * E);
    rri_linear_forward(&layer->down, u, t->activated, Q, true, scratch);
}

void rri_transformer_forward(const rri_transformer *net, float *e, size_t stride,
                             rri_transformer_tape *tape, const rri_histories *in,
                             rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), E = net->width, T = in->n_tokens;
    if (T > 0) {
        float *u = RRI_STACK_TAKE(scratch, float, T *E);
        rri_linear_forward(&net->input, u, in->tokens, T, false, scratch);
        for (size_t l = 0; l < net->n_layers; l++) {
            layer_forward(&net->layers[l], u, &tape->layers[l], in, scratch);
        }
        for (size_t row = 0; e != NULL && row < in->n_rows; row++) {
            if (in->row_lengths[row] > 0) {
                memcpy(e + row * stride, u, E * sizeof(float));
                u += E;
            }
        }
    }
    for (size_t row = 0; e != NULL && row < in->n_rows; row++) {
        if (in->row_lengths[row] == 0) {
            memcpy(e + row * stride, net->empty_values, E * sizeof(float));
        }
    }
    rri_stack_rewind(scratch, mark);
}

/* ── backward ── */

/* to [T, E] += from [Q, E] at the rows that ask; the reverse of take_queries. */
static void add_queries(float *to, const float *from, const rri_attention *attention,
                        const rri_histories *in)
{
    const size_t E = attention->width;
    if (!attention->is_last) {
        rri_vec_add(attention->kernels, to, from, in->n_tokens * E);
        return;
    }
    for (size_t i = 0; i < in->n; i++) {
        for (int32_t row = in->first_rows[i]; row < in->first_rows[i + 1]; row++) {
            if (in->row_lengths[row] > 0) {
                float *token = to + (size_t)(in->row_lengths[row] - 1) * E;
                rri_vec_add(attention->kernels, token, from, E);
                from += E;
            }
        }
        to += (size_t)in->lengths[i] * E;
    }
}

/* The slopes of a call, which its layers share. */
typedef struct slopes {
    float *u;                /* [Q, E] of u behind the layer, then [T, E] before it */
    float *seen, *wide, *kv; /* [T, E], [T, 2 E], [T, 2 E] */
    float *q, *normal;       /* [T, E] each */
    float *gradients;
    size_t begin;
} slopes;

/* dx [n, in] ← dy W, and the gradients of W and b. */
static void map_backward(const rri_linear *map, float *dx, const slopes *d, const float *dy,
                         const float *x, size_t n, rri_stack *scratch)
{
    const rri_linear part = rri_linear_moved(map, d->begin);
    rri_linear_backward_params(&part, d->gradients, dy, x, n, 0, map->out, scratch);
    rri_linear_backward_input(map, dx, dy, n, scratch);
}

static void layer_backward(const rri_transformer_layer *layer, slopes *d,
                           const rri_transformer_tape_layer *t, const rri_histories *in,
                           rri_stack *scratch)
{
    const rri_attention *attention = &layer->attention;
    const rri_kernels *kernels = attention->kernels;
    const size_t E = attention->width, T = in->n_tokens, Q = t->n_queries;
    map_backward(&layer->down, d->wide, d, d->u, t->activated, Q, scratch);
    rri_vec_gelu_backward(kernels, d->wide, d->wide, t->hidden, Q * 2 * E);
    map_backward(&layer->up, d->normal, d, d->wide, t->feed, Q, scratch);
    rri_layer_norm_backward(&layer->norm_feed, d->seen, d->gradients, d->begin, d->normal,
                            t->feed_hat, t->feed_inverse, Q);
    rri_vec_add(kernels, d->u, d->seen, Q * E); /* the branch, and what goes past it */

    map_backward(&layer->out, d->seen, d, d->u, t->mixed, Q, scratch);
    rri_attention_backward(attention, d->q, d->kv, d->gradients + layer->distance - d->begin,
                           d->seen, t->p, t->q, t->kv, in, scratch);
    map_backward(&layer->keys_values, d->normal, d, d->kv, t->normal, T, scratch);
    map_backward(&layer->query, d->seen, d, d->q, t->normal_queries, Q, scratch);
    add_queries(d->normal, d->seen, attention, in);
    rri_layer_norm_backward(&layer->norm_attention, d->seen, d->gradients, d->begin, d->normal,
                            t->attention_hat, t->attention_inverse, T);
    add_queries(d->seen, d->u, attention, in);
    float *before = d->seen; /* the slope of u before the layer */
    d->seen = d->u;
    d->u = before;
}

void rri_transformer_backward(const rri_transformer *net, float *gradients, const float *de,
                              size_t stride, const rri_transformer_tape *tape,
                              const rri_histories *in, rri_stack *scratch)
{
    const rri_kernels *kernels = net->input.kernels;
    const size_t mark = rri_stack_mark(scratch), E = net->width, T = in->n_tokens;
    for (size_t row = 0; row < in->n_rows; row++) {
        if (in->row_lengths[row] == 0) {
            rri_vec_add(kernels, gradients + net->empty - net->begin, de + row * stride, E);
        }
    }
    if (T > 0) {
        slopes d = {.u = RRI_STACK_TAKE(scratch, float, T *E),
                    .seen = RRI_STACK_TAKE(scratch, float, T *E),
                    .wide = RRI_STACK_TAKE(scratch, float, T * 2 * E),
                    .kv = RRI_STACK_TAKE(scratch, float, T * 2 * E),
                    .q = RRI_STACK_TAKE(scratch, float, T *E),
                    .normal = RRI_STACK_TAKE(scratch, float, T *E),
                    .gradients = gradients,
                    .begin = net->begin};
        float *last = d.u;
        for (size_t row = 0; row < in->n_rows; row++) {
            if (in->row_lengths[row] > 0) {
                memcpy(last, de + row * stride, E * sizeof(float));
                last += E;
            }
        }
        for (size_t l = net->n_layers; l-- > 0;) {
            layer_backward(&net->layers[l], &d, &tape->layers[l], in, scratch);
        }
        const rri_linear input = rri_linear_moved(&net->input, net->begin);
        rri_linear_backward_params(&input, gradients, d.u, in->tokens, T, 0, E, scratch);
    }
    rri_stack_rewind(scratch, mark);
}
