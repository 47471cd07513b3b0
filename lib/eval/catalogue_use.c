/* SPDX-License-Identifier: MIT */
/* catalogue_use.c: items never shown come first in ascending order, so only the others are sorted.
 */
#include "eval/catalogue_use.h"

#include <math.h>

#include "math/scalar.h"

/* Restores the heap below `root` of values [n]. */
static void sift_down(int64_t *values, size_t root, size_t n)
{
    while (2 * root + 1 < n) {
        size_t child = 2 * root + 1;
        if (child + 1 < n && values[child] < values[child + 1]) {
            child++;
        }
        if (values[root] >= values[child]) {
            return;
        }
        const int64_t moved = values[root];
        values[root] = values[child];
        values[child] = moved;
        root = child;
    }
}

/* Heapsort: qsort may allocate. */
static void sort_ascending(int64_t *values, size_t n)
{
    for (size_t root = n / 2; root > 0; root--) {
        sift_down(values, root - 1, n);
    }
    for (size_t end = n; end > 1; end--) {
        const int64_t largest = values[0];
        values[0] = values[end - 1];
        values[end - 1] = largest;
        sift_down(values, 0, end - 1);
    }
}

rri_catalogue_use rri_catalogue_use_compute(const int64_t *counts, size_t n_items, int64_t *sorted)
{
    size_t n_shown = 0;
    double total = 0.0;
    for (size_t i = 0; i < n_items; i++) {
        if (counts[i] > 0) {
            sorted[n_shown++] = counts[i];
            total += (double)counts[i];
        }
    }
    if (n_shown == 0) {
        return (rri_catalogue_use){NAN, NAN, NAN};
    }
    sort_ascending(sorted, n_shown);

    const double n = (double)n_items;
    double weighted = 0.0;
    double log_sum = 0.0; /* Σ x ln x; entropy = ln Σx − Σ x ln x / Σx */
    for (size_t i = 0; i < n_shown; i++) {
        const double x = (double)sorted[i];
        const double rank = (double)(n_items - n_shown + i + 1);
        weighted += (2.0 * rank - n - 1.0) * x;
        log_sum += x * (double)rri_log((float)x);
    }
    return (rri_catalogue_use){
        .coverage = (double)n_shown / n,
        .gini = n_items > 1 ? weighted / ((n - 1.0) * total) : 0.0,
        .entropy = (double)rri_log((float)total) - log_sum / total,
    };
}
