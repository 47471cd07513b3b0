/* SPDX-License-Identifier: MIT */
/* touches.h: what single rows have of their own in a walk over the pool: items already shown,
 * excluded items, the action.
 *
 * A walk goes through rising blocks of items. Each row has a cursor into its sorted lists
 * (rri_logits_tile) and knows the next item at which anything happens to it, so that a block
 * costs one comparison a row.   n rows · h history */
#ifndef RRI_POLICY_TOUCHES_H
#define RRI_POLICY_TOUCHES_H

#include "policy/logits.h"

typedef struct rri_touches {
    const rri_logits_tile *tiles;   /* tiles of RRI_LOGITS_TILE rows, prepared; borrowed */
    const int32_t *actions;         /* [n] or NULL; borrowed */
    size_t *shown_at, *excluded_at; /* [n] the first entry that lies ahead */
    size_t *next;                   /* [n] the first item that is touched; SIZE_MAX: none */
    size_t n;
} rri_touches;

/* Cursors for rows [0, n) of the tiles, at `item`; slices of the scratch. */
void rri_touches_begin(rri_touches *t, const rri_logits_tile *tiles, const int32_t *actions,
                       size_t n, size_t item, rri_stack *scratch);
size_t rri_touches_scratch(size_t n);

/* Is the row touched before item `end`? */
static inline bool rri_touches_any(const rri_touches *t, size_t row, size_t end)
{
    return t->next[row] < end;
}

/* The row's logits of the block [begin, end), item i at z[(i − begin) * stride]: − κ count, then
 * −∞ where it is excluded. Cursors stay. */
void rri_touches_apply(float *z, size_t stride, const rri_touches *t, size_t row, size_t begin,
                       size_t end);

/* slopes [h] ← dz of the shown items of the block, each at its place in the row's tally. */
void rri_touches_collect(float *slopes, const float *dz, size_t stride, const rri_touches *t,
                         size_t row, size_t begin, size_t end);

/* To the next block. */
void rri_touches_advance(rri_touches *t, size_t row, size_t end);

#endif
