/* SPDX-License-Identifier: MIT */
#include "data/popularity.h"

#include <string.h>

void rri_popularity_compute(float *shares, uint64_t *counts, size_t n_items, const int32_t *users,
                            const int32_t *items, const uint8_t *user_mask, size_t n)
{
    uint64_t total = 0;
    memset(counts, 0, n_items * sizeof counts[0]);
    for (size_t i = 0; i < n; i++) {
        if (user_mask == NULL || user_mask[users[i]] != 0) {
            counts[items[i]]++;
            total++;
        }
    }
    for (size_t i = 0; i < n_items; i++) {
        shares[i] = total == 0 ? 0.0f : (float)((double)counts[i] / (double)total);
    }
}
