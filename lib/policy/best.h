/* SPDX-License-Identifier: MIT */
/* best.h: the best positions of each row so far, by falling logit, ties to the lower position: a
 * heap a row, whose root is the worst of them. */
#ifndef RRI_POLICY_BEST_H
#define RRI_POLICY_BEST_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rri_best {
    float *logits;      /* [rows, most] */
    int32_t *positions; /* [rows, most] */
    size_t *n;          /* [rows] how many there are */
    size_t most;
} rri_best;

/* What a logit must be above to get in: the worst, or −∞ while there is room. */
static inline float rri_best_bound(const rri_best *best, size_t row)
{
    return best->n[row] < best->most ? -INFINITY : best->logits[row * best->most];
}

/* A logit above the row's bound. Positions come in rising order, so one that ties stays out. */
void rri_best_offer(rri_best *best, size_t row, float logit, int32_t position);

/* The heap of one row as a list from best to worst. */
void rri_best_sort(rri_best *best, size_t row);

#endif
