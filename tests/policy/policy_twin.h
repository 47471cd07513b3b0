/* SPDX-License-Identifier: MIT */
/* policy_twin.h: the policy spelt a second time, plainly and in double, and cases to try both on.
 *
 * A case owns every array of a rri_logits_input in float, and its parameters in double as well, so
 * that a loss of the twin can be differentiated by differences. ℓ = Σ_rows g log π(a) + e Σ_rows H
 */
#ifndef TESTS_POLICY_POLICY_TWIN_H
#define TESTS_POLICY_POLICY_TWIN_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/choice.h"
#include "policy/policy.h"

#define TWIN_MOST_BLOCKS 64

typedef struct twin_shape {
    size_t n, n_items, dim, k, m, h, f;
    bool has_vectors, has_only_vectors, has_lengths, has_counts, has_bias;
    float spread; /* of q; 0: 1 */
} twin_shape;

typedef struct twin {
    twin_shape shape;
    rri_menu menu;
    rri_catalogue catalogue;
    rri_head head;
    rri_logits_input in;
    rri_stack scratch;
    size_t width;
    float *q, *vectors, *bias, *features, *feature_weights, *request_vectors, *d_log_probs;
    double *q64, *vectors64, *bias64, *feature_weights64, log_scale64, repeat_weight64;
    int32_t *actions;
    float d_entropy;
    void *blocks[TWIN_MOST_BLOCKS];
    size_t n_blocks;
    uint64_t random;
} twin;

static inline void *twin_take(twin *t, size_t count, size_t bytes)
{
    const size_t size = (count * bytes + 127) / 64 * 64;
    void *block = aligned_alloc(64, size);
    memset(block, 0, size);
    t->blocks[t->n_blocks++] = block;
    return block;
}
#define TWIN_TAKE(t, type, count) ((type *)twin_take((t), (count), sizeof(type)))

static inline void twin_free(twin *t)
{
    for (size_t i = 0; i < t->n_blocks; i++) {
        free(t->blocks[i]);
    }
    t->n_blocks = 0;
}

static inline uint64_t twin_bits(twin *t)
{
    uint64_t x = (t->random += 0x9e3779b97f4a7c15u);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline double twin_uniform(twin *t)
{
    return (double)(twin_bits(t) >> 11) * 0x1p-53;
}

static inline size_t twin_below(twin *t, size_t n)
{
    return (size_t)(twin_uniform(t) * (double)n);
}

static inline float *twin_floats(twin *t, size_t n, float spread)
{
    float *x = TWIN_TAKE(t, float, n);
    for (size_t i = 0; i < n; i++) {
        x[i] = spread * (float)(2.0 * twin_uniform(t) - 1.0);
    }
    return x;
}

static inline double *twin_widen(twin *t, const float *x, size_t n)
{
    double *y = TWIN_TAKE(t, double, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = (double)x[i];
    }
    return y;
}

static inline bool twin_is_excluded(const twin *t, size_t row, int32_t item)
{
    for (size_t i = 0; t->menu.excluded != NULL && i < t->menu.m; i++) {
        if (item >= 0 && t->menu.excluded[row * t->menu.m + i] == item) {
            return true;
        }
    }
    return false;
}

static inline int32_t twin_item(const twin *t, size_t row, size_t position)
{
    if (t->menu.k == 0) {
        return (int32_t)position;
    }
    return t->menu.candidates == NULL ? -1 : t->menu.candidates[row * t->menu.k + position];
}

static inline size_t twin_length(const twin *t, size_t row)
{
    if (t->menu.k == 0) {
        return t->shape.n_items;
    }
    return t->menu.lengths == NULL ? t->menu.k : (size_t)t->menu.lengths[row];
}

static inline bool twin_is_allowed(const twin *t, size_t row, size_t position)
{
    return position < twin_length(t, row) && !twin_is_excluded(t, row, twin_item(t, row, position));
}

static inline int32_t twin_count(const twin *t, size_t row, size_t position)
{
    if (t->menu.k > 0 && t->menu.counts != NULL) {
        return t->menu.counts[row * t->menu.k + position];
    }
    int32_t count = 0;
    const int32_t item = twin_item(t, row, position);
    for (size_t i = 0; t->menu.history != NULL && i < t->menu.h; i++) {
        count += item >= 0 && t->menu.history[row * t->menu.h + i] == item ? 1 : 0;
    }
    return count;
}

/* z of one position, from the double parameters. */
static inline double twin_logit(const twin *t, size_t row, size_t position)
{
    const size_t d = t->shape.dim;
    const int32_t item = twin_item(t, row, position);
    const size_t at = row * t->menu.k + position;
    double z = 0.0;
    for (size_t i = 0; i < d; i++) {
        z += t->q64[row * d + i] *
             (item >= 0 ? t->vectors64[(size_t)item * d + i] : (double)t->menu.vectors[at * d + i]);
    }
    z *= exp(t->log_scale64);
    for (size_t i = 0; t->menu.features != NULL && i < t->shape.f; i++) {
        z += t->feature_weights64[i] * (double)t->menu.features[at * t->shape.f + i];
    }
    if (t->bias64 != NULL && item >= 0) {
        z += t->bias64[item];
    }
    return z -
           (t->head.has_repeat_weight ? t->repeat_weight64 * twin_count(t, row, position) : 0.0);
}

/* log p [width] of a row, −∞ where it may not be chosen; returns H. */
static inline double twin_log_probs(double *log_p, const twin *t, size_t row)
{
    double max = -INFINITY;
    for (size_t i = 0; i < t->width; i++) {
        log_p[i] = twin_is_allowed(t, row, i) ? twin_logit(t, row, i) : -INFINITY;
        max = log_p[i] > max ? log_p[i] : max;
    }
    double sum = 0.0;
    for (size_t i = 0; i < t->width; i++) {
        sum += exp(log_p[i] - max);
    }
    double entropy = 0.0;
    for (size_t i = 0; i < t->width; i++) {
        log_p[i] -= max + log(sum);
        entropy -= log_p[i] > -INFINITY ? exp(log_p[i]) * log_p[i] : 0.0;
    }
    return entropy;
}

static inline double twin_loss(void *context)
{
    const twin *t = context;
    double *log_p = malloc(t->width * sizeof *log_p);
    double loss = 0.0;
    for (size_t r = 0; r < t->shape.n; r++) {
        const double entropy = twin_log_probs(log_p, t, r);
        loss += (double)t->d_log_probs[r] * log_p[t->actions[r]] + (double)t->d_entropy * entropy;
    }
    free(log_p);
    return loss;
}

static inline rri_logits_limits twin_limits(const twin *t)
{
    return (rri_logits_limits){.n = t->shape.n,
                               .n_items = t->shape.n_items,
                               .dim = t->shape.dim,
                               .k = t->shape.k,
                               .m = t->shape.m,
                               .h = t->shape.h};
}

/* Distinct candidates in a scrambled order; every third has its own vector where there are some. */
static inline void twin_draw_candidates(twin *t)
{
    const twin_shape *s = &t->shape;
    int32_t *candidates = TWIN_TAKE(t, int32_t, s->n * s->k);
    int32_t *pool = TWIN_TAKE(t, int32_t, s->n_items);
    for (size_t i = 0; i < s->n_items; i++) {
        pool[i] = (int32_t)i;
    }
    for (size_t r = 0; r < s->n; r++) {
        for (size_t i = 0; i < s->k; i++) {
            const size_t j = i + twin_below(t, s->n_items - i);
            const int32_t item = pool[j];
            pool[j] = pool[i];
            pool[i] = item;
            candidates[r * s->k + i] = s->has_vectors && i % 3 == 1 ? -1 : item;
        }
    }
    t->menu.candidates = candidates;
}

/* History in which items come back, padding in front; of a list's row mostly its own candidates. */
static inline void twin_draw_shown(twin *t)
{
    const twin_shape *s = &t->shape;
    int32_t *history = TWIN_TAKE(t, int32_t, s->n * s->h);
    int32_t *excluded = TWIN_TAKE(t, int32_t, s->n * s->m);
    for (size_t r = 0; r < s->n; r++) {
        for (size_t i = 0; i < s->h; i++) {
            const int32_t item = twin_item(t, r, twin_below(t, t->width));
            const int32_t again = i > 0 && twin_below(t, 3) == 0 ? history[r * s->h + i - 1] : item;
            history[r * s->h + i] = i < r % (s->h + 1) ? -1 : again;
        }
        for (size_t i = 0; i < s->m; i++) {
            const int32_t item = twin_item(t, r, twin_below(t, t->width / 2));
            excluded[r * s->m + i] = i % 4 == 3 ? -1 : item;
        }
    }
    t->menu.history = s->h > 0 ? history : NULL;
    t->menu.excluded = s->m > 0 ? excluded : NULL;
}

static inline void twin_draw_lists(twin *t)
{
    const twin_shape *s = &t->shape;
    if (!s->has_only_vectors) {
        twin_draw_candidates(t);
    }
    if (s->has_vectors || s->has_only_vectors) {
        t->menu.vectors = t->request_vectors = twin_floats(t, s->n * s->k * s->dim, 1.0f);
    }
    if (s->f > 0) {
        t->menu.features = t->features = twin_floats(t, s->n * s->k * s->f, 1.0f);
    }
    int32_t *lengths = TWIN_TAKE(t, int32_t, s->n);
    int32_t *counts = TWIN_TAKE(t, int32_t, s->n * s->k);
    for (size_t r = 0; r < s->n; r++) {
        lengths[r] = (int32_t)(s->k - twin_below(t, s->k / 4 + 1));
    }
    for (size_t i = 0; i < s->n * s->k; i++) {
        counts[i] = (int32_t)twin_below(t, 4);
    }
    t->menu.lengths = s->has_lengths ? lengths : NULL;
    t->menu.counts = s->has_counts ? counts : NULL;
}

/* Packs what forward and backward may use packed; NULL afterwards means: on the way. */
static inline void twin_pack(twin *t, const rri_kernels *kernels)
{
    const size_t n = t->shape.n_items, d = t->shape.dim;
    float *panels = TWIN_TAKE(t, float, rri_panels_count(kernels, n, d));
    rri_panels_pack(kernels, panels, rri_view_transposed(t->vectors, d), d, n);
    t->catalogue.panels = panels;
    t->in.kernels = kernels;
}

static inline void twin_create(twin *t, twin_shape shape, const rri_kernels *kernels, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->shape = shape;
    t->random = seed;
    const size_t n = shape.n, N = shape.n_items, d = shape.dim;
    t->menu = (rri_menu){.n = n, .k = shape.k, .m = shape.m, .h = shape.h, .feature_dim = shape.f};
    t->width = shape.k > 0 ? shape.k : N;
    t->q = twin_floats(t, n * d, shape.spread > 0.0f ? shape.spread : 1.0f);
    t->vectors = twin_floats(t, N * d, 1.0f);
    t->bias = shape.has_bias ? twin_floats(t, N, 1.0f) : NULL;
    t->feature_weights = shape.f > 0 ? twin_floats(t, shape.f, 1.0f) : NULL;
    if (shape.k > 0) {
        twin_draw_lists(t);
    }
    twin_draw_shown(t);
    t->q64 = twin_widen(t, t->q, n * d);
    t->vectors64 = twin_widen(t, t->vectors, N * d);
    t->bias64 = shape.has_bias ? twin_widen(t, t->bias, N) : NULL;
    t->feature_weights64 = shape.f > 0 ? twin_widen(t, t->feature_weights, shape.f) : NULL;
    t->head = (rri_head){.scale = 1.75f,
                         .repeat_weight = 0.625f,
                         .feature_weights = t->feature_weights,
                         .feature_dim = shape.f,
                         .has_repeat_weight = true};
    t->log_scale64 = log(1.75);
    t->repeat_weight64 = 0.625;
    t->catalogue = (rri_catalogue){.n_items = N, .dim = d, .vectors = t->vectors, .bias = t->bias};
    t->in = (rri_logits_input){.kernels = kernels,
                               .catalogue = &t->catalogue,
                               .head = &t->head,
                               .menu = &t->menu,
                               .q = t->q};
    if (shape.k == 0) {
        twin_pack(t, kernels);
    }
    t->actions = TWIN_TAKE(t, int32_t, n);
    for (size_t r = 0; r < n; r++) {
        size_t position = twin_below(t, t->width);
        while (!twin_is_allowed(t, r, position)) {
            position = (position + 1) % t->width;
        }
        t->actions[r] = (int32_t)position;
    }
    t->d_log_probs = twin_floats(t, n, 1.5f);
    t->d_entropy = -0.3f;

    const rri_logits_limits limits = twin_limits(t);
    const size_t draw = rri_choice_draw_scratch(kernels, &limits);
    const size_t policy = rri_policy_scratch(kernels, &limits);
    const size_t top = rri_choice_top_k_scratch(kernels, &limits, t->width);
    t->scratch.size = draw > policy ? draw : policy;
    t->scratch.size = top > t->scratch.size ? top : t->scratch.size;
    t->scratch.base = twin_take(t, t->scratch.size, 1);
}

/* A tape for the case, with room for logits. */
static inline rri_policy_tape twin_tape(twin *t, bool keeps_logits)
{
    return (rri_policy_tape){.maxima = TWIN_TAKE(t, float, t->shape.n),
                             .log_sums = TWIN_TAKE(t, double, t->shape.n),
                             .entropies = TWIN_TAKE(t, float, t->shape.n),
                             .logits =
                                 keeps_logits ? TWIN_TAKE(t, float, t->shape.n * t->width) : NULL};
}

/* The kinds of rows that every function of the room must serve. */
static const twin_shape TWIN_SHAPES[] = {
    {.n = 3, .n_items = 7, .dim = 5},
    {.n = 5, .n_items = 37, .dim = 8, .m = 4, .h = 6, .has_bias = true},
    {.n = 4, .n_items = 1300, .dim = 6, .m = 9, .h = 5, .has_bias = true},
    {.n = 4, .n_items = 40, .dim = 8, .k = 12, .m = 3, .h = 9, .f = 2, .has_bias = true},
    {.n = 5,
     .n_items = 400,
     .dim = 7,
     .k = 300,
     .m = 5,
     .f = 3,
     .has_lengths = true,
     .has_counts = true,
     .has_vectors = true,
     .has_bias = true},
    {.n = 3,
     .n_items = 0,
     .dim = 9,
     .k = 20,
     .f = 1,
     .has_only_vectors = true,
     .has_lengths = true},
};
#define TWIN_N_SHAPES (sizeof TWIN_SHAPES / sizeof TWIN_SHAPES[0])

/* Backward to the queries of all rows, tile after tile. */
static inline void twin_backward_query(float *dq, rri_policy_sums *sums, rri_policy_tape *tape,
                                       const rri_logits_input *in, const int32_t *actions,
                                       const float *d_log_probs, float d_entropy, size_t row_begin,
                                       size_t row_end, rri_stack *scratch)
{
    for (size_t row = row_begin; row < row_end; row += RRI_LOGITS_TILE) {
        const size_t mark = rri_stack_mark(scratch);
        rri_logits_tile tile;
        rri_logits_prepare(&tile, in, row, rri_size_smaller(RRI_LOGITS_TILE, row_end - row),
                           scratch);
        rri_policy_backward_query_tile(dq, sums, tape, &tile, actions, d_log_probs, d_entropy,
                                       scratch);
        rri_stack_rewind(scratch, mark);
    }
}

#endif
