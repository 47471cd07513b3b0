/* SPDX-License-Identifier: MIT */
#include "policy/tally.h"

/* Shell's sort with Ciura's gaps: as quick as insertion for a history of twenty, and no worse than
 * about n^1.5 for a long list of exclusions, in place. */
static void sort(int32_t *x, size_t n)
{
    static const size_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
        const size_t gap = gaps[g];
        for (size_t i = gap; i < n; i++) {
            const int32_t value = x[i];
            size_t j = i;
            for (; j >= gap && x[j - gap] > value; j -= gap) {
                x[j] = x[j - gap];
            }
            x[j] = value;
        }
    }
}

size_t rri_tally_build(int32_t *items, int32_t *counts, const int32_t *list, size_t n)
{
    size_t n_real = 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i] >= 0) {
            items[n_real++] = list[i];
        }
    }
    sort(items, n_real);

    size_t n_distinct = 0;
    for (size_t i = 0; i < n_real; i++) {
        const int is_new = n_distinct == 0 || items[n_distinct - 1] != items[i];
        if (is_new) {
            items[n_distinct++] = items[i];
        }
        if (counts != NULL) {
            counts[n_distinct - 1] = is_new ? 1 : counts[n_distinct - 1] + 1;
        }
    }
    return n_distinct;
}

size_t rri_tally_find(const int32_t *items, size_t n, int32_t item)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (items[middle] < item) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && items[low] == item ? low : n;
}
