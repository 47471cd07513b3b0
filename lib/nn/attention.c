/* SPDX-License-Identifier: MIT */
#include "nn/attention.h"

#include <string.h>

size_t rri_attention_n_queries(const rri_attention *attention, const rri_histories *in)
{
    size_t n = attention->is_last ? 0 : in->n_tokens;
    for (size_t row = 0; attention->is_last && row < in->n_rows; row++) {
        n += in->row_lengths[row] > 0 ? 1 : 0;
    }
    return n;
}

size_t rri_attention_room(const rri_attention *attention)
{
    return rri_sequence_room(attention->window);
}

/* places [Q of run i] ← where its rows end; returns how many. */
static size_t find_places(int32_t *places, const rri_histories *in, size_t i)
{
    size_t n = 0;
    for (int32_t row = in->first_rows[i]; row < in->first_rows[i + 1]; row++) {
        if (in->row_lengths[row] > 0) {
            places[n++] = in->row_lengths[row] - 1;
        }
    }
    return n;
}

/* What a call walks over, run by run. */
typedef struct walk {
    rri_head_view head; /* of the run, but for what each head has of its own */
    int32_t *places;    /* [window] */
} walk;

static walk begin(const rri_attention *attention, rri_stack *scratch)
{
    const size_t E = attention->width, H = attention->n_heads, W = attention->window;
    const size_t n_floats = rri_sequence_scratch(W, W, E / H);
    return (walk){.head = {.d = E / H,
                           .ld_q = E,
                           .ld_kv = 2 * E,
                           .ld_p = H * rri_attention_room(attention),
                           .scratch = RRI_STACK_TAKE(scratch, float, n_floats)},
                  .places = RRI_STACK_TAKE(scratch, int32_t, W)};
}

/* Run i, whose first query and first token these are; false: it has no query. */
static bool enter(walk *at, const rri_attention *attention, const rri_histories *in, size_t i,
                  const float *q, const float *kv)
{
    at->head.n = at->head.n_queries = (size_t)in->lengths[i];
    if (attention->is_last) {
        at->head.n_queries = find_places(at->places, in, i);
        at->head.places = at->places;
    }
    at->head.q = q;
    at->head.keys = kv;
    at->head.values = kv + attention->width;
    return at->head.n_queries > 0;
}

static rri_head_view head_of(const walk *at, size_t h, size_t room)
{
    rri_head_view head = at->head;
    head.q += h * head.d;
    head.keys += h * head.d;
    head.values += h * head.d;
    head.p = head.p != NULL ? head.p + h * room : NULL;
    return head;
}

void rri_attention_forward(const rri_attention *attention, float *y, float *p, const float *q,
                           const float *kv, const float *c, const rri_histories *in,
                           rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), room = rri_attention_room(attention);
    const size_t E = attention->width, d = E / attention->n_heads;
    walk at = begin(attention, scratch);
    for (size_t i = 0; i < in->n; i++) {
        const bool has_queries = enter(&at, attention, in, i, q, kv);
        for (size_t h = 0; has_queries && h < attention->n_heads; h++) {
            rri_head_view head = head_of(&at, h, room);
            head.c = c + h * attention->window;
            attention->kernels->sequence->attend(y + h * d, p + h * room, &head);
        }
        y += at.head.n_queries * E;
        q += at.head.n_queries * E;
        p += at.head.n_queries * at.head.ld_p;
        kv += at.head.n * 2 * E;
    }
    rri_stack_rewind(scratch, mark);
}

void rri_attention_backward(const rri_attention *attention, float *dq, float *dkv, float *dc,
                            const float *dy, const float *p, const float *q, const float *kv,
                            const rri_histories *in, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch), room = rri_attention_room(attention);
    const size_t E = attention->width, d = E / attention->n_heads;
    walk at = begin(attention, scratch);
    for (size_t i = 0; i < in->n; i++) {
        const bool has_queries = enter(&at, attention, in, i, q, kv);
        at.head.p = p;
        for (size_t h = 0; has_queries && h < attention->n_heads; h++) {
            const rri_head_view head = head_of(&at, h, room);
            attention->kernels->sequence->attend_backward(dq + h * d, dkv + h * d, dkv + E + h * d,
                                                          dc + h * attention->window, dy + h * d,
                                                          &head);
        }
        dq += at.head.n_queries * E;
        dy += at.head.n_queries * E;
        q += at.head.n_queries * E;
        p += at.head.n_queries * at.head.ld_p;
        kv += at.head.n * 2 * E;
        dkv += at.head.n * 2 * E;
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_attention_scratch(const rri_attention *attention)
{
    const size_t W = attention->window, d = attention->width / attention->n_heads;
    const size_t floats = rri_stack_cost(rri_sequence_scratch(W, W, d), sizeof(float));
    return rri_stack_add(floats, W, sizeof(int32_t));
}
