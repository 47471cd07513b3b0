/* SPDX-License-Identifier: MIT */
#include "flips.h"

#include <stdlib.h>

typedef struct pair {
    double similarity;
    int32_t first, second; /* first ≤ second */
} pair;

/* The most similar first; of equals the earlier products, so that the order is one. */
static int compare(const void *a, const void *b)
{
    const pair *x = a;
    const pair *y = b;
    if (x->similarity != y->similarity) {
        return x->similarity > y->similarity ? -1 : 1;
    }
    const int by_first = (x->first > y->first) - (x->first < y->first);
    return by_first != 0 ? by_first : (x->second > y->second) - (x->second < y->second);
}

static pair pair_of(const double (*organic)[OB_MOST_FACTORS], int32_t first, int32_t second,
                    int32_t n_factors)
{
    double sum = 0.0;
    for (int32_t k = 0; first != second && k < n_factors; k++) {
        sum += organic[first][k] * organic[second][k];
    }
    return (pair){sum, first, second};
}

int ob_flips_choose(int32_t *place_of, const double (*organic)[OB_MOST_FACTORS], int32_t n_products,
                    int32_t n_factors, int32_t n_flips)
{
    unsigned char is_taken[OB_MOST_PRODUCTS] = {0};
    for (int32_t i = 0; i < n_products; i++) {
        place_of[i] = i;
    }
    if (n_flips == 0) {
        return 0;
    }
    const size_t n_pairs = (size_t)n_products * (size_t)(n_products + 1) / 2;
    pair *pairs = malloc(n_pairs * sizeof *pairs);
    if (pairs == NULL) {
        return -1;
    }
    size_t at = 0;
    for (int32_t i = 0; i < n_products; i++) {
        for (int32_t j = i; j < n_products; j++) {
            pairs[at++] = pair_of(organic, i, j, n_factors);
        }
    }
    qsort(pairs, n_pairs, sizeof *pairs, compare);
    for (size_t p = 0, n_done = 0; p < n_pairs && n_done < (size_t)n_flips; p++) {
        const pair *best = &pairs[p];
        if (is_taken[best->first] == 0 && is_taken[best->second] == 0) {
            is_taken[best->first] = is_taken[best->second] = 1;
            place_of[best->first] = best->second;
            place_of[best->second] = best->first;
            n_done++;
        }
    }
    free(pairs);
    return 0;
}
