/* SPDX-License-Identifier: MIT */
#include "nn/attention.h"

#include <math.h>
#include <string.h>

size_t rri_attention_n_queries(const rri_attention *attention, const rri_histories *in)
{
    size_t n = attention->is_last ? 0 : in->n_tokens;
    for (size_t row = 0; attention->is_last && row < in->n_rows; row++) {
        n += in->row_lengths[row] > 0 ? 1 : 0;
    }
    return n;
}

/* One head at one query: the keys, or the values, that it sees. */
typedef struct view {
    const float **keys, **values; /* [n] of this head */
    size_t n;
} view;

static void look(view *seen, const rri_attention *attention, const float *kv, size_t head)
{
    const size_t E = attention->width, d = E / attention->n_heads;
    for (size_t u = 0; u < seen->n; u++) {
        seen->keys[u] = kv + u * 2 * E + head * d;
        seen->values[u] = seen->keys[u] + E;
    }
}

/* Whether the token at place t of a run asks; of those at which rows end, *row is the next, which
 * moves on. */
static bool asks(int32_t *row, const rri_attention *attention, const rri_histories *in, size_t t)
{
    if (!attention->is_last) {
        return true;
    }
    *row += in->row_lengths[*row] == 0 ? 1 : 0;
    const bool is_end = (size_t)in->row_lengths[*row] == t + 1;
    *row += is_end ? 1 : 0;
    return is_end;
}

static float scale_of(const rri_attention *attention)
{
    return 1.0f / sqrtf((float)(attention->width / attention->n_heads));
}

/* y [d] and p [n] of one query q [d]; c [window] of the head. */
static void attend(const rri_attention *attention, float *y, float *p, const float *q,
                   const float *c, const view *seen)
{
    const rri_kernels *kernels = attention->kernels;
    const size_t n = seen->n, d = attention->width / attention->n_heads;
    const float scale = scale_of(attention);
    rri_dots(kernels, p, q, seen->keys, n, d);
    for (size_t u = 0; u < n; u++) {
        p[u] = p[u] * scale + c[n - 1 - u];
    }
    rri_vec_exp_shifted(kernels, p, p, rri_max(kernels, p, n), n);
    rri_vec_scale(kernels, p, 1.0f / rri_sum(kernels, p, n), n);
    memset(y, 0, d * sizeof(float));
    for (size_t u = 0; u < n; u++) {
        rri_vec_axpy(kernels, y, p[u], seen->values[u], d);
    }
}

void rri_attention_forward(const rri_attention *attention, float *y, float *p, const float *q,
                           const float *kv, const float *c, const rri_histories *in,
                           rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch);
    const size_t E = attention->width, H = attention->n_heads, W = attention->window;
    view seen = {.keys = RRI_STACK_TAKE(scratch, const float *, W),
                 .values = RRI_STACK_TAKE(scratch, const float *, W)};
    for (size_t i = 0; i < in->n; i++) {
        const size_t length = (size_t)in->lengths[i];
        int32_t row = in->first_rows[i];
        for (size_t t = 0; t < length; t++) {
            if (!asks(&row, attention, in, t)) {
                continue;
            }
            seen.n = t + 1;
            for (size_t head = 0; head < H; head++) {
                look(&seen, attention, kv, head);
                const size_t at = head * (E / H);
                attend(attention, y + at, p + head * W, q + at, c + head * W, &seen);
            }
            y += E;
            q += E;
            p += H * W;
        }
        kv += length * 2 * E;
    }
    rri_stack_rewind(scratch, mark);
}

/* dq [d] written, dkv and dc [window] added, of one query; da [n] is its scratch. */
static void attend_backward(const rri_attention *attention, float *dq, float *dkv, float *dc,
                            float *da, const float *dy, const float *p, const float *q,
                            const view *seen)
{
    const rri_kernels *kernels = attention->kernels;
    const size_t n = seen->n, E = attention->width, d = E / attention->n_heads;
    const float scale = scale_of(attention);
    rri_dots(kernels, da, dy, seen->values, n, d); /* dp */
    const float mean = rri_dot(kernels, da, p, n); /* Σ p dp */
    memset(dq, 0, d * sizeof(float));
    for (size_t u = 0; u < n; u++) {
        da[u] = p[u] * (da[u] - mean);
        dc[n - 1 - u] += da[u];
        rri_vec_axpy(kernels, dq, da[u] * scale, seen->keys[u], d);
        rri_vec_axpy(kernels, dkv + u * 2 * E, da[u] * scale, q, d);
        rri_vec_axpy(kernels, dkv + u * 2 * E + E, p[u], dy, d);
    }
}

void rri_attention_backward(const rri_attention *attention, float *dq, float *dkv, float *dc,
                            const float *dy, const float *p, const float *q, const float *kv,
                            const rri_histories *in, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch);
    const size_t E = attention->width, H = attention->n_heads, W = attention->window;
    view seen = {.keys = RRI_STACK_TAKE(scratch, const float *, W),
                 .values = RRI_STACK_TAKE(scratch, const float *, W)};
    float *da = RRI_STACK_TAKE(scratch, float, W);
    memset(dkv, 0, in->n_tokens * 2 * E * sizeof(float));
    for (size_t i = 0; i < in->n; i++) {
        const size_t length = (size_t)in->lengths[i];
        int32_t row = in->first_rows[i];
        for (size_t t = 0; t < length; t++) {
            if (!asks(&row, attention, in, t)) {
                continue;
            }
            seen.n = t + 1;
            for (size_t head = 0; head < H; head++) {
                look(&seen, attention, kv, head);
                const size_t at = head * (E / H);
                attend_backward(attention, dq + at, dkv + at, dc + head * W, da, dy + at,
                                p + head * W, q + at, &seen);
            }
            dq += E;
            dy += E;
            q += E;
            p += H * W;
        }
        kv += length * 2 * E;
        dkv += length * 2 * E;
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_attention_scratch(const rri_attention *attention)
{
    const size_t pointers = rri_stack_cost(attention->window, sizeof(float *));
    return rri_stack_add(rri_size_add(pointers, pointers), attention->window, sizeof(float));
}
