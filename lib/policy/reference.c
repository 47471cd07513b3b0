/* SPDX-License-Identifier: MIT */
#include "policy/reference.h"

#include <math.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "math/scalar.h"
#include "policy/softmax.h"
#include "policy/sweep.h"

/* Rows of both policies hang together by the menu: histories and exclusions are put in order once.
 */
static rri_logits_tile tile_of(const rri_reference *reference, const rri_logits_tile *tile)
{
    rri_logits_tile other = *tile;
    other.in = &reference->in;
    other.record = NULL;
    return other;
}

/* End of what one row really has of a strip. */
static size_t real_end(const rri_logits_tile *tile, size_t row, size_t begin, size_t end)
{
    const rri_logits_input *in = tile->in;
    const size_t length = rri_menu_length(in->menu, in->catalogue->n_items, tile->row_begin + row);
    return length < begin ? begin : rri_size_smaller(end, length);
}

/* The strip's sums Σ p (z − z⁰) of each row, while the other policy's logits pass. */
typedef struct comparison {
    const rri_policy_tape *tape;
    const rri_logits_tile *tile;
    double *sums;  /* [n_rows] */
    float *Z;      /* [n_rows, strip] where logits are not kept; else NULL */
    float *shares; /* [strip] */
    rri_stack *scratch;
} comparison;

static void compare_strip(void *context, const float *other, size_t ld_other, size_t begin,
                          size_t end)
{
    const comparison *c = context;
    const rri_logits_tile *tile = c->tile;
    const rri_kernels *kernels = tile->in->kernels;
    if (c->Z != NULL) {
        rri_logits_compute(c->Z, end - begin, tile, 0, tile->n_rows, begin, end, c->scratch);
    }
    for (size_t r = 0; r < tile->n_rows; r++) {
        const size_t row = tile->row_begin + r, n = real_end(tile, r, begin, end) - begin;
        const float *z =
            c->Z != NULL ? c->Z + r * (end - begin) : c->tape->logits + row * tile->width + begin;
        const float *z0 = other + r * ld_other;
        kernels->softmax->log_prob(c->shares, z, c->tape->maxima[row], c->tape->log_sums[row], n);
        rri_vec_exp(kernels, c->shares, c->shares, n);
        for (size_t i = 0; i < n; i++) {
            if (c->shares[i] > 0.0f) {
                c->sums[r] += (double)c->shares[i] * ((double)z[i] - (double)z0[i]);
            }
        }
    }
}

/* ── scores that the host gives ── */

/* A walk over the strips of a tile: the policy's own logits of each, kept or made again. */
typedef struct strips {
    const rri_policy_tape *tape;
    const rri_logits_tile *tile;
    float *Z; /* [n_rows, strip]; NULL: they are kept */
    rri_stack *scratch;
} strips;

static const float *strip_logits(const strips *s, size_t *ld, size_t begin, size_t end)
{
    const rri_logits_tile *tile = s->tile;
    if (s->Z == NULL) {
        *ld = tile->width;
        return s->tape->logits + tile->row_begin * tile->width + begin;
    }
    *ld = end - begin;
    rri_logits_compute(s->Z, *ld, tile, 0, tile->n_rows, begin, end, s->scratch);
    return s->Z;
}

/* The host's scores of row `row` of a tile. */
static const float *scores_of(const rri_reference *reference, const rri_logits_tile *tile,
                              size_t row)
{
    return reference->scores +
           rri_menu_row(tile->in->menu, tile->row_begin + row) * reference->width;
}

/* m⁰, L⁰ and the share added to each position, of one row, over what it may choose. */
typedef struct row_sums {
    double max, sum;
    size_t n_allowed, n_never;
} row_sums;

static void add_scores(row_sums *sums, const float *z, const float *scores, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (z[i] == -INFINITY) {
            continue;
        }
        const double s = (double)scores[i];
        sums->n_allowed++;
        sums->n_never += scores[i] == -INFINITY ? 1 : 0;
        if (s > sums->max) {
            sums->sum = sums->sum * (double)rri_exp((float)(sums->max - s)) + 1.0;
            sums->max = s;
        } else if (s > -INFINITY) {
            sums->sum += (double)rri_exp((float)(s - sums->max));
        }
    }
}

/* log p⁰ of a position that may be chosen. */
static double log_share_of_score(const rri_reference *reference, size_t row, float score)
{
    const double log_share =
        ((double)score - (double)reference->maxima[row]) - reference->log_sums[row];
    const double even = reference->even[row];
    if (even == 0.0) {
        return log_share;
    }
    const double share = score == -INFINITY ? 0.0 : (double)rri_exp((float)log_share);
    return rri_log_f64((1.0 - (double)reference->floor) * share + even);
}

/* Fills m⁰, L⁰ and what is added to each share, of all rows. */
static void sum_scores(const rri_reference *reference, const strips *s)
{
    const rri_logits_tile *tile = s->tile;
    const size_t mark = rri_stack_mark(s->scratch);
    row_sums *sums = RRI_STACK_TAKE(s->scratch, row_sums, tile->n_rows);
    for (size_t r = 0; r < tile->n_rows; r++) {
        sums[r] = (row_sums){.max = -INFINITY};
    }
    for (size_t begin = 0; begin < tile->width; begin += RRI_LOGITS_STRIP) {
        const size_t end = rri_size_smaller(begin + RRI_LOGITS_STRIP, tile->width);
        size_t ld;
        const float *Z = strip_logits(s, &ld, begin, end);
        for (size_t r = 0; r < tile->n_rows; r++) {
            add_scores(&sums[r], Z + r * ld, scores_of(reference, tile, r) + begin,
                       real_end(tile, r, begin, end) - begin);
        }
    }
    for (size_t r = 0; r < tile->n_rows; r++) {
        const size_t row = tile->row_begin + r;
        const double floor = sums[r].sum > 0.0 ? (double)reference->floor : 1.0;
        reference->maxima[row] = sums[r].sum > 0.0 ? (float)sums[r].max : 0.0f;
        reference->log_sums[row] = sums[r].sum > 0.0 ? rri_log_f64(sums[r].sum) : 0.0;
        reference->even[row] = sums[r].n_never > 0 ? floor / (double)sums[r].n_allowed : 0.0;
    }
    rri_stack_rewind(s->scratch, mark);
}

/* Σ p (log p − log p⁰) of one row's strip. */
static double compare_row(const rri_reference *reference, const float *log_p, const float *shares,
                          const float *scores, size_t row, size_t n)
{
    double kl = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (shares[i] > 0.0f) {
            kl += (double)shares[i] *
                  ((double)log_p[i] - log_share_of_score(reference, row, scores[i]));
        }
    }
    return kl;
}

static void forward_scores(const rri_reference *reference, const rri_policy_tape *tape,
                           const rri_logits_tile *tile, rri_stack *scratch)
{
    const rri_kernels *kernels = tile->in->kernels;
    const size_t mark = rri_stack_mark(scratch), row = tile->row_begin;
    const size_t strip = rri_size_smaller(tile->width, RRI_LOGITS_STRIP);
    strips s = {.tape = tape, .tile = tile, .scratch = scratch};
    s.Z = tape->logits == NULL ? RRI_STACK_TAKE(scratch, float, tile->n_rows *strip) : NULL;
    double *sums = RRI_STACK_TAKE(scratch, double, tile->n_rows);
    float *log_p = RRI_STACK_TAKE(scratch, float, strip);
    float *shares = RRI_STACK_TAKE(scratch, float, strip);
    memset(sums, 0, tile->n_rows * sizeof *sums);
    sum_scores(reference, &s);
    for (size_t begin = 0; begin < tile->width; begin += RRI_LOGITS_STRIP) {
        const size_t end = rri_size_smaller(begin + RRI_LOGITS_STRIP, tile->width);
        size_t ld;
        const float *Z = strip_logits(&s, &ld, begin, end);
        for (size_t r = 0; r < tile->n_rows; r++) {
            const size_t n = real_end(tile, r, begin, end) - begin;
            kernels->softmax->log_prob(log_p, Z + r * ld, tape->maxima[row + r],
                                       tape->log_sums[row + r], n);
            rri_vec_exp(kernels, shares, log_p, n);
            sums[r] += compare_row(reference, log_p, shares, scores_of(reference, tile, r) + begin,
                                   row + r, n);
        }
    }
    for (size_t r = 0; r < tile->n_rows; r++) {
        reference->kl[row + r] = sums[r] > 0.0 ? (float)sums[r] : 0.0f;
    }
    rri_stack_rewind(scratch, mark);
}

/* z0 [n] ← log p⁰ of the positions of one row from `begin` on; where a share is 0 nothing reads it.
 */
static void log_shares_of_scores(float *z0, const rri_reference *reference,
                                 const rri_logits_tile *tile, const float *shares, size_t row,
                                 size_t begin, size_t n)
{
    const float *scores = scores_of(reference, tile, row) + begin;
    for (size_t i = 0; i < n; i++) {
        z0[i] = shares[i] > 0.0f
                    ? (float)log_share_of_score(reference, tile->row_begin + row, scores[i])
                    : 0.0f;
    }
}

void rri_reference_forward_tile(const rri_reference *reference, const rri_policy_tape *tape,
                                const rri_logits_tile *tile, rri_stack *scratch)
{
    if (reference->scores != NULL) {
        forward_scores(reference, tape, tile, scratch);
        return;
    }
    const size_t mark = rri_stack_mark(scratch), row = tile->row_begin;
    const rri_logits_tile other = tile_of(reference, tile);
    const size_t strip = rri_size_smaller(tile->width, RRI_LOGITS_STRIP);
    comparison c = {.tape = tape, .tile = tile, .scratch = scratch};
    c.sums = RRI_STACK_TAKE(scratch, double, tile->n_rows);
    c.shares = RRI_STACK_TAKE(scratch, float, strip);
    c.Z = tape->logits == NULL ? RRI_STACK_TAKE(scratch, float, tile->n_rows *strip) : NULL;
    memset(c.sums, 0, tile->n_rows * sizeof *c.sums);
    rri_sweep sweep;
    rri_sweep_init(&sweep, &other, scratch);
    sweep.maxima = reference->maxima + row;
    sweep.log_sums = reference->log_sums + row;
    sweep.entropies = reference->entropies + row;
    sweep.visit = compare_strip;
    sweep.context = &c;
    rri_sweep_run(&sweep, scratch);
    for (size_t r = 0; r < tile->n_rows; r++) {
        const size_t i = row + r;
        const double own = (double)tape->maxima[i] + tape->log_sums[i];
        const double others = (double)reference->maxima[i] + reference->log_sums[i];
        const double kl = c.sums[r] + (others - own);
        reference->kl[i] = kl > 0.0 ? (float)kl : 0.0f; /* rounding may leave a hair below */
    }
    rri_stack_rewind(scratch, mark);
}

void rri_reference_slopes(float *slopes, const rri_policy_tape *tape, const rri_logits_tile *tile,
                          const float *Z, size_t ldz, size_t begin, size_t end, rri_stack *scratch)
{
    const rri_reference *reference = tape->reference;
    const rri_kernels *kernels = tile->in->kernels;
    const rri_logits_tile other = tile_of(reference, tile);
    const size_t mark = rri_stack_mark(scratch), width = end - begin;
    float *Z0 = RRI_STACK_TAKE(scratch, float, tile->n_rows *width);
    float *shares = RRI_STACK_TAKE(scratch, float, width);
    if (reference->scores == NULL) {
        rri_logits_compute(Z0, width, &other, 0, tile->n_rows, begin, end, scratch);
    }
    for (size_t r = 0; r < tile->n_rows; r++) {
        const size_t row = tile->row_begin + r, n = real_end(tile, r, begin, end) - begin;
        float *own = slopes + r * width, *z0 = Z0 + r * width;
        kernels->softmax->log_prob(own, Z + r * ldz, tape->maxima[row], tape->log_sums[row], n);
        rri_vec_exp(kernels, shares, own, n);
        if (reference->scores != NULL) {
            log_shares_of_scores(z0, reference, tile, shares, r, begin, n);
        } else {
            kernels->softmax->log_prob(z0, z0, reference->maxima[row], reference->log_sums[row], n);
        }
        for (size_t i = 0; i < n; i++) {
            const float k = own[i] - z0[i];
            const float slope = reference->coef * shares[i] * (k - reference->kl[row]);
            own[i] = shares[i] > 0.0f ? slope : 0.0f;
        }
        memset(own + n, 0, (width - n) * sizeof *own);
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_reference_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t rows = rri_size_smaller(limits->n, RRI_LOGITS_TILE);
    const size_t strip = rri_size_smaller(rri_sweep_width(limits), RRI_LOGITS_STRIP);
    size_t bytes = rri_sweep_scratch(kernels, limits);
    bytes = rri_stack_add(bytes, rows, sizeof(double));
    bytes = rri_stack_add(bytes, rows, sizeof(row_sums));
    bytes = rri_stack_add(bytes, strip, sizeof(float));
    bytes = rri_stack_add(bytes, strip, sizeof(float));
    return rri_stack_add(bytes, rows * strip, sizeof(float));
}
