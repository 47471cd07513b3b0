/* SPDX-License-Identifier: MIT */
/* identity.h: which items the entries of a history or of exclusions mean.
 *
 * An entry is a pool index, or −1 and a key; a candidate is a pool index, or −1 and a key that may
 * be 0, none. Both mean one item where the row's generation gives them one index, or where they
 * have one key.   k candidates · N items of the pool */
#ifndef RRI_POLICY_IDENTITY_H
#define RRI_POLICY_IDENTITY_H

#include "policy/menu.h"

/* The entries of one row: borrowed from the menu. */
typedef struct rri_entries {
    const int32_t *indices; /* [n] */
    const uint64_t *keys;   /* [n] or NULL */
    size_t n;               /* 0: none */
} rri_entries;

rri_entries rri_identity_history(const rri_menu *menu, size_t row);
rri_entries rri_identity_excluded(const rri_menu *menu, size_t row);

/* The key of the candidate at a position that is in no pool; 0: none. */
uint64_t rri_identity_own_key(const rri_menu *menu, size_t row, size_t position);

/* The pool index of entry i in the row's generation; −1: it has none. */
int32_t rri_identity_item(const rri_menu *menu, size_t row, const rri_entries *entries, size_t i);

/* Whether entry i means the candidate at a position. */
bool rri_identity_is(const rri_menu *menu, size_t row, const rri_entries *entries, size_t i,
                     size_t position);
/* Whether one of them does. */
bool rri_identity_has(const rri_menu *menu, size_t row, const rri_entries *entries,
                      size_t position);

/* The number of the candidate at a position: its pool index, or N + position where it is in no
 * pool. */
static inline int32_t rri_identity_number(const rri_menu *menu, size_t n_items, size_t row,
                                          size_t position)
{
    const int32_t item = rri_menu_item(menu, row, position);
    return item >= 0 ? item : (int32_t)(n_items + position);
}

/* The numbers of all entries, −1 for those that are neither in the pool nor in the row's list:
 * `numbers` [n], or the indices themselves where they are the numbers. */
const int32_t *rri_identity_numbers(int32_t *numbers, const rri_menu *menu, size_t n_items,
                                    size_t row, const rri_entries *entries);
/* Whether they may be others than the indices. */
static inline bool rri_identity_renumbers(const rri_menu *menu)
{
    return menu->life != NULL || menu->candidate_keys != NULL || menu->excluded_keys != NULL ||
           menu->history_keys != NULL;
}

/* Refuses a row in which one key occurs twice: of candidates in no pool, or of one and of another
 * that is in it. Call it on a row whose other lists are in order. */
rr_status rri_identity_check(const rri_menu *menu, size_t n_items, size_t row, rr_error *err);

#endif
