/* SPDX-License-Identifier: MIT */
/* choosers.c: one scan of a row's list. Showings are counted only for an item that would lead
 * without being decayed, which few do, so that a scan costs its dot products. */
#include "eval/choosers.h"

#include <math.h>
#include <stdbool.h>

#include "core/philox.h"

static size_t count_showings(const int32_t *shown, size_t n, int32_t item)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += shown[i] == item ? 1 : 0;
    }
    return count;
}

/* −1: a score is not finite. */
static int32_t choose_row(const rri_kernels *kernels, const rri_choosers_scene *scene, size_t row)
{
    const size_t d = scene->d;
    const float *user = scene->users + row * scene->user_stride;
    const int32_t *shown = scene->shown + row * scene->max_steps;
    const size_t n_shown = (size_t)scene->steps[row];
    const size_t n_choices = scene->candidates != NULL ? scene->k : scene->n_items;

    int32_t best = 0;
    float best_score = -INFINITY;
    for (size_t i = 0; i < n_choices; i++) {
        const int32_t item =
            scene->candidates != NULL ? scene->candidates[row * scene->k + i] : (int32_t)i;
        const float *vector = scene->vectors + (size_t)item * d;
        const float similarity = rri_dot(kernels, user, vector, d);
        const float toll = scene->pull_weight * vector[d - 1];
        float score = similarity - toll;
        if (!isfinite(score)) {
            return -1;
        }
        if (score > best_score && similarity > 0.0f && scene->powers != NULL) {
            score = similarity * scene->powers[count_showings(shown, n_shown, item)] - toll;
        }
        if (score > best_score) {
            best_score = score;
            best = (int32_t)i;
        }
    }
    return best;
}

size_t rri_choosers_best(const rri_kernels *kernels, int32_t *actions,
                         const rri_choosers_scene *scene)
{
    for (size_t row = 0; row < scene->n; row++) {
        const int32_t best = choose_row(kernels, scene, row);
        if (best < 0) {
            return row;
        }
        actions[row] = best;
    }
    return scene->n;
}

void rri_choosers_random(int32_t *actions, const uint64_t *sessions, const int32_t *steps, size_t n,
                         size_t n_choices, uint64_t seed)
{
    for (size_t row = 0; row < n; row++) {
        actions[row] = (int32_t)rri_philox_below(seed, RRI_STREAM_CHOOSER, sessions[row],
                                                 (uint32_t)steps[row], n_choices);
    }
}
