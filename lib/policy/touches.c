/* SPDX-License-Identifier: MIT */
#include "policy/touches.h"

#include <math.h>

/* The row's place in its tile. */
static const rri_logits_tile *tile_of(const rri_touches *t, size_t *row)
{
    const rri_logits_tile *tile = &t->tiles[*row / RRI_LOGITS_TILE];
    *row %= RRI_LOGITS_TILE;
    return tile;
}

/* One row's sorted lists. */
typedef struct lists {
    const int32_t *shown, *shown_counts, *excluded;
    size_t n_shown, n_excluded;
} lists;

static lists lists_of(const rri_touches *t, size_t row)
{
    const rri_logits_tile *tile = tile_of(t, &row);
    const rri_menu *menu = tile->in->menu;
    lists l = {0};
    if (tile->shown != NULL) {
        l.shown = tile->shown + row * menu->h;
        l.shown_counts = tile->shown_counts + row * menu->h;
        l.n_shown = tile->n_shown[row];
    }
    if (tile->excluded != NULL) {
        l.excluded = tile->excluded + row * menu->m;
        l.n_excluded = tile->n_excluded[row];
    }
    return l;
}

/* The first entry from `at` on that is not below item. */
static size_t skip(const int32_t *items, size_t n, size_t at, size_t item)
{
    while (at < n && (size_t)items[at] < item) {
        at++;
    }
    return at;
}

void rri_touches_advance(rri_touches *t, size_t row, size_t end)
{
    const lists l = lists_of(t, row);
    const size_t shown = skip(l.shown, l.n_shown, t->shown_at[row], end);
    const size_t excluded = skip(l.excluded, l.n_excluded, t->excluded_at[row], end);
    size_t next = SIZE_MAX;
    if (t->actions != NULL && (size_t)t->actions[row] >= end) {
        next = (size_t)t->actions[row];
    }
    if (shown < l.n_shown && (size_t)l.shown[shown] < next) {
        next = (size_t)l.shown[shown];
    }
    if (excluded < l.n_excluded && (size_t)l.excluded[excluded] < next) {
        next = (size_t)l.excluded[excluded];
    }
    t->shown_at[row] = shown;
    t->excluded_at[row] = excluded;
    t->next[row] = next;
}

void rri_touches_begin(rri_touches *t, const rri_logits_tile *tiles, const int32_t *actions,
                       size_t n, size_t item, rri_stack *scratch)
{
    *t = (rri_touches){.tiles = tiles,
                       .actions = actions,
                       .shown_at = RRI_STACK_TAKE(scratch, size_t, n),
                       .excluded_at = RRI_STACK_TAKE(scratch, size_t, n),
                       .next = RRI_STACK_TAKE(scratch, size_t, n),
                       .n = n};
    for (size_t row = 0; row < n; row++) {
        t->shown_at[row] = 0;
        t->excluded_at[row] = 0;
        rri_touches_advance(t, row, item);
    }
}

size_t rri_touches_scratch(size_t n)
{
    return rri_size_multiply(3, rri_stack_cost(n, sizeof(size_t)));
}

void rri_touches_apply(float *z, size_t stride, const rri_touches *t, size_t row, size_t begin,
                       size_t end)
{
    const lists l = lists_of(t, row);
    const float repeat_weight = t->tiles[0].in->head->repeat_weight;
    for (size_t i = t->shown_at[row]; i < l.n_shown && (size_t)l.shown[i] < end; i++) {
        z[((size_t)l.shown[i] - begin) * stride] -= repeat_weight * (float)l.shown_counts[i];
    }
    for (size_t i = t->excluded_at[row]; i < l.n_excluded && (size_t)l.excluded[i] < end; i++) {
        z[((size_t)l.excluded[i] - begin) * stride] = -INFINITY;
    }
}

void rri_touches_collect(float *slopes, const float *dz, size_t stride, const rri_touches *t,
                         size_t row, size_t begin, size_t end)
{
    const lists l = lists_of(t, row);
    for (size_t i = t->shown_at[row]; i < l.n_shown && (size_t)l.shown[i] < end; i++) {
        slopes[i] = dz[((size_t)l.shown[i] - begin) * stride];
    }
}
