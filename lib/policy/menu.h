/* SPDX-License-Identifier: MIT */
/* menu.h: what each row may choose from: candidate lists, exclusions, earlier showings.
 *
 * n rows · k candidates a row (0: the whole pool) · m exclusions · h history · N items of the pool.
 * A position is an index into the row's list; without lists the list is the pool. */
#ifndef RRI_POLICY_MENU_H
#define RRI_POLICY_MENU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "items/items.h"
#include "math/kernels.h"

/* The list fields of rr_obs, with their meaning there; borrowed. What is NULL is not used. */
typedef struct rri_menu {
    size_t n, k, m, h, feature_dim;
    size_t n_vectors;          /* most own vectors of a row, which are those of its −1 candidates
                                  alone, in their order; 0: k, one for each position */
    const int32_t *rows;       /* [n] where each row lies in the arrays; NULL: row i at i */
    const int32_t *lengths;    /* [n] in 1 … k; NULL: all k */
    const int32_t *candidates; /* [n, k] pool index, or −1 for one that is only in vectors */
    const float *features;     /* [n, k, feature_dim] */
    const float *vectors;      /* [n, n_vectors or k, dim] read where candidates is NULL or −1 */
    const int32_t *counts;     /* [n, k] earlier showings; NULL: from history */
    const int32_t *excluded;   /* [n, m] pool indices, −1 padding */
    const int32_t *history;    /* [n, h] pool indices, −1 padding */

    /* Keys of what has no index, each read beside −1; 0: none. identity.h. */
    const uint64_t *candidate_keys; /* [n, k], or where is_packed as vectors lie */
    const uint64_t *excluded_keys;  /* [n, m] */
    const uint64_t *history_keys;   /* [n, h] */
    bool is_packed;

    /* Where the pool is a generation of a line: what may be chosen in which one. */
    const rr_items *pool;        /* NULL: none, or nobody asks for its keys */
    const rri_life *life;        /* NULL: each item may be chosen */
    uint32_t generation;         /* of all rows, or … */
    const uint32_t *generations; /* … of each, where rows lie; NULL: all alike */
} rri_menu;

/* menu is of this pool (NULL: none) in its own generation. */
static inline void rri_menu_set_pool(rri_menu *menu, const rr_items *pool)
{
    menu->pool = pool;
    menu->life = pool != NULL ? rri_items_life(pool) : NULL;
    menu->generation = pool != NULL ? rri_items_generation(pool) : 0;
    menu->generations = NULL;
}

/* Positions of a row of arrays that go with the menu: k, or N without lists. */
static inline size_t rri_menu_width(const rri_menu *menu, size_t n_items)
{
    return menu->k > 0 ? menu->k : n_items;
}

/* Where a row lies in the menu's arrays. */
static inline size_t rri_menu_row(const rri_menu *menu, size_t row)
{
    return menu->rows != NULL ? (size_t)menu->rows[row] : row;
}

/* Positions that are really there in one row. */
static inline size_t rri_menu_length(const rri_menu *menu, size_t n_items, size_t row)
{
    if (menu->k == 0) {
        return n_items;
    }
    return menu->lengths != NULL ? (size_t)menu->lengths[rri_menu_row(menu, row)] : menu->k;
}

/* The pool index at one position, or −1 where the item is only in vectors. */
static inline int32_t rri_menu_item(const rri_menu *menu, size_t row, size_t position)
{
    if (menu->k == 0) {
        return (int32_t)position;
    }
    return menu->candidates != NULL ? menu->candidates[rri_menu_row(menu, row) * menu->k + position]
                                    : -1;
}

/* Own vectors that a row has room for. */
static inline size_t rri_menu_vectors(const rri_menu *menu)
{
    return menu->n_vectors > 0 ? menu->n_vectors : menu->k;
}

/* Which of the row's own vectors a position has that is in no pool. */
static inline size_t rri_menu_own(const rri_menu *menu, size_t row, size_t position)
{
    return menu->n_vectors > 0
               ? rri_count_own(menu->candidates + rri_menu_row(menu, row) * menu->k, position)
               : position;
}

/* The generation that a row was, or is, to choose from. */
static inline uint32_t rri_menu_generation(const rri_menu *menu, size_t row)
{
    return menu->generations != NULL ? menu->generations[rri_menu_row(menu, row)]
                                     : menu->generation;
}

/* Whether a row's generation still has an item of the pool; true for −1. */
static inline bool rri_menu_is_alive(const rri_menu *menu, size_t row, int32_t item)
{
    return menu->life == NULL || item < 0 ||
           rri_life_is_alive(menu->life, (size_t)item, rri_menu_generation(menu, row));
}

/* The index that a past or excluded item has in a row's generation. */
static inline int32_t rri_menu_now(const rri_menu *menu, size_t row, int32_t item)
{
    return menu->life == NULL || item < 0
               ? item
               : rri_life_now(menu->life, item, rri_menu_generation(menu, row));
}

/* Judges every row against a pool of n_items (0: none) vectors of width dim. Refused, with row,
 * field and place named: an index outside the pool, the same candidate twice in a row, a length
 * outside 1 … k, a candidate that has no vector, more −1 than n_vectors, a negative count, no item
 * left after what is excluded and what is gone (RR_E_INVALID); a feature or vector that is not
 * finite (RR_E_NOT_FINITE). O(n (k d + m + h)), and N / 64 more for a row that is refused or has as
 * many exclusions as items. */
rr_status rri_menu_check(const rri_menu *menu, const rri_kernels *kernels, size_t n_items,
                         size_t dim, rri_stack *scratch, rr_error *err);
size_t rri_menu_check_scratch(size_t n_items, size_t k); /* bytes */

/* Positions given from outside [n]: each must lie in its row's list, and be neither excluded nor
 * gone. Call it on
 * a menu that has passed rri_menu_check. `what` names the array in the sentence. */
rr_status rri_menu_check_actions(const rri_menu *menu, size_t n_items, const int32_t *actions,
                                 const char *what, rr_error *err);

#endif
