/* SPDX-License-Identifier: MIT */
#include "policy/reference.h"

#include <string.h>

#include "core/memory.h"
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
        const float *z = c->Z != NULL ? c->Z + r * (end - begin)
                                      : c->tape->logits + row * tile->width + begin;
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

void rri_reference_forward_tile(const rri_reference *reference, const rri_policy_tape *tape,
                                const rri_logits_tile *tile, rri_stack *scratch)
{
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
    rri_logits_compute(Z0, width, &other, 0, tile->n_rows, begin, end, scratch);
    for (size_t r = 0; r < tile->n_rows; r++) {
        const size_t row = tile->row_begin + r, n = real_end(tile, r, begin, end) - begin;
        float *own = slopes + r * width, *z0 = Z0 + r * width;
        kernels->softmax->log_prob(own, Z + r * ldz, tape->maxima[row], tape->log_sums[row], n);
        kernels->softmax->log_prob(z0, z0, reference->maxima[row], reference->log_sums[row], n);
        rri_vec_exp(kernels, shares, own, n);
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
    bytes = rri_stack_add(bytes, strip, sizeof(float));
    return rri_stack_add(bytes, rows * strip, sizeof(float));
}
