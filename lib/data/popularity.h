/* SPDX-License-Identifier: MIT */
/* popularity.h: each item's share of the interactions. */
#ifndef RRI_DATA_POPULARITY_H
#define RRI_DATA_POPULARITY_H

#include <stddef.h>
#include <stdint.h>

/* counts [n_items] ← interactions with the item, shares [n_items] ← the same over all of them;
 * among those whose user has 1 in user_mask (NULL: all). Shares are 0 where there are none at all.
 * users, items [n] */
void rri_popularity_compute(float *shares, uint64_t *counts, size_t n_items, const int32_t *users,
                            const int32_t *items, const uint8_t *user_mask, size_t n);

#endif
