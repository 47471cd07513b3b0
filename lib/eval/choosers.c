/* SPDX-License-Identifier: MIT */
/* choosers.c: one scan of a row's list, a block at a time. Showings are counted only for an item
 * that would lead if it were new, which few do: a scan costs its dot products. */
#include "eval/choosers.h"

#include <math.h>

#include "core/philox.h"

static size_t count_showings(const int32_t *shown, size_t n, int32_t item)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += shown[i] == item ? 1 : 0;
    }
    return count;
}

enum { BLOCK = 64 }; /* items whose similarities are computed together */

static size_t count_choices(const rri_choosers_scene *scene)
{
    return scene->candidates != NULL ? scene->k : scene->n_items;
}

static int32_t item_at(const rri_choosers_scene *scene, size_t row, size_t position)
{
    return scene->candidates != NULL ? scene->candidates[row * scene->k + position]
                                     : (int32_t)position;
}

/* Of the positions from first, at most a block. */
static void compare(float similarities[BLOCK], const rri_kernels *kernels,
                    const rri_choosers_scene *scene, size_t row, size_t first)
{
    const float *rows[BLOCK];
    const size_t n_left = count_choices(scene) - first;
    const size_t n = n_left < BLOCK ? n_left : BLOCK;
    for (size_t i = 0; i < n; i++) {
        rows[i] = scene->vectors + (size_t)item_at(scene, row, first + i) * scene->d;
    }
    rri_dots(kernels, similarities, scene->users + row * scene->user_stride, rows, n, scene->d);
}

/* −1: a score is not finite. */
static int32_t choose_row(const rri_kernels *kernels, const rri_choosers_scene *scene, size_t row)
{
    const size_t d = scene->d;
    const int32_t *shown = scene->shown + row * scene->max_steps;
    const size_t n_shown = (size_t)scene->steps[row];
    const size_t n_choices = count_choices(scene);

    int32_t best = 0;
    float best_score = -INFINITY;
    float similarities[BLOCK];
    for (size_t i = 0; i < n_choices; i++) {
        if (i % BLOCK == 0) {
            compare(similarities, kernels, scene, row, i);
        }
        const int32_t item = item_at(scene, row, i);
        const float similarity = similarities[i % BLOCK];
        const float toll = scene->pull_weight * scene->vectors[(size_t)item * d + d - 1];
        float score = similarity - toll;
        if (!isfinite(score)) {
            return -1;
        }
        const bool is_decayed = similarity > 0.0f && scene->powers != NULL;
        bool may_lead = score > best_score;
        if (may_lead && (is_decayed || scene->excludes_shown)) {
            const size_t count = count_showings(shown, n_shown, item);
            score = is_decayed ? similarity * scene->powers[count] - toll : score;
            may_lead = score > best_score && !(scene->excludes_shown && count > 0);
        }
        if (may_lead) {
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

/* The j-th item of the pool, from 0, that is not among shown [n]: the least r with r − #{shown ≤ r}
 * = j. */
static int32_t nth_new_item(const int32_t *shown, size_t n, int32_t j)
{
    int32_t item = j;
    for (;;) {
        int32_t n_below = 0;
        for (size_t i = 0; i < n; i++) {
            n_below += shown[i] <= item ? 1 : 0;
        }
        if (item == j + n_below) {
            return item;
        }
        item = j + n_below;
    }
}

/* Whether a position of a row's list may be chosen. */
static bool is_new(const rri_choosers_scene *scene, size_t row, size_t position)
{
    return count_showings(scene->shown + row * scene->max_steps, (size_t)scene->steps[row],
                          scene->candidates[row * scene->k + position]) == 0;
}

/* The j-th position of a row's list that may be chosen. */
static int32_t nth_new_position(const rri_choosers_scene *scene, size_t row, int32_t j)
{
    size_t position = 0;
    for (int32_t n_new = is_new(scene, row, 0); n_new <= j; n_new += is_new(scene, row, position)) {
        position += 1;
    }
    return (int32_t)position;
}

static size_t count_new(const rri_choosers_scene *scene, size_t row)
{
    size_t n = 0;
    for (size_t i = 0; i < scene->k; i++) {
        n += is_new(scene, row, i) ? 1 : 0;
    }
    return n;
}

void rri_choosers_random(int32_t *actions, const rri_choosers_scene *scene,
                         const uint64_t *sessions, uint64_t seed)
{
    const bool has_lists = scene->candidates != NULL;
    for (size_t row = 0; row < scene->n; row++) {
        const size_t n_shown = scene->excludes_shown ? (size_t)scene->steps[row] : 0;
        const size_t n_choices = !has_lists    ? scene->n_items - n_shown
                                 : n_shown > 0 ? count_new(scene, row)
                                               : scene->k;
        const int32_t j = (int32_t)rri_philox_below(seed, RRI_STREAM_CHOOSER, sessions[row],
                                                    (uint32_t)scene->steps[row], n_choices);
        actions[row] = n_shown == 0 ? j
                       : has_lists
                           ? nth_new_position(scene, row, j)
                           : nth_new_item(scene->shown + row * scene->max_steps, n_shown, j);
    }
}
