/* SPDX-License-Identifier: MIT */
/* sequence.c: gates are plain loops, which the compiler turns into vectors; sums go over sixteen
 * lanes. Compiled once per level.
 *
 * Attention lays a head's keys out by coordinate, so that sixteen products q·k_u are made side by
 * side with no lane to be folded; rows of p are whole sixteens with zeros behind the query's place.
 */
#include "math/sequence.h"

#include <math.h>
#include <stdbool.h>
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

/* 1 + e^−x of what goes into a gate, x = w + b + of_hidden + hidden_bias: 1/σ(x). From −40 down x
 * counts as −40, so that the product of two is a float. */
static inline rri_lanes gate_inverse(const float *w, const float *bias, const float *of_hidden,
                                     const float *hidden_bias, size_t left)
{
    const rri_lanes from_input = rri_lanes_add(load_some(w, left), load_some(bias, left));
    const rri_lanes from_hidden =
        rri_lanes_add(load_some(of_hidden, left), load_some(hidden_bias, left));
    const rri_lanes x = rri_lanes_max(rri_lanes_all(-40.0f), /* NaN passes */
                                      rri_lanes_add(from_input, from_hidden));
    const rri_lanes e = rri_lanes_exp(rri_lanes_subtract(rri_lanes_all(0.0f), x));
    return rri_lanes_add(e, rri_lanes_all(1.0f));
}

/* One row. A division is shared by r and z; tanh x = 1 − 2/(1 + e^2x), within 1e-7. */
static void gru_row(float *h, float *gates, float *candidate, const float *of_hidden,
                    const float *bias, const float *hidden_bias, size_t E)
{
    const rri_lanes one = rri_lanes_all(1.0f), two = rri_lanes_all(2.0f);
    for (size_t j = 0; j < E; j += RRI_LANES) {
        const size_t left = E - j, k = E + j, l = 2 * E + j;
        const rri_lanes r_inverse =
            gate_inverse(gates + j, bias + j, of_hidden + j, hidden_bias + j, left);
        const rri_lanes z_inverse =
            gate_inverse(gates + k, bias + k, of_hidden + k, hidden_bias + k, left);
        const rri_lanes both = rri_lanes_divide(one, rri_lanes_multiply(r_inverse, z_inverse));
        const rri_lanes r = rri_lanes_multiply(z_inverse, both);
        const rri_lanes z = rri_lanes_multiply(r_inverse, both);
        const rri_lanes c =
            rri_lanes_add(load_some(of_hidden + l, left), load_some(hidden_bias + l, left));
        const rri_lanes x = rri_lanes_fma(
            r, c, rri_lanes_add(load_some(gates + l, left), load_some(bias + l, left)));
        const rri_lanes e = rri_lanes_exp(rri_lanes_multiply(two, x));
        const rri_lanes n = rri_lanes_subtract(one, rri_lanes_divide(two, rri_lanes_add(e, one)));
        const rri_lanes before = load_some(h + j, left);
        store_some(gates + j, r, left);
        store_some(gates + k, z, left);
        store_some(gates + l, n, left);
        store_some(candidate + j, c, left);
        store_some(h + j, rri_lanes_fma(z, rri_lanes_subtract(before, n), n), left);
    }
}

static void gru_step(float *h, float *gates, float *candidate, const float *of_hidden,
                     const float *bias, const float *hidden_bias, size_t n, size_t E)
{
    for (size_t i = 0; i < n; i++) {
        gru_row(h + i * E, gates + i * 3 * E, candidate + i * E, of_hidden + i * 3 * E, bias,
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

/* Queries that are taken together, so that what they all read is loaded once. */
enum { TOGETHER = 4 };

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

/* Lanes [u, u + 16) of x_i·rows of n ≤ TOGETHER vectors x_i that lie ld apart, of rows by
 * coordinate, into y + i · step. */
static inline void products(float *y, size_t step, const desk *at, const float *x, size_t ld,
                            size_t n, size_t u, size_t d)
{
    const float *column = at->columns + u;
    rri_lanes sums[TOGETHER];
    UNROLL
    for (size_t i = 0; i < TOGETHER; i++) {
        sums[i] = rri_lanes_all(0.0f);
    }
    if (n == TOGETHER) {
        for (size_t l = 0; l < d; l++, column += at->room) {
            const rri_lanes here = rri_lanes_load(column);
            UNROLL
            for (size_t i = 0; i < TOGETHER; i++) {
                sums[i] = rri_lanes_fma(rri_lanes_all(x[i * ld + l]), here, sums[i]);
            }
        }
    } else {
        for (size_t l = 0; l < d; l++, column += at->room) {
            const rri_lanes here = rri_lanes_load(column);
            for (size_t i = 0; i < n; i++) {
                sums[i] = rri_lanes_fma(rri_lanes_all(x[i * ld + l]), here, sums[i]);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        rri_lanes_store(y + i * step, sums[i]);
    }
}

/* Σ_i weights[i · step] rows_i, of rows [begin, end) that lie ld apart: 16 of their coordinates, or
 * those that are left. */
static inline rri_lanes blend_some(rri_lanes sum, const float *weights, size_t step,
                                   const float *rows, size_t ld, size_t begin, size_t end,
                                   size_t left)
{
    for (size_t i = begin; i < end; i++) {
        sum = rri_lanes_fma(rri_lanes_all(weights[i * step]), load_some(rows + i * ld, left), sum);
    }
    return sum;
}

/* What each of n ≤ TOGETHER sums adds up: rows from its own first to its own end, which both rise.
 * Weight i of sum s is weights[s · step_sum + i · step_row]. */
typedef struct blend_of {
    const float *weights, *rows;
    size_t step_sum, step_row, ld;
    size_t first[TOGETHER], end[TOGETHER];
} blend_of;

/* y_s [d], ld_y apart, ← factor Σ_i. */
static inline void blend(float *y, size_t ld_y, float factor, const blend_of *of, size_t n,
                         size_t d)
{
    for (size_t j = 0; j < d; j += RRI_LANES) {
        const size_t left = d - j;
        rri_lanes sums[TOGETHER];
        const bool is_whole = n == TOGETHER && left >= RRI_LANES;
        const size_t begin = of->first[n - 1], end = is_whole ? of->end[0] : 0;
        UNROLL
        for (size_t s = 0; s < TOGETHER; s++) {
            sums[s] = rri_lanes_all(0.0f);
        }
        for (size_t s = 0; s < n; s++) {
            const float *weights = of->weights + s * of->step_sum;
            const size_t until = begin < end ? begin : of->end[s];
            sums[s] = blend_some(sums[s], weights, of->step_row, of->rows + j, of->ld, of->first[s],
                                 until, left);
        }
        for (size_t i = begin; i < end; i++) {
            const float *weights = of->weights + i * of->step_row;
            const rri_lanes row = rri_lanes_load(of->rows + i * of->ld + j);
            UNROLL
            for (size_t s = 0; s < TOGETHER; s++) {
                sums[s] = rri_lanes_fma(rri_lanes_all(weights[s * of->step_sum]), row, sums[s]);
            }
        }
        for (size_t s = 0; begin < end && s < n; s++) {
            const float *weights = of->weights + s * of->step_sum;
            sums[s] = blend_some(sums[s], weights, of->step_row, of->rows + j, of->ld, end,
                                 of->end[s], left);
        }
        for (size_t s = 0; s < n; s++) {
            store_some(y + s * ld_y + j, rri_lanes_multiply(sums[s], rri_lanes_all(factor)), left);
        }
    }
}

/* 0 for so many lanes, −∞ for the others: read from its sixteenth float less so many. */
static const float BEYOND[32] = {
    0,         0,         0,         0,         0,         0,         0,         0,
    0,         0,         0,         0,         0,         0,         0,         0,
    -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY,
    -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY};

/* p [R] of a query at place t ← softmax, where q·k of what it sees stands. */
static void weigh(float *p, const rri_head_view *head, const desk *at, size_t t)
{
    const size_t end = rri_sequence_room(t + 1);
    const rri_lanes scale = rri_lanes_all(1.0f / sqrtf((float)head->d));
    const float *c = at->by_distance + (head->n - 1 - t);
    rri_lanes most = rri_lanes_all(-INFINITY), sum = rri_lanes_all(0.0f);
    for (size_t u = 0; u < end; u += RRI_LANES) {
        rri_lanes a = rri_lanes_fma(rri_lanes_load(p + u), scale, rri_lanes_load(c + u));
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

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What n queries from `first` on see, of rows with these weights. */
static blend_of what_is_seen(const rri_head_view *head, const float *weights, size_t step,
                             const float *rows, size_t first, size_t n)
{
    blend_of of = {
        .weights = weights, .rows = rows, .step_sum = step, .step_row = 1, .ld = head->ld_kv};
    for (size_t s = 0; s < n; s++) {
        of.end[s] = place_of(head, first + s) + 1;
    }
    return of;
}

static void attend(float *y, float *p, const rri_head_view *head)
{
    const desk at = desk_of(head);
    RRI_AT_LEVEL(rri_tiles).pack(at.columns, at.room, head->keys, head->ld_kv, 1, head->n, head->d);
    memset(at.by_distance + head->n, 0, (at.room + RRI_LANES - head->n) * sizeof(float));
    for (size_t u = 0; u < head->n; u++) {
        at.by_distance[head->n - 1 - u] = head->c[u];
    }
    for (size_t i = 0; i < head->n_queries; i += TOGETHER) {
        const size_t n = least(TOGETHER, head->n_queries - i);
        const size_t end = place_of(head, i + n - 1) + 1;
        float *rows = p + i * head->ld_p;
        for (size_t u = 0; u < end; u += RRI_LANES) {
            products(rows + u, head->ld_p, &at, head->q + i * head->ld_q, head->ld_q, n, u,
                     head->d);
        }
        for (size_t s = 0; s < n; s++) {
            weigh(rows + s * head->ld_p, head, &at, place_of(head, i + s));
        }
        const blend_of of = what_is_seen(head, rows, head->ld_p, head->values, i, n);
        blend(y + i * head->ld_q, head->ld_q, 1.0f, &of, n, head->d);
    }
}

/* da [R] of a query at place t, where dp = dy·v stands:  da = p (dp − Σ p dp). Adds to what stands
 * by distance. */
static void weigh_backward(float *da, const rri_head_view *head, const desk *at, const float *p,
                           size_t t)
{
    const size_t end = rri_sequence_room(t + 1);
    float *dc = at->by_distance + (head->n - 1 - t);
    rri_lanes sum = rri_lanes_all(0.0f);
    for (size_t u = 0; u < end; u += RRI_LANES) {
        sum = rri_lanes_fma(rri_lanes_load(da + u), rri_lanes_load(p + u), sum);
    }
    const rri_lanes mean = rri_lanes_all(rri_lanes_fold(sum));
    for (size_t u = 0; u < end; u += RRI_LANES) {
        const rri_lanes off = rri_lanes_subtract(rri_lanes_load(da + u), mean);
        const rri_lanes slope = rri_lanes_multiply(rri_lanes_load(p + u), off);
        rri_lanes_store(da + u, slope);
        rri_lanes_store(dc + u, rri_lanes_add(rri_lanes_load(dc + u), slope));
    }
}

/* da of all queries and dq. */
static void queries_backward(float *dq, const desk *at, const float *dy, const rri_head_view *head)
{
    for (size_t i = 0; i < head->n_queries; i += TOGETHER) {
        const size_t n = least(TOGETHER, head->n_queries - i);
        const size_t end = place_of(head, i + n - 1) + 1;
        float *da = at->slopes + i * at->room;
        for (size_t u = 0; u < end; u += RRI_LANES) {
            products(da + u, at->room, at, dy + i * head->ld_q, head->ld_q, n, u, head->d);
        }
        for (size_t s = 0; s < n; s++) {
            weigh_backward(da + s * at->room, head, at, head->p + (i + s) * head->ld_p,
                           place_of(head, i + s));
        }
        const blend_of of = what_is_seen(head, da, at->room, head->keys, i, n);
        blend(dq + i * head->ld_q, head->ld_q, 1.0f / sqrtf((float)head->d), &of, n, head->d);
    }
}

static void attend_backward(float *dq, float *d_keys, float *d_values, float *dc, const float *dy,
                            const rri_head_view *head)
{
    const desk at = desk_of(head);
    const size_t d = head->d, ld = head->ld_kv;
    RRI_AT_LEVEL(rri_tiles).pack(at.columns, at.room, head->values, ld, 1, head->n, d);
    memset(at.by_distance, 0, (at.room + RRI_LANES) * sizeof(float));
    queries_backward(dq, &at, dy, head);
    for (size_t u = 0, first = 0; u < head->n; u += TOGETHER) {
        const size_t n = least(TOGETHER, head->n - u);
        blend_of by_key = {.weights = at.slopes + u,
                           .rows = head->q,
                           .step_sum = 1,
                           .step_row = at.room,
                           .ld = head->ld_q};
        for (size_t s = 0; s < n; s++) {
            while (first < head->n_queries && place_of(head, first) < u + s) {
                first++;
            }
            by_key.first[s] = first;
            by_key.end[s] = head->n_queries;
        }
        blend_of by_value = by_key;
        by_value.weights = head->p + u;
        by_value.rows = dy;
        by_value.step_row = head->ld_p;
        blend(d_keys + u * ld, ld, 1.0f / sqrtf((float)d), &by_key, n, d);
        blend(d_values + u * ld, ld, 1.0f, &by_value, n, d);
    }
    for (size_t u = 0; u < head->n; u++) {
        dc[u] += at.by_distance[head->n - 1 - u];
    }
}

const rri_sequence RRI_AT_LEVEL(rri_sequence) = {gru_step, gru_step_backward, norm, norm_backward,
                                                 attend,   attend_backward};
