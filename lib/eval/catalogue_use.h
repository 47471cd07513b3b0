/* SPDX-License-Identifier: MIT */
/* catalogue_use.h: how evenly a catalogue of N items was shown. docs/maths.md §8.
 *
 *   coverage  share of items with x_i > 0
 *   gini      Σ_j (2j − N − 1) x_(j) / ((N − 1) Σ x), x_(j) ascending, j from 1; 0 for N = 1
 *   entropy   −Σ p_i ln p_i, p_i = x_i / Σ x
 * All NaN when nothing was shown. */
#ifndef RRI_EVAL_CATALOGUE_USE_H
#define RRI_EVAL_CATALOGUE_USE_H

#include <stddef.h>
#include <stdint.h>

typedef struct rri_catalogue_use {
    double coverage, gini, entropy;
} rri_catalogue_use;

/* counts [N] showings ≥ 0; sorted is overwritten and needs a place for each item with a count > 0.
 */
rri_catalogue_use rri_catalogue_use_compute(const int64_t *counts, size_t n_items, int64_t *sorted);

#endif
