/* SPDX-License-Identifier: MIT */
#include "policy/best.h"

#include <stdbool.h>

/* Is x behind y in the order of falling logits, ties to the lower position? */
static bool is_worse(float x, int32_t at_x, float y, int32_t at_y)
{
    return x < y || (x == y && at_x > at_y);
}

/* Puts (logit, position) into the heap at the hole `at`, whose children are both heaps. */
static void sift_down(float *logits, int32_t *positions, size_t n, size_t at, float logit,
                      int32_t position)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= n) {
            break;
        }
        if (child + 1 < n &&
            is_worse(logits[child + 1], positions[child + 1], logits[child], positions[child])) {
            child++;
        }
        if (!is_worse(logits[child], positions[child], logit, position)) {
            break;
        }
        logits[at] = logits[child];
        positions[at] = positions[child];
        at = child;
    }
    logits[at] = logit;
    positions[at] = position;
}

static void sift_up(float *logits, int32_t *positions, size_t at, float logit, int32_t position)
{
    while (at > 0 && is_worse(logit, position, logits[(at - 1) / 2], positions[(at - 1) / 2])) {
        logits[at] = logits[(at - 1) / 2];
        positions[at] = positions[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    logits[at] = logit;
    positions[at] = position;
}

void rri_best_offer(rri_best *best, size_t row, float logit, int32_t position)
{
    float *logits = best->logits + row * best->most;
    int32_t *positions = best->positions + row * best->most;
    if (best->n[row] < best->most) {
        sift_up(logits, positions, best->n[row]++, logit, position);
    } else {
        sift_down(logits, positions, best->most, 0, logit, position);
    }
}

/* The worst is taken off, again and again. */
void rri_best_sort(rri_best *best, size_t row)
{
    float *logits = best->logits + row * best->most;
    int32_t *positions = best->positions + row * best->most;
    for (size_t n = best->n[row]; n > 1; n--) {
        const float worst = logits[0];
        const int32_t position = positions[0];
        sift_down(logits, positions, n - 1, 0, logits[n - 1], positions[n - 1]);
        logits[n - 1] = worst;
        positions[n - 1] = position;
    }
}
