/* SPDX-License-Identifier: MIT */
/* sequence.c: gates are plain loops, which the compiler turns into vectors; sums go over sixteen
 * lanes. Compiled once per level.
 *
 * Attention lays a head's keys out by coordinate, so that sixteen products q·k_u are made side by
 * side with no lane to be folded; rows of p are whole sixteens with zeros behind the query's place.
 */
#include "math/sequence.h"

#include <math.h>
#include <string.h>

#include "math/lanes.h"
#include "math/tile.h"

/* The next n ≤ 16 floats, or 16 of more; what is missing is 0. */
static inline rri_lanes load_some(const float *x, size_t n)
{
    if (n >= RRI_LANES) {
        return rri_lanes_load(x);
    }
    float some[16] = {0};
    memcpy(some, x, n * sizeof *x);
    return rri_lanes_load(some);
}

static inline void store_some(float *y, rri_lanes a, size_t n)
{
    if (n >= RRI_LANES) {
        rri_lanes_store(y, a);
        return;
    }
    float some[16];
    rri_lanes_store(some, a);
    memcpy(y, some, n * sizeof *y);
}

/* ── a GRU's step ── */

/* σ(x) = ½ + ½ tanh(½ x) */
static inline float squash(float x)
{
    return fmaf(0.5f, rri_tanh(0.5f * x), 0.5f);
}

/* One row, with its three parts of all that has three. */
static void gru_row(float *restrict h, float *restrict r, float *restrict z, float *restrict n,
                    float *restrict candidate, const float *restrict of_hidden,
                    const float *restrict bias, const float *restrict hidden_bias, size_t E)
{
    for (size_t j = 0; j < E; j++) {
        r[j] = squash((r[j] + bias[j]) + (of_hidden[j] + hidden_bias[j]));
    }
    for (size_t j = 0; j < E; j++) {
        const size_t k = E + j;
        z[j] = squash((z[j] + bias[k]) + (of_hidden[k] + hidden_bias[k]));
    }
    for (size_t j = 0; j < E; j++) {
        const size_t k = 2 * E + j;
        candidate[j] = of_hidden[k] + hidden_bias[k];
        n[j] = rri_tanh(fmaf(r[j], candidate[j], n[j] + bias[k]));
        h[j] = fmaf(z[j], h[j] - n[j], n[j]);
    }
}

static void gru_step(float *h, float *gates, float *candidate, const float *of_hidden,
                     const float *bias, const float *hidden_bias, size_t n, size_t E)
{
    for (size_t i = 0; i < n; i++) {
        float *r = gates + i * 3 * E;
        gru_row(h + i * E, r, r + E, r + 2 * E, candidate + i * E, of_hidden + i * 3 * E, bias,
                hidden_bias, E);
    }
}

static void gru_row_backward(float *restrict d_input, float *restrict d_hidden, float *restrict dh,
                             const float *restrict gates, const float *restrict candidate,
                             const float *restrict before, size_t E)
{
    for (size_t j = 0; j < E; j++) {
        const float r = gates[j], z = gates[E + j], n = gates[2 * E + j];
        const float dz = dh[j] * (before[j] - n), dn = dh[j] * (1.0f - z);
        const float d_into_n = dn * fmaf(-n, n, 1.0f);
        const float d_into_r = d_into_n * candidate[j] * (r * (1.0f - r));
        const float d_into_z = dz * (z * (1.0f - z));
        d_input[j] = d_hidden[j] = d_into_r;
        d_input[E + j] = d_hidden[E + j] = d_into_z;
        d_input[2 * E + j] = d_into_n;
        d_hidden[2 * E + j] = d_into_n * r;
        dh[j] *= z;
    }
}

static void gru_step_backward(float *d_input, float *d_hidden, float *dh, const float *gates,
                              const float *candidate, const float *before, size_t n, size_t E)
{
    for (size_t i = 0; i < n; i++) {
        gru_row_backward(d_input + i * 3 * E, d_hidden + i * 3 * E, dh + i * E, gates + i * 3 * E,
                         candidate + i * E, before + i * E, E);
    }
}

/* ── layer normalisation ── */

static void norm(float *y, float *x_hat, float *inverse, const float *x, const float *gain,
                 const float *bias, size_t n, size_t E)
{
    for (size_t i = 0; i < n; i++, y += E, x_hat += E, x += E) {
        rri_lanes sum = rri_lanes_all(0.0f), squares = rri_lanes_all(0.0f);
        for (size_t j = 0; j < E; j += RRI_LANES) {
            sum = rri_lanes_add(sum, load_some(x + j, E - j));
        }
        const rri_lanes mean = rri_lanes_all(rri_lanes_fold(sum) / (float)E);
        for (size_t j = 0; j < E; j += RRI_LANES) {
            store_some(x_hat + j, rri_lanes_subtract(load_some(x + j, E - j), mean), E - j);
            const rri_lanes off = load_some(x_hat + j, E - j);
            squares = rri_lanes_fma(off, off, squares);
        }
        inverse[i] = 1.0f / sqrtf(rri_lanes_fold(squares) / (float)E + 1e-5f);
        const rri_lanes factor = rri_lanes_all(inverse[i]);
        for (size_t j = 0; j < E; j += RRI_LANES) {
            const rri_lanes hat = rri_lanes_multiply(load_some(x_hat + j, E - j), factor);
            const rri_lanes g = load_some(gain + j, E - j), b = load_some(bias + j, E - j);
            store_some(x_hat + j, hat, E - j);
            store_some(y + j, rri_lanes_fma(g, hat, b), E - j);
        }
    }
}

/* With dx̂ = g ⊙ dy:  dx = (dx̂ − mean dx̂ − x̂ mean(x̂ ⊙ dx̂)) / √(var + ε) */
static void norm_backward(float *dx, float *d_gain, float *d_bias, const float *dy,
                          const float *x_hat, const float *inverse, const float *gain, size_t n,
                          size_t E)
{
    for (size_t i = 0; i < n; i++, dx += E, dy += E, x_hat += E) {
        rri_lanes sum = rri_lanes_all(0.0f), along = rri_lanes_all(0.0f);
        for (size_t j = 0; j < E; j += RRI_LANES) {
            const size_t left = E - j;
            const rri_lanes slope = load_some(dy + j, left), hat = load_some(x_hat + j, left);
            const rri_lanes d_hat = rri_lanes_multiply(load_some(gain + j, left), slope);
            store_some(d_gain + j, rri_lanes_fma(slope, hat, load_some(d_gain + j, left)), left);
            store_some(d_bias + j, rri_lanes_add(load_some(d_bias + j, left), slope), left);
            store_some(dx + j, d_hat, left);
            sum = rri_lanes_add(sum, d_hat);
            along = rri_lanes_fma(d_hat, hat, along);
        }
        const rri_lanes mean = rri_lanes_all(rri_lanes_fold(sum) / (float)E);
        const rri_lanes slant = rri_lanes_all(-rri_lanes_fold(along) / (float)E);
        const rri_lanes factor = rri_lanes_all(inverse[i]);
        for (size_t j = 0; j < E; j += RRI_LANES) {
            const rri_lanes level = rri_lanes_subtract(load_some(dx + j, E - j), mean);
            const rri_lanes d = rri_lanes_fma(load_some(x_hat + j, E - j), slant, level);
            store_some(dx + j, rri_lanes_multiply(d, factor), E - j);
        }
    }
}

/* ── attention ── */

/* What a call works with, in the scratch of a head. */
typedef struct desk {
    size_t room;        /* R = room(n) */
    float *by_distance; /* [R + 16] c of distance n − 1, …, 0, so that places rise */
    float *columns;     /* [d, R] keys, or values, by coordinate */
    float *slopes;      /* [Q, R] of a */
} desk;

static desk desk_of(const rri_head_view *head)
{
    const size_t R = rri_sequence_room(head->n);
    return (desk){.room = R,
                  .by_distance = head->scratch,
                  .columns = head->scratch + R + RRI_LANES,
                  .slopes = head->scratch + R + RRI_LANES + head->d * R};
}

static size_t place_of(const rri_head_view *head, size_t query)
{
    return head->places != NULL ? (size_t)head->places[query] : query;
}

/* Lanes [u, u + 16) of x·rows, of rows by coordinate. */
static inline rri_lanes products(const desk *at, const float *x, size_t u, size_t d)
{
    rri_lanes sum = rri_lanes_all(0.0f);
    for (size_t l = 0; l < d; l++) {
        sum =
            rri_lanes_fma(rri_lanes_all(x[l]), rri_lanes_load(at->columns + l * at->room + u), sum);
    }
    return sum;
}

/* y [d] ← factor Σ_i weights[i · step] rows_i of n rows that lie ld apart. */
static inline void blend(float *y, float factor, const float *weights, size_t step,
                         const float *rows, size_t ld, size_t n, size_t d)
{
    for (size_t j = 0; j < d; j += RRI_LANES) {
        rri_lanes sum = rri_lanes_all(0.0f);
        if (d - j >= RRI_LANES) {
            for (size_t i = 0; i < n; i++) {
                sum = rri_lanes_fma(rri_lanes_all(weights[i * step]),
                                    rri_lanes_load(rows + i * ld + j), sum);
            }
        } else {
            for (size_t i = 0; i < n; i++) {
                sum = rri_lanes_fma(rri_lanes_all(weights[i * step]),
                                    load_some(rows + i * ld + j, d - j), sum);
            }
        }
        store_some(y + j, rri_lanes_multiply(sum, rri_lanes_all(factor)), d - j);
    }
}

/* 0 for so many lanes, −∞ for the others: read from its sixteenth float less so many. */
static const float BEYOND[32] = {
    0,         0,         0,         0,         0,         0,         0,         0,
    0,         0,         0,         0,         0,         0,         0,         0,
    -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY,
    -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY};

/* p [R] of a query q at place t. */
static void weigh(float *p, const rri_head_view *head, const desk *at, const float *q, size_t t)
{
    const size_t end = rri_sequence_room(t + 1);
    const rri_lanes scale = rri_lanes_all(1.0f / sqrtf((float)head->d));
    const float *c = at->by_distance + (head->n - 1 - t);
    rri_lanes most = rri_lanes_all(-INFINITY), sum = rri_lanes_all(0.0f);
    for (size_t u = 0; u < end; u += RRI_LANES) {
        rri_lanes a = rri_lanes_fma(products(at, q, u, head->d), scale, rri_lanes_load(c + u));
        if (u + RRI_LANES > t + 1) {
            a = rri_lanes_add(a, rri_lanes_load(BEYOND + RRI_LANES - (t + 1 - u)));
        }
        rri_lanes_store(p + u, a);
        most = rri_lanes_max(a, most);
    }
    const rri_lanes down = rri_lanes_all(rri_lanes_fold_max(most));
    for (size_t u = 0; u < end; u += RRI_LANES) {
        const rri_lanes e = rri_lanes_exp(rri_lanes_subtract(rri_lanes_load(p + u), down));
        rri_lanes_store(p + u, e);
        sum = rri_lanes_add(sum, e);
    }
    const rri_lanes share = rri_lanes_all(1.0f / rri_lanes_fold(sum));
    for (size_t u = 0; u < end; u += RRI_LANES) {
        rri_lanes_store(p + u, rri_lanes_multiply(rri_lanes_load(p + u), share));
    }
    memset(p + end, 0, (at->room - end) * sizeof *p);
}

static void attend(float *y, float *p, const rri_head_view *head)
{
    const desk at = desk_of(head);
    RRI_AT_LEVEL(rri_tiles).pack(at.columns, at.room, head->keys, head->ld_kv, 1, head->n, head->d);
    memset(at.by_distance + head->n, 0, (at.room + RRI_LANES - head->n) * sizeof(float));
    for (size_t u = 0; u < head->n; u++) {
        at.by_distance[head->n - 1 - u] = head->c[u];
    }
    for (size_t i = 0; i < head->n_queries; i++) {
        const size_t t = place_of(head, i);
        float *row = p + i * head->ld_p;
        weigh(row, head, &at, head->q + i * head->ld_q, t);
        blend(y + i * head->ld_q, 1.0f, row, 1, head->values, head->ld_kv, t + 1, head->d);
    }
}

/* da [R] of a query at place t, where dp = dy·v:  da = p (dp − Σ p dp). Adds to what stands by
 * distance. */
static void weigh_backward(float *da, const rri_head_view *head, const desk *at, const float *dy,
                           const float *p, size_t t)
{
    const size_t end = rri_sequence_room(t + 1);
    float *dc = at->by_distance + (head->n - 1 - t);
    rri_lanes sum = rri_lanes_all(0.0f);
    for (size_t u = 0; u < end; u += RRI_LANES) {
        const rri_lanes dp = products(at, dy, u, head->d);
        rri_lanes_store(da + u, dp);
        sum = rri_lanes_fma(dp, rri_lanes_load(p + u), sum);
    }
    const rri_lanes mean = rri_lanes_all(rri_lanes_fold(sum));
    for (size_t u = 0; u < end; u += RRI_LANES) {
        const rri_lanes off = rri_lanes_subtract(rri_lanes_load(da + u), mean);
        const rri_lanes slope = rri_lanes_multiply(rri_lanes_load(p + u), off);
        rri_lanes_store(da + u, slope);
        rri_lanes_store(dc + u, rri_lanes_add(rri_lanes_load(dc + u), slope));
    }
}

static void attend_backward(float *dq, float *d_keys, float *d_values, float *dc, const float *dy,
                            const rri_head_view *head)
{
    const desk at = desk_of(head);
    const size_t d = head->d, R = at.room, n_queries = head->n_queries;
    const float scale = 1.0f / sqrtf((float)d);
    RRI_AT_LEVEL(rri_tiles).pack(at.columns, R, head->values, head->ld_kv, 1, head->n, d);
    memset(at.by_distance, 0, (R + RRI_LANES) * sizeof(float));
    for (size_t i = 0; i < n_queries; i++) {
        const size_t t = place_of(head, i);
        float *da = at.slopes + i * R;
        weigh_backward(da, head, &at, dy + i * head->ld_q, head->p + i * head->ld_p, t);
        blend(dq + i * head->ld_q, scale, da, 1, head->keys, head->ld_kv, t + 1, d);
    }
    for (size_t u = 0, first = 0; u < head->n; u++) {
        while (first < n_queries && place_of(head, first) < u) {
            first++;
        }
        const size_t n = n_queries - first, row = first * head->ld_q;
        blend(d_keys + u * head->ld_kv, scale, at.slopes + first * R + u, R, head->q + row,
              head->ld_q, n, d);
        blend(d_values + u * head->ld_kv, 1.0f, head->p + first * head->ld_p + u, head->ld_p,
              dy + row, head->ld_q, n, d);
    }
    for (size_t u = 0; u < head->n; u++) {
        dc[u] += at.by_distance[head->n - 1 - u];
    }
}

const rri_sequence RRI_AT_LEVEL(rri_sequence) = {gru_step, gru_step_backward, norm, norm_backward,
                                                 attend,   attend_backward};
